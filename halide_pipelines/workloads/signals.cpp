// Random workloads: one dimension, as of sound, and small vectors.
#include "kinds.h"

#include <algorithm>

using namespace Halide;

namespace pipelines {
namespace workloads {

Value signal_filter(Workload &workload, const Value &value) {
    Value last = value;
    for (int links = workload.steps(1, 4); links > 0; links--) {
        const int taps = workload.random.pick<int>({3, 8, 16, 31});
        const bool halves = workload.random.chance(20) && last.extent(X) > 64;
        const Dims dims = halves ? Dims{{X, last.extent(X) / 2}} : last.dims;
        const Value weights = workload.array(workload.style.whole ? Int(8) : workload.style.kept, {{X, taps}});
        const RDom r(0, taps);
        const Expr at = workload.here[X] * (halves ? 2 : 1) + r - taps / 2;
        const Term each = narrowed(workload.read(last, workload.moved(X, at)), workload.style.whole ? 4096 : 16) *
                          workload.read(weights, workload.moved(X, r));
        const Value sum = workload.sum_over("filtered", dims, each, taps);
        last = workload.keep("filter", dims, scaled(workload.read(sum, workload.here), 2.0 / taps));
    }
    return last;
}

Value signal_recursion(Workload &workload, const Value &value) {
    // Two poles inside the unit circle; in integers, one.
    const int count = value.extent(X);
    const Term own = workload.read(value, workload.here);
    Func func = workload.func("resonant");
    const Expr x = workload.here[X];
    func(workload.vars(value.dims)) = own.expr;
    const RDom r(2, std::max(count - 2, 1));
    if (own.is_whole()) {
        func(r) = (func(r) + func(r - 1) * 7) >> 3;
    } else {
        const auto number = [&](double factor) { return Internal::make_const(own.expr.type(), factor); };
        func(r) = func(r) * number(0.25) + func(r - 1) * number(1.0) - func(r - 2) * number(0.375);
    }
    workload.add_work(value.points() * 8);
    const double gain = own.is_whole() ? 1 : 16;
    const Value resonant = workload.keep_func(func, value.dims, own.low * gain - 1, own.high * gain + 1);
    if (workload.random.chance(50)) {
        return resonant;
    }
    // Followed by an envelope: up at once, down slowly.
    Func envelope = workload.func("envelope");
    const RDom e(1, std::max(count - 1, 1));
    const Term loud = abs(workload.read(resonant, workload.moved(X, x)));
    envelope(workload.vars(value.dims)) = loud.expr;
    const Expr before = envelope(e - 1);
    const Expr faded = loud.is_whole() ? before - (before >> 4) : before * Internal::make_const(before.type(), 0.9375);
    envelope(e) = Halide::max(envelope(e), faded);
    workload.offer(resonant);
    return workload.keep_func(envelope, value.dims, 0, loud.high);
}

Value signal_windows(Workload &workload, const Value &value) {
    // Energy of windows that overlap, then each sample by that of its window.
    const int hop = workload.random.pick<int>({16, 64, 256}), size = hop * workload.random.between(1, 3);
    const int count = std::max(1, value.extent(X) / hop);
    const RDom r(0, size);
    const Term sample = workload.read(value, workload.moved(X, workload.here[X] * hop + r));
    const Term each = narrowed(sample, workload.style.whole ? 1024 : 16);
    const Term energetic = workload.random.chance(60) ? each * each : abs(each);
    const Value energy = workload.sum_over("energy", {{X, count}}, energetic, size);
    if (workload.random.chance(40)) {
        return workload.keep("loudness", energy.dims, workload.read(energy, workload.here));
    }
    const Expr window = Halide::clamp(workload.here[X] / hop, 0, count - 1);
    const Term loud = workload.read(energy, workload.moved(X, window));
    return workload.keep("levelled", value.dims, ratio(workload.read(value, workload.here), loud));
}

Value signal_table(Workload &workload, const Value &value) {
    const int count = workload.random.pick<int>({16, 256, 1024});
    const Value table = workload.array(workload.style.whole ? UInt(8) : workload.style.kept, {{X, count}});
    const Expr index = index_of(workload.read(value, workload.here), count);
    const Term first = workload.read(table, workload.moved(X, index));
    const Term next = workload.read(table, workload.moved(X, (index + 1) % count));
    return workload.keep("looked_up", value.dims, workload.random.chance(50) ? first : average({first, next}, {3, 1}));
}

Value small_matvec(Workload &workload, const Value &value) {
    // As many columns as fit a small matrix; the vector is the start of the signal.
    const int columns = std::min(workload.random.pick<int>({16, 64, 200}), value.extent(X));
    const int rows = std::max(8, value.extent(X) / columns * 8);
    const bool along_rows = workload.random.chance(50);
    const Dims dims = along_rows ? Dims{{Y, columns}, {X, rows}} : Dims{{X, rows}, {Y, columns}};
    const Value matrix = workload.array(workload.style.whole ? Int(8) : workload.style.kept, dims);
    const RDom k(0, columns);
    const Term each = narrowed(workload.read(value, workload.moved(X, k)), workload.style.whole ? 4096 : 16) *
                      workload.read(matrix, workload.moved(Y, k));
    const Value sum = workload.sum_over("matvec", {{X, rows}}, each, columns);
    return workload.keep("vector", sum.dims, scaled(workload.read(sum, workload.here), 4.0 / columns));
}

}  // namespace workloads
}  // namespace pipelines
