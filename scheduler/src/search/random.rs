//! A random schedule of the space, for collecting timings.

use super::candidate::{Candidate, Evaluator};
use super::choice::Choices;
use super::moves::{about, Grain};
use super::problem::Problem;
use crate::ir::FuncId;
use crate::Error;

/// Numbers that depend on the seed only: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// OOPSLA 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.next() >> 32) as usize) % count.max(1)
    }
}

/// Starts from what the rules make and changes up to as many decisions as there are Funcs, each at random.
///
/// # Errors
/// As [`Evaluator::candidate`].
pub(super) fn candidate(problem: &Problem, evaluator: &mut Evaluator, seed: u64) -> Result<Candidate, Error> {
    let mut random = Random(seed);
    let mut candidate = evaluator.candidate(Choices::default())?;
    let funcs = problem.pipeline.funcs.len();
    for _ in 0..random.below(2 * funcs + 2) {
        let id = FuncId::from_index(random.below(funcs));
        let grain = if random.below(2) == 0 { Grain::Coarse } else { Grain::Fine };
        let moves = evaluator.failures.unless_panic(|| about(problem, &candidate, id, grain)).unwrap_or_default();
        if moves.is_empty() {
            continue;
        }
        let chosen = moves[random.below(moves.len())].clone();
        // Some decisions do not go together.
        if let Ok(changed) = evaluator.candidate(chosen) {
            candidate = changed;
        }
    }
    Ok(candidate)
}
