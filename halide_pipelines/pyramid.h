// Image pyramids: halving and doubling of Funcs whose dimensions 0 and 1 are x and y.
//
// A level of w x h pixels is defined for any coordinate, and meant for those in
// [0, w) x [0, h): who reads it clamps to that. Without the clamps the borders that
// the filters ask for would double from level to level.
#pragma once

#include <Halide.h>

#include <string>
#include <utility>
#include <vector>

namespace pipelines {

/// The size of a pyramid's level, in its own pixels.
struct LevelSize {
    Halide::Expr width, height;

    /// The size of the next coarser level: half of this, rounded up.
    LevelSize halved() const {
        return {(width + 1) / 2, (height + 1) / 2};
    }
};

/// A Func halved or doubled in both dimensions, with its intermediate pass along y,
/// which schedules need to name. `pass` has the dimensions of `result`.
struct Resampled {
    Halide::Func pass, result;
};

/// Arguments for a Func with the dimensions of `f`.
inline std::vector<Halide::Var> level_vars(const Halide::Func &f) {
    const std::vector<Halide::Var> all = {Halide::Var("x"), Halide::Var("y"), Halide::Var("z")};
    return {all.begin(), all.begin() + f.dimensions()};
}

/// `f` at `vars`, but at `coordinate`, clamped to [0, extent), in the dimension `dim`.
inline Halide::Expr clamped_at(const Halide::Func &f, const std::vector<Halide::Var> &vars, int dim,
                               const Halide::Expr &coordinate, const Halide::Expr &extent) {
    std::vector<Halide::Expr> args(vars.begin(), vars.end());
    args[dim] = Halide::clamp(Halide::likely(coordinate), 0, extent - 1);
    return f(args);
}

/// `f`, a level of the given size, at half the resolution in the dimension `dim`:
/// each pixel is the mean of the four nearest, weighted 1 3 3 1.
inline Halide::Func halve(const Halide::Func &f, int dim, const Halide::Expr &extent,
                          const std::string &name) {
    const std::vector<Halide::Var> vars = level_vars(f);
    const Halide::Expr i = vars[dim];
    auto at = [&](const Halide::Expr &coordinate) { return clamped_at(f, vars, dim, coordinate, extent); };
    Halide::Func halved(name);
    halved(vars) = (at(2 * i - 1) + 3.0f * (at(2 * i) + at(2 * i + 1)) + at(2 * i + 2)) / 8.0f;
    return halved;
}

/// `f`, a level of the given size, at twice the resolution in the dimension `dim`,
/// linearly interpolated.
inline Halide::Func twice(const Halide::Func &f, int dim, const Halide::Expr &extent,
                          const std::string &name) {
    const std::vector<Halide::Var> vars = level_vars(f);
    const Halide::Expr i = vars[dim];
    auto at = [&](const Halide::Expr &coordinate) { return clamped_at(f, vars, dim, coordinate, extent); };
    Halide::Func doubled(name);
    // Of the two pixels around i the one before it is the nearer for odd i.
    Halide::Expr weight = 0.25f + 0.5f * Halide::cast<float>(i % 2);
    doubled(vars) = weight * at((i - 1) / 2) + (1.0f - weight) * at((i + 1) / 2);
    return doubled;
}

/// The next coarser level of `f`, whose size is `size`. The pass along y comes first:
/// its loads are dense, and it halves the rows that the pass along x strides over.
inline Resampled downsample(const Halide::Func &f, const LevelSize &size, const std::string &name) {
    Halide::Func pass = halve(f, 1, size.height, name + "_y");
    return {pass, halve(pass, 0, size.width, name)};
}

/// The next finer level of `f`, whose size is `size`.
inline Resampled upsample(const Halide::Func &f, const LevelSize &size, const std::string &name) {
    Halide::Func pass = twice(f, 1, size.height, name + "_y");
    return {pass, twice(pass, 0, size.width, name)};
}

}  // namespace pipelines
