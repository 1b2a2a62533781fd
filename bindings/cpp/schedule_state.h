// What the user has already decided of a Func's schedule. Estimates and declared bounds are no schedule.
#ifndef HALIDE_SYS_SCHEDULE_STATE_H
#define HALIDE_SYS_SCHEDULE_STATE_H

#include <string>
#include <vector>

#include "Halide.h"
#include "json.h"

/// Why the Func is not ours to place, in words ("computed at a chosen level", ...); empty when it is. Halide would compute it
/// anew wherever it is read.
std::string decided_place(const Halide::Internal::Function &f);

/// What else is decided ("memoized", "loops of update 0 already scheduled", ...); empty when nothing is.
std::string decided_otherwise(const Halide::Internal::Function &f);

/// How much of a stage's loops is decided.
enum class GivenLoops {
    Nothing,
    /// The order alone: loops are serial, and over whole dimensions. That is also how `rfactor` leaves them.
    Order,
    All,
};

GivenLoops given_loops(const Halide::Internal::Definition &definition);

/// A loop over a whole dimension, before any splits.
struct OriginalLoop {
    std::string var;
    /// Free of data hazards.
    bool parallel;
};

/// The loops of a definition, innermost first, as it stands where it has no splits, else as Halide orders them by default.
std::vector<OriginalLoop> original_loops(const Halide::Internal::Function &f,
                                         const Halide::Internal::Definition &definition);

/// The Funcs in whose loops the Func, or a copy of it (`in()`, `clone_in()`), is computed or stored.
std::vector<std::string> loop_hosts(const Halide::Internal::Function &f);

#endif
