// Local contrast normalisation: each pixel minus the mean of the (2 radius + 1)^2 pixels around it, divided by their
// standard deviation. The sums are separable: along rows, then along columns.
#include "pipeline.h"

namespace {

using namespace Halide;

class LocalContrast : public Generator<LocalContrast> {
public:
    /// Pixels on each side.
    GeneratorParam<int> radius{"radius", 4, 1, 31};

    Input<Buffer<float, 2>> input{"input"};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        const int margin = radius, size = 2 * margin + 1;
        Func in = pipelines::repeat_edge(input);
        RDom r(-margin, size, "r");
        row_sums(x, y) += in(x + r, y);
        row_squares(x, y) += in(x + r, y) * in(x + r, y);
        sums(x, y) += row_sums(x, y + r);
        squares(x, y) += row_squares(x, y + r);
        const float pixels = static_cast<float>(size * size);
        const Expr mean = sums(x, y) / pixels;
        const Expr variance = max(squares(x, y) / pixels - mean * mean, 0.0f);
        output(x, y) = (in(x, y) - mean) / sqrt(variance + 1e-3f);
    }

    void schedule() {
        pipelines::set_estimates(input, {1920, 1080});
        pipelines::set_output_estimates(output, {1920, 1080});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"};
    Func row_sums{"row_sums"}, row_squares{"row_squares"}, sums{"sums"}, squares{"squares"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(LocalContrast, local_contrast)
