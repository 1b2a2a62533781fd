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
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
    RDom r;
    Func conv{"conv"};

    // Rows in parallel. A tile of channels and pixels is accumulated in registers
    // over the whole reduction; the tiles of a row follow each other along x, so
    // that the filters of their channels are read again from L2.
    void schedule_manual() {
        const int vector = natural_vector_size<float>();
        // Accumulators, filters and a pixel fill the 32 registers of AVX-512, or the
        // 16 of older instruction sets.
        const int channels = (get_target().has_feature(Target::AVX512) ? 4 : 2) * vector;
        const int pixels = 5;
        Var ci{"ci"}, xi{"xi"};
        const auto tile_output = [&](auto &&stage, TailStrategy tail) {
            stage.tile(c, x, ci, xi, channels, pixels, tail)
                .reorder(ci, xi, x, c, y, n)
                .fuse(y, n, y)
                .parallel(y)
                .vectorize(ci, vector)
                .unroll(ci)
                .unroll(xi);
        };
        pipelines::schedule_any_size(output, channels, pixels, tile_output);

        const auto tile_conv = [&](Stage stage) {
            stage.tile(c, x, ci, xi, channels, pixels, TailStrategy::GuardWithIf)
                .vectorize(ci, vector)
                .unroll(ci)
                .unroll(xi);
        };
        conv.compute_at(output, x);
        tile_conv(conv);
        tile_conv(conv.update());
        // Input channels innermost: they are consecutive in memory.
        conv.update().reorder(ci, xi, r.z, r.x, r.y, c, x, y, n);
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(ConvLayer, conv_layer)
