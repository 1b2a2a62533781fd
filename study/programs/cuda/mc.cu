// Convolution on a GPU: each thread computes an entry of the output, reading its
// neighbourhood from global memory, or from a part that its block copies to shared memory.
#include "device.cuh"

namespace {

using namespace study;

struct Sizes {
    int m, n, r;
};

__global__ void convolve_global(const float *a, const float *filter, float *c, Sizes size) {
    const int row = blockIdx.y * tile + threadIdx.y, column = blockIdx.x * tile + threadIdx.x;
    const int rows = size.m - size.r + 1, columns = size.n - size.r + 1;
    if (row >= rows || column >= columns) {
        return;
    }
    float sum = 0;
    for (int u = 0; u < size.r; u++) {
        for (int v = 0; v < size.r; v++) {
            sum += filter[u * size.r + v] * a[(row + u) * size.n + column + v];
        }
    }
    c[row * columns + column] = sum;
}

__global__ void convolve_shared(const float *a, const float *filter, float *c, Sizes size) {
    constexpr int largest_r = 7, largest_part = tile + largest_r - 1;
    __shared__ float part[largest_part][largest_part];
    __shared__ float coefficients[largest_r][largest_r];
    const int y = threadIdx.y, x = threadIdx.x, width = tile + size.r - 1;
    const int top = blockIdx.y * tile, left = blockIdx.x * tile;
    if (y < size.r && x < size.r) {
        coefficients[y][x] = filter[y * size.r + x];
    }
    for (int i = y; i < width && top + i < size.m; i += tile) {
        for (int j = x; j < width && left + j < size.n; j += tile) {
            part[i][j] = a[(top + i) * size.n + left + j];
        }
    }
    __syncthreads();
    const int rows = size.m - size.r + 1, columns = size.n - size.r + 1;
    if (top + y >= rows || left + x >= columns) {
        return;
    }
    float sum = 0;
    for (int u = 0; u < size.r; u++) {
        for (int v = 0; v < size.r; v++) {
            sum += coefficients[u][v] * part[y + u][x + v];
        }
    }
    c[(top + y) * columns + left + x] = sum;
}

Answer serve(bool shared, const Request &request) {
    const Convolution kernel(request);
    const Matrix a = kernel.make_a<Matrix>(), filter = kernel.make_filter();
    const DeviceArray device_a(a.values), device_filter(filter.values);
    const DeviceArray device_c(static_cast<size_t>(kernel.rows()) * kernel.columns());
    const Sizes sizes{kernel.m, kernel.n, kernel.r};
    const dim3 blocks = blocks_of(kernel.rows(), kernel.columns()), threads(tile, tile);
    const auto convolve = shared ? convolve_shared : convolve_global;
    const Timing timing = measure_launches([&] {
        convolve<<<blocks, threads>>>(device_a.data(), device_filter.data(), device_c.data(), sizes);
    });
    const Matrix c{kernel.rows(), kernel.columns(), device_c.to_host()};
    kernel.check(a, filter, c);
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_global_or_shared(argc, argv,
                                "Convolution of A(m,n) with an r x r filter, with CUDA.\n"
                                "Request: m= n= r=3|5|7 [seed=]\n",
                                serve);
}
