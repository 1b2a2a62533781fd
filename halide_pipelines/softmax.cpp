// Softmax over the rows of a matrix, shifted by the maximum of the row so that
// no exponential overflows.
#include "pipeline.h"

namespace {

using namespace Halide;

class Softmax : public Generator<Softmax> {
public:
    // Dimension 0 is the class, dimension 1 the row.
    Input<Buffer<float, 2>> input{"input"};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        RDom r(0, input.dim(0).extent(), "r");
        largest(n) = Float(32).min();
        largest(n) = max(largest(n), input(r, n));
        exponential(c, n) = exp(input(c, n) - largest(n));
        total(n) += exponential(r, n);
        output(c, n) = exponential(c, n) / total(n);
    }

    void schedule() {
        pipelines::set_estimates(input, {1024, 4096});
        pipelines::set_output_estimates(output, {1024, 4096});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var c{"c"}, n{"n"};
    Func largest{"largest"}, exponential{"exponential"}, total{"total"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Softmax, softmax)
