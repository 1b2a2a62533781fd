// Operation histograms.
#ifndef HALIDE_SYS_OPERATIONS_H
#define HALIDE_SYS_OPERATIONS_H

#include <string>
#include <vector>

#include "Halide.h"
#include "json.h"

/// "int32", "uint8", "float64", "bool", "handle".
std::string type_name(const Halide::Type &type);

/// Writes `[{loops, counts: {type: {operation: count}}}]` for expressions evaluated together in a stage's loops: groups of
/// operations by the loops, in ascending order, that their values depend on; common subexpressions counted once.
/// Loads and calls of Funcs are no operations: the accesses describe them. `updated` is the Func that the stage updates, whose
/// values change from iteration to iteration; empty for a pure definition.
void write_operations(Json &json, const std::vector<Halide::Expr> &exprs, const std::vector<std::string> &loops,
                      const std::string &updated);

#endif
