// Two-dimensional complex FFT of a batch of size x size images, forward and not
// scaled: first along y, then along x.
#include "pipeline.h"

#include <cmath>
#include <functional>
#include <string>

namespace {

using namespace Halide;

struct Complex {
    Expr re, im;
};

Complex operator+(const Complex &a, const Complex &b) {
    return {a.re + b.re, a.im + b.im};
}
Complex operator-(const Complex &a, const Complex &b) {
    return {a.re - b.re, a.im - b.im};
}
Complex operator*(const Complex &a, const Complex &b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
/// z divided by the imaginary unit.
Complex over_i(const Complex &z) {
    return {z.im, -z.re};
}

class Fft : public Generator<Fft> {
public:
    /// Width and height of an image, a power of two.
    GeneratorParam<int> size{"size", 128, 2, 1024};

    // Dimensions: x, y, {real, imaginary}, image.
    Input<Buffer<float, 4>> input{"input"};
    Output<Buffer<float, 4>> output{"output"};

    void generate() {
        const int points = size;
        _halide_user_assert((points & (points - 1)) == 0)
            << "fft: size is " << points << ", which is not a power of two\n";
        const float angle = static_cast<float>(-2 * M_PI) / static_cast<float>(points);
        root(k) = Tuple(cos(angle * k), sin(angle * k));

        // Both passes transform along an outer dimension and keep the other one of
        // the image innermost, so that no stage gathers.
        const Spectrum along_y = transform("fft_y", [this](Expr x, Expr, Expr y) {
            return Complex{input(x, y, 0, n), input(x, y, 1, n)};
        });
        const Spectrum along_x = transform(
            "fft_x", [&along_y](Expr y, Expr, Expr x) { return along_y(x, y, 0); });
        const Complex result = along_x(y, x, 0);
        output(x, y, c, n) = mux(c, {result.re, result.im});
    }

    void schedule() {
        pipelines::set_estimates(input, {size, size, 2, 64});
        pipelines::set_output_estimates(output, {size, size, 2, 64});
        output.dim(0).set_bounds(0, size);
        output.dim(1).set_bounds(0, size);
        output.dim(2).set_bounds(0, 2);
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"}, n{"n"}, k{"k"};
    /// root(k) = exp(-2 pi i k / size)
    Func root{"root"};

    /// What is known after some stages of a Stockham FFT: the frequency
    /// `frequency` of the decimated signal that starts at `time`, for each `other`,
    /// the dimension that is not transformed.
    using Spectrum = std::function<Complex(Expr other, Expr frequency, Expr time)>;

    /// The Fourier transform of `signal`, whose only frequency is 0. In the
    /// result the only time is 0.
    Spectrum transform(const std::string &name, const Spectrum &signal) {
        Spectrum spectrum = signal;
        for (int length = 1; length < size;) {
            const int left = static_cast<int>(size) / length;
            // One stage of radix 2 where the size is not a power of 4.
            const bool power_of_4 = (left & 0x55555555) != 0;
            const int radix = power_of_4 ? 4 : 2;
            spectrum = stage(name + "_" + std::to_string(length * radix), spectrum, length, radix);
            length *= radix;
        }
        return spectrum;
    }

    /// Merges each `radix` spectra of `length` frequencies into one.
    Spectrum stage(const std::string &name, const Spectrum &in, int length, int radix) {
        Var v{"v"}, f{"f"}, quarter{"quarter"}, t{"t"};
        const int times = static_cast<int>(size) / (length * radix);
        std::vector<Complex> z;
        for (int i = 0; i < radix; i++) {
            Complex term = in(v, f, t + i * times);
            if (i > 0 && length > 1) {
                Expr twiddle = f * (i * times);
                term = term * Complex{root(twiddle)[0], root(twiddle)[1]};
            }
            z.push_back(term);
        }
        std::vector<Complex> merged;
        if (radix == 2) {
            merged = {z[0] + z[1], z[0] - z[1]};
        } else {
            const Complex even = z[0] + z[2], even_difference = z[0] - z[2];
            const Complex odd = z[1] + z[3], odd_difference = over_i(z[1] - z[3]);
            merged = {even + odd, even_difference + odd_difference, even - odd,
                      even_difference - odd_difference};
        }
        std::vector<Expr> re, im;
        for (const Complex &value : merged) {
            re.push_back(value.re);
            im.push_back(value.im);
        }
        Func out(name);
        out(v, f, quarter, t, n) = Tuple(mux(quarter, re), mux(quarter, im));
        return [out, length, this](Expr other, Expr frequency, Expr time) {
            FuncRef value = out(other, frequency % length, frequency / length, time, n);
            return Complex{value[0], value[1]};
        };
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Fft, fft)
