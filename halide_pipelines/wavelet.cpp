// Denoising by wavelet shrinkage: two levels of the Daubechies transform with four taps,
// a soft threshold for the details, and the inverse transform.
#include "pipeline.h"

#include <array>
#include <string>
#include <vector>

namespace {

using namespace Halide;

class Wavelet : public Generator<Wavelet> {
public:
    /// How often the low-pass band is transformed again.
    GeneratorParam<int> levels{"levels", 2, 1, 8};

    Input<Buffer<float, 2>> input{"input"};
    /// What details lose, and by how little they have to differ from 0 to vanish.
    Input<float> threshold{"threshold", 0.05f, 0.0f, 1000.0f};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        std::vector<Func> details;
        Func low = pipelines::repeat_edge(input);
        for (int level = 1; level <= levels; level++) {
            const std::string number = std::to_string(level);
            Func bands = analyse(low, number);
            low = Func("low_" + number);
            low(x, y) = bands(x, y, 0);
            Func shrunk("shrunk_" + number);
            shrunk(x, y, b) = bands(x, y, b) - clamp(bands(x, y, b), -threshold, threshold);
            details.push_back(shrunk);
        }
        for (int level = levels; level >= 1; level--) {
            low = synthesise(low, details[level - 1], std::to_string(level));
        }
        output(x, y) = low(x, y);
    }

    void schedule() {
        threshold.set_estimate(0.05f);
        pipelines::set_estimates(input, {2048, 1536});
        pipelines::set_output_estimates(output, {2048, 1536});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    /// The low-pass filter, of norm 1. The high-pass filter is its mirror image with
    /// alternating signs.
    static constexpr std::array<float, 4> taps = {0.48296291f, 0.83651630f, 0.22414387f, -0.12940952f};
    /// A band is low-pass or high-pass in x (0, 1) plus the same in y (0, 2).
    Var x{"x"}, y{"y"}, b{"b"};

    /// The four bands of an image, of half its size.
    Func analyse(const Func &image, const std::string &number) {
        Func along_x("analysed_x_" + number), bands("bands_" + number);
        Expr low = 0.0f, high = 0.0f;
        for (int k = 0; k < 4; k++) {
            low += taps[k] * image(2 * x + k, y);
            high += mirrored(k) * image(2 * x + k, y);
        }
        along_x(x, y, b) = mux(b, {low, high});
        low = high = 0.0f;
        for (int k = 0; k < 4; k++) {
            low += taps[k] * along_x(x, 2 * y + k, b % 2);
            high += mirrored(k) * along_x(x, 2 * y + k, b % 2);
        }
        bands(x, y, b) = select(b < 2, low, high);
        return bands;
    }

    /// The image that has the low-pass band `low` and the other three of `details`.
    Func synthesise(const Func &low, const Func &details, const std::string &number) {
        Func along_y("synthesised_y_" + number), image("synthesised_" + number);
        Expr row = y >> 1, column = x >> 1;
        along_y(x, y, b) = mux(b, {merged(low(x, row), low(x, row - 1), details(x, row, 2), details(x, row - 1, 2), y),
                                   merged(details(x, row, 1), details(x, row - 1, 1), details(x, row, 3),
                                          details(x, row - 1, 3), y)});
        image(x, y) = merged(along_y(column, y, 0), along_y(column - 1, y, 0), along_y(column, y, 1),
                             along_y(column - 1, y, 1), x);
        return image;
    }

    /// The sample at `position` from those of the low-pass and the high-pass band at half
    /// of it, and before.
    static Expr merged(const Expr &low, const Expr &low_before, const Expr &high, const Expr &high_before,
                       const Expr &position) {
        Expr even = taps[0] * low + taps[2] * low_before + mirrored(0) * high + mirrored(2) * high_before;
        Expr odd = taps[1] * low + taps[3] * low_before + mirrored(1) * high + mirrored(3) * high_before;
        return select(position % 2 == 0, even, odd);
    }

    static float mirrored(int k) {
        return k % 2 == 0 ? taps[3 - k] : -taps[3 - k];
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Wavelet, wavelet)
