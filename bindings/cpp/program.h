// Scalar expressions as postfix programs that Rust can evaluate.
#ifndef HALIDE_SYS_PROGRAM_H
#define HALIDE_SYS_PROGRAM_H

#include <set>
#include <string>

#include "Halide.h"
#include "json.h"

/// Writes programs, and remembers which parameters without an estimate they met. Scalars take an assumed value.
class ProgramWriter {
    /// Longer programs are written as unknown: they come from deeply inlined clamps and cost more than they tell.
    static constexpr size_t max_tokens = 256;

    std::set<std::string> missing, assumed;

public:
    /// Writes a JSON array of tokens in postfix order: numbers, operators ("+", "max", "select", ...), or symbols
    /// (anything else). Writes null where the expression has no such form.
    void write(Json &json, const Halide::Expr &e);

    /// Descriptions of the fields of buffers that a program needed and that have no estimate.
    const std::set<std::string> &missing_estimates() const {
        return missing;
    }

    /// Descriptions of the scalar parameters that a program needed and that have no estimate, with the values taken.
    const std::set<std::string> &assumed_values() const {
        return assumed;
    }
};

#endif
