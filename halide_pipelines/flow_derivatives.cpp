// The derivatives of Horn and Schunck (1981) for optical flow: how the brightness of two frames
// changes along x, along y and in time, each the mean of four differences in a cube of 2x2x2.
#include "pipeline.h"

namespace {

using namespace Halide;

class FlowDerivatives : public Generator<FlowDerivatives> {
public:
    GeneratorParam<bool> manual{"manual", false};

    Input<Buffer<float, 2>> before{"before"};
    Input<Buffer<float, 2>> after{"after"};
    Output<Buffer<float, 2>> along_x{"along_x"};
    Output<Buffer<float, 2>> along_y{"along_y"};
    Output<Buffer<float, 2>> in_time{"in_time"};

    void generate() {
        Func a = pipelines::repeat_edge(before), b = pipelines::repeat_edge(after);
        Expr a00 = a(x, y), a10 = a(x + 1, y), a01 = a(x, y + 1), a11 = a(x + 1, y + 1);
        Expr b00 = b(x, y), b10 = b(x + 1, y), b01 = b(x, y + 1), b11 = b(x + 1, y + 1);
        along_x(x, y) = 0.25f * ((a10 - a00) + (a11 - a01) + (b10 - b00) + (b11 - b01));
        along_y(x, y) = 0.25f * ((a01 - a00) + (a11 - a10) + (b01 - b00) + (b11 - b10));
        in_time(x, y) = 0.25f * ((b00 - a00) + (b10 - a10) + (b01 - a01) + (b11 - a11));
    }

    void schedule() {
        pipelines::set_estimates(before, {2560, 1920});
        pipelines::set_estimates(after, {2560, 1920});
        const std::vector<Func> outputs = {along_x, along_y, in_time};
        for (OutputBuffer *output : {&along_x, &along_y, &in_time}) {
            pipelines::set_output_estimates(*output, {2560, 1920});
        }
        pipelines::choose_schedule(using_autoscheduler(), manual, outputs, [&] { schedule_manual(); });
    }

private:
    using OutputBuffer = Output<Buffer<float, 2>>;

    Var x{"x"}, y{"y"};

    // All three row by row: what one has read of the frames is in the cache for the others.
    void schedule_manual() {
        Var yo{"yo"}, yi{"yi"};
        for (OutputBuffer *output : {&along_x, &along_y, &in_time}) {
            (*output)
                .split(y, yo, yi, 16, TailStrategy::GuardWithIf)
                .parallel(yo)
                .vectorize(x, natural_vector_size<float>(), TailStrategy::GuardWithIf);
        }
        along_y.compute_with(along_x, yi);
        in_time.compute_with(along_x, yi);
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(FlowDerivatives, flow_derivatives)
