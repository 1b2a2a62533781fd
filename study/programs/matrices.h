// Seeded random data, and the check of a result against a naive evaluation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace study {

/// The splitmix64 generator (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, OOPSLA 2014): fast, and the same on every machine.
class Random {
public:
    explicit Random(std::uint64_t seed) : state(seed) {}

    std::uint64_t bits() {
        state += 0x9e3779b97f4a7c15u;
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// Uniform in (0, 1], and exact in single precision.
    float value() { return static_cast<float>((bits() >> 40) + 1) * 0x1p-24f; }
    /// Uniform in [0, count), for a positive count below 2^32.
    std::uint64_t below(std::uint64_t count) { return ((bits() >> 32) * count) >> 32; }

private:
    std::uint64_t state;
};

/// A dense row-major matrix.
struct Matrix {
    int rows = 0, columns = 0;
    /// rows * columns values.
    std::vector<float> values;

    float operator()(int row, int column) const {
        return values[static_cast<size_t>(row) * columns + column];
    }
};

/// A matrix of which only the nonzeros are stored, by rows and in each row by column
/// (compressed sparse rows).
struct SparseMatrix {
    int rows = 0, columns = 0;
    /// Where each row starts in `column` and `values`, and at last their size.
    std::vector<int> start;
    std::vector<int> column;
    std::vector<float> values;

    float operator()(int row, int j) const {
        const auto begin = column.begin() + start[row], end = column.begin() + start[row + 1];
        const auto found = std::lower_bound(begin, end, j);
        return found != end && *found == j ? values[found - column.begin()] : 0.0f;
    }
};

/// A matrix of values in (0, 1].
inline Matrix random_matrix(int rows, int columns, std::uint64_t seed) {
    Random random(seed);
    Matrix matrix{rows, columns, std::vector<float>(static_cast<size_t>(rows) * columns)};
    std::generate(matrix.values.begin(), matrix.values.end(), [&] { return random.value(); });
    return matrix;
}

/// A matrix of round(density * rows * columns) nonzeros in (0, 1], but at least one, at
/// places of which each choice is equally likely (selection sampling: Knuth, The Art of
/// Computer Programming 2, 3.4.2, algorithm S).
inline SparseMatrix random_sparse_matrix(int rows, int columns, double density, std::uint64_t seed) {
    Random random(seed);
    const std::uint64_t places = static_cast<std::uint64_t>(rows) * columns;
    std::uint64_t left = std::max<std::uint64_t>(1, std::llround(density * static_cast<double>(places)));
    SparseMatrix matrix{rows, columns, {0}, {}, {}};
    matrix.column.reserve(left);
    matrix.values.reserve(left);
    std::uint64_t places_left = places;
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++, places_left--) {
            if (random.below(places_left) < left) {
                left--;
                matrix.column.push_back(j);
                matrix.values.push_back(random.value());
            }
        }
        matrix.start.push_back(static_cast<int>(matrix.values.size()));
    }
    return matrix;
}

/// Compares a computed matrix with a naive evaluation in double precision: `got(i, j)`
/// with `expected(i, j)` at 64 random places, or at all when there are no more. Throws
/// std::runtime_error if they differ by more than `tolerance`, relative to the expected.
template<typename Got, typename Expected>
void check_entries(int rows, int columns, Got &&got, Expected &&expected, double tolerance = 1e-4) {
    constexpr std::uint64_t most = 64;
    const std::uint64_t places = static_cast<std::uint64_t>(rows) * columns;
    Random random(places);
    for (std::uint64_t n = 0; n < std::min(places, most); n++) {
        const std::uint64_t place = places <= most ? n : random.below(places);
        const int i = static_cast<int>(place / columns), j = static_cast<int>(place % columns);
        const double value = got(i, j), right = expected(i, j);
        // Written so that a NaN is wrong too.
        if (!(std::abs(value - right) <= tolerance * std::abs(right))) {
            throw std::runtime_error("wrong at (" + std::to_string(i) + "," + std::to_string(j) +
                                     "): got " + std::to_string(value) + ", expected " +
                                     std::to_string(right));
        }
    }
}

}  // namespace study
