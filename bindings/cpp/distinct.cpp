#include "distinct.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

class NameInputs : public IRGraphMutator {
    using IRGraphMutator::visit;

    DistinctNames &names;

    Expr visit(const Call *op) override {
        if (op->call_type != Call::Image) {
            return IRGraphMutator::visit(op);
        }
        return Call::make(op->type, names.of(op->param, op->image), mutate(op->args), op->call_type, op->func,
                          op->value_index, op->image, op->param);
    }

    Expr visit(const Variable *op) override {
        if (!op->param.defined() && !op->image.defined()) {
            return op;
        }
        const std::string &own = op->param.defined() ? op->param.name() : op->image.name();
        const bool is_field = op->image.defined() || op->param.is_buffer();
        // "NAME.extent.0": the name may have dots itself.
        const std::string field = is_field && op->name.size() > own.size() ? op->name.substr(own.size()) : "";
        return Variable::make(op->type, names.of(op->param, op->image) + field, op->image, op->param,
                              op->reduction_domain);
    }

public:
    explicit NameInputs(DistinctNames &names)
        : names(names) {
    }
};

/// Names of the Func and of all that its definitions loop over.
std::vector<std::string> names_within(const Function &f) {
    std::vector<std::string> names = f.args();
    names.push_back(f.name());
    for (const Definition &update : f.updates()) {
        for (const ReductionVariable &rvar : update.schedule().rvars()) {
            names.push_back(rvar.var);
        }
    }
    return names;
}

}  // namespace

DistinctNames::DistinctNames(const std::vector<Function> &funcs)
    : mutator(std::make_unique<NameInputs>(*this)) {
    for (const Function &f : funcs) {
        for (const std::string &name : names_within(f)) {
            while (starts_with(name, prefix)) {
                prefix += ' ';
            }
        }
    }
}

std::string DistinctNames::of(const Parameter &param, const Buffer<> &image) {
    const std::string next = prefix + std::to_string(params.size() + images.size());
    return param.defined() ? params.emplace(param, next).first->second : images.emplace(image.get(), next).first->second;
}

Definition DistinctNames::renamed(const Definition &definition) {
    Definition copy = definition.get_copy();
    copy.mutate(mutator.get());
    return copy;
}

std::map<std::string, Function> DistinctNames::renamed_copies(const std::vector<Func> &outputs,
                                                              const std::map<std::string, Function> &env) {
    std::vector<Function> functions;
    for (const Func &f : outputs) {
        functions.push_back(f.function());
    }
    std::map<std::string, Function> copies = deep_copy(functions, env).second;
    for (auto &[name, copy] : copies) {
        copy.mutate(mutator.get());
    }
    return copies;
}
