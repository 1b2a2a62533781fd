// Random workloads: channels of images, pixel by pixel.
#include "kinds.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

std::vector<Term> channels_of(Workload &workload, const Value &value) {
    std::vector<Term> channels;
    for (int c = 0; c < 3; c++) {
        channels.push_back(workload.read(value, workload.moved(C, std::min(c, value.extent(C) - 1))));
    }
    return channels;
}

Term brightness_of(Workload &workload, const Value &value) {
    const std::vector<int> exact = {77, 150, 29}, quick = {1, 2, 1};
    return average(channels_of(workload, value), workload.random.chance(50) ? exact : quick);
}

/// One of the terms by the channel.
Term by_channel(Workload &workload, const std::vector<Term> &terms) {
    std::vector<Expr> values;
    double low = terms[0].low, high = terms[0].high;
    for (const Term &term : terms) {
        low = std::min(low, term.low);
        high = std::max(high, term.high);
        values.push_back(term.expr);
    }
    const Expr channel = workload.here[C];
    if (workload.random.chance(60)) {
        return {mux(channel, values), low, high};
    }
    return {Halide::select(channel == 0, values[0], channel == 1, values[1], values[2]), low, high};
}

Dims coloured(Workload &workload, const Value &value) {
    return workload.image_dims(value.extent(X), value.extent(Y), 3);
}

/// A curve through 0 and 1, embedded in the pipeline.
Buffer<float> curve_table(int count, double exponent) {
    Buffer<float> table({count}, Internal::unique_name("curve"));
    table.for_each_element([&](int i) { table(i) = static_cast<float>(std::pow(i / (count - 1.0), exponent)); });
    return table;
}

}  // namespace

Value colour_matrix(Workload &workload, const Value &value) {
    const std::vector<Term> in = channels_of(workload, value);
    std::vector<Term> out;
    for (int row = 0; row < 3; row++) {
        Term sum = scaled(in[row], 1.5);
        for (int column = 0; column < 3; column++) {
            sum = column == row ? sum : sum - scaled(in[column], 0.05 * workload.random.between(1, 6));
        }
        out.push_back(workload.random.chance(50) ? clamp(sum, in[0].low, in[0].high) : sum);
    }
    return workload.keep("corrected", coloured(workload, value), by_channel(workload, out));
}

Value channel_mux(Workload &workload, const Value &value) {
    const Term luma = brightness_of(workload, value);
    const std::vector<Term> in = channels_of(workload, value);
    const Value brightness = workload.keep("luma", without(value.dims, C), luma);
    if (workload.random.chance(40)) {
        workload.offer(brightness);
    }
    const Term bright = workload.read(brightness, workload.here);
    const Value opponents = workload.keep("opponents", coloured(workload, value),
                                          by_channel(workload, {bright, in[0] - bright, in[2] - bright}));
    if (workload.random.chance(40)) {
        return opponents;
    }
    // And back, with more colour.
    std::vector<Term> back = channels_of(workload, opponents);
    const Term red = back[0] + scaled(back[1], 1.25), blue = back[0] + scaled(back[2], 1.25);
    return workload.keep("saturated", opponents.dims,
                         by_channel(workload, {red, back[0] - average({back[1], back[2]}, {1, 1}), blue}));
}

Value channel_ratio(Workload &workload, const Value &value) {
    const Value brightness = workload.keep("luma", without(value.dims, C), brightness_of(workload, value));
    const Term bright = workload.read(brightness, workload.here), own = workload.read(value, workload.here);
    if (workload.random.chance(50)) {
        // Each channel by the brightness.
        const Value chroma = workload.keep("chroma", value.dims, ratio(own, bright));
        const Term tone = max(bright, constant(bright, bright.high / 8));
        const Term toned = workload.read(chroma, workload.here) * tone;
        return workload.keep("toned", value.dims, narrowed(toned, own.is_whole() ? 32767 : 8));
    }
    // Each channel by the last one, say one of alpha.
    const Term last = workload.read(value, workload.moved(C, value.extent(C) - 1));
    return workload.keep("unpremultiplied", value.dims, ratio(own, last));
}

Value curve(Workload &workload, const Value &value) {
    const int count = workload.random.pick<int>({64, 256, 256, 1024, 4096});
    const Term own = workload.read(value, workload.here);
    const double exponent = workload.random.pick<double>({0.45, 0.8, 2.2});
    Func table = workload.func("table");
    const Var entry("entry");
    if (workload.random.chance(50)) {
        table(entry) = curve_table(count, exponent)(Halide::clamp(entry, 0, count - 1));
    } else {
        const Expr part = Halide::clamp(cast<float>(entry) / (count - 1), 0.0f, 1.0f);
        table(entry) = workload.random.chance(50) ? fast_pow(part + 0.001f, static_cast<float>(exponent)) :
                                                    part * part * (3.0f - 2.0f * part);
    }
    const Dims entries = {{X, count}};
    Value curve = workload.keep_func(table, entries, 0, 2);
    if (own.is_whole()) {
        const Term filled = {cast<int>(Halide::clamp(table(workload.here[X]), 0.0f, 1.0f) * 255.0f), 0, 255};
        curve = workload.keep("levels", entries, filled);
    }
    const Expr index = index_of(own, count);
    const Term first = workload.read(curve, workload.moved(X, index));
    if (own.is_whole() || workload.random.chance(50)) {
        return workload.keep("mapped", value.dims, first);
    }
    const Term next = workload.read(curve, workload.moved(X, Halide::min(index + 1, count - 1)));
    const Expr part = Halide::clamp(unit(own, workload.style.real).expr, 0, 1) * (count - 1);
    return workload.keep("mapped", value.dims, mix(first, next, part - Halide::floor(part)));
}

}  // namespace workloads
}  // namespace pipelines
