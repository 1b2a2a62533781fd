// Fills the transparent parts of an image from its opaque ones: a pyramid of the
// image premultiplied by its alpha is pulled up, and pushed back down where there
// is alpha missing.
#include "pipeline.h"
#include "pyramid.h"

#include <string>
#include <vector>

namespace {

using namespace Halide;

class Interpolate : public Generator<Interpolate> {
public:
    /// How many levels the pyramid has, the image itself included.
    GeneratorParam<int> levels{"levels", 8, 1, 20};

    Input<Buffer<float, 3>> input{"input"};    // (x, y, red green blue alpha)
    Output<Buffer<float, 3>> output{"output"};  // (x, y, red green blue)

    void generate() {
        Func in = pipelines::repeat_edge(input);
        Expr alpha = in(x, y, 3);
        Func premultiplied("premultiplied");
        premultiplied(x, y, c) = select(c < 3, in(x, y, c) * alpha, alpha);

        std::vector<Func> down = {premultiplied};
        std::vector<pipelines::LevelSize> sizes = {{input.dim(0).extent(), input.dim(1).extent()}};
        for (int level = 1; level < levels; level++) {
            const std::string name = "down_" + std::to_string(level);
            down.push_back(pipelines::downsample(down.back(), sizes.back(), name).result);
            sizes.push_back(sizes.back().halved());
        }

        Func filled = down.back();
        for (int level = levels - 2; level >= 0; level--) {
            const std::string number = std::to_string(level);
            Func coarse = pipelines::upsample(filled, sizes[level + 1], "up_" + number).result;
            filled = Func("filled_" + number);
            filled(x, y, c) = down[level](x, y, c) + (1.0f - down[level](x, y, 3)) * coarse(x, y, c);
        }
        // An image without any opaque pixel comes out black.
        output(x, y, c) = filled(x, y, c) / max(filled(x, y, 3), 1e-6f);
    }

    void schedule() {
        input.dim(0).set_min(0);
        input.dim(1).set_min(0);
        input.dim(2).set_bounds(0, 4);
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(input, {1536, 1024, 4});
        pipelines::set_output_estimates(output, {1536, 1024, 3});
        if (!using_autoscheduler()) {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"};
};

}  // namespace

HALIDE_REGISTER_GENERATOR(Interpolate, interpolate)
