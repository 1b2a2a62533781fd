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
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"};
    RDom k;
    Func product{"product"};

    // Panels of columns in parallel. The panel of b is copied once, into
    // consecutive memory that stays in L2, and a tile of the output is accumulated
    // in registers over all of k for each group of rows of a.
    void schedule_manual() {
        const int vector = natural_vector_size<float>();
        // Accumulators, a row of b and an element of a fill the 32 registers of
        // AVX-512, or the 16 of older instruction sets.
        const int columns = (get_target().has_feature(Target::AVX512) ? 4 : 2) * vector;
        const int rows = 6;
        Var xi{"xi"}, yi{"yi"};
        const auto tile_output = [&](auto &&stage, TailStrategy tail) {
            stage.tile(x, y, xi, yi, columns, rows, tail)
                .reorder(xi, yi, y, x)
                .parallel(x)
                .vectorize(xi, vector)
                .unroll(xi)
                .unroll(yi);
        };
        pipelines::schedule_any_size(output, columns, rows, tile_output);

        const auto tile_product = [&](Stage stage) {
            stage.tile(x, y, xi, yi, columns, rows, TailStrategy::GuardWithIf)
                .vectorize(xi, vector)
                .unroll(xi)
                .unroll(yi);
        };
        product.compute_at(output, y);
        tile_product(product);
        tile_product(product.update());
        product.update().reorder(xi, yi, k, x, y);

        b.in().compute_at(output, x).vectorize(_0, vector, TailStrategy::GuardWithIf);
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Matmul, matmul)
