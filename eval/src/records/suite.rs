//! Measures schedules of many pipelines, and keeps what is found.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use anyhow::Result;
use host::Processor;

use crate::measure::args::BuildArgs;
use crate::measure::build::builder::Builder;
use crate::measure::build::described::described;
use crate::measure::build::generator::{Pipeline, RANDOM_PIPELINE};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::values::mix;
use crate::measure::workbench::{Tools, Workbench};
use crate::records::draw::Drawer;
use crate::records::others::Others;
use crate::records::record::{Machine, Measured, Record, Store};
use crate::records::sample::{self, Conditions};
use crate::records::varying::varies;
use crate::results::failure;
use crate::results::record::Status;
use crate::system::child::Limits;
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::progress::Progress;

/// Random pipelines by what they are mostly made of: groups that are held out together.
const FAMILIES: [&str; 8] = [
    "pointwise+stencil+boundary+narrow",
    "stencil+pointwise+resample+boundary",
    "pointwise+narrow+gather+transpose+tuple",
    "stencil+pointwise+reduction+argmax",
    "pointwise+convolution+matmul",
    "stencil+convolution+reduction+transpose",
    "pointwise+stencil+scan+recursion",
    "pointwise+reduction+histogram+scatter+updates",
];
/// Expected seconds that the scale of a random pipeline is chosen for: long enough to be timed well, and short.
const WANTED: std::ops::Range<f64> = 1e-4..2e-2;
/// Largest scale of random pipelines.
const LARGEST_SCALE: u64 = 64;
/// No schedule is expected to take longer than this, in seconds.
const MOST_SECONDS: f64 = 0.15;

/// A pipeline to measure.
pub struct Task {
    pipeline: Pipeline,
    family: String,
    /// Of a random pipeline: what its scale starts at.
    scale: Option<u64>,
    seed: u64,
}

/// Random pipelines to measure.
pub struct Random {
    /// Seed of the first.
    pub seed: u64,
    /// How many.
    pub count: u64,
    /// Stages of each, drawn from these.
    pub stages: RangeInclusive<u64>,
}

/// Pipelines, and what is measured of each.
pub struct Suite {
    tasks: Vec<Task>,
    builder: Builder,
    limits: Limits,
    jobs: usize,
    seed: u64,
    /// At what they are timed.
    pub conditions: Conditions,
    /// Schedules of each pipeline.
    pub schedules: usize,
    /// Beside these, schedules of each by Adams2019, and one each by the other autoschedulers of Halide.
    pub others: usize,
    /// When to start no further pipeline.
    pub budget: Option<Duration>,
}

impl Task {
    /// A pipeline as it is.
    pub fn named(pipeline: Pipeline) -> Task {
        Task { family: pipeline.name.clone(), pipeline, scale: None, seed: 0 }
    }

    /// Random pipelines of a generator.
    pub fn random(generator: &Pipeline, random: &Random) -> Vec<Task> {
        let span = random.stages.end() - random.stages.start() + 1;
        let task = |seed: u64| {
            let family = FAMILIES[(seed % FAMILIES.len() as u64) as usize];
            let stages = random.stages.start() + mix(seed) % span;
            let params = [("seed", seed.to_string()), ("stages", stages.to_string()), ("families", family.to_owned())];
            let mut pipeline = generator.clone();
            pipeline.params.extend(params.map(|(key, value)| (key.to_owned(), value)));
            Task { pipeline, family: family.to_owned(), scale: Some(1 << (mix(seed + 1) % 4)), seed }
        };
        (random.seed..random.seed + random.count).map(task).collect()
    }
}

impl Suite {
    /// What `build` names, and `random` pipelines of this project's own generator. Input values are drawn with its seed.
    pub fn open(build: &BuildArgs, random: &Random, keep_disturbed: bool) -> Result<Suite> {
        let mut tasks = Vec::new();
        if !build.names.is_empty() || !build.generator.is_empty() {
            tasks.extend(build.open_pipelines()?.into_iter().map(Task::named));
        }
        if random.count > 0 {
            tasks.extend(Task::random(&build.open_own(RANDOM_PIPELINE)?, random));
        }
        let mut builder = build.builder(&Scheduler::None)?;
        if let Some(task) = tasks.first() {
            builder.link_runtime_once(&task.pipeline)?;
        }
        let (limits, jobs, seed) = (build.run_limits(), build.jobs(), random.seed);
        let conditions = Conditions { sizes: 1, threads: vec![u32::try_from(builder.threads)?], keep_disturbed };
        Ok(Suite { tasks, builder, limits, jobs, seed, conditions, schedules: 0, others: 0, budget: None })
    }

    /// Measures what is not in the store yet.
    pub fn measure(&self, store: &Store) -> Result<Ended> {
        let machine = machine(self.builder.threads)?;
        let progress = Progress::start("measuring", self.tasks.len());
        let start = Instant::now();
        let mut measured = 0;
        for task in &self.tasks {
            if self.budget.is_some_and(|budget| start.elapsed() >= budget) {
                eprintln!("The time is used up; run the same command again to go on from here.");
                break;
            }
            let name = task.pipeline.to_string();
            progress.begin(&name);
            let reused = is_measured(store, &name);
            let result = if reused {
                "measured before".to_owned()
            } else {
                let Some((found, passing)) = measure(task, self, &machine)? else { break };
                if let Some(why) = passing {
                    format!("not kept, run the same command again: {why}")
                } else {
                    store.put(&name, &found)?;
                    measured +=
                        found.iter().flat_map(|set| &set.records).filter(|record| record.seconds.is_some()).count();
                    summary(&found)
                }
            };
            progress.end(&name, &result, reused);
        }
        drop(progress);
        println!(
            "{measured} schedules measured in {} s, kept in {}",
            start.elapsed().as_secs(),
            store.folder().display()
        );
        if process::interrupted() {
            eprintln!("Interrupted; run the same command again to go on from here.");
            return Ok(Ended::Interrupted);
        }
        Ok(Ended::Complete)
    }
}

/// Whether a pipeline is measured. It is not if its file is broken.
fn is_measured(store: &Store, name: &str) -> bool {
    let found = store.get(name).inspect_err(|error| eprintln!("nnc: {error:#}; measuring {name} again"));
    found.is_ok_and(|found| !found.is_empty())
}

fn summary(found: &[Measured]) -> String {
    let base = &found[0];
    let times = || base.records.iter().filter_map(|record| record.seconds).map(|seconds| seconds.min);
    if base.records.is_empty() {
        return base.message.clone();
    }
    let (least, most) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let skipped = base.records.iter().filter(|record| record.status == Status::Skipped).count();
    let of = base.records.len() - skipped;
    let sizes = found.iter().map(|set| &set.size).collect::<BTreeSet<_>>().len();
    let also = if skipped > 0 { format!(", {skipped} not expressible") } else { String::new() };
    let at = if sizes > 1 { format!(", {sizes} sizes") } else { String::new() };
    format!("{} of {of} schedules, {:.0} to {:.0} us{also}{at}", times().count(), least * 1e6, most * 1e6)
}

fn machine(threads: usize) -> Result<Machine> {
    let processor = Processor::here();
    Ok(Machine { hardware: processor.fingerprint(), cpu: processor.cpu, threads: u32::try_from(threads)? })
}

/// Measures one pipeline, and says what the machine did to it, if that would be otherwise another time. `None` when the user stops it.
fn measure(task: &Task, suite: &Suite, machine: &Machine) -> Result<Option<(Vec<Measured>, Option<String>)>> {
    let mut measured = Measured {
        name: task.pipeline.to_string(),
        family: task.family.clone(),
        size: None,
        machine: machine.clone(),
        pipeline: None,
        message: String::new(),
        records: Vec::new(),
    };
    match try_measure(task, suite, &measured) {
        _ if process::interrupted() => Ok(None),
        Ok(found) => Ok(found),
        Err(error) => {
            measured.message = format!("{error:#}");
            let passing = (!failure::lasts(&error)).then(|| measured.message.clone());
            Ok(Some((vec![measured], passing)))
        }
    }
}

fn try_measure(task: &Task, suite: &Suite, blank: &Measured) -> Result<Option<(Vec<Measured>, Option<String>)>> {
    let (builder, threads) = (&suite.builder, blank.machine.threads);
    let pipeline = sized(task, builder, threads)?;
    let tools = Tools { builder, limits: suite.limits, jobs: suite.jobs, seed: suite.seed };
    let bench = Workbench::open(pipeline, &tools)?;
    if task.scale.is_some() && !varies(&bench.data) {
        let message = "its outputs repeat a row or a value, which compilers find out for some schedules".to_owned();
        return Ok(Some((vec![Measured { message, ..blank.clone() }], None)));
    }
    let drawer = Drawer::new(&bench.data, threads)?;
    let mut candidates = drawer.draw(suite.schedules, task.seed, MOST_SECONDS)?;
    let (pipeline, drawer, most_seconds) = (&bench.pipeline, &drawer, MOST_SECONDS);
    let others = Others { pipeline, builder, drawer, most_seconds }.draw(suite.others)?;
    candidates.extend(others.candidates);
    let Some(sampled) = sample::sample(&bench, &candidates, &suite.conditions)? else { return Ok(None) };
    let set = |set: sample::Set| {
        let size = &sampled.sizes[set.size];
        let failed = if size.name.is_none() { others.failed.clone() } else { vec![] };
        Measured {
            size: size.name.clone(),
            machine: Machine { threads: set.threads, ..blank.machine.clone() },
            pipeline: Some(size.data.clone()),
            message: message(&set.records),
            records: [set.records, failed].concat(),
            ..blank.clone()
        }
    };
    let found: Vec<Measured> = sampled.sets.into_iter().map(set).collect();
    let passing = match (sampled.last && others.last, sampled.disturbed) {
        (false, _) => Some(fault(&found).to_owned()),
        (true, true) => Some("other processes disturbed the times".to_owned()),
        (true, false) => None,
    };
    Ok(Some((found, passing)))
}

/// Why nothing was measured, if nothing was.
fn message(records: &[Record]) -> String {
    match records.iter().all(|record| record.status != Status::Ok) {
        true => records.first().map_or(String::new(), |record| record.message.clone()),
        false => String::new(),
    }
}

/// The first thing that went wrong.
fn fault(found: &[Measured]) -> &str {
    let failed = found.iter().flat_map(|set| &set.records).find(|record| record.status == Status::Error);
    failed.map_or(&found[0].message, |record| &record.message)
}

/// The pipeline; a random one at a scale at which it takes a time that can be measured well.
fn sized(task: &Task, builder: &Builder, threads: u32) -> Result<Pipeline> {
    let Some(mut scale) = task.scale else { return Ok(task.pipeline.clone()) };
    let at = |scale: u64| {
        let mut pipeline = task.pipeline.clone();
        pipeline.params.push(("scale".to_owned(), scale.to_string()));
        pipeline
    };
    let mut shrunk = false;
    loop {
        let pipeline = at(scale);
        let data = described(&pipeline, builder)?;
        let expected = Drawer::new(&data, threads)?.found("greedy", scheduler::Strategy::Greedy)?.expected;
        if expected > WANTED.end && scale > 1 {
            (scale, shrunk) = (scale / 2, true);
        } else if expected < WANTED.start && scale < LARGEST_SCALE && !shrunk {
            scale *= 2;
        } else {
            return Ok(pipeline);
        }
    }
}
