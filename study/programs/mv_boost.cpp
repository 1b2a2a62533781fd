// Matrix times vector with Boost uBLAS: prod for dense matrices, axpy_prod, which goes
// through the nonzeros alone, for sparse ones.
#include "boost_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void multiply(const BoostDense &a, const BoostVector &b, BoostVector &y) {
    ublas::noalias(y) = ublas::prod(a, b);
}

void multiply(const BoostSparse &a, const BoostVector &b, BoostVector &y) {
    ublas::axpy_prod(a, b, y, true);
}

template<typename Storage>
Answer serve(const Request &request) {
    const Matvec kernel(request);
    const auto a = kernel.make_a<Storage>();
    const auto b = kernel.make_b();
    const auto boost_a = to_boost(a);
    const BoostVector boost_b = to_boost(b);
    BoostVector y(kernel.m);
    const Timing timing = measure([&] { multiply(boost_a, boost_b, y); });
    kernel.check(a, b, [&](int i) { return y(i); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Matrix times vector, y(m) = A(m,n) b(n), with Boost uBLAS.\n"
                               "Request: m= n= [d= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
