#include "request.h"
#include "halide_version.h"

using namespace Halide;
using namespace Halide::Internal;

std::vector<Function> funcs_of(const Pipeline &pipeline, std::map<std::string, Function> &env) {
    std::vector<Function> outputs;
    for (const Func &f : pipeline.outputs()) {
        outputs.push_back(f.function());
    }
    env = build_environment(outputs);
    std::vector<Function> funcs;
    for (const std::string &name : topological_order(outputs, env)) {
        funcs.push_back(env.at(name));
    }
    return funcs;
}

hs_request::hs_request(const Pipeline &pipeline, const Target &target, const AutoschedulerParams &autoscheduler_params)
    : pipeline(pipeline), target(target), params(autoscheduler_params.extra.begin(), autoscheduler_params.extra.end()),
      funcs(funcs_of(pipeline, env)) {
    for (Function &f : funcs) {
        // Halide inspects only locked levels. Lowering, which comes next, locks them all, so nothing is lost.
        f.schedule().compute_level().lock();
        f.schedule().store_level().lock();
    }
}

extern "C" {

int32_t hs_register(hs_string name, hs_schedule_fn schedule) {
    std::string error;
    return guard(error, [&] {
        const std::string autoscheduler = to_string(name);
        Pipeline::add_autoscheduler(
            autoscheduler, [schedule, autoscheduler](const Pipeline &pipeline, const Target &target,
                                                     const AutoschedulerParams &params, AutoSchedulerResults *results) {
                hs_request request(pipeline, target, params);
                if (schedule(&request) != 0) {
                    HS_USER_ERROR << autoscheduler << ": " << request.error << "\n";
                }
                results->target = target;
                results->autoscheduler_params = params;
                results->schedule_source = request.schedule_source;
            });
    });
}

size_t hs_param_count(const hs_request *request) {
    return request->params.size();
}

hs_string hs_param_key(const hs_request *request, size_t index) {
    return borrow(request->params[index].first);
}

hs_string hs_param_value(const hs_request *request, size_t index) {
    return borrow(request->params[index].second);
}

int32_t hs_serialise(hs_request *request, hs_string *content) {
    return guard(request->error, [&] {
        serialize_pipeline(request->pipeline, request->serialised);
        *content = {reinterpret_cast<const char *>(request->serialised.data()), request->serialised.size()};
    });
}

void hs_set_schedule_source(hs_request *request, hs_string source) {
    request->schedule_source = to_string(source);
}

void hs_warn(hs_request *, hs_string message) {
    std::string ignored;
    guard(ignored, [&] { HS_USER_WARNING << to_string(message) << "\n"; });
}

void hs_set_error(hs_request *request, hs_string message) {
    request->error = to_string(message);
}

hs_string hs_error(const hs_request *request) {
    return borrow(request->error);
}
}
