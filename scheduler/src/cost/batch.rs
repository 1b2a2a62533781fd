//! Stages of a class side by side, for its networks to go over several at a time.

use super::inputs::arguments;
use super::lanes::{Lanes, LANES};
use super::packed::{Packed, Said};
use super::{Hardware, INPUTS};
use crate::features::ScheduledStage;

/// Doubt, in logarithms, for each unit of distance from the range of inputs seen, in standard deviations of the input.
const DOUBT_OUTSIDE: f64 = 0.1;

/// A stage whose networks have not been asked yet.
#[derive(Clone, Debug)]
pub struct Unpriced {
    class: usize,
    /// Of the inputs, as precise as networks take them.
    arguments: [f32; INPUTS],
    /// The analytic time.
    pub(super) bound: f64,
}

impl Unpriced {
    pub(super) fn new(class: usize, stage: &ScheduledStage, hardware: &Hardware) -> Self {
        let (arguments, bound) = arguments(stage, hardware);
        Self { class, arguments: arguments.map(|value| value as f32), bound }
    }
}

/// For each stage, what the networks of its class add to the logarithm of the analytic time, and how far it is to be doubted.
pub(super) fn corrections(packed: &Packed, stages: &[Unpriced]) -> Vec<(f64, f64)> {
    let mut corrections = vec![(0.0, 0.0); stages.len()];
    let mut price = |pack: &mut Pack| {
        let Said { mean, spread, outside } = packed.evaluate(pack.class, &mut pack.rows);
        for (lane, &at) in pack.stages[..pack.filled].iter().enumerate() {
            let doubt = f64::from(spread[lane]) + DOUBT_OUTSIDE * f64::from(outside[lane]);
            corrections[at] = (f64::from(mean[lane]), doubt);
        }
    };
    // Few classes occur in a pipeline.
    let mut packs: Vec<Pack> = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let known = packs.iter().position(|pack| pack.class == stage.class);
        let index = known.unwrap_or_else(|| {
            packs.push(Pack::of(stage.class));
            packs.len() - 1
        });
        let pack = &mut packs[index];
        pack.push(at, stage);
        if pack.filled == LANES {
            price(pack);
            pack.filled = 0;
        }
    }
    packs.iter_mut().filter(|pack| pack.filled > 0).for_each(price);
    corrections
}

/// Stages of one class; what is in lanes that are not filled counts for nothing.
struct Pack {
    class: usize,
    filled: usize,
    stages: [usize; LANES],
    /// By input.
    rows: [Lanes; INPUTS],
}

impl Pack {
    fn of(class: usize) -> Self {
        Self { class, filled: 0, stages: [0; LANES], rows: [[0.0; LANES]; INPUTS] }
    }

    fn push(&mut self, at: usize, stage: &Unpriced) {
        let lane = self.filled;
        self.stages[lane] = at;
        self.rows.iter_mut().zip(&stage.arguments).for_each(|(row, value)| row[lane] = *value);
        self.filled += 1;
    }
}
