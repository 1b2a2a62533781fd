// Random workloads: scans along rows and columns.
#include "kinds.h"

#include <algorithm>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

/// One pass of a recursive filter: each value moves from the one before it towards its own.
void pass(Workload &workload, Func &func, const Value &value, Role role, bool is_forward, int weight) {
    const int count = value.extent(role);
    const RDom r(1, std::max(count - 1, 1));
    const Expr at = is_forward ? Expr(r) : count - 1 - r, before = is_forward ? r - 1 : count - r;
    const std::vector<Expr> mine = workload.args(value.dims, workload.moved(role, at));
    const Expr own = func(mine), last = func(workload.args(value.dims, workload.moved(role, before)));
    if (own.type().is_float()) {
        const Expr part = Internal::make_const(own.type(), weight / 16.0);
        func(mine) = own * part + last * (Internal::make_one(own.type()) - part);
    } else {
        func(mine) = (own * weight + last * (16 - weight)) >> 4;
    }
    workload.add_work(value.points() * 6);
}

/// Sums from the start of an axis, in place or as a Func of its own.
void running_sum(Workload &workload, Func &func, const Value &value, Role role) {
    const RDom r(1, std::max(value.extent(role) - 1, 1));
    const Expr before = func(workload.args(value.dims, workload.moved(role, r - 1)));
    func(workload.args(value.dims, workload.moved(role, r))) += before;
    workload.add_work(value.points() * 3);
}

}  // namespace

Value recursive_filter(Workload &workload, const Value &value) {
    const int weight = workload.random.between(2, 8);
    const std::vector<std::vector<Role>> orders = {{X}, {Y}, {X, Y}, {X, Y}, {Y, X}};
    const bool both_ways = workload.random.chance(75), is_one_func = workload.random.chance(30);
    const std::vector<Role> order = workload.random.pick(orders);
    const Term start = workload.read(value, workload.here);
    Value last = value;
    Func func = workload.func("recursive");
    func(workload.vars(value.dims)) = start.expr;
    for (size_t i = 0; i < order.size(); i++) {
        if (i > 0 && !is_one_func) {
            // Another Func for the second axis, as people do who give each its own schedule.
            last = workload.keep_func(func, value.dims, start.low, start.high);
            func = workload.func("recursive");
            func(workload.vars(value.dims)) = last.at(workload.here);
        }
        pass(workload, func, value, order[i], true, weight);
        if (both_ways) {
            pass(workload, func, value, order[i], false, weight);
        }
    }
    return workload.keep_func(func, value.dims, start.low, start.high);
}

Value integral_box(Workload &workload, const Value &value) {
    const double points = static_cast<double>(value.extent(X)) * value.extent(Y);
    const Term start = narrowed(workload.read(value, workload.here), workload.style.whole ? whole_limit / points : 1);
    const bool is_one_func = workload.random.chance(50);
    Func sums = workload.func("integral");
    sums(workload.vars(value.dims)) = start.expr;
    running_sum(workload, sums, value, X);
    if (!is_one_func) {
        const Value rows = workload.keep_func(sums, value.dims, start.low * points, start.high * points);
        sums = workload.func("integral");
        sums(workload.vars(value.dims)) = rows.at(workload.here);
    }
    running_sum(workload, sums, value, Y);
    const Value integral = workload.keep_func(sums, value.dims, start.low * points, start.high * points);
    const int radius = workload.random.between(1, 12);
    const auto corner = [&](int dx, int dy) {
        const Expr x = Halide::clamp(workload.here[X] + dx, 0, value.extent(X) - 1);
        const Expr y = Halide::clamp(workload.here[Y] + dy, 0, value.extent(Y) - 1);
        return integral.at(workload.moved(X, x, Y, y));
    };
    const Expr sum = corner(radius, radius) - corner(-radius - 1, radius) - corner(radius, -radius - 1) +
                     corner(-radius - 1, -radius - 1);
    const int area = (2 * radius + 1) * (2 * radius + 1);
    const Term box = {sum, start.low * area, start.high * area};
    return workload.keep("box", value.dims, scaled(box, 1.0 / area));
}

}  // namespace workloads
}  // namespace pipelines
