// Max-pooling with Eigen: rows of the output are the largest of strided segments of rows
// (dense), or each nonzero raises the outputs of the windows in which it lies (sparse).
// Eigen has no threads for either, so the rows of the output are divided here.
#include "eigen_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

template<typename Row, typename Values>
void raise(Row &&row, const Values &values) {
    row = row.cwiseMax(values);
}

void pool_row(const EigenDense &a, const MaxPool &kernel, int i, EigenDense &c) {
    const int first = i * kernel.stride;
    for (int u = first; u < std::min(kernel.m, first + kernel.r); u++) {
        for (int v = 0; v < kernel.r; v++) {
            // The windows whose column v is not beyond the border.
            const int count = (kernel.n - v + kernel.stride - 1) / kernel.stride;
            // Unit stride is a case of its own for Eigen, which vectorises it.
            if (kernel.stride == 1) {
                raise(c.row(i).head(count), a.row(u).segment(v, count));
            } else {
                raise(c.row(i).head(count), a.row(u)(Eigen::seqN(v, count, kernel.stride)));
            }
        }
    }
}

void pool_row(const EigenSparse &a, const MaxPool &kernel, int i, EigenDense &c) {
    const int first = i * kernel.stride;
    for (int u = first; u < std::min(kernel.m, first + kernel.r); u++) {
        for (EigenSparse::InnerIterator nonzero(a, u); nonzero; ++nonzero) {
            const int j = static_cast<int>(nonzero.col());
            for (int x = kernel.first_window(j); x <= kernel.last_window(j); x++) {
                c(i, x) = std::max(c(i, x), nonzero.value());
            }
        }
    }
}

template<typename Storage>
Answer serve(const Request &request) {
    const MaxPool kernel(request);
    const auto a = kernel.make_a<Storage>();
    const auto eigen_a = to_eigen(a);
    EigenDense c(kernel.rows(), kernel.columns());
    const double operations = static_cast<double>(a.values.size()) * kernel.r * kernel.r /
                              (kernel.stride * kernel.stride);
    const Timing timing = measure([&] {
        parallel_rows(c.rows(), operations, kernel.threads, [&](Eigen::Index begin, Eigen::Index end) {
            for (Eigen::Index i = begin; i < end; i++) {
                c.row(i).setZero();
                pool_row(eigen_a, kernel, static_cast<int>(i), c);
            }
        });
    });
    kernel.check(a, [&](int i, int j) { return c(i, j); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Max-pooling of A(m,n), r x r windows every s, with Eigen.\n"
                               "Request: m= n= r=2..5 s=1|2 [d= threads= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
