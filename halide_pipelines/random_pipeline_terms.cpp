// Random pipelines: numbers, conversions, and random arithmetic whose values stay in range.
#include "random_pipeline.h"

#include <algorithm>
#include <cmath>

using namespace Halide;

namespace pipelines {
namespace random_pipeline {

namespace {

constexpr int int_limit = 4096;
constexpr double float_limit = 16;

/// The power of two that brings `limit` down to at most `wanted`.
int shift_to(double limit, double wanted) {
    return limit <= wanted ? 0 : static_cast<int>(std::ceil(std::log2(limit / wanted)));
}

Term combine_ints(Random &random, const Term &a, const Term &b) {
    const Expr &x = a.expr, &y = b.expr;
    const double either = std::max(a.limit, b.limit);
    // The order in which C++ evaluates operands is open: all draws come before.
    const int kind = random.below(12), factor = random.between(-7, 7), small = random.between(1, 4);
    switch (kind) {
    case 0:
        return {x + y, a.limit + b.limit};
    case 1:
        return {x - y, a.limit + b.limit};
    case 2:
        return {x * y, a.limit * b.limit};
    case 3:
        return {min(x, y), either};
    case 4:
        return {max(x, y), either};
    case 5:
        return {cast<int>(absd(x, y)), a.limit + b.limit};
    case 6:
        return {select(x < y, x + 1, y - 1), either + 1};
    case 7:
        return {x / (cast<int>(abs(y)) % 16 + 1), a.limit};
    case 8:
        return {x ^ y, 2 * int_limit};
    case 9:
        return {clamp(x, min(y, 0), 100), either + 100};
    case 10:
        return {x % (13 * small + 9) + (y >> small), 61 + b.limit};
    default:
        return {x * factor + y * small, 7 * (a.limit + b.limit)};
    }
}

Term combine_floats(Random &random, const Term &a, const Term &b) {
    const Expr &x = a.expr, &y = b.expr;
    const double either = std::max(a.limit, b.limit);
    switch (random.below(12)) {
    case 0:
        return {x + y, a.limit + b.limit};
    case 1:
        return {x - y, a.limit + b.limit};
    case 2:
        return {x * y, a.limit * b.limit};
    case 3:
        return {min(x, y), either};
    case 4:
        return {max(x, y * 0.5f), either};
    case 5:
        return {x / (1.0f + abs(y)), a.limit};
    case 6:
        return {sqrt(abs(x) + 0.25f) - y, a.limit + b.limit + 1};
    case 7:
        return {select(x < y, x, x * 0.25f + y), a.limit + b.limit};
    case 8:
        // Written out: Halide 21 lowers lerp to operations that strict_float does not reach.
        return {x + (y - x) * clamp(x, 0.0f, 1.0f), 2 * a.limit + b.limit};
    case 9:
        return {exp(-abs(x)) + y, 1 + b.limit};
    case 10:
        return {floor(x * 4.0f) - abs(y), 4 * a.limit + b.limit + 1};
    default:
        return {x * 0.75f + y * 0.25f, either};
    }
}

Expr narrowed(Random &random, const Expr &value, double limit, Type type) {
    const double most = largest(type);
    const int shift = shift_to(limit, most);
    int way = random.below(4);
    if (way == 2 && shift == 0) {
        way = 0;
    }
    switch (way) {
    case 0:
        // Wraps. Not by the cast itself: Halide turns uint8(int32(f)) into uint8(f), which is undefined where f is beyond
        // 255 or negative, and whether the two casts meet depends on what gets inlined.
        return cast(type, cast(type.with_code(Type::UInt), value & ((1 << type.bits()) - 1)));
    case 1:
        return saturating_cast(type, value);
    case 2:
        return cast(type, value >> shift);
    default:
        return cast(type, clamp(value, type.is_uint() ? 0 : -static_cast<int>(most), static_cast<int>(most)));
    }
}

}  // namespace

Random::Random(uint64_t seed, uint64_t stream)
    : state(seed * 0x9e3779b97f4a7c15u + stream * 0xd1342543de82ef95u) {
    next();
}

uint64_t Random::next() {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int Random::below(int count) {
    return static_cast<int>((next() >> 32) % static_cast<uint64_t>(count));
}

int Random::between(int low, int high) {
    return low + below(high - low + 1);
}

bool Random::chance(int percent) {
    return below(100) < percent;
}

double largest(Type type) {
    if (type.is_float()) {
        return 1e6;
    }
    if (type.bits() >= 32) {
        return int_limit;
    }
    return std::ldexp(1.0, type.is_uint() ? type.bits() : type.bits() - 1) - (type.is_uint() ? 1 : 0);
}

Type random_type(Random &random) {
    return random.pick<Type>({UInt(8), UInt(8), Int(8), UInt(16), UInt(16), Int(16), Int(16), Int(32), Int(32), Int(32),
                              UInt(32), Int(64), UInt(1), Float(32), Float(32), Float(32), Float(32), Float(64)});
}

Term to_int(Random &random, const Term &term) {
    const Type type = term.expr.type();
    if (type.is_float()) {
        const double scale = std::exp2(std::floor(std::log2(int_limit / std::max(term.limit, 1.0))));
        return {cast<int>(term.expr * Internal::make_const(type, scale)), int_limit};
    }
    if (type.bits() > 32 || (type.is_uint() && type.bits() == 32)) {
        return {cast<int>(term.expr & Internal::make_const(type, int_limit - 1)), int_limit};
    }
    const Expr value = cast<int>(term.expr);
    if (term.limit <= int_limit) {
        return {value, term.limit};
    }
    switch (random.below(4)) {
    case 0:
        return {value % (int_limit - 3), int_limit};
    case 1:
        return {clamp(value, -int_limit, int_limit - 1), int_limit};
    case 2:
        return {value >> shift_to(term.limit, int_limit), int_limit};
    default:
        return {value & (int_limit - 1), int_limit};
    }
}

Term to_float(const Term &term) {
    const int shift = shift_to(term.limit, float_limit);
    const Type type = term.expr.type();
    // Unsigned values of 32 bits may be negative ones that wrapped.
    const bool may_wrap = type.is_uint() && type.bits() >= 32;
    const Expr number = may_wrap ? term.expr & Internal::make_const(type, int_limit - 1) : term.expr;
    const Expr value = type == Float(32) ? number : cast<float>(number);
    const Expr scaled = shift > 0 ? value * Internal::make_const(Float(32), std::ldexp(1.0, -shift)) : value;
    return {scaled, std::ldexp(term.limit, -shift)};
}

Term convert(Random &random, const Term &term, Type type) {
    if (type.is_float()) {
        const Term value = term.expr.type().is_float() && term.limit <= largest(type) ? term : to_float(term);
        return {cast(type, value.expr), value.limit};
    }
    // Integers of 32 bits may hold more than `to_int` leaves of them.
    const bool small = term.expr.type() == Int(32) && term.limit < std::ldexp(1.0, 30);
    const Term value = small ? term : to_int(random, term);
    if (type.is_bool()) {
        return {value.expr > random.between(0, 64), 1};
    }
    if (type.bits() < 32) {
        return {narrowed(random, value.expr, value.limit, type), largest(type)};
    }
    if (type == UInt(32)) {
        // Wraps. Not by the cast itself, as above: it may meet one from a negative float.
        return {cast(type, value.expr & 0x7fffffff), value.limit};
    }
    return {cast(type, value.expr), value.limit};
}

Term combine(Random &random, const std::vector<Term> &terms) {
    const bool in_floats = terms[0].expr.type().is_float() ? !random.chance(10) : random.chance(10);
    const auto take = [&](const Term &term) { return in_floats ? to_float(term) : to_int(random, term); };
    Term result = take(terms[0]);
    for (size_t i = 1; i < terms.size(); i++) {
        const Term other = take(terms[i]);
        result = in_floats ? combine_floats(random, to_float(result), other) :
                             combine_ints(random, to_int(random, result), other);
    }
    return result;
}

}  // namespace random_pipeline
}  // namespace pipelines
