// Histogram equalisation of an RGB photograph: the histogram of its luma, the
// table that makes the distribution flat, and the pixels moved by it. All of it
// in integers, so that every schedule gives the same bits.
#include "pipeline.h"

namespace {

using namespace Halide;

class HistEqualize : public Generator<HistEqualize> {
public:
    Input<Buffer<uint8_t, 3>> input{"input"};
    Output<Buffer<uint8_t, 3>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        Expr red = cast<uint16_t>(in(x, y, 0));
        Expr green = cast<uint16_t>(in(x, y, 1));
        Expr blue = cast<uint16_t>(in(x, y, 2));
        luma(x, y) = cast<uint8_t>((77 * red + 150 * green + 29 * blue + 128) >> 8);

        RDom pixel(input.dim(0).min(), input.dim(0).extent(),
                   input.dim(1).min(), input.dim(1).extent(), "pixel");
        histogram(bin) = cast<uint32_t>(0);
        histogram(cast<int>(luma(pixel.x, pixel.y))) += cast<uint32_t>(1);

        // How many pixels are at most as bright as each level.
        RDom level(1, levels - 1, "level");
        cumulative(bin) = histogram(bin);
        cumulative(level) = cumulative(level - 1) + histogram(level);

        // How many pixels have the darkest level that occurs.
        RDom any(0, levels, "any");
        Expr pixels = cast<uint32_t>(input.dim(0).extent()) * cast<uint32_t>(input.dim(1).extent());
        darkest() = pixels;
        darkest() = min(darkest(), select(cumulative(any) > 0, cumulative(any), pixels));

        // 64 bits, as 255 times the pixels of a large photograph exceed 32. Levels
        // below the darkest occur in no pixel; saturating keeps their entries sane.
        Expr rank = cast<uint64_t>(max(cumulative(bin), darkest()) - darkest());
        Expr ranks = cast<uint64_t>(max(pixels - darkest(), 1));
        equalized(bin) = cast<uint8_t>((rank * 255 + ranks / 2) / ranks);

        // Moving the three channels by the same step keeps the colour differences.
        Expr old_luma = cast<int16_t>(luma(x, y));
        Expr new_luma = cast<int16_t>(equalized(cast<int>(luma(x, y))));
        output(x, y, c) = cast<uint8_t>(clamp(cast<int16_t>(in(x, y, c)) + new_luma - old_luma, 0, 255));
    }

    void schedule() {
        input.dim(2).set_bounds(0, 3);
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(input, {1920, 1080, 3});
        pipelines::set_output_estimates(output, {1920, 1080, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    static constexpr int levels = 256;
    Var x{"x"}, y{"y"}, c{"c"}, bin{"bin"};
    Func luma{"luma"}, histogram{"histogram"}, cumulative{"cumulative"};
    Func darkest{"darkest"}, equalized{"equalized"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(HistEqualize, hist_equalize)
