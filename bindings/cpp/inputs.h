// What a pipeline reads from outside: input buffers, embedded images and scalar parameters.
#ifndef HALIDE_SYS_INPUTS_H
#define HALIDE_SYS_INPUTS_H

#include <map>
#include <string>
#include <vector>

#include "Halide.h"
#include "distinct.h"
#include "inside.h"
#include "json.h"

/// Numbers the inputs of a pipeline in the order its Funcs first mention them.
class Inputs {
    struct Input {
        Halide::Parameter param;
        Halide::Buffer<> image;
    };

    std::vector<Input> inputs;
    std::map<std::string, size_t> index;

    friend class FindInputs;

public:
    /// Finds every input that the Funcs mention, in definitions and in extern arguments.
    Inputs(const std::vector<Halide::Internal::Function> &funcs, DistinctNames &names);

    /// Whether an input has this distinct name, and its number.
    const size_t *find(const std::string &name) const;

    /// Whether the user has given an input this name.
    bool is_named(const std::string &name) const;

    /// The parameters that the user has given a name.
    std::vector<Halide::Parameter> parameters(const std::string &name) const;

    /// Dimension `d` of an input; undefined for scalars.
    InputDimension dimension(const std::string &name, int d) const;

    /// Writes the array of inputs.
    void write(Json &json) const;
};

#endif
