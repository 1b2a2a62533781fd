// Random workloads: image pyramids, down and up.
#include "kinds.h"

#include <algorithm>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

/// How a pyramid halves and doubles: by means of two, or with four weights.
struct Filter {
    bool is_wide;
    /// Whether a level is halved along both axes at once.
    bool is_square;
};

Dims halved(const Dims &dims, Role role) {
    Dims result = dims;
    for (Dim &dim : result) {
        dim.extent = dim.role == role ? (dim.extent + 1) / 2 : dim.extent;
    }
    return result;
}

Value down_along(Workload &workload, const Value &value, Role role, const Filter &filter) {
    const Expr at = workload.here[role] * 2;
    std::vector<Term> terms;
    for (int i = filter.is_wide ? -1 : 0; i <= (filter.is_wide ? 2 : 1); i++) {
        terms.push_back(workload.read(value, workload.moved(role, at + i)));
    }
    const std::vector<int> weights = filter.is_wide ? std::vector<int>{1, 3, 3, 1} : std::vector<int>{1, 1};
    return workload.keep("down", halved(value.dims, role), average(terms, weights));
}

Value down(Workload &workload, const Value &value, const Filter &filter) {
    if (!filter.is_square) {
        return down_along(workload, down_along(workload, value, X, filter), Y, filter);
    }
    std::vector<Term> terms;
    for (int i = 0; i < 4; i++) {
        const Expr x = workload.here[X] * 2 + i % 2, y = workload.here[Y] * 2 + i / 2;
        terms.push_back(workload.read(value, workload.moved(X, x, Y, y)));
    }
    return workload.keep("down", halved(halved(value.dims, X), Y), average(terms, {1, 1, 1, 1}));
}

/// `value` at twice the resolution, as large as `like`.
Value up(Workload &workload, const Value &value, const Dims &like, const Filter &filter) {
    Value last = value;
    for (Role role : {X, Y}) {
        const Expr at = workload.here[role];
        const Term near = workload.read(last, workload.moved(role, at / 2));
        const Term next = workload.read(last, workload.moved(role, at / 2 - 1 + 2 * (at % 2)));
        Dims dims = last.dims;
        for (size_t i = 0; i < dims.size(); i++) {
            dims[i].extent = dims[i].role == role ? like[i].extent : dims[i].extent;
        }
        last = workload.keep("up", dims, filter.is_wide ? average({near, next}, {3, 1}) : near);
    }
    return last;
}

}  // namespace

Value pyramid(Workload &workload, const Value &value) {
    const Filter filter = {workload.random.chance(60), workload.random.chance(25)};
    const int wanted = workload.steps(3, 10);
    std::vector<Value> levels = {value};
    while (static_cast<int>(levels.size()) < wanted && std::min(levels.back().extent(X), levels.back().extent(Y)) >= 8) {
        // The bottom of a pyramid is small; borders that double from level to level would not be.
        levels.push_back(workload.bordered(down(workload, levels.back(), filter)));
    }
    const int purpose = workload.random.below(4);
    if (purpose == 0) {
        // The level that people use, with the coarsest one beside it.
        workload.offer(levels.back());
        return levels[std::min<size_t>(levels.size() - 1, 1)];
    }
    const bool has_gains = workload.random.chance(50);
    Value result = levels.back();
    for (size_t i = levels.size() - 1; i-- > 0;) {
        const Value coarse = up(workload, result, levels[i].dims, filter);
        const Term fine = workload.read(levels[i], workload.here), base = workload.read(coarse, workload.here);
        if (purpose == 1) {
            // Interpolation: the fine level counts by its own magnitude.
            const Expr weight = Halide::abs(unit(fine, workload.style.real).expr);
            result = workload.keep("blended", levels[i].dims, mix(base, fine, Halide::clamp(weight, 0, 1)));
            continue;
        }
        const Value smooth = purpose == 2 ? up(workload, levels[i + 1], levels[i].dims, filter) : coarse;
        const Value difference = workload.keep("difference", levels[i].dims, fine - workload.read(smooth, workload.here));
        const Term detail = workload.read(difference, workload.here);
        const Term gained = has_gains ? scaled(detail, 0.5 + 0.25 * workload.random.below(5)) : detail;
        result = workload.keep("collapsed", levels[i].dims, clamp(base + gained, fine.low, fine.high));
        if (i == 0 && workload.random.chance(40)) {
            workload.offer(difference);
        }
    }
    return result;
}

}  // namespace workloads
}  // namespace pipelines
