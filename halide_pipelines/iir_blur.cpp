// A first-order recursive blur, forwards and backwards along y and then along x.
// Each pass transposes what it blurs, so that both scan along y and leave x free
// for vectors.
#include "pipeline.h"

namespace {

using namespace Halide;

class IirBlur : public Generator<IirBlur> {
public:
    Input<Buffer<float, 3>> input{"input"};
    /// The weight of a new pixel in the running average, in (0, 1].
    Input<float> alpha{"alpha", 0.25f, 0.0f, 1.0f};
    Output<Buffer<float, 3>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        Expr width = input.dim(0).extent(), height = input.dim(1).extent();

        Func columns = blur_along_y("blur_columns", in, height);
        transposed(x, y, c) = columns(y, x, c);
        Func rows = blur_along_y("blur_rows", transposed, width);
        output(x, y, c) = rows(y, x, c);
    }

    void schedule() {
        input.dim(0).set_min(0);
        input.dim(1).set_min(0);
        alpha.set_estimate(0.25f);
        pipelines::set_estimates(input, {1536, 1024, 3});
        pipelines::set_output_estimates(output, {1536, 1024, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func transposed{"transposed"};

    /// `source` blurred in the rows [0, extent), in place: one scan down and one up.
    /// Other rows stay as they are.
    Func blur_along_y(const std::string &name, const Func &source, const Expr &extent) {
        RDom down(1, extent - 1, name + "_down"), up(0, extent - 1, name + "_up");
        Func blurred(name);
        blurred(x, y, c) = source(x, y, c);
        blurred(x, down, c) =
            alpha * blurred(x, down, c) + (1.0f - alpha) * blurred(x, down - 1, c);
        Expr row = extent - 2 - up;
        blurred(x, row, c) =
            alpha * blurred(x, row, c) + (1.0f - alpha) * blurred(x, row + 1, c);
        return blurred;
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(IirBlur, iir_blur)
