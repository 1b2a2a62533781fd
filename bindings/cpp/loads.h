// What an expression loads.
#ifndef HALIDE_SYS_LOADS_H
#define HALIDE_SYS_LOADS_H

#include <set>
#include <vector>

#include "Halide.h"
#include "access.h"

/// Calls of Funcs and loads of images in an expression, each distinct one once.
class FindLoads : public Halide::Internal::IRGraphVisitor {
    using IRGraphVisitor::visit;

    // Nodes are equal more often than they are the same.
    std::set<Halide::Expr, Halide::Internal::IRGraphDeepCompare> seen;

    void visit(const Halide::Internal::Call *op) override;
    void visit(const Halide::Internal::Let *op) override;

public:
    std::vector<const Halide::Internal::Call *> loads;
    /// The values that Halide's common subexpression elimination gave names, all distinct.
    LetValues lets;
};

#endif
