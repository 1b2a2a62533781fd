// Random workloads: the list of kinds.
#include "kinds.h"

namespace pipelines {
namespace workloads {

const std::vector<Kind> &all_kinds() {
    static const std::vector<Kind> all = {
        {"colour_matrix", Group::image, colour_matrix},
        {"channel_mux", Group::image, channel_mux},
        {"channel_ratio", Group::image, channel_ratio},
        {"curve", Group::image, curve},
        {"stencil_chain", Group::image, stencil_chain},
        {"separable_blur", Group::image, separable_blur},
        {"median_network", Group::image, median_network},
        {"mosaic", Group::image, mosaic},
        {"pyramid", Group::image, pyramid},
        {"recursive_filter", Group::image, recursive_filter},
        {"integral_box", Group::image, integral_box},
        {"grid", Group::image, grid},
        {"equalisation", Group::image, equalisation},
        {"warp", Group::image, warp},
        {"resampling", Group::image, resampling},
        {"predicated_window", Group::image, predicated_window},
        {"convolution", Group::map, convolution},
        {"depthwise", Group::map, depthwise},
        {"pooling", Group::map, pooling},
        {"channel_norm", Group::map, channel_norm},
        {"product", Group::matrix, product},
        {"attention", Group::matrix, attention},
        {"row_norm", Group::matrix, row_norm},
        {"softmax", Group::matrix, softmax},
        {"embedding", Group::matrix, embedding},
        {"transposed_read", Group::matrix, transposed_read},
        {"triangular", Group::matrix, triangular},
        {"best_of_row", Group::matrix, best_of_row},
        {"signal_filter", Group::signal, signal_filter},
        {"signal_recursion", Group::signal, signal_recursion},
        {"signal_windows", Group::signal, signal_windows},
        {"signal_table", Group::signal, signal_table},
        {"small_matvec", Group::signal, small_matvec},
    };
    return all;
}

}  // namespace workloads
}  // namespace pipelines
