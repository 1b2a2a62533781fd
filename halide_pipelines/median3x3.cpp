// The median of each 3x3 window: a sorting network of min and max in two steps,
// first the three pixels of a column, then the sorted columns of a window.
#include "pipeline.h"

namespace {

using namespace Halide;

class Median3x3 : public Generator<Median3x3> {
public:
    Input<Buffer<uint8_t, 3>> input{"input"};
    Output<Buffer<uint8_t, 3>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);

        Expr top = in(x, y - 1, c), centre = in(x, y, c), bottom = in(x, y + 1, c);
        Expr smaller = min(top, centre), larger = max(top, centre);
        // The column's smallest, middle and largest pixel. Neighbouring windows share it.
        column(x, y, c) = Tuple(min(smaller, bottom),
                                max(smaller, min(larger, bottom)),
                                max(larger, bottom));

        auto rank = [&](int dx, int i) { return column(x + dx, y, c)[i]; };
        Expr low = max(max(rank(-1, 0), rank(0, 0)), rank(1, 0));
        Expr middle = median(rank(-1, 1), rank(0, 1), rank(1, 1));
        Expr high = min(min(rank(-1, 2), rank(0, 2)), rank(1, 2));
        output(x, y, c) = median(low, middle, high);
    }

    void schedule() {
        pipelines::set_estimates(input, {1920, 1080, 3});
        pipelines::set_output_estimates(output, {1920, 1080, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func column{"column"};

    static Expr median(const Expr &a, const Expr &b, const Expr &c) {
        return max(min(a, b), min(max(a, b), c));
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Median3x3, median3x3)
