// Box filter by an integral image: the mean of size x size pixels from four values, whatever the size.
#include "pipeline.h"

namespace {

using namespace Halide;

class BoxIntegral : public Generator<BoxIntegral> {
public:
    /// Width and height of a box in pixels.
    GeneratorParam<int> size{"size", 16, 1, 255};

    Input<Buffer<uint8_t, 2>> input{"input"};
    Output<Buffer<uint8_t, 2>> output{"output"};

    void generate() {
        const int width = size, before = width / 2;
        Func in = pipelines::repeat_edge(input);
        RDom i(1, input.dim(0).extent() + width, "i"), j(1, input.dim(1).extent() + width, "j");
        // Sums of what lies to the left and above; they wrap around, their differences do not.
        along_rows(x, y) = cast<uint32_t>(in(x - before, y - before));
        along_rows(i, y) += along_rows(i - 1, y);
        integral(x, y) = along_rows(x, y);
        integral(x, j) += integral(x, j - 1);
        const Expr sum = integral(x + width, y + width) - integral(x, y + width) - integral(x + width, y) + integral(x, y);
        output(x, y) = cast<uint8_t>(sum / (width * width));
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
    Func along_rows{"along_rows"}, integral{"integral"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(BoxIntegral, box_integral)
