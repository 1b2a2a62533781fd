// Matrix product with Eigen. Eigen computes the dense product on the given number of
// threads, the sparse one on one.
#include "eigen_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void multiply(const EigenDense &a, const EigenDense &b, EigenDense &c) { c.noalias() = a * b; }
// The result is sparse, and allocated anew: so does Eigen.
void multiply(const EigenSparse &a, const EigenSparse &b, EigenSparse &c) { c = a * b; }

template<typename Storage>
Answer serve(const Request &request) {
    const Matmul kernel(request);
    const auto a = kernel.make_a<Storage>(), b = kernel.make_b<Storage>();
    const auto eigen_a = to_eigen(a), eigen_b = to_eigen(b);
    auto c = decltype(to_eigen(a))(kernel.m, kernel.k);
    Eigen::setNbThreads(kernel.threads);
    const Timing timing = measure([&] { multiply(eigen_a, eigen_b, c); });
    kernel.check(a, b, [&](int i, int j) { return entry(c, i, j); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Matrix product C(m,k) = A(m,n) B(n,k) with Eigen.\n"
                               "Request: m= n= k= [d1= d2= threads= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
