// The largest value in a circle around each pixel. The maxima of 1, 2, 4, 8... rows
// come from each other; two of these that overlap make up a column of the circle.
#include "pipeline.h"

#include <map>
#include <string>
#include <vector>

namespace {

using namespace Halide;

class MaxFilter : public Generator<MaxFilter> {
public:
    GeneratorParam<bool> manual{"manual", false};
    /// Of the circle, in pixels.
    GeneratorParam<int> radius{"radius", 12, 0, 100};

    Input<Buffer<float, 3>> input{"input"};
    Output<Buffer<float, 3>> output{"output"};

    void generate() {
        in = pipelines::repeat_edge(input);
        // rows[k]: the largest of the 2^k rows from y on.
        rows = {in};
        for (int k = 1; (1 << k) <= 2 * radius + 1; k++) {
            rows.emplace_back("rows_" + std::to_string(1 << k));
            rows[k](x, y, c) = max(rows[k - 1](x, y, c), rows[k - 1](x, y + (1 << (k - 1)), c));
        }

        Expr largest = column(0)(x, y, c);
        for (int dx = 1; dx <= radius; dx++) {
            Func f = column(dx);
            largest = max(largest, max(f(x - dx, y, c), f(x + dx, y, c)));
        }
        output(x, y, c) = largest;
    }

    void schedule() {
        pipelines::set_estimates(input, {1920, 1080, 3});
        pipelines::set_output_estimates(output, {1920, 1080, 3});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
    Func in;
    std::vector<Func> rows;
    struct Column {
        Func f;
        int uses = 0;
    };
    /// By how many rows above and below its centre they hold.
    std::map<int, Column> columns;

    /// The largest value of the circle's column `dx` to the left or right of its centre.
    Func column(int dx) {
        const int r = radius;
        int reach = 0;
        while ((reach + 1) * (reach + 1) + dx * dx <= r * r) {
            reach++;
        }
        Column &same = columns[reach];
        if (same.uses++ == 0) {
            int k = 0;
            while ((2 << k) <= 2 * reach + 1) {
                k++;
            }
            same.f = Func("column_" + std::to_string(reach));
            same.f(x, y, c) = max(rows[k](x, y - reach, c), rows[k](x, y + reach + 1 - (1 << k), c));
        }
        return same.f;
    }

    // Tiles, each with a copy of its part of the input, edges included, down which the
    // maxima of rows slide. Columns of the circle that share their height with others are
    // computed a scanline at a time, the rest where they are used.
    void schedule_manual() {
        const int vector = natural_vector_size<float>(), width = 256, height = 128;
        const TailStrategy round_up = TailStrategy::RoundUp;
        Var xo{"xo"}, yo{"yo"};
        const auto tile_output = [&](auto &&stage, TailStrategy tail) {
            stage.split(y, yo, y, height, tail)
                .split(x, xo, x, width, tail)
                .reorder(x, y, xo, c, yo)
                .parallel(yo)
                .vectorize(x, vector);
        };
        // Under a guard only one of the Funcs would slide; shifted tiles have none.
        pipelines::schedule_any_size(output, width, height, tile_output);
        in.compute_at(output, xo).vectorize(in.args()[0], vector, round_up);
        for (size_t k = 1; k < rows.size(); k++) {
            rows[k].store_at(output, xo).compute_at(output, y).vectorize(x, vector, round_up);
        }
        for (auto &[reach, column] : columns) {
            if (column.uses > 1) {
                column.f.compute_at(output, y).vectorize(x, vector, round_up);
            }
        }
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(MaxFilter, max_filter)
