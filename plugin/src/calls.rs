//! Directives as the calls that the bindings make on Halide's Funcs.

use halide_sys::{Call, Kind, MemoryType, Size, TailStrategy, Variable};
use scheduler::ir::{FuncId, StageRef};
use scheduler::{AtLeast, Directive, LoopVar, Memory, Tail};

/// The calls of all directives, in order.
pub fn from_directives(directives: &[Directive]) -> Vec<Call<'_>> {
    directives.iter().flat_map(from_directive).collect()
}

/// One call, but for a specialisation or an intermediate Func, which bracket their own.
fn from_directive(directive: &Directive) -> Vec<Call<'_>> {
    let (stage, when, then) = match directive {
        Directive::Specialize { stage, when, then } => (stage, when, then),
        Directive::Rfactor { stage, rvar, var, then } => {
            let begin = of_stage(Kind::HS_RFACTOR, *stage, [rvar, var]);
            let end = of_stage(Kind::HS_END_RFACTOR, *stage, []);
            return [vec![begin], from_directives(then), vec![end]].concat();
        }
        _ => return vec![single(directive)],
    };
    let at_least = |c: &AtLeast| Size {
        dim: u32::try_from(c.dim).expect("few dimensions"),
        at_least: i32::try_from(c.extent).unwrap_or(i32::MAX),
    };
    let begin = Call { sizes: when.iter().map(at_least).collect(), ..of_stage(Kind::HS_SPECIALIZE, *stage, []) };
    let end = of_stage(Kind::HS_END_SPECIALIZE, *stage, []);
    [vec![begin], from_directives(then), vec![end]].concat()
}

fn single(directive: &Directive) -> Call<'_> {
    match directive {
        Directive::ComputeRoot { func } => of_func(Kind::HS_COMPUTE_ROOT, *func),
        Directive::StoreRoot { func } => of_func(Kind::HS_STORE_ROOT, *func),
        Directive::ComputeAt { func, consumer, var } => at(Kind::HS_COMPUTE_AT, *func, *consumer, var),
        Directive::StoreAt { func, consumer, var } => at(Kind::HS_STORE_AT, *func, *consumer, var),
        Directive::StoreIn { func, memory } => {
            Call { memory: memory_type(*memory), ..of_func(Kind::HS_STORE_IN, *func) }
        }
        Directive::FoldStorage { func, var, factor } => of_argument(Kind::HS_FOLD_STORAGE, *func, var, *factor, 0),
        Directive::AlignStorage { func, var, alignment } => {
            of_argument(Kind::HS_ALIGN_STORAGE, *func, var, *alignment, 0)
        }
        Directive::Bound { func, var, min, extent } => of_argument(Kind::HS_BOUND, *func, var, *extent, *min),
        Directive::AlignBounds { func, var, modulus, remainder } => {
            of_argument(Kind::HS_ALIGN_BOUNDS, *func, var, *modulus, int(*remainder))
        }
        Directive::ComputeWith { stage, with, var } => Call {
            at_func: index(with.func),
            at_stage: u32::try_from(with.stage).expect("fewer than 2^32 stages"),
            ..of_stage(Kind::HS_COMPUTE_WITH, *stage, [var])
        },
        Directive::ReorderStorage { func, vars } => {
            of_stage(Kind::HS_REORDER_STORAGE, StageRef { func: *func, stage: 0 }, vars)
        }
        Directive::Split { stage, old, outer, inner, factor, tail } => Call {
            factor: int(*factor),
            tail: tail_strategy(*tail),
            ..of_stage(Kind::HS_SPLIT, *stage, [old, outer, inner])
        },
        Directive::Fuse { stage, inner, outer, fused } => of_stage(Kind::HS_FUSE, *stage, [inner, outer, fused]),
        Directive::Reorder { stage, vars } => of_stage(Kind::HS_REORDER, *stage, vars),
        Directive::Vectorize { stage, var } => of_stage(Kind::HS_VECTORIZE, *stage, [var]),
        Directive::Unroll { stage, var } => of_stage(Kind::HS_UNROLL, *stage, [var]),
        Directive::Parallel { stage, var } => of_stage(Kind::HS_PARALLEL, *stage, [var]),
        Directive::NeverPartition { stage, vars } => of_stage(Kind::HS_NEVER_PARTITION, *stage, vars),
        Directive::Atomic { stage } => of_stage(Kind::HS_ATOMIC, *stage, []),
        Directive::Unscheduled { stage } => of_stage(Kind::HS_UNSCHEDULED, *stage, []),
        Directive::Specialize { .. } | Directive::Rfactor { .. } => unreachable!("they do not nest"),
    }
}

/// Halide's numbers are 32-bit signed; larger ones would not split, fold or bound anything.
fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn index(func: FuncId) -> u32 {
    u32::try_from(func.index()).expect("ids are 32-bit")
}

fn of_func<'a>(kind: Kind::Type, func: FuncId) -> Call<'a> {
    of_stage(kind, StageRef { func, stage: 0 }, [])
}

/// A call about one dimension of a Func.
fn of_argument(kind: Kind::Type, func: FuncId, var: &LoopVar, factor: u32, offset: i32) -> Call<'_> {
    Call { factor: int(factor), offset, ..of_stage(kind, StageRef { func, stage: 0 }, [var]) }
}

fn at(kind: Kind::Type, func: FuncId, consumer: FuncId, var: &LoopVar) -> Call<'_> {
    Call { at_func: index(consumer), ..of_stage(kind, StageRef { func, stage: 0 }, [var]) }
}

fn of_stage<'a>(kind: Kind::Type, stage: StageRef, vars: impl IntoIterator<Item = &'a LoopVar>) -> Call<'a> {
    Call {
        kind,
        func: index(stage.func),
        stage: u32::try_from(stage.stage).expect("fewer than 2^32 stages"),
        at_func: 0,
        at_stage: 0,
        vars: vars.into_iter().map(|v| Variable { name: &v.name, is_rvar: v.rvar }).collect(),
        factor: 0,
        offset: 0,
        tail: TailStrategy::HS_TAIL_GUARD_WITH_IF,
        memory: MemoryType::HS_MEMORY_HEAP,
        sizes: Vec::new(),
    }
}

fn tail_strategy(tail: Tail) -> TailStrategy::Type {
    match tail {
        Tail::RoundUp => TailStrategy::HS_TAIL_ROUND_UP,
        Tail::GuardWithIf => TailStrategy::HS_TAIL_GUARD_WITH_IF,
        Tail::ShiftInwards => TailStrategy::HS_TAIL_SHIFT_INWARDS,
        Tail::Predicate => TailStrategy::HS_TAIL_PREDICATE,
    }
}

fn memory_type(memory: Memory) -> MemoryType::Type {
    match memory {
        Memory::Heap => MemoryType::HS_MEMORY_HEAP,
        Memory::Stack => MemoryType::HS_MEMORY_STACK,
        Memory::Register => MemoryType::HS_MEMORY_REGISTER,
    }
}
