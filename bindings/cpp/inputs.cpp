#include "inputs.h"

#include <algorithm>
#include <optional>

#include "estimates.h"
#include "operations.h"

using namespace Halide;
using namespace Halide::Internal;

class FindInputs : public IRGraphVisitor {
    using IRGraphVisitor::visit;

    Inputs &found;
    DistinctNames &names;

    void visit(const Call *op) override {
        if (op->call_type == Call::Image) {
            add(op->param, op->image);
        }
        IRGraphVisitor::visit(op);
    }

    void visit(const Variable *op) override {
        if (op->param.defined() && !op->param.is_buffer()) {
            add(op->param, Buffer<>());
        }
    }

public:
    FindInputs(Inputs &found, DistinctNames &names)
        : found(found), names(names) {
    }

    void add(const Parameter &param, const Buffer<> &image) {
        const std::string name = names.of(param, image);
        if (found.index.emplace(name, found.inputs.size()).second) {
            found.inputs.push_back({param, image});
        }
    }
};

Inputs::Inputs(const std::vector<Function> &funcs, DistinctNames &names) {
    FindInputs find(*this, names);
    for (const Function &f : funcs) {
        f.accept(&find);
        for (const ExternFuncArgument &arg : f.extern_arguments()) {
            if (arg.is_image_param()) {
                find.add(arg.image_param, Buffer<>());
            } else if (arg.is_buffer()) {
                find.add(Parameter(), arg.buffer);
            }
        }
    }
}

const size_t *Inputs::find(const std::string &name) const {
    const auto it = index.find(name);
    return it == index.end() ? nullptr : &it->second;
}

InputDimension Inputs::dimension(const std::string &name, int d) const {
    const Input &input = inputs[index.at(name)];
    if (!input.param.defined()) {
        return {input.image.dim(d).min(), input.image.dim(d).extent()};
    }
    if (!input.param.is_buffer()) {
        return {};
    }
    const auto field = [&](const char *what) {
        return Variable::make(Int(32), name + what + std::to_string(d), input.param);
    };
    return {field(".min."), field(".extent.")};
}

bool Inputs::is_named(const std::string &name) const {
    return std::any_of(inputs.begin(), inputs.end(), [&](const Input &input) {
        return name == (input.param.defined() ? input.param.name() : input.image.name());
    });
}

std::vector<Parameter> Inputs::parameters(const std::string &name) const {
    std::vector<Parameter> found;
    for (const Input &input : inputs) {
        if (input.param.defined() && input.param.name() == name) {
            found.push_back(input.param);
        }
    }
    return found;
}

namespace {

void write_integer(Json &json, const Expr &e) {
    const Expr known = e.defined() ? simplify(substitute_estimates(e)) : Expr();
    const auto value = known.defined() ? as_const_int(known) : std::nullopt;
    if (value) {
        json.value(*value);
    } else {
        json.null();
    }
}

void write_dimension(Json &json, const Expr &min, const Expr &extent) {
    json.object([&] {
        json.key("min");
        write_integer(json, min);
        json.key("extent");
        write_integer(json, extent);
    });
}

}  // namespace

void Inputs::write(Json &json) const {
    json.array(inputs, [&](const Input &input) {
        const bool scalar = input.param.defined() && !input.param.is_buffer();
        const Type type = input.param.defined() ? input.param.type() : input.image.type();
        const int dimensions = input.param.defined() ? input.param.dimensions() : input.image.dimensions();
        json.object([&] {
            json.key("name").value(input.param.defined() ? input.param.name() : input.image.name());
            json.key("kind").value(scalar ? "scalar" : input.param.defined() ? "buffer" :
                                                                               "image");
            json.key("type").value(type_name(type));
            if (const auto estimate = scalar ? constant_text(input.param.estimate()) : std::nullopt) {
                json.key("estimate").value(*estimate);
            }
            json.key("dims").array([&] {
                for (int d = 0; d < dimensions; d++) {
                    if (input.param.defined()) {
                        write_dimension(json, expected_min(input.param, d), expected_extent(input.param, d));
                    } else {
                        write_dimension(json, input.image.dim(d).min(), input.image.dim(d).extent());
                    }
                }
            });
        });
    });
}
