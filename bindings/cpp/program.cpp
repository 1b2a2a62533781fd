#include "program.h"

#include "estimates.h"
#include "tree_size.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

struct Token {
    bool is_number = false;
    double number = 0;
    std::string symbol;
};

/// Appends the postfix form of an expression; `ok` turns false on the first node that has none.
class Postfix : public IRVisitor {
    using IRVisitor::visit;

    std::set<std::string> &missing;
    std::set<std::string> &assumed;

    void number(double value) {
        tokens.push_back({true, value, ""});
    }

    void symbol(const std::string &name) {
        tokens.push_back({false, 0, name});
    }

    template<typename Node>
    void binary(const Node *op, const char *name) {
        op->a.accept(this);
        op->b.accept(this);
        symbol(name);
    }

    void visit(const IntImm *op) override {
        number((double)op->value);
    }
    void visit(const UIntImm *op) override {
        number((double)op->value);
    }
    void visit(const FloatImm *op) override {
        number(op->value);
    }
    void visit(const Add *op) override {
        binary(op, "+");
    }
    void visit(const Sub *op) override {
        binary(op, "-");
    }
    void visit(const Mul *op) override {
        binary(op, "*");
    }
    void visit(const Div *op) override {
        binary(op, op->type.is_float() ? "/" : "//");
    }
    void visit(const Mod *op) override {
        binary(op, "%");
    }
    void visit(const Min *op) override {
        binary(op, "min");
    }
    void visit(const Max *op) override {
        binary(op, "max");
    }
    void visit(const LT *op) override {
        binary(op, "<");
    }
    void visit(const LE *op) override {
        binary(op, "<=");
    }
    void visit(const GT *op) override {
        binary(op, ">");
    }
    void visit(const GE *op) override {
        binary(op, ">=");
    }
    void visit(const EQ *op) override {
        binary(op, "==");
    }
    void visit(const NE *op) override {
        binary(op, "!=");
    }
    void visit(const And *op) override {
        binary(op, "&&");
    }
    void visit(const Or *op) override {
        binary(op, "||");
    }
    void visit(const Not *op) override {
        op->a.accept(this);
        symbol("!");
    }
    void visit(const Select *op) override {
        op->condition.accept(this);
        op->true_value.accept(this);
        op->false_value.accept(this);
        symbol("select");
    }

    void visit(const Cast *op) override {
        op->value.accept(this);
        if (op->value.type().is_float() && !op->type.is_float()) {
            symbol("trunc");
        }
    }

    void visit(const Variable *op) override {
        if (op->param.defined() && !op->param.is_buffer()) {
            const AssumedValue value = assume_value(op->param);
            assumed.insert(describe_assumption(op->param, value));
            number(value.value);
            return;
        }
        if (op->param.defined()) {
            missing.insert(describe_parameter(op));
            ok = false;
            return;
        }
        symbol(op->name);
    }

    void visit(const Let *op) override {
        ok = false;
    }

    void visit(const Reinterpret *op) override {
        ok = false;
    }

    void visit(const Call *op) override {
        if (op->is_intrinsic({Call::likely, Call::likely_if_innermost, Call::promise_clamped,
                              Call::unsafe_promise_clamped})) {
            op->args[0].accept(this);
        } else if (op->name == "floor_f32" || op->name == "floor_f64") {
            op->args[0].accept(this);
            symbol("floor");
        } else if (op->name == "ceil_f32" || op->name == "ceil_f64") {
            op->args[0].accept(this);
            symbol("ceil");
        } else {
            ok = false;
        }
    }

public:
    Postfix(std::set<std::string> &missing, std::set<std::string> &assumed)
        : missing(missing), assumed(assumed) {
    }

    std::vector<Token> tokens;
    bool ok = true;
};

}  // namespace

void ProgramWriter::write(Json &json, const Expr &e) {
    if (!e.defined()) {
        json.null();
        return;
    }
    const Expr estimated = substitute_estimates(e);
    if (!is_small_tree(estimated)) {
        json.null();
        return;
    }
    Postfix postfix(missing, assumed);
    simplify(substitute_in_all_lets(lower_intrinsics(estimated))).accept(&postfix);
    if (!postfix.ok || postfix.tokens.size() > max_tokens) {
        json.null();
        return;
    }
    json.array(postfix.tokens, [&](const Token &t) {
        if (!t.is_number) {
            json.value(t.symbol);
        } else if (t.number == (double)(int64_t)t.number) {
            json.value((int64_t)t.number);
        } else {
            json.value(t.number);
        }
    });
}
