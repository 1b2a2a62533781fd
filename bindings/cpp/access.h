// Access matrices: how the coordinates of a load or a store depend on the loops of a stage.
#ifndef HALIDE_SYS_ACCESS_H
#define HALIDE_SYS_ACCESS_H

#include <map>
#include <set>
#include <string>
#include <vector>

#include "Halide.h"
#include "json.h"

/// Values of the variables that Lets in a definition bind.
using LetValues = std::map<std::string, Halide::Expr>;

/// Whether expressions within Lets load something.
bool depends_on_data(const std::vector<Halide::Expr> &exprs, const LetValues &lets);

/// Names of the Funcs that an expression within Lets calls.
std::set<std::string> called_funcs(const Halide::Expr &e, const LetValues &lets);

/// Indices of the loops that have one of these names, in increasing order.
std::vector<size_t> loops_named(const std::set<std::string> &names, const std::vector<std::string> &loops);

/// Indices of the loops that expressions within Lets mention, in increasing order.
std::vector<size_t> loops_within(const std::vector<Halide::Expr> &exprs, const std::vector<std::string> &loops,
                                 const LetValues &lets);

/// Writes one row of an access matrix: the coordinate `e` as `{coeffs: [[numerator, denominator], one per loop],
/// offset: integer or null, clamped: whether a min or max by a loop-invariant bounds it}`, or null when the coordinate
/// is no affine function of the loops (data-dependent, a product of loops, ...). Division rounds down, so a
/// denominator other than 1 means a floor. `e` may use the variables of `lets`, the Lets around it. Returns whether the
/// coordinate is affine.
bool write_access_row(Json &json, const Halide::Expr &e, const std::vector<std::string> &loops,
                      const LetValues &lets);

/// A coordinate that is no affine function of the loops, as a sum.
struct Addends {
    /// A loop and its coefficient, numerator and denominator; only of loops that the rest does not mention.
    struct Term {
        size_t loop;
        int64_t num, den;
    };
    std::vector<Term> terms;
    /// What is not affine.
    std::vector<Halide::Expr> rest;
};

/// What loops add to a coordinate that is not affine. `e` may use the variables of `lets`, the Lets around it.
Addends addends(const Halide::Expr &e, const std::vector<std::string> &loops, const LetValues &lets);

#endif
