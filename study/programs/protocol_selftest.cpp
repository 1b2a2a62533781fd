// The smallest program: the sum of n values. It shows that the protocol and the
// timing work where no library is installed.
#include "matrices.h"
#include "protocol.h"

#include <numeric>

namespace {

study::Answer serve(const std::string &, const study::Request &request) {
    const int n = request.integer("n", 1, 1 << 24);
    const study::Matrix data = study::random_matrix(1, n, request.seed());
    volatile double sum = 0;
    const study::Timing timing = study::measure(
        [&] { sum = std::accumulate(data.values.begin(), data.values.end(), 0.0); });
    study::check_entries(1, 1, [&](int, int) { return sum; },
                         [&](int, int) {
                             double right = 0;
                             for (int i = n; i-- > 0;) {
                                 right += data.values[i];
                             }
                             return right;
                         });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return study::run_program(argc, argv,
                              {"The sum of n values, to try the protocol.\n"
                               "Request: n=1..2^24 [seed=]\n",
                               {},
                               serve});
}
