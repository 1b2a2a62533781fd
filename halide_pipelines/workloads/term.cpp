// Random workloads: expressions with ranges.
#include "term.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace workloads {

namespace {

Expr number(Type type, double value) {
    return Internal::make_const(type, value);
}

/// The fewest halvings that bring `peak` down to `limit`.
int shift_to(double peak, double limit) {
    int shift = 0;
    while (std::ldexp(peak, -shift) > limit) {
        shift++;
    }
    return shift;
}

/// A whole term without its lowest bits.
Term shifted(const Term &term, int shift) {
    return {term.expr >> shift, std::floor(std::ldexp(term.low, -shift)), std::floor(std::ldexp(term.high, -shift))};
}

/// Shifts both operands of a sum alike, if it could overflow.
void make_room(Term &a, Term &b) {
    const int shift = shift_to(std::max(a.peak(), b.peak()), whole_limit / 2);
    if (a.is_whole() && shift > 0) {
        a = shifted(a, shift);
        b = shifted(b, shift);
    }
}

}  // namespace

double Term::peak() const {
    return std::max(std::abs(low), std::abs(high));
}

Term constant(const Term &like, double value) {
    const double exact = like.is_whole() ? std::round(value) : value;
    return {number(like.expr.type(), exact), exact, exact};
}

Term narrowed(const Term &term, double limit) {
    const int shift = shift_to(term.peak(), limit);
    if (shift == 0 || term.is_whole()) {
        return shift == 0 ? term : shifted(term, shift);
    }
    const double factor = std::ldexp(1.0, -shift);
    return {term.expr * number(term.expr.type(), factor), term.low * factor, term.high * factor};
}

Term operator+(const Term &first, const Term &second) {
    Term a = first, b = second;
    make_room(a, b);
    return {a.expr + b.expr, a.low + b.low, a.high + b.high};
}

Term operator-(const Term &first, const Term &second) {
    Term a = first, b = second;
    make_room(a, b);
    return {a.expr - b.expr, a.low - b.high, a.high - b.low};
}

Term operator*(const Term &first, const Term &second) {
    Term a = first, b = second;
    if (a.is_whole() && a.peak() * b.peak() > whole_limit) {
        // The smaller one stays as it is, unless both are large.
        const double smaller = std::min(a.peak(), b.peak());
        a = narrowed(a, std::max(std::sqrt(whole_limit), whole_limit / smaller));
        b = narrowed(b, whole_limit / std::max(a.peak(), 1.0));
    }
    const auto [low, high] = std::minmax({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
    return {a.expr * b.expr, low, high};
}

Term min(const Term &a, const Term &b) {
    return {Halide::min(a.expr, b.expr), std::min(a.low, b.low), std::min(a.high, b.high)};
}

Term max(const Term &a, const Term &b) {
    return {Halide::max(a.expr, b.expr), std::max(a.low, b.low), std::max(a.high, b.high)};
}

Term abs(const Term &a) {
    return {cast(a.expr.type(), Halide::abs(a.expr)), 0, a.peak()};
}

Term clamp(const Term &a, double low, double high) {
    return min(max(a, constant(a, low)), constant(a, high));
}

Term select(const Expr &condition, const Term &a, const Term &b) {
    return {Halide::select(condition, a.expr, b.expr), std::min(a.low, b.low), std::max(a.high, b.high)};
}

Term scaled(const Term &a, double factor) {
    if (!a.is_whole()) {
        return a * constant(a, factor);
    }
    const double fixed = std::round(factor * 256);
    const Term product = narrowed(a, whole_limit / std::max(std::abs(fixed), 1.0)) * constant(a, fixed);
    return {product.expr >> 8, std::floor(product.low / 256), std::floor(product.high / 256)};
}

Term average(const std::vector<Term> &terms, const std::vector<int> &weights) {
    int total = 0;
    for (int weight : weights) {
        total += weight;
    }
    Term sum;
    for (size_t i = 0; i < terms.size(); i++) {
        const Term each = narrowed(terms[i], whole_limit / (2 * total));
        const Term part = weights[i] == 1 ? each : each * constant(each, weights[i]);
        sum = i == 0 ? part : sum + part;
    }
    if (!sum.is_whole()) {
        return {sum.expr * number(sum.expr.type(), 1.0 / total), sum.low / total, sum.high / total};
    }
    return {(sum.expr + total / 2) / total, std::floor(sum.low / total), std::ceil(sum.high / total)};
}

Term mix(const Term &a, const Term &b, const Expr &weight) {
    const Term from = narrowed(a, 1 << 20), to = narrowed(b, 1 << 20);
    const double low = std::min(from.low, to.low), high = std::max(from.high, to.high);
    if (!a.is_whole()) {
        return {from.expr + (to.expr - from.expr) * cast(from.expr.type(), weight), low, high};
    }
    const Expr fixed = cast<int>(weight * number(weight.type(), 256));
    return {from.expr + (((to.expr - from.expr) * fixed) >> 8), low, high};
}

Term ratio(const Term &a, const Term &b) {
    const Term size = abs(b);
    if (!a.is_whole()) {
        const Expr part = a.expr / (size.expr + number(a.expr.type(), 0.125));
        return {part, std::min(0.0, a.low * 8), std::max(0.0, a.high * 8)};
    }
    const Term upper = narrowed(a, 1 << 20);
    return {upper.expr * 256 / (size.expr + 16), std::min(0.0, upper.low * 16), std::max(0.0, upper.high * 16)};
}

Term unit(const Term &term, Type real) {
    const double peak = std::max(term.peak(), 1e-6);
    const Expr value = cast(real, term.expr);
    return {peak == 1 ? value : value * number(real, 1 / peak), term.low / peak, term.high / peak};
}

Expr index_of(const Term &term, int count) {
    if (term.is_whole()) {
        const Term fine = narrowed(term, whole_limit / 2 / count);
        const int span = std::max(1, static_cast<int>(fine.high - fine.low) + 1);
        const Expr place = (fine.expr - static_cast<int>(fine.low)) * count / span;
        return Halide::clamp(place, 0, count - 1);
    }
    const Type type = term.expr.type();
    const double span = std::max(term.high - term.low, 1e-6);
    const Expr place = (term.expr - number(type, term.low)) * number(type, count / span);
    // In floats, so that no value is out of range when it becomes an integer.
    return cast<int>(Halide::clamp(place, number(type, 0), number(type, count - 1)));
}

Term stored(const Term &term, Type type) {
    if (type.is_float()) {
        const Term fitting = term.is_whole() ? unit(term, Float(32)) : narrowed(term, type.bits() == 16 ? 30000 : 1e6);
        return {cast(type, fitting.expr), fitting.low, fitting.high};
    }
    const double least = type.is_uint() ? 0 : -std::ldexp(1.0, type.bits() - 1);
    const double most = std::ldexp(1.0, type.bits() - (type.is_uint() ? 0 : 1)) - 1;
    if (term.is_whole()) {
        const double low = std::max(term.low, least), high = std::min(term.high, most);
        const bool fits = low == term.low && high == term.high;
        const Expr value = fits ? cast(type, term.expr) : saturating_cast(type, term.expr);
        return {value, std::min(low, most), std::max(high, least)};
    }
    const double white = std::min(most, 65535.0);
    const Term clamped = clamp(term, type.is_uint() ? 0 : -1, 1);
    const Expr wide = clamped.expr * number(clamped.expr.type(), white);
    return {cast(type, type.is_uint() ? wide + number(wide.type(), 0.5) : wide), std::ceil(clamped.low * white), white};
}

Term loaded(const Expr &value, double low, double high, bool as_whole, Type real) {
    const Type type = value.type();
    if (!as_whole) {
        const Term given = {cast(real, value), low, high};
        return type.is_float() ? given : unit(given, real);
    }
    if (!type.is_float()) {
        return narrowed({cast<int>(value), low, high}, 65536);
    }
    const Expr wide = cast<float>(value);
    const float least = low < 0 ? -1.0f : 0.0f;
    return {cast<int>(Halide::clamp(wide, least, 1.0f) * 255.0f), least * 255, 255};
}

}  // namespace workloads
}  // namespace pipelines
