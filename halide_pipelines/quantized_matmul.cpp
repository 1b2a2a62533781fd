// The product of two uint8 matrices with zero points, exact in int32. The zero
// points are taken out of the sums of rows and columns, so that the inner loop
// multiplies bytes.
#include "pipeline.h"

namespace {

using namespace Halide;

class QuantizedMatmul : public Generator<QuantizedMatmul> {
public:
    Input<Buffer<uint8_t, 2>> a{"a"};  // (k, row)
    Input<Buffer<uint8_t, 2>> b{"b"};  // (column, k)
    Input<uint8_t> a_zero{"a_zero", 128};
    Input<uint8_t> b_zero{"b_zero", 128};
    Output<Buffer<int32_t, 2>> output{"output"};  // (column, row)

    void generate() {
        Expr depth = a.dim(0).extent();
        RDom k(0, depth, "k");

        row_sum(row) = 0;
        row_sum(row) += cast<int32_t>(a(k, row));
        column_sum(column) = 0;
        column_sum(column) += cast<int32_t>(b(column, k));
        product(column, row) = 0;
        product(column, row) += cast<int32_t>(a(k, row)) * cast<int32_t>(b(column, k));

        Expr za = cast<int32_t>(a_zero), zb = cast<int32_t>(b_zero);
        output(column, row) = product(column, row) - zb * row_sum(row) -
                              za * column_sum(column) + depth * za * zb;
    }

    void schedule() {
        const int size = 768;
        a_zero.set_estimate(128);
        b_zero.set_estimate(128);
        for (Input<Buffer<uint8_t, 2>> *matrix : {&a, &b}) {
            matrix->dim(0).set_min(0);
            matrix->dim(1).set_min(0);
            pipelines::set_estimates(*matrix, {size, size});
        }
        pipelines::set_output_estimates(output, {size, size});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var row{"row"}, column{"column"};
    Func row_sum{"row_sum"}, column_sum{"column_sum"}, product{"product"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(QuantizedMatmul, quantized_matmul)
