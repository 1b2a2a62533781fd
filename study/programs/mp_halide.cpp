// Max-pooling with Halide: halide_pipelines/max_pool.cpp, a library for each size and
// stride of the windows, scheduled by Srivastava2020.
#include "halide_library.h"
#include "kernels.h"

#include "study_max_pool_2_1.h"
#include "study_max_pool_2_2.h"
#include "study_max_pool_3_1.h"
#include "study_max_pool_3_2.h"
#include "study_max_pool_4_1.h"
#include "study_max_pool_4_2.h"
#include "study_max_pool_5_1.h"
#include "study_max_pool_5_2.h"

namespace {

using namespace study;

using Library = int (*)(halide_buffer_t *input, halide_buffer_t *output);

Library library_of(const MaxPool &kernel) {
    // By r - 2 and stride - 1.
    static const Library libraries[4][2] = {{study_max_pool_2_1, study_max_pool_2_2},
                                            {study_max_pool_3_1, study_max_pool_3_2},
                                            {study_max_pool_4_1, study_max_pool_4_2},
                                            {study_max_pool_5_1, study_max_pool_5_2}};
    return libraries[kernel.r - 2][kernel.stride - 1];
}

Answer serve(const std::string &, const Request &request) {
    const MaxPool kernel(request);
    Matrix a = kernel.make_a<Matrix>();
    // An image of one channel. Repeating the edge of the input does not change the
    // largest value of a window that the border cuts.
    Buffer input = to_halide(a);
    input.embed(2, 0);
    Buffer c = halide_result({kernel.columns(), kernel.rows(), 1});
    const Timing timing = measure_halide(kernel.threads, library_of(kernel), input, c);
    kernel.check(a, [&](int i, int j) { return c(j, i, 0); });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_program(argc, argv,
                       {"Max-pooling of A(m,n), r x r windows every s, with Halide, dense.\n"
                        "Request: m= n= r=2..5 s=1|2 [threads= seed=]\n",
                        {},
                        serve});
}
