// Operation histograms.
#ifndef HALIDE_SYS_OPERATIONS_H
#define HALIDE_SYS_OPERATIONS_H

#include <vector>

#include "Halide.h"
#include "json.h"

/// "int32", "uint8", "float64", "bool", "handle".
std::string type_name(const Halide::Type &type);

/// Writes `{type: {operation: count}}` for expressions evaluated together, common subexpressions counted once.
/// Loads and calls of Funcs are no operations: the accesses describe them.
void write_operations(Json &json, const std::vector<Halide::Expr> &exprs);

#endif
