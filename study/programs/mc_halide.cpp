// Convolution with Halide: generators/valid_conv2d.cpp, a library for each size of the
// filter, scheduled by Srivastava2020.
#include "halide_library.h"
#include "kernels.h"

#include "study_valid_conv2d_3.h"
#include "study_valid_conv2d_5.h"
#include "study_valid_conv2d_7.h"

namespace {

using namespace study;

auto library_of(const Convolution &kernel) {
    return kernel.r == 3   ? study_valid_conv2d_3
           : kernel.r == 5 ? study_valid_conv2d_5
                           : study_valid_conv2d_7;
}

Answer serve(const std::string &, const Request &request) {
    const Convolution kernel(request);
    Matrix a = kernel.make_a<Matrix>(), filter = kernel.make_filter();
    Buffer input = to_halide(a), coefficients = to_halide(filter);
    Buffer c = halide_result({kernel.columns(), kernel.rows()});
    const Timing timing = measure_halide(kernel.threads, library_of(kernel), input, coefficients, c);
    kernel.check(a, filter, [&](int i, int j) { return c(j, i); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_program(argc, argv,
                       {"Convolution of A(m,n) with an r x r filter, with Halide, dense.\n"
                        "Request: m= n= r=3|5|7 [threads= seed=]\n",
                        {},
                        serve});
}
