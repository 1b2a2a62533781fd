// Matrix times vector with Eigen. Eigen multiplies a sparse matrix by rows on the given
// number of threads (above 20000 nonzeros); the dense product, which it computes on one
// thread, is divided by rows here.
#include "eigen_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void multiply(const EigenDense &a, const Eigen::VectorXf &b, Eigen::VectorXf &y, int threads) {
    parallel_rows(a.rows(), static_cast<double>(a.size()), threads,
                  [&](Eigen::Index begin, Eigen::Index end) {
                      y.segment(begin, end - begin).noalias() = a.middleRows(begin, end - begin) * b;
                  });
}

void multiply(const EigenSparse &a, const Eigen::VectorXf &b, Eigen::VectorXf &y, int) {
    y.noalias() = a * b;
}

template<typename Storage>
Answer serve(const Request &request) {
    const Matvec kernel(request);
    const auto a = kernel.make_a<Storage>();
    const auto b = kernel.make_b();
    const auto eigen_a = to_eigen(a);
    const auto eigen_b = to_eigen(b);
    Eigen::VectorXf y(kernel.m);
    Eigen::setNbThreads(kernel.threads);
    const Timing timing = measure([&] { multiply(eigen_a, eigen_b, y, kernel.threads); });
    kernel.check(a, b, [&](int i) { return y(i); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Matrix times vector, y(m) = A(m,n) b(n), with Eigen.\n"
                               "Request: m= n= [d= threads= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
