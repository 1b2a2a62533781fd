// The bilateral grid (Chen, Paris, Durand 2007): an edge-preserving blur. Pixels are
// gathered in a coarse grid over space and intensity, which is blurred and then
// sliced at the full resolution.
#include "pipeline.h"

namespace {

using namespace Halide;

class BilateralGrid : public Generator<BilateralGrid> {
public:
    GeneratorParam<bool> manual{"manual", false};
    /// The edge of a grid cell in pixels.
    GeneratorParam<int> s_sigma{"s_sigma", 8, 1, 64};

    Input<Buffer<float, 2>> input{"input"};  // intensities in [0, 1]
    /// The depth of a grid cell in intensity.
    Input<float> r_sigma{"r_sigma", 0.1f, 0.001f, 1.0f};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        Expr cells_per_unit = 1.0f / r_sigma;
        const int s = s_sigma;

        // The cell around the grid point x has the pixels [s x - s/2, s x + s - s/2).
        // In the channels of the grid: the sum of the intensities, and their number.
        cell_pixel = RDom(0, s, 0, s, "cell_pixel");
        intensity(x, y) = clamp(in(x, y), 0.0f, 1.0f);
        bin(x, y) = cast<int>(round(intensity(x, y) * cells_per_unit));
        Expr pixel_x = x * s + cell_pixel.x - s / 2, pixel_y = y * s + cell_pixel.y - s / 2;
        histogram(x, y, z, c) = 0.0f;
        histogram(x, y, bin(pixel_x, pixel_y), c) += mux(c, {intensity(pixel_x, pixel_y), 1.0f});

        blur_z(x, y, z, c) = blur(histogram(x, y, z - 2, c), histogram(x, y, z - 1, c),
                                  histogram(x, y, z, c), histogram(x, y, z + 1, c),
                                  histogram(x, y, z + 2, c));
        blur_x(x, y, z, c) = blur(blur_z(x - 2, y, z, c), blur_z(x - 1, y, z, c), blur_z(x, y, z, c),
                                  blur_z(x + 1, y, z, c), blur_z(x + 2, y, z, c));
        blur_y(x, y, z, c) = blur(blur_x(x, y - 2, z, c), blur_x(x, y - 1, z, c), blur_x(x, y, z, c),
                                  blur_x(x, y + 1, z, c), blur_x(x, y + 2, z, c));

        // Slicing along y first leaves a row of the grid for each scanline, to be read
        // four times by a pixel's interpolation instead of eight.
        Expr yf = cast<float>(y % s) / s;
        grid_row(x, y, z, c) = lerp(blur_y(x, y / s, z, c), blur_y(x, y / s + 1, z, c), yf);

        Expr xf = cast<float>(x % s) / s;
        Expr depth = intensity(x, y) * cells_per_unit;
        Expr zi = cast<int>(depth);
        sliced_x(x, y, z, c) = lerp(grid_row(x / s, y, zi + z, c), grid_row(x / s + 1, y, zi + z, c), xf);
        sliced(x, y, c) = lerp(sliced_x(x, y, 0, c), sliced_x(x, y, 1, c), depth - zi);
        output(x, y) = sliced(x, y, 0) / sliced(x, y, 1);
    }

    void schedule() {
        r_sigma.set_estimate(0.1f);
        pipelines::set_estimates(input, {2560, 1536});
        pipelines::set_output_estimates(output, {2560, 1536});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"}, z{"z"}, c{"c"};
    RDom cell_pixel;
    Func intensity{"intensity"}, bin{"bin"}, histogram{"histogram"};
    Func blur_z{"blur_z"}, blur_x{"blur_x"}, blur_y{"blur_y"};
    Func grid_row{"grid_row"}, sliced_x{"sliced_x"}, sliced{"sliced"};

    static Expr blur(const Expr &a, const Expr &b, const Expr &c, const Expr &d, const Expr &e) {
        return a + 4.0f * b + 6.0f * c + 4.0f * d + e;
    }

    // The channels and the depth of the grid are innermost in storage, and vectors run
    // along them: every stage up to `sliced_x` then reads and writes whole vectors,
    // also where a pixel picks its depth, which along x would be a gather.
    void schedule_manual() {
        const int vector = natural_vector_size<float>();
        Var yo{"yo"}, yc{"yc"}, yi{"yi"};
        for (Func *f : {&histogram, &blur_z, &blur_x, &blur_y, &grid_row, &sliced_x}) {
            f->bound(c, 0, 2).reorder_storage(c, z, x, y).reorder(c, z, x, y).vectorize(c);
            f->vectorize(z, f == &sliced_x ? 2 : 4);
        }

        // The grid, row by row, blurred in z and x while it is in the cache.
        blur_x.compute_root().parallel(y);
        blur_z.compute_at(blur_x, y);
        histogram.compute_at(blur_x, y);
        histogram.update().reorder(c, cell_pixel.x, x, cell_pixel.y, y).unroll(c);
        bin.compute_at(histogram, cell_pixel.y).vectorize(x, vector);

        // The image in strips of 16 rows of cells, down which the blur in y slides.
        output.split(y, yc, yi, s_sigma, TailStrategy::GuardWithIf)
            .split(yc, yo, yc, 16, TailStrategy::GuardWithIf)
            .parallel(yo)
            .vectorize(x, vector, TailStrategy::GuardWithIf);
        blur_y.store_at(output, yo).compute_at(output, yc);
        grid_row.compute_at(output, yi);
        // Unrolled over a cell, the weights in x are constants.
        sliced_x.compute_at(output, yi).bound(z, 0, 2).align_bounds(x, s_sigma).unroll(x, s_sigma);
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(BilateralGrid, bilateral_grid)
