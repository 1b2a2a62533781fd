// Layer normalisation: each row to mean 0 and variance 1, then scaled and shifted
// per feature.
#include "pipeline.h"

namespace {

using namespace Halide;

class LayerNorm : public Generator<LayerNorm> {
public:
    Input<Buffer<float, 2>> input{"input"};  // (feature, row)
    Input<Buffer<float, 1>> gamma{"gamma"};  // (feature)
    Input<Buffer<float, 1>> beta{"beta"};    // (feature)
    Input<float> epsilon{"epsilon", 1e-5f};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        RDom feature(input.dim(0).min(), input.dim(0).extent(), "feature");
        Expr features = cast<float>(input.dim(0).extent());

        row_sum(row) = 0.0f;
        row_sum(row) += input(feature, row);
        mean(row) = row_sum(row) / features;

        // The deviations are squared, rather than the values, as the mean of the
        // squares less the square of the mean loses all digits for a large mean.
        Expr deviation = input(feature, row) - mean(row);
        squares(row) = 0.0f;
        squares(row) += deviation * deviation;
        inverse_deviation(row) = 1.0f / sqrt(squares(row) / features + epsilon);

        output(i, row) = (input(i, row) - mean(row)) * inverse_deviation(row) * gamma(i) + beta(i);
    }

    void schedule() {
        const int features = 1024, rows = 4096;
        epsilon.set_estimate(1e-5f);
        pipelines::set_estimates(input, {features, rows});
        pipelines::set_estimates(gamma, {features});
        pipelines::set_estimates(beta, {features});
        pipelines::set_output_estimates(output, {features, rows});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var i{"i"}, row{"row"};
    Func row_sum{"row_sum"}, mean{"mean"}, squares{"squares"}, inverse_deviation{"inverse_deviation"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(LayerNorm, layer_norm)
