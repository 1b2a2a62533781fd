// What every generator of this folder shares.
//
// Conventions of a pipeline file:
//  * one generator a file, registered under the name of the file;
//  * `Input<Buffer<>>` and `Output<Buffer<>>` ports, planar (stride 1 in the
//    dimension 0) unless the layout is NHWC, where dimension 0 is the channel;
//  * photographs are read through `repeat_edge`, so that an output may be as
//    large as its input;
//  * `generate()` defines the Funcs, `schedule()` sets the estimates of all
//    ports and then does one of three things: nothing when an autoscheduler is
//    in use, the expert schedule when `manual=true`, else `schedule_root`.
//    `choose_schedule` does so;
//  * `GeneratorParam<bool> manual` exists only where there is an expert schedule:
//    `schedule_manual()`. It holds at any size of the output: tiles that have to be
//    whole are for `schedule_any_size`. Other pipelines call `schedule_root` themselves.
#pragma once

#include <Halide.h>

#include <string>
#include <vector>

namespace pipelines {

/// The buffer `input` with the pixels of its edge repeated outwards in the
/// dimensions 0 and 1. Other dimensions (colour channels) stay as they are.
template<typename InputBuffer>
Halide::Func repeat_edge(InputBuffer &input) {
    return Halide::BoundaryConditions::repeat_edge(
        input, {{input.dim(0).min(), input.dim(0).extent()},
                {input.dim(1).min(), input.dim(1).extent()}});
}

/// Sets the estimate [0, extent) for each dimension of an input or output.
template<typename Port>
void set_estimates(Port &port, const std::vector<int> &extents) {
    Halide::Region region;
    for (int extent : extents) {
        region.emplace_back(0, extent);
    }
    port.set_estimates(region);
}

/// As `set_estimates`, and requires callers to pass an output that starts at 0
/// in each dimension.
template<typename OutputBuffer>
void set_output_estimates(OutputBuffer &output, const std::vector<int> &extents) {
    set_estimates(output, extents);
    for (size_t i = 0; i < extents.size(); i++) {
        output.dim(static_cast<int>(i)).set_min(0);
    }
}

/// The schedule that no thought went into: every Func on the way to `outputs`
/// is computed at the root with plain serial loops. It is what schedulers are
/// compared with, in time and in results.
///
/// Funcs that only name an input buffer are left inlined, else the schedule
/// would copy the inputs.
inline void schedule_root(const std::vector<Halide::Func> &outputs) {
    std::vector<Halide::Internal::Function> roots;
    for (const Halide::Func &output : outputs) {
        roots.push_back(output.function());
    }
    for (const auto &[name, function] : Halide::Internal::build_environment(roots)) {
        const std::string suffix = "_im";
        const bool names_an_input =
            name.size() > suffix.size() &&
            name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
        if (!names_an_input) {
            Halide::Func(function).compute_root();
        }
    }
}

/// What `schedule()` ends with where there is an expert schedule.
template<typename ScheduleManual>
void choose_schedule(bool using_autoscheduler, bool manual, const std::vector<Halide::Func> &outputs,
                     const ScheduleManual &schedule_manual) {
    if (using_autoscheduler) {
        return;
    }
    if (manual) {
        schedule_manual();
    } else {
        schedule_root(outputs);
    }
}

/// Schedules `output` in tiles of `extent0` by `extent1` of its dimensions 0 and 1 by
/// `tile_output(stage, tail)`. Tiles that are shifted inwards at the end are always
/// whole, so that their sizes are constants; an output smaller than a tile has to be
/// guarded instead.
template<typename OutputBuffer, typename TileOutput>
void schedule_any_size(OutputBuffer &output, int extent0, int extent1, const TileOutput &tile_output) {
    const Halide::Expr fits = output.dim(0).extent() >= extent0 && output.dim(1).extent() >= extent1;
    tile_output(output.specialize(fits), Halide::TailStrategy::ShiftInwards);
    tile_output(output, Halide::TailStrategy::GuardWithIf);
}

}  // namespace pipelines
