// Random workloads: what all kinds build with.
#include "workload.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

double element_range_low(Type type) {
    return type.is_float() ? -1 : type.is_uint() ? 0 : -std::ldexp(1.0, type.bits() - 1);
}

double element_range_high(Type type) {
    return type.is_float() ? 1 : std::ldexp(1.0, type.bits() - (type.is_uint() ? 0 : 1)) - 1;
}

/// Types that the range fits into, narrow ones first.
std::vector<Type> fitting(double low, double high) {
    std::vector<Type> types;
    for (Type type : {UInt(8), UInt(16), Int(16), Int(32)}) {
        if (low >= element_range_low(type) && high <= element_range_high(type)) {
            types.push_back(type);
        }
    }
    return types;
}

double points_of(const Dims &dims) {
    double points = 1;
    for (const Dim &dim : dims) {
        points *= dim.extent;
    }
    return points;
}

}  // namespace

bool Value::has(Role role) const {
    return std::any_of(dims.begin(), dims.end(), [&](const Dim &dim) { return dim.role == role; });
}

int Value::extent(Role role) const {
    for (const Dim &dim : dims) {
        if (dim.role == role) {
            return dim.extent;
        }
    }
    return 1;
}

double Value::points() const {
    return points_of(dims);
}

Type Value::type() const {
    return func.types()[element];
}

Expr Value::at(const Point &point) const {
    std::vector<Expr> args;
    for (const Dim &dim : dims) {
        args.push_back(point[dim.role]);
    }
    const FuncRef ref = func(args);
    return func.outputs() == 1 ? Expr(ref) : ref[element];
}

Dims without(const Dims &dims, Role role) {
    Dims rest;
    std::copy_if(dims.begin(), dims.end(), std::back_inserter(rest), [&](const Dim &dim) { return dim.role != role; });
    return rest;
}

Dims resized(const Dims &dims, Role role, int extent) {
    Dims result = dims;
    for (Dim &dim : result) {
        dim.extent = dim.role == role ? extent : dim.extent;
    }
    return result;
}

Workload::Workload(uint64_t seed, const Style &style, int most_steps, InputSource &inputs)
    : random(seed, 500), style(style), here{Var("x"), Var("y"), Var("c"), Var("n"), Var("h")}, most_steps(most_steps),
      inputs(inputs) {
}

int Workload::steps(int low, int high) {
    const int count = random.between(low, high);
    return most_steps > 0 ? std::min(count, most_steps) : count;
}

Point Workload::moved(Role role, const Expr &to) const {
    Point point = here;
    point[role] = to;
    return point;
}

Point Workload::moved(Role first, const Expr &to_first, Role second, const Expr &to_second) const {
    Point point = moved(first, to_first);
    point[second] = to_second;
    return point;
}

Func Workload::extended(const Func &func, const Region &bounds) {
    switch (random.below(8)) {
    case 0:
        return BoundaryConditions::constant_exterior(func, Internal::make_zero(func.types()[0]), bounds);
    case 1:
        return BoundaryConditions::mirror_image(func, bounds);
    case 2:
        return BoundaryConditions::mirror_interior(func, bounds);
    case 3:
        return BoundaryConditions::repeat_image(func, bounds);
    default:
        return BoundaryConditions::repeat_edge(func, bounds);
    }
}

Value Workload::input(Type type, const Dims &dims, bool is_extended) {
    std::vector<int> extents;
    for (const Dim &dim : dims) {
        extents.push_back(dim.extent);
    }
    auto [func, bounds] = inputs.next(type, extents);
    bytes[func.name()] = points_of(dims) * type.bytes();
    for (size_t i = 0; i < dims.size(); i++) {
        if (dims[i].role > Y) {
            bounds[i] = {Expr(), Expr()};
        }
    }
    const Func readable = is_extended ? extended(func, bounds) : func;
    if (is_extended) {
        bytes[readable.name()] = bytes[func.name()];
    }
    return {readable, 0, dims, element_range_low(type), element_range_high(type)};
}

Value Workload::image(Type type, const Dims &dims) {
    return input(type, dims, true);
}

Value Workload::array(Type type, const Dims &dims) {
    return input(type, dims, false);
}

Value Workload::photograph() {
    return image(style.input, image_dims(style.width, style.height, style.channels));
}

Dims Workload::image_dims(int width, int height, int channels) const {
    if (channels == 1) {
        return {{X, width}, {Y, height}};
    }
    if (style.interleaved) {
        return {{C, channels}, {X, width}, {Y, height}};
    }
    return {{X, width}, {Y, height}, {C, channels}};
}

Term Workload::read(const Value &value, const Point &point) const {
    return loaded(value.at(point), value.low, value.high, style.whole, style.real);
}

Term Workload::read_real(const Value &value, const Point &point) const {
    return loaded(value.at(point), value.low, value.high, false, style.real);
}

Func Workload::func(const std::string &name) {
    return Func(name + "_" + std::to_string(counter++));
}

std::vector<Var> Workload::vars(const Dims &dims) const {
    std::vector<Var> result;
    for (const Dim &dim : dims) {
        result.emplace_back(here[dim.role].as<Internal::Variable>()->name);
    }
    return result;
}

std::vector<Expr> Workload::args(const Dims &dims, const Point &point) const {
    std::vector<Expr> result;
    for (const Dim &dim : dims) {
        result.push_back(point[dim.role]);
    }
    return result;
}

Value Workload::keep(const std::string &name, const Dims &dims, const Term &term) {
    if (!term.is_whole()) {
        return keep_as(name, dims, term, term.expr.type() == style.real ? style.kept : term.expr.type());
    }
    const std::vector<Type> types = fitting(term.low, term.high);
    // Most people take the narrowest type; some saturate.
    if (random.chance(15)) {
        return keep_as(name, dims, term, term.low < 0 ? Int(16) : style.input);
    }
    return keep_as(name, dims, term, random.chance(70) ? types.front() : random.pick(types));
}

Value Workload::keep_as(const std::string &name, const Dims &dims, const Term &term, Type type) {
    const Term value = stored(term, type);
    Func result = func(name);
    result(vars(dims)) = value.expr;
    return keep_func(result, dims, value.low, value.high);
}

Value Workload::keep_func(const Func &func, const Dims &dims, double low, double high, int element) {
    double size = 0;
    for (const Type &type : func.types()) {
        size += type.bytes();
    }
    bytes[func.name()] = points_of(dims) * size;
    if (element == 0) {
        add_work(points_of(dims) * 4);
    }
    return {func, element, dims, low, high};
}

Value Workload::bordered(const Value &value) {
    if (value.func.outputs() > 1) {
        return value;
    }
    Region bounds;
    for (const Dim &dim : value.dims) {
        bounds.push_back(dim.role <= Y ? Range(0, dim.extent) : Range());
    }
    return keep_func(extended(value.func, bounds), value.dims, value.low, value.high);
}

Value Workload::sum_over(const std::string &name, const Dims &dims, const Term &term, double count) {
    const Term each = narrowed(term, term.is_whole() ? whole_limit / count : 1e6);
    Func total = func(name);
    total(vars(dims)) = Internal::make_zero(each.expr.type());
    total(vars(dims)) += each.expr;
    add_work(points_of(dims) * count * 2);
    return keep_func(total, dims, each.low * count, each.high * count);
}

void Workload::offer(const Value &value) {
    extra_outputs.push_back(value);
}

const std::vector<Value> &Workload::offered() const {
    return extra_outputs;
}

void Workload::add_work(double more) {
    operations += more;
}

double Workload::work() const {
    return operations;
}

const std::map<std::string, double> &Workload::stored_bytes() const {
    return bytes;
}

}  // namespace workloads
}  // namespace pipelines
