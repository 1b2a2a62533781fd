// Random workloads: layers of networks on maps of features.
#include "kinds.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

Type weight_type(const Workload &workload) {
    return workload.style.whole ? Int(8) : workload.style.kept;
}

/// An activation of a sum of `count` products of values and weights.
Value activated(Workload &workload, const Value &sum, double count) {
    const Term mean = scaled(workload.read(sum, workload.here), workload.style.whole ? 1 : 4 / count);
    const Term bias = workload.read(workload.array(weight_type(workload), {{C, sum.extent(C)}}), workload.here);
    const Term raw = mean + bias;
    switch (workload.random.below(4)) {
    case 0:
        return workload.keep("relu", sum.dims, max(raw, constant(raw, 0)));
    case 1:
        return workload.keep("leaky", sum.dims, max(raw, scaled(raw, 0.125)));
    case 2:
        return workload.keep("relu6", sum.dims, clamp(raw, 0, raw.is_whole() ? std::min(raw.high, 255.0) : 6));
    default: {
        const Expr x = Halide::clamp(unit(raw, Float(32)).expr, -1.0f, 1.0f) * 8.0f;
        const Term swish = {x / (1.0f + exp(-x)), -1, 8};
        return workload.style.whole ? workload.keep_as("swish", sum.dims, unit(swish, Float(32)), Int(8)) :
                                      workload.keep("swish", sum.dims, {cast(workload.style.real, swish.expr), -1, 8});
    }
    }
}

Dims strided(const Dims &dims, int stride) {
    Dims result = dims;
    for (Dim &dim : result) {
        dim.extent = dim.role <= Y ? (dim.extent + stride - 1) / stride : dim.extent;
    }
    return result;
}

Expr window(const Workload &workload, Role role, const Expr &tap, int taps, int stride) {
    return workload.here[role] * stride + tap - taps / 2;
}

}  // namespace

Value convolution(Workload &workload, const Value &value) {
    const int taps = workload.random.pick<int>({1, 3, 3, 3, 5}), stride = workload.random.chance(25) ? 2 : 1;
    const int in = value.extent(C), out = std::max(4, workload.random.chance(60) ? in : in / 2);
    const Value from = workload.random.chance(60) ? workload.bordered(value) : value;
    const Dims weight_dims = workload.random.chance(50) ? Dims{{N, out}, {C, in}, {X, taps}, {Y, taps}} :
                                                          Dims{{X, taps}, {Y, taps}, {C, in}, {N, out}};
    const Value weights = workload.array(weight_type(workload), weight_dims);
    const RDom r(0, in, 0, taps, 0, taps);
    Point near = workload.moved(X, window(workload, X, r.y, taps, stride), Y, window(workload, Y, r.z, taps, stride));
    near[C] = r.x;
    Point weight = workload.moved(X, r.y, Y, r.z);
    weight[C] = r.x;
    weight[N] = workload.here[C];
    const Term narrow = narrowed(workload.read(from, near), workload.style.whole ? 255 : 16);
    const Term each = narrow * workload.read(weights, weight);
    const double count = static_cast<double>(in) * taps * taps;
    const Value sums = workload.sum_over("convolved", resized(strided(value.dims, stride), C, out), each, count);
    return activated(workload, sums, count);
}

Value depthwise(Workload &workload, const Value &value) {
    const int taps = workload.random.pick<int>({3, 3, 5, 7}), stride = workload.random.chance(30) ? 2 : 1;
    const Value from = workload.random.chance(60) ? workload.bordered(value) : value;
    const Value weights = workload.array(weight_type(workload), {{C, value.extent(C)}, {X, taps}, {Y, taps}});
    const RDom r(0, taps, 0, taps);
    const Expr x = window(workload, X, r.x, taps, stride), y = window(workload, Y, r.y, taps, stride);
    const Point near = workload.moved(X, x, Y, y);
    const Term each = narrowed(workload.read(from, near), workload.style.whole ? 255 : 16) *
                      workload.read(weights, workload.moved(X, r.x, Y, r.y));
    const Value sums = workload.sum_over("depthwise", strided(value.dims, stride), each, taps * taps);
    return activated(workload, sums, taps * taps);
}

Value pooling(Workload &workload, const Value &value) {
    const int stride = workload.random.between(1, 3), size = stride + workload.random.between(stride == 1 ? 1 : 0, 1);
    const Dims dims = strided(value.dims, stride);
    const RDom r(0, size, 0, size);
    const Expr x = workload.here[X] * stride + r.x, y = workload.here[Y] * stride + r.y;
    const Term near = workload.read(value, workload.moved(X, x, Y, y));
    workload.add_work(value.points() * 3);
    if (workload.random.chance(60)) {
        return workload.keep("pooled", dims, {maximum(near.expr, Internal::unique_name("most")), near.low, near.high});
    }
    const Value total = workload.sum_over("pool_sum", dims, near, size * size);
    return workload.keep("pool_mean", dims, scaled(workload.read(total, workload.here), 1.0 / (size * size)));
}

Value channel_norm(Workload &workload, const Value &value) {
    const double count = static_cast<double>(value.extent(X)) * value.extent(Y);
    const RDom r(0, value.extent(X), 0, value.extent(Y));
    const Term each = workload.read_real(value, workload.moved(X, r.x, Y, r.y));
    const Dims dims = without(without(value.dims, X), Y);
    const Value total = workload.sum_over("channel_sum", dims, each, count);
    const bool squeezes = workload.random.chance(30);
    const Term mean = scaled(workload.read_real(total, workload.here), 1 / count);
    const Term own = workload.read_real(value, workload.here);
    if (squeezes) {
        // Squeeze and excitation, without the products: each channel by a gate of its mean.
        const Expr gate = 1.0f / (1.0f + exp(-Halide::clamp(cast<float>(mean.expr), -8.0f, 8.0f)));
        const Value gates = workload.keep("gate", dims, {cast(workload.style.real, gate), 0, 1});
        return workload.keep("excited", value.dims, own * workload.read_real(gates, workload.here));
    }
    const Value means = workload.keep("channel_mean", dims, mean);
    const Term apart = each - workload.read_real(means, workload.here);
    const Value squares = workload.sum_over("channel_squares", dims, apart * apart, count);
    const Type type = workload.style.real;
    const Expr variance = workload.read_real(squares, workload.here).expr * Internal::make_const(type, 1 / count);
    const Expr spread = sqrt(Halide::max(variance, 0) + Internal::make_const(type, 0.001));
    const Term inverse = {Internal::make_one(type) / spread, 0, 32};
    const Term normal = (own - workload.read_real(means, workload.here)) * inverse;
    return workload.keep("normal", value.dims, clamp(normal, -8, 8));
}

}  // namespace workloads
}  // namespace pipelines
