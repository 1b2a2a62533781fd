// Whether a boundary condition keeps what is read inside of an input.
#ifndef HALIDE_SYS_INSIDE_H
#define HALIDE_SYS_INSIDE_H

#include "Halide.h"

/// The coordinates of one dimension of an input.
struct InputDimension {
    Halide::Expr min, extent;
};

/// Whether all of an interval lies inside of an input, whatever the bounds of loops and the sizes of buffers are, as long as
/// the input is not empty.
bool lies_inside(const Halide::Internal::Interval &read, const InputDimension &input);

/// What a Func only hands on, coordinate by coordinate, as the Func of an ImageParam does; null for other Funcs.
const Halide::Internal::Call *handed_on(const Halide::Internal::Function &f);

#endif
