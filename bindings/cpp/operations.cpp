#include "operations.h"

#include <map>
#include <set>
#include <utility>

using namespace Halide;
using namespace Halide::Internal;

namespace {

using Histogram = std::map<std::string, std::map<std::string, int>>;

/// What the value of an expression depends on.
struct Dependence {
    std::set<size_t> loops;
    bool loads = false;

    void add(const Dependence &other) {
        loops.insert(other.loops.begin(), other.loops.end());
        loads |= other.loads;
    }
    bool varies() const {
        return loads || !loops.empty();
    }
};

class Dependences : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    // Memory that is written meanwhile.
    const std::string &updated;
    Dependence everything;
    std::map<std::string, Dependence> variables;
    std::map<Expr, Dependence, ExprCompare> known;
    Dependence found;

    void include(const Expr &e) override {
        found.add(of(e));
    }

    void visit(const Variable *op) override {
        const auto variable = variables.find(op->name);
        if (variable != variables.end()) {
            found.add(variable->second);
        } else if (!op->param.defined()) {
            found.add(everything);
        }
    }
    void visit(const Call *op) override {
        found.loads |= op->call_type == Call::Halide || op->call_type == Call::Image;
        const bool read_only = op->name != updated && (op->call_type == Call::Halide || op->is_pure());
        if (!read_only) {
            found.add(everything);
        }
        IRGraphVisitor::visit(op);
    }
    void visit(const Let *op) override {
        variables[op->name] = of(op->value);
        include(op->body);
    }

public:
    Dependences(const std::vector<std::string> &loops, const std::string &updated)
        : updated(updated) {
        for (size_t i = 0; i < loops.size(); i++) {
            variables[loops[i]].loops = {i};
            everything.add(variables[loops[i]]);
        }
        everything.loads = true;
    }

    const Dependence &of(const Expr &e) {
        const auto before = known.find(e);
        if (before != known.end()) {
            return before->second;
        }
        const Dependence outer = std::exchange(found, {});
        e.accept(this);
        return known[e] = std::exchange(found, outer);
    }
};

class Count : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    Dependences dependences;

    /// What does not vary is computed once, outside of all loops.
    void include(const Expr &e) override {
        if (dependences.of(e).varies()) {
            IRGraphVisitor::include(e);
        }
    }

    template<typename Node>
    void count(const Node *op, const char *operation, const Type &type) {
        histograms[dependences.of(op).loops][type_name(type)][operation]++;
        IRGraphVisitor::visit(op);
    }

    void visit(const Add *op) override {
        count(op, "add", op->type);
    }
    void visit(const Sub *op) override {
        count(op, "add", op->type);
    }
    void visit(const Mul *op) override {
        count(op, "mul", op->type);
    }
    void visit(const Div *op) override {
        if (as_const_float(op->b)) {
            // Halide multiplies by the reciprocal.
            count(op, "mul", op->type);
            return;
        }
        count(op, divided_by(op->b), op->type);
    }
    void visit(const Mod *op) override {
        count(op, divided_by(op->b), op->type);
    }
    void visit(const Min *op) override {
        count(op, "min_max", op->type);
    }
    void visit(const Max *op) override {
        count(op, "min_max", op->type);
    }
    void visit(const EQ *op) override {
        count(op, "compare", op->a.type());
    }
    void visit(const NE *op) override {
        count(op, "compare", op->a.type());
    }
    void visit(const LT *op) override {
        count(op, "compare", op->a.type());
    }
    void visit(const LE *op) override {
        count(op, "compare", op->a.type());
    }
    void visit(const GT *op) override {
        count(op, "compare", op->a.type());
    }
    void visit(const GE *op) override {
        count(op, "compare", op->a.type());
    }
    void visit(const And *op) override {
        count(op, "logic", op->type);
    }
    void visit(const Or *op) override {
        count(op, "logic", op->type);
    }
    void visit(const Not *op) override {
        count(op, "logic", op->type);
    }
    void visit(const Select *op) override {
        count(op, "select", op->type);
    }
    void visit(const Cast *op) override {
        count(op, "cast", wider(op->value.type(), op->type));
    }
    void visit(const Call *op) override {
        if (op->call_type == Call::Halide || op->call_type == Call::Image ||
            op->is_intrinsic({Call::likely, Call::likely_if_innermost, Call::promise_clamped,
                              Call::unsafe_promise_clamped})) {
            IRGraphVisitor::visit(op);
        } else if (op->is_intrinsic({Call::widening_add, Call::widening_sub})) {
            widening(op, "add", 2);
        } else if (op->is_intrinsic({Call::widen_right_add, Call::widen_right_sub})) {
            widening(op, "add", 1);
        } else if (op->is_intrinsic({Call::widening_mul, Call::widen_right_mul})) {
            widening(op, "mul", 1);
        } else if (op->is_intrinsic(Call::lerp)) {
            interpolation(op);
        } else if (op->is_intrinsic(Call::saturating_cast)) {
            count(op, "cast", wider(op->args[0].type(), op->type));
        } else {
            count(op, op->is_extern() ? external(op->name) : "intrinsic", op->type);
        }
    }

    /// An operation and conversions of some operands.
    void widening(const Call *op, const char *operation, int conversions) {
        histograms[dependences.of(op).loops][type_name(op->type)]["cast"] += conversions;
        count(op, operation, op->type);
    }

    /// `a * (1 - w) + b * w`, of integers in twice their bits.
    void interpolation(const Call *op) {
        const Type type = op->type.is_float() || op->type.bits() > 32 ? op->type : op->type.widen();
        Histogram &histogram = histograms[dependences.of(op).loops];
        for (const char *operation : {"add", "mul"}) {
            histogram[type_name(type)][operation] += 2;
        }
        IRGraphVisitor::visit(op);
    }

    static Type wider(const Type &a, const Type &b) {
        return a.bits() > b.bits() ? a : b;
    }

    /// How Halide divides by something, or takes the remainder: by a shift or a mask, by multiplications, or by a division.
    static const char *divided_by(const Expr &e) {
        if (is_const_power_of_two_integer(e)) {
            return "intrinsic";
        }
        return as_const_int(e) || as_const_uint(e) ? "div_by_constant" : "div";
    }

    /// How a function with a symbol of its own is computed (Halide's CodeGen_LLVM): with vector instructions, with Halide's
    /// polynomials in vectors, or by a call for each lane.
    static const char *external(const std::string &name) {
        static const std::set<std::string> instructions = {"floor", "ceil", "round", "trunc", "is_nan", "is_inf",
                                                           "is_finite", "fast_inverse", "fast_inverse_sqrt"};
        static const std::set<std::string> polynomials = {"exp_f32", "log_f32", "pow_f32"};
        const std::string function = name.substr(0, name.rfind("_f"));
        if (instructions.count(function)) {
            return "intrinsic";
        }
        return function == "sqrt" ? "sqrt" : polynomials.count(name) ? "math" : "call";
    }

public:
    /// By the loops that operations depend on.
    std::map<std::set<size_t>, Histogram> histograms;

    Count(const std::vector<std::string> &loops, const std::string &updated)
        : dependences(loops, updated) {
    }

    void expression(const Expr &e) {
        include(e);
    }
};

}  // namespace

std::string type_name(const Type &type) {
    if (type.is_handle()) {
        return "handle";
    }
    if (type.is_bool()) {
        return "bool";
    }
    const char *code = type.is_bfloat() ? "bfloat" : type.is_float() ? "float" :
                                                 type.is_uint()      ? "uint" :
                                                                       "int";
    return code + std::to_string(type.bits());
}

void write_operations(Json &json, const std::vector<Expr> &exprs, const std::vector<std::string> &loops,
                      const std::string &updated) {
    Count count(loops, updated);
    for (const Expr &e : exprs) {
        if (e.defined()) {
            // In the types that Halide computes in: sums of bytes widened to integers in 16 bits, say.
            count.expression(common_subexpression_elimination(find_intrinsics(e)));
        }
    }
    json.array(count.histograms, [&](const auto &group) {
        json.object([&] {
            json.key("loops").array(group.first, [&](size_t loop) { json.value(loop); });
            json.key("counts").object([&] {
                for (const auto &[type, operations] : group.second) {
                    json.key(type).object([&, &operations = operations] {
                        for (const auto &[operation, n] : operations) {
                            json.key(operation).value(n);
                        }
                    });
                }
            });
        });
    });
}
