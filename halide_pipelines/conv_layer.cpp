// A 3x3 convolution layer in NHWC with bias and ReLU.
#include "pipeline.h"

namespace {

using namespace Halide;

class ConvLayer : public Generator<ConvLayer> {
public:
    GeneratorParam<bool> manual{"manual", false};

    // Dimensions from the innermost outwards. The input brings its own padding:
    // it is 2 pixels wider and higher than the output.
    Input<Buffer<float, 4>> input{"input"};    // input channel, x, y, image
    Input<Buffer<float, 4>> filter{"filter"};  // output channel, x, y, input channel
    Input<Buffer<float, 1>> bias{"bias"};      // output channel
    Output<Buffer<float, 4>> output{"output"};  // output channel, x, y, image

    void generate() {
        r = RDom(0, 3, 0, 3, 0, input.dim(0).extent(), "r");
        conv(c, x, y, n) = bias(c);
        conv(c, x, y, n) += filter(c, r.x, r.y, r.z) * input(r.z, x + r.x, y + r.y, n);
        output(c, x, y, n) = max(conv(c, x, y, n), 0.0f);
    }

    void schedule() {
        pipelines::set_estimates(input, {128, 80 + 2, 100 + 2, 2});
        pipelines::set_estimates(filter, {128, 3, 3, 128});
        pipelines::set_estimates(bias, {128});
        pipelines::set_output_estimates(output, {128, 80, 100, 2});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
    RDom r;
    Func conv{"conv"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(ConvLayer, conv_layer)
