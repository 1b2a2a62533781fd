// Whether a Func already carries a schedule.
#ifndef HALIDE_SYS_SCHEDULE_STATE_H
#define HALIDE_SYS_SCHEDULE_STATE_H

#include <string>

#include "Halide.h"

/// What of the Func's schedule is already decided ("computed at a chosen level", "loops already scheduled", ...);
/// empty when nothing is. Estimates and declared bounds are no schedule.
std::string existing_schedule(const Halide::Internal::Function &f);

/// The Func whose loop `level` names, or empty.
std::string loop_level_func(const Halide::LoopLevel &level);

#endif
