//! Measures schedules of many pipelines, and keeps what is found.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use anyhow::Result;
use host::Processor;
use scheduler::ir;

use crate::measure::args::BuildArgs;
use crate::measure::build::described::report_of;
use crate::measure::build::generator::{Pipeline, RANDOM_PIPELINE};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::values::mix;
use crate::records::draw::Drawer;
use crate::records::others::Others;
use crate::records::record::{Machine, Measured, Store};
use crate::records::sample::Sampler;
use crate::records::varying::varies;
use crate::results::failure;
use crate::results::record::Status;
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
    sampler: Sampler,
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
        let (limits, jobs) = (build.run_limits(), build.jobs());
        let sampler = Sampler { builder, limits, jobs, seed: random.seed, keep_disturbed };
        Ok(Suite { tasks, sampler, schedules: 0, others: 0, budget: None })
    }

    /// Measures what is not in the store yet.
    pub fn measure(&self, store: &Store) -> Result<Ended> {
        let machine = machine(self.sampler.builder.threads)?;
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
                    store.put(&found)?;
                    measured += found.records.iter().filter(|record| record.seconds.is_some()).count();
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
    found.is_ok_and(|found| found.is_some())
}

/// The first thing that went wrong.
fn fault(found: &Measured) -> &str {
    let failed = found.records.iter().find(|record| record.status == Status::Error);
    failed.map_or(&found.message, |record| &record.message)
}

fn summary(found: &Measured) -> String {
    let times = || found.records.iter().filter_map(|record| record.seconds).map(|seconds| seconds.min);
    if found.records.is_empty() {
        return found.message.clone();
    }
    let (least, most) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let skipped = found.records.iter().filter(|record| record.status == Status::Skipped).count();
    let of = found.records.len() - skipped;
    let also = if skipped > 0 { format!(", {skipped} not expressible") } else { String::new() };
    format!("{} of {of} schedules, {:.0} to {:.0} us{also}", times().count(), least * 1e6, most * 1e6)
}

fn machine(threads: usize) -> Result<Machine> {
    let processor = Processor::here();
    Ok(Machine { hardware: processor.fingerprint(), cpu: processor.cpu, threads: u32::try_from(threads)? })
}

/// Measures one pipeline, and says what the machine did to it, if that would be otherwise another time. `None` when the user stops it.
fn measure(task: &Task, suite: &Suite, machine: &Machine) -> Result<Option<(Measured, Option<String>)>> {
    let Suite { sampler, .. } = suite;
    let mut measured = Measured {
        name: task.pipeline.to_string(),
        family: task.family.clone(),
        machine: machine.clone(),
        pipeline: None,
        message: String::new(),
        records: Vec::new(),
    };
    let sized = match sized(task, sampler, machine.threads) {
        Ok(sized) => sized,
        Err(error) => {
            measured.message = format!("{error:#}");
            let passing = (!failure::lasts(&error)).then(|| measured.message.clone());
            return Ok((!process::interrupted()).then_some((measured, passing)));
        }
    };
    let (pipeline, data) = sized;
    if task.scale.is_some() && !varies(&data) {
        measured.message =
            "its outputs repeat a row or a value, which compilers find out for some schedules".to_owned();
        return Ok(Some((measured, None)));
    }
    let (mut lasts, mut disturbed) = (true, false);
    let drawer = Drawer::new(&data, machine.threads);
    match drawer.and_then(|drawer| Ok((drawer.draw(suite.schedules, task.seed, MOST_SECONDS)?, drawer))) {
        Ok((mut candidates, drawer)) => {
            let (builder, drawer, most_seconds) = (&sampler.builder, &drawer, MOST_SECONDS);
            let others = Others { pipeline: &pipeline, builder, drawer, most_seconds }.draw(suite.others)?;
            candidates.extend(others.candidates);
            match sampler.sample(&pipeline, &candidates)? {
                Some(sampled) => {
                    lasts = sampled.last && others.last;
                    disturbed = sampled.disturbed;
                    measured.records = [sampled.records, others.failed].concat();
                }
                None => return Ok(None),
            }
        }
        Err(error) => measured.message = error.to_string(),
    }
    if measured.records.iter().all(|record| record.status != Status::Ok) && measured.message.is_empty() {
        measured.message = measured.records.first().map_or(String::new(), |record| record.message.clone());
    }
    measured.pipeline = Some(data);
    let passing = match (lasts, disturbed) {
        (false, _) => Some(fault(&measured).to_owned()),
        (true, true) => Some("other processes disturbed the times".to_owned()),
        (true, false) => None,
    };
    Ok(Some((measured, passing)))
}

/// The pipeline and what it is as data; a random one at a scale at which it takes a time that can be measured well.
fn sized(task: &Task, sampler: &Sampler, threads: u32) -> Result<(Pipeline, ir::Pipeline)> {
    let Some(mut scale) = task.scale else { return Ok((task.pipeline.clone(), read(&task.pipeline, sampler)?)) };
    let at = |scale: u64| {
        let mut pipeline = task.pipeline.clone();
        pipeline.params.push(("scale".to_owned(), scale.to_string()));
        pipeline
    };
    let mut shrunk = false;
    loop {
        let pipeline = at(scale);
        let data = read(&pipeline, sampler)?;
        let expected = Drawer::new(&data, threads)?.found("greedy", scheduler::Strategy::Greedy)?.expected;
        if expected > WANTED.end && scale > 1 {
            (scale, shrunk) = (scale / 2, true);
        } else if expected < WANTED.start && scale < LARGEST_SCALE && !shrunk {
            scale *= 2;
        } else {
            return Ok((pipeline, data));
        }
    }
}

fn read(pipeline: &Pipeline, sampler: &Sampler) -> Result<ir::Pipeline> {
    let report = report_of(pipeline, &sampler.builder, &Scheduler::Unscheduled)?;
    Ok(ir::Pipeline::from_json(&report["pipeline"].to_string())?)
}
