// A camera's raw pipeline: hot pixels, demosaicing along edges, colour correction,
// tone curve and sharpening turn the Bayer mosaic (RGGB) of a sensor into an RGB
// image. Pixels are integers throughout; up to the tone curve they have 14 bits, as
// sensors deliver, so that sums and differences of two fit 16.
#include "pipeline.h"

#include <string>
#include <vector>

namespace {

using namespace Halide;

class CameraPipe : public Generator<CameraPipe> {
public:
    GeneratorParam<bool> manual{"manual", false};

    Input<Buffer<uint16_t, 2>> input{"input"};
    /// Of the light, in kelvin.
    Input<float> temperature{"temperature", 3700.0f, 1000.0f, 20000.0f};
    Input<float> gamma{"gamma", 2.2f, 1.0f, 4.0f};
    /// How far the tone curve is bent into an S, from 0 to 1.
    Input<float> contrast{"contrast", 0.4f, 0.0f, 1.0f};
    /// How much of the detail is added once more.
    Input<float> sharpness{"sharpness", 1.0f, 0.0f, 4.0f};
    Output<Buffer<uint8_t, 3>> output{"output"};

    void generate() {
        // Mirrored at the edge, a coordinate keeps its parity, and so its colour. The
        // image lies inside the sensor.
        Func mirrored = BoundaryConditions::mirror_interior(input);
        raw(x, y) = cast<int16_t>(min(mirrored(x + margin_x, y + margin_y), white));

        // A hot or dead pixel is out of the range of its neighbours of the same colour.
        Expr left = raw(x - 2, y), right = raw(x + 2, y), up = raw(x, y - 2), down = raw(x, y + 2);
        denoised(x, y) = clamp(raw(x, y), min(left, right, up, down), max(left, right, up, down));
        deinterleaved(x, y, c) = mux(c, {denoised(2 * x, 2 * y), denoised(2 * x + 1, 2 * y),
                                         denoised(2 * x, 2 * y + 1), denoised(2 * x + 1, 2 * y + 1)});
        demosaic();

        correct_colours();
        define_curve();
        curved(x, y, c) = curve(clamp(cast<int>(corrected(x, y, c)) >> 4, 0, curve_size - 1));

        blur_y(x, y, c) = binomial(curved(x, y - 1, c), curved(x, y, c), curved(x, y + 1, c));
        blur_x(x, y, c) = binomial(blur_y(x - 1, y, c), blur_y(x, y, c), blur_y(x + 1, y, c));
        amount() = cast<int16_t>(clamp(sharpness, 0.0f, 4.0f) * 32.0f + 0.5f);
        Expr pixel = cast<int16_t>(curved(x, y, c));
        Expr detail = pixel - cast<int16_t>(blur_x(x, y, c));
        output(x, y, c) = saturating_cast<uint8_t>(pixel + ((detail * amount()) >> 5));
    }

    void schedule() {
        temperature.set_estimate(3700.0f);
        gamma.set_estimate(2.2f);
        contrast.set_estimate(0.4f);
        sharpness.set_estimate(1.0f);
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(input, {2560 + 2 * margin_x, 1920 + 2 * margin_y});
        pipelines::set_output_estimates(output, {2560, 1920, 3});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    static constexpr int margin_x = 16, margin_y = 24;
    static constexpr int white = (1 << 14) - 1;
    static constexpr int curve_size = 1024;
    /// The planes of `deinterleaved`: greens are named after the row they are in.
    enum Plane { red, green_red, green_blue, blue };

    Var x{"x"}, y{"y"}, c{"c"}, i{"i"};
    Func raw{"raw"}, denoised{"denoised"}, deinterleaved{"deinterleaved"};
    Func green_at_red{"green_at_red"}, green_at_blue{"green_at_blue"};
    Func red_at_blue{"red_at_blue"}, blue_at_red{"blue_at_red"}, demosaiced{"demosaiced"};
    Func matrix{"matrix"}, corrected{"corrected"}, curve{"curve"}, curved{"curved"};
    Func blur_y{"blur_y"}, blur_x{"blur_x"}, amount{"amount"};

    Expr plane(Plane p, int dx = 0, int dy = 0) const {
        return deinterleaved(x + dx, y + dy, static_cast<int>(p));
    }

    static Expr average(const Expr &a, const Expr &b) {
        return (a + b + 1) >> 1;
    }

    /// The average of a pair of pixels, moved by how much greener it is here than there.
    static Expr tinted(const Expr &pair, const Expr &green_here, const Expr &green_pair) {
        return clamp(pair + green_here - green_pair, cast<int16_t>(0), cast<int16_t>(white));
    }

    /// Fills in the two missing colours of each pixel of a 2x2 block: green along the
    /// edge, then red and blue from the pair of neighbours that differ least.
    void demosaic() {
        Expr row = average(plane(green_red, -1, 0), plane(green_red));
        Expr column = average(plane(green_blue, 0, -1), plane(green_blue));
        green_at_red(x, y) = select(absd(plane(green_red, -1, 0), plane(green_red)) <
                                        absd(plane(green_blue, 0, -1), plane(green_blue)),
                                    row, column);
        row = average(plane(green_blue), plane(green_blue, 1, 0));
        column = average(plane(green_red), plane(green_red, 0, 1));
        green_at_blue(x, y) = select(absd(plane(green_blue), plane(green_blue, 1, 0)) <
                                         absd(plane(green_red), plane(green_red, 0, 1)),
                                     row, column);
        red_at_blue(x, y) = diagonal(red, green_at_red, green_at_blue(x, y), 0, 1);
        blue_at_red(x, y) = diagonal(blue, green_at_blue, green_at_red(x, y), -1, 0);

        Expr red_at_green_red = tinted(average(plane(red), plane(red, 1, 0)), plane(green_red),
                                       average(green_at_red(x, y), green_at_red(x + 1, y)));
        Expr red_at_green_blue = tinted(average(plane(red), plane(red, 0, 1)), plane(green_blue),
                                        average(green_at_red(x, y), green_at_red(x, y + 1)));
        Expr blue_at_green_red = tinted(average(plane(blue, 0, -1), plane(blue)), plane(green_red),
                                        average(green_at_blue(x, y - 1), green_at_blue(x, y)));
        Expr blue_at_green_blue = tinted(average(plane(blue, -1, 0), plane(blue)), plane(green_blue),
                                         average(green_at_blue(x - 1, y), green_at_blue(x, y)));
        Expr reds = interleaved("reds", {plane(red), red_at_green_red, red_at_green_blue, red_at_blue(x, y)});
        Expr greens = interleaved("greens", {green_at_red(x, y), plane(green_red), plane(green_blue),
                                             green_at_blue(x, y)});
        Expr blues = interleaved("blues", {blue_at_red(x, y), blue_at_green_red, blue_at_green_blue, plane(blue)});
        demosaiced(x, y, c) = mux(c, {reds, greens, blues});
    }

    /// The colour `p` in the middle of four blocks' pixels of it.
    Expr diagonal(Plane p, const Func &green_there, const Expr &green_here, int low, int high) const {
        Expr falling = tinted(average(plane(p, low, low), plane(p, high, high)), green_here,
                              average(green_there(x + low, y + low), green_there(x + high, y + high)));
        Expr rising = tinted(average(plane(p, high, low), plane(p, low, high)), green_here,
                             average(green_there(x + high, y + low), green_there(x + low, y + high)));
        return select(absd(plane(p, low, low), plane(p, high, high)) < absd(plane(p, high, low), plane(p, low, high)),
                      falling, rising);
    }

    /// The pixel (x, y) of an image, given the four pixels of each block.
    Expr interleaved(const std::string &name, const std::vector<Expr> &block) {
        Func blocks(name);
        blocks(x, y, c) = mux(c, block);
        return blocks(x >> 1, y >> 1, (x & 1) + 2 * (y & 1));
    }

    /// A matrix in 256ths, between one for tungsten light and one for daylight.
    void correct_colours() {
        const std::vector<float> tungsten = {1.25f, -0.15f, -0.10f, -0.35f, 1.60f, -0.25f, -0.05f, -0.95f, 2.60f};
        const std::vector<float> daylight = {1.85f, -0.55f, -0.20f, -0.20f, 1.45f, -0.25f, 0.05f, -0.55f, 1.60f};
        Expr along = clamp((temperature - 2800.0f) / (6500.0f - 2800.0f), 0.0f, 1.0f);
        std::vector<Expr> entries;
        for (size_t entry = 0; entry < tungsten.size(); entry++) {
            entries.push_back(lerp(tungsten[entry], daylight[entry], along));
        }
        matrix(i) = cast<int16_t>(round(mux(i, entries) * 256.0f));

        Expr sum = 128;
        for (int from = 0; from < 3; from++) {
            sum += cast<int>(matrix(3 * c + from)) * cast<int>(demosaiced(x, y, from));
        }
        corrected(x, y, c) = cast<int16_t>(clamp(sum >> 8, 0, white));
    }

    /// The tone curve as a table.
    void define_curve() {
        Expr level = pow(cast<float>(i) / (curve_size - 1), 1.0f / gamma);
        Expr bent = level * level * (3.0f - 2.0f * level);
        curve(i) = saturating_cast<uint8_t>(lerp(level, bent, contrast) * 255.0f + 0.5f);
    }

    static Expr binomial(const Expr &a, const Expr &b, const Expr &c) {
        return cast<uint8_t>((cast<uint16_t>(a) + 2 * cast<uint16_t>(b) + cast<uint16_t>(c) + 2) >> 2);
    }

    // Tiles that stay in L2, in which every stage is dense and computed once. Demosaicing
    // is unrolled over a block and its colours, so that the parity of coordinates is known,
    // and no block of reds, greens or blues is stored.
    void schedule_manual() {
        const int vector = natural_vector_size<int16_t>(), width = 256, height = 64;
        const TailStrategy guard = TailStrategy::GuardWithIf;
        Var xo{"xo"}, yo{"yo"}, xi{"xi"}, yi{"yi"};
        const auto tile_output = [&](auto &&stage, TailStrategy tail) {
            stage.split(y, yo, y, height, tail)
                .split(x, xo, x, width, tail)
                .reorder(x, y, c, xo, yo)
                .parallel(yo)
                .vectorize(x, 2 * vector);
        };
        pipelines::schedule_any_size(output, width, height, tile_output);

        for (Func f : {matrix, curve, amount}) {
            f.compute_root();
        }
        for (Func f : {raw, denoised, green_at_red, green_at_blue, red_at_blue, blue_at_red, curved}) {
            f.compute_at(output, xo).vectorize(x, vector, guard);
        }
        deinterleaved.compute_at(output, xo)
            .bound(c, 0, 4)
            .reorder(c, x, y)
            .unroll(c)
            .vectorize(x, vector, guard);
        demosaiced.compute_at(output, xo)
            .bound(c, 0, 3)
            .align_bounds(x, 2)
            .align_bounds(y, 2)
            .split(x, x, xi, 2)
            .split(y, y, yi, 2)
            .reorder(xi, yi, c, x, y)
            .unroll(xi)
            .unroll(yi)
            .unroll(c)
            .vectorize(x, vector, guard);
        blur_y.compute_at(output, y).vectorize(x, 2 * vector, guard);
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(CameraPipe, camera_pipe)
