// Convolution with Eigen: rows of the output are sums of scaled segments of rows (dense),
// or each nonzero is scattered into the outputs that it touches (sparse). Eigen has no
// threads for either, so the rows of the output are divided here.
#include "eigen_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void convolve_row(const EigenDense &a, const EigenDense &filter, Eigen::Index i, EigenDense &c) {
    for (Eigen::Index u = 0; u < filter.rows(); u++) {
        for (Eigen::Index v = 0; v < filter.cols(); v++) {
            c.row(i) += filter(u, v) * a.row(i + u).segment(v, c.cols());
        }
    }
}

void convolve_row(const EigenSparse &a, const EigenDense &filter, Eigen::Index i, EigenDense &c) {
    const Eigen::Index r = filter.rows();
    for (Eigen::Index u = 0; u < r; u++) {
        for (EigenSparse::InnerIterator nonzero(a, i + u); nonzero; ++nonzero) {
            const Eigen::Index j = nonzero.col();
            const Eigen::Index last = std::min(j, c.cols() - 1);
            for (Eigen::Index x = std::max<Eigen::Index>(0, j - r + 1); x <= last; x++) {
                c(i, x) += nonzero.value() * filter(u, j - x);
            }
        }
    }
}

template<typename Storage>
Answer serve(const Request &request) {
    const Convolution kernel(request);
    const auto a = kernel.make_a<Storage>();
    const Matrix filter = kernel.make_filter();
    const auto eigen_a = to_eigen(a);
    const EigenDense eigen_filter = to_eigen(filter);
    EigenDense c(kernel.rows(), kernel.columns());
    const double operations = static_cast<double>(a.values.size()) * kernel.r * kernel.r;
    const Timing timing = measure([&] {
        parallel_rows(c.rows(), operations, kernel.threads, [&](Eigen::Index begin, Eigen::Index end) {
            for (Eigen::Index i = begin; i < end; i++) {
                c.row(i).setZero();
                convolve_row(eigen_a, eigen_filter, i, c);
            }
        });
    });
    kernel.check(a, filter, [&](int i, int j) { return c(i, j); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Convolution of A(m,n) with an r x r filter, with Eigen.\n"
                               "Request: m= n= r=3|5|7 [d= threads= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
