// Resizing with a separable Lanczos kernel, widened when the picture shrinks so
// that it stays a low-pass filter. The weights of each output pixel add up to 1.
#include "pipeline.h"

#include <algorithm>
#include <cmath>

namespace {

using namespace Halide;

class ResizeLanczos : public Generator<ResizeLanczos> {
public:
    /// Output size over input size. Known at compile time, as it decides how many taps a pixel has.
    GeneratorParam<float> scale{"scale", 0.6f, 0.01f, 100.0f};

    Input<Buffer<float, 3>> input{"input"};
    Output<Buffer<float, 3>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        RDom tap(0, taps(), "tap");
        Func kernel_x = kernel("kernel_x"), kernel_y = kernel("kernel_y");

        // Rows first: their taps are whole vectors of neighbouring pixels.
        resized_y(x, y, c) = 0.0f;
        resized_y(x, y, c) += kernel_y(y, tap) * in(x, first_tap(y) + tap, c);
        resized_x(x, y, c) = 0.0f;
        resized_x(x, y, c) += kernel_x(x, tap) * resized_y(first_tap(x) + tap, y, c);
        output(x, y, c) = resized_x(x, y, c);
    }

    void schedule() {
        const int width = 1920, height = 1080;
        pipelines::set_estimates(input, {width, height, 3});
        pipelines::set_output_estimates(output, {static_cast<int>(std::lround(width * scale)),
                                                 static_cast<int>(std::lround(height * scale)), 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    static constexpr float lobes = 3.0f;
    static constexpr float pi = 3.14159265f;
    Var x{"x"}, y{"y"}, c{"c"}, i{"i"}, k{"k"};
    Func resized_x{"resized_x"}, resized_y{"resized_y"};

    /// How far the kernel reaches to each side, in input pixels.
    float reach() const {
        return lobes * std::max(1.0f, 1.0f / scale);
    }

    int taps() const {
        return static_cast<int>(std::ceil(2.0f * reach()));
    }

    /// Where the centre of an output pixel lies, in input pixels.
    Expr centre(const Expr &pixel) const {
        return (cast<float>(pixel) + 0.5f) * (1.0f / scale) - 0.5f;
    }

    Expr first_tap(const Expr &pixel) const {
        return cast<int>(ceil(centre(pixel) - reach()));
    }

    static Expr sinc(const Expr &t) {
        return select(abs(t) < 1e-4f, 1.0f, sin(pi * t) / (pi * t));
    }

    /// The normalised weights (pixel, tap) of the pixels along one axis.
    Func kernel(const std::string &name) {
        Expr distance = cast<float>(first_tap(i) + k) - centre(i);
        Expr t = distance * std::min(1.0f, scale.value());
        Func weight(name + "_weight"), total(name + "_total"), normalized(name);
        weight(i, k) = select(abs(t) < lobes, sinc(t) * sinc(t / lobes), 0.0f);
        RDom tap(0, taps(), name + "_tap");
        total(i) = 0.0f;
        total(i) += weight(i, tap);
        normalized(i, k) = weight(i, k) / total(i);
        return normalized;
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(ResizeLanczos, resize_lanczos)
