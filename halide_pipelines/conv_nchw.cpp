// Convolution layer 3 x 3 with ReLU, channels outside of the image (NCHW), padded with zeros.
#include "pipeline.h"

namespace {

using namespace Halide;

class ConvNchw : public Generator<ConvNchw> {
public:
    // Dimensions from the innermost outwards.
    Input<Buffer<float, 4>> input{"input"};     // x, y, channel, image
    Input<Buffer<float, 4>> filter{"filter"};   // x, y, input channel, output channel
    Output<Buffer<float, 4>> output{"output"};  // x, y, channel, image

    void generate() {
        RDom r(0, 3, 0, 3, 0, input.dim(2).extent(), "r");
        Func padded = BoundaryConditions::constant_exterior(
            input, 0.0f,
            {{input.dim(0).min(), input.dim(0).extent()},
             {input.dim(1).min(), input.dim(1).extent()},
             {Expr(), Expr()},
             {Expr(), Expr()}});
        conv(x, y, c, n) += filter(r.x, r.y, r.z, c) * padded(x + r.x - 1, y + r.y - 1, r.z, n);
        output(x, y, c, n) = max(conv(x, y, c, n), 0.0f);
    }

    void schedule() {
        pipelines::set_estimates(input, {56, 56, 64, 4});
        pipelines::set_estimates(filter, {3, 3, 64, 64});
        pipelines::set_output_estimates(output, {56, 56, 64, 4});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"}, n{"n"};
    Func conv{"conv"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(ConvNchw, conv_nchw)
