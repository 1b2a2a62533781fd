// Matrix product with Halide: halide_pipelines/matmul.cpp, scheduled by Srivastava2020.
#include "halide_library.h"
#include "kernels.h"

#include "study_matmul.h"

namespace {

using namespace study;

Answer serve(const std::string &, const Request &request) {
    const Matmul kernel(request);
    Matrix a = kernel.make_a<Matrix>(), b = kernel.make_b<Matrix>();
    Buffer input_a = to_halide(a), input_b = to_halide(b);
    Buffer c = halide_result({kernel.k, kernel.m});
    const Timing timing = measure_halide(kernel.threads, study_matmul, input_a, input_b, c);
    kernel.check(a, b, [&](int i, int j) { return c(j, i); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_program(argc, argv,
                       {"Matrix product C(m,k) = A(m,n) B(n,k) with Halide, dense.\n"
                        "Request: m= n= k= [threads= seed=]\n",
                        {},
                        serve});
}
