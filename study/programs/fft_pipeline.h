// Batches of two-dimensional complex FFTs in Halide, with a schedule of six
// parameters. See fft_halide.cpp for what they mean.
//
// The transform is a Stockham one, along y and then along x. Both passes run along
// an outer dimension and have the other one of the image in their vectors, so that
// no stage gathers; in between the image is transposed, in registers. Hence the
// result is transposed, too, as libraries offer it to save a second transposition.
#pragma once

#include <Halide.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace study {

/// What of an FFT's schedule is compiled into it.
struct FftShape {
    /// Points of an image along x and along y; a power of two.
    int size;
    /// Lanes of a vector of floats.
    int lanes;
    /// Points that a stage merges at once: 2, 4 or 8.
    int radix;
    /// Vectors that are computed side by side.
    int unroll;

    /// Columns computed by one step of the innermost loop.
    int step() const { return lanes * unroll; }
};

namespace fft {

using namespace Halide;

struct Complex {
    Expr re, im;
};

inline Complex operator+(const Complex &a, const Complex &b) {
    return {a.re + b.re, a.im + b.im};
}
inline Complex operator-(const Complex &a, const Complex &b) {
    return {a.re - b.re, a.im - b.im};
}
inline Complex operator*(const Complex &a, const Complex &b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/// The Fourier transform of a few values, their number a power of two.
inline std::vector<Complex> small_transform(const std::vector<Complex> &values) {
    const size_t count = values.size();
    if (count == 1) {
        return values;
    }
    std::vector<Complex> even, odd, result(count);
    for (size_t i = 0; i < count; i += 2) {
        even.push_back(values[i]);
        odd.push_back(values[i + 1]);
    }
    even = small_transform(even);
    odd = small_transform(odd);
    for (size_t k = 0; k < count / 2; k++) {
        Complex turned = odd[k];
        if (4 * k == count) {
            turned = {turned.im, -turned.re};
        } else if (k > 0) {
            const double angle = -2 * M_PI * k / count;
            const Complex root = {static_cast<float>(std::cos(angle)),
                                  static_cast<float>(std::sin(angle))};
            turned = turned * root;
        }
        result[k] = even[k] + turned;
        result[k + count / 2] = even[k] - turned;
    }
    return result;
}

/// The pipeline. Arguments of compile()'s result: the three run-time parameters
/// (steps per panel, images per block, blocks per task), input re and im
/// (x, y, image), output re and im (result_extents()).
class Builder {
public:
    explicit Builder(const FftShape &shape)
        : shape(shape), cosines(shape.size), sines(shape.size) {
        for (int i = 0; i < shape.size; i++) {
            const double angle = -2 * M_PI * i / shape.size;
            cosines(i) = static_cast<float>(std::cos(angle));
            sines(i) = static_cast<float>(std::sin(angle));
        }
    }

    Callable compile(const Target &target) {
        const int size = shape.size;
        for (ImageParam *part : {&re, &im}) {
            part->dim(0).set_bounds(0, size);
            part->dim(1).set_bounds(0, size).set_stride(size);
        }
        Pass along_y = transform("fft_y", [this](Expr x, Expr, Expr y) {
            return Complex{re(x, y, image), im(x, y, image)};
        });
        const Complex columns = along_y.result(x, ky, 0);
        rows(x, ky, image) = Tuple(columns.re, columns.im);
        transposed(ky, x, image) = Tuple(rows(x, ky, image)[0], rows(x, ky, image)[1]);
        Pass along_x = transform("fft_x", [this](Expr ky, Expr, Expr x) {
            FuncRef value = transposed(ky, x, image);
            return Complex{value[0], value[1]};
        });
        schedule(along_y.stages, along_x.stages);
        return along_x.stages.back().compile_to_callable({panel_steps, block, task_blocks, re, im},
                                                         target);
    }

    /// Extents of an output: (ky, f, q, 1, image), where f + q * (extent of f) is
    /// kx. So, in memory it is (ky, kx, image).
    static std::vector<int> result_extents(const FftShape &shape, int images) {
        int length = 1, radix = 1;
        for (; length < shape.size; length *= radix) {
            radix = radix_after(shape, length);
        }
        return {shape.size, length / radix, radix, 1, images};
    }

private:
    /// What is known after some stages: the frequency `frequency` of the decimated
    /// signal that starts at `time`, for each column, a value of the dimension that
    /// is not transformed.
    using Spectrum = std::function<Complex(Expr column, Expr frequency, Expr time)>;

    struct Pass {
        std::vector<Func> stages;
        Spectrum result;
    };

    const FftShape shape;
    /// exp(-2 pi i k / size)
    Buffer<float> cosines, sines;
    Param<int> panel_steps{"panel_steps"}, block{"block"}, task_blocks{"task_blocks"};
    ImageParam re{Float(32), 3, "re"}, im{Float(32), 3, "im"};
    Func rows{"rows"}, transposed{"transposed"};
    Var x{"x"}, ky{"ky"}, column{"column"}, f{"f"}, q{"q"}, t{"t"}, image{"image"};

    /// The radix of the stage that merges spectra of `length` frequencies.
    static int radix_after(const FftShape &shape, int length) {
        return std::min(shape.radix, shape.size / length);
    }

    Pass transform(const std::string &name, const Spectrum &signal) {
        Pass pass = {{}, signal};
        for (int length = 1; length < shape.size; length *= radix_after(shape, length)) {
            const int radix = radix_after(shape, length);
            const int times = shape.size / (length * radix);
            Func merged = merge(name + "_" + std::to_string(length * radix), pass.result, length);
            merged.bound(f, 0, length).bound(q, 0, radix).bound(t, 0, times);
            pass.stages.push_back(merged);
            pass.result = [merged, length, this](Expr column, Expr frequency, Expr time) {
                FuncRef value = merged(column, frequency % length, frequency / length, time, image);
                return Complex{value[0], value[1]};
            };
        }
        return pass;
    }

    /// One stage: merges each few spectra of `length` frequencies into one, whose
    /// frequencies are f + q * length.
    Func merge(const std::string &name, const Spectrum &in, int length) {
        const int radix = radix_after(shape, length);
        const int times = shape.size / (length * radix);
        std::vector<Complex> terms;
        for (int i = 0; i < radix; i++) {
            Complex term = in(column, f, t + i * times);
            if (i > 0 && length > 1) {
                Expr power = f * (i * times);
                term = term * Complex{cosines(power), sines(power)};
            }
            terms.push_back(term);
        }
        std::vector<Expr> real, imaginary;
        for (const Complex &value : small_transform(terms)) {
            real.push_back(value.re);
            imaginary.push_back(value.im);
        }
        Func merged(name);
        merged(column, f, q, t, image) = Tuple(mux(q, real), mux(q, imaginary));
        return merged;
    }

    // All factors are split off from the inside out, as multiples of each other:
    // then Halide's bounds show that nothing outside is touched.
    static constexpr TailStrategy exact = TailStrategy::RoundUp;

    void schedule(std::vector<Func> &along_y, std::vector<Func> &along_x) {
        Var panel("panel"), in_block("in_block"), task("task");
        Func result = along_x.back();
        constrain(result);
        result.split(image, in_block, image, block, exact)
            .split(in_block, task, in_block, task_blocks, exact);
        vectorize(result).split(column, panel, column, panel_steps, exact);
        result.reorder(column, f, t, panel, image, in_block, task).parallel(task);
        for (size_t i = 0; i + 1 < along_x.size(); i++) {
            vectorize(along_x[i]).compute_at(result, panel);
        }

        Var panel_y("panel_y"), step("step"), tile("tile"), x_i("x_i"), ky_i("ky_i");
        const int edge = std::min(shape.lanes, 8);
        transposed.compute_at(result, in_block)
            .bound(x, 0, shape.size)
            .bound(ky, 0, shape.size)
            .split(x, step, tile, shape.step(), exact)
            .split(step, panel_y, step, panel_steps, exact)
            .split(tile, tile, x_i, edge, exact)
            .split(ky, ky, ky_i, edge, exact)
            .reorder(ky_i, x_i, ky, tile, step, panel_y, image)
            .vectorize(ky_i)
            .unroll(x_i);
        // A square tile is loaded along x and stored along ky.
        rows.compute_at(transposed, ky).vectorize(x).unroll(ky);
        for (Func &stage : along_y) {
            vectorize(stage).compute_at(transposed, panel_y);
        }
    }

    /// The innermost loops of a stage: a step of vectors, for all frequencies q.
    Func &vectorize(Func &stage) const {
        Var vector("vector"), lane("lane");
        return stage.split(column, column, lane, shape.step(), exact)
            .split(lane, vector, lane, shape.lanes, exact)
            .reorder(lane, q, vector, column, f, t)
            .vectorize(lane)
            .unroll(q)
            .unroll(vector);
    }

    /// The layout of the outputs, which result_extents() describes.
    void constrain(Func &result) const {
        const std::vector<int> extents = result_extents(shape, 1);
        result.bound(column, 0, shape.size);
        std::vector<OutputImageParam> parts = result.output_buffers();
        for (OutputImageParam &part : parts) {
            part.dim(1).set_stride(extents[0]);
            part.dim(2).set_stride(extents[0] * extents[1]);
            part.dim(4).set_stride(shape.size * shape.size);
        }
        // Halide gives all parts of a Tuple the bounds of the first.
        for (int d = 0; d < 4; d++) {
            parts[0].dim(d).set_bounds(0, extents[d]);
        }
        parts[0].dim(4).set_min(0);
    }
};

}  // namespace fft
}  // namespace study
