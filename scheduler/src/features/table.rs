//! The one table of features: names, units, meanings and formulas. The struct, its documentation and
//! `doc/FEATURES.md` come from it.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Where a feature comes from and what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Field of [`Features`].
    pub name: &'static str,
    /// Unit; `1` for counts and ratios.
    pub unit: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// How it is computed, and from what.
    pub formula: &'static str,
}

macro_rules! features {
    ($($group:literal { $($name:ident [$unit:literal] $meaning:literal = $formula:literal;)* })*) => {
        /// What one stage of a scheduled pipeline does in one run at the estimates. Generated from the table that
        /// `doc/FEATURES.md` prints.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct Features {
            $($(#[doc = concat!($meaning, " Unit: ", $unit, ".")] pub $name: f64,)*)*
        }

        /// All features, by group, in the order of [`Features::values`].
        pub const TABLE: &[(&str, &[Feature])] = &[
            $(($group, &[$(Feature { name: stringify!($name), unit: $unit, meaning: $meaning, formula: $formula }),*]),)*
        ];

        impl Features {
            /// The values in the order of [`TABLE`]: a row for a predictor.
            pub fn values(&self) -> Vec<f64> {
                vec![$($(self.$name,)*)*]
            }
        }
    };
}

features! {
    "Extent" {
        realizations ["1"] "How often the stage's loop nest is entered." =
            "iterations of all loops around the place where the Func is computed";
        iterations ["1"] "Evaluations of the stage." = "`realizations` x product of the extents of its loops";
        recomputation ["1"] "Evaluations over those that computing everything once takes." =
            "`iterations` / product of the loop extents at root";
        lanes ["1"] "Iterations that a vectorised body covers; 1 without vectors." = "factors of the vectorised loops";
        lane_utilization ["1"] "Share of lanes that compute something." = "`iterations` / (`vectors` x `lanes`)";
        vectors ["1"] "Executions of the body, each over all lanes." =
            "`realizations` x product of the extents of the loops that are not vectorised";
        unrolled ["1"] "Copies of the body that unrolling makes." = "product of the extents of unrolled loops";
    }
    "Arithmetic, of the stage and all that is inlined into it" {
        operations ["1"] "Scalar operations." = "`iterations` x operations of one evaluation";
        float_additions ["vector instructions"] "Additions and subtractions of floats." = "`add` of floating-point types, those of `float_multiply_adds` aside";
        float_multiplications ["vector instructions"] "Multiplications of floats." = "`mul`, `div_by_constant`, those of `float_multiply_adds` aside";
        float_multiply_adds ["vector instructions"] "Multiplications fused with an addition." =
            "pairs of `mul` and `add` of one type, unless the target has strict_float";
        float_divisions ["vector instructions"] "Divisions of floats by variables, and roots." = "`div`, `sqrt`";
        integer_additions ["vector instructions"] "Additions and subtractions of integers." = "`add` of integer types";
        integer_multiplications ["vector instructions"] "Multiplications of integers." = "`mul`";
        integer_divisions ["scalar instructions"] "Divisions of integers by variables, lane by lane." = "`div` x lanes";
        constant_divisions ["vector instructions"] "Divisions of integers by constants other than powers of two." = "`div_by_constant`";
        comparisons ["vector instructions"] "Comparisons, minima, maxima, logic and selections." =
            "`min_max`, `compare`, `logic`, `select`";
        casts ["vector instructions"] "Conversions between types." = "`cast`";
        intrinsics ["vector instructions"] "Halide's intrinsics: shifts, absolute differences; quotients and remainders by powers of two." = "`intrinsic`";
        math_calls ["vector instructions"] "Exponentials and logarithms." = "`math`";
        scalar_calls ["calls"] "Calls of libm and of other external functions, lane by lane." = "`call` x lanes";
        inlined_evaluations ["1"] "Evaluations of inlined Funcs." = "`iterations` x loads of inlined Funcs, followed through all of them";
    }
    "Recurrences" {
        chained_steps ["1"] "Steps that wait for the result of the step before." =
            "of an update with data hazards, iterations from its innermost loop that carries them outwards, vectorised loops aside; x n / 64 where its loops that carry them make n < 64 together, since a core works on about 64 steps at a time";
    }
    "Loads and stores" {
        dense_loads ["vector instructions"] "Loads of consecutive elements." =
            "one lane further moves by at most one element of the innermost dimension";
        strided_loads ["vector instructions"] "Loads of every second to fourth element." =
            "2 to 4 elements of the innermost dimension; as many dense loads as the stride";
        gathered_loads ["scalar instructions"] "Loads of lanes one by one." = "any other movement, or a coordinate that depends on data";
        broadcast_loads ["vector instructions"] "Loads of one element for all lanes." = "coordinates do not depend on the vectorised loop";
        boundary_loads ["scalar instructions"] "Lanes loaded one by one where a vector crosses the border of a boundary condition." =
            "all lanes of the parts at both ends of the outermost loop over a clamped coordinate, for loads clamped along the vectorised loop";
        masked_lanes ["scalar instructions"] "Lanes of vectors under a mask, which are tested, loaded and stored one by one." =
            "lanes x (1 + dense and strided loads and stores) of the vectors in the last iteration of the outermost loop over a guarded vectorised one that Halide partitions, of all where it partitions none; none where the Func is computed inside and a single vector covers the dimension, whose mask is a constant then";
        dense_stores ["vector instructions"] "Stores of consecutive elements." = "as for loads";
        strided_stores ["vector instructions"] "Stores of every second to fourth element." = "as for loads";
        scattered_stores ["scalar instructions"] "Stores of lanes one by one." = "as for loads";
    }
    "Memory" {
        inner_bytes ["B"] "Distinct bytes that the innermost loop touches." =
            "lines of the regions read and written while the innermost loop that is not unrolled or vectorised runs";
        task_bytes ["B"] "Distinct bytes that one parallel task touches." =
            "lines of the regions of one iteration of the innermost parallel loop around the body, Funcs computed inside included";
        realization_bytes ["B"] "Distinct bytes that the stage touches each time it is realised." = "lines of the regions of its whole loop nest";
        l1_miss_bytes ["B"] "Bytes from beyond the first-level cache." = "see below, with `l1_bytes`";
        l2_miss_bytes ["B"] "Bytes from beyond the private caches." = "see below, with `private_cache_bytes`";
        l3_miss_bytes ["B"] "Bytes from and to memory." = "see below, with `shared_cache_bytes`, shared by the threads of a parallel loop";
        l1_miss_lines ["1"] "Cache lines from beyond the first-level cache." = "`l1_miss_bytes` / 64";
        allocated_bytes ["B"] "Bytes of the Func's storage." = "region at its store level; a window that slides is folded to a power of two of rows";
        reuse_distance_bytes ["B"] "Bytes touched between the write of a value of the Func and its last use." =
            "distinct bytes of one iteration of the loop that it is stored in; all of root's later readers where it is stored at root";
    }
    "Parallelism" {
        tasks ["1"] "Parallel tasks that share the stage's work." =
            "product of the extents of all parallel loops around the body, the stage's own and those it is computed in; 1 without any";
        threads ["1"] "Threads that work on it." = "min(threads of the machine, `tasks`)";
        imbalance ["1"] "Time of the busiest thread over the mean." = "ceil(`tasks` / `threads`) x `threads` / `tasks`";
    }
    "Overheads" {
        loop_iterations ["1"] "Iterations of loops that are compiled as loops." = "sum over serial and parallel loops of `realizations` x extents from outside to that loop";
        loop_entries ["1"] "Times that loops are entered which are compiled as loops." = "sum over serial and parallel loops of `realizations` x extents of the loops outside of that loop; without those of one iteration where the stage is computed inside of another loop";
        task_starts ["1"] "Iterations of the stage's own parallel loops." = "sum over its parallel loops of `realizations` x extents from outside to that loop";
        parallel_launches ["1"] "Times parallel loops of the stage start." = "sum over its parallel loops, those of one iteration aside, of `realizations` x extents outside of it";
        allocations ["1"] "Allocations of the Func's storage." = "iterations of the loops around its store level; counted with its first stage";
        fresh_pages ["1"] "Pages of 4 KiB that the system gives out anew in every run, at the first write to each." = "share of `allocated_bytes` / 4096 for storage at root: all beyond 32 MiB; else (m - 128 KiB) / sum of all such storage, where m, the most of it in use at a time, is at least twice the largest buffer (128 KiB if none is as large); else 0";
        code_bytes ["B"] "Estimated machine code of the innermost body." = "6 x instructions of one body x `unrolled`, twice where the stage is specialised";
    }
}

/// Operations that a feature counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    FloatAdd,
    FloatMultiply,
    FloatDivide,
    Add,
    Multiply,
    Divide,
    DivideByConstant,
    Cast,
    Intrinsic,
    Math,
    Call,
    Compare,
}

impl Arithmetic {
    /// From the name of an operation ([`Operations`](crate::ir::Operations)).
    pub(super) fn new(operation: &str, float: bool) -> Self {
        match operation {
            "add" if float => Self::FloatAdd,
            // Halide multiplies with the reciprocal of a constant.
            "mul" | "div_by_constant" if float => Self::FloatMultiply,
            "div" | "sqrt" if float => Self::FloatDivide,
            "add" => Self::Add,
            "mul" => Self::Multiply,
            "div" => Self::Divide,
            "div_by_constant" => Self::DivideByConstant,
            "cast" => Self::Cast,
            "intrinsic" => Self::Intrinsic,
            "math" => Self::Math,
            "call" => Self::Call,
            _ => Self::Compare,
        }
    }
}

impl Features {
    /// The field that counts an operation.
    pub(super) fn arithmetic(&mut self, kind: Arithmetic) -> &mut f64 {
        match kind {
            Arithmetic::FloatAdd => &mut self.float_additions,
            Arithmetic::FloatMultiply => &mut self.float_multiplications,
            Arithmetic::FloatDivide => &mut self.float_divisions,
            Arithmetic::Add => &mut self.integer_additions,
            Arithmetic::Multiply => &mut self.integer_multiplications,
            Arithmetic::Divide => &mut self.integer_divisions,
            Arithmetic::DivideByConstant => &mut self.constant_divisions,
            Arithmetic::Cast => &mut self.casts,
            Arithmetic::Intrinsic => &mut self.intrinsics,
            Arithmetic::Math => &mut self.math_calls,
            Arithmetic::Call => &mut self.scalar_calls,
            Arithmetic::Compare => &mut self.comparisons,
        }
    }

    /// Arithmetic instructions of all kinds.
    pub(super) fn arithmetic_instructions(&self) -> f64 {
        let floats =
            self.float_additions + self.float_multiplications + self.float_multiply_adds + self.float_divisions;
        let integers = self.integer_additions + self.integer_multiplications + self.integer_divisions;
        let others = self.constant_divisions + self.comparisons + self.casts + self.intrinsics + self.math_calls;
        floats + integers + others
    }

    /// Loads of all kinds.
    pub fn loads(&self) -> f64 {
        self.dense_loads + self.strided_loads + self.gathered_loads + self.broadcast_loads
    }

    /// Stores of all kinds.
    pub fn stores(&self) -> f64 {
        self.dense_stores + self.strided_stores + self.scattered_stores
    }
}

/// `doc/FEATURES.md`.
pub fn markdown() -> String {
    let mut text = String::from(include_str!("head.md"));
    for (group, features) in TABLE {
        let _ = write!(text, "\n## {group}\n\n| Name | Unit | Meaning | Formula |\n|---|---|---|---|\n");
        for f in *features {
            let _ = writeln!(text, "| `{}` | {} | {} | {} |", f.name, f.unit, f.meaning, f.formula);
        }
    }
    text
}
