#include "tree_size.h"

#include <map>
#include <utility>

using namespace Halide;
using namespace Halide::Internal;

namespace {

/// Some milliseconds of simplifying; coordinates behind several boundary conditions have hundreds.
constexpr double max_nodes = 10'000;

/// Counts each node once, and adds up.
class TreeSize : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    std::map<Expr, double, ExprCompare> known;
    std::map<std::string, double> lets;
    double found = 0;

    void include(const Expr &e) override {
        found += of(e);
    }
    void visit(const Variable *op) override {
        const auto let = lets.find(op->name);
        found += let == lets.end() ? 0 : let->second;
    }
    void visit(const Let *op) override {
        lets[op->name] = of(op->value);
        include(op->body);
    }

public:
    double of(const Expr &e) {
        const auto before = known.find(e);
        if (before != known.end()) {
            return before->second;
        }
        const double outer = std::exchange(found, 1);
        e.accept(this);
        return known[e] = std::exchange(found, outer);
    }
};

}  // namespace

bool is_small_tree(const Expr &e) {
    return TreeSize().of(e) <= max_nodes;
}
