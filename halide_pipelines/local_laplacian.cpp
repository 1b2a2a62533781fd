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
        blended = laplacians = std::vector<Func>(pyramid_levels);
        up_blended = std::vector<pipelines::Resampled>(last);
        for (int level = last; level >= 0; level--) {
            blended[level] = Func("blended_" + std::to_string(level));
            Expr value = blend(level);
            if (level < last) {
                up_blended[level] = pipelines::upsample(blended[level + 1], sizes[level + 1],
                                                        "up_blended_" + std::to_string(level));
                value += up_blended[level].result(x, y);
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
    Func gray{"gray"}, detail{"detail"}, step{"step"}, remapped{"remapped"};
    std::vector<pipelines::LevelSize> sizes;
    /// Per level: the pyramid of the image itself, and those of the remapped images.
    std::vector<Func> gray_pyramid, pyramid;
    std::vector<pipelines::Resampled> down_gray, down, up, up_blended;
    /// Per level: the Laplacians around the two intensities that enclose a pixel's, and the output's pyramid.
    std::vector<Func> laplacians, blended;

    /// The steps of the table of details between two intensity levels.
    static constexpr int steps = 256;

    int intensity_steps() const {
        return intensity_levels - 1;
    }

    /// The pyramids of the image and of its remapped versions (x, y, k).
    void build_pyramids() {
        // The detail that a pixel i steps of intensity above black gains around level k.
        Expr distance = cast<float>(i) / steps - k;
        detail(i, k) = alpha / intensity_steps() * distance * exp(-distance * distance / 2.0f);

        Expr intensity = cast<float>(k) / intensity_steps();
        const int last_step = intensity_steps() * steps;
        step(x, y) = clamp(cast<int>(gray(x, y) * last_step), 0, last_step);
        remapped(x, y, k) = beta * (gray(x, y) - intensity) + intensity + detail(step(x, y), k);

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
    Expr blend(int level) {
        Expr position = gray_pyramid[level](x, y) * intensity_steps();
        Expr below = clamp(cast<int>(position), 0, intensity_levels - 2);
        Expr value = pyramid[level](x, y, below + k);
        if (level + 1 < pyramid_levels) {
            value -= up[level].result(x, y, below + k);
        }
        Func &pair = laplacians[level];
        pair = Func("laplacians_" + std::to_string(level));
        pair(x, y, k) = value;
        return lerp(pair(x, y, 0), pair(x, y, 1), position - below);
    }

    void schedule_manual() {
        const int vector = natural_vector_size<float>();
        const int last = pyramid_levels - 1;
        Var xo("xo"), xi("xi"), yo("yo"), yi("yi");
        auto along_intensity = [&](Func f, const std::vector<Var> &v) {
            f.bound(v[2], 0, intensity_levels).reorder_storage(v[2], v[0], v[1]).reorder(v[2], v[0], v[1]).vectorize(v[2], 8);
        };

        detail.compute_root().bound(k, 0, intensity_levels).reorder_storage(k, i).reorder(k, i).vectorize(k, 8);
        gray.compute_root().parallel(y, 16).vectorize(x, vector);

        for (int level = 1; level <= last; level++) {
            pipelines::Resampled &g = down_gray[level - 1];
            std::vector<Var> v = g.result.args();
            g.result.compute_root().parallel(v[1], 16).vectorize(v[0], vector);
            g.pass.compute_at(g.result, v[1]).vectorize(g.pass.args()[0], vector);

            pipelines::Resampled &r = down[level - 1];
            v = r.result.args();
            r.result.compute_root().bound(v[2], 0, intensity_levels)
                .reorder_storage(v[2], v[0], v[1])
                .split(v[1], yo, yi, 32)
                .split(v[0], xo, xi, 32)
                .reorder(v[2], xi, yi, xo, yo)
                .vectorize(v[2], 8)
                .parallel(yo);
            along_intensity(r.pass, r.pass.args());
            r.pass.compute_at(r.result, yi);
            if (level == 1) {
                Func near = remapped.clone_in(r.pass);
                along_intensity(near, {x, y, k});
                near.store_at(r.result, xo).compute_at(r.result, yi);
                step.clone_in(near).store_at(r.result, xo).compute_at(r.result, yi).vectorize(x, vector);
            }
        }
        for (int level = last; level >= 0; level--) {
            Func at = level ? blended[level] : output;
            if (level) {
                blended[level].compute_root().parallel(y, 16).vectorize(x, vector);
            } else {
                output.split(y, yo, y, 32, TailStrategy::GuardWithIf).reorder(c, x, y, yo).unroll(c)
                .vectorize(x, vector, TailStrategy::GuardWithIf).parallel(yo);
                blended[0].compute_at(output, y).vectorize(x, vector);
            }
            Func &pair = laplacians[level];
            pair.compute_at(at, y).bound(k, 0, 2).reorder_storage(k, x, y).reorder(k, x, y).vectorize(k).align_bounds(x, 2).unroll(x, 2);
            if (level < last) {
                along_intensity(up[level].pass, up[level].pass.args());
                up[level].pass.compute_at(at, y);
                up_blended[level].pass.compute_at(at, y).vectorize(up_blended[level].pass.args()[0], vector);
            }
        }
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(LocalLaplacian, local_laplacian)
