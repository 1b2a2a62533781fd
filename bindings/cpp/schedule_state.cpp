#include "schedule_state.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

bool is_scheduled(const Definition &definition) {
    const StageSchedule &s = definition.schedule();
    if (s.touched() || !s.splits().empty() || !s.prefetches().empty() || !s.fused_pairs().empty() || s.atomic() ||
        !definition.specializations().empty()) {
        return true;
    }
    for (const Dim &dim : s.dims()) {
        if (dim.for_type != ForType::Serial) {
            return true;
        }
    }
    return false;
}

bool is_default(const LoopLevel &level) {
    return !level.defined() || level.is_inlined();
}

}  // namespace

std::string existing_schedule(const Function &f) {
    const FuncSchedule &s = f.schedule();
    if (!is_default(s.compute_level()) || !is_default(s.store_level())) {
        return "computed or stored at a chosen level";
    }
    if (s.memoized() || s.async() || s.memory_type() != MemoryType::Auto || !s.wrappers().empty()) {
        return "storage already scheduled";
    }
    // The loops of an extern definition are of a kind of their own from the start.
    if (!f.has_extern_definition() && f.has_pure_definition() && is_scheduled(f.definition())) {
        return "loops already scheduled";
    }
    for (const Definition &update : f.updates()) {
        if (is_scheduled(update)) {
            return "update loops already scheduled";
        }
    }
    return "";
}

std::string loop_level_func(const LoopLevel &level) {
    return is_default(level) || level.is_root() ? "" : level.func();
}
