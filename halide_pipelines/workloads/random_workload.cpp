// Random workloads, for tests of schedulers and for learning: pipelines like those that people run, by descriptions.
//
// `random_pipeline` makes small pipelines of stages of any kind; here, recognisable parts (kinds.h) of any size are
// chained, one to three of a group: parts that work on images, on maps of features, on matrices or on signals.
//
// A pipeline is built several times: in `configure`, before there are inputs, to find the size at which it has as many
// bytes as its size class wants, and which inputs and outputs it has; and in `generate`, from these inputs.
#include "shape.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace Halide;

namespace {

using namespace pipelines::workloads;

/// Streams of random numbers.
enum Stream : uint64_t { choice_stream = 1, style_stream = 2, size_stream = 3, output_stream = 4, part_stream = 100 };

/// Operations that take about a second without a schedule.
constexpr double most_work = 6e8;

/// Bytes of inputs, outputs and what is stored between them.
struct SizeClass {
    std::string name;
    double least, most;
};

const std::vector<SizeClass> &size_classes() {
    static const std::vector<SizeClass> all = {{"small", 3e4, 2e6}, {"medium", 2e6, 16e6}, {"large", 16e6, 80e6}};
    return all;
}

template<typename ImageBuffer>
std::pair<Func, Region> readable(ImageBuffer &buffer) {
    Region bounds;
    for (int i = 0; i < buffer.dimensions(); i++) {
        bounds.emplace_back(buffer.dim(i).min(), buffer.dim(i).extent());
    }
    return {buffer, bounds};
}

struct InputShape {
    Type type;
    std::vector<int> extents;
};

/// Stands for inputs that are not there yet, and says which ones a pipeline asks for.
class Placeholders : public InputSource {
public:
    std::vector<InputShape> shapes;

    std::pair<Func, Region> next(Type type, const std::vector<int> &extents) override {
        shapes.push_back({type, extents});
        ImageParam param(type, static_cast<int>(extents.size()));
        return readable(param);
    }
};

/// A pipeline, and what it takes.
struct Built {
    std::vector<Value> outputs;
    double bytes, work;
};

class RandomWorkload : public Generator<RandomWorkload> {
public:
    GeneratorParam<uint64_t> seed{"seed", 0};
    /// Bounds the lengths of chains, the levels of pyramids and the number of parts; 0 does not.
    GeneratorParam<int> stages{"stages", 0, 0, 500};
    /// small (below 2 MB), medium (to 16 MB) or large; any is a third each.
    GeneratorParam<std::string> size_class{"size_class", "any"};
    /// The kind of the first part, or its group (image, map, matrix, signal), or any.
    GeneratorParam<std::string> kind{"kind", "any"};

    void configure() {
        choose_parts();
        choose_size();
        Placeholders placeholders;
        const Built built = build(placeholders);
        shapes = placeholders.shapes;
        for (size_t i = 0; i < shapes.size(); i++) {
            const int dimensions = static_cast<int>(shapes[i].extents.size());
            inputs.push_back(add_input<Buffer<>>("input" + std::to_string(i), shapes[i].type, dimensions));
        }
        for (size_t i = 0; i < built.outputs.size(); i++) {
            const Func &func = built.outputs[i].func;
            outputs.push_back(add_output<Buffer<>>("output" + std::to_string(i), func.types(), func.dimensions()));
            std::vector<int> extents;
            for (const Dim &dim : built.outputs[i].dims) {
                extents.push_back(dim.extent);
            }
            output_extents.push_back(extents);
        }
    }

    void generate() {
        GeneratorInputs source(inputs);
        const Built built = build(source);
        for (size_t i = 0; i < outputs.size(); i++) {
            *outputs[i] = built.outputs[i].func;
        }
    }

    void schedule() {
        for (size_t i = 0; i < inputs.size(); i++) {
            pipelines::set_estimates(*inputs[i], shapes[i].extents);
        }
        std::vector<Func> roots;
        for (size_t i = 0; i < outputs.size(); i++) {
            pipelines::set_estimates(*outputs[i], output_extents[i]);
            roots.push_back(*outputs[i]);
        }
        if (!using_autoscheduler()) {
            pipelines::schedule_root(roots);
        }
    }

private:
    using InputPort = Input<Buffer<>>;

    class GeneratorInputs : public InputSource {
    public:
        explicit GeneratorInputs(const std::vector<InputPort *> &ports) : ports(ports) {
        }

        std::pair<Func, Region> next(Type, const std::vector<int> &) override {
            return readable(*ports[count++]);
        }

    private:
        const std::vector<InputPort *> &ports;
        size_t count = 0;
    };

    std::vector<Kind> parts;
    Style style = {};
    std::vector<InputShape> shapes;
    std::vector<InputPort *> inputs;
    std::vector<Output<Buffer<>> *> outputs;
    std::vector<std::vector<int>> output_extents;

    Group group() const {
        return parts[0].group;
    }

    static std::vector<Kind> of_group(Group group) {
        std::vector<Kind> kinds;
        for (const Kind &known : all_kinds()) {
            kinds.insert(kinds.end(), known.group == group ? known.weight : 0, known);
        }
        return kinds;
    }

    /// The kind of the first part, as the parameter says.
    Kind first_kind(Random &random) const {
        Group group = random.pick<Group>({Group::image, Group::image, Group::image, Group::image, Group::map, Group::map,
                                          Group::matrix, Group::matrix, Group::signal});
        const std::string wanted = kind.value();
        const auto found = std::find_if(all_kinds().begin(), all_kinds().end(),
                                        [&](const Kind &known) { return known.name == wanted; });
        const auto &groups = group_names();
        const auto named = std::find_if(groups.begin(), groups.end(),
                                        [&](const auto &known) { return known.first == wanted; });
        if (named != groups.end()) {
            group = named->second;
        } else if (found == all_kinds().end() && wanted != "any") {
            throw std::invalid_argument("random_workload has no kind '" + wanted + "'");
        }
        const Kind drawn = random.pick(of_group(group));
        return found == all_kinds().end() ? drawn : *found;
    }

    void choose_parts() {
        Random random(seed, choice_stream);
        parts = {first_kind(random)};
        int count = random.pick<int>({1, 1, 2, 2, 3});
        count = stages > 0 ? std::min(count, stages.value()) : count;
        while (static_cast<int>(parts.size()) < count) {
            parts.push_back(random.pick(of_group(parts[0].group)));
        }
    }

    SizeClass chosen_class(Random &random) const {
        const SizeClass drawn = random.pick(size_classes());
        if (size_class.value() == "any") {
            return drawn;
        }
        for (const SizeClass &known : size_classes()) {
            if (known.name == size_class.value()) {
                return known;
            }
        }
        throw std::invalid_argument("random_workload has no size class '" + size_class.value() + "'");
    }

    /// Draws the types, and finds the size at which the pipeline is in its size class.
    void choose_size() {
        Random random(seed, style_stream);
        const SizeClass wanted = chosen_class(random);
        style = random_style(random, group());
        double target = wanted.least * std::pow(wanted.most / wanted.least, 0.1 + 0.8 * random.below(1000) / 1000);
        // Fewer features where many make more work than there is time for.
        for (; !fit(wanted, target) && style.features > 16; style.features /= 2) {
            target = std::max(target / 2, wanted.least * 1.3);
        }
    }

    /// Whether a size in the class that is not too much work has been found; the style has the last size tried.
    bool fit(const SizeClass &wanted, double target) {
        double elements = 1e4;
        bool fits = false;
        for (int attempt = 0; attempt < 8 && !fits; attempt++) {
            set_elements(style, group(), Random(seed, size_stream), elements);
            Placeholders placeholders;
            const Built built = build(placeholders);
            const bool near = attempt >= 3 || std::abs(std::log(built.bytes / target)) < 0.3;
            fits = near && built.bytes >= wanted.least && built.bytes <= wanted.most && built.work <= most_work;
            const double factor = std::min(target / built.bytes, most_work / built.work);
            elements = std::clamp(fits ? elements : elements * factor, 16.0, 3e7);
        }
        return fits;
    }

    Value first_value(Workload &workload) const {
        switch (group()) {
        case Group::image:
            return workload.photograph();
        case Group::map: {
            const Dims planar = {{X, style.width}, {Y, style.height}, {C, style.features}, {N, style.batch}};
            const Dims interleaved = {planar[2], planar[0], planar[1], planar[3]};
            return workload.image(style.input, style.interleaved ? interleaved : planar);
        }
        case Group::matrix:
            return workload.array(style.input, {{C, style.features}, {N, style.tokens}});
        default:
            return workload.image(style.input, {{X, style.samples}});
        }
    }

    Built build(InputSource &source) const {
        Workload workload(seed, style, stages, source);
        Value last = first_value(workload);
        for (size_t i = 0; i < parts.size(); i++) {
            workload.random = Random(seed, part_stream + i);
            const Value before = last;
            last = parts[i].add(workload, before);
            if (workload.random.chance(25) && same_places(before, last)) {
                last = joined(workload, before, last);
            }
        }
        workload.random = Random(seed, output_stream);
        Built built = {{output(workload, last)}, 0, workload.work()};
        for (const Value &value : workload.offered()) {
            if (built.outputs.size() < 3 && workload.random.chance(60)) {
                built.outputs.push_back(output(workload, value));
            }
        }
        built.bytes = bytes_of(built.outputs, workload);
        return built;
    }

    static bool same_places(const Value &a, const Value &b) {
        return std::all_of(a.dims.begin(), a.dims.end(),
                           [&](const Dim &dim) { return b.extent(dim.role) == dim.extent; });
    }

    /// A branch beside a part: what it read, and what it made of that.
    static Value joined(Workload &workload, const Value &before, const Value &after) {
        const Term own = workload.read(before, workload.here), made = workload.read(after, workload.here);
        switch (workload.random.below(3)) {
        case 0:
            return workload.keep("joined", after.dims, average({own, made}, {1, 1}));
        case 1:
            return workload.keep("change", after.dims, made - own);
        default:
            return workload.keep("larger", after.dims, max(own, made));
        }
    }

    static Type output_type(Workload &workload, const Value &value) {
        if (workload.style.whole || workload.random.chance(60)) {
            return workload.random.chance(80) ? workload.style.input : value.type();
        }
        return workload.style.kept;
    }

    /// A Func that only an output reads; sometimes one of two values, or stored in another order.
    static Value output(Workload &workload, const Value &value) {
        const Term term = workload.read(value, workload.here);
        Dims dims = value.dims;
        if (dims.size() > 1 && workload.random.chance(10)) {
            std::swap(dims.front(), dims.back());
        }
        const Term main = stored(term, output_type(workload, value));
        Func func = workload.func("result");
        if (workload.random.chance(12)) {
            const Type second = workload.random.pick<Type>({UInt(16), Float(32)});
            func(workload.vars(dims)) = Tuple(main.expr, stored(abs(term), second).expr);
        } else {
            func(workload.vars(dims)) = main.expr;
        }
        return workload.keep_func(func, dims, main.low, main.high);
    }

    static double bytes_of(const std::vector<Value> &outputs, const Workload &workload) {
        std::vector<Internal::Function> roots;
        for (const Value &output : outputs) {
            roots.push_back(output.func.function());
        }
        double bytes = 0;
        for (const auto &[name, function] : Internal::build_environment(roots)) {
            const auto found = workload.stored_bytes().find(name);
            bytes += found == workload.stored_bytes().end() ? 0 : found->second;
        }
        return bytes;
    }
};

}  // namespace

HALIDE_REGISTER_GENERATOR(RandomWorkload, random_workload)
