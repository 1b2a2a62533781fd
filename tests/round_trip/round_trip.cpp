// A plugin, for tests: the autoscheduler RoundTrip applies the schedule that
// another autoscheduler printed. `autoscheduler.pipeline=NAME` says for which pipeline.
//
// schedules.inc includes the printed schedules, and lists their pipelines as
// SCHEDULES: SCHEDULE(blur) SCHEDULE(unsharp) ...
#include "schedules.inc"

#include <map>
#include <string>

namespace {

using Schedule = void (*)(Halide::Pipeline, Halide::Target);

const std::map<std::string, Schedule> schedules = {
#define SCHEDULE(name) {#name, apply_schedule_##name},
    SCHEDULES
#undef SCHEDULE
};

struct Registration {
    Registration() {
        Halide::Pipeline::add_autoscheduler(
            "RoundTrip", [](const Halide::Pipeline &pipeline, const Halide::Target &target,
                            const Halide::AutoschedulerParams &params, Halide::AutoSchedulerResults *) {
                schedules.at(params.extra.at("pipeline"))(pipeline, target);
            });
    }
} registration;

}  // namespace
