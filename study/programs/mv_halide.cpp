// Matrix times vector with Halide: halide_pipelines/matvec.cpp, scheduled by
// Srivastava2020.
#include "halide_library.h"
#include "kernels.h"

#include "study_matvec.h"

namespace {

using namespace study;

Answer serve(const std::string &, const Request &request) {
    const Matvec kernel(request);
    Matrix a = kernel.make_a<Matrix>();
    std::vector<float> b = kernel.make_b();
    Buffer input_a = to_halide(a), input_b = to_halide(b);
    Buffer y = halide_result({kernel.m});
    const Timing timing = measure_halide(kernel.threads, study_matvec, input_a, input_b, y);
    kernel.check(a, b, [&](int i) { return y(i); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_program(argc, argv,
                       {"Matrix times vector, y(m) = A(m,n) b(n), with Halide, dense.\n"
                        "Request: m= n= [threads= seed=]\n",
                        {},
                        serve});
}
