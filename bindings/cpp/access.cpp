#include "access.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "estimates.h"
#include "tree_size.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

struct Rational {
    int64_t num = 0, den = 1;

    Rational reduced() const {
        const int64_t g = std::gcd(num, den);
        return g == 0 ? Rational{0, 1} : Rational{num / g, den / g};
    }
};

/// sum of coeffs[i] * loop[i] + offset; the offset is unknown when it depends on something without an estimate.
struct Affine {
    std::vector<Rational> coeffs;
    std::optional<int64_t> offset;
    bool clamped = false;

    bool invariant() const {
        for (const Rational &c : coeffs) {
            if (c.num != 0) {
                return false;
            }
        }
        return true;
    }
};

using MaybeAffine = std::optional<Affine>;

class Analysis {
    const std::vector<std::string> &loops;
    const LetValues &lets;
    // Expressions and Lets that use each other make more paths than nodes.
    mutable std::map<Expr, MaybeAffine, ExprCompare> known_nodes;
    mutable std::map<std::string, MaybeAffine> known_lets;

    MaybeAffine sum(const Expr &a, const Expr &b, int64_t sign) const {
        const MaybeAffine l = of(a), r = of(b);
        return l && r ? MaybeAffine(sum(*l, *r, sign)) : std::nullopt;
    }

    /// Both operands of a commutative operation, a loop-invariant one second; nothing where there is none.
    std::pair<MaybeAffine, MaybeAffine> invariant_second(const Expr &a, const Expr &b) const {
        MaybeAffine l = of(a), r = of(b);
        if (l && l->invariant()) {
            std::swap(l, r);
        }
        if (!l || !r || !r->invariant()) {
            return {};
        }
        return {l, r};
    }

    MaybeAffine product(const Expr &a, const Expr &b) const {
        auto [l, r] = invariant_second(a, b);
        if (!l) {
            return std::nullopt;
        }
        if (l->invariant()) {
            return constant(l->offset && r->offset ? std::optional(*l->offset * *r->offset) : std::nullopt);
        }
        if (!r->offset) {
            return std::nullopt;
        }
        for (Rational &c : l->coeffs) {
            c = Rational{c.num * *r->offset, c.den}.reduced();
        }
        l->offset = l->offset ? std::optional(*l->offset * *r->offset) : std::nullopt;
        return l;
    }

    MaybeAffine quotient(const Expr &a, const Expr &b) const {
        MaybeAffine l = of(a), r = of(b);
        if (!l || !r || !r->invariant()) {
            return std::nullopt;
        }
        if (l->invariant()) {
            return constant(std::nullopt);
        }
        if (!r->offset || *r->offset <= 0) {
            return std::nullopt;
        }
        for (Rational &c : l->coeffs) {
            c = Rational{c.num, c.den * *r->offset}.reduced();
        }
        l->offset = l->offset ? std::optional(div_imp(*l->offset, *r->offset)) : std::nullopt;
        return l;
    }

    /// min or max: a clamp where one side does not move with the loops.
    MaybeAffine clamp(const Expr &a, const Expr &b) const {
        auto [l, r] = invariant_second(a, b);
        if (!l) {
            return std::nullopt;
        }
        if (l->invariant()) {
            return constant(std::nullopt);
        }
        l->clamped = true;
        return l;
    }

    MaybeAffine invariant_or_unknown(const std::vector<Expr> &operands) const {
        for (const Expr &operand : operands) {
            const MaybeAffine a = of(operand);
            if (!a || !a->invariant()) {
                return std::nullopt;
            }
        }
        return constant(std::nullopt);
    }

    MaybeAffine variable(const std::string &name) const {
        Affine result = constant(0);
        for (size_t i = 0; i < loops.size(); i++) {
            if (loops[i] == name) {
                result.coeffs[i] = {1, 1};
                return result;
            }
        }
        const auto let = lets.find(name);
        if (let == lets.end()) {
            return constant(std::nullopt);
        }
        const auto known = known_lets.find(name);
        if (known != known_lets.end()) {
            return known->second;
        }
        return known_lets[name] = of(let->second);
    }

    MaybeAffine call(const Call *op) const {
        if (op->is_intrinsic({Call::likely, Call::likely_if_innermost, Call::promise_clamped,
                              Call::unsafe_promise_clamped})) {
            return of(op->args[0]);
        }
        return op->is_pure() && op->call_type != Call::Halide && op->call_type != Call::Image ?
                   invariant_or_unknown(op->args) :
                   std::nullopt;
    }

public:
    Analysis(const std::vector<std::string> &loops, const LetValues &lets)
        : loops(loops), lets(lets) {
    }

    Affine constant(std::optional<int64_t> offset) const {
        return {std::vector<Rational>(loops.size()), offset, false};
    }

    Affine sum(Affine l, const Affine &r, int64_t sign) const {
        for (size_t i = 0; i < loops.size(); i++) {
            Rational &c = l.coeffs[i];
            const Rational &d = r.coeffs[i];
            c = Rational{c.num * d.den + sign * d.num * c.den, c.den * d.den}.reduced();
        }
        l.offset = l.offset && r.offset ? std::optional(*l.offset + sign * *r.offset) : std::nullopt;
        l.clamped |= r.clamped;
        return l;
    }

    MaybeAffine of(const Expr &e) const {
        const auto before = known_nodes.find(e);
        return before != known_nodes.end() ? before->second : known_nodes[e] = of_node(e);
    }

private:
    MaybeAffine of_node(const Expr &e) const {
        if (const auto i = as_const_int(e)) {
            return constant(*i);
        } else if (const auto u = as_const_uint(e)) {
            return constant((int64_t)*u);
        } else if (e.as<FloatImm>()) {
            return constant(std::nullopt);
        } else if (const Variable *v = e.as<Variable>()) {
            return variable(v->name);
        } else if (const Add *op = e.as<Add>()) {
            return sum(op->a, op->b, 1);
        } else if (const Sub *op = e.as<Sub>()) {
            return sum(op->a, op->b, -1);
        } else if (const Mul *op = e.as<Mul>()) {
            return product(op->a, op->b);
        } else if (const Div *op = e.as<Div>()) {
            return quotient(op->a, op->b);
        } else if (const Min *op = e.as<Min>()) {
            return clamp(op->a, op->b);
        } else if (const Max *op = e.as<Max>()) {
            return clamp(op->a, op->b);
        } else if (const Mod *op = e.as<Mod>()) {
            return invariant_or_unknown({op->a, op->b});
        } else if (const Select *op = e.as<Select>()) {
            return invariant_or_unknown({op->condition, op->true_value, op->false_value});
        } else if (const Cast *op = e.as<Cast>()) {
            return op->type.is_float() || op->value.type().is_float() ? invariant_or_unknown({op->value}) :
                                                                        of(op->value);
        } else if (const Call *op = e.as<Call>()) {
            return call(op);
        }
        return std::nullopt;
    }
};

/// Takes a sum apart: adds up what is affine, and collects the rest.
class Sum {
    /// Beyond, sums of sums that share terms would have more terms than anybody reads.
    static constexpr size_t max_terms = 256;

    const Analysis &analysis;
    const LetValues &lets;
    size_t terms = 0;

public:
    Affine affine;
    std::vector<Expr> rest;

    Sum(const Analysis &analysis, const LetValues &lets)
        : analysis(analysis), lets(lets), affine(analysis.constant(0)) {
    }

    void add(const Expr &e, int64_t sign) {
        if (terms++ >= max_terms) {
            rest.push_back(e);
            return;
        }
        if (const MaybeAffine term = analysis.of(e)) {
            affine = analysis.sum(affine, *term, sign);
            return;
        }
        const Variable *v = e.as<Variable>();
        const auto let = v ? lets.find(v->name) : lets.end();
        if (const Add *op = e.as<Add>()) {
            add(op->a, sign);
            add(op->b, sign);
        } else if (const Sub *op = e.as<Sub>()) {
            add(op->a, sign);
            add(op->b, -sign);
        } else if (let != lets.end()) {
            add(let->second, sign);
        } else {
            rest.push_back(e);
        }
    }
};

/// Visits expressions, and the values of the Lets whose variables they mention.
class LetVisitor : public IRGraphVisitor {
    const LetValues &lets;

protected:
    using IRGraphVisitor::visit;

    void visit(const Variable *op) override {
        const auto let = lets.find(op->name);
        if (let != lets.end()) {
            include(let->second);
        }
    }

public:
    explicit LetVisitor(const LetValues &lets)
        : lets(lets) {
    }

    void visit_all(const std::vector<Expr> &exprs) {
        for (const Expr &e : exprs) {
            e.accept(this);
        }
    }
};

class FindData : public LetVisitor {
    using LetVisitor::visit;

    void visit(const Call *op) override {
        found |= op->call_type == Call::Halide || op->call_type == Call::Image;
        LetVisitor::visit(op);
    }

public:
    using LetVisitor::LetVisitor;
    bool found = false;
};

class FindFuncs : public LetVisitor {
    using LetVisitor::visit;

    void visit(const Call *op) override {
        if (op->call_type == Call::Halide) {
            found.insert(op->name);
        }
        LetVisitor::visit(op);
    }

public:
    using LetVisitor::LetVisitor;
    std::set<std::string> found;
};

class FindVariables : public LetVisitor {
    using LetVisitor::visit;

    void visit(const Variable *op) override {
        found.insert(op->name);
        LetVisitor::visit(op);
    }

public:
    using LetVisitor::LetVisitor;
    std::set<std::string> found;
};

}  // namespace

/// The expression in numbers as far as possible, without Lets unless it is too large for that.
static Expr known(const Expr &e) {
    const Expr estimated = substitute_estimates(e);
    return is_small_tree(estimated) ? simplify(substitute_in_all_lets(estimated)) : estimated;
}

bool depends_on_data(const std::vector<Expr> &exprs, const LetValues &lets) {
    FindData find(lets);
    find.visit_all(exprs);
    return find.found;
}

std::set<std::string> called_funcs(const Expr &e, const LetValues &lets) {
    FindFuncs find(lets);
    e.accept(&find);
    return find.found;
}

std::vector<size_t> loops_named(const std::set<std::string> &names, const std::vector<std::string> &loops) {
    std::vector<size_t> indices;
    for (size_t i = 0; i < loops.size(); i++) {
        if (names.count(loops[i])) {
            indices.push_back(i);
        }
    }
    return indices;
}

std::vector<size_t> loops_within(const std::vector<Expr> &exprs, const std::vector<std::string> &loops,
                                 const LetValues &lets) {
    FindVariables find(lets);
    find.visit_all(exprs);
    return loops_named(find.found, loops);
}

Addends addends(const Expr &e, const std::vector<std::string> &loops, const LetValues &lets) {
    const Analysis analysis(loops, lets);
    Sum sum(analysis, lets);
    sum.add(known(e), 1);
    Addends result{{}, sum.rest};
    const std::vector<size_t> others = loops_within(sum.rest, loops, lets);
    for (size_t l = 0; l < loops.size(); l++) {
        const Rational &c = sum.affine.coeffs[l];
        if (c.num != 0 && std::find(others.begin(), others.end(), l) == others.end()) {
            result.terms.push_back({l, c.num, c.den});
        }
    }
    return result;
}

bool write_access_row(Json &json, const Expr &e, const std::vector<std::string> &loops,
                      const LetValues &lets) {
    const MaybeAffine affine = Analysis(loops, lets).of(known(e));
    if (!affine) {
        json.null();
        return false;
    }
    json.object([&] {
        json.key("coeffs").array(affine->coeffs, [&](const Rational &c) {
            json.array([&] {
                json.value(c.num);
                json.value(c.den);
            });
        });
        json.key("offset");
        if (affine->offset) {
            json.value(*affine->offset);
        } else {
            json.null();
        }
        json.key("clamped").value(affine->clamped);
    });
    return true;
}
