// The 3x3 box blur of the Halide paper: the mean of three pixels in x, then in y.
#include "pipeline.h"

namespace {

using namespace Halide;

class Blur : public Generator<Blur> {
public:
    GeneratorParam<bool> manual{"manual", false};

    Input<Buffer<uint16_t, 2>> input{"input"};
    Output<Buffer<uint16_t, 2>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        // Sums of 16-bit pixels wrap around, as in the paper: pixels of up to 14
        // bits, which is what sensors deliver, are averaged exactly.
        blur_x(x, y) = (in(x - 1, y) + in(x, y) + in(x + 1, y)) / 3;
        output(x, y) = (blur_x(x, y - 1) + blur_x(x, y) + blur_x(x, y + 1)) / 3;
    }

    void schedule() {
        pipelines::set_estimates(input, {6400, 4800});
        pipelines::set_output_estimates(output, {6400, 4800});
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
    }

private:
    Var x{"x"}, y{"y"};
    Func blur_x{"blur_x"};

    // Strips of scanlines in parallel. Within a strip blur_x slides down, so that
    // each of its rows is computed once and is still in L1 when it is used.
    void schedule_manual() {
        const int vector = natural_vector_size<uint16_t>();
        Var yi{"yi"};
        output.split(y, y, yi, 32, TailStrategy::GuardWithIf)
            .parallel(y)
            .vectorize(x, vector, TailStrategy::GuardWithIf);
        blur_x.store_at(output, y)
            .compute_at(output, yi)
            .fold_storage(y, 4)
            .vectorize(x, vector, TailStrategy::RoundUp);
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Blur, blur)
