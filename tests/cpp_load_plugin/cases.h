// Pipelines to schedule with the plugin, grouped by what makes them hard.
#pragma once

#include <Halide.h>

#include <functional>
#include <string>
#include <vector>

/// A pipeline that must give the same with the plugin as without.
struct Case {
    std::string name;
    /// Builds the pipeline afresh, estimates set. Called once per schedule.
    std::function<Halide::Pipeline()> build;
    /// Output sizes to realise. Outputs with fewer dimensions take the first ones.
    std::vector<std::vector<int>> sizes = {{64, 48}, {1, 1}, {7, 33}, {63, 49}};
    /// The outputs have three dimensions, of which the last has stride 1.
    bool interleaved = false;
};

/// Stages that are calls of a C function.
std::vector<Case> extern_cases();
/// Several outputs, Tuples, constrained and interleaved outputs.
std::vector<Case> output_cases();
/// Funcs to which the user gave a schedule before the autoscheduler ran.
std::vector<Case> prescheduled_cases();

/// A Func of two dimensions with values that differ from neighbour to neighbour.
inline Halide::Func pattern(const std::string &name) {
    Halide::Func f(name);
    Halide::Var x("x"), y("y");
    f(x, y) = (x * 37 + y * 101 + x * y) % 251;
    return f;
}

inline void estimate_64x48(Halide::Func f) {
    f.set_estimates({{0, 64}, {0, 48}});
}
