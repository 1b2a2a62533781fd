#include "loads.h"

#include "estimates.h"

using namespace Halide;
using namespace Halide::Internal;

void FindLoads::visit(const Call *op) {
    const bool load = op->call_type == Call::Halide || op->call_type == Call::Image;
    if (load && seen.insert(op).second) {
        loads.push_back(op);
    }
    IRGraphVisitor::visit(op);
}

void FindLoads::visit(const Let *op) {
    lets.emplace(op->name, simplify(substitute_estimates(op->value)));
    IRGraphVisitor::visit(op);
}
