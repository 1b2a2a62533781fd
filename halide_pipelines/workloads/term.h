// Expressions with the range of their values, for random workloads: what keeps each of them well-defined.
//
// A term is whole (int32) or real (float32 or float64). Operators on whole terms give up low bits where the result could
// leave 31 bits, as people do in fixed point; a whole and a real term do not meet.
#pragma once

#include <Halide.h>

#include <vector>

namespace pipelines {
namespace workloads {

struct Term {
    Halide::Expr expr;
    double low, high;

    bool is_whole() const {
        return expr.type().is_int();
    }
    /// The largest magnitude.
    double peak() const;
};

/// Magnitudes that whole terms stay within.
constexpr double whole_limit = 1 << 30;

/// A constant beside `like`: as it is if real, else rounded.
Term constant(const Term &like, double value);
/// A whole term shifted until its magnitude is at most `limit`; a real one scaled likewise by a power of two.
Term narrowed(const Term &term, double limit);
Term operator+(const Term &a, const Term &b);
Term operator-(const Term &a, const Term &b);
Term operator*(const Term &a, const Term &b);
Term min(const Term &a, const Term &b);
Term max(const Term &a, const Term &b);
Term abs(const Term &a);
Term clamp(const Term &a, double low, double high);
Term select(const Halide::Expr &condition, const Term &a, const Term &b);
/// `a` times a constant, which is rounded to 8 binary places if `a` is whole.
Term scaled(const Term &a, double factor);
/// The mean of terms by positive weights.
Term average(const std::vector<Term> &terms, const std::vector<int> &weights);
/// `a` where `weight`, a real in [0, 1], is 0, and `b` where it is 1.
Term mix(const Term &a, const Term &b, const Halide::Expr &weight);
/// `a` over the magnitude of `b` plus a little: at most 8 times as large as `a`, if that is real.
Term ratio(const Term &a, const Term &b);
/// Mapped to a real in [0, 1], or [-1, 1] if it may be negative.
Term unit(const Term &term, Halide::Type real);
/// An index in [0, count), spread over the range of the term.
Halide::Expr index_of(const Term &term, int count);
/// As an integer or float of the type, saturated if it does not fit. Reals in [0, 1] fill integers.
Term stored(const Term &term, Halide::Type type);
/// What may be read from something stored: whole or real.
Term loaded(const Halide::Expr &value, double low, double high, bool as_whole, Halide::Type real);

}  // namespace workloads
}  // namespace pipelines
