// Random pipelines: the builder, and stages without updates.
#include "random_pipeline.h"

#include <algorithm>

using namespace Halide;

namespace pipelines {
namespace random_pipeline {

namespace {

/// Levels of a pyramid above level 0.
constexpr int most_levels = 3;

}  // namespace

bool has(const std::vector<int> &dims, int role) {
    return std::find(dims.begin(), dims.end(), role) != dims.end();
}

std::vector<int> without(const std::vector<int> &dims, const std::vector<int> &roles) {
    std::vector<int> rest;
    for (int role : dims) {
        if (!has(roles, role)) {
            rest.push_back(role);
        }
    }
    return rest;
}

namespace {

/// What variables and Funcs are called that share their names with each other, and with inputs and outputs as far as Halide
/// allows it: a Func that is called like an input can only be inlined.
const std::array<std::string, role_count> common_names = {"input0", "a", "output0", "b"};

}  // namespace

Builder::Builder(uint64_t seed, const Extents &extents, std::vector<Value> inputs, bool shared_names)
    : seed(seed), random(seed, 0), extents(extents), values(std::move(inputs)),
      vars{Var("x"), Var("y"), Var("c"), Var("n")}, shared_names(shared_names) {
    if (shared_names) {
        std::transform(common_names.begin(), common_names.end(), vars.begin(), [](const std::string &n) { return Var(n); });
    }
}

const std::vector<Builder::Family> &Builder::all_families() {
    static const std::vector<Family> all = {
        {"pointwise", &Builder::pointwise},
        {"stencil", &Builder::stencil},
        {"narrow", &Builder::narrow},
        {"resample", &Builder::resample},
        {"boundary", &Builder::boundary},
        {"gather", &Builder::gather},
        {"transpose", &Builder::transpose},
        {"tuple", &Builder::tuple},
        {"reduction", &Builder::reduction},
        {"argmax", &Builder::argmax},
        {"matmul", &Builder::matmul},
        {"convolution", &Builder::convolution},
        {"scan", &Builder::scan},
        {"recursion", &Builder::recursion},
        {"histogram", &Builder::histogram},
        {"scatter", &Builder::scatter},
        {"updates", &Builder::updates},
    };
    return all;
}

std::vector<std::string> Builder::families() {
    std::vector<std::string> names;
    for (const Family &family : all_families()) {
        names.push_back(family.name);
    }
    return names;
}

void Builder::add_stage(int index, const std::vector<std::string> &families) {
    random = Random(seed, 100 + index);
    if (shared_names && Random(seed, 30 + index).chance(20)) {
        add_image();
    }
    std::string chosen = random.pick(families);
    // Pipelines are mostly made of the first two kinds.
    if (families.size() > 2 && random.chance(30)) {
        chosen = families[random.below(2)];
    }
    for (const Family &family : all_families()) {
        if (family.name == chosen) {
            (this->*family.add)();
        }
    }
}

Func Builder::output(int index, Type type, const std::vector<int> &dims) {
    random = Random(seed, 50 + index);
    std::vector<Value *> chosen = {&values.back()};
    for (Value &value : values) {
        if (!value.is_read && chosen.size() < 6 && &value != chosen[0]) {
            chosen.push_back(&value);
        }
    }
    std::vector<Term> terms;
    for (Value *value : chosen) {
        Point point = here(dims);
        const std::vector<int> summed = without(value->dims, dims);
        if (summed.empty() || random.chance(30)) {
            terms.push_back(read(*value, point, 0));
            continue;
        }
        // What the output lacks is summed up.
        const RDom r = domain(summed, value->level, 16);
        for (size_t i = 0; i < summed.size(); i++) {
            const int role = summed[i];
            point[role] = role <= Y ? r[i] * (1 << value->level) : Expr(r[i]);
        }
        const Term each = to_int(random, read(*value, point, 0));
        terms.push_back({sum(each.expr, name("inline")), each.limit * (1 << 16)});
    }
    Func func(name("output"));
    func(pure(dims)) = convert(random, combine(random, terms), type).expr;
    return func;
}

void Builder::add_image() {
    // As the Funcs of inputs are called, which nobody schedules.
    const std::string shared = name("") + "_im";
    Buffer<int> image({extent(X, 0)}, shared);
    image.for_each_element([&](int i) { image(i) = i % 251; });
    Func func(shared);
    image.set_name(func.name());
    func(vars[X]) = image(clamp(vars[X], 0, extent(X, 0) - 1));
    add(func, 250, {X}, 0);
}

std::string Builder::name(const std::string &family) {
    if (shared_names) {
        return counter++ % 2 == 0 ? "a" : "b";
    }
    return family + "_" + std::to_string(counter++);
}

int Builder::extent(int role, int level) const {
    return role <= Y ? std::max(1, extents[role] >> level) : extents[role];
}

Value &Builder::operand() {
    const int count = static_cast<int>(values.size());
    // Three in four are among the last three.
    const int chosen = random.chance(75) ? count - 1 - random.below(std::min(3, count)) : random.below(count);
    return values[chosen];
}

Value &Builder::operand_with(const std::vector<int> &roles) {
    for (int attempt = 0; attempt < 8; attempt++) {
        Value &value = operand();
        if (without(roles, value.dims).empty()) {
            return value;
        }
    }
    return values[0];
}

std::vector<Var> Builder::pure(const std::vector<int> &dims) const {
    std::vector<Var> result;
    for (int role : dims) {
        result.push_back(vars[role]);
    }
    return result;
}

Point Builder::here(const std::vector<int> &dims) const {
    Point point;
    for (int role : dims) {
        point[role] = vars[role];
    }
    return point;
}

Term Builder::read(Value &value, const Point &point, int level, const Point &offset) const {
    std::vector<Expr> arguments;
    for (int role : value.dims) {
        Expr at = point[role].defined() ? point[role] : Expr(0);
        if (role <= Y && value.level < level) {
            at = at * (1 << (level - value.level));
        } else if (role <= Y && value.level > level) {
            at = at / (1 << (value.level - level));
        }
        arguments.push_back(offset[role].defined() ? at + offset[role] : at);
    }
    value.is_read = true;
    const FuncRef call = value.func(arguments);
    return {value.func.outputs() > 1 ? Expr(call[value.element]) : Expr(call), value.limit};
}

void Builder::add(const Func &func, double limit, const std::vector<int> &dims, int level, int element) {
    values.push_back({func, element, limit, dims, level, false});
}

void Builder::define(const std::string &family, const Term &term, const std::vector<int> &dims, int level) {
    const Type same = term.expr.type();
    const bool is_kept = random.chance(same.is_float() ? 60 : 20);
    const Term result = convert(random, term, is_kept ? same : random_type(random));
    Func func(name(family));
    func(pure(dims)) = result.expr;
    add(func, result.limit, dims, level);
}

void Builder::pointwise() {
    Value &first = operand();
    const std::vector<int> dims = first.dims;
    const int level = first.level;
    std::vector<Term> terms = {read(first, here(dims), level)};
    for (int more = random.below(3); more > 0; more--) {
        terms.push_back(read(operand(), here(dims), level));
    }
    if (!dims.empty() && random.chance(15)) {
        // What is at odd coordinates differs, as in mosaics.
        const Var along = vars[random.pick(dims)];
        const Term other = to_float(terms.back());
        const Term mine = to_float(terms[0]);
        terms[0] = {select(along % 2 == 0, mine.expr, other.expr * 0.5f), 16};
    }
    if (!dims.empty() && random.chance(10)) {
        terms.push_back({vars[random.pick(dims)] & 255, 255});
    }
    define("pointwise", combine(random, terms), dims, level);
}

void Builder::narrow() {
    Value &first = operand();
    const std::vector<int> dims = first.dims;
    const int level = first.level;
    const Type type = random.pick<Type>({UInt(8), UInt(8), Int(8), UInt(16), Int(16)});
    const Expr a = convert(random, read(first, here(dims), level), type).expr;
    const Expr b = convert(random, read(operand(), here(dims), level), type).expr;
    const std::vector<Expr> options = {
        a + b,
        a - b,
        a * b,
        a / ((b & 7) | 1),
        min(a, b),
        saturating_add(a, b),
        saturating_sub(a, b),
        rounding_halving_add(a, b),
        cast(type, absd(a, b)),
        a >> 1,
        mul_shift_right(a, b, type.bits() / 2),
        cast(type, (widening_mul(a, b) + widening_add(a, b)) >> 3),
    };
    Func func(name("narrow"));
    func(pure(dims)) = random.pick(options);
    add(func, largest(type), dims, level);
}

void Builder::stencil() {
    Value &of = operand_with({X});
    const std::vector<int> dims = of.dims;
    const int level = of.level;
    const std::vector<int> along = some(dims, 2);
    const int radius = along.size() == 1 && random.chance(40) ? 2 : 1;
    const int kind = random.below(3);
    std::vector<int> taps(along.size(), -radius);
    Term total{Expr(), 0};
    for (bool done = false; !done;) {
        Point offset;
        for (size_t i = 0; i < along.size(); i++) {
            offset[along[i]] = taps[i];
        }
        const Term raw = read(of, here(dims), level, offset);
        const bool is_float = raw.expr.type().is_float();
        const Term tap = is_float ? to_float(raw) : to_int(random, raw);
        if (!total.expr.defined()) {
            total = tap;
        } else if (kind == 0) {
            total = {max(total.expr, tap.expr), std::max(total.limit, tap.limit)};
        } else if (is_float) {
            total = {total.expr + tap.expr * 0.25f, total.limit + tap.limit};
        } else {
            const int weight = random.between(-2, 5);
            // A weight of zero is a read that Halide drops, as in a Sobel filter written out.
            total = {total.expr + tap.expr * weight, total.limit + 5 * tap.limit};
        }
        done = true;
        for (size_t i = 0; i < taps.size() && done; i++) {
            // The next combination of offsets, if there is one.
            done = taps[i]++ == radius;
            taps[i] = done ? -radius : taps[i];
        }
    }
    define("stencil", total, dims, level);
}

void Builder::resample() {
    Value &of = operand_with({X});
    const std::vector<int> dims = of.dims;
    const bool is_down = of.level == 0 || (of.level < most_levels && random.chance(50));
    const int level = of.level + (is_down ? 1 : -1);
    const int role = has(dims, Y) && random.chance(50) ? Y : X;
    Point next;
    next[role] = is_down ? Expr(1) : vars[role] % 2;
    Term a = to_float(read(of, here(dims), level)), b = to_float(read(of, here(dims), level, next));
    Term total{a.expr * 0.5f + b.expr * 0.5f, std::max(a.limit, b.limit)};
    if (is_down && random.chance(50)) {
        Point before;
        before[role] = -1;
        const Term c = to_float(read(of, here(dims), level, before));
        total = {total.expr + c.expr * 0.25f, total.limit + c.limit};
    }
    define(is_down ? "down" : "up", total, dims, level);
}

void Builder::boundary() {
    Value &of = operand_with({X});
    const std::vector<int> dims = of.dims;
    Region bounds;
    for (int role : dims) {
        bounds.emplace_back(0, extent(role, of.level));
    }
    Func same(name("inside"));
    same(pure(dims)) = read(of, here(dims), of.level).expr;
    Func padded;
    switch (random.below(5)) {
    case 0:
        padded = BoundaryConditions::repeat_edge(same, bounds);
        break;
    case 1:
        padded = BoundaryConditions::mirror_image(same, bounds);
        break;
    case 2:
        padded = BoundaryConditions::mirror_interior(same, bounds);
        break;
    case 3:
        padded = BoundaryConditions::repeat_image(same, bounds);
        break;
    default:
        padded = BoundaryConditions::constant_exterior(same, Internal::make_const(same.type(), 1), bounds);
    }
    add(padded, std::max(of.limit, 1.0), dims, of.level);
}

void Builder::gather() {
    Value &of = operand_with({X});
    const std::vector<int> from = of.dims;
    const int level = of.level;
    Value &indices = operand();
    const std::vector<int> dims = random.chance(50) ? indices.dims : from;
    const int role = random.pick(from);
    Point point = here(dims);
    const Expr index = to_int(random, read(indices, point, level)).expr;
    const int last = extent(role, level) - 1;
    point[role] = random.chance(50) ? clamp(index, 0, last) : index % (last + 1);
    define("gather", read(of, point, level), dims, level);
}

void Builder::transpose() {
    Value &of = operand_with({X});
    std::vector<int> dims = of.dims;
    if (has(dims, Y) && random.chance(50)) {
        Point point = here(dims);
        std::swap(point[X], point[Y]);
        define("transpose", read(of, point, of.level), dims, of.level);
        return;
    }
    // The same in another storage order.
    std::rotate(dims.begin(), dims.begin() + 1, dims.end());
    define("reorder", read(of, here(dims), of.level), dims, of.level);
}

void Builder::tuple() {
    Value &of = operand();
    const std::vector<int> dims = of.dims;
    const int level = of.level;
    const Term first = read(of, here(dims), level);
    const Term both = combine(random, {first, read(operand(), here(dims), level)});
    const Term second = convert(random, both, random_type(random));
    Func func(name("tuple"));
    func(pure(dims)) = Tuple(first.expr, second.expr);
    add(func, first.limit, dims, level, 0);
    add(func, second.limit, dims, level, 1);
}

}  // namespace random_pipeline
}  // namespace pipelines
