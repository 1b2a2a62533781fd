// Dense matrix times vector in single precision: output = matrix * vector.
#include "pipeline.h"

namespace {

using namespace Halide;

class Matvec : public Generator<Matvec> {
public:
    // Row-major [rows][columns]: dimension 0 is the column.
    Input<Buffer<float, 2>> matrix{"matrix"};
    Input<Buffer<float, 1>> vector{"vector"};
    Output<Buffer<float, 1>> output{"output"};

    void generate() {
        RDom k(0, matrix.dim(0).extent(), "k");
        product(y) += matrix(k, y) * vector(k);
        output(y) = product(y);
    }

    void schedule() {
        pipelines::set_estimates(matrix, {4096, 4096});
        pipelines::set_estimates(vector, {4096});
        pipelines::set_output_estimates(output, {4096});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var y{"y"};
    Func product{"product"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Matvec, matvec)
