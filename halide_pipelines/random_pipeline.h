// Random pipelines, for tests of schedulers: see random_pipeline.cpp.
//
// What makes every one of them well-defined, at any output size and in any order of evaluation that Halide allows:
//  * Funcs are defined for all coordinates; what reads data-dependent coordinates clamps them;
//  * reduction domains are constant, or extents of inputs;
//  * the largest magnitude of every value is tracked, so that signed 32-bit integers never overflow, floats stay finite,
//    and conversions of floats to integers are in range;
//  * no divisor is zero.
#pragma once

#include "pipeline.h"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pipelines {
namespace random_pipeline {

/// Numbers that depend on (seed, stream) only: SplitMix64.
class Random {
public:
    Random(uint64_t seed, uint64_t stream);
    uint64_t next();
    /// In [0, count).
    int below(int count);
    /// In [low, high].
    int between(int low, int high);
    bool chance(int percent);
    template<typename T>
    const T &pick(const std::vector<T> &options) {
        return options[below(static_cast<int>(options.size()))];
    }

private:
    uint64_t state;
};

/// What a dimension means. Two Funcs that have a role in common are read at the same coordinate of it.
enum Role { X, Y, C, N };
constexpr int role_count = 4;

/// A coordinate for each role; undefined where a stage does not have the role.
using Point = std::array<Halide::Expr, role_count>;
/// Sizes by role, at level 0.
using Extents = std::array<int, role_count>;

/// An expression whose magnitude is at most `limit`.
struct Term {
    Halide::Expr expr;
    double limit;
};

/// A Func, or an element of one with tuples, that stages read.
struct Value {
    Halide::Func func;
    int element;
    double limit;
    /// In storage order.
    std::vector<int> dims;
    /// How often the roles X and Y have been halved.
    int level;
    bool is_read;
};

/// Largest magnitude of integers of a type, and what floats are kept below.
double largest(Halide::Type type);
/// As int32 of at most 4096.
Term to_int(Random &random, const Term &term);
/// As float32 of at most 16.
Term to_float(const Term &term);
/// As `type`, by one of the ways in which people convert.
Term convert(Random &random, const Term &term, Halide::Type type);
/// Any type that values may have.
Halide::Type random_type(Random &random);
/// An int32 or float32 from several of the kind, by random operations.
Term combine(Random &random, const std::vector<Term> &terms);

/// Schedules some Funcs, but does not say where they are computed.
void schedule_partly(Random &random, const std::vector<Halide::Func> &outputs);

/// Adds stage by stage to a growing pipeline.
class Builder {
public:
    /// `inputs` are the first values; the first of them has all roles, in the storage order that most Funcs get. With
    /// `shared_names` Funcs, variables and embedded images are called alike.
    Builder(uint64_t seed, const Extents &extents, std::vector<Value> inputs, bool shared_names);

    /// Names of the kinds of stages.
    static std::vector<std::string> families();

    /// Adds one stage (sometimes of several Funcs), of one of the `families`. It depends on the seed and on the stages
    /// before it only, so that fewer stages are a prefix of more.
    void add_stage(int index, const std::vector<std::string> &families);

    /// An output with these dimensions that reads the last value, and some that nothing reads yet.
    Halide::Func output(int index, Halide::Type type, const std::vector<int> &dims);

private:
    struct Family {
        std::string name;
        void (Builder::*add)();
    };

    uint64_t seed;
    Random random;
    Extents extents;
    std::vector<Value> values;
    std::array<Halide::Var, role_count> vars;
    int counter = 0;
    bool shared_names;

    static const std::vector<Family> &all_families();
    std::string name(const std::string &family);
    /// Makes an embedded image available, through a Func of the same name.
    void add_image();
    /// How many coordinates of a role there are at a level, at the estimates.
    int extent(int role, int level) const;
    /// A value to read, a recent one rather than an old one.
    Value &operand();
    /// As `operand`, but one with all the roles.
    Value &operand_with(const std::vector<int> &roles);
    /// The pure variables of the dimensions.
    std::vector<Halide::Var> pure(const std::vector<int> &dims) const;
    Point here(const std::vector<int> &dims) const;
    /// The value at a point of a stage at `level`, plus an offset in coordinates of the value. Roles that the point lacks
    /// are read at 0.
    Term read(Value &value, const Point &point, int level, const Point &offset = {}) const;
    /// Makes the Func, or an element of it, available to later stages.
    void add(const Halide::Func &func, double limit, const std::vector<int> &dims, int level, int element = 0);
    /// Adds a Func defined as `term`, most often converted to another type.
    void define(const std::string &family, const Term &term, const std::vector<int> &dims, int level);
    /// A domain over the roles of a value.
    Halide::RDom domain(const std::vector<int> &roles, int level, int most = 1 << 20) const;
    /// A nonempty set of the roles, of at most `most`.
    std::vector<int> some(const std::vector<int> &roles, int most);

    // Stages point by point and at neighbours.
    void pointwise();
    void narrow();
    void stencil();
    void resample();
    void boundary();
    void gather();
    void transpose();
    void tuple();
    // Stages with updates.
    void reduction();
    void argmax();
    void matmul();
    void convolution();
    void scan();
    void recursion();
    void histogram();
    void scatter();
    void updates();
};

/// Whether `role` is among `dims`.
bool has(const std::vector<int> &dims, int role);
/// `dims` without `roles`.
std::vector<int> without(const std::vector<int> &dims, const std::vector<int> &roles);

}  // namespace random_pipeline
}  // namespace pipelines
