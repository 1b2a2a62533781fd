// Describes a whole Pipeline as data, once.
#include "access.h"
#include "comparisons.h"
#include "distinct.h"
#include "estimates.h"
#include "inputs.h"
#include "inside.h"
#include "json.h"
#include "loads.h"
#include "operations.h"
#include "program.h"
#include "request.h"
#include "schedule_state.h"
#include "trusted.h"

#include <algorithm>
#include <set>

using namespace Halide;
using namespace Halide::Internal;

namespace {

class Extract {
    hs_request &request;
    /// All expressions are renamed before anything is said of them.
    DistinctNames names;
    Json json;
    ProgramWriter programs;
    Inputs inputs;
    std::map<std::string, size_t> func_index;
    FuncValueBounds value_bounds;

    /// Writes {"func": i} or {"input": i}; false when the name is neither.
    bool source(const std::string &name) {
        const auto func = func_index.find(name);
        if (func != func_index.end()) {
            json.object([&] { json.key("func").value(func->second); });
            return true;
        }
        if (const size_t *input = inputs.find(name)) {
            json.object([&] { json.key("input").value(*input); });
            return true;
        }
        return false;
    }

    void loops(const Definition &definition, const std::vector<OriginalLoop> &loops) {
        json.key("loops").array(loops, [&](const OriginalLoop &loop) {
            json.object([&] {
                json.key("var").value(loop.var);
                json.key("parallel").value(loop.parallel);
                for (const ReductionVariable &rv : definition.schedule().rvars()) {
                    if (rv.var == loop.var) {
                        json.key("reduction").object([&] {
                            json.key("min");
                            programs.write(json, rv.min);
                            json.key("extent");
                            programs.write(json, rv.extent);
                            constant("constant", rv.extent);
                        });
                    }
                }
            });
        });
        const GivenLoops given = given_loops(definition);
        if (given != GivenLoops::Nothing) {
            json.key("given").value(given == GivenLoops::Order ? "order" : "all");
        }
    }

    static std::vector<Expr> simplified(const std::vector<Expr> &exprs) {
        std::vector<Expr> result(exprs.size());
        std::transform(exprs.begin(), exprs.end(), result.begin(), [](const Expr &e) { return simplify(e); });
        return result;
    }

    /// Values that are loaded by `before` and not by `after`, each once.
    static std::vector<const Call *> dropped_reads(const std::vector<Expr> &before, const std::vector<Expr> &after) {
        const auto value = [](const Call *call) { return std::make_pair(call->name, call->value_index); };
        FindLoads find, left;
        for (const Expr &e : after) {
            e.accept(&left);
        }
        for (const Expr &e : before) {
            e.accept(&find);
        }
        std::set<std::pair<std::string, int>> seen;
        for (const Call *call : left.loads) {
            seen.insert(value(call));
        }
        std::vector<const Call *> dropped;
        std::copy_if(find.loads.begin(), find.loads.end(), std::back_inserter(dropped),
                     [&](const Call *call) { return seen.insert(value(call)).second; });
        return dropped;
    }

    /// Writes the value that a call loads.
    void value_read(const Call *call) {
        json.key("source");
        if (!source(call->name)) {
            json.null();
        }
        json.key("value").value(call->value_index);
    }

    /// Writes the Funcs whose values keep expressions within bounds, if there are any.
    void trusted(const std::string &key, const std::vector<Expr> &exprs, const Scope<Interval> &scope,
                 const LetValues &lets) {
        const std::set<std::string> funcs = trusted_funcs(exprs, scope, value_bounds, lets);
        if (!funcs.empty()) {
            json.key(key).array(funcs, [&](const std::string &f) { json.value(func_index.at(f)); });
        }
    }

    /// Writes the Funcs whose values keep what a stage reads and writes within bounds.
    void indexed_by(const Definition &definition, const std::vector<Expr> &exprs,
                    const std::vector<std::string> &loops) {
        FindLoads find;
        for (const Expr &e : exprs) {
            e.accept(&find);
        }
        std::vector<Expr> coordinates;
        for (const Call *call : find.loads) {
            coordinates.insert(coordinates.end(), call->args.begin(), call->args.end());
        }
        if (!definition.is_init()) {
            coordinates.insert(coordinates.end(), definition.args().begin(), definition.args().end());
        }
        trusted("indexed_by", coordinates, symbolic_loops(loops), find.lets);
    }

    /// Writes the Funcs whose values keep those of a Func within bounds. Of updates and extern stages Halide knows no bounds.
    void bounded_by(const Function &f) {
        if (f.has_extern_definition() || f.has_update_definition() || !f.has_pure_definition()) {
            return;
        }
        Scope<Interval> scope;
        for (const std::string &arg : f.args()) {
            scope.push(arg, Interval::everything());
        }
        trusted("bounded_by", names.renamed(f.definition()).values(), scope, {});
    }

    void accesses(const std::vector<Expr> &exprs, const std::vector<std::string> &loops) {
        FindLoads find;
        for (const Expr &e : exprs) {
            e.accept(&find);
        }
        const LetValues &lets = find.lets;
        json.key("accesses").array(find.loads, [&](const Call *call) {
            json.object([&] {
                value_read(call);
                std::vector<std::pair<size_t, Expr>> others;
                size_t dim = 0;
                json.key("rows").array(call->args, [&](const Expr &arg) {
                    if (!write_access_row(json, arg, loops, lets)) {
                        others.emplace_back(dim, arg);
                    }
                    dim++;
                });
                if (!others.empty()) {
                    unknown_coordinates(others, loops, lets);
                }
                if (depends_on_data(call->args, lets)) {
                    json.key("by_data").value(true);
                }
            });
        });
    }

    /// How loops move coordinates that are not affine.
    void unknown_coordinates(const std::vector<std::pair<size_t, Expr>> &coordinates,
                             const std::vector<std::string> &loops, const LetValues &lets) {
        std::vector<Expr> rest;
        std::vector<std::pair<size_t, Addends::Term>> terms;
        for (const auto &[dim, e] : coordinates) {
            const Addends parts = addends(e, loops, lets);
            rest.insert(rest.end(), parts.rest.begin(), parts.rest.end());
            for (const Addends::Term &term : parts.terms) {
                terms.emplace_back(dim, term);
            }
        }
        json.key("moved_by").array(loops_within(rest, loops, lets), [&](size_t l) { json.value(l); });
        if (!terms.empty()) {
            json.key("added").array(terms, [&](const std::pair<size_t, Addends::Term> &term) {
                json.object([&] {
                    json.key("dim").value(term.first);
                    json.key("index").value(term.second.loop);
                    json.key("step").array([&] {
                        json.value(term.second.num);
                        json.value(term.second.den);
                    });
                });
            });
        }
    }

    /// The input whose coordinates are those of a producer: itself, or the one that a Func hands on; empty if there is none.
    std::string input_behind(std::string producer) {
        for (auto func = func_index.find(producer); func != func_index.end(); func = func_index.find(producer)) {
            const Call *load = handed_on(request.funcs[func->second]);
            if (!load) {
                return "";
            }
            producer = load->call_type == Call::Image ? names.of(load->param, load->image) : load->name;
        }
        return producer;
    }

    void interval(const Interval &i, bool inside = false) {
        json.object([&] {
            json.key("min");
            programs.write(json, i.has_lower_bound() ? i.min : Expr());
            json.key("max");
            programs.write(json, i.has_upper_bound() ? i.max : Expr());
            if (i.is_bounded() && !mentions_inputs(i.min) && !mentions_inputs(i.max)) {
                json.key("exact").value(true);
            }
            if (inside) {
                json.key("inside").value(true);
            }
        });
    }

    Scope<Interval> symbolic_loops(const std::vector<std::string> &loops) {
        Scope<Interval> scope;
        for (const std::string &loop : loops) {
            scope.push(loop, Interval(Variable::make(Int(32), loop + ".min"), Variable::make(Int(32), loop + ".max")));
        }
        return scope;
    }

    /// What the stage reads of every producer (itself included), and what it writes, as functions of its loops' bounds.
    void requirements(const Function &f, const Definition &definition, const std::vector<Expr> &exprs,
                      const std::vector<std::string> &loops) {
        const Scope<Interval> scope = symbolic_loops(loops);
        const Expr everything = Call::make(Int(32), Call::bundle, exprs, Call::PureIntrinsic);
        Stmt body = Evaluate::make(everything);
        if (!is_const_one(definition.predicate())) {
            body = IfThenElse::make(definition.predicate(), body);
        }
        json.key("requires").array([&] {
            for (auto &[name, box] : boxes_required(body, scope, value_bounds)) {
                if (!func_index.count(name) && !inputs.find(name)) {
                    continue;
                }
                json.object([&, &name = name, &box = box] {
                    json.key("source");
                    source(name);
                    const std::string input = input_behind(name);
                    int d = 0;
                    json.key("bounds").array(box.bounds, [&](const Interval &i) {
                        interval(i, inputs.find(input) && lies_inside(i, inputs.dimension(input, d)));
                        d++;
                    });
                });
            }
        });
        if (!definition.is_init()) {
            json.key("writes").array(definition.args(), [&](const Expr &arg) {
                interval(bounds_of_expr_in_scope(arg, scope, value_bounds));
            });
        }
    }

    void stage(const Function &f, const Definition &as_written) {
        const Definition definition = names.renamed(as_written);
        const std::vector<OriginalLoop> original = original_loops(f, definition);
        std::vector<std::string> vars(original.size());
        std::transform(original.begin(), original.end(), vars.begin(), [](const OriginalLoop &l) { return l.var; });
        std::vector<Expr> exprs = definition.values();
        if (!definition.is_init()) {
            exprs.insert(exprs.end(), definition.args().begin(), definition.args().end());
        }
        std::vector<Expr> with_predicate = exprs;
        const bool predicated = !is_const_one(definition.predicate());
        if (predicated) {
            with_predicate.push_back(definition.predicate());
        }
        json.object([&] {
            loops(definition, original);
            json.key("predicate").value(predicated);
            json.key("operations");
            // What is computed is what Halide leaves of it; regions are worked out from all that is written there.
            const std::vector<Expr> computed = simplified(with_predicate);
            write_operations(json, computed, vars, definition.is_init() ? "" : f.name());
            accesses(computed, vars);
            indexed_by(definition, exprs, vars);
            if (const auto compared = compared_loops(computed, vars); !compared.empty()) {
                json.key("compared").array(compared, [&](size_t l) { json.value(l); });
            }
            if (const auto dropped = dropped_reads(with_predicate, computed); !dropped.empty()) {
                json.key("dropped").array(dropped, [&](const Call *call) { json.object([&] { value_read(call); }); });
            }
            requirements(f, definition, exprs, vars);
            if (!definition.is_init()) {
                FindLoads find;
                for (const Expr &arg : definition.args()) {
                    arg.accept(&find);
                }
                json.key("stores").array(definition.args(),
                                         [&](const Expr &arg) { write_access_row(json, arg, vars, find.lets); });
                const AssociativeOp op = prove_associativity(f.name(), definition.args(), definition.values());
                json.key("associative").value(op.associative());
                json.key("commutative").value(op.associative() && op.commutative());
            }
        });
    }

    void extern_definition(const Function &f) {
        json.key("extern").object([&] {
            json.key("name").value(f.extern_function_name());
            json.key("sources").array([&] {
                for (const ExternFuncArgument &arg : f.extern_arguments()) {
                    if (arg.is_func()) {
                        source(Function(arg.func).name());
                    } else if (arg.is_image_param()) {
                        source(names.of(arg.image_param, Buffer<>()));
                    } else if (arg.is_buffer()) {
                        source(names.of(Parameter(), arg.buffer));
                    }
                }
            });
        });
    }

    /// Writes a value that is a constant of the algorithm; nothing for one that depends on parameters.
    void constant(const std::string &key, const Expr &e) {
        const auto value = e.defined() ? as_const_int(simplify(e)) : std::nullopt;
        if (value) {
            json.key(key).value(*value);
        }
    }

    /// Estimates or declared bounds: one entry per dimension that has any.
    void bounds(const std::string &key, const std::vector<Bound> &bounds) {
        json.key(key).object([&] {
            // What is declared last holds; alignments say nothing of either.
            std::map<std::string, Bound> known;
            for (const Bound &b : bounds) {
                Bound &of_var = known[b.var];
                of_var.min = b.min.defined() ? b.min : of_var.min;
                of_var.extent = b.extent.defined() ? b.extent : of_var.extent;
            }
            for (const auto &[var, b] : known) {
                json.key(var).object([&, &b = b] {
                    constant("min", b.min);
                    constant("extent", b.extent);
                });
            }
        });
    }

    /// What the user says is computed of a Func: by `bound`, or of an output by constraints of its buffer.
    std::vector<Bound> promised_bounds(const Function &f) {
        std::vector<Bound> all;
        for (const Func &output : request.pipeline.outputs()) {
            if (output.name() == f.name()) {
                const Parameter buffer = output.output_buffers().front().parameter();
                for (int d = 0; d < buffer.dimensions(); d++) {
                    all.push_back({f.args()[d], buffer.min_constraint(d), buffer.extent_constraint(d), Expr(), Expr()});
                }
            }
        }
        const std::vector<Bound> &declared = f.schedule().bounds();
        all.insert(all.end(), declared.begin(), declared.end());
        return all;
    }

    void func(const Function &f) {
        json.object([&] {
            json.key("name").value(f.name());
            json.key("args").array(f.args(), [&](const std::string &arg) { json.value(arg); });
            json.key("types").array(f.output_types(), [&](const Type &t) { json.value(type_name(t)); });
            json.key("inlinable").value(f.can_be_inlined());
            // Realised, it would share a name with the buffer, which Halide does not allow.
            const bool shares_name = f.can_be_inlined() && inputs.is_named(f.name());
            const std::string placed = shares_name ? "called like an input" : decided_place(f);
            const std::string otherwise = decided_otherwise(f);
            if (!placed.empty()) {
                json.key("scheduled").value(placed);
            } else if (!otherwise.empty()) {
                json.key("partly").value(otherwise);
            }
            if (f.schedule().async()) {
                json.key("async").value(true);
            }
            json.key("placed_inside").array([&] {
                for (const std::string &name : loop_hosts(f)) {
                    const auto host = func_index.find(name);
                    if (host != func_index.end()) {
                        json.value(host->second);
                    }
                }
            });
            bounds("estimates", f.schedule().estimates());
            bounds("bounds", promised_bounds(f));
            bounded_by(f);
            if (f.has_extern_definition()) {
                extern_definition(f);
            }
            json.key("stages").array([&] {
                if (!f.has_extern_definition() && f.has_pure_definition()) {
                    stage(f, f.definition());
                }
                for (const Definition &update : f.updates()) {
                    stage(f, update);
                }
            });
        });
    }

    void target() {
        const Target &t = request.target;
        json.key("target").object([&] {
            json.key("name").value(t.to_string());
            // Halide does not say for a target without an architecture; all that it compiles for have as many.
            json.key("vector_bytes").value(t.has_unknowns() ? 16 : t.natural_vector_size(UInt(8)));
            json.key("unknown").value(t.has_unknowns());
            json.key("strict_float").value(t.has_feature(Target::StrictFloat));
            json.key("gpu").value(t.has_gpu_feature());
        });
    }

public:
    explicit Extract(hs_request &request)
        : request(request), names(request.funcs), inputs(request.funcs, names) {
        std::vector<std::string> order;
        for (const Function &f : request.funcs) {
            func_index.emplace(f.name(), order.size());
            order.push_back(f.name());
        }
        value_bounds = compute_function_value_bounds(order, names.renamed_copies(request.pipeline.outputs(), request.env));
    }

    std::string description() {
        json.object([&] {
            json.key("version").value(2);
            target();
            json.key("inputs");
            inputs.write(json);
            json.key("funcs").array(request.funcs, [&](const Function &f) { func(f); });
            json.key("outputs").array(request.pipeline.outputs(),
                                      [&](const Func &f) { json.value(func_index.at(f.name())); });
            json.key("missing_estimates").array(programs.missing_estimates(),
                                                [&](const std::string &what) { json.value(what); });
            json.key("assumed_values").array(programs.assumed_values(),
                                             [&](const std::string &what) { json.value(what); });
        });
        return json.take();
    }
};

}  // namespace

extern "C" int32_t hs_extract(hs_request *request, hs_string *json) {
    return guard(request->error, [&] {
        request->json = Extract(*request).description();
        *json = borrow(request->json);
    });
}
