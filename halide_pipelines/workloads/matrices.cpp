// Random workloads: products, attention and what is done to rows.
#include "kinds.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

Type matrix_type(const Workload &workload) {
    return workload.style.whole ? Int(8) : workload.style.kept;
}

Value product_with(Workload &workload, const Value &value, const Value &weights, int features) {
    const int depth = value.extent(C);
    const RDom k(0, depth);
    Point weight = workload.here;
    weight[C] = k;
    weight[N] = workload.here[C];
    const Term each = narrowed(workload.read(value, workload.moved(C, k)), workload.style.whole ? 255 : 16) *
                      workload.read(weights, weight);
    const Value sum = workload.sum_over("product", resized(value.dims, C, features), each, depth);
    const double factor = workload.style.whole ? 1 : 4.0 / depth;
    return workload.keep("rescaled", sum.dims, scaled(workload.read(sum, workload.here), factor));
}

/// Weights read along their rows or their columns.
Value new_weights(Workload &workload, int depth, int features) {
    const Dims dims = workload.random.chance(50) ? Dims{{C, depth}, {N, features}} : Dims{{N, features}, {C, depth}};
    return workload.array(matrix_type(workload), dims);
}

/// e to the term less the largest of its row, and the sum of that, for each of `dims` without C.
Value exponentials(Workload &workload, const Value &scores, double scale) {
    const int count = scores.extent(C);
    const Dims rows = without(scores.dims, C);
    const RDom r(0, count);
    const Term each = workload.read_real(scores, workload.moved(C, r));
    Func most = workload.func("row_most");
    const std::vector<Var> vars = workload.vars(rows);
    most(vars) = constant(each, each.low).expr;
    most(vars) = Halide::max(most(vars), each.expr);
    workload.add_work(scores.points() * 20);
    const Value largest = workload.keep_func(most, rows, each.low, each.high);
    const Term below = workload.read_real(scores, workload.here) - workload.read_real(largest, workload.here);
    const Expr power = Halide::clamp(cast<float>(below.expr) * static_cast<float>(scale), -40.0f, 0.0f);
    const Expr value = workload.random.chance(30) ? fast_exp(power) : exp(power);
    return workload.keep("exponential", scores.dims, {cast(workload.style.real, value), 0, 1});
}

Value divided_by_row_sum(Workload &workload, const Value &value, const Value &weights) {
    const RDom r(0, weights.extent(C));
    const Value total = workload.sum_over("row_sum", without(weights.dims, C),
                                          workload.read_real(weights, workload.moved(C, r)), weights.extent(C));
    const Term sum = workload.read_real(total, workload.here), own = workload.read_real(value, workload.here);
    const Expr divisor = Halide::max(sum.expr, Internal::make_const(sum.expr.type(), 1e-3));
    return workload.keep("softmax", value.dims, {own.expr / divisor, own.low, std::max(own.high, 1.0)});
}

}  // namespace

Value product(Workload &workload, const Value &value) {
    const int depth = value.extent(C), features = std::max(8, workload.random.chance(60) ? depth : depth * 2 / 3);
    Value last = product_with(workload, value, new_weights(workload, depth, features), features);
    if (workload.random.chance(50)) {
        // A second layer on what the first kept.
        const Term first = workload.read(last, workload.here);
        last = workload.keep("relu", last.dims, max(first, constant(first, 0)));
        last = product_with(workload, last, new_weights(workload, features, depth), depth);
    }
    return last;
}

Value attention(Workload &workload, const Value &value) {
    const int width = std::min(workload.random.pick<int>({16, 32, 64}), value.extent(C)), heads = value.extent(C) / width;
    const int length = std::min(workload.random.pick<int>({32, 64, 100, 128, 256, 512}), value.extent(N));
    const int batch = value.extent(N) / length;
    const bool is_local = workload.random.chance(30);
    // A row of tokens for each head of each sequence.
    const Dims split = {{C, width}, {N, length}, {H, heads * batch}};
    const Expr head = workload.here[H] % heads, sequence = workload.here[H] / heads;
    const Point whole = workload.moved(C, head * width + workload.here[C], N, sequence * length + workload.here[N]);
    const auto projected = [&](const std::string &name) {
        return workload.random.chance(40) ? workload.array(matrix_type(workload), split) :
                                            workload.keep(name, split, workload.read(value, whole));
    };
    const Value query = workload.keep("query", split, workload.read(value, whole));
    const Value key = projected("key"), data = projected("value");
    RDom d(0, width), j(0, length);
    const Term match = workload.read_real(query, workload.moved(C, d)) *
                       workload.read_real(key, workload.moved(C, d, N, workload.here[C]));
    const Dims score_dims = {{C, length}, {N, length}, {H, heads * batch}};
    Value scores = workload.sum_over("scores", score_dims, match, width);
    if (workload.random.chance(40)) {
        // A token sees those before it only.
        const Term score = workload.read_real(scores, workload.here);
        const Expr is_before = workload.here[C] <= workload.here[N];
        scores = workload.keep("masked", score_dims, select(is_before, score, constant(score, score.low)));
    }
    const Value weights = exponentials(workload, scores, 1 / std::sqrt(width));
    const bool divides_late = workload.random.chance(50);
    const Value shares = divides_late ? weights : divided_by_row_sum(workload, weights, weights);
    if (is_local) {
        // A band around the diagonal.
        j.where(Halide::abs(j - workload.here[N]) < length / 4 + 1);
    }
    const Term part = workload.read_real(shares, workload.moved(C, j)) *
                      workload.read_real(data, workload.moved(N, j));
    Value mixed = workload.sum_over("mixed", split, part, length);
    if (divides_late) {
        mixed = divided_by_row_sum(workload, mixed, weights);
    }
    const Expr column = workload.here[C], row = workload.here[N];
    Point back = workload.moved(C, column % width, N, row % length);
    back[H] = Halide::clamp(column / width + heads * (row / length), 0, heads * batch - 1);
    const Term joined = workload.read_real(mixed, back);
    return workload.keep("joined", resized(value.dims, C, heads * width), {joined.expr, -16, 16});
}

Value row_norm(Workload &workload, const Value &value) {
    const double count = value.extent(C);
    const RDom r(0, value.extent(C));
    const Term each = workload.read_real(value, workload.moved(C, r)), own = workload.read_real(value, workload.here);
    const Dims rows = without(value.dims, C);
    const bool has_mean = workload.random.chance(70), is_tuple = workload.random.chance(30);
    const Type type = workload.style.real;
    const Term small = narrowed(each, 1e3);
    Value sum = value, squares = value;
    if (is_tuple) {
        Func moments = workload.func("moments");
        const std::vector<Var> vars = workload.vars(rows);
        moments(vars) = Tuple(Internal::make_zero(type), Internal::make_zero(type));
        moments(vars) = Tuple(moments(vars)[0] + small.expr, moments(vars)[1] + small.expr * small.expr);
        workload.add_work(value.points() * 5);
        const double peak = small.peak() * count;
        sum = workload.keep_func(moments, rows, -peak, peak, 0);
        squares = workload.keep_func(moments, rows, 0, peak * small.peak(), 1);
    } else {
        sum = workload.sum_over("row_sum", rows, small, count);
        squares = workload.sum_over("row_squares", rows, small * small, count);
    }
    const Expr inverse_count = Internal::make_const(type, 1 / count);
    const Expr mean = has_mean ? sum.at(workload.here) * inverse_count : Internal::make_zero(type);
    const Expr variance = squares.at(workload.here) * inverse_count - mean * mean;
    const Value means = workload.keep("row_mean", rows, {mean, -small.peak(), small.peak()});
    const Expr spread = sqrt(Halide::max(variance, Internal::make_const(type, 1e-4)));
    const Value scales = workload.keep("row_scale", rows, {Internal::make_one(type) / spread, 0, 100});
    const Value gains = workload.array(workload.style.kept, {{C, value.extent(C)}});
    const Term apart = narrowed(own, 1e3) - workload.read_real(means, workload.here);
    const Term normal = clamp(apart * workload.read_real(scales, workload.here), -8, 8);
    return workload.keep("row_normal", value.dims, normal * workload.read_real(gains, workload.here));
}

Value softmax(Workload &workload, const Value &value) {
    const Value weights = exponentials(workload, value, workload.random.pick<double>({0.125, 1, 4}));
    return divided_by_row_sum(workload, weights, weights);
}

Value embedding(Workload &workload, const Value &value) {
    const int features = value.extent(C);
    // No more than are read: a table of which few rows are is all bytes and no work.
    const int entries = std::min(workload.random.pick<int>({100, 256, 1000, 4096}), value.extent(N) * 2);
    const Value table = workload.array(matrix_type(workload), {{C, features}, {N, entries}});
    const bool is_bag = workload.random.chance(50);
    const int words = is_bag ? workload.random.between(2, 8) : 1;
    const Value ids = workload.array(workload.random.chance(50) ? Int(32) : UInt(16), {{C, words}, {N, value.extent(N)}});
    const auto row = [&](const Expr &word) {
        Point at = workload.here;
        at[N] = Halide::clamp(cast<int>(ids.at(workload.moved(C, word))), 0, entries - 1);
        return workload.read(table, at);
    };
    const Term own = workload.read(value, workload.here);
    if (!is_bag) {
        return workload.keep("embedded", value.dims, average({own, row(0)}, {1, 1}));
    }
    const RDom r(0, words);
    const Value bag = workload.sum_over("bag", value.dims, row(r), words);
    return workload.keep("embedded", value.dims, average({own, workload.read(bag, workload.here)}, {1, 1}));
}

Value transposed_read(Workload &workload, const Value &value) {
    // Rows of the square blocks of the matrix beside their columns.
    const int side = std::min(value.extent(C), value.extent(N));
    const Expr column = workload.here[C], row = workload.here[N];
    const Term own = workload.read(value, workload.here);
    const Expr across = Halide::clamp(row / side * side + column % side, 0, value.extent(N) - 1);
    const Term other = workload.read(value, workload.moved(C, row % side, N, across));
    switch (workload.random.below(3)) {
    case 0:
        return workload.keep("symmetric", value.dims, average({own, other}, {1, 1}));
    case 1:
        return workload.keep("antisymmetric", value.dims, own - other);
    default: {
        // The same values stored the other way round, which the next part reads.
        Dims dims = value.dims;
        std::swap(dims[0], dims[1]);
        return workload.keep("stored_across", dims, max(own, other));
    }
    }
}

Value triangular(Workload &workload, const Value &value) {
    // Sums of what is before a feature, or around it.
    const int count = value.extent(C);
    const bool is_band = workload.random.chance(50);
    RDom r(0, count);
    const Expr at = workload.here[C];
    r.where(is_band ? r >= at - 8 && r <= at + 8 : r <= at);
    const Term each = workload.read(value, workload.moved(C, r));
    const Value sums = workload.sum_over("partial_sum", value.dims, each, count);
    const double factor = 1.0 / (is_band ? 17 : count);
    return workload.keep("partial_mean", value.dims, scaled(workload.read(sums, workload.here), factor));
}

Value best_of_row(Workload &workload, const Value &value) {
    const Dims rows = without(value.dims, C);
    const RDom r(0, value.extent(C));
    const Term each = workload.read(value, workload.moved(C, r));
    Func best = workload.func("best");
    const std::vector<Var> vars = workload.vars(rows);
    if (workload.random.chance(50)) {
        best(vars) = argmax(r, each.expr, Internal::unique_name("argmax"));
    } else {
        best(vars) = Tuple(Expr(0), constant(each, each.low).expr);
        const Expr is_better = each.expr > best(vars)[1];
        best(vars) = Tuple(Halide::select(is_better, Expr(r), best(vars)[0]),
                           Halide::select(is_better, each.expr, best(vars)[1]));
    }
    workload.add_work(value.points() * 4);
    const Value place = workload.keep_func(best, rows, 0, value.extent(C) - 1, 0);
    const Value largest = workload.keep_func(best, rows, each.low, each.high, 1);
    workload.offer(workload.random.chance(50) ? place : largest);
    const Term own = workload.read(value, workload.here), most = workload.read(largest, workload.here);
    const Expr is_best = workload.here[C] == place.at(workload.here);
    return workload.keep("without_best", value.dims, select(is_best, constant(own, 0), own - most));
}

}  // namespace workloads
}  // namespace pipelines
