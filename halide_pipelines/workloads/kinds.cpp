// Random workloads: the list of kinds.
#include "kinds.h"

namespace pipelines {
namespace workloads {

const std::vector<std::pair<std::string, Group>> &group_names() {
    static const std::vector<std::pair<std::string, Group>> all = {
        {"image", Group::image}, {"map", Group::map}, {"matrix", Group::matrix}, {"signal", Group::signal}};
    return all;
}

const std::vector<Kind> &all_kinds() {
    static const std::vector<Kind> all = {
        {"colour_matrix", Group::image, 1, colour_matrix},
        {"channel_mux", Group::image, 1, channel_mux},
        {"channel_ratio", Group::image, 1, channel_ratio},
        {"curve", Group::image, 1, curve},
        {"stencil_chain", Group::image, 3, stencil_chain},
        {"separable_blur", Group::image, 2, separable_blur},
        {"median_network", Group::image, 1, median_network},
        {"mosaic", Group::image, 1, mosaic},
        {"pyramid", Group::image, 4, pyramid},
        {"recursive_filter", Group::image, 2, recursive_filter},
        {"integral_box", Group::image, 1, integral_box},
        {"grid", Group::image, 2, grid},
        {"equalisation", Group::image, 1, equalisation},
        {"warp", Group::image, 1, warp},
        {"resampling", Group::image, 1, resampling},
        {"predicated_window", Group::image, 1, predicated_window},
        {"convolution", Group::map, 2, convolution},
        {"depthwise", Group::map, 1, depthwise},
        {"pooling", Group::map, 1, pooling},
        {"channel_norm", Group::map, 1, channel_norm},
        {"product", Group::matrix, 2, product},
        {"attention", Group::matrix, 2, attention},
        {"row_norm", Group::matrix, 2, row_norm},
        {"softmax", Group::matrix, 1, softmax},
        {"embedding", Group::matrix, 1, embedding},
        {"transposed_read", Group::matrix, 1, transposed_read},
        {"triangular", Group::matrix, 1, triangular},
        {"best_of_row", Group::matrix, 1, best_of_row},
        {"signal_filter", Group::signal, 2, signal_filter},
        {"signal_recursion", Group::signal, 1, signal_recursion},
        {"signal_windows", Group::signal, 1, signal_windows},
        {"signal_table", Group::signal, 1, signal_table},
        {"small_matvec", Group::signal, 1, small_matvec},
    };
    return all;
}

}  // namespace workloads
}  // namespace pipelines
