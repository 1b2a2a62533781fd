// A 3x3 depthwise convolution in NHWC with bias and ReLU6: each channel is
// filtered by itself.
#include "pipeline.h"

namespace {

using namespace Halide;

class DepthwiseConv : public Generator<DepthwiseConv> {
public:
    // Dimensions from the innermost outwards. The input brings its own padding:
    // it is 2 pixels wider and higher than the output.
    Input<Buffer<float, 4>> input{"input"};     // channel, x, y, image
    Input<Buffer<float, 3>> filter{"filter"};   // channel, x, y
    Input<Buffer<float, 1>> bias{"bias"};       // channel
    Output<Buffer<float, 4>> output{"output"};  // channel, x, y, image

    void generate() {
        RDom r(0, 3, 0, 3, "r");
        conv(c, x, y, n) = bias(c);
        conv(c, x, y, n) += filter(c, r.x, r.y) * input(c, x + r.x, y + r.y, n);
        output(c, x, y, n) = clamp(conv(c, x, y, n), 0.0f, 6.0f);
    }

    void schedule() {
        pipelines::set_estimates(input, {128, 112 + 2, 112 + 2, 4});
        pipelines::set_estimates(filter, {128, 3, 3});
        pipelines::set_estimates(bias, {128});
        pipelines::set_output_estimates(output, {128, 112, 112, 4});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
    Func conv{"conv"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(DepthwiseConv, depthwise_conv)
