// uBLAS matrices from the study's. uBLAS has no threads: requests ask for one.
#pragma once

#include "matrices.h"

#include <boost/numeric/ublas/matrix.hpp>
#include <boost/numeric/ublas/matrix_proxy.hpp>
#include <boost/numeric/ublas/matrix_sparse.hpp>
#include <boost/numeric/ublas/operation.hpp>
#include <boost/numeric/ublas/operation_sparse.hpp>
#include <boost/numeric/ublas/vector.hpp>
#include <boost/numeric/ublas/vector_proxy.hpp>

#include <algorithm>
#include <vector>

namespace study {

namespace ublas = boost::numeric::ublas;

using BoostDense = ublas::matrix<float>;
using BoostSparse = ublas::compressed_matrix<float>;
using BoostVector = ublas::vector<float>;

inline BoostDense to_boost(const Matrix &matrix) {
    BoostDense result(matrix.rows, matrix.columns);
    std::copy(matrix.values.begin(), matrix.values.end(), result.data().begin());
    return result;
}

inline BoostSparse to_boost(const SparseMatrix &matrix) {
    BoostSparse result(matrix.rows, matrix.columns, matrix.values.size());
    for (int i = 0; i < matrix.rows; i++) {
        for (int n = matrix.start[i]; n < matrix.start[i + 1]; n++) {
            // In order, so that nothing moves.
            result.push_back(i, matrix.column[n], matrix.values[n]);
        }
    }
    return result;
}

inline BoostVector to_boost(const std::vector<float> &vector) {
    BoostVector result(vector.size());
    std::copy(vector.begin(), vector.end(), result.begin());
    return result;
}

/// Calls `body(row, column, value)` for each nonzero, in the order of storage.
template<typename Body>
void for_each_nonzero(const BoostSparse &matrix, Body &&body) {
    for (auto row = matrix.begin1(); row != matrix.end1(); ++row) {
        for (auto nonzero = row.begin(); nonzero != row.end(); ++nonzero) {
            body(nonzero.index1(), nonzero.index2(), *nonzero);
        }
    }
}

}  // namespace study
