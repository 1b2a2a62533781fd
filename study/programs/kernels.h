// The four kernels of the study: what a request for each says, and the check of a
// result against the definition. The ranges contain those of the paper (Srivastava et
// al., "Towards High Performance, Portability, and Productivity: Lightweight Augmented
// Neural Networks for Performance Prediction", HiPC 2020, section IV).
#pragma once

#include "matrices.h"
#include "protocol.h"

#include <algorithm>
#include <stdexcept>

namespace study {

constexpr int largest_size = 8192;

/// A matrix of the asked storage; a dense one ignores the density.
template<typename Storage>
Storage make_matrix(int rows, int columns, double density, std::uint64_t seed);
template<>
inline Matrix make_matrix<Matrix>(int rows, int columns, double, std::uint64_t seed) {
    return random_matrix(rows, columns, seed);
}
template<>
inline SparseMatrix make_matrix<SparseMatrix>(int rows, int columns, double density,
                                              std::uint64_t seed) {
    return random_sparse_matrix(rows, columns, density, seed);
}

/// MM: C(m,k) = A(m,n) B(n,k), of densities d1 and d2.
struct Matmul {
    int m, n, k, threads;
    double d1, d2;
    std::uint64_t seed;

    explicit Matmul(const Request &request)
        : m(request.integer("m", 1, largest_size)), n(request.integer("n", 1, largest_size)),
          k(request.integer("k", 1, largest_size)), threads(request.threads()),
          d1(request.real("d1", 0, 1, 1)), d2(request.real("d2", 0, 1, 1)), seed(request.seed()) {}

    template<typename Storage>
    Storage make_a() const { return make_matrix<Storage>(m, n, d1, seed); }
    template<typename Storage>
    Storage make_b() const { return make_matrix<Storage>(n, k, d2, seed + 1); }

    template<typename Storage, typename Got>
    void check(const Storage &a, const Storage &b, Got &&got) const {
        check_entries(m, k, got, [&](int i, int j) {
            double sum = 0;
            for (int l = 0; l < n; l++) {
                sum += static_cast<double>(a(i, l)) * b(l, j);
            }
            return sum;
        });
    }
};

/// MV: y(m) = A(m,n) b(n), A of density d and b dense.
struct Matvec {
    int m, n, threads;
    double d;
    std::uint64_t seed;

    explicit Matvec(const Request &request)
        : m(request.integer("m", 1, largest_size)), n(request.integer("n", 1, largest_size)),
          threads(request.threads()), d(request.real("d", 0, 1, 1)), seed(request.seed()) {}

    template<typename Storage>
    Storage make_a() const { return make_matrix<Storage>(m, n, d, seed); }
    std::vector<float> make_b() const { return random_matrix(n, 1, seed + 1).values; }

    /// `got(i)` is an entry of the result.
    template<typename Storage, typename Got>
    void check(const Storage &a, const std::vector<float> &b, Got &&got) const {
        check_entries(
            m, 1, [&](int i, int) { return got(i); },
            [&](int i, int) {
                double sum = 0;
                for (int l = 0; l < n; l++) {
                    sum += static_cast<double>(a(i, l)) * b[l];
                }
                return sum;
            });
    }
};

/// MC: the valid correlation of A(m,n), of density d, with a dense filter F(r,r):
/// C(i,j) = sum over u, v of F(u,v) A(i+u,j+v), of m-r+1 rows and n-r+1 columns.
struct Convolution {
    int m, n, r, threads;
    double d;
    std::uint64_t seed;

    explicit Convolution(const Request &request)
        : m(request.integer("m", 1, largest_size)), n(request.integer("n", 1, largest_size)),
          r(request.integer("r", 3, 7)), threads(request.threads()),
          d(request.real("d", 0, 1, 1)), seed(request.seed()) {
        if (r % 2 == 0) {
            throw std::runtime_error("r is not 3, 5 or 7");
        }
        if (m < r || n < r) {
            throw std::runtime_error("m and n must be at least r");
        }
    }

    int rows() const { return m - r + 1; }
    int columns() const { return n - r + 1; }

    template<typename Storage>
    Storage make_a() const { return make_matrix<Storage>(m, n, d, seed); }
    Matrix make_filter() const { return random_matrix(r, r, seed + 1); }

    template<typename Storage, typename Got>
    void check(const Storage &a, const Matrix &filter, Got &&got) const {
        check_entries(rows(), columns(), got, [&](int i, int j) {
            double sum = 0;
            for (int u = 0; u < r; u++) {
                for (int v = 0; v < r; v++) {
                    sum += static_cast<double>(filter(u, v)) * a(i + u, j + v);
                }
            }
            return sum;
        });
    }
};

/// MP: the largest value in each r x r window of A(m,n), of density d, a window starting
/// every `stride` rows and columns and cut at the border: ceil(m/stride) rows and
/// ceil(n/stride) columns. Entries that are not stored count as 0.
struct MaxPool {
    int m, n, r, stride, threads;
    double d;
    std::uint64_t seed;

    explicit MaxPool(const Request &request)
        : m(request.integer("m", 1, largest_size)), n(request.integer("n", 1, largest_size)),
          r(request.integer("r", 2, 5)), stride(request.integer("s", 1, 2)),
          threads(request.threads()), d(request.real("d", 0, 1, 1)), seed(request.seed()) {
        if (m < r || n < r) {
            throw std::runtime_error("m and n must be at least r");
        }
    }

    int rows() const { return (m + stride - 1) / stride; }
    int columns() const { return (n + stride - 1) / stride; }
    /// The first and last window, in one dimension, that contain an index of A.
    int first_window(int index) const { return std::max(0, (index - r + stride) / stride); }
    int last_window(int index) const { return index / stride; }

    template<typename Storage>
    Storage make_a() const { return make_matrix<Storage>(m, n, d, seed); }

    template<typename Storage, typename Got>
    void check(const Storage &a, Got &&got) const {
        check_entries(rows(), columns(), got, [&](int i, int j) {
            float largest = 0;
            for (int u = i * stride; u < std::min(m, i * stride + r); u++) {
                for (int v = j * stride; v < std::min(n, j * stride + r); v++) {
                    largest = std::max(largest, a(u, v));
                }
            }
            return largest;
        });
    }
};

/// The main function of a program with the variants `dense` and `sparse`.
inline int run_dense_or_sparse(int argc, char **argv, const std::string &help,
                               Answer (*dense)(const Request &), Answer (*sparse)(const Request &)) {
    const auto serve = [=](const std::string &variant, const Request &request) {
        return variant == "dense" ? dense(request) : sparse(request);
    };
    return run_program(argc, argv, {help, {"dense", "sparse"}, serve});
}

}  // namespace study
