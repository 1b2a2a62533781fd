// Harris corner detector: how much an RGB image changes in all directions at once.
#include "pipeline.h"

namespace {

using namespace Halide;

class Harris : public Generator<Harris> {
public:
    GeneratorParam<bool> manual{"manual", false};

    Input<Buffer<float, 3>> input{"input"};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        gray(x, y) = 0.299f * in(x, y, 0) + 0.587f * in(x, y, 1) + 0.114f * in(x, y, 2);

        // Sobel derivatives.
        grad_x(x, y) = (gray(x + 1, y - 1) - gray(x - 1, y - 1)) / 12 +
                       (gray(x + 1, y) - gray(x - 1, y)) / 6 +
                       (gray(x + 1, y + 1) - gray(x - 1, y + 1)) / 12;
        grad_y(x, y) = (gray(x - 1, y + 1) - gray(x - 1, y - 1)) / 12 +
                       (gray(x, y + 1) - gray(x, y - 1)) / 6 +
                       (gray(x + 1, y + 1) - gray(x + 1, y - 1)) / 12;

        grad_xx(x, y) = grad_x(x, y) * grad_x(x, y);
        grad_yy(x, y) = grad_y(x, y) * grad_y(x, y);
        grad_xy(x, y) = grad_x(x, y) * grad_y(x, y);
        sum_xx(x, y) = sum3x3(grad_xx);
        sum_yy(x, y) = sum3x3(grad_yy);
        sum_xy(x, y) = sum3x3(grad_xy);

        Expr determinant = sum_xx(x, y) * sum_yy(x, y) - sum_xy(x, y) * sum_xy(x, y);
        Expr trace = sum_xx(x, y) + sum_yy(x, y);
        output(x, y) = determinant - 0.04f * trace * trace;
    }

    void schedule() {
        pipelines::set_estimates(input, {2560, 1920, 3});
        pipelines::set_output_estimates(output, {2560, 1920});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"};
    Func gray{"gray"}, grad_x{"grad_x"}, grad_y{"grad_y"};
    Func grad_xx{"grad_xx"}, grad_yy{"grad_yy"}, grad_xy{"grad_xy"};
    Func sum_xx{"sum_xx"}, sum_yy{"sum_yy"}, sum_xy{"sum_xy"};

    // Strips of scanlines in parallel, and within a strip columns so narrow that
    // the rows that the brightness and its two derivatives keep while they slide
    // down fit in L1.
    void schedule_manual() {
        const int vector = natural_vector_size<float>();
        const TailStrategy guard = TailStrategy::GuardWithIf;
        Var xi{"xi"}, yi{"yi"};
        output.split(y, y, yi, 64, guard)
            .split(x, x, xi, 512, guard)
            .reorder(xi, yi, x, y)
            .parallel(y)
            .vectorize(xi, vector, guard);
        for (Func f : {gray, grad_x, grad_y}) {
            f.store_at(output, x)
                .compute_at(output, yi)
                .vectorize(x, vector, TailStrategy::RoundUp);
        }
        grad_y.compute_with(grad_x, x);
    }

    Expr sum3x3(const Func &f) const {
        Expr sum = f(x - 1, y - 1);
        for (int i = 1; i < 9; i++) {
            sum += f(x + i % 3 - 1, y + i / 3 - 1);
        }
        return sum;
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Harris, harris)
