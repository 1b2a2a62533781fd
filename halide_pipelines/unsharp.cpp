// Unsharp mask: sharpens an RGB image by the ratio of its brightness before and
// after sharpening, so that hues stay as they are.
#include "pipeline.h"

#include <array>
#include <cmath>

namespace {

using namespace Halide;

class Unsharp : public Generator<Unsharp> {
public:
    GeneratorParam<bool> manual{"manual", false};

    Input<Buffer<uint8_t, 3>> input{"input"};
    Output<Buffer<uint8_t, 3>> output{"output"};

    void generate() {
        in = pipelines::repeat_edge(input);
        gray(x, y) = 0.299f * cast<float>(in(x, y, 0)) + 0.587f * cast<float>(in(x, y, 1)) +
                     0.114f * cast<float>(in(x, y, 2));

        const std::array<float, 4> weight = gaussian(1.5f);
        Expr down = weight[0] * gray(x, y);
        for (int i = 1; i < 4; i++) {
            down += weight[i] * (gray(x, y - i) + gray(x, y + i));
        }
        blur_y(x, y) = down;
        Expr across = weight[0] * blur_y(x, y);
        for (int i = 1; i < 4; i++) {
            across += weight[i] * (blur_y(x - i, y) + blur_y(x + i, y));
        }
        blur_x(x, y) = across;

        sharp(x, y) = 2.0f * gray(x, y) - blur_x(x, y);
        // Black pixels have no ratio and stay black whatever it is.
        ratio(x, y) = sharp(x, y) / max(gray(x, y), 1.0f);
        output(x, y, c) = saturating_cast<uint8_t>(ratio(x, y) * cast<float>(in(x, y, c)) + 0.5f);
    }

    void schedule() {
        pipelines::set_estimates(input, {2560, 1920, 3});
        pipelines::set_output_estimates(output, {2560, 1920, 3});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func in, gray{"gray"}, blur_y{"blur_y"}, blur_x{"blur_x"}, sharp{"sharp"}, ratio{"ratio"};

    // Strips of scanlines in parallel. Within a strip, gray slides down in a
    // buffer of eight rows; of the rest one row at a time is kept, in L1, where
    // the three channels of the output find the ratio.
    void schedule_manual() {
        const int vector = natural_vector_size<float>();
        const TailStrategy guard = TailStrategy::GuardWithIf;
        Var yi{"yi"};
        output.split(y, y, yi, 64, guard)
            .reorder(x, c, yi, y)
            .parallel(y)
            .vectorize(x, vector, guard);
        gray.store_at(output, y)
            .compute_at(output, yi)
            .fold_storage(y, 8)
            .vectorize(x, vector, TailStrategy::RoundUp);
        blur_y.compute_at(output, yi).vectorize(x, vector, TailStrategy::RoundUp);
        ratio.compute_at(output, yi).vectorize(x, vector, TailStrategy::RoundUp);
    }

    /// One half, from the centre outwards, of a seven-tap Gaussian that sums to 1.
    static std::array<float, 4> gaussian(float sigma) {
        std::array<float, 4> weight;
        float total = 0;
        for (int i = 0; i < 4; i++) {
            weight[i] = std::exp(-0.5f * static_cast<float>(i * i) / (sigma * sigma));
            total += i == 0 ? weight[i] : 2 * weight[i];
        }
        for (float &w : weight) {
            w /= total;
        }
        return weight;
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Unsharp, unsharp)
