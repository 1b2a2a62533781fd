// A serialised pipeline, to be scheduled and compiled as a generator does it.
#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

#include "inputs.h"
#include "request.h"

using namespace Halide;
using namespace Halide::Internal;

struct hs_pipeline {
    Pipeline pipeline;
    std::vector<Function> funcs;
    std::string error;
};

namespace {

/// The parameters of a pipeline that have a name.
std::vector<Parameter> parameters_called(const hs_pipeline &p, const std::string &name) {
    DistinctNames names(p.funcs);
    return Inputs(p.funcs, names).parameters(name);
}

Expr constant_of(Type type, const std::string &text) {
    size_t end = 0;
    Expr value;
    if (type.is_float()) {
        value = make_const(type, std::stod(text, &end));
    } else if (type.is_uint()) {
        value = make_const(type, static_cast<uint64_t>(std::stoull(text, &end)));
    } else {
        value = make_const(type, static_cast<int64_t>(std::stoll(text, &end)));
    }
    if (end != text.size()) {
        throw std::invalid_argument("'" + text + "' is no number");
    }
    return value;
}

/// Replaces the estimate of one argument of a Func.
void estimate(Function f, size_t dim, const Range &range) {
    if (dim >= f.args().size()) {
        throw std::invalid_argument(f.name() + " has no dimension " + std::to_string(dim));
    }
    const std::string &var = f.args()[dim];
    std::vector<Bound> &all = f.schedule().estimates();
    all.erase(std::remove_if(all.begin(), all.end(), [&](const Bound &b) { return b.var == var; }), all.end());
    all.push_back({var, range.min, range.extent, Expr(), Expr()});
}

void estimate(Parameter param, size_t dim, const Range &range) {
    if (!param.is_buffer() || dim >= static_cast<size_t>(param.dimensions())) {
        throw std::invalid_argument(param.name() + " has no dimension " + std::to_string(dim));
    }
    param.set_min_constraint_estimate(static_cast<int>(dim), range.min);
    param.set_extent_constraint_estimate(static_cast<int>(dim), range.extent);
}

/// Arguments in the order of their names, if there is one.
std::vector<Argument> ordered(std::vector<Argument> arguments, const std::vector<std::string> &order) {
    for (size_t i = 0; i < order.size(); i++) {
        const auto named = [&](const Argument &a) { return a.name == order[i]; };
        const auto found = std::find_if(arguments.begin() + std::min(i, arguments.size()), arguments.end(), named);
        if (found == arguments.end()) {
            throw std::invalid_argument("the pipeline has no argument '" + order[i] + "'");
        }
        std::rotate(arguments.begin() + i, found, found + 1);
    }
    return arguments;
}

}  // namespace

extern "C" {

int32_t hs_load_plugin(hs_pipeline *pipeline, hs_string path) {
    return guard(pipeline->error, [&] { load_plugin(to_string(path)); });
}

hs_pipeline *hs_open(hs_string content) {
    auto *opened = new hs_pipeline;
    guard(opened->error, [&] {
        const std::vector<uint8_t> bytes(content.data, content.data + content.size);
        opened->pipeline = deserialize_pipeline(bytes, {});
        std::map<std::string, Function> env;
        opened->funcs = funcs_of(opened->pipeline, env);
    });
    return opened;
}

void hs_close(hs_pipeline *pipeline) {
    delete pipeline;
}

hs_string hs_pipeline_error(const hs_pipeline *pipeline) {
    return borrow(pipeline->error);
}

int32_t hs_estimate_dimension(hs_pipeline *pipeline, hs_string name, size_t dim, int32_t min, int32_t extent) {
    return guard(pipeline->error, [&] {
        const std::string buffer = to_string(name);
        const Range range(min, extent);
        bool found = false;
        for (Func f : pipeline->pipeline.outputs()) {
            if (f.name() == buffer) {
                estimate(f.function(), dim, range);
                for (const OutputImageParam &output : f.output_buffers()) {
                    estimate(output.parameter(), dim, range);
                }
                found = true;
            }
        }
        for (const Parameter &param : parameters_called(*pipeline, buffer)) {
            estimate(param, dim, range);
            found = true;
        }
        if (!found) {
            throw std::invalid_argument("the pipeline has no input or output '" + buffer + "'");
        }
    });
}

int32_t hs_estimate_scalar(hs_pipeline *pipeline, hs_string name, hs_string value) {
    return guard(pipeline->error, [&] {
        for (Parameter param : parameters_called(*pipeline, to_string(name))) {
            if (!param.is_buffer()) {
                param.set_estimate(constant_of(param.type(), to_string(value)));
            }
        }
    });
}

int32_t hs_schedule(hs_pipeline *pipeline, hs_string target, hs_string autoscheduler, const hs_param *params, size_t count) {
    return guard(pipeline->error, [&] {
        AutoschedulerParams chosen(to_string(autoscheduler));
        for (size_t i = 0; i < count; i++) {
            chosen.extra[to_string(params[i].key)] = to_string(params[i].value);
        }
        pipeline->pipeline.apply_autoscheduler(Target(to_string(target)), chosen);
    });
}

int32_t hs_compile(hs_pipeline *pipeline, hs_string target, hs_string function, hs_files files,
                   const hs_string *arguments, size_t count) {
    return guard(pipeline->error, [&] {
        Pipeline &p = pipeline->pipeline;
        std::map<OutputFileType, std::string> outputs;
        if (files.object.size > 0) {
            outputs[OutputFileType::object] = to_string(files.object);
        }
        if (files.stmt.size > 0) {
            outputs[OutputFileType::stmt] = to_string(files.stmt);
        }
        if (!outputs.empty()) {
            std::vector<std::string> order(count);
            std::transform(arguments, arguments + count, order.begin(), to_string);
            p.compile_to(outputs, ordered(p.infer_arguments(), order), to_string(function), Target(to_string(target)));
        }
    });
}

int32_t hs_save(hs_pipeline *pipeline, hs_string path) {
    return guard(pipeline->error, [&] { serialize_pipeline(pipeline->pipeline, to_string(path)); });
}
}
