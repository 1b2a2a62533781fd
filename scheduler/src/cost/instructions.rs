//! What instructions take.

use crate::features::Features;
use serde::Serialize;

/// What a set of vector instructions takes for each kind of work, in units of an addition of vectors; loads and stores in
/// units of a load. The weights are those with which the analytic cost predicts measured schedules best
/// (`nnc accuracy RECORDS --fit`), rounded, and alike for all sets where that loses little.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct InstructionSet {
    /// A multiplication of integers, many of which are by constants.
    pub integer_multiplication: f64,
    /// A comparison or selection.
    pub comparison: f64,
    /// A minimum, maximum, absolute value and the like.
    pub intrinsic: f64,
    /// A conversion between types.
    pub cast: f64,
    /// A division of an integer by a constant: multiplications with wider results, shifts.
    pub constant_division: f64,
    /// A division or root of floating-point numbers.
    pub float_division: f64,
    /// A division of integers, for which there is no vector instruction.
    pub integer_division: f64,
    /// An exponential or logarithm.
    pub math: f64,
    /// A call of libm for one lane: 9 for a sine to 56 for a hyperbolic tangent, as measured.
    pub call: f64,
    /// A vector loaded at a border, whose lanes are clamped one by one.
    pub border: f64,
    /// More of that for each lane.
    pub border_lane: f64,
    /// Two cycles of an addition or multiplication that the next step waits for; some of it overlaps.
    pub chained_step: f64,
    /// A lane under a mask, for its test and for each of its loads and stores.
    pub masked_lane: f64,
    /// A store, with what it keeps busy behind it, in units of a load.
    pub store: f64,
    /// Taking an index out of a vector, and the lane into or out of another, besides its load or store.
    pub lane: f64,
    /// Scalar instructions that a core starts for each vector instruction that it could.
    pub scalars: f64,
}

/// Instructions of one run, in units of an addition of vectors.
pub(super) struct Parts {
    /// All of them.
    pub(super) all: f64,
    /// Divisions but by constants, and roots.
    pub(super) divisions: f64,
    /// Exponentials, logarithms, functions of libm.
    pub(super) calls: f64,
    /// What borders take.
    pub(super) borders: f64,
    /// Tests of masks.
    pub(super) masked: f64,
}

impl InstructionSet {
    /// With mask registers.
    const AVX512: Self = Self {
        integer_multiplication: 0.6,
        comparison: 1.0,
        intrinsic: 0.85,
        cast: 0.7,
        constant_division: 6.5,
        float_division: 5.0,
        integer_division: 6.0,
        math: 8.5,
        call: 40.0,
        border: 0.8,
        border_lane: 0.02,
        chained_step: 4.4,
        masked_lane: 0.25,
        store: 3.6,
        lane: 2.0,
        scalars: 1.8,
    };
    /// Without: AVX2 stores under a mask lane by lane.
    const AVX2: Self = Self {
        comparison: 1.5,
        constant_division: 12.0,
        float_division: 7.0,
        integer_division: 17.0,
        math: 29.0,
        masked_lane: 1.0,
        ..Self::AVX512
    };

    /// The set of a machine with natural vectors of so many bytes.
    pub fn with_vectors_of(bytes: u32) -> Self {
        match bytes {
            64.. => Self::AVX512,
            _ => Self::AVX2,
        }
    }

    /// Instructions of one run, by what is special about them.
    pub(super) fn parts(&self, f: &Features) -> Parts {
        Parts {
            all: self.vector_instructions(f) + self.lane_by_lane(f),
            divisions: self.integer_division * f.integer_divisions + self.float_division * f.float_divisions,
            calls: self.math * f.math_calls + self.call * f.scalar_calls,
            borders: self.borders(f),
            masked: self.masked_lane * f.masked_lanes,
        }
    }

    fn borders(&self, f: &Features) -> f64 {
        (self.border + self.border_lane * f.lanes) * f.boundary_loads
    }

    /// Vector instructions of one run.
    pub(super) fn vector_instructions(&self, f: &Features) -> f64 {
        let floats = f.float_additions + f.float_multiplications + f.float_multiply_adds;
        let simple = floats + f.integer_additions + self.integer_multiplication * f.integer_multiplications;
        let others = self.comparison * f.comparisons + self.intrinsic * f.intrinsics + self.cast * f.casts;
        let divisions = self.constant_division * f.constant_divisions
            + self.float_division * f.float_divisions
            + self.integer_division * f.integer_divisions;
        simple + others + divisions + self.math * f.math_calls + self.borders(f)
    }

    /// Waiting for results in one run.
    pub(super) fn latencies(&self, f: &Features) -> f64 {
        self.chained_step * f.chained_steps
    }

    /// What happens lane by lane in one run and waits for nothing but itself.
    pub(super) fn lane_by_lane(&self, f: &Features) -> f64 {
        self.call * f.scalar_calls + self.masked_lane * f.masked_lanes
    }

    /// Loads and stores of one run.
    pub(super) fn accesses(&self, f: &Features) -> f64 {
        let one_by_one = f.gathered_loads + f.scattered_stores;
        f.loads() + self.store * f.stores() + self.lane * one_by_one
    }
}
