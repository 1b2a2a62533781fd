// Random pipelines: what people do besides defining Funcs.
#include "random_pipeline.h"

#include <algorithm>

using namespace Halide;

namespace pipelines {
namespace random_pipeline {

namespace {

/// Whether a Func is one that only names an input or an embedded image: those stay inlined.
bool names_an_input(const std::string &name) {
    return name.find("_im") != std::string::npos;
}

/// Schedules the pure definition somehow, but so that it works at any size.
void schedule_pure(Random &random, Func f) {
    const std::vector<Var> args = f.args();
    if (args.empty()) {
        return;
    }
    const Var arg = random.pick(args);
    switch (random.below(5)) {
    case 0:
        f.split(arg, Var("outer"), Var("inner"), random.between(2, 8), TailStrategy::GuardWithIf);
        break;
    case 1:
        f.vectorize(arg, 1 << random.between(1, 3), TailStrategy::GuardWithIf);
        break;
    case 2:
        f.unroll(arg, 2, TailStrategy::GuardWithIf);
        break;
    case 3:
        f.parallel(arg);
        break;
    default:
        f.reorder(std::vector<VarOrRVar>(args.rbegin(), args.rend()));
    }
}

/// Schedules one of the updates somehow.
void schedule_update(Random &random, Func f) {
    const int update = random.below(f.num_update_definitions());
    const std::vector<RVar> rvars = f.rvars(update);
    Stage stage = f.update(update);
    if (rvars.empty()) {
        stage.unscheduled();
        return;
    }
    const RVar rvar = random.pick(rvars);
    switch (random.below(5)) {
    case 0:
        stage.split(rvar, RVar("outer"), RVar("inner"), random.between(2, 8));
        break;
    case 1:
        stage.unroll(rvar, random.between(2, 4));
        break;
    case 2:
        stage.rfactor(rvar, Var("part"));
        break;
    case 3:
        stage.reorder(std::vector<VarOrRVar>(rvars.rbegin(), rvars.rend()));
        break;
    default:
        stage.unscheduled();
    }
}

/// Decides on the storage of a Func, or on who computes it, but not on where.
void schedule_storage(Random &random, Func f) {
    // Not memoised: what reads buffers must be tagged for that.
    switch (random.below(5)) {
    case 0:
        f.async();
        break;
    case 1:
        f.store_in(random.chance(50) ? MemoryType::Heap : MemoryType::Stack);
        break;
    case 2:
        f.store_root();
        break;
    case 3:
        f.in();
        break;
    default:
        f.align_storage(f.args()[0], 8);
    }
}

}  // namespace

void schedule_partly(Random &random, const std::vector<Func> &outputs) {
    std::vector<Internal::Function> functions;
    std::vector<std::string> of_outputs;
    for (const Func &output : outputs) {
        functions.push_back(output.function());
        of_outputs.push_back(output.name());
    }
    for (const auto &[name, function] : Internal::build_environment(functions)) {
        if (!random.chance(25) || names_an_input(name)) {
            continue;
        }
        const Func f(function);
        const bool is_output = std::find(of_outputs.begin(), of_outputs.end(), name) != of_outputs.end();
        try {
            if (f.has_update_definition() && random.chance(60)) {
                schedule_update(random, f);
            } else if (is_output || f.dimensions() == 0 || random.chance(50)) {
                schedule_pure(random, f);
            } else {
                schedule_storage(random, f);
            }
        } catch (const CompileError &) {
            // Halide does not allow it for this Func: reductions that do not commute, say.
        }
    }
}

}  // namespace random_pipeline
}  // namespace pipelines
