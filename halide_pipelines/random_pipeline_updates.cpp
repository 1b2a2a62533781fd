// Random pipelines: stages with updates.
#include "random_pipeline.h"

#include <algorithm>

using namespace Halide;

namespace pipelines {
namespace random_pipeline {

RDom Builder::domain(const std::vector<int> &roles, int level, int most) const {
    Region ranges;
    for (int role : roles) {
        ranges.emplace_back(0, std::min(extent(role, level), most));
    }
    return RDom(ranges);
}

std::vector<int> Builder::some(const std::vector<int> &roles, int most) {
    std::vector<int> chosen = roles;
    const int count = random.between(1, std::min<int>(most, roles.size()));
    while (static_cast<int>(chosen.size()) > count) {
        chosen.erase(chosen.begin() + random.below(chosen.size()));
    }
    return chosen;
}

void Builder::reduction() {
    Value &of = operand_with({X});
    const int level = of.level;
    const std::vector<int> over = some(of.dims, 2);
    const std::vector<int> dims = without(of.dims, over);
    const RDom r = domain(over, level);
    Point point = here(dims);
    double count = 1;
    for (size_t i = 0; i < over.size(); i++) {
        point[over[i]] = r[i];
        count *= extent(over[i], level);
    }
    const Term raw = read(of, point, level);
    const Term term = raw.expr.type().is_float() ? to_float(raw) : to_int(random, raw);
    const Type type = term.expr.type();
    const int kind = random.below(5);
    if (kind == 0) {
        define("inline_sum", {sum(term.expr, name("inline")), term.limit * count}, dims, level);
        return;
    }
    RDom where = r;
    if (kind == 1) {
        // A predicate, on coordinates or on data.
        where.where(random.chance(50) ? r.x % 3 != 1 : term.expr > Internal::make_zero(type));
    }
    Func func(name("reduction"));
    const std::vector<Var> at = pure(dims);
    if (kind == 2) {
        func(at) = type.min();
        func(at) = max(func(at), term.expr);
        // Extents are positive, so that the initial value is never what is left.
        add(func, term.limit, dims, level);
        return;
    }
    func(at) = Internal::make_const(type, random.below(2));
    func(at) += term.expr;
    add(func, term.limit * count + 1, dims, level);
    if (kind == 3) {
        const Term mean = to_float(read(values.back(), here(dims), level));
        define("mean", {mean.expr * 0.125f, mean.limit}, dims, level);
    }
}

void Builder::argmax() {
    Value &of = operand_with({X});
    const int level = of.level;
    const std::vector<int> over = some(of.dims, 2);
    const std::vector<int> dims = without(of.dims, over);
    const RDom r = domain(over, level);
    Point point = here(dims);
    for (size_t i = 0; i < over.size(); i++) {
        point[over[i]] = r[i];
    }
    const Term term = to_int(random, read(of, point, level));
    Func func(name("argmax"));
    const std::vector<Var> at = pure(dims);
    if (random.chance(50)) {
        func(at) = Tuple(Expr(0), Int(32).min());
        const Expr is_better = term.expr > func(at)[1];
        func(at) = Tuple(select(is_better, r.x, func(at)[0]), select(is_better, term.expr, func(at)[1]));
    } else {
        func(at) = Halide::argmin(r, term.expr, name("inline"));
    }
    const size_t value = func.outputs() - 1;
    add(func, 128, dims, level, 0);
    add(func, term.limit, dims, level, static_cast<int>(value));
}

void Builder::matmul() {
    Value &a = operand_with({X});
    Value &b = operand_with({X});
    const int level = std::max(a.level, b.level);
    std::vector<int> dims = a.dims.size() >= b.dims.size() ? a.dims : b.dims;
    const RDom k(0, extent(X, level));
    Point left = here(dims), right = here(dims);
    left[X] = k;
    right[has(dims, Y) ? Y : X] = k;
    const bool is_float = random.chance(60);
    const auto take = [&](const Term &term) { return is_float ? to_float(term) : to_int(random, term); };
    const Term x = take(read(a, left, level)), y = take(read(b, right, level));
    const Expr product = is_float ? x.expr * y.expr : (x.expr >> 4) * (y.expr >> 4);
    Func func(name("matmul"));
    func(pure(dims)) = Internal::make_zero(product.type());
    func(pure(dims)) += product;
    add(func, x.limit * y.limit * extents[X], dims, level);
}

void Builder::convolution() {
    Value &of = operand_with({X});
    Value &weights = operand();
    const std::vector<int> dims = of.dims;
    const int level = of.level;
    const std::vector<int> along = some(dims, 3);
    const RDom r = domain(along, 0, 3);
    Point at, offset = {};
    Point taps;
    for (size_t i = 0; i < along.size(); i++) {
        offset[along[i]] = r[i] - 1;
        taps[along[i]] = r[i];
    }
    at = here(dims);
    const Term value = to_float(read(of, at, level, offset)), weight = to_float(read(weights, taps, level));
    Func func(name("convolution"));
    func(pure(dims)) = random.chance(50) ? Expr(0.0f) : to_float(read(of, at, level)).expr;
    func(pure(dims)) += value.expr * weight.expr;
    add(func, 16 + 27 * value.limit * weight.limit, dims, level);
}

void Builder::scan() {
    Value &of = operand_with({X});
    const std::vector<int> dims = of.dims;
    const int level = of.level, role = random.pick(dims);
    const int count = extent(role, level);
    const RDom r(1, count - 1);
    const Term raw = read(of, here(dims), level);
    const bool is_float = raw.expr.type().is_float();
    const auto take = [&](const Term &term) { return is_float ? to_float(term) : to_int(random, term); };
    const Term initial = take(raw);
    Func func(name("scan"));
    func(pure(dims)) = initial.expr;
    for (int passes = random.between(1, 2), pass = 0; pass < passes; pass++) {
        // Forwards, then backwards.
        const Expr mine = pass == 0 ? Expr(r) : count - 1 - r, before = pass == 0 ? r - 1 : count - r;
        std::vector<Expr> left, right;
        for (int dim : dims) {
            left.push_back(dim == role ? mine : Expr(vars[dim]));
            right.push_back(dim == role ? before : Expr(vars[dim]));
        }
        const Expr old = func(left), last = func(right);
        // The two at most average, except that whole numbers may add up in the first pass.
        if (is_float) {
            func(left) = old * 0.25f + last * 0.75f;
        } else if (pass == 0 && random.chance(50)) {
            func(left) = old + last;
        } else {
            func(left) = (old + last * 3) >> 2;
        }
    }
    add(func, initial.limit * (is_float ? 1 : count), dims, level);
}

void Builder::recursion() {
    Value &of = operand_with({X});
    const std::vector<int> dims = of.dims;
    const int level = of.level;
    const std::vector<int> along = some(dims, 2);
    Region ranges;
    for (int role : along) {
        ranges.emplace_back(1, extent(role, level) - 1);
    }
    const RDom r(ranges);
    Point point = here(dims);
    std::vector<Expr> at, before;
    for (int dim : dims) {
        const auto found = std::find(along.begin(), along.end(), dim);
        point[dim] = found == along.end() ? Expr(vars[dim]) : Expr(r[found - along.begin()]);
        at.push_back(point[dim]);
        before.push_back(found == along.end() ? point[dim] : point[dim] - 1);
    }
    const Term term = to_int(random, read(of, point, level));
    Func func(name("recursion"));
    func(pure(dims)) = random.below(100);
    const Expr last = func(before);
    func(at) = random.chance(50) ? max(last - 3, term.expr) : ((last * 5 + term.expr) & 1023);
    add(func, 3 * 128 + 5000, dims, level);
}

void Builder::histogram() {
    Value &of = operand_with({X});
    const int level = of.level;
    const std::vector<int> over = some(of.dims, 2);
    // Bins lie along X; what is not counted over stays.
    std::vector<int> dims = without(of.dims, over);
    if (has(dims, X)) {
        dims = without(dims, {X});
    }
    dims.insert(dims.begin() + random.below(static_cast<int>(dims.size()) + 1), X);
    const RDom r = domain(over, level);
    Point point = here(dims);
    point[X] = Expr();
    for (size_t i = 0; i < over.size(); i++) {
        point[over[i]] = r[i];
    }
    const Term term = to_int(random, read(of, point, level));
    const int bins = random.pick<int>({16, 64, 100, 256});
    const Expr bin = random.chance(50) ? clamp(term.expr >> random.below(5), 0, bins - 1) : term.expr % bins;
    std::vector<Expr> at;
    for (int dim : dims) {
        at.push_back(dim == X ? bin : Expr(vars[dim]));
    }
    Func func(name("histogram"));
    const bool is_float = random.chance(20);
    func(pure(dims)) = is_float ? Expr(0.0f) : Expr(0);
    if (is_float) {
        // A sum whose order shows.
        func(at) += to_float(term).expr * 0.37f + 0.1f;
    } else if (random.chance(30)) {
        func(at) += term.expr & 15;
    } else {
        func(at) += 1;
    }
    add(func, 16.0 * extents[X] * extents[Y] + 1, dims, level);
    if (random.chance(30)) {
        // The usual next step: a running sum over the bins.
        const RDom b(1, bins - 1);
        Func running(name("cumulative"));
        running(pure(dims)) = func(pure(dims));
        std::vector<Expr> mine, before;
        for (int dim : dims) {
            mine.push_back(dim == X ? Expr(b) : Expr(vars[dim]));
            before.push_back(dim == X ? b - 1 : Expr(vars[dim]));
        }
        running(mine) += running(before);
        values.back().is_read = true;
        add(running, 16.0 * extents[X] * extents[Y] * 16, dims, level);
    }
}

void Builder::scatter() {
    Value &of = operand_with({X});
    const std::vector<int> dims = of.dims;
    const int level = of.level, role = random.pick(dims);
    const int count = extent(role, level);
    const RDom r(0, count);
    Point point = here(dims);
    point[role] = r;
    const Term term = to_int(random, read(of, point, level));
    // A permutation, every other one, or wherever the data says; the last one written stays.
    const std::vector<Expr> options = {(r * 7 + 3) % count, count - 1 - r, r * 2, term.expr % count};
    std::vector<Expr> at;
    const Expr to = random.pick(options);
    for (int dim : dims) {
        at.push_back(dim == role ? to : Expr(vars[dim]));
    }
    Func func(name("scatter"));
    func(pure(dims)) = -1;
    func(at) = random.chance(50) ? term.expr : term.expr + (r & 7);
    add(func, term.limit + 8, dims, level);
}

void Builder::updates() {
    Value &of = operand_with({X});
    Value &other = operand();
    const std::vector<int> dims = of.dims;
    const int level = of.level, role = random.pick(dims);
    const std::vector<Var> at = pure(dims);
    const Term first = to_int(random, read(of, here(dims), level)), second = to_int(random, read(other, here(dims), level));
    Func func(name("updates"));
    func(at) = first.expr;
    double limit = first.limit;
    for (int more = random.between(1, 3); more > 0; more--) {
        std::vector<Expr> line(at.begin(), at.end());
        const size_t position = std::find(dims.begin(), dims.end(), role) - dims.begin();
        const RDom r(0, (extent(role, level) + 1) / 2);
        switch (random.below(5)) {
        case 0:
            func(at) += second.expr;
            limit += second.limit;
            break;
        case 1:
            func(at) = select(func(at) > second.expr, func(at) / 2, -func(at));
            break;
        case 2:
            line[position] = random.below(3);
            func(line) = 17;
            break;
        case 3:
            line[position] = 2 * r;
            func(line) = func(line) + (r & 31);
            limit += 31;
            break;
        default:
            func(at) = min(func(at), second.expr) + 1;
            limit = std::max(limit, second.limit) + 1;
        }
    }
    add(func, limit + 17, dims, level);
}

}  // namespace random_pipeline
}  // namespace pipelines
