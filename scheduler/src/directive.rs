//! The one list of scheduling calls that both `apply` and `emit` consume.

use crate::ir::{FuncId, Name, StageRef};
use serde::{Deserialize, Serialize};

/// A loop variable by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoopVar {
    /// Halide's name: of a pure argument, of an RVar, or new from a split or fuse.
    pub name: Name,
    /// Whether it is an RVar or comes from one.
    pub rvar: bool,
}

impl LoopVar {
    /// The variable a split or fuse of this one makes.
    pub fn derived(&self, name: Name) -> Self {
        Self { name, rvar: self.rvar }
    }
}

/// What a split does where the factor does not divide the extent (`TailStrategy` in Halide.h).
#[derive(Clone, Copy, Debug, PartialEq, Hash, Eq, Serialize, Deserialize)]
pub enum Tail {
    /// Computes too much; only where nothing outside is read or written for it.
    RoundUp,
    /// Guards the body; always right.
    GuardWithIf,
    /// Moves the last tile back; needs an extent of at least the factor.
    ShiftInwards,
    /// Masks loads and stores; always right.
    Predicate,
}

/// Where a Func is stored (`MemoryType` in Halide.h).
#[derive(Clone, Copy, Debug, PartialEq, Hash, Eq, Serialize, Deserialize)]
pub enum Memory {
    /// Allocated at run time.
    Heap,
    /// On the stack; needs a bound known at compile time.
    Stack,
    /// In registers; needs constant indices.
    Register,
}

/// An output's dimension and the extent from which on a specialised schedule is right.
#[derive(Clone, Copy, Debug, PartialEq, Hash, Eq, Serialize, Deserialize)]
pub struct AtLeast {
    /// Dimension of the output.
    pub dim: usize,
    /// Smallest extent.
    pub extent: u32,
}

/// One scheduling call.
#[derive(Clone, Debug, PartialEq, Hash, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Directive {
    /// `func.compute_root()`
    ComputeRoot {
        /// The Func computed.
        func: FuncId,
    },
    /// `func.compute_at(consumer, var)`
    ComputeAt {
        /// The Func computed.
        func: FuncId,
        /// The Func whose loop it is computed in.
        consumer: FuncId,
        /// The loop.
        var: LoopVar,
    },
    /// `func.store_at(consumer, var)`
    StoreAt {
        /// The Func stored.
        func: FuncId,
        /// The Func whose loop its storage lives in.
        consumer: FuncId,
        /// The loop.
        var: LoopVar,
    },
    /// `func.store_root()`
    StoreRoot {
        /// The Func stored.
        func: FuncId,
    },
    /// `func.store_in(memory)`
    StoreIn {
        /// The Func stored.
        func: FuncId,
        /// Where.
        memory: Memory,
    },
    /// `func.fold_storage(var, factor)`: a ring of `factor` coordinates. Halide asserts at run time that it is long enough
    /// where it cannot prove it.
    FoldStorage {
        /// The Func stored.
        func: FuncId,
        /// The pure argument.
        var: LoopVar,
        /// Coordinates kept.
        factor: u32,
    },
    /// `func.align_storage(var, alignment)`: what is allocated along `var` is padded to a multiple of `alignment` values, and
    /// so are the strides of the dimensions outside of it.
    AlignStorage {
        /// The Func stored.
        func: FuncId,
        /// The pure argument.
        var: LoopVar,
        /// What the allocated extent is a multiple of, in values, at least 1.
        alignment: u32,
    },
    /// `func.bound(var, min, extent)`: exactly these coordinates are computed. Comes before the calls on its stages.
    Bound {
        /// The Func computed.
        func: FuncId,
        /// The pure argument.
        var: LoopVar,
        /// Smallest coordinate.
        min: i32,
        /// Number of coordinates.
        extent: u32,
    },
    /// `func.align_bounds(var, modulus, remainder)`: what is computed grows to start and end at such a multiple.
    AlignBounds {
        /// The Func computed.
        func: FuncId,
        /// The pure argument.
        var: LoopVar,
        /// What the extent is a multiple of, at least 1.
        modulus: u32,
        /// The first coordinate modulo `modulus`.
        remainder: u32,
    },
    /// `stage.compute_with(with, var)`: in the same loops as another stage, down to `var`, after it in each iteration.
    ComputeWith {
        /// The stage.
        stage: StageRef,
        /// The stage whose loops it joins.
        with: StageRef,
        /// The innermost loop shared, by its name in both.
        var: LoopVar,
    },
    /// `func.reorder_storage(vars...)`
    ReorderStorage {
        /// The Func stored.
        func: FuncId,
        /// All its pure arguments, innermost in memory first.
        vars: Vec<LoopVar>,
    },
    /// `stage.split(old, outer, inner, factor, tail)`
    Split {
        /// The stage.
        stage: StageRef,
        /// The loop split.
        old: LoopVar,
        /// The new outer loop.
        outer: LoopVar,
        /// The new inner loop of `factor` iterations.
        inner: LoopVar,
        /// Iterations of the inner loop, at least 1.
        factor: u32,
        /// What happens at the end.
        tail: Tail,
    },
    /// `stage.fuse(inner, outer, fused)`
    Fuse {
        /// The stage.
        stage: StageRef,
        /// The inner loop.
        inner: LoopVar,
        /// The outer loop.
        outer: LoopVar,
        /// The one loop over both.
        fused: LoopVar,
    },
    /// `stage.reorder(vars...)`
    Reorder {
        /// The stage.
        stage: StageRef,
        /// Loops, innermost first.
        vars: Vec<LoopVar>,
    },
    /// `stage.vectorize(var)`
    Vectorize {
        /// The stage.
        stage: StageRef,
        /// The loop.
        var: LoopVar,
    },
    /// `stage.unroll(var)`
    Unroll {
        /// The stage.
        stage: StageRef,
        /// The loop.
        var: LoopVar,
    },
    /// `stage.parallel(var)`
    Parallel {
        /// The stage.
        stage: StageRef,
        /// The loop.
        var: LoopVar,
    },
    /// `stage.never_partition(vars...)`: the loops are not cut into a middle without, and ends with what boundary conditions
    /// and tails need there.
    NeverPartition {
        /// The stage.
        stage: StageRef,
        /// The loops.
        vars: Vec<LoopVar>,
    },
    /// `stage.atomic()`
    Atomic {
        /// The stage.
        stage: StageRef,
    },
    /// `intermediate = stage.rfactor(rvar, var)`: values of `rvar` get sums of their own, which `stage` then adds up. Its
    /// loops are from then on `rvar` and all pure arguments. The intermediate Func has stages of the same numbers.
    Rfactor {
        /// The associative update.
        stage: StageRef,
        /// The reduction loop whose values are independent in the intermediate Func.
        rvar: LoopVar,
        /// The pure loop that takes its place there.
        var: LoopVar,
        /// Calls on the intermediate Func: each on its pure stage or, as `stage`, its update, which may be added up in parts
        /// itself. It is at root, or where a `ComputeAt` with `func` and `consumer` of `stage` says: in a loop of what adds
        /// its values up.
        then: Vec<Directive>,
    },
    /// `stage.specialize(output extents >= ...)`, and the calls made on the specialised stage. Comes before all other
    /// calls on the stage.
    Specialize {
        /// The pure stage of an output.
        stage: StageRef,
        /// When the specialised schedule is used: all of these.
        when: Vec<AtLeast>,
        /// Calls on the specialised stage; each of this same `stage`.
        then: Vec<Directive>,
    },
    /// `stage.unscheduled()`: left as it is on purpose.
    Unscheduled {
        /// The stage.
        stage: StageRef,
    },
}
