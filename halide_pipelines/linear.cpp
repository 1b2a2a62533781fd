// A layer of a neural network: GELU of x · Wᵀ + bias, with the weights stored as frameworks do, a row for each output.
#include "pipeline.h"

namespace {

using namespace Halide;

class Linear : public Generator<Linear> {
public:
    // Dimension 0 is the feature.
    Input<Buffer<float, 2>> input{"input"};      // [samples][inputs]
    Input<Buffer<float, 2>> weights{"weights"};  // [outputs][inputs]
    Input<Buffer<float, 1>> bias{"bias"};        // [outputs]
    Output<Buffer<float, 2>> output{"output"};   // [samples][outputs]

    void generate() {
        RDom k(0, input.dim(0).extent(), "k");
        product(x, y) = bias(x);
        product(x, y) += input(k, y) * weights(k, x);
        // GELU by its usual approximation.
        Expr v = product(x, y);
        output(x, y) = 0.5f * v * (1.0f + tanh(0.79788456f * (v + 0.044715f * v * v * v)));
    }

    void schedule() {
        pipelines::set_estimates(input, {512, 512});
        pipelines::set_estimates(weights, {512, 1024});
        pipelines::set_estimates(bias, {1024});
        pipelines::set_output_estimates(output, {1024, 512});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"};
    Func product{"product"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Linear, linear)
