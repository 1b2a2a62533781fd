//! The analytic cost with the constants that predict measured schedules best.

use scheduler::cost::InstructionSet;
use scheduler::{Hardware, Roofline};
use serde::Serialize;

use crate::records::dataset::Group;
use crate::results::stats::median;

/// Constants are multiplied and divided by these factors in turns, as long as it helps.
const STEPS: [f64; 4] = [1.6, 1.3, 1.15, 1.08];
/// Rounds over all constants with each factor.
const ROUNDS: usize = 2;
/// A constant may become so many times as large, or as small, as at first: records say nothing of resources that never
/// bind them.
const FARTHEST: f64 = 3.0;
/// Gains of the loss below this are noise.
const LEAST_GAIN: f64 = 1e-5;
/// Errors beyond this (of the logarithm) count in proportion, below it by their square.
const HUBER: f64 = 0.7;
/// Weight of errors that all schedules of a pipeline have in common: which of them is faster does not depend on these.
const COMMON: f64 = 0.3;

/// Constants of the analytic cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Constants {
    /// Speeds and durations of a machine.
    pub hardware: Hardware,
    /// What instructions take.
    pub instructions: InstructionSet,
}

type Constant = fn(&mut Constants) -> &mut f64;

/// What is fitted. The speed of vector operations is the unit of all else.
const CONSTANTS: [Constant; 25] = [
    |c| &mut c.hardware.accesses_per_second,
    |c| &mut c.hardware.l2_bytes_per_second,
    |c| &mut c.hardware.l3_bytes_per_second,
    |c| &mut c.hardware.memory_bytes_per_second,
    |c| &mut c.hardware.loop_seconds,
    |c| &mut c.hardware.loop_entry_seconds,
    |c| &mut c.hardware.task_seconds,
    |c| &mut c.hardware.launch_seconds,
    |c| &mut c.hardware.allocation_seconds,
    |c| &mut c.hardware.page_seconds,
    |c| &mut c.instructions.integer_multiplication,
    |c| &mut c.instructions.comparison,
    |c| &mut c.instructions.intrinsic,
    |c| &mut c.instructions.cast,
    |c| &mut c.instructions.constant_division,
    |c| &mut c.instructions.float_division,
    |c| &mut c.instructions.integer_division,
    |c| &mut c.instructions.math,
    |c| &mut c.instructions.border,
    |c| &mut c.instructions.border_lane,
    |c| &mut c.instructions.chained_step,
    |c| &mut c.instructions.masked_lane,
    |c| &mut c.instructions.store,
    |c| &mut c.instructions.lane,
    |c| &mut c.instructions.scalars,
];

impl Constants {
    /// Those that the scheduler assumes for the records' vectors.
    pub fn assumed(groups: &[&Group]) -> Constants {
        let hardware = groups.first().map_or_else(|| Hardware::generic(1, 1), |group| group.hardware);
        Constants { hardware, instructions: InstructionSet::with_vectors_of(hardware.vector_bytes) }
    }

    /// What these constants expect of every schedule of a pipeline, in seconds.
    pub fn predict(&self, group: &Group) -> Vec<f64> {
        let Hardware { threads, vector_bytes, .. } = group.hardware;
        let roofline = Roofline(self.hardware.with(threads, vector_bytes));
        let seconds = |features| roofline.times_with(features, &self.instructions).seconds();
        let stages: Vec<f64> = group.stages.iter().map(|row| seconds(&row.scheduled.features)).collect();
        group.rows.iter().map(|row| row.stages.iter().map(|&stage| stages[stage]).sum()).collect()
    }

    /// The constants near these that predict best, by descent along one constant after the other; speeds are scaled so that
    /// half of the schedules take longer than expected.
    pub fn fitted(self, groups: &[&Group]) -> Constants {
        let (mut best, mut least) = (self, self.loss(groups));
        for step in STEPS {
            for constant in (0..ROUNDS).flat_map(|_| CONSTANTS) {
                let first = *constant(&mut { self });
                let near = first / FARTHEST..=first * FARTHEST;
                for factor in [step, 1.0 / step] {
                    loop {
                        let mut tried = best;
                        *constant(&mut tried) *= factor;
                        if !near.contains(constant(&mut tried)) {
                            break;
                        }
                        let loss = tried.loss(groups);
                        if loss >= least - LEAST_GAIN {
                            break;
                        }
                        (best, least) = (tried, loss);
                    }
                }
            }
        }
        let errors: Vec<f64> = groups.iter().flat_map(|group| best.errors(group)).collect();
        best.slowed(median(&errors).exp().recip())
    }

    /// Logarithms of what is expected over what was measured.
    fn errors(&self, group: &Group) -> Vec<f64> {
        self.predict(group).iter().zip(&group.rows).map(|(expected, row)| (expected / row.seconds).ln()).collect()
    }

    /// How wrong the order of schedules is, and less so, how wrong pipelines are.
    fn loss(&self, groups: &[&Group]) -> f64 {
        let errors: Vec<Vec<f64>> = groups.iter().map(|group| self.errors(group)).collect();
        let means: Vec<f64> = errors.iter().map(|all| all.iter().sum::<f64>() / all.len() as f64).collect();
        let middle = median(&means);
        let within = errors.iter().zip(&means).flat_map(|(all, mean)| all.iter().map(move |error| huber(error - mean)));
        let between = means.iter().map(|mean| huber(mean - middle));
        let count = errors.iter().map(Vec::len).sum::<usize>() as f64;
        within.sum::<f64>() / count + COMMON * between.sum::<f64>() / means.len() as f64
    }

    /// The same for a machine on which everything takes `factor` times as long.
    fn slowed(mut self, factor: f64) -> Constants {
        let h = &mut self.hardware;
        h.vector_ops_per_second /= factor;
        h.accesses_per_second /= factor;
        h.l2_bytes_per_second /= factor;
        h.l3_bytes_per_second /= factor;
        h.memory_bytes_per_second /= factor;
        h.loop_seconds *= factor;
        h.loop_entry_seconds *= factor;
        h.task_seconds *= factor;
        h.launch_seconds *= factor;
        h.allocation_seconds *= factor;
        h.page_seconds *= factor;
        self
    }
}

fn huber(error: f64) -> f64 {
    let size = error.abs();
    if size < HUBER {
        0.5 * size * size
    } else {
        HUBER * (size - 0.5 * HUBER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::dataset::{Row, StageRow};
    use scheduler::cost::{Kernel, Variant};
    use scheduler::features::{Features, ScheduledStage};
    use scheduler::ir::{FuncId, StageRef};

    /// A pipeline of one stage with schedules that differ in one feature.
    fn group(set: impl Fn(&mut Features, f64), seconds: impl Fn(&Features) -> f64) -> Group {
        let stage = |count: usize| {
            let mut features =
                Features { float_additions: 1.5e6, lanes: 8.0, threads: 1.0, imbalance: 1.0, ..Features::default() };
            set(&mut features, 1e5 * count as f64);
            let stage = StageRef { func: FuncId::from_index(0), stage: 0 };
            let scheduled = ScheduledStage { stage, levels: Vec::new(), features };
            StageRow { kernel: Kernel::Pointwise, variant: Variant::Root, scheduled }
        };
        let stages: Vec<StageRow> = (1..9).map(stage).collect();
        let row = |(i, stage): (usize, &StageRow)| Row {
            seconds: seconds(&stage.scheduled.features),
            stages: vec![i],
            by_adams2019: None,
        };
        let rows = stages.iter().enumerate().map(row).collect();
        let hardware = Hardware::generic(1, 32);
        Group {
            name: String::new(),
            family: String::new(),
            processor: String::new(),
            hardware,
            stages,
            rows,
            varies: true,
        }
    }

    /// On a machine three times as slow whose divisions take twice as long beside that.
    #[test]
    fn finds_what_differs() {
        let assumed = Constants::assumed(&[]);
        let mut real = assumed;
        real.instructions.float_division *= 2.0;
        let real = real.slowed(3.0);
        let seconds = |f: &Features| Roofline(real.hardware).times_with(f, &real.instructions).seconds();
        let divisions = group(|f, count| f.float_divisions = count, seconds);
        let casts = group(|f, count| f.casts = count, seconds);
        let fitted = assumed.fitted(&[&divisions, &casts]);
        let error = |c: &Constants| [&divisions, &casts].map(|g| c.loss(&[g])).iter().sum::<f64>();
        assert!(error(&fitted) < 0.02 * error(&assumed), "{} of {}", error(&fitted), error(&assumed));
        let ratio = fitted.predict(&divisions)[3] / divisions.rows[3].seconds;
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }
}
