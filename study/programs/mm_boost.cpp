// Matrix product with Boost uBLAS: axpy_prod, which its documentation recommends for
// large or sparse operands, and sparse_prod where the result is sparse too.
#include "boost_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void multiply(const BoostDense &a, const BoostDense &b, BoostDense &c) {
    ublas::axpy_prod(a, b, c, true);
}

void multiply(const BoostSparse &a, const BoostSparse &b, BoostSparse &c) {
    ublas::sparse_prod(a, b, c, true);
}

template<typename Storage>
Answer serve(const Request &request) {
    const Matmul kernel(request);
    const auto a = kernel.make_a<Storage>(), b = kernel.make_b<Storage>();
    const auto boost_a = to_boost(a), boost_b = to_boost(b);
    auto c = decltype(to_boost(a))(kernel.m, kernel.k);
    const Timing timing = measure([&] { multiply(boost_a, boost_b, c); });
    kernel.check(a, b, [&](int i, int j) { return float(c(i, j)); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Matrix product C(m,k) = A(m,n) B(n,k) with Boost uBLAS.\n"
                               "Request: m= n= k= [d1= d2= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
