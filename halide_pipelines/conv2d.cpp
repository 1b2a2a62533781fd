// Convolution of a single-channel image with a size x size filter.
#include "pipeline.h"

namespace {

using namespace Halide;

class Conv2d : public Generator<Conv2d> {
public:
    /// Width and height of the filter in pixels.
    GeneratorParam<int> size{"size", 5, 1, 31};

    Input<Buffer<float, 2>> input{"input"};
    Input<Buffer<float, 2>> filter{"filter"};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        RDom r(0, size, 0, size, "r");
        const int centre = size / 2;
        sum(x, y) += filter(r.x, r.y) * in(x + r.x - centre, y + r.y - centre);
        output(x, y) = sum(x, y);
    }

    void schedule() {
        pipelines::set_estimates(input, {2560, 1920});
        pipelines::set_estimates(filter, {size, size});
        pipelines::set_output_estimates(output, {2560, 1920});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"};
    Func sum{"sum"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Conv2d, conv2d)
