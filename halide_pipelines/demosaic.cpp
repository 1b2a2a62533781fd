// The missing colours of a Bayer mosaic (RGGB), by the gradient-corrected linear
// filters of Malvar, He and Cutler (ICASSP 2004). Integers throughout.
#include "pipeline.h"

namespace {

using namespace Halide;

class Demosaic : public Generator<Demosaic> {
public:
    Input<Buffer<uint16_t, 2>> input{"input"};
    Output<Buffer<uint16_t, 3>> output{"output"};

    void generate() {
        // Mirrored at the edge, a coordinate keeps its parity, and so its colour.
        raw = BoundaryConditions::mirror_interior(input);

        // All sums are in sixteenths of a pixel value.
        Expr centre = at(0, 0);
        Expr near_x = at(-1, 0) + at(1, 0), near_y = at(0, -1) + at(0, 1);
        Expr far_x = at(-2, 0) + at(2, 0), far_y = at(0, -2) + at(0, 2);
        Expr corners = at(-1, -1) + at(1, -1) + at(-1, 1) + at(1, 1);
        Expr far = far_x + far_y;

        same(x, y) = pixel(16 * centre);
        // Green at a red or blue pixel.
        green(x, y) = pixel(8 * centre + 4 * (near_x + near_y) - 2 * far);
        // Red or blue at a green pixel whose neighbours in x (y) have that colour.
        along_x(x, y) = pixel(10 * centre + 8 * near_x - 2 * (corners + far_x) + far_y);
        along_y(x, y) = pixel(10 * centre + 8 * near_y - 2 * (corners + far_y) + far_x);
        // Red at a blue pixel, or blue at a red one.
        diagonal(x, y) = pixel(12 * centre + 4 * corners - 3 * far);

        Expr even_x = x % 2 == 0, even_y = y % 2 == 0;
        Expr red = select(even_y, select(even_x, same(x, y), along_x(x, y)),
                          select(even_x, along_y(x, y), diagonal(x, y)));
        Expr green_here = select(even_x == even_y, green(x, y), same(x, y));
        Expr blue = select(even_y, select(even_x, diagonal(x, y), along_y(x, y)),
                           select(even_x, along_x(x, y), same(x, y)));
        output(x, y, c) = mux(c, {red, green_here, blue});
    }

    void schedule() {
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(input, {2592, 1968});
        pipelines::set_output_estimates(output, {2592, 1968, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func raw, same{"same"}, green{"green"};
    Func along_x{"along_x"}, along_y{"along_y"}, diagonal{"diagonal"};

    Expr at(int dx, int dy) const {
        return cast<int>(raw(x + dx, y + dy));
    }

    /// A sum of sixteenths as a 16-bit pixel.
    static Expr pixel(const Expr &sixteenths) {
        return cast<uint16_t>(clamp((sixteenths + 8) >> 4, 0, 65535));
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Demosaic, demosaic)
