// Random workloads: the types and sizes of a pipeline.
#pragma once

#include "kinds.h"

namespace pipelines {
namespace workloads {

/// What a pipeline computes in and on, but for its sizes.
Style random_style(Random &random, Group group);

/// Sizes such as people have, of about this many pixels, tokens or samples.
void set_elements(Style &style, Group group, Random random, double elements);

}  // namespace workloads
}  // namespace pipelines
