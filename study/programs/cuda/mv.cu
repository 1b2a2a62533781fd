// Matrix times vector on a GPU: a thread a row, which sums in a register, or a block of
// threads a row, which add their sums in shared memory.
#include "device.cuh"

namespace {

using namespace study;

/// A power of two, as the sum by halves needs.
constexpr int block_threads = 128;

__global__ void multiply_global(const float *a, const float *b, float *y, int m, int n) {
    const int row = blockIdx.x * block_threads + threadIdx.x;
    if (row >= m) {
        return;
    }
    float sum = 0;
    for (int l = 0; l < n; l++) {
        sum += a[row * n + l] * b[l];
    }
    y[row] = sum;
}

__global__ void multiply_shared(const float *a, const float *b, float *y, int, int n) {
    __shared__ float sums[block_threads];
    const int row = blockIdx.x, thread = threadIdx.x;
    float sum = 0;
    for (int l = thread; l < n; l += block_threads) {
        sum += a[row * n + l] * b[l];
    }
    sums[thread] = sum;
    __syncthreads();
    for (int half = block_threads / 2; half > 0; half /= 2) {
        if (thread < half) {
            sums[thread] += sums[thread + half];
        }
        __syncthreads();
    }
    if (thread == 0) {
        y[row] = sums[0];
    }
}

Answer serve(bool shared, const Request &request) {
    const Matvec kernel(request);
    const Matrix a = kernel.make_a<Matrix>();
    const std::vector<float> b = kernel.make_b();
    const DeviceArray device_a(a.values), device_b(b), device_y(kernel.m);
    const int blocks = shared ? kernel.m : (kernel.m + block_threads - 1) / block_threads;
    const auto multiply = shared ? multiply_shared : multiply_global;
    const Timing timing = measure_launches([&] {
        multiply<<<blocks, block_threads>>>(device_a.data(), device_b.data(), device_y.data(),
                                            kernel.m, kernel.n);
    });
    const std::vector<float> y = device_y.to_host();
    kernel.check(a, b, [&](int i) { return y[i]; });
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_global_or_shared(argc, argv,
                                "Matrix times vector, y(m) = A(m,n) b(n), with CUDA.\n"
                                "Request: m= n= [seed=]\n",
                                serve);
}
