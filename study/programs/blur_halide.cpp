// The 3x3 box blur of the Halide paper on n x n 16-bit pixels, under the schedules
// that Srivastava et al. (HiPC 2020, section IV) choose from:
//
//   blur_x.compute_at(blur_y, x_o)
//       .split(x, x_o, x_i, s1).vectorize(x_i)
//   blur_y.split(x, x_o, x_i, s2).split(y, y_o, y_i, s3)
//       .reorder(x_i, y_i, x_o, y_o)
//       .split(x_i, x_i, x_v, s4).vectorize(x_v)
//       .parallel(y_o).parallel(x_o)
//
// All four are powers of two, the vector lengths and tile sizes as the code names
// them: s1 lanes of blur_x, tiles s2 wide and s3 high, s4 lanes of blur_y.
//   s1, s2: 2..1024     s3: 1..s2     s4: 1..s3
// Or an autoscheduler chooses, with the size and the threads as its estimates.
//
// No boundary condition: the input is two pixels larger than the output, and padded
// on the left as far as a schedule whose s1 exceeds s2 reads.
#include "jit.h"
#include "protocol.h"

#include <array>
#include <cstdint>
#include <memory>
#include <random>

namespace {

using namespace Halide;

constexpr int largest_split = 1024;
constexpr int smallest_size = 2, largest_size = 1 << 15;

using Splits = std::array<int, 4>;

/// The algorithm, not scheduled.
struct Blur {
    ImageParam input{UInt(16), 2, "input"};
    Var x{"x"}, y{"y"};
    Func blur_x{"blur_x"}, blur_y{"blur_y"};

    Blur() {
        blur_x(x, y) = (input(x, y) + input(x + 1, y) + input(x + 2, y)) / 3;
        blur_y(x, y) = (blur_x(x, y) + blur_x(x, y + 1) + blur_x(x, y + 2)) / 3;
    }

    void schedule(const Splits &splits) {
        const auto [s1, s2, s3, s4] = splits;
        Var x_o("x_o"), x_i("x_i"), x_v("x_v"), y_o("y_o"), y_i("y_i");
        blur_y.split(x, x_o, x_i, s2)
            .split(y, y_o, y_i, s3)
            .reorder(x_i, y_i, x_o, y_o)
            .split(x_i, x_i, x_v, s4)
            .vectorize(x_v)
            .parallel(y_o)
            .parallel(x_o);
        blur_x.compute_at(blur_y, x_o).split(x, x_o, x_i, s1).vectorize(x_i);
    }

    void autoschedule(const std::string &scheduler, int n, int threads, const Target &target) {
        input.set_estimates({{0, n + 2}, {0, n + 2}});
        blur_y.set_estimates({{0, n}, {0, n}});
        Pipeline(blur_y).apply_autoscheduler(
            target, {scheduler, {{"parallelism", std::to_string(threads)}}});
    }

    Callable compile(const Target &target) { return blur_y.compile_to_callable({input}, target); }
};

/// Input and output of one size.
struct Images {
    int n;
    std::uint64_t seed;
    Buffer<uint16_t> input, output;

    Images(int n, std::uint64_t seed)
        : n(n), seed(seed), input(largest_split + n + 2, n + 2), output(n, n) {
        // Four pixels of 14 bits, what is averaged without wrapping around, from each
        // random number: the largest image has 2^30 pixels.
        std::mt19937_64 random(seed);
        uint16_t *pixel = input.data();
        for (size_t left = input.number_of_elements(); left > 0;) {
            std::uint64_t bits = random();
            for (int i = 0; i < 4 && left > 0; i++, left--, bits >>= 16) {
                *pixel++ = bits & 0x3fff;
            }
        }
        input.set_min(-largest_split, 0);
        // The first schedule at this size must not pay for new pages.
        output.fill(0);
    }

    uint16_t expected(int x, int y) const {
        int sum = 0;
        for (int j = 0; j < 3; j++) {
            sum += (input(x, y + j) + input(x + 1, y + j) + input(x + 2, y + j)) / 3;
        }
        return sum / 3;
    }
};

/// Pixels of the output that are compared with a direct evaluation: the corners and
/// some at random.
class Samples {
public:
    explicit Samples(Images &images)
        : images(images) {
        const int last = images.n - 1;
        places = {{0, 0}, {last, 0}, {0, last}, {last, last}};
        std::mt19937 random(images.n);
        while (places.size() < 64) {
            const int x = random() % images.n;
            places.emplace_back(x, random() % images.n);
        }
        // The output still holds the result of another schedule, which is the same.
        for (const auto &[x, y] : places) {
            images.output(x, y) = images.expected(x, y) + 1;
        }
    }

    /// Throws std::runtime_error at a wrong pixel.
    void check() const {
        for (const auto &[x, y] : places) {
            const int got = images.output(x, y), expected = images.expected(x, y);
            if (got != expected) {
                throw std::runtime_error("wrong at (" + std::to_string(x) + "," +
                                         std::to_string(y) + "): got " + std::to_string(got) +
                                         ", expected " + std::to_string(expected));
            }
        }
    }

private:
    Images &images;
    std::vector<std::pair<int, int>> places;
};

/// The splits of a request. Throws std::runtime_error if they are not in the space.
Splits splits_of(const study::Request &request, int n) {
    Splits splits = {};
    for (size_t i = 0; i < splits.size(); i++) {
        const std::string name = "s" + std::to_string(i + 1);
        splits[i] = request.integer(name, i < 2 ? 2 : 1, i < 2 ? largest_split : splits[i - 1]);
        if ((splits[i] & (splits[i] - 1)) != 0) {
            throw std::runtime_error(name + " is not a power of two");
        }
    }
    if (splits[1] > n) {
        throw std::runtime_error("s2 is larger than n");
    }
    return splits;
}

/// Serves requests, one at a time.
class Server {
public:
    study::Answer serve(const study::Request &request) {
        const int n = request.integer("n", smallest_size, largest_size);
        const int threads = request.threads();
        const auto [run, compile_seconds] = compiled(request, n, threads);
        study::set_pipeline_threads(threads, target);
        prepare(n, request.seed());
        const Samples samples(*images);
        const study::Timing timing = study::measure([&, &run = run] {
            if (run(images->input, images->output) != 0) {
                throw std::runtime_error("the pipeline failed");
            }
        });
        samples.check();
        return {timing, {{"compile_seconds", std::to_string(compile_seconds)}}};
    }

private:
    study::CompiledPipelines pipelines;
    std::unique_ptr<Images> images;
    const Target target = get_jit_target_from_environment();

    study::CompiledPipelines::Entry compiled(const study::Request &request, int n, int threads) {
        if (request.has("scheduler")) {
            const std::string scheduler = request.text("scheduler", "");
            study::load_autoscheduler(scheduler, request.text("plugin", ""));
            const std::string key =
                scheduler + " " + std::to_string(n) + " " + std::to_string(threads);
            return pipelines.get(key, [&] {
                Blur blur;
                blur.autoschedule(scheduler, n, threads, target);
                return blur.compile(target);
            });
        }
        const Splits splits = splits_of(request, n);
        std::string key;
        for (int split : splits) {
            key += std::to_string(split) + " ";
        }
        return pipelines.get(key, [&] {
            Blur blur;
            blur.schedule(splits);
            return blur.compile(target);
        });
    }

    void prepare(int n, std::uint64_t seed) {
        if (!images || images->n != n || images->seed != seed) {
            // Before the others are allocated: two pairs may not fit into memory.
            images.reset();
            images = std::make_unique<Images>(n, seed);
        }
    }
};

}  // namespace

int main(int argc, char **argv) {
    Server server;
    return study::run_program(
        argc, argv,
        {"3x3 box blur of n x n 16-bit pixels, scheduled by four splits or by an autoscheduler.\n"
         "Request: n= (s1= s2= s3= s4= | scheduler=NAME [plugin=FILE]) [threads=] [seed=]\n",
         {},
         [&](const std::string &, const study::Request &request) {
             return study::with_halide_errors([&] { return server.serve(request); });
         }});
}
