//! Many starts, of which the evidence and their agreement choose one.

use crate::levenberg_marquardt::{evidence_of_nothing, Descent};
use crate::problem::Problem;
use crate::{Error, Network, Result, Rng, Shape, Tape};

/// Rounds. Each has twice the steps of the one before and, of its contestants, half, but no fewer than the last ones.
const ROUNDS: u32 = 4;
const LAST_CONTESTANTS: usize = 7;

/// What the starts differ in, which they take in turn, and how long they may take.
pub(crate) struct Tournament<'a> {
    pub problems: Vec<&'a Problem>,
    pub shapes: Vec<Shape>,
    pub starts: usize,
    /// Most steps in the last round, at least 1.
    pub steps: usize,
}

/// The winner: a network for problem number `problem`, and the steps it took.
pub(crate) struct Fit {
    pub problem: usize,
    pub network: Network,
    pub steps: usize,
}

/// A start on problem number `problem`.
struct Contestant<'a> {
    number: usize,
    problem: &'a Problem,
    descent: Descent,
}

impl Contestant<'_> {
    /// Logarithm of the evidence, comparable between problems.
    fn evidence(&self) -> f64 {
        comparable(self.descent.evidence(), self.problem, self.descent.residuals().len())
    }
}

/// The logarithm of an evidence for normalised targets of `instances`, made comparable between problems: as of log-seconds, and less
/// what fitting the base costs, half a ln(instances) for each number (Schwarz 1978).
fn comparable(evidence: f64, problem: &Problem, instances: usize) -> f64 {
    let instances = instances as f64;
    evidence - instances * problem.deviation().ln() - 0.5 * problem.determined() as f64 * instances.ln()
}

impl Tournament<'_> {
    /// A network of much evidence, given the instances `rows`; one that says zero if there is no more for any. `seed` and `stream`
    /// determine the starts.
    ///
    /// # Errors
    /// [`Error::Diverged`] when no start stays finite.
    pub(crate) fn run(&self, rows: &[usize], seed: u64, stream: u64) -> Result<Fit> {
        let mut contestants = (0..self.starts)
            .map(|start| self.start(start, rows, &mut Rng::stream(seed, 1 + start as u64 + (stream << 32))))
            .collect::<Result<Vec<_>>>()?;
        for round in 1..=ROUNDS {
            let last = round == ROUNDS;
            for contestant in &mut contestants {
                // Not before the shape of the bulk is known: what looks like an outlier can be another regime.
                if last {
                    contestant.descent.expect_outliers();
                }
                contestant.descent.run((self.steps >> (ROUNDS - round)).max(1));
            }
            contestants.retain(|contestant| contestant.descent.residuals().iter().all(|residual| residual.is_finite()));
            contestants.sort_by(|a, b| b.evidence().total_cmp(&a.evidence()));
            contestants.truncate((contestants.len() / 2).max(LAST_CONTESTANTS));
        }
        let most = contestants.first().ok_or(Error::Diverged)?;
        let (nothing, problem) = self.nothing(rows).ok_or(Error::Diverged)?;
        if most.evidence() <= nothing {
            return Ok(Fit { problem, network: Network::zero(self.shapes[0].clone()), steps: most.descent.steps() });
        }
        let choice = choose(&contestants, rows, &mut Rng::stream(seed, (stream << 32) | (1 << 31)))?;
        let best = &contestants[choice];
        Ok(Fit { problem: best.number, network: best.descent.network().clone(), steps: best.descent.steps() })
    }

    /// Start number `start`: every problem for a shape, then the next shape.
    fn start(&self, start: usize, rows: &[usize], rng: &mut Rng) -> Result<Contestant<'_>> {
        let number = start % self.problems.len();
        let (problem, shape) = (self.problems[number], &self.shapes[start / self.problems.len() % self.shapes.len()]);
        let inputs = problem.seen_by(shape, rows);
        let network = Network::bent(shape.clone(), inputs.view(), rng);
        let descent = Descent::new(network, Tape::new(shape, inputs)?, problem.targets(rows));
        Ok(Contestant { number, problem, descent })
    }

    /// The most evidence for a problem without a network, and the number of that problem.
    fn nothing(&self, rows: &[usize]) -> Option<(f64, usize)> {
        let evidence = |problem: &Problem| comparable(evidence_of_nothing(&problem.targets(rows)), problem, rows.len());
        let each = self.problems.iter().enumerate().map(|(number, problem)| (evidence(problem), number));
        each.max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

/// The contestant with the least relative error, on the instances `rows` and half-way between them, where the median of all
/// stands for the truth: of networks that fit alike, one that says what the others do not is likely to be wrong.
fn choose(contestants: &[Contestant<'_>], rows: &[usize], rng: &mut Rng) -> Result<usize> {
    let pairs: Vec<[usize; 2]> = rows.iter().map(|&row| [row, rows[rng.below(rows.len())]]).collect();
    let answers = contestants.iter().map(|one| one.problem.half_way(one.descent.network(), &pairs));
    let answers = answers.collect::<Result<Vec<_>>>()?;
    let medians = (0..pairs.len()).map(|pair| {
        let mut each: Vec<f64> = answers.iter().map(|logs| logs[pair]).collect();
        each.sort_by(f64::total_cmp);
        0.5 * (each[(each.len() - 1) / 2] + each[each.len() / 2])
    });
    let medians: Vec<f64> = medians.collect();
    let error = |place: usize| -> f64 {
        let deviation = contestants[place].problem.deviation();
        let measured = contestants[place].descent.residuals().iter().map(|residual| deviation * residual);
        let between = answers[place].iter().zip(&medians).map(|(log, median)| log - median);
        measured.chain(between).map(|difference| difference.exp_m1().abs()).sum()
    };
    let errors: Vec<f64> = (0..contestants.len()).map(error).collect();
    Ok((0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0))
}
