// Reads the schedule of a serialised pipeline as directives.
#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "json.h"
#include "request.h"

using namespace Halide;
using namespace Halide::Internal;

namespace {

[[noreturn]] void unsupported(const std::string &func, const std::string &what) {
    throw std::invalid_argument("the schedule of '" + func + "' has " + what + ", for which there is no directive");
}

int64_t constant(const std::string &func, const Expr &e) {
    const auto value = as_const_int(simplify(e));
    if (!value) {
        unsupported(func, "a number that is no constant");
    }
    return *value;
}

/// Halide qualifies the loops that splits make by those they come from: "y.yo". People write "yo".
std::string short_name(const std::string &loop) {
    return loop.substr(loop.rfind('.') + 1);
}

const char *tail_name(const std::string &func, TailStrategy tail) {
    switch (tail) {
    case TailStrategy::RoundUp:
        return "RoundUp";
    case TailStrategy::GuardWithIf:
        return "GuardWithIf";
    case TailStrategy::ShiftInwards:
        return "ShiftInwards";
    case TailStrategy::Predicate:
        return "Predicate";
    default:
        unsupported(func, "another tail strategy");
    }
}

const char *memory_name(const std::string &func, MemoryType memory) {
    switch (memory) {
    case MemoryType::Heap:
        return "Heap";
    case MemoryType::Stack:
        return "Stack";
    case MemoryType::Register:
        return "Register";
    default:
        unsupported(func, "another type of memory");
    }
}

class ReadSchedule {
    hs_request &request;
    Json json;
    /// The request's Funcs by name, and by the names of copies that are all that is computed of them.
    std::map<std::string, size_t> index;
    /// Definitions with the schedule to read, as `request.funcs`; none for what was inlined in the definitions themselves.
    std::vector<std::optional<Function>> scheduled;
    /// What the calls being written are about.
    size_t func = 0, stage = 0;

    const std::string &name() const {
        return request.funcs[func].name();
    }

    template<typename Body>
    void directive(const char *kind, Body body) {
        json.object([&] { json.key(kind).object(body); });
    }

    template<typename Body>
    void of_func(const char *kind, Body body) {
        directive(kind, [&] {
            json.key("func").value(func);
            body();
        });
    }

    template<typename Body>
    void of_stage(const char *kind, Body body) {
        directive(kind, [&] {
            json.key("stage");
            stage_ref(func, stage);
            body();
        });
    }

    void stage_ref(size_t func, size_t stage) {
        json.object([&] {
            json.key("func").value(func);
            json.key("stage").value(stage);
        });
    }

    void variable(const std::string &loop, bool is_rvar) {
        json.object([&] {
            json.key("name").value(short_name(loop));
            json.key("rvar").value(is_rvar);
        });
    }

    size_t find(const std::string &name) {
        const auto found = index.find(name);
        if (found == index.end()) {
            throw std::invalid_argument("the schedule has a Func '" + name + "' that the pipeline has not");
        }
        return found->second;
    }

    void level(const char *kind, const LoopLevel &level) {
        of_func(kind, [&] {
            json.key("consumer").value(find(level.func_name()));
            json.key("var");
            variable(level.var_name(), level.is_rvar());
        });
    }

    void placement(FuncSchedule &schedule) {
        const LoopLevel compute = schedule.compute_level().lock(), store = schedule.store_level().lock();
        if (schedule.memoized() || schedule.async() || !schedule.hoist_storage_level().lock().is_inlined()) {
            unsupported(name(), "memoization, a thread of its own or hoisted storage");
        }
        if (compute.is_inlined()) {
            return;
        }
        if (compute.is_root()) {
            of_func("compute_root", [] {});
        } else {
            level("compute_at", compute);
        }
        if (store.is_inlined() || store == compute) {
            return;
        }
        if (store.is_root()) {
            of_func("store_root", [] {});
        } else {
            level("store_at", store);
        }
    }

    void storage(const FuncSchedule &schedule) {
        if (schedule.memory_type() != MemoryType::Auto) {
            of_func("store_in", [&] { json.key("memory").value(memory_name(name(), schedule.memory_type())); });
        }
        std::vector<std::string> order;
        for (const StorageDim &dim : schedule.storage_dims()) {
            order.push_back(dim.var);
        }
        if (order != request.funcs[func].args()) {
            of_func("reorder_storage", [&] {
                json.key("vars").array(order, [&](const std::string &var) { variable(var, false); });
            });
        }
        for (const StorageDim &dim : schedule.storage_dims()) {
            if (dim.bound.defined()) {
                unsupported(name(), "bounded storage");
            }
            if (dim.alignment.defined()) {
                of_func("align_storage", [&] {
                    json.key("var");
                    variable(dim.var, false);
                    json.key("alignment").value(constant(name(), dim.alignment));
                });
            }
            if (!dim.fold_factor.defined()) {
                continue;
            }
            if (!dim.fold_forward) {
                unsupported(name(), "storage folded backwards");
            }
            of_func("fold_storage", [&] {
                json.key("var");
                variable(dim.var, false);
                json.key("factor").value(constant(name(), dim.fold_factor));
            });
        }
    }

    /// Bounds that belong to the algorithm are there already.
    bool declared(const Bound &bound) const {
        const std::vector<Bound> &own = request.funcs[func].schedule().bounds();
        return std::any_of(own.begin(), own.end(), [&](const Bound &b) {
            return b.var == bound.var && equal(b.min, bound.min) && equal(b.extent, bound.extent) &&
                   equal(b.modulus, bound.modulus) && equal(b.remainder, bound.remainder);
        });
    }

    void bounds(const FuncSchedule &schedule) {
        for (const Bound &bound : schedule.bounds()) {
            if (declared(bound)) {
                continue;
            }
            if (bound.extent.defined()) {
                if (!bound.min.defined()) {
                    unsupported(name(), "a bounded extent");
                }
                of_func("bound", [&] {
                    json.key("var");
                    variable(bound.var, false);
                    json.key("min").value(constant(name(), bound.min));
                    json.key("extent").value(constant(name(), bound.extent));
                });
            }
            if (bound.modulus.defined()) {
                if (!bound.remainder.defined()) {
                    unsupported(name(), "an aligned extent");
                }
                of_func("align_bounds", [&] {
                    json.key("var");
                    variable(bound.var, false);
                    json.key("modulus").value(constant(name(), bound.modulus));
                    json.key("remainder").value(constant(name(), bound.remainder));
                });
            }
        }
    }

    /// A stage's loops while its splits are replayed, innermost first.
    using Loops = std::vector<std::pair<std::string, bool>>;

    Loops::iterator loop(Loops &loops, const std::string &var) {
        const auto found = std::find_if(loops.begin(), loops.end(), [&](const auto &l) { return l.first == var; });
        if (found == loops.end()) {
            unsupported(name(), "a split of a loop that is not there");
        }
        return found;
    }

    void split(Loops &loops, const Split &s) {
        const auto old = loop(loops, s.old_var);
        const bool is_rvar = old->second;
        of_stage("split", [&] {
            json.key("old");
            variable(s.old_var, is_rvar);
            json.key("outer");
            variable(s.outer, is_rvar);
            json.key("inner");
            variable(s.inner, is_rvar);
            json.key("factor").value(constant(name(), s.factor));
            json.key("tail").value(tail_name(name(), s.tail));
        });
        old->first = s.outer;
        loops.insert(old, {s.inner, is_rvar});
    }

    void fuse(Loops &loops, const Split &s) {
        const auto outer = *loop(loops, s.outer), inner = *loop(loops, s.inner);
        const bool is_rvar = outer.second || inner.second;
        of_stage("fuse", [&] {
            json.key("inner");
            variable(s.inner, inner.second);
            json.key("outer");
            variable(s.outer, outer.second);
            json.key("fused");
            variable(s.old_var, is_rvar);
        });
        loops.erase(loop(loops, s.outer));
        *loop(loops, s.inner) = {s.old_var, is_rvar};
    }

    static Loops loops_of(const StageSchedule &schedule) {
        Loops loops;
        for (const Dim &dim : schedule.dims()) {
            if (dim.var != Var::outermost().name()) {
                loops.emplace_back(dim.var, dim.is_rvar());
            }
        }
        return loops;
    }

    /// How the iterations of a loop run.
    void traversal(const Dim &dim) {
        const char *kind = dim.for_type == ForType::Vectorized ? "vectorize" :
                           dim.for_type == ForType::Unrolled   ? "unroll" :
                           dim.for_type == ForType::Parallel   ? "parallel" :
                                                                 nullptr;
        if (kind) {
            of_stage(kind, [&] {
                json.key("var");
                variable(dim.var, dim.is_rvar());
            });
        } else if (dim.for_type != ForType::Serial) {
            unsupported(name(), "a loop of a GPU");
        }
    }

    /// Loops that Halide is not to cut into ends and a middle.
    void whole_loops(const StageSchedule &schedule) {
        std::vector<Dim> whole;
        for (const Dim &dim : schedule.dims()) {
            if (dim.partition_policy == Partition::Never) {
                whole.push_back(dim);
            } else if (dim.partition_policy != Partition::Auto) {
                unsupported(name(), "a loop that is always partitioned");
            }
        }
        if (!whole.empty()) {
            of_stage("never_partition", [&] {
                json.key("vars").array(whole, [&](const Dim &dim) { variable(dim.var, dim.is_rvar()); });
            });
        }
    }

    void nest(const StageSchedule &unscheduled, const StageSchedule &schedule) {
        if (!schedule.prefetches().empty() || schedule.allow_race_conditions() ||
            schedule.override_atomic_associativity_test()) {
            unsupported(name(), "prefetches or unchecked races");
        }
        Loops loops = loops_of(unscheduled);
        for (const Split &s : schedule.splits()) {
            if (s.split_type == Split::SplitVar) {
                split(loops, s);
            } else if (s.split_type == Split::FuseVars) {
                fuse(loops, s);
            } else {
                unsupported(name(), "a renamed loop");
            }
        }
        const Loops order = loops_of(schedule);
        if (order != loops) {
            of_stage("reorder", [&] {
                json.key("vars").array(order, [&](const auto &l) { variable(l.first, l.second); });
            });
        }
        for (const Dim &dim : schedule.dims()) {
            traversal(dim);
        }
        whole_loops(schedule);
        if (schedule.atomic()) {
            of_stage("atomic", [] {});
        }
    }

    /// Writes "output.extent.d >= n && ..." as sizes.
    void condition(const Expr &e) {
        if (const And *both = e.as<And>()) {
            condition(both->a);
            condition(both->b);
            return;
        }
        const LE *at_least = e.as<LE>();
        const Variable *extent = at_least ? at_least->b.as<Variable>() : nullptr;
        const std::string prefix = name() + ".extent.";
        if (!extent || extent->name.compare(0, prefix.size(), prefix) != 0) {
            unsupported(name(), "a specialisation on something else than the output's size");
        }
        json.object([&] {
            json.key("dim").value(std::stoi(extent->name.substr(prefix.size())));
            json.key("extent").value(constant(name(), at_least->a));
        });
    }

    void fused(StageSchedule schedule) {
        LoopLevel level = schedule.fuse_level().level;
        if (level.lock().is_inlined()) {
            return;
        }
        for (const auto &[var, align] : schedule.fuse_level().align) {
            if (align != LoopAlignStrategy::Auto) {
                unsupported(name(), "loops aligned with those of another Func");
            }
        }
        of_stage("compute_with", [&] {
            json.key("with");
            stage_ref(find(level.func_name()), (size_t)std::max(level.get_stage_index(), 0));
            json.key("var");
            variable(level.var_name(), level.is_rvar());
        });
    }

    void definition(const Definition &unscheduled, const Definition &definition) {
        for (const Specialization &s : definition.specializations()) {
            if (!s.definition.specializations().empty() || !s.failure_message.empty()) {
                unsupported(name(), "nested or failing specialisations");
            }
            of_stage("specialize", [&] {
                json.key("when").array([&] { condition(simplify(s.condition)); });
                json.key("then").array([&] { nest(unscheduled.schedule(), s.definition.schedule()); });
            });
        }
        nest(unscheduled.schedule(), definition.schedule());
        fused(definition.schedule());
    }

    void stages() {
        const Function &ours = request.funcs[func], &theirs = *scheduled[func];
        if (ours.has_pure_definition() != theirs.has_pure_definition() ||
            ours.updates().size() != theirs.updates().size()) {
            throw std::invalid_argument("the schedule is for another definition of '" + name() + "'");
        }
        stage = 0;
        if (ours.has_pure_definition() && !ours.has_extern_definition()) {
            definition(ours.definition(), theirs.definition());
            stage++;
        }
        for (size_t i = 0; i < ours.updates().size(); i++, stage++) {
            definition(ours.updates()[i], theirs.updates()[i]);
        }
    }

    /// The Func that has the schedule of `f`: itself, or a copy of it (`in()`, `clone_in()`) that all its readers read.
    Function scheduled_as(const Function &f, const std::map<std::string, Function> &env) {
        const std::map<std::string, FunctionPtr> &copies = f.schedule().wrappers();
        if (copies.empty()) {
            return f;
        }
        std::set<std::string> readers;
        for (const auto &[name, reader] : env) {
            if (name != f.name() && find_direct_calls(reader).count(f.name())) {
                readers.insert(name);
            }
        }
        const std::string &reader = copies.begin()->first;
        LoopLevel own = f.schedule().compute_level();
        if (copies.size() > 1 || !own.lock().is_inlined() ||
            !(reader.empty() || readers == std::set<std::string>{reader})) {
            unsupported(f.name(), "a copy for some of its readers");
        }
        const Function copy(copies.begin()->second);
        index.emplace(copy.name(), index.at(f.name()));
        return copy;
    }

public:
    ReadSchedule(hs_request &request, const Pipeline &pipeline)
        : request(request) {
        std::vector<Function> outputs;
        for (const Func &f : pipeline.outputs()) {
            outputs.push_back(f.function());
        }
        const std::map<std::string, Function> env = build_environment(outputs);
        for (const Function &f : request.funcs) {
            index.emplace(f.name(), index.size());
        }
        for (const Function &f : request.funcs) {
            const auto found = env.find(f.name());
            if (found != env.end()) {
                scheduled.emplace_back(scheduled_as(found->second, env));
            } else if (f.can_be_inlined()) {
                scheduled.emplace_back();
            } else {
                throw std::invalid_argument("the schedule is of a pipeline without '" + f.name() + "'");
            }
        }
    }

    std::string directives() {
        json.array([&] {
            for (func = 0; func < request.funcs.size(); func++) {
                if (!scheduled[func]) {
                    continue;
                }
                FuncSchedule &schedule = scheduled[func]->schedule();
                placement(schedule);
                storage(schedule);
                bounds(schedule);
                stages();
            }
        });
        return json.take();
    }
};

/// Whether the bytes begin as a FlatBuffer does, in which Halide serialises: with the place of a table, which has the place of
/// its vtable. Halide reads what is none beyond its end.
bool begins_as_flatbuffer(const std::vector<uint8_t> &bytes) {
    const auto number = [&](int64_t at, auto value) -> int64_t {
        if (at < 0 || at + (int64_t)sizeof(value) > (int64_t)bytes.size()) {
            return -1;
        }
        std::memcpy(&value, &bytes[at], sizeof(value));
        return value;
    };
    const int64_t table = number(0, uint32_t());
    const int64_t vtable = table - number(table, int32_t());
    const int64_t vtable_size = number(vtable, uint16_t()), table_size = number(vtable + 2, uint16_t());
    return table >= 4 && vtable_size >= 4 && table_size >= 4 && vtable + vtable_size <= (int64_t)bytes.size() &&
           table + table_size <= (int64_t)bytes.size();
}

Pipeline deserialise(hs_string content) {
    const std::vector<uint8_t> bytes(content.data, content.data + content.size);
    const Pipeline pipeline = begins_as_flatbuffer(bytes) ? deserialize_pipeline(bytes, {}) : Pipeline();
    if (!pipeline.defined()) {
        throw std::invalid_argument("it is no serialised pipeline");
    }
    return pipeline;
}

}  // namespace

extern "C" int32_t hs_read_schedule(hs_request *request, hs_string content, hs_string *json) {
    return guard(request->error, [&] {
        request->schedule_json = ReadSchedule(*request, deserialise(content)).directives();
        *json = borrow(request->schedule_json);
    });
}
