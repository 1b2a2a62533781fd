// Non-local means (Buades, Coll, Morel 2005): denoises an RGB image by averaging each
// pixel with those around it, weighted by how alike the patches around the two are.
#include "pipeline.h"

namespace {

using namespace Halide;

class NlMeans : public Generator<NlMeans> {
public:
    GeneratorParam<bool> manual{"manual", false};
    /// Width and height of a patch in pixels, odd.
    GeneratorParam<int> patch{"patch", 7, 1, 31};
    /// Width and height of the window of pixels that are averaged, odd.
    GeneratorParam<int> search{"search", 7, 1, 31};

    Input<Buffer<float, 3>> input{"input"};
    /// The difference between patches, root of the mean square, at which weights are 1/e.
    Input<float> strength{"strength", 0.12f, 0.001f, 10.0f};
    Output<Buffer<float, 3>> output{"output"};

    void generate() {
        in = pipelines::repeat_edge(input);

        // Of the patches around (x, y) and around the pixel (dx, dy) further.
        Expr squares = 0.0f, down = 0.0f, across = 0.0f;
        for (int channel = 0; channel < 3; channel++) {
            Expr d = in(x, y, channel) - in(x + dx, y + dy, channel);
            squares += d * d;
        }
        difference(x, y, dx, dy) = squares;
        for (int i = -(patch / 2); i <= patch / 2; i++) {
            down += difference(x, y + i, dx, dy);
        }
        sum_y(x, y, dx, dy) = down;
        for (int i = -(patch / 2); i <= patch / 2; i++) {
            across += sum_y(x + i, y, dx, dy);
        }
        distance(x, y, dx, dy) = across;
        Expr scale = -1.0f / (strength * strength * (3 * patch * patch));
        weight(x, y, dx, dy) = exp(distance(x, y, dx, dy) * scale);

        // The three channels and the weights.
        window = RDom(-(search / 2), search, -(search / 2), search, "window");
        Expr w = weight(x, y, window.x, window.y);
        Expr there_x = x + window.x, there_y = y + window.y;
        sums(x, y) = Tuple(0.0f, 0.0f, 0.0f, 0.0f);
        sums(x, y) = Tuple(sums(x, y)[0] + w * in(there_x, there_y, 0), sums(x, y)[1] + w * in(there_x, there_y, 1),
                           sums(x, y)[2] + w * in(there_x, there_y, 2), sums(x, y)[3] + w);
        // The pixel itself has the weight 1.
        output(x, y, c) = mux(c, {sums(x, y)[0], sums(x, y)[1], sums(x, y)[2]}) / sums(x, y)[3];
    }

    void schedule() {
        strength.set_estimate(0.12f);
        input.dim(2).set_bounds(0, 3);
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(input, {1024, 614, 3});
        pipelines::set_output_estimates(output, {1024, 614, 3});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"}, c{"c"}, dx{"dx"}, dy{"dy"};
    RDom window;
    Func in, difference{"difference"}, sum_y{"sum_y"}, distance{"distance"};
    Func weight{"weight"}, sums{"sums"};

    // Tiles, each with a copy of its part of the input, edges included. All pixels of a
    // tile are compared with their neighbours at one distance before the next: that is
    // three dense stencils, and the sums over patches are shared by pixels.
    void schedule_manual() {
        const int vector = natural_vector_size<float>(), width = 128, height = 32;
        const TailStrategy round_up = TailStrategy::RoundUp;
        Var xo{"xo"}, yo{"yo"};
        const auto tile_output = [&](auto &&stage, TailStrategy tail) {
            stage.split(y, yo, y, height, tail)
                .split(x, xo, x, width, tail)
                .reorder(x, c, y, xo, yo)
                .parallel(yo)
                .vectorize(x, vector);
        };
        pipelines::schedule_any_size(output, width, height, tile_output);
        in.compute_at(output, xo).vectorize(in.args()[0], vector, round_up);
        sums.compute_at(output, xo).vectorize(x, vector, round_up);
        sums.update().reorder(x, y, window.x, window.y).vectorize(x, vector, round_up);
        for (Func f : {difference, sum_y}) {
            f.compute_at(sums, window.x).vectorize(x, vector, round_up);
        }
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(NlMeans, nl_means)
