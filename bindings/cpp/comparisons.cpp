#include "comparisons.h"

#include <set>

#include "access.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

class FindComparisons : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    void add(const Expr &e) {
        if (const Variable *variable = e.as<Variable>()) {
            found.insert(variable->name);
        }
    }

    template<typename Comparison>
    void compare(const Comparison *op) {
        if (is_const(op->a)) {
            add(op->b);
        } else if (is_const(op->b)) {
            add(op->a);
        }
        IRGraphVisitor::visit(op);
    }

    void visit(const Call *op) override {
        if (op->is_intrinsic(Call::mux)) {
            add(op->args[0]);
        }
        IRGraphVisitor::visit(op);
    }

    void visit(const EQ *op) override {
        compare(op);
    }
    void visit(const NE *op) override {
        compare(op);
    }
    void visit(const LT *op) override {
        compare(op);
    }
    void visit(const LE *op) override {
        compare(op);
    }
    void visit(const GT *op) override {
        compare(op);
    }
    void visit(const GE *op) override {
        compare(op);
    }

public:
    std::set<std::string> found;
};

}  // namespace

std::vector<size_t> compared_loops(const std::vector<Expr> &exprs, const std::vector<std::string> &loops) {
    FindComparisons find;
    for (const Expr &e : exprs) {
        e.accept(&find);
    }
    return loops_named(find.found, loops);
}
