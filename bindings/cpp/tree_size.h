// How large an expression is to what walks it as a tree.
#ifndef HALIDE_SYS_TREE_SIZE_H
#define HALIDE_SYS_TREE_SIZE_H

#include "Halide.h"

/// Whether few nodes remain to visit after all Lets are substituted. Expressions are graphs: `e = e * e + e` fifty times has
/// fifty nodes of each kind and 3^50 paths, all of which Halide's simplifier would take.
bool is_small_tree(const Halide::Expr &e);

#endif
