// Random pipelines, for tests of schedulers: what users write, drawn at random.
//
// The parameters `seed`, `stages`, `families` and `quirks` determine the pipeline, `scale` its sizes. Fewer stages of the same seed and families are
// a prefix of more, but for what the outputs read, which makes it easy to find the stage that matters.
#include "random_pipeline.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

using namespace Halide;

namespace {

using namespace pipelines::random_pipeline;

/// Streams of random numbers; those of outputs and stages are in Builder.
enum Stream : uint64_t { shape_stream = 1, input_stream = 2, quirk_stream = 3 };

class RandomPipeline : public Generator<RandomPipeline> {
public:
    GeneratorParam<uint64_t> seed{"seed", 0};
    GeneratorParam<int> stages{"stages", 8, 1, 500};
    /// How many times as large X and Y are, X alone squared where there is no Y: for timing rather than testing.
    GeneratorParam<int> scale{"scale", 1, 1, 64};
    /// Names of kinds of stages, separated by plus signs, or `all`.
    GeneratorParam<std::string> families{"families", "all"};
    /// What else people do, separated by plus signs: `names` that several things share, partial `schedules`, `bounds` of
    /// buffers, scalars without `estimates`. `all` of it, or `none`.
    GeneratorParam<std::string> quirks{"quirks", "none"};

    void configure() {
        draw_shape();
        Random random(seed, input_stream);
        for (int i = 0, count = random.between(1, 3); i < count; i++) {
            // The first input has all dimensions.
            const int dimensions = i == 0 ? rank() : random.between(1, rank());
            const Type type = random.pick<Type>({UInt(8), UInt(8), UInt(16), Int(16), Int(32), Float(32), Float(32)});
            inputs.push_back(add_input<Buffer<>>("input" + std::to_string(i), type, dimensions));
        }
        if (random.chance(30)) {
            factor = add_input<int>("factor");
        }
        for (int i = 0, count = random.chance(30) ? random.between(2, 3) : 1; i < count; i++) {
            const bool is_whole = i == 0 || random.chance(50);
            const int dimensions = is_whole ? rank() : random.between(1, rank());
            const Type type = random.pick<Type>(
                {UInt(8), UInt(16), Int(16), Int(32), UInt(32), Float(32), Float(32), Float(64)});
            outputs.push_back(add_output<Buffer<>>("output" + std::to_string(i), type, dimensions));
        }
    }

    void generate() {
        Random random(seed, input_stream + 100);
        std::vector<Value> values;
        for (Input<Buffer<>> *input : inputs) {
            values.push_back(read_input(random, *input));
        }
        if (factor) {
            Func scalar("factor_value");
            scalar() = clamp(*factor, -50, 50);
            values.push_back({scalar, 0, 50, {}, 0, false});
            if (has_quirk("estimates")) {
                values.push_back(shifted(values[0]));
            }
        }
        Builder builder(seed, extents, values, has_quirk("names"));
        const std::vector<std::string> kinds = chosen(families, Builder::families(), "family");
        for (int i = 0; i < stages; i++) {
            builder.add_stage(i, kinds);
        }
        for (size_t i = 0; i < outputs.size(); i++) {
            *outputs[i] = builder.output(static_cast<int>(i), outputs[i]->type(), first_dims(outputs[i]->dimensions()));
        }
    }

    void schedule() {
        for (Input<Buffer<>> *input : inputs) {
            pipelines::set_estimates(*input, sizes(input->dimensions()));
        }
        if (factor && !has_quirk("estimates")) {
            factor->set_estimate(7);
        }
        std::vector<Func> roots;
        for (Output<Buffer<>> *output : outputs) {
            pipelines::set_estimates(*output, sizes(output->dimensions()));
            roots.push_back(*output);
        }
        Random random(seed, quirk_stream);
        if (has_quirk("bounds")) {
            bound_buffers(random);
        }
        if (has_quirk("schedules")) {
            schedule_partly(random, roots);
        }
        if (!using_autoscheduler()) {
            pipelines::schedule_root(roots);
        }
    }

private:
    std::vector<Input<Buffer<>> *> inputs;
    Input<int> *factor = nullptr;
    std::vector<Output<Buffer<>> *> outputs;
    /// Roles of the dimensions, in storage order.
    std::vector<int> order;
    Extents extents = {};

    int rank() const {
        return static_cast<int>(order.size());
    }

    void draw_shape() {
        Random random(seed, shape_stream);
        order = random.pick<std::vector<int>>(
            {{X}, {X, Y}, {X, Y}, {X, Y}, {X, Y, C}, {X, Y, C}, {C, X, Y}, {X, C, Y}, {X, Y, C, N}, {C, X, Y, N}});
        // Few points in all; tests are to be quick.
        const int most = order.size() == 1 ? 600 : order.size() == 2 ? 150 : 70;
        extents = {random.between(17, most), random.between(9, most), random.between(2, 5), random.between(2, 3)};
        extents[X] *= order.size() == 1 ? scale.value() * scale.value() : scale.value();
        extents[Y] *= scale.value();
    }

    std::vector<int> first_dims(int count) const {
        return {order.begin(), order.begin() + count};
    }

    std::vector<int> sizes(int count) const {
        std::vector<int> result;
        for (int role : first_dims(count)) {
            result.push_back(extents[role]);
        }
        return result;
    }

    /// The names in a list separated by plus signs, or all of those that are known.
    static std::vector<std::string> chosen(const std::string &list, const std::vector<std::string> &known,
                                           const std::string &kind) {
        if (list == "all") {
            return known;
        }
        std::vector<std::string> names;
        std::istringstream text(list);
        for (std::string name; std::getline(text, name, '+');) {
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                throw std::invalid_argument("random_pipeline has no " + kind + " '" + name + "'");
            }
            names.push_back(name);
        }
        return names;
    }

    bool has_quirk(const std::string &name) const {
        if (quirks.value() == "none") {
            return false;
        }
        const auto names = chosen(quirks, {"names", "schedules", "bounds", "estimates"}, "quirk");
        return std::find(names.begin(), names.end(), name) != names.end();
    }

    /// A value that the scalar moves along its first dimension.
    Value shifted(const Value &value) {
        std::vector<Var> vars(value.dims.size());
        std::vector<Expr> at(vars.begin(), vars.end());
        at[0] += *factor;
        Func moved("moved");
        moved(vars) = value.func(at);
        return {moved, 0, value.limit, value.dims, 0, false};
    }

    /// Fixes some of the bounds of inputs and outputs that the estimates have.
    void bound_buffers(Random &random) {
        const auto bound = [&](auto &buffer) {
            for (int d = 0; d < buffer.dimensions(); d++) {
                if (random.chance(30)) {
                    buffer.dim(d).set_min(0);
                }
                // Dimensions without a place have few values, and often a known number of them.
                if (order[d] >= C && random.chance(50)) {
                    buffer.dim(d).set_bounds(0, extents[order[d]]);
                }
            }
        };
        for (Input<Buffer<>> *input : inputs) {
            bound(*input);
        }
        for (Output<Buffer<>> *output : outputs) {
            bound(*output);
        }
    }

    Value read_input(Random &random, Input<Buffer<>> &input) {
        const std::vector<int> dims = first_dims(input.dimensions());
        // Magnitudes that `nnc` gives its inputs, and more; other callers' values wrap in the same way under any schedule.
        Func func;
        switch (random.below(5)) {
        case 0:
            func = BoundaryConditions::constant_exterior(input, 0);
            break;
        case 1:
            func = BoundaryConditions::mirror_image(input);
            break;
        default:
            func = BoundaryConditions::repeat_edge(input);
        }
        const double limit = input.type().is_float() ? 1 : largest(input.type());
        return {func, 0, limit, dims, 0, false};
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(RandomPipeline, random_pipeline)
