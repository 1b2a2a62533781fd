// Names that stand for one thing each.
#ifndef HALIDE_SYS_DISTINCT_H
#define HALIDE_SYS_DISTINCT_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "Halide.h"

/// Gives the inputs of a pipeline names of their own.
///
/// Names identify nothing in Halide but Funcs, whose names differ in a pipeline: a buffer, an ImageParam, a scalar parameter and
/// a Var may share a name with each other or with a Func. Bounds inference goes by names, and so does much that is said
/// of expressions here. Renamed, each parameter and each embedded image is called what no Func or loop is.
class DistinctNames {
    std::string prefix = "input ";
    std::map<Halide::Parameter, std::string> params;
    std::map<const void *, std::string> images;
    std::unique_ptr<Halide::Internal::IRMutator> mutator;

public:
    explicit DistinctNames(const std::vector<Halide::Internal::Function> &funcs);

    /// What an input is called: a parameter, or an embedded image where that is not defined. Fields of buffers follow the
    /// name, as in "NAME.min.0".
    std::string of(const Halide::Parameter &param, const Halide::Buffer<> &image);

    /// A copy of a definition, renamed. What its expressions share they still share.
    Halide::Internal::Definition renamed(const Halide::Internal::Definition &definition);

    /// Copies of Funcs and of all that they call, renamed.
    std::map<std::string, Halide::Internal::Function>
    renamed_copies(const std::vector<Halide::Func> &outputs, const std::map<std::string, Halide::Internal::Function> &env);
};

#endif
