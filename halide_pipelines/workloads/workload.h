// Random workloads, pipelines like those that people run: see random_workload.cpp.
//
// What makes every one of them well-defined for any input, at any output size:
//  * Funcs are defined for all coordinates; indices that depend on data are clamped;
//  * reduction domains are constant;
//  * arithmetic is on terms, whose ranges are known (term.h).
#pragma once

#include "../random_pipeline.h"
#include "term.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace pipelines {
namespace workloads {

using random_pipeline::Random;

/// What a dimension means: places, channels or features, images or tokens of a batch, heads.
enum Role { X, Y, C, N, H };
constexpr int role_count = 5;

struct Dim {
    Role role;
    int extent;
};

/// Innermost first.
using Dims = std::vector<Dim>;
/// A coordinate for each role.
using Point = std::array<Halide::Expr, role_count>;

/// A Func, or an element of one with tuples, that stages read.
struct Value {
    Halide::Func func;
    int element;
    Dims dims;
    double low, high;

    bool has(Role role) const;
    /// 1 if it lacks the role.
    int extent(Role role) const;
    double points() const;
    Halide::Type type() const;
    Halide::Expr at(const Point &point) const;
};

/// The extents and types that the parts of a pipeline share.
struct Style {
    int width, height;
    /// All tokens of a batch; features of each.
    int tokens, features;
    /// Samples of a signal.
    int samples;
    /// Images in a batch.
    int batch;
    /// Of images that come in.
    Halide::Type input;
    /// Whether arithmetic is on integers, else it is on floats of type `real`.
    bool whole;
    Halide::Type real;
    /// What reals are stored as between stages.
    Halide::Type kept;
    /// Whether channels are innermost.
    bool interleaved;
    int channels;
};

/// Where inputs come from: the pipeline asks for them while it grows.
class InputSource {
public:
    virtual ~InputSource() = default;
    /// The next input, and its bounds.
    virtual std::pair<Halide::Func, Halide::Region> next(Halide::Type type, const std::vector<int> &extents) = 0;
};

/// A growing pipeline.
class Workload {
public:
    Random random;
    const Style style;
    /// The pure variable of each role.
    const Point here;

    /// `most_steps` bounds the lengths of chains and numbers of levels, 0 not at all.
    Workload(uint64_t seed, const Style &style, int most_steps, InputSource &inputs);

    /// A length in [low, high], or fewer if there are to be fewer steps.
    int steps(int low, int high);
    /// `here` with one coordinate replaced.
    Point moved(Role role, const Halide::Expr &to) const;
    Point moved(Role first, const Halide::Expr &to_first, Role second, const Halide::Expr &to_second) const;

    /// An input of these dimensions, extended outwards along X and Y by a boundary condition.
    Value image(Halide::Type type, const Dims &dims);
    /// An input read where it has values only.
    Value array(Halide::Type type, const Dims &dims);
    /// The image that a pipeline of images starts with.
    Value photograph();
    /// The dimensions of an image of this size, in the layout of the pipeline; one channel has no dimension.
    Dims image_dims(int width, int height, int channels) const;

    /// The value at a point, whole or real as the style says; real in any case.
    Term read(const Value &value, const Point &point) const;
    Term read_real(const Value &value, const Point &point) const;
    /// A Func of a term, stored as a type that fits, or as the one given.
    Value keep(const std::string &name, const Dims &dims, const Term &term);
    Value keep_as(const std::string &name, const Dims &dims, const Term &term, Halide::Type type);
    /// A Func that has been defined.
    Value keep_func(const Halide::Func &func, const Dims &dims, double low, double high, int element = 0);
    /// The value with its edges extended outwards: nothing outside it is computed.
    Value bordered(const Value &value);
    Halide::Func func(const std::string &name);
    std::vector<Halide::Var> vars(const Dims &dims) const;
    std::vector<Halide::Expr> args(const Dims &dims, const Point &point) const;

    /// The sum of a term over the `count` points of the reduction domain in it, as a Func with an update.
    Value sum_over(const std::string &name, const Dims &dims, const Term &term, double count);

    /// Says that a value may be an output of its own.
    void offer(const Value &value);
    const std::vector<Value> &offered() const;

    /// Says that a Func does more than a few operations for each of its points.
    void add_work(double operations);
    double work() const;
    /// What a Func stores at the root; of inputs, what they hold.
    const std::map<std::string, double> &stored_bytes() const;

private:
    int most_steps;
    InputSource &inputs;
    int counter = 0;
    double operations = 0;
    std::vector<Value> extra_outputs;
    std::map<std::string, double> bytes;

    Halide::Func extended(const Halide::Func &func, const Halide::Region &bounds);
    Value input(Halide::Type type, const Dims &dims, bool is_extended);
};

/// `dims` without a role, or with another extent of it.
Dims without(const Dims &dims, Role role);
Dims resized(const Dims &dims, Role role, int extent);

}  // namespace workloads
}  // namespace pipelines
