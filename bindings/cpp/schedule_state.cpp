#include "schedule_state.h"

#include <algorithm>

using namespace Halide;
using namespace Halide::Internal;

namespace {

bool is_default(const LoopLevel &level) {
    return !level.defined() || level.is_inlined();
}

bool is_plain(const Dim &dim) {
    return dim.for_type == ForType::Serial && dim.partition_policy == Partition::Auto;
}

std::string decided_storage(const Function &f) {
    const FuncSchedule &s = f.schedule();
    if (s.memoized()) {
        return "memoized";
    }
    if (s.async()) {
        return "asynchronous";
    }
    if (s.memory_type() != MemoryType::Auto) {
        return "its type of memory chosen";
    }
    if (!s.wrappers().empty()) {
        return "copied for some of its readers";
    }
    std::vector<std::string> order;
    bool laid_out = false;
    for (const StorageDim &dim : s.storage_dims()) {
        order.push_back(dim.var);
        laid_out |= dim.alignment.defined() || dim.bound.defined() || dim.fold_factor.defined();
    }
    return laid_out || order != f.args() ? "its storage laid out" : "";
}

std::string decided_loops(const Function &f) {
    // The loops of an extern definition are of a kind of their own from the start.
    if (!f.has_extern_definition() && f.has_pure_definition() && given_loops(f.definition()) != GivenLoops::Nothing) {
        return "loops already scheduled";
    }
    for (size_t i = 0; i < f.updates().size(); i++) {
        if (given_loops(f.updates()[i]) != GivenLoops::Nothing) {
            return "loops of update " + std::to_string(i) + " already scheduled";
        }
    }
    return "";
}

/// The reduction variable or argument that a loop comes from: Halide qualifies what splits make by it, "x.xo.xi".
bool comes_from(const std::string &loop, const std::string &origin) {
    return loop.compare(0, origin.size(), origin) == 0 && (loop.size() == origin.size() || loop[origin.size()] == '.');
}

}  // namespace

GivenLoops given_loops(const Definition &definition) {
    const StageSchedule &s = definition.schedule();
    LoopLevel shared = s.fuse_level().level;
    if (!s.splits().empty() || !s.prefetches().empty() || !s.fused_pairs().empty() || s.atomic() ||
        s.allow_race_conditions() || !is_default(shared.lock()) || !definition.specializations().empty() ||
        !std::all_of(s.dims().begin(), s.dims().end(), is_plain)) {
        return GivenLoops::All;
    }
    return s.touched() ? GivenLoops::Order : GivenLoops::Nothing;
}

std::string decided_place(const Function &f) {
    const FuncSchedule &s = f.schedule();
    if (!is_default(s.compute_level())) {
        return "computed at a chosen level";
    }
    if (!is_default(s.store_level()) && !s.store_level().is_root()) {
        return "stored at a chosen level";
    }
    // Inlined into its copies, it costs nothing; at root it would be copied. All of it fits no registers.
    const bool stays_inlined = !s.wrappers().empty() || s.memory_type() == MemoryType::Register;
    return stays_inlined && f.can_be_inlined() ? decided_storage(f) : "";
}

std::string decided_otherwise(const Function &f) {
    if (!is_default(f.schedule().store_level())) {
        return "stored at root";
    }
    const std::string storage = decided_storage(f);
    return storage.empty() ? decided_loops(f) : storage;
}

std::vector<OriginalLoop> original_loops(const Function &f, const Definition &definition) {
    const StageSchedule &schedule = definition.schedule();
    std::vector<OriginalLoop> loops;
    if (schedule.splits().empty()) {
        for (const Dim &dim : schedule.dims()) {
            if (dim.var != Var::outermost().name()) {
                loops.push_back({dim.var, dim.is_pure()});
            }
        }
        return loops;
    }
    for (const ReductionVariable &rvar : schedule.rvars()) {
        const bool parallel = std::all_of(schedule.dims().begin(), schedule.dims().end(), [&](const Dim &dim) {
            return !comes_from(dim.var, rvar.var) || dim.is_pure();
        });
        loops.push_back({rvar.var, parallel});
    }
    for (size_t i = 0; i < f.args().size(); i++) {
        const Variable *v = definition.is_init() ? nullptr : definition.args()[i].as<Variable>();
        if (definition.is_init() || (v && v->name == f.args()[i])) {
            loops.push_back({f.args()[i], true});
        }
    }
    return loops;
}

std::vector<std::string> loop_hosts(const Function &f) {
    std::vector<std::string> hosts;
    const auto add = [&](const FuncSchedule &s) {
        for (const LoopLevel &level : {s.compute_level(), s.store_level()}) {
            if (!is_default(level) && !level.is_root()) {
                hosts.push_back(level.func());
            }
        }
    };
    add(f.schedule());
    for (const auto &[reader, copy] : f.schedule().wrappers()) {
        Function wrapper(copy);
        wrapper.schedule().compute_level().lock();
        wrapper.schedule().store_level().lock();
        add(wrapper.schedule());
    }
    return hosts;
}
