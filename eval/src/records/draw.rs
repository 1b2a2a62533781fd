//! Random schedules of a pipeline: legal ones, all different, from the good to the bad.

use std::collections::BTreeSet;

use scheduler::cost::shipped;
use scheduler::features::{analyze, LoopKind, ScheduledPipeline};
use scheduler::ir::{FuncId, Pipeline, Regions};
use scheduler::{check, Budget, CostModel, Directive, Hardware, Options, Roofline, Strategy};

use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::values::mix;
use crate::records::change;
use crate::system::process;

/// Decisions between a schedule and what it was drawn from, at most.
const MOST_STEPS: u32 = 8;
/// Draws for each schedule wanted.
const DRAWS: usize = 3;
/// Schedules that the beam search may look at.
const BEAM_CANDIDATES: u64 = 300;
/// Schedules expected to take this many times as long as the best are not worth the time.
const SLOWEST: f64 = 60.0;
/// Largest factor of a split.
const LARGEST_FACTOR: u32 = 1 << 14;
/// Code of an innermost body beyond this takes long to compile, bytes.
const MOST_CODE: f64 = 60_000.0;

/// A schedule to be measured.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where it comes from.
    pub source: String,
    /// The schedule.
    pub directives: Vec<Directive>,
    /// What the analytic cost expects, in seconds.
    pub expected: f64,
    /// The autoscheduler that made it, if it is another one: our plugin cannot build all that others may.
    pub other: Option<Other>,
}

/// Another autoscheduler.
#[derive(Clone, Debug)]
pub struct Other {
    /// Which, with all parameters.
    pub scheduler: Scheduler,
    /// What it expects its schedule to take, if it says.
    pub predicted_seconds: Option<f64>,
}

/// Draws schedules of one pipeline.
pub struct Drawer<'a> {
    pipeline: &'a Pipeline,
    regions: Regions,
    hardware: Hardware,
}

impl<'a> Drawer<'a> {
    /// # Errors
    /// If the pipeline lacks estimates.
    pub fn new(pipeline: &'a Pipeline, threads: u32) -> Result<Self, scheduler::Error> {
        let hardware = Hardware::generic(threads, pipeline.target.vector_bytes);
        Ok(Drawer { pipeline, regions: Regions::at_estimates(pipeline)?, hardware })
    }

    /// The schedule that a strategy finds.
    ///
    /// # Errors
    /// If the search fails.
    pub fn found(&self, source: &str, strategy: Strategy) -> Result<Candidate, scheduler::Error> {
        self.search(source, &Options::new(self.hardware).with_strategy(strategy))
    }

    fn search(&self, source: &str, options: &Options) -> Result<Candidate, scheduler::Error> {
        let directives = scheduler::search(self.pipeline, options)?.directives;
        let expected = self.expected(&directives)?;
        Ok(Candidate { source: source.to_owned(), directives, expected, other: None })
    }

    /// Seconds that the analytic cost expects of a schedule.
    ///
    /// # Errors
    /// If the schedule is not for this pipeline.
    pub fn expected(&self, directives: &[Directive]) -> Result<f64, scheduler::Error> {
        Ok(self.seconds(&analyze(self.pipeline, &self.regions, directives, &self.hardware)?))
    }

    fn seconds(&self, scheduled: &ScheduledPipeline) -> f64 {
        scheduled.stages.iter().map(|s| Roofline(self.hardware).seconds(&s.features)).sum()
    }

    /// So many different schedules, `greedy`, `beam` and `root` among them, each expected to take `most_seconds` at most.
    ///
    /// # Errors
    /// If the search fails.
    pub fn draw(&self, count: usize, seed: u64, most_seconds: f64) -> Result<Vec<Candidate>, scheduler::Error> {
        let greedy = self.found("greedy", Strategy::Greedy)?;
        let root = self.found("root", Strategy::Root)?;
        let budget = Budget { candidates: Some(BEAM_CANDIDATES), ..Budget::default() };
        let beam = Options { budget: Some(budget), ..Options::new(self.hardware).with_strategy(Strategy::Beam) };
        let mut chosen = vec![greedy.clone(), root.clone(), self.search("beam", &beam)?];
        // What a model is most wrong about is what a search with it finds.
        if let Some((name, model)) = shipped(&self.pipeline.target) {
            chosen.push(self.search(&format!("beam {name}"), &Options { model: Some(model), ..beam })?);
        }
        let mut seen = BTreeSet::new();
        chosen.retain(|c| seen.insert(format!("{:?}", c.directives)));
        let mut others = Vec::new();
        for number in (0..(count * DRAWS) as u64).take_while(|_| !process::interrupted()) {
            let draw = mix(seed ^ mix(number));
            let candidate = match number % 3 {
                0 => self.random(draw),
                // Plain loops are where the slow and simple ones are.
                1 if draw.is_multiple_of(3) => self.walk(&root, draw),
                _ => self.walk(&greedy, draw),
            };
            others.extend(candidate.filter(|c| seen.insert(format!("{:?}", c.directives))));
        }
        let least = chosen.iter().chain(&others).map(|c| c.expected).fold(f64::INFINITY, f64::min);
        let limit = most_seconds.min(SLOWEST * least);
        chosen.retain(|c| c.expected <= limit);
        others.retain(|c| c.expected <= limit);
        others.sort_by(|a, b| a.expected.total_cmp(&b.expected));
        // From the best to the worst in even steps.
        let wanted = count.saturating_sub(chosen.len()).min(others.len());
        chosen.extend((0..wanted).map(|i| others[i * others.len() / wanted].clone()));
        Ok(chosen)
    }

    /// A random schedule of the search's own space.
    fn random(&self, seed: u64) -> Option<Candidate> {
        let options = Options { seed, ..Options::new(self.hardware).with_strategy(Strategy::Random) };
        self.search(&format!("random {seed:016x}"), &options).ok()
    }

    /// Some random decisions away from `start`, not all of them in the search's space.
    fn walk(&self, start: &Candidate, seed: u64) -> Option<Candidate> {
        let random = &mut fastrand::Rng::with_seed(seed);
        let source = format!("{} walk {seed:016x}", start.source);
        let mut directives = start.directives.clone();
        let mut scheduled = analyze(self.pipeline, &self.regions, &directives, &self.hardware).ok()?;
        for _ in 0..random.u32(1..=MOST_STEPS) {
            let next = self.step(&directives, &scheduled, random);
            let legal = next.filter(|next| check(self.pipeline, next).is_ok());
            let Some(next) = legal else { continue };
            let Ok(after) = analyze(self.pipeline, &self.regions, &next, &self.hardware) else { continue };
            if after.stages.iter().all(|s| s.features.code_bytes <= MOST_CODE) {
                (directives, scheduled) = (next, after);
            }
        }
        Some(Candidate { source, expected: self.seconds(&scheduled), directives, other: None })
    }

    /// One random decision changed. The result need not be legal.
    fn step(
        &self,
        directives: &[Directive],
        scheduled: &ScheduledPipeline,
        random: &mut fastrand::Rng,
    ) -> Option<Vec<Directive>> {
        match random.u32(..8) {
            0..=2 => {
                let func = FuncId::from_index(random.usize(..self.pipeline.funcs.len()));
                let mut all = change::of_func(self.pipeline, directives, scheduled, func);
                (!all.is_empty()).then(|| all.swap_remove(random.usize(..all.len())).directives)
            }
            3 | 4 => changed_one(directives, random, is_split, resize),
            5 => changed_one(directives, random, is_reorder, reorder),
            6 => without_one(directives, random),
            _ => self.with_one(directives, scheduled, random),
        }
    }

    /// A loop unrolled or run in parallel.
    fn with_one(
        &self,
        directives: &[Directive],
        scheduled: &ScheduledPipeline,
        random: &mut fastrand::Rng,
    ) -> Option<Vec<Directive>> {
        let at = &scheduled.stages.get(random.usize(..scheduled.stages.len().max(1)))?;
        let free: Vec<_> = at.levels.iter().filter(|l| l.kind == LoopKind::Serial).collect();
        let stage = at.stage;
        let added = if random.bool() {
            Directive::Parallel { stage, var: free.last()?.var.clone() }
        } else {
            let level = free.iter().find(|l| l.slots <= 8.0)?;
            Directive::Unroll { stage, var: level.var.clone() }
        };
        Some([directives, &[added]].concat())
    }
}

/// Positions of all calls: of the list, and within a specialisation.
fn positions(directives: &[Directive], wanted: impl Fn(&Directive) -> bool) -> Vec<(usize, Option<usize>)> {
    let mut found = Vec::new();
    for (i, directive) in directives.iter().enumerate() {
        if let Directive::Specialize { then, .. } = directive {
            found.extend(then.iter().enumerate().filter(|(_, d)| wanted(d)).map(|(j, _)| (i, Some(j))));
        } else if wanted(directive) {
            found.push((i, None));
        }
    }
    found
}

/// One of the wanted calls changed.
fn changed_one(
    directives: &[Directive],
    random: &mut fastrand::Rng,
    wanted: fn(&Directive) -> bool,
    change: fn(&mut Directive, &mut fastrand::Rng),
) -> Option<Vec<Directive>> {
    let all = positions(directives, wanted);
    let (i, j) = *all.get(random.usize(..all.len().max(1)))?;
    let mut changed = directives.to_vec();
    match (&mut changed[i], j) {
        (Directive::Specialize { then, .. }, Some(j)) => change(&mut then[j], random),
        (other, _) => change(other, random),
    }
    Some(changed)
}

fn is_split(directive: &Directive) -> bool {
    matches!(directive, Directive::Split { .. })
}

/// A split with another factor.
fn resize(directive: &mut Directive, random: &mut fastrand::Rng) {
    if let Directive::Split { factor, .. } = directive {
        let shift = random.u32(1..=2);
        *factor = if random.bool() { (*factor >> shift).max(1) } else { (*factor << shift).min(LARGEST_FACTOR) };
    }
}

fn is_reorder(directive: &Directive) -> bool {
    matches!(directive, Directive::Reorder { vars, .. } if vars.len() > 1)
}

/// Two neighbouring loops in the other order.
fn reorder(directive: &mut Directive, random: &mut fastrand::Rng) {
    if let Directive::Reorder { vars, .. } = directive {
        let at = random.usize(..vars.len() - 1);
        vars.swap(at, at + 1);
    }
}

/// A loop that is not vectorised, unrolled or parallel any longer.
fn without_one(directives: &[Directive], random: &mut fastrand::Rng) -> Option<Vec<Directive>> {
    let kinds = |d: &Directive| {
        matches!(d, Directive::Vectorize { .. } | Directive::Unroll { .. } | Directive::Parallel { .. })
    };
    let all = positions(directives, kinds);
    let (i, j) = *all.get(random.usize(..all.len().max(1)))?;
    let mut changed = directives.to_vec();
    match (&mut changed[i], j) {
        (Directive::Specialize { then, .. }, Some(j)) => drop(then.remove(j)),
        _ => drop(changed.remove(i)),
    }
    Some(changed)
}
