// Random workloads: images read at places that are computed.
#include "kinds.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

/// The value at a place in pixels, between its neighbours.
Term sampled(Workload &workload, const Value &value, const Expr &x, const Expr &y, bool is_linear) {
    const Expr inside_x = Halide::clamp(x, 0.0f, static_cast<float>(value.extent(X) - 1));
    const Expr inside_y = Halide::clamp(y, 0.0f, static_cast<float>(value.extent(Y) - 1));
    const Expr left = cast<int>(Halide::floor(inside_x)), top = cast<int>(Halide::floor(inside_y));
    workload.add_work(value.points() * 30);
    if (!is_linear) {
        return workload.read(value, workload.moved(X, left, Y, top));
    }
    const Expr right = Halide::min(left + 1, value.extent(X) - 1), bottom = Halide::min(top + 1, value.extent(Y) - 1);
    const Expr fx = inside_x - left, fy = inside_y - top;
    const auto row = [&](const Expr &at) {
        const Term here = workload.read(value, workload.moved(X, left, Y, at));
        return mix(here, workload.read(value, workload.moved(X, right, Y, at)), fx);
    };
    return mix(row(top), row(bottom), fy);
}

/// Weights of a resampling: one row of taps for each coordinate, as a Func, so that they are computed once.
Value resampling_weights(Workload &workload, Role role, int count, int taps, double scale) {
    Func weights = workload.func("weights");
    const Var i("i"), tap("tap");
    const Expr centre = (cast<float>(i) + 0.5f) * static_cast<float>(scale);
    const Expr first = Halide::floor(centre - taps / 2.0f + 0.5f);
    const Expr distance = Halide::abs(first + tap + 0.5f - centre) * static_cast<float>(2.0 / taps);
    weights(tap, i) = Halide::max(1.0f - distance, 0.0f) * static_cast<float>(2.0 / taps);
    return workload.keep_func(weights, {{C, taps}, {role, count}}, 0, 1);
}

}  // namespace

Value warp(Workload &workload, const Value &value) {
    const Expr x = cast<float>(workload.here[X]), y = cast<float>(workload.here[Y]);
    const bool is_linear = workload.random.chance(70);
    const int kind = workload.random.below(4);
    if (kind == 0) {
        // Rotated and scaled.
        const float angle = 0.01f * workload.random.between(1, 60), scale = 0.8f + 0.1f * workload.random.below(5);
        const float cosine = scale * std::cos(angle), sine = scale * std::sin(angle);
        return workload.keep("rotated", value.dims,
                             sampled(workload, value, x * cosine - y * sine, x * sine + y * cosine, is_linear));
    }
    if (kind == 1) {
        // As lenses distort.
        const float cx = value.extent(X) / 2.0f, cy = value.extent(Y) / 2.0f;
        const Expr far = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (cx * cx + cy * cy);
        const Expr factor = 1.0f + 0.1f * far;
        return workload.keep("undistorted", value.dims,
                             sampled(workload, value, cx + (x - cx) * factor, cy + (y - cy) * factor, is_linear));
    }
    // Displaced by data: by an input of its own, at most a few pixels, or by the image itself.
    const Dims flat = {{X, value.extent(X)}, {Y, value.extent(Y)}};
    const Value flow = kind == 2 ? workload.image(workload.random.pick<Type>({Int(8), Int(16), Float(32)}),
                                                  {flat[0], flat[1], {C, 2}}) :
                                   value;
    const auto displacement = [&](int element) {
        const Expr moved = flow.at(workload.moved(C, std::min(element, flow.extent(C) - 1)));
        const Term share = unit(loaded(moved, flow.low, flow.high, false, Float(32)), Float(32));
        return share.expr * static_cast<float>(workload.random.between(2, 16));
    };
    return workload.keep("displaced", value.dims,
                         sampled(workload, value, x + displacement(0), y + displacement(1), is_linear));
}

Value resampling(Workload &workload, const Value &value) {
    const double scale = workload.random.pick<double>({0.5, 0.625, 0.75, 1.25, 1.5, 1.7, 2.0, 3.0});
    const int taps = std::max(2, 2 * static_cast<int>(std::ceil(scale)));
    Value last = value;
    const bool rows_first = workload.random.chance(50);
    for (Role role : {rows_first ? X : Y, rows_first ? Y : X}) {
        const int count = std::max(1, static_cast<int>(last.extent(role) / scale));
        const Value weights = resampling_weights(workload, role, count, taps, scale);
        const Expr centre = (cast<float>(workload.here[role]) + 0.5f) * static_cast<float>(scale);
        const Expr first = cast<int>(Halide::floor(centre - taps / 2.0f + 0.5f));
        const Dims dims = resized(last.dims, role, count);
        const RDom r(0, taps);
        const Point at = workload.moved(role, Halide::clamp(first + r, 0, last.extent(role) - 1));
        const Term near = workload.read_real(last, at);
        const Expr weight = cast(workload.style.real, weights.at(workload.moved(C, r)));
        Func resampled = workload.func("resampled");
        const std::vector<Var> vars = workload.vars(dims);
        if (workload.random.chance(50)) {
            resampled(vars) = sum(near.expr * weight, Internal::unique_name("taps"));
        } else {
            resampled(vars) = Internal::make_zero(workload.style.real);
            resampled(vars) += near.expr * weight;
        }
        workload.add_work(value.points() * taps * 4);
        last = workload.keep_func(resampled, dims, near.low, near.high);
    }
    if (!workload.style.whole) {
        return last;
    }
    const Term result = clamp(workload.read_real(last, workload.here), 0, 1);
    return workload.keep_as("rounded", last.dims, result, workload.style.input);
}

}  // namespace workloads
}  // namespace pipelines
