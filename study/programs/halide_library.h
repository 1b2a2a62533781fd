// Calls of libraries that Halide compiled ahead of time.
#pragma once

#include "matrices.h"
#include "timing.h"

#include <HalideBuffer.h>
#include <HalideRuntime.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace study {

using Buffer = Halide::Runtime::Buffer<float>;

/// The values of a matrix as a Halide image: dimension 0 is the column, as in the
/// generators of halide_pipelines. The matrix must outlive the buffer.
inline Buffer to_halide(Matrix &matrix) {
    return Buffer(matrix.values.data(), matrix.columns, matrix.rows);
}

/// As above, for a column vector.
inline Buffer to_halide(std::vector<float> &vector) {
    return Buffer(vector.data(), static_cast<int>(vector.size()));
}

/// A result to be written: with a value that no kernel of the study gives.
inline Buffer halide_result(std::vector<int> sizes) {
    Buffer buffer(std::move(sizes));
    buffer.fill(-1.0f);
    return buffer;
}

/// Sets the number of threads that Halide runs on.
inline void set_halide_threads(int threads) {
    if (halide_set_num_threads(threads) > threads) {
        // A pool that has been in use never shrinks: it must be made anew.
        halide_shutdown_thread_pool();
        halide_set_num_threads(threads);
    }
}

/// Times calls of a Halide function with these buffers on this many threads. Throws
/// std::runtime_error with Halide's message if a call fails.
template<typename Function, typename... Buffers>
Timing measure_halide(int threads, Function &&function, Buffers &...buffers) {
    static std::string message;
    // Halide's own handler ends the process.
    halide_set_error_handler([](void *, const char *text) { message = text; });
    set_halide_threads(threads);
    return measure([&] {
        if (function(buffers.raw_buffer()...) != 0) {
            throw std::runtime_error(message);
        }
    });
}

}  // namespace study
