// The kinds of parts that random workloads are made of.
#pragma once

#include "workload.h"

#include <string>
#include <utility>
#include <vector>

namespace pipelines {
namespace workloads {

/// What a part reads and makes; those of a group chain.
enum class Group {
    /// Dimensions X, Y and, if there are several channels, C.
    image,
    /// Features of images in a batch: C, X, Y, N in some order.
    map,
    /// Tokens of a batch, each a row of features: C, N.
    matrix,
    /// Samples: X.
    signal,
};

/// Groups by name.
const std::vector<std::pair<std::string, Group>> &group_names();

struct Kind {
    std::string name;
    Group group;
    /// How often it is drawn, beside the others of its group.
    int weight;
    /// Adds a part that reads the value given, and returns what the next one may read.
    Value (*add)(Workload &workload, const Value &value);
};

const std::vector<Kind> &all_kinds();

// Images.
Value colour_matrix(Workload &workload, const Value &value);
Value channel_mux(Workload &workload, const Value &value);
Value channel_ratio(Workload &workload, const Value &value);
Value curve(Workload &workload, const Value &value);
Value stencil_chain(Workload &workload, const Value &value);
Value separable_blur(Workload &workload, const Value &value);
Value median_network(Workload &workload, const Value &value);
Value mosaic(Workload &workload, const Value &value);
Value pyramid(Workload &workload, const Value &value);
Value recursive_filter(Workload &workload, const Value &value);
Value integral_box(Workload &workload, const Value &value);
Value grid(Workload &workload, const Value &value);
Value equalisation(Workload &workload, const Value &value);
Value warp(Workload &workload, const Value &value);
Value resampling(Workload &workload, const Value &value);
Value predicated_window(Workload &workload, const Value &value);
// Maps.
Value convolution(Workload &workload, const Value &value);
Value depthwise(Workload &workload, const Value &value);
Value pooling(Workload &workload, const Value &value);
Value channel_norm(Workload &workload, const Value &value);
// Matrices.
Value product(Workload &workload, const Value &value);
Value attention(Workload &workload, const Value &value);
Value row_norm(Workload &workload, const Value &value);
Value softmax(Workload &workload, const Value &value);
Value embedding(Workload &workload, const Value &value);
Value transposed_read(Workload &workload, const Value &value);
Value triangular(Workload &workload, const Value &value);
Value best_of_row(Workload &workload, const Value &value);
// Signals.
Value signal_filter(Workload &workload, const Value &value);
Value signal_recursion(Workload &workload, const Value &value);
Value signal_windows(Workload &workload, const Value &value);
Value signal_table(Workload &workload, const Value &value);
Value small_matvec(Workload &workload, const Value &value);

}  // namespace workloads
}  // namespace pipelines
