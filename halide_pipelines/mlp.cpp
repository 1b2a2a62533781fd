// Two layers of a neural network: ReLU(x · A) · B.
#include "pipeline.h"

namespace {

using namespace Halide;

class Mlp : public Generator<Mlp> {
public:
    // Dimension 0 is the feature.
    Input<Buffer<float, 2>> input{"input"};    // [samples][inputs]
    Input<Buffer<float, 2>> first{"first"};    // [inputs][hidden]
    Input<Buffer<float, 2>> second{"second"};  // [hidden][outputs]
    Output<Buffer<float, 2>> output{"output"};  // [samples][outputs]

    void generate() {
        RDom i(0, input.dim(0).extent(), "i"), h(0, first.dim(0).extent(), "h");
        hidden(x, y) += input(i, y) * first(x, i);
        activated(x, y) = max(hidden(x, y), 0.0f);
        product(x, y) += activated(h, y) * second(x, h);
        output(x, y) = product(x, y);
    }

    void schedule() {
        pipelines::set_estimates(input, {512, 256});
        pipelines::set_estimates(first, {1024, 512});
        pipelines::set_estimates(second, {512, 1024});
        pipelines::set_output_estimates(output, {512, 256});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"};
    Func hidden{"hidden"}, activated{"activated"}, product{"product"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Mlp, mlp)
