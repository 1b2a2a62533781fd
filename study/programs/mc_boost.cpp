// Convolution with Boost uBLAS: rows of the output are sums of scaled ranges of rows
// (dense), or each nonzero is scattered into the outputs that it touches (sparse).
#include "boost_matrices.h"
#include "kernels.h"

namespace {

using namespace study;

void convolve(const BoostDense &a, const BoostDense &filter, BoostDense &c) {
    using Row = ublas::matrix_row<const BoostDense>;
    for (size_t i = 0; i < c.size1(); i++) {
        ublas::matrix_row<BoostDense> output(c, i);
        for (size_t u = 0; u < filter.size1(); u++) {
            const Row input(a, i + u);
            for (size_t v = 0; v < filter.size2(); v++) {
                const ublas::vector_range<const Row> values(input, ublas::range(v, v + c.size2()));
                ublas::noalias(output) += filter(u, v) * values;
            }
        }
    }
}

void convolve(const BoostSparse &a, const BoostDense &filter, BoostDense &c) {
    const int r = static_cast<int>(filter.size1());
    const int last_row = static_cast<int>(c.size1()) - 1;
    const int last_column = static_cast<int>(c.size2()) - 1;
    for_each_nonzero(a, [&](int i, int j, float value) {
        for (int y = std::max(0, i - r + 1); y <= std::min(i, last_row); y++) {
            for (int x = std::max(0, j - r + 1); x <= std::min(j, last_column); x++) {
                c(y, x) += value * filter(i - y, j - x);
            }
        }
    });
}

template<typename Storage>
Answer serve(const Request &request) {
    const Convolution kernel(request);
    const auto a = kernel.make_a<Storage>();
    const Matrix filter = kernel.make_filter();
    const auto boost_a = to_boost(a);
    const BoostDense boost_filter = to_boost(filter);
    BoostDense c(kernel.rows(), kernel.columns());
    const Timing timing = measure([&] {
        c.clear();
        convolve(boost_a, boost_filter, c);
    });
    kernel.check(a, filter, [&](int i, int j) { return c(i, j); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_dense_or_sparse(argc, argv,
                               "Convolution of A(m,n) with an r x r filter, with Boost uBLAS.\n"
                               "Request: m= n= r=3|5|7 [d= seed=]\n",
                               serve<Matrix>, serve<SparseMatrix>);
}
