// Random workloads: what is scattered by data, and read by data.
#include "kinds.h"

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

Value single_channel(Workload &workload, const Value &value) {
    if (!value.has(C)) {
        return value;
    }
    const Term first = workload.read(value, workload.moved(C, 0));
    const Term second = workload.read(value, workload.moved(C, value.extent(C) - 1));
    return workload.keep("brightness", without(value.dims, C), average({first, second}, {3, 1}));
}

}  // namespace

Value grid(Workload &workload, const Value &value) {
    // Cells of space and brightness: sums of brightness and how many there are, blurred, and read at each pixel again.
    const int cell = workload.random.pick<int>({4, 8, 8, 16}), depth = workload.random.pick<int>({8, 12, 16});
    const Value flat = single_channel(workload, value);
    const Type type = workload.style.real;
    const Var x("x"), y("y"), z("z"), c("c");
    RDom r(0, cell, 0, cell);
    const Expr pixel_x = workload.here[X] * cell + r.x, pixel_y = workload.here[Y] * cell + r.y;
    const Term pixel = workload.read_real(flat, workload.moved(X, pixel_x, Y, pixel_y));
    const bool is_tuple = workload.random.chance(40);
    const Expr bin = index_of(pixel, depth);
    const double sum = pixel.peak() * cell * cell;
    const int across = flat.extent(X) / cell + 1, down = flat.extent(Y) / cell + 1;
    const auto cell_dims = [&](int elements) { return Dims{{X, across}, {Y, down}, {N, depth}, {C, elements}}; };
    Func scattered = workload.func("scattered");
    workload.add_work(flat.points() * 8);
    std::vector<Value> sums;
    if (is_tuple) {
        scattered(x, y, z) = Tuple(Internal::make_zero(type), Internal::make_zero(type));
        const FuncRef at = scattered(x, y, bin);
        scattered(x, y, bin) = Tuple(at[0] + pixel.expr, at[1] + Internal::make_one(type));
        for (int element : {0, 1}) {
            sums.push_back(workload.keep_func(scattered, {{X, across}, {Y, down}, {N, depth}}, -sum, sum, element));
        }
    } else {
        scattered(x, y, z, c) = Internal::make_zero(type);
        scattered(x, y, bin, c) += mux(c, {pixel.expr, Internal::make_one(type)});
        sums.push_back(workload.keep_func(scattered, cell_dims(2), -sum, sum));
    }
    std::vector<Value> blurred;
    std::vector<Expr> fractions;
    const Term own = workload.read_real(flat, workload.here);
    for (Value part : sums) {
        for (Role role : {N, X, Y}) {
            std::vector<Expr> taps;
            for (int i = -1; i <= 1; i++) {
                taps.push_back(part.at(workload.moved(role, workload.here[role] + i)));
            }
            Func blur = workload.func("grid_blur");
            blur(workload.vars(part.dims)) = (taps[0] + taps[1] * 2 + taps[2]) * Internal::make_const(type, 0.25);
            part = workload.keep_func(blur, part.dims, -sum, sum);
        }
        blurred.push_back(part);
    }
    const Expr zi = index_of(own, depth - 1);
    const auto slice = [&](const Value &part, const Expr &element) {
        const auto corner = [&](int i) {
            Point at = workload.moved(X, workload.here[X] / cell + i % 2, Y, workload.here[Y] / cell + i / 2 % 2);
            at[N] = zi + i / 4;
            at[C] = element;
            return part.at(at);
        };
        const Expr fx = cast(type, workload.here[X] % cell) / cell, fy = cast(type, workload.here[Y] % cell) / cell;
        const Expr near = lerp(lerp(corner(0), corner(1), fx), lerp(corner(2), corner(3), fx), fy);
        const Expr far = lerp(lerp(corner(4), corner(5), fx), lerp(corner(6), corner(7), fx), fy);
        return lerp(near, far, Internal::make_const(type, 0.5));
    };
    const Expr total = slice(blurred[0], 0), count = slice(blurred.back(), 1);
    workload.add_work(flat.points() * 40);
    const Expr mean = total / Halide::max(count, Internal::make_const(type, 0.01));
    return workload.keep("sliced", flat.dims, clamp({mean, -1e6, 1e6}, own.low, own.high));
}

Value equalisation(Workload &workload, const Value &value) {
    const int bins = workload.random.pick<int>({64, 256, 256, 1024});
    const bool per_channel = value.has(C) && workload.random.chance(40);
    const Value counted = per_channel ? value : single_channel(workload, value);
    const int step = workload.random.chance(70) ? 1 : 2;
    const int width = counted.extent(X) / step, height = counted.extent(Y) / step;
    RDom r(0, width, 0, height);
    if (workload.random.chance(25)) {
        r.where((r.x + r.y) % 2 == 0);
    }
    const Term pixel = workload.read(counted, workload.moved(X, r.x * step, Y, r.y * step));
    const Dims dims = per_channel ? Dims{{X, bins}, {C, value.extent(C)}} : Dims{{X, bins}};
    const double points = static_cast<double>(width) * height;
    Func histogram = workload.func("histogram");
    const Type count_type = workload.random.chance(70) ? UInt(32) : Int(32);
    histogram(workload.vars(dims)) = Internal::make_zero(count_type);
    histogram(workload.args(dims, workload.moved(X, index_of(pixel, bins)))) += Internal::make_one(count_type);
    workload.add_work(points * 6 * value.extent(C));
    const Value counts = workload.keep_func(histogram, dims, 0, points);
    Func cumulative = workload.func("cumulative");
    const RDom bin(1, bins - 1);
    cumulative(workload.vars(dims)) = counts.at(workload.here);
    const Expr below = cumulative(workload.args(dims, workload.moved(X, bin - 1)));
    cumulative(workload.args(dims, workload.moved(X, bin))) += below;
    const Value ranks = workload.keep_func(cumulative, dims, 0, points);
    const Expr share = cast<float>(ranks.at(workload.here)) * static_cast<float>(1 / points);
    const Expr clamped = Halide::clamp(share, 0.0f, 1.0f);
    const Term level = workload.style.whole ? Term{cast<int>(clamped * 255.0f), 0, 255} :
                                              Term{cast(workload.style.real, clamped), 0, 1};
    const Value table = workload.keep("equal_levels", dims, level);
    workload.offer(workload.random.chance(50) ? table : counts);
    const Term own = workload.read(value, workload.here);
    return workload.keep("equalised", value.dims, workload.read(table, workload.moved(X, index_of(own, bins))));
}

}  // namespace workloads
}  // namespace pipelines
