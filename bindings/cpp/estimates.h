// Replaces parameters and buffer bounds by their estimates.
#ifndef HALIDE_SYS_ESTIMATES_H
#define HALIDE_SYS_ESTIMATES_H

#include <string>

#include "Halide.h"

/// The expression with every scalar parameter, and every min and extent of an input, an embedded image or an output
/// buffer, replaced by its estimate (or its constraint, or the image's own bounds). What has no estimate stays.
Halide::Expr substitute_estimates(const Halide::Expr &e);

/// How an error message should name a variable that has no estimate: "scalar input 'sigma'",
/// "the extent of dimension 0 of input 'image'".
std::string describe_parameter(const Halide::Internal::Variable *v);

#endif
