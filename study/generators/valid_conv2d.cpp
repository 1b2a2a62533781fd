// The convolution of the study, as halide_pipelines/conv2d.cpp without a boundary: the
// output is smaller than the input by the size of the filter less one, so that nothing
// outside the input is read.
#include <Halide.h>

namespace {

using namespace Halide;

class ValidConv2d : public Generator<ValidConv2d> {
public:
    /// Width and height of the filter.
    GeneratorParam<int> size{"size", 5, 1, 31};

    Input<Buffer<float, 2>> input{"input"};
    Input<Buffer<float, 2>> filter{"filter"};
    Output<Buffer<float, 2>> output{"output"};

    void generate() {
        RDom r(0, size, 0, size, "r");
        sum(x, y) += filter(r.x, r.y) * input(x + r.x, y + r.y);
        output(x, y) = sum(x, y);
    }

    void schedule() {
        // The middle of the range of the study.
        const int extent = 512;
        input.set_estimates({{0, extent + size - 1}, {0, extent + size - 1}});
        filter.set_estimates({{0, size}, {0, size}});
        output.set_estimates({{0, extent}, {0, extent}});
    }

private:
    Var x{"x"}, y{"y"};
    Func sum{"sum"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(ValidConv2d, valid_conv2d)
