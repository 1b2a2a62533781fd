// An autoscheduler that applies emitted schedules: proof that `schedule_source` compiles, and that a fresh build of the
// generator takes it. schedule_roundtrip.sh writes the
// two `.inc` files: one includes every schedule, the other lists them.
#include "Halide.h"

#include <functional>
#include <map>
#include <string>

#include "emitted_includes.inc"

namespace {

using Apply = std::function<void(Halide::Pipeline, Halide::Target)>;

const std::map<std::string, Apply> schedules = {
#define SCHEDULE(name) {#name, apply_schedule_##name},
#include "emitted_names.inc"
#undef SCHEDULE
};

struct Register {
    Register() {
        Halide::Pipeline::add_autoscheduler(
            "Emitted", [](const Halide::Pipeline &pipeline, const Halide::Target &target,
                          const Halide::AutoschedulerParams &params, Halide::AutoSchedulerResults *) {
                // Looks at the pipeline as the plugin did, and leaves it alone: Halide numbers its temporaries per
                // process, so both builds must have used up the same numbers to be comparable as text.
                Halide::Pipeline(pipeline).apply_autoscheduler(target, {"Srivastava2020", {{"strategy", "none"}}});
                schedules.at(params.extra.at("pipeline"))(pipeline, target);
            });
    }
} register_emitted;

}  // namespace
