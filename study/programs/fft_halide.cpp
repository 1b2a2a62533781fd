// Batches of n x n complex single-precision FFTs, n in {16, 32, 64, 128}, under
// schedules of six parameters, all powers of two. A batch has 2^18 points in all.
//
//   s1  vector lanes                                            2..32, at most n
//   s2  radix: points that a stage merges at once               2..8
//   s3  vectors side by side, the innermost loop unrolled       1..4, s1 s3 <= n
//   s4  columns per panel: a panel goes through all stages of   s1 s3..n
//       a pass while its intermediate values are in a cache
//   s5  images per block: so many are transformed along y,      1..2^18/n^2
//       stored, and then transformed along x
//   s6  images per parallel task                                s5..2^18/n^2
//
// s1, s2 and s3 are compiled into the pipeline; the others are arguments of it, so
// that an n has at most 45 pipelines, however many schedules are tried.
#include "fft_pipeline.h"
#include "jit.h"
#include "protocol.h"

#include <complex>
#include <memory>
#include <random>

namespace {

using Halide::Buffer;

constexpr int points = 1 << 18;
constexpr int smallest_size = 16, largest_size = 128;

/// The batch of one size, split into real and imaginary parts. The spectra are
/// transposed: (ky, kx, image).
struct Batch {
    int n, images;
    std::uint64_t seed;
    Buffer<float> re, im, spectrum_re, spectrum_im;

    Batch(int n, std::uint64_t seed)
        : n(n), images(points / (n * n)), seed(seed), re(n, n, images), im(n, n, images),
          spectrum_re(n, n, images), spectrum_im(n, n, images) {
        std::mt19937 random(static_cast<unsigned>(seed));
        for (Buffer<float> *part : {&re, &im}) {
            part->for_each_value([&](float &value) { value = 1 - (random() >> 8) * 0x1p-24f; });
        }
    }

    /// An entry of the spectrum by its definition.
    std::complex<double> direct(int kx, int ky, int image) const {
        std::vector<std::complex<double>> root(n);
        for (int i = 0; i < n; i++) {
            root[i] = std::polar(1.0, -2 * M_PI * i / n);
        }
        std::complex<double> sum = 0;
        for (int y = 0; y < n; y++) {
            for (int x = 0; x < n; x++) {
                const std::complex<double> value(re(x, y, image), im(x, y, image));
                sum += value * root[(kx * x + ky * y) % n];
            }
        }
        return sum;
    }

    /// Forgets the result of the schedule before, which is the same.
    void clear() {
        spectrum_re.fill(0);
        spectrum_im.fill(0);
    }

    /// Compares entries at random places, and the first and the last one, with a
    /// direct evaluation. Throws std::runtime_error at a wrong one.
    void check() const {
        // Errors are relative to what an entry is typically: the root of the sum of
        // the squared values, which are in (0, 1] for either part.
        const double magnitude = n * std::sqrt(2.0 / 3);
        std::mt19937 random(n);
        for (int i = 0; i < 64; i++) {
            const int kx = i < 2 ? i * (n - 1) : random() % n;
            const int ky = i < 2 ? i * (n - 1) : random() % n;
            const int image = i < 2 ? i * (images - 1) : random() % images;
            const std::complex<double> expected = direct(kx, ky, image);
            const std::complex<double> got(spectrum_re(ky, kx, image),
                                           spectrum_im(ky, kx, image));
            if (!(std::abs(got - expected) <= 1e-3 * std::max(magnitude, std::abs(expected)))) {
                throw std::runtime_error("wrong at kx " + std::to_string(kx) + ", ky " +
                                         std::to_string(ky) + " of image " +
                                         std::to_string(image));
            }
        }
    }
};

/// A schedule: what is compiled, and the arguments of a call.
struct Schedule {
    study::FftShape shape;
    int panel_steps, block, task_blocks;
};

/// A power of two in a request. Throws std::runtime_error if it is none in the range.
int power_of_two(const study::Request &request, const char *name, int low, int high) {
    const int value = request.integer(name, low, high);
    if ((value & (value - 1)) != 0) {
        throw std::runtime_error(std::string(name) + " is not a power of two");
    }
    return value;
}

Schedule schedule_of(const study::Request &request, int n) {
    const int images = points / (n * n);
    study::FftShape shape = {};
    shape.size = n;
    shape.lanes = power_of_two(request, "s1", 2, std::min(32, n));
    shape.radix = power_of_two(request, "s2", 2, 8);
    shape.unroll = power_of_two(request, "s3", 1, std::min(4, n / shape.lanes));
    const int panel = power_of_two(request, "s4", shape.step(), n);
    const int block = power_of_two(request, "s5", 1, images);
    const int task = power_of_two(request, "s6", block, images);
    return {shape, panel / shape.step(), block, task / block};
}

/// The part of a spectrum as the pipeline of a shape declares it, in the same memory.
Buffer<float> as_result(Buffer<float> &part, const study::FftShape &shape, int images) {
    return Buffer<float>(part.data(), study::fft::Builder::result_extents(shape, images));
}

/// Serves requests, one at a time.
class Server {
public:
    study::Answer serve(const study::Request &request) {
        const int n = power_of_two(request, "n", smallest_size, largest_size);
        const Schedule schedule = schedule_of(request, n);
        const study::FftShape &shape = schedule.shape;
        const std::string key = std::to_string(n) + " " + std::to_string(shape.lanes) + " " +
                                std::to_string(shape.radix) + " " + std::to_string(shape.unroll);
        const auto [run, compile_seconds] =
            pipelines.get(key, [&] { return study::fft::Builder(shape).compile(target); });
        study::set_pipeline_threads(request.threads(), target);

        if (!batch || batch->n != n || batch->seed != request.seed()) {
            batch = std::make_unique<Batch>(n, request.seed());
        }
        batch->clear();
        Buffer<float> re = as_result(batch->spectrum_re, shape, batch->images);
        Buffer<float> im = as_result(batch->spectrum_im, shape, batch->images);
        const study::Timing timing = study::measure([&, &run = run] {
            if (run(schedule.panel_steps, schedule.block, schedule.task_blocks, batch->re,
                    batch->im, re, im) != 0) {
                throw std::runtime_error("the pipeline failed");
            }
        });
        batch->check();
        return {timing,
                {{"compile_seconds", std::to_string(compile_seconds)},
                 {"images", std::to_string(batch->images)}}};
    }

private:
    study::CompiledPipelines pipelines;
    std::unique_ptr<Batch> batch;
    const Halide::Target target = Halide::get_jit_target_from_environment();
};

}  // namespace

int main(int argc, char **argv) {
    Server server;
    return study::run_program(
        argc, argv,
        {"A batch of n x n complex FFTs with 2^18 points in all, scheduled by six parameters.\n"
         "Request: n= s1= s2= s3= s4= s5= s6= [threads=] [seed=]\n",
         {},
         [&](const std::string &, const study::Request &request) {
             return study::with_halide_errors([&] { return server.serve(request); });
         }});
}
