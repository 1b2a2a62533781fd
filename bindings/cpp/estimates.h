// Replaces parameters and buffer bounds by their estimates.
#ifndef HALIDE_SYS_ESTIMATES_H
#define HALIDE_SYS_ESTIMATES_H

#include <optional>
#include <string>

#include "Halide.h"

/// The expression with every scalar parameter, and every min and extent of an input, an embedded image or an output
/// buffer, replaced by what is expected of it (or the image's own bounds). What has no estimate stays.
Halide::Expr substitute_estimates(const Halide::Expr &e);

/// The min and the extent of a dimension of a buffer: what it is constrained to where that is a number, else the estimate, else
/// the constraint; undefined where there is none of these.
Halide::Expr expected_min(const Halide::Parameter &param, int dim);
Halide::Expr expected_extent(const Halide::Parameter &param, int dim);

/// A constant in decimal digits that tell it apart from all others of its type; nothing for another expression, or none.
std::optional<std::string> constant_text(const Halide::Expr &e);

/// A value that stands in for an estimate, and where it is from, in words.
struct AssumedValue {
    double value;
    const char *reason;
};

/// What to plan for where a scalar parameter has no estimate: its default, its value at the moment, the middle of its range, or 1.
AssumedValue assume_value(const Halide::Parameter &scalar);

/// How a warning should name it: "scalar input 'sigma' is taken as 1, ...".
std::string describe_assumption(const Halide::Parameter &scalar, const AssumedValue &assumed);

/// Whether an expression depends on parameters, or on the bounds of a buffer.
bool mentions_inputs(const Halide::Expr &e);

/// How an error message should name a field of a buffer that has no estimate: "the extent of dimension 0 of input 'image'".
std::string describe_parameter(const Halide::Internal::Variable *v);

#endif
