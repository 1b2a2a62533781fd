// Max pooling of a planar image: the largest value of each size x size window,
// one window every `stride` pixels.
#include "pipeline.h"

namespace {

using namespace Halide;

class MaxPool : public Generator<MaxPool> {
public:
    /// Width and height of a window in pixels.
    GeneratorParam<int> size{"size", 3, 1, 31};
    /// Distance between windows in pixels.
    GeneratorParam<int> stride{"stride", 2, 1, 31};

    Input<Buffer<float, 3>> input{"input"};
    Output<Buffer<float, 3>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        RDom r(0, size, 0, size, "r");
        largest(x, y, c) = Float(32).min();
        largest(x, y, c) = max(largest(x, y, c), in(x * stride + r.x, y * stride + r.y, c));
        output(x, y, c) = largest(x, y, c);
    }

    void schedule() {
        pipelines::set_estimates(input, {2048 * stride, 1536 * stride, 3});
        pipelines::set_output_estimates(output, {2048, 1536, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func largest{"largest"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(MaxPool, max_pool)
