#include "operations.h"

#include <map>
#include <set>
#include <utility>

using namespace Halide;
using namespace Halide::Internal;

namespace {

using Histogram = std::map<std::string, std::map<std::string, int>>;

/// Which expressions are others from iteration to iteration: they mention a loop, or load something.
class Varying : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    std::map<Expr, bool, ExprCompare> known;
    // Variables of Lets with values that do not vary.
    std::set<std::string> constants;
    bool found = false;

    void include(const Expr &e) override {
        found = varies(e) || found;
    }

    void visit(const Variable *op) override {
        found |= !op->param.defined() && !constants.count(op->name);
    }
    void visit(const Call *op) override {
        found |= op->call_type == Call::Halide || op->call_type == Call::Image || !op->is_pure();
        IRGraphVisitor::visit(op);
    }
    void visit(const Let *op) override {
        if (!varies(op->value)) {
            constants.insert(op->name);
        }
        include(op->body);
    }

public:
    bool varies(const Expr &e) {
        const auto before = known.find(e);
        if (before != known.end()) {
            return before->second;
        }
        const bool outer = std::exchange(found, false);
        e.accept(this);
        return known[e] = std::exchange(found, outer);
    }
};

class Count : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    Histogram &histogram;
    Varying varying;

    /// What does not vary is computed once, outside of all loops.
    void include(const Expr &e) override {
        if (varying.varies(e)) {
            IRGraphVisitor::include(e);
        }
    }

    template<typename Node>
    void count(const Node *op, const char *operation, const Type &type) {
        histogram[type_name(type)][operation]++;
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
        count(op, as_const_int(op->b) || as_const_uint(op->b) ? "div_by_constant" : "div", op->type);
    }
    void visit(const Mod *op) override {
        count(op, as_const_int(op->b) || as_const_uint(op->b) ? "div_by_constant" : "div", op->type);
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
        count(op, "cast", op->type);
    }
    void visit(const Call *op) override {
        if (op->call_type == Call::Halide || op->call_type == Call::Image ||
            op->is_intrinsic({Call::likely, Call::likely_if_innermost, Call::promise_clamped,
                              Call::unsafe_promise_clamped})) {
            IRGraphVisitor::visit(op);
        } else {
            count(op, op->is_extern() ? external(op->name) : "intrinsic", op->type);
        }
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
    explicit Count(Histogram &histogram)
        : histogram(histogram) {
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

void write_operations(Json &json, const std::vector<Expr> &exprs) {
    Histogram histogram;
    Count count(histogram);
    for (const Expr &e : exprs) {
        if (e.defined()) {
            count.expression(common_subexpression_elimination(e));
        }
    }
    json.object([&] {
        for (const auto &[type, operations] : histogram) {
            json.key(type).object([&] {
                for (const auto &[operation, n] : operations) {
                    json.key(operation).value(n);
                }
            });
        }
    });
}
