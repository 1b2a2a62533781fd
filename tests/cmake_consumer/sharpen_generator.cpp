#include <Halide.h>

using namespace Halide;

// out = 2 * in - box3x3(in), on 16-bit integers, with the edge repeated.
class Sharpen : public Generator<Sharpen> {
public:
    Input<Buffer<int16_t, 2>> input{"input"};
    Output<Buffer<int16_t, 2>> output{"output"};

    void generate() {
        Var x("x"), y("y");
        Func clamped = BoundaryConditions::repeat_edge(input);
        Func rows("rows"), box("box");
        rows(x, y) = clamped(x - 1, y) + clamped(x, y) + clamped(x + 1, y);
        box(x, y) = (rows(x, y - 1) + rows(x, y) + rows(x, y + 1)) / int16_t(9);
        output(x, y) = int16_t(2) * clamped(x, y) - box(x, y);

        input.set_estimates({{0, 640}, {0, 480}});
        output.set_estimates({{0, 640}, {0, 480}});
    }
};

HALIDE_REGISTER_GENERATOR(Sharpen, sharpen)
