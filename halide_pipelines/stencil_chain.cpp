// A chain of 5x5 stencils: what remains of locality when everything depends on a
// neighbourhood of the stage before.
#include "pipeline.h"

#include <map>
#include <string>
#include <vector>

namespace {

using namespace Halide;

class StencilChain : public Generator<StencilChain> {
public:
    GeneratorParam<bool> manual{"manual", false};
    /// How many stencils are applied one after the other.
    GeneratorParam<int> stencils{"stencils", 32, 1, 100};

    Input<Buffer<uint8_t, 2>> input{"input"};
    Output<Buffer<uint8_t, 2>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        Func first("stage_0");
        first(x, y) = cast<uint16_t>(in(x, y));
        stages.push_back(first);
        for (int i = 1; i <= stencils; i++) {
            Func stage("stage_" + std::to_string(i));
            stage(x, y) = binomial5x5(stages.back());
            stages.push_back(stage);
        }
        output(x, y) = cast<uint8_t>(stages.back()(x, y));
    }

    void schedule() {
        pipelines::set_estimates(input, {1536, 2560});
        pipelines::set_output_estimates(output, {1536, 2560});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"};
    std::vector<Func> stages;

    // Groups of eight stencils, fused in overlapping tiles that stay in L2. Whole
    // tiles only (what they compute beyond the image is never read): then all
    // strides within a tile are constants, and the compiler sees that rows of the
    // output computed together share the pixels they load.
    void schedule_manual() {
        const int vector = natural_vector_size<uint16_t>();
        const int group = 8, tile_width = 16 * vector, tile_height = 128, rows = 4;
        const TailStrategy round = TailStrategy::RoundUp;
        Var xi{"xi"}, yi{"yi"}, row{"row"};
        output.split(y, y, yi, 32, TailStrategy::GuardWithIf)
            .parallel(y)
            .vectorize(x, vector, TailStrategy::GuardWithIf);
        Func last = stages.back();
        for (int i = stencils; i >= 0; i--) {
            Func stage = stages[i];
            if (i == stencils || (i > 0 && i % group == 0)) {
                stage.compute_root()
                    .tile(x, y, xi, yi, tile_width, tile_height, round)
                    .split(yi, yi, row, rows)
                    .reorder(row, xi, yi, x, y)
                    .parallel(y)
                    .vectorize(xi, vector)
                    .unroll(row);
                last = stage;
            } else {
                stage.compute_at(last, x)
                    .split(y, y, row, rows, round)
                    .reorder(row, x, y)
                    .vectorize(x, vector, round)
                    .unroll(row);
            }
        }
    }

    /// The 5x5 binomial filter of pixels of at most 8 bits, rounded. The weights
    /// sum to 256, so that 16 bits hold every intermediate result.
    Expr binomial5x5(const Func &f) const {
        const int binomial[] = {1, 4, 6, 4, 1};
        std::map<int, Expr> pixels_of_weight;
        for (int j = 0; j < 5; j++) {
            for (int i = 0; i < 5; i++) {
                Expr &sum = pixels_of_weight[binomial[i] * binomial[j]];
                Expr pixel = f(x + i - 2, y + j - 2);
                sum = sum.defined() ? sum + pixel : pixel;
            }
        }
        Expr total = cast<uint16_t>(128);
        for (const auto &[weight, sum] : pixels_of_weight) {
            total += cast<uint16_t>(weight) * sum;
        }
        return total / 256;
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(StencilChain, stencil_chain)
