// Which values keep expressions within bounds.
#ifndef HALIDE_SYS_TRUSTED_H
#define HALIDE_SYS_TRUSTED_H

#include <set>
#include <string>
#include <vector>

#include "Halide.h"
#include "access.h"

/// Funcs that expressions call and whose values keep them within the bounds that Halide works out for them: were these values
/// any at all, as those of unwritten memory are, the expressions might leave those bounds. `clamp(f(x), 0, 9)` trusts nothing,
/// `f(x)` trusts f. `scope` has the bounds of variables; `exprs` may use the variables of `lets`, the Lets around them.
std::set<std::string> trusted_funcs(const std::vector<Halide::Expr> &exprs,
                                    const Halide::Internal::Scope<Halide::Internal::Interval> &scope,
                                    const Halide::Internal::FuncValueBounds &value_bounds, const LetValues &lets);

#endif
