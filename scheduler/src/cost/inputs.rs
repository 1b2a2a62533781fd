//! What a learned model sees of a stage: few numbers, most of them ratios, so that sizes never seen look familiar.

use super::{Hardware, InstructionSet, Roofline};
use crate::features::{LoopKind, ScheduledStage};

/// Number of inputs.
pub const INPUTS: usize = 23;

/// Names of the inputs, in order.
pub const INPUT_NAMES: [&str; INPUTS] = [
    "bound",
    "compute_share",
    "l1_share",
    "l2_share",
    "dram_share",
    "overhead_share",
    "page_share",
    "lanes",
    "idle_lanes",
    "gathered_share",
    "scattered_share",
    "body",
    "trip",
    "busy_threads",
    "code_bytes",
    "recomputation",
    "converted",
    "chain",
    "division_share",
    "call_share",
    "border_share",
    "masked_share",
    "store_share",
];

/// The inputs of a stage, and the analytic estimate of its seconds, positive.
///
/// Shares are of the estimate, in \[0, 1\], and of the machine's threads, so that machines with more threads than were ever
/// measured look familiar, too; counts and sizes enter as logarithms.
pub fn inputs(stage: &ScheduledStage, hardware: &Hardware) -> ([f64; INPUTS], f64) {
    let (mut row, bound) = arguments(stage, hardware);
    row.iter_mut().zip(BENDS).for_each(|(value, bend)| *value = bend.of(*value));
    (row, bound)
}

/// How an input comes of its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bend {
    /// It is the argument.
    None,
    /// Natural logarithm.
    Ln,
    /// Natural logarithm of one more.
    Ln1p,
}

impl Bend {
    fn of(self, argument: f64) -> f64 {
        match self {
            Bend::None => argument,
            Bend::Ln => argument.ln(),
            Bend::Ln1p => argument.ln_1p(),
        }
    }
}

/// Of each input.
pub(super) const BENDS: [Bend; INPUTS] = {
    use Bend::{Ln, Ln1p, None};
    [
        Ln, None, None, None, None, None, None, Ln1p, Ln1p, None, None, Ln1p, Ln1p, None, Ln1p, Ln1p, None, Ln1p, None,
        None, None, None, None,
    ]
};

/// As [`inputs`], before [`BENDS`] are applied.
pub(super) fn arguments(stage: &ScheduledStage, hardware: &Hardware) -> ([f64; INPUTS], f64) {
    let f = &stage.features;
    let times = Roofline(*hardware).times(f);
    let bound = times.seconds().max(LEAST_SECONDS);
    let (accesses, arithmetic) = (f.loads() + f.stores(), arithmetic_instructions(f));
    let instructions = InstructionSet::with_vectors_of(hardware.vector_bytes);
    let parts = instructions.parts(f);
    let per_instruction = times.compute / (bound * parts.all.max(1.0));
    let per_access = times.l1 / (bound * instructions.accesses(f).max(1.0));
    let others = f.casts + f.comparisons + f.intrinsics + f.constant_divisions + f.math_calls;
    let mut row = [
        bound,
        times.compute / bound,
        times.l1 / bound,
        times.l2.max(times.l3) / bound,
        times.dram / bound,
        times.overhead / bound,
        f.fresh_pages * hardware.page_seconds / (f.threads.max(1.0) * bound),
        f.lanes,
        1.0 / f.lane_utilization.max(f64::MIN_POSITIVE),
        per_access * (1.0 + instructions.lane) * f.gathered_loads,
        per_access * (instructions.store + instructions.lane) * f.scattered_stores,
        (accesses + arithmetic) / f.loop_iterations.max(1.0),
        f.vectors / f.realizations.max(1.0),
        f.threads / f.imbalance.max(1.0) / f64::from(hardware.threads),
        f.code_bytes,
        f.recomputation,
        others / (arithmetic + 1.0),
        chain_seconds(stage, hardware) / bound,
        per_instruction * parts.divisions,
        per_instruction * parts.calls,
        per_instruction * parts.borders,
        per_instruction * parts.masked,
        per_access * instructions.store * f.stores(),
    ];
    // Counts are never below nothing, whatever floats make of them.
    let counts = row.iter_mut().zip(BENDS).filter(|(_, bend)| *bend == Bend::Ln1p);
    counts.for_each(|(value, _)| *value = value.max(0.0));
    (row, bound)
}

/// Stages that take no time at all would have no logarithm.
const LEAST_SECONDS: f64 = 1e-9;

/// Seconds from an accumulation that waits for the one before, a multiple of those of an independent one.
const ACCUMULATION_CYCLES: f64 = 8.0;

/// Seconds that a reduction takes if every value accumulated waits for the one before: those of the innermost reduction
/// loop, of which as many run at a time as pure loops inside of it have iterations.
fn chain_seconds(stage: &ScheduledStage, hardware: &Hardware) -> f64 {
    let Some(at) = stage.levels.iter().position(|l| l.var.rvar && l.kind != LoopKind::Vectorized) else { return 0.0 };
    let inside = stage.levels[..at].iter().filter(|l| l.kind != LoopKind::Vectorized);
    let independent: f64 = inside.map(|l| l.extent).product();
    let f = &stage.features;
    let cores = f.threads.max(1.0) / f.imbalance.max(1.0);
    f.vectors * ACCUMULATION_CYCLES / independent.max(1.0) / (hardware.vector_ops_per_second * cores)
}

fn arithmetic_instructions(f: &crate::features::Features) -> f64 {
    let floats = f.float_additions + f.float_multiplications + f.float_multiply_adds + f.float_divisions;
    let integers = f.integer_additions + f.integer_multiplications + f.integer_divisions;
    floats + integers + f.constant_divisions + f.comparisons + f.casts + f.intrinsics + f.math_calls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Features;
    use crate::ir::{FuncId, StageRef};

    #[test]
    fn arguments_bent_are_the_inputs() {
        let stage = ScheduledStage {
            stage: StageRef { func: FuncId::from_index(0), stage: 0 },
            levels: vec![],
            features: Features {
                float_additions: 7e9,
                lanes: 8.0,
                lane_utilization: 0.5,
                loop_iterations: 3e4,
                vectors: 1e6,
                realizations: 10.0,
                threads: 2.0,
                imbalance: 1.25,
                code_bytes: 200.0,
                recomputation: 1.5,
                ..Features::default()
            },
        };
        let hardware = Hardware::generic(2, 32);
        let (arguments, bound) = arguments(&stage, &hardware);
        let bent: Vec<f64> = arguments
            .into_iter()
            .zip(BENDS)
            .map(|(value, bend)| match bend {
                Bend::None => value,
                Bend::Ln => value.ln(),
                Bend::Ln1p => value.ln_1p(),
            })
            .collect();
        assert_eq!((bent.try_into().unwrap(), bound), inputs(&stage, &hardware));
    }

    #[test]
    fn special_instructions_have_shares_of_the_time() {
        let share = |name: &str, features: Features| {
            let features = Features { lanes: 8.0, threads: 2.0, imbalance: 1.0, ..features };
            let stage = StageRef { func: FuncId::from_index(0), stage: 0 };
            let stage = ScheduledStage { stage, levels: vec![], features };
            let at = INPUT_NAMES.iter().position(|known| *known == name).unwrap();
            inputs(&stage, &Hardware::generic(4, 32)).0[at]
        };
        let divisions = Features { integer_divisions: 1e9, ..Features::default() };
        assert!(share("division_share", divisions.clone()) > 0.9);
        assert_eq!(share("call_share", divisions.clone()), 0.0);
        assert_eq!(share("busy_threads", divisions), 0.5);
        let half = Features { gathered_loads: 1e9, scattered_stores: 1e9, ..Features::default() };
        let (gathered, scattered) = (share("gathered_share", half.clone()), share("scattered_share", half));
        assert!(gathered > 0.2 && scattered > gathered && gathered + scattered <= 1.0, "{gathered} {scattered}");
    }
}
