// Applies directives to the Funcs of a request.
#include <optional>

#include "request.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

TailStrategy tail_strategy(hs_tail_strategy tail) {
    switch (tail) {
    case HS_TAIL_ROUND_UP:
        return TailStrategy::RoundUp;
    case HS_TAIL_GUARD_WITH_IF:
        return TailStrategy::GuardWithIf;
    case HS_TAIL_SHIFT_INWARDS:
        return TailStrategy::ShiftInwards;
    case HS_TAIL_PREDICATE:
        return TailStrategy::Predicate;
    }
    throw std::invalid_argument("unknown tail strategy");
}

MemoryType memory_type(hs_memory_type memory) {
    switch (memory) {
    case HS_MEMORY_HEAP:
        return MemoryType::Heap;
    case HS_MEMORY_STACK:
        return MemoryType::Stack;
    case HS_MEMORY_REGISTER:
        return MemoryType::Register;
    }
    throw std::invalid_argument("unknown memory type");
}

VarOrRVar loop_var(const hs_var &v) {
    return VarOrRVar(to_string(v.name), v.is_rvar != 0);
}

std::vector<VarOrRVar> loop_vars(const hs_directive &d) {
    std::vector<VarOrRVar> vars;
    for (size_t i = 0; i < d.var_count; i++) {
        vars.push_back(loop_var(d.vars[i]));
    }
    return vars;
}

std::vector<Var> vars(const hs_directive &d) {
    std::vector<Var> result;
    for (size_t i = 0; i < d.var_count; i++) {
        result.emplace_back(to_string(d.vars[i].name));
    }
    return result;
}

Stage stage_of(Function function, uint32_t stage) {
    if (stage == 0) {
        return Stage(function, function.definition(), 0);
    }
    return Func(function).update((int)stage - 1);
}

/// Directives of the Func as a whole: where it is computed and stored.
bool apply_to_func(hs_request &request, const hs_directive &d) {
    Func f(request.funcs.at(d.func));
    switch (d.kind) {
    case HS_COMPUTE_ROOT:
        f.compute_root();
        return true;
    case HS_STORE_ROOT:
        f.store_root();
        return true;
    case HS_COMPUTE_AT:
        f.compute_at(LoopLevel(request.funcs.at(d.at_func), loop_var(d.vars[0])));
        return true;
    case HS_STORE_AT:
        f.store_at(LoopLevel(request.funcs.at(d.at_func), loop_var(d.vars[0])));
        return true;
    case HS_STORE_IN:
        f.store_in(memory_type(d.memory));
        return true;
    case HS_FOLD_STORAGE:
        f.fold_storage(Var(to_string(d.vars[0].name)), d.factor);
        return true;
    case HS_ALIGN_STORAGE:
        f.align_storage(Var(to_string(d.vars[0].name)), d.factor);
        return true;
    case HS_BOUND:
        f.bound(Var(to_string(d.vars[0].name)), d.offset, d.factor);
        return true;
    case HS_ALIGN_BOUNDS:
        f.align_bounds(Var(to_string(d.vars[0].name)), d.factor, d.offset);
        return true;
    case HS_REORDER_STORAGE:
        f.reorder_storage(vars(d));
        return true;
    default:
        return false;
    }
}

/// Whether an output is at least as large as a specialised schedule needs.
Expr size_condition(const Function &output, const hs_directive &d) {
    Expr condition;
    for (size_t i = 0; i < d.size_count; i++) {
        // As the emitted schedule spells it, so that both lower to the same code.
        const Expr fits = Func(output).output_buffers()[0].dim((int)d.sizes[i].dim).extent() >= d.sizes[i].at_least;
        condition = condition.defined() ? condition && fits : fits;
    }
    return condition;
}

/// Directives of one stage's loop nest.
void apply_to_stage(hs_request &request, Stage stage, const hs_directive &d) {
    const std::vector<VarOrRVar> vars = loop_vars(d);
    switch (d.kind) {
    case HS_COMPUTE_WITH:
        stage.compute_with(LoopLevel(request.funcs.at(d.at_func), vars.at(0), (int)d.at_stage));
        break;
    case HS_SPLIT:
        stage.split(vars.at(0), vars.at(1), vars.at(2), d.factor, tail_strategy(d.tail));
        break;
    case HS_FUSE:
        stage.fuse(vars.at(0), vars.at(1), vars.at(2));
        break;
    case HS_REORDER:
        stage.reorder(vars);
        break;
    case HS_VECTORIZE:
        stage.vectorize(vars.at(0));
        break;
    case HS_UNROLL:
        stage.unroll(vars.at(0));
        break;
    case HS_PARALLEL:
        stage.parallel(vars.at(0));
        break;
    case HS_NEVER_PARTITION:
        stage.never_partition(vars);
        break;
    case HS_ATOMIC:
        stage.atomic();
        break;
    case HS_UNSCHEDULED:
        stage.unscheduled();
        break;
    default:
        throw std::invalid_argument("unknown directive");
    }
}

}  // namespace

extern "C" int32_t hs_apply(hs_request *request, const hs_directive *directives, size_t count) {
    return guard(request->error, [&] {
        std::optional<Stage> specialized;
        // Intermediate Funcs, each of the one before.
        std::vector<Func> partials;
        for (size_t i = 0; i < count; i++) {
            const hs_directive &d = directives[i];
            const Function &f = request->funcs.at(d.func);
            if (d.kind == HS_SPECIALIZE) {
                specialized = stage_of(f, d.stage).specialize(size_condition(f, d));
            } else if (d.kind == HS_END_SPECIALIZE) {
                specialized.reset();
            } else if (d.kind == HS_RFACTOR) {
                Stage factored = partials.empty() ? stage_of(f, d.stage) : partials.back().update(0);
                partials.push_back(factored.rfactor(RVar(to_string(d.vars[0].name)), Var(to_string(d.vars[1].name))));
                partials.back().compute_root();
            } else if (d.kind == HS_END_RFACTOR) {
                partials.pop_back();
            } else if (!partials.empty() && d.kind == HS_COMPUTE_AT) {
                const Function &adder = partials.size() > 1 ? partials[partials.size() - 2].function() : f;
                partials.back().compute_at(LoopLevel(adder, loop_var(d.vars[0])));
            } else if (!partials.empty()) {
                apply_to_stage(*request, stage_of(partials.back().function(), d.stage > 0 ? 1 : 0), d);
            } else if (!apply_to_func(*request, d)) {
                apply_to_stage(*request, specialized ? *specialized : stage_of(f, d.stage), d);
            }
        }
    });
}
