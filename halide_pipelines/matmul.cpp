// Dense matrix product in single precision: output = a * b.
#include "pipeline.h"

namespace {

using namespace Halide;

class Matmul : public Generator<Matmul> {
public:
    GeneratorParam<bool> manual{"manual", false};

    // Row-major matrices: dimension 0 is the column. `a` is [rows][k], `b` [k][columns].
    Input<Buffer<float, 2>> a{"a"};
    Input<Buffer<float, 2>> b{"b"};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        k = RDom(0, a.dim(0).extent(), "k");
        product(x, y) += a(k, y) * b(x, k);
        output(x, y) = product(x, y);
    }

    void schedule() {
        pipelines::set_estimates(a, {1024, 1024});
        pipelines::set_estimates(b, {1024, 1024});
        pipelines::set_output_estimates(output, {1024, 1024});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"};
    RDom k;
    Func product{"product"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Matmul, matmul)
