#include "trusted.h"

#include "tree_size.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

/// An expression with the values of Lets in it, which may use other Lets; undefined when that makes it large.
Expr within_lets(Expr e, const LetValues &lets) {
    Scope<> names;
    for (const auto &[name, value] : lets) {
        names.push(name);
    }
    while (is_small_tree(e) && expr_uses_vars(e, names)) {
        e = substitute(lets, e);
    }
    return is_small_tree(e) ? e : Expr();
}

/// Whether an expression has values within the same bounds whatever values Funcs have.
bool is_bounded_anyway(const Expr &e, const Scope<Interval> &scope, const FuncValueBounds &value_bounds) {
    const Interval told = bounds_of_expr_in_scope(e, scope, value_bounds);
    const Interval anyway = bounds_of_expr_in_scope(e, scope, FuncValueBounds());
    return (!told.has_lower_bound() || (anyway.has_lower_bound() && can_prove(anyway.min >= told.min))) &&
           (!told.has_upper_bound() || (anyway.has_upper_bound() && can_prove(anyway.max <= told.max)));
}

}  // namespace

std::set<std::string> trusted_funcs(const std::vector<Expr> &exprs, const Scope<Interval> &scope,
                                    const FuncValueBounds &value_bounds, const LetValues &lets) {
    std::set<std::string> trusted;
    for (const Expr &e : exprs) {
        const std::set<std::string> called = called_funcs(e, lets);
        if (called.empty()) {
            continue;
        }
        const Expr whole = within_lets(e, lets);
        if (!whole.defined() || !is_bounded_anyway(whole, scope, value_bounds)) {
            trusted.insert(called.begin(), called.end());
        }
    }
    return trusted;
}
