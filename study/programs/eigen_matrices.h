// Eigen's matrices from the study's, and the threads that Eigen leaves to its users.
#pragma once

#include "matrices.h"

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <algorithm>
#include <vector>

namespace study {

// By rows, the order in which Eigen multiplies a sparse matrix on several threads.
using EigenDense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using EigenSparse = Eigen::SparseMatrix<float, Eigen::RowMajor>;

inline EigenDense to_eigen(const Matrix &matrix) {
    return Eigen::Map<const EigenDense>(matrix.values.data(), matrix.rows, matrix.columns);
}

inline EigenSparse to_eigen(const SparseMatrix &matrix) {
    return Eigen::Map<const EigenSparse>(matrix.rows, matrix.columns, matrix.values.size(),
                                         matrix.start.data(), matrix.column.data(),
                                         matrix.values.data());
}

inline Eigen::VectorXf to_eigen(const std::vector<float> &vector) {
    return Eigen::Map<const Eigen::VectorXf>(vector.data(), vector.size());
}

inline float entry(const EigenDense &matrix, int i, int j) { return matrix(i, j); }
inline float entry(const EigenSparse &matrix, int i, int j) { return matrix.coeff(i, j); }

/// Calls `body(begin, end)` for ranges of [0, rows), one a thread, with OpenMP. For the
/// kernels that Eigen itself computes on one thread. As in Eigen's own product, a thread
/// has at least 50000 of the `operations` to do.
template<typename Body>
void parallel_rows(Eigen::Index rows, double operations, int threads, Body &&body) {
    constexpr double least_operations = 50000;
    const Eigen::Index most = std::min<Eigen::Index>(
        rows, static_cast<Eigen::Index>(std::min(operations / least_operations, 1e6)));
    const int count = static_cast<int>(std::clamp<Eigen::Index>(most, 1, threads));
    if (count == 1) {
        body(Eigen::Index(0), rows);
        return;
    }
#pragma omp parallel for num_threads(count) schedule(static, 1)
    for (int part = 0; part < count; part++) {
        body(rows * part / count, rows * (part + 1) / count);
    }
}

}  // namespace study
