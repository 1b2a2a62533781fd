// The local Laplacian filter (Paris, Hasinoff, Kautz 2011) in the fast form of Aubry
// et al.: the image is remapped around a few levels of intensity, each remapped image
// gets a pyramid, and each pixel of the output's Laplacian pyramid interpolates
// between the two whose levels enclose its own intensity.
#include "pipeline.h"
#include "pyramid.h"

#include <string>
#include <vector>

namespace {

using namespace Halide;

class LocalLaplacian : public Generator<LocalLaplacian> {
public:
    GeneratorParam<bool> manual{"manual", false};
    /// How many levels the pyramids have, the image itself included.
    GeneratorParam<int> pyramid_levels{"pyramid_levels", 8, 2, 16};
    /// How many intensities the image is remapped around.
    GeneratorParam<int> intensity_levels{"intensity_levels", 8, 2, 64};

    Input<Buffer<uint16_t, 3>> input{"input"};
    /// How much detail is added: 0 for none.
    Input<float> alpha{"alpha", 1.0f};
    /// The contrast of large steps: 1 leaves it as it is.
    Input<float> beta{"beta", 1.0f};
    Output<Buffer<uint16_t, 3>> output{"output"};

    void generate() {
        Func in = pipelines::repeat_edge(input);
        // Exact in integers, so that no schedule moves a pixel over a table's step.
        Expr luma = 77 * cast<uint32_t>(in(x, y, 0)) + 150 * cast<uint32_t>(in(x, y, 1)) +
                    29 * cast<uint32_t>(in(x, y, 2));
        gray(x, y) = cast<float>(luma) / (65535.0f * 256.0f);

        build_pyramids();

        // The output's pyramid, from the coarsest level to the image.
        const int last = pyramid_levels - 1;
        blended = std::vector<Func>(pyramid_levels);
        for (int level = last; level >= 0; level--) {
            blended[level] = Func("blended_" + std::to_string(level));
            Expr value = blend(level);
            if (level < last) {
                up_blended.push_back(pipelines::upsample(
                    blended[level + 1], sizes[level + 1], "up_blended_" + std::to_string(level)));
                value += up_blended.back().result(x, y);
            }
            blended[level](x, y) = value;
        }

        // The colours follow the ratio of the new intensity to the old, which the
        // offset keeps sane in the dark.
        const float offset = 0.01f;
        Expr colour = cast<float>(in(x, y, c)) / 65535.0f;
        Expr ratio = (blended[0](x, y) + offset) / (gray(x, y) + offset);
        Expr result = (colour + offset) * ratio - offset;
        output(x, y, c) = cast<uint16_t>(clamp(result, 0.0f, 1.0f) * 65535.0f + 0.5f);
    }

    void schedule() {
        alpha.set_estimate(1.0f);
        beta.set_estimate(1.0f);
        input.dim(0).set_min(0);
        input.dim(1).set_min(0);
        input.dim(2).set_bounds(0, 3);
        output.dim(2).set_bounds(0, 3);
        pipelines::set_estimates(input, {1536, 1024, 3});
        pipelines::set_output_estimates(output, {1536, 1024, 3});
        if (using_autoscheduler()) {
            return;
        }
        if (manual) {
            schedule_manual();
        } else {
            pipelines::schedule_root({output});
        }
    }

private:
    Var x{"x"}, y{"y"}, c{"c"}, k{"k"}, i{"i"};
    Func gray{"gray"}, detail{"detail"}, remapped{"remapped"};
    std::vector<pipelines::LevelSize> sizes;
    /// Per level: the pyramid of the image itself, and those of the remapped images.
    std::vector<Func> gray_pyramid, pyramid;
    std::vector<pipelines::Resampled> down_gray, down, up, up_blended;
    std::vector<Func> blended;

    /// The steps of the table of details between two intensity levels.
    static constexpr int steps = 256;

    int intensity_steps() const {
        return intensity_levels - 1;
    }

    /// The pyramids of the image and of its remapped versions (x, y, k).
    void build_pyramids() {
        // The detail that a pixel i steps above an intensity level gains.
        Expr distance = cast<float>(i) / steps;
        detail(i) = alpha / intensity_steps() * distance * exp(-distance * distance / 2.0f);

        Expr intensity = cast<float>(k) / intensity_steps();
        Expr step = clamp(cast<int>(gray(x, y) * (intensity_steps() * steps)), 0, intensity_steps() * steps);
        remapped(x, y, k) = beta * (gray(x, y) - intensity) + intensity + detail(step - steps * k);

        gray_pyramid = {gray};
        pyramid = {remapped};
        sizes = {{input.dim(0).extent(), input.dim(1).extent()}};
        for (int level = 1; level < pyramid_levels; level++) {
            const std::string number = std::to_string(level);
            down_gray.push_back(pipelines::downsample(gray_pyramid.back(), sizes.back(), "gray_" + number));
            down.push_back(pipelines::downsample(pyramid.back(), sizes.back(), "remapped_" + number));
            gray_pyramid.push_back(down_gray.back().result);
            pyramid.push_back(down.back().result);
            sizes.push_back(sizes.back().halved());
        }
        for (int level = 0; level + 1 < pyramid_levels; level++) {
            up.push_back(pipelines::upsample(pyramid[level + 1], sizes[level + 1],
                                             "up_" + std::to_string(level)));
        }
    }

    /// A pixel of the output's Laplacian pyramid.
    Expr blend(int level) const {
        Expr position = gray_pyramid[level](x, y) * intensity_steps();
        Expr below = clamp(cast<int>(position), 0, intensity_levels - 2);
        auto laplacian = [&](const Expr &k) {
            Expr value = pyramid[level](x, y, k);
            return level + 1 < pyramid_levels ? value - up[level].result(x, y, k) : value;
        };
        return lerp(laplacian(below), laplacian(below + 1), position - below);
    }

    void schedule_manual() {
        pipelines::schedule_root({output});
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(LocalLaplacian, local_laplacian)
