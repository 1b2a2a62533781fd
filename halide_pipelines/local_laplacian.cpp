// The local Laplacian filter (Paris, Hasinoff, Kautz 2011) in the fast form of Aubry
// et al.: the image is remapped around a few levels of intensity, each remapped image
// gets a pyramid, and each pixel of the output's Laplacian pyramid interpolates
// between the two whose levels enclose its own intensity.
#include "pipeline.h"
#include "pyramid.h"

#include <algorithm>
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
        pipelines::choose_schedule(using_autoscheduler(), manual, {output}, [&] { schedule_manual(); });
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

    // The remapped pyramids are stored with k innermost, and vectors run along it: the
    // filters of all levels of intensity are whole vectors of neighbours, the table is
    // read a row at a time, and where a pixel picks its two levels they are neighbours
    // in memory. Vectors along x would gather in all three places.
    void schedule_manual() {
        along_intensity(detail, i).compute_root();
        gray.compute_root().parallel(y, 16).vectorize(x, natural_vector_size<float>());
        for (int level = 0; level + 1 < pyramid_levels; level++) {
            schedule_down(level);
        }
        for (int level = pyramid_levels - 1; level >= 0; level--) {
            schedule_blend(level);
        }
    }

    /// Stores and computes `f` with its last dimension, the intensity, innermost.
    Func along_intensity(Func f, const Var &inner_loop) const {
        const Var intensity = f.args().back();
        f.bound(intensity, 0, intensity_levels)
            .reorder(intensity, inner_loop)
            .vectorize(intensity, std::min<int>(intensity_levels, 8));
        std::vector<Var> storage = f.args();
        std::rotate(storage.begin(), storage.end() - 1, storage.end());
        f.reorder_storage(storage);
        return f;
    }

    /// The pyramids' step from `level` to the next coarser one.
    void schedule_down(int level) {
        const int vector = natural_vector_size<float>();
        pipelines::Resampled &g = down_gray[level];
        const Var gx = g.result.args()[0], gy = g.result.args()[1];
        g.result.compute_root().parallel(gy, 16).vectorize(gx, vector);
        g.pass.compute_at(g.result, gy).vectorize(g.pass.args()[0], vector);

        // Columns of tiles that stay in L1 while their rows are computed one by one.
        pipelines::Resampled &r = down[level];
        const Var rx = r.result.args()[0], ry = r.result.args()[1];
        Var xo("xo"), yo("yo");
        along_intensity(r.result, rx)
            .compute_root()
            .split(ry, yo, ry, 32)
            .split(rx, xo, rx, 64)
            .reorder(rx, ry, xo, yo)
            .parallel(yo);
        along_intensity(r.pass, r.pass.args()[0]).compute_at(r.result, ry);
        if (level == 0) {
            // The remapped image slides down the tiles. Slicing uses it too, but there
            // two levels of intensity a pixel cost less than storing all of them.
            Func near = remapped.clone_in(r.pass);
            along_intensity(near, x).store_at(r.result, xo).compute_at(r.result, ry);
            step.clone_in(near).store_at(r.result, xo).compute_at(r.result, ry).vectorize(x, vector);
        }
    }

    /// A level of the output's pyramid, row by row.
    void schedule_blend(int level) {
        const int vector = natural_vector_size<float>();
        Func consumer = level > 0 ? blended[level] : output;
        if (level > 0) {
            blended[level].compute_root().parallel(y, 16).vectorize(x, vector);
        } else {
            Var yo("yo");
            output.reorder(c, x, y)
                .unroll(c)
                .vectorize(x, vector, TailStrategy::GuardWithIf)
                .split(y, yo, y, 32, TailStrategy::GuardWithIf)
                .parallel(yo);
            blended[0].compute_at(output, y).vectorize(x, vector);
        }
        // Unrolled over pairs of pixels, the weights of `up` in x are constants.
        laplacians[level]
            .compute_at(consumer, y)
            .bound(k, 0, 2)
            .reorder_storage(k, x, y)
            .reorder(k, x, y)
            .vectorize(k)
            .align_bounds(x, 2)
            .unroll(x, 2);
        if (level + 1 < pyramid_levels) {
            Func up_rows = up[level].pass, blended_rows = up_blended[level].pass;
            along_intensity(up_rows, up_rows.args()[0]).compute_at(consumer, y);
            blended_rows.compute_at(consumer, y).vectorize(blended_rows.args()[0], vector);
        }
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(LocalLaplacian, local_laplacian)
