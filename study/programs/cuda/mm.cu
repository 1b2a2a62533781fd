// Matrix product on a GPU: each thread computes an entry of the result, reading rows and
// columns from global memory, or tiles of them that its block copies to shared memory.
#include "device.cuh"

namespace {

using namespace study;

__global__ void multiply_global(const float *a, const float *b, float *c, int m, int n, int k) {
    const int row = blockIdx.y * tile + threadIdx.y, column = blockIdx.x * tile + threadIdx.x;
    if (row >= m || column >= k) {
        return;
    }
    float sum = 0;
    for (int l = 0; l < n; l++) {
        sum += a[row * n + l] * b[l * k + column];
    }
    c[row * k + column] = sum;
}

__global__ void multiply_shared(const float *a, const float *b, float *c, int m, int n, int k) {
    __shared__ float tile_a[tile][tile];
    __shared__ float tile_b[tile][tile];
    const int y = threadIdx.y, x = threadIdx.x;
    const int row = blockIdx.y * tile + y, column = blockIdx.x * tile + x;
    float sum = 0;
    for (int first = 0; first < n; first += tile) {
        // Zeros beyond the border, which add nothing.
        tile_a[y][x] = row < m && first + x < n ? a[row * n + first + x] : 0.0f;
        tile_b[y][x] = first + y < n && column < k ? b[(first + y) * k + column] : 0.0f;
        __syncthreads();
        for (int l = 0; l < tile; l++) {
            sum += tile_a[y][l] * tile_b[l][x];
        }
        __syncthreads();
    }
    if (row < m && column < k) {
        c[row * k + column] = sum;
    }
}

Answer serve(bool shared, const Request &request) {
    const Matmul kernel(request);
    const Matrix a = kernel.make_a<Matrix>(), b = kernel.make_b<Matrix>();
    const DeviceArray device_a(a.values), device_b(b.values);
    const DeviceArray device_c(static_cast<size_t>(kernel.m) * kernel.k);
    const dim3 blocks = blocks_of(kernel.m, kernel.k), threads(tile, tile);
    const auto multiply = shared ? multiply_shared : multiply_global;
    const Timing timing = measure_launches([&] {
        multiply<<<blocks, threads>>>(device_a.data(), device_b.data(), device_c.data(), kernel.m,
                                      kernel.n, kernel.k);
    });
    const Matrix c{kernel.m, kernel.k, device_c.to_host()};
    kernel.check(a, b, c);
    return {timing};
}

}  // namespace

int main(int argc, char **argv) {
    return run_global_or_shared(argc, argv,
                                "Matrix product C(m,k) = A(m,n) B(n,k) with CUDA.\n"
                                "Request: m= n= k= [seed=]\n",
                                serve);
}
