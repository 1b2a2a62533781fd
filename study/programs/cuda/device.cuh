// What the programs for GPUs share: memory on the device, the timing of launches.
#pragma once

#include "kernels.h"

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace study {

/// The width and height of a block of threads, which computes as large a part of the
/// output, one entry a thread.
constexpr int tile = 16;

inline void check_cuda(cudaError_t status) {
    if (status != cudaSuccess) {
        throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(status));
    }
}

/// Values in the memory of the GPU.
class DeviceArray {
public:
    explicit DeviceArray(size_t count) : count(count) {
        check_cuda(cudaMalloc(&values, count * sizeof(float)));
    }
    explicit DeviceArray(const std::vector<float> &host) : DeviceArray(host.size()) {
        check_cuda(cudaMemcpy(values, host.data(), count * sizeof(float), cudaMemcpyHostToDevice));
    }
    DeviceArray(const DeviceArray &) = delete;
    DeviceArray &operator=(const DeviceArray &) = delete;
    ~DeviceArray() { cudaFree(values); }

    float *data() const { return values; }
    std::vector<float> to_host() const {
        std::vector<float> host(count);
        check_cuda(cudaMemcpy(host.data(), values, count * sizeof(float), cudaMemcpyDeviceToHost));
        return host;
    }

private:
    float *values = nullptr;
    size_t count;
};

/// The blocks of tile x tile threads that cover an output.
inline dim3 blocks_of(int rows, int columns) {
    return dim3((columns + tile - 1) / tile, (rows + tile - 1) / tile);
}

/// Times `launch()`, which starts one computation on the GPU: the mean over launches that
/// follow one another, the data being in the GPU's memory.
template<typename Launch>
Timing measure_launches(Launch &&launch) {
    return measure(launch, [] {
        check_cuda(cudaGetLastError());
        check_cuda(cudaDeviceSynchronize());
    });
}

/// The main function of a program with the variants `global` and `shared`.
inline int run_global_or_shared(int argc, char **argv, const std::string &help,
                                Answer (*serve)(bool shared, const Request &)) {
    return run_program(argc, argv,
                       {help, {"global", "shared"},
                        [=](const std::string &variant, const Request &request) {
                            return serve(variant == "shared", request);
                        }});
}

}  // namespace study
