// Loops that expressions compare with constants: those that a select or `mux` between channels goes by.
#ifndef HALIDE_SYS_COMPARISONS_H
#define HALIDE_SYS_COMPARISONS_H

#include <string>
#include <vector>

#include "Halide.h"

/// Indices of these loops, in increasing order.
std::vector<size_t> compared_loops(const std::vector<Halide::Expr> &exprs, const std::vector<std::string> &loops);

#endif
