// Max-pooling with Boost uBLAS. uBLAS has no largest-of-two expression, so both variants
// are loops over its elements: the window of each output (dense), or the windows in
// which each nonzero lies (sparse).
#include "boost_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void pool(const BoostDense &a, const MaxPool &kernel, BoostDense &c) {
    for (int i = 0; i < kernel.rows(); i++) {
        const int top = i * kernel.stride, bottom = std::min(kernel.m, top + kernel.r);
        for (int j = 0; j < kernel.columns(); j++) {
            const int left = j * kernel.stride, right = std::min(kernel.n, left + kernel.r);
            float largest = 0;
            for (int u = top; u < bottom; u++) {
                for (int v = left; v < right; v++) {
                    largest = std::max(largest, a(u, v));
                }
            }
            c(i, j) = largest;
        }
    }
}

void pool(const BoostSparse &a, const MaxPool &kernel, BoostDense &c) {
    c.clear();
    for_each_nonzero(a, [&](int i, int j, float value) {
        for (int y = kernel.first_window(i); y <= kernel.last_window(i); y++) {
            for (int x = kernel.first_window(j); x <= kernel.last_window(j); x++) {
                c(y, x) = std::max(c(y, x), value);
            }
        }
    });
}

template<typename Storage>
Answer serve(const Request &request) {
    const MaxPool kernel(request);
    const auto a = kernel.make_a<Storage>();
    const auto boost_a = to_boost(a);
    BoostDense c(kernel.rows(), kernel.columns());
    const Timing timing = measure([&] { pool(boost_a, kernel, c); });
    kernel.check(a, [&](int i, int j) { return c(i, j); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Max-pooling of A(m,n), r x r windows every s, with Boost uBLAS.\n"
                               "Request: m= n= r=2..5 s=1|2 [d= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
