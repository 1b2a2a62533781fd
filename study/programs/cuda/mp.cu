// Max-pooling on a GPU: each thread computes an entry of the output, reading its window
// from global memory, or from a part that its block copies to shared memory.
#include "device.cuh"

namespace {

using namespace study;

struct Sizes {
    int m, n, r, stride, rows, columns;
};

__global__ void pool_global(const float *a, float *c, Sizes size) {
    const int row = blockIdx.y * tile + threadIdx.y, column = blockIdx.x * tile + threadIdx.x;
    if (row >= size.rows || column >= size.columns) {
        return;
    }
    const int top = row * size.stride, left = column * size.stride;
    float largest = 0;
    for (int u = top; u < min(size.m, top + size.r); u++) {
        for (int v = left; v < min(size.n, left + size.r); v++) {
            largest = fmaxf(largest, a[u * size.n + v]);
        }
    }
    c[row * size.columns + column] = largest;
}

__global__ void pool_shared(const float *a, float *c, Sizes size) {
    constexpr int largest_r = 5, largest_stride = 2;
    constexpr int largest_part = (tile - 1) * largest_stride + largest_r;
    __shared__ float part[largest_part][largest_part];
    const int y = threadIdx.y, x = threadIdx.x;
    const int width = (tile - 1) * size.stride + size.r;
    const int top = blockIdx.y * tile * size.stride, left = blockIdx.x * tile * size.stride;
    for (int i = y; i < width; i += tile) {
        for (int j = x; j < width; j += tile) {
            // Zeros beyond the border, which no entry is below.
            const bool inside = top + i < size.m && left + j < size.n;
            part[i][j] = inside ? a[(top + i) * size.n + left + j] : 0.0f;
        }
    }
    __syncthreads();
    const int row = blockIdx.y * tile + y, column = blockIdx.x * tile + x;
    if (row >= size.rows || column >= size.columns) {
        return;
    }
    float largest = 0;
    for (int u = 0; u < size.r; u++) {
        for (int v = 0; v < size.r; v++) {
            largest = fmaxf(largest, part[y * size.stride + u][x * size.stride + v]);
        }
    }
    c[row * size.columns + column] = largest;
}

Answer serve(bool shared, const Request &request) {
    const MaxPool kernel(request);
    const Matrix a = kernel.make_a<Matrix>();
    const DeviceArray device_a(a.values);
    const DeviceArray device_c(static_cast<size_t>(kernel.rows()) * kernel.columns());
    const Sizes sizes{kernel.m, kernel.n, kernel.r, kernel.stride, kernel.rows(), kernel.columns()};
    const dim3 blocks = blocks_of(kernel.rows(), kernel.columns()), threads(tile, tile);
    const auto pool = shared ? pool_shared : pool_global;
    const Timing timing = measure_launches(
        [&] { pool<<<blocks, threads>>>(device_a.data(), device_c.data(), sizes); });
    const Matrix c{kernel.rows(), kernel.columns(), device_c.to_host()};
    kernel.check(a, c);
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_global_or_shared(argc, argv,
                                "Max-pooling of A(m,n), r x r windows every s, with CUDA.\n"
                                "Request: m= n= r=2..5 s=1|2 [seed=]\n",
                                serve);
}
