#include "inside.h"

#include "tree_size.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

/// Proves bounds of expressions case by case: Halide's simplifier alone gets lost in those of mirrored coordinates.
class Prover {
    Expr min, max;
    Scope<Interval> sizes;

public:
    explicit Prover(const InputDimension &input)
        : min(input.min), max(input.min + input.extent - 1) {
        if (const Variable *extent = input.extent.as<Variable>()) {
            sizes.push(extent->name, Interval(1, Interval::pos_inf()));
        }
    }

    bool is_at_least_min(const Expr &e) const {
        if (const Select *op = e.as<Select>()) {
            return is_at_least_min(op->true_value) && is_at_least_min(op->false_value);
        }
        if (const Min *op = e.as<Min>()) {
            return is_at_least_min(op->a) && is_at_least_min(op->b);
        }
        const Max *op = e.as<Max>();
        return (op && (is_at_least_min(op->a) || is_at_least_min(op->b))) || can_prove(e >= min, sizes);
    }

    bool is_at_most_max(const Expr &e) const {
        if (const Select *op = e.as<Select>()) {
            return is_at_most_max(op->true_value) && is_at_most_max(op->false_value);
        }
        if (const Max *op = e.as<Max>()) {
            return is_at_most_max(op->a) && is_at_most_max(op->b);
        }
        const Min *op = e.as<Min>();
        return (op && (is_at_most_max(op->a) || is_at_most_max(op->b))) || can_prove(e <= max, sizes);
    }
};

Expr plain(const Expr &e) {
    return simplify(substitute_in_all_lets(remove_likelies(e)));
}

}  // namespace

bool lies_inside(const Interval &read, const InputDimension &input) {
    if (!read.is_bounded() || !input.extent.defined() || !is_small_tree(read.min) || !is_small_tree(read.max)) {
        return false;
    }
    const Prover prover(input);
    return prover.is_at_least_min(plain(read.min)) && prover.is_at_most_max(plain(read.max));
}

const Call *handed_on(const Function &f) {
    const bool plain = f.has_pure_definition() && !f.has_update_definition() && f.values().size() == 1;
    const Call *load = plain ? f.values()[0].as<Call>() : nullptr;
    if (!load || (load->call_type != Call::Image && load->call_type != Call::Halide)) {
        return nullptr;
    }
    const auto same = [](const Expr &e, const std::string &arg) {
        const Variable *v = e.as<Variable>();
        return v && !v->param.defined() && v->name == arg;
    };
    const std::vector<std::string> &args = f.args();
    return std::equal(load->args.begin(), load->args.end(), args.begin(), args.end(), same) ? load : nullptr;
}
