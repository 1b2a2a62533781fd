// Random workloads: neighbourhoods of constant size.
#include "kinds.h"

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

/// Weights of a binomial filter of a few taps.
std::vector<int> binomial(int taps) {
    std::vector<int> weights = {1};
    while (static_cast<int>(weights.size()) < taps) {
        weights.push_back(0);
        for (size_t i = weights.size() - 1; i > 0; i--) {
            weights[i] += weights[i - 1];
        }
    }
    return weights;
}

/// The values at `value(role + (i - taps / 2) step)`.
std::vector<Term> taps_along(Workload &workload, const Value &value, Role role, int taps, int step = 1) {
    std::vector<Term> terms;
    for (int i = 0; i < taps; i++) {
        terms.push_back(workload.read(value, workload.moved(role, workload.here[role] + (i - taps / 2) * step)));
    }
    workload.add_work(value.points() * taps * 2);
    return terms;
}

std::vector<Term> square_taps(Workload &workload, const Value &value, int step) {
    std::vector<Term> terms;
    for (int y = -1; y <= 1; y++) {
        for (int x = -1; x <= 1; x++) {
            terms.push_back(workload.read(
                value, workload.moved(X, workload.here[X] + x * step, Y, workload.here[Y] + y * step)));
        }
    }
    workload.add_work(value.points() * 18);
    return terms;
}

Value chain_link(Workload &workload, const Value &value, const Value &first) {
    const Term centre = workload.read(value, workload.here);
    switch (workload.random.below(6)) {
    case 0:
        return workload.keep("across", value.dims, average(taps_along(workload, value, X, 3), {1, 2, 1}));
    case 1:
        return workload.keep("down", value.dims, average(taps_along(workload, value, Y, 3), {1, 2, 1}));
    case 2: {
        const std::vector<Term> near = square_taps(workload, value, 1);
        const std::vector<Term> cross = {near[1], near[3], near[4], near[5], near[7]};
        return workload.keep("cross", value.dims, average(cross, {1, 1, 4, 1, 1}));
    }
    case 3: {
        const std::vector<Term> near = taps_along(workload, value, workload.random.chance(50) ? X : Y, 2);
        return workload.keep("flow", value.dims, mix(centre, max(near[0], near[1]), cast(workload.style.real, 0.25f)));
    }
    case 4:
        // What people call a residual: the start of the chain again.
        return workload.keep("residual", value.dims, average({centre, workload.read(first, workload.here)}, {3, 1}));
    default: {
        const double middle = (centre.low + centre.high) / 2;
        const Term steep = clamp(scaled(centre, 1.25), centre.low, centre.high);
        return workload.keep("contrast", value.dims, average({steep, constant(centre, middle)}, {3, 1}));
    }
    }
}

}  // namespace

Value stencil_chain(Workload &workload, const Value &value) {
    Value last = value;
    for (int links = workload.steps(10, workload.random.chance(30) ? 60 : 24); links > 0; links--) {
        last = chain_link(workload, last, value);
        if (workload.random.chance(6)) {
            last = workload.bordered(last);
        }
    }
    return last;
}

Value separable_blur(Workload &workload, const Value &value) {
    const bool rows_first = workload.random.chance(50);
    Value last = value;
    for (int passes = workload.steps(1, 3); passes > 0; passes--) {
        const int taps = workload.random.pick<int>({3, 5, 5, 7, 9});
        const std::vector<int> weights = workload.random.chance(60) ? binomial(taps) : std::vector<int>(taps, 1);
        const int step = workload.random.chance(20) ? 2 : 1;
        for (Role role : {rows_first ? X : Y, rows_first ? Y : X}) {
            last = workload.keep("blurred", last.dims, average(taps_along(workload, last, role, taps, step), weights));
        }
    }
    if (workload.random.chance(50)) {
        return last;
    }
    // Unsharp masking.
    const Term sharp = workload.read(value, workload.here), blurred = workload.read(last, workload.here);
    workload.offer(last);
    const Value detail = workload.keep("detail", value.dims, sharp - blurred);
    const Term more = scaled(workload.read(detail, workload.here), 1.5);
    return workload.keep("sharpened", value.dims, clamp(sharp + more, sharp.low, sharp.high));
}

Value median_network(Workload &workload, const Value &value) {
    Value last = value;
    for (int passes = workload.steps(1, 3); passes > 0; passes--) {
        const int step = workload.random.between(1, 2);
        if (workload.random.chance(40)) {
            // The medians of three rows, and the median of them: three values a tuple.
            const std::vector<Term> near = taps_along(workload, last, Y, 3, step);
            const Term low = min(near[0], near[1]), high = max(near[0], near[1]);
            Func sorted = workload.func("sorted");
            const Term middle = max(low, min(high, near[2]));
            sorted(workload.vars(last.dims)) = Tuple(min(low, near[2]).expr, middle.expr, max(high, near[2]).expr);
            std::vector<std::vector<Term>> rows;
            for (int i = 0; i < 3; i++) {
                const Value element = workload.keep_func(sorted, last.dims, low.low, high.high, i);
                rows.push_back(taps_along(workload, element, X, 3, step));
            }
            const Term least = max(max(rows[0][0], rows[0][1]), rows[0][2]);
            const Term most = min(min(rows[2][0], rows[2][1]), rows[2][2]);
            const Term centre = max(min(rows[1][0], rows[1][1]), min(max(rows[1][0], rows[1][1]), rows[1][2]));
            last = workload.keep("median", last.dims, max(min(least, most), min(max(least, most), centre)));
        } else {
            // Opening or closing: separable minima and maxima.
            const int taps = workload.random.pick<int>({3, 5, 7});
            const bool opens = workload.random.chance(50);
            for (int pass = 0; pass < 4; pass++) {
                std::vector<Term> near = taps_along(workload, last, pass % 2 == 0 ? X : Y, taps, step);
                Term extreme = near[0];
                for (const Term &other : near) {
                    extreme = (pass < 2) == opens ? min(extreme, other) : max(extreme, other);
                }
                last = workload.keep(opens ? "opened" : "closed", last.dims, extreme);
            }
        }
    }
    return last;
}

Value mosaic(Workload &workload, const Value &value) {
    // One channel of which each pixel is another colour, by the parity of its place.
    const Expr own = (workload.here[X] % 2 + workload.here[Y] % 2) % value.extent(C);
    const Value flat = value.has(C) ?
        workload.keep("mosaic", without(value.dims, C), workload.read(value, workload.moved(C, own))) :
        value;
    const std::vector<Term> near = square_taps(workload, flat, 1);
    const Term cross = average({near[1], near[3], near[5], near[7]}, {1, 1, 1, 1});
    const Term corners = average({near[0], near[2], near[6], near[8]}, {1, 1, 1, 1});
    const Term across = average({near[3], near[5]}, {1, 1}), down = average({near[1], near[7]}, {1, 1});
    const bool by_edges = workload.random.chance(50);
    const Expr is_flatter = abs(near[3] - near[5]).expr < abs(near[1] - near[7]).expr;
    const Term green = by_edges ? select(is_flatter, across, down) : cross;
    const Expr odd_x = workload.here[X] % 2 == 1, odd_y = workload.here[Y] % 2 == 1;
    const Value greens = workload.keep("green", flat.dims, select(odd_x == odd_y, near[4], green));
    const auto by_parity = [&](const Term &even, const Term &right, const Term &below, const Term &both) {
        return select(odd_y, select(odd_x, both, below), select(odd_x, right, even));
    };
    const Value reds = workload.keep("red", flat.dims, by_parity(near[4], across, down, corners));
    const Value blues = workload.keep("blue", flat.dims, by_parity(corners, down, across, near[4]));
    std::vector<Term> colours;
    for (const Value &colour : {reds, greens, blues}) {
        colours.push_back(workload.read(colour, workload.here));
    }
    const Expr channel = workload.here[C];
    const Dims dims = workload.image_dims(flat.extent(X), flat.extent(Y), 3);
    return workload.keep("colours", dims, select(channel == 0, colours[0], select(channel == 1, colours[1], colours[2])));
}

Value predicated_window(Workload &workload, const Value &value) {
    // A disc, a ring, a half plane or a triangle.
    const int radius = workload.random.between(1, 4), shape = workload.random.below(4);
    RDom r(-radius, 2 * radius + 1, -radius, 2 * radius + 1);
    const Expr distance = r.x * r.x + r.y * r.y;
    r.where(shape == 0 ? distance <= radius * radius :
            shape == 1 ? distance > 1 && distance <= radius * radius + 1 :
            shape == 2 ? r.y <= 0 :
                         r.x <= r.y);
    const Term near = workload.read(value, workload.moved(X, workload.here[X] + r.x, Y, workload.here[Y] + r.y));
    const double count = (2 * radius + 1) * (2 * radius + 1);
    if (workload.random.chance(40)) {
        Func most = workload.func("most");
        const std::vector<Var> vars = workload.vars(value.dims);
        most(vars) = constant(near, near.low).expr;
        most(vars) = max(most(vars), near.expr);
        workload.add_work(value.points() * count * 2);
        return workload.keep_func(most, value.dims, near.low, near.high);
    }
    const Value total = workload.sum_over("window_sum", value.dims, near, count);
    return workload.keep("window_mean", value.dims, scaled(workload.read(total, workload.here), 2 / count));
}

}  // namespace workloads
}  // namespace pipelines
