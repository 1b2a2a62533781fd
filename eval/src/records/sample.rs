//! Times the candidates of one pipeline, at several sizes and with several numbers of threads.

use std::time::Duration;

use anyhow::Result;
use scheduler::Directive;

use super::draw::Candidate;
use super::record::{Record, Seconds};
use crate::measure::build::builder::Build;
use crate::measure::build::hl_autoscheduler::{Source, OURS};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::time::timing::{self, Settings};
use crate::measure::workbench::{Samples, Size, Workbench};
use crate::results::failure::Failure;
use crate::results::record::Status;
use crate::results::stats::{median, relative_spread};
use crate::system::process;
use crate::system::scratch::WorkFolder;

/// Time for one schedule at one size, when all of a pipeline are timed in turns.
const SECONDS_EACH: f64 = 0.15;
/// When to stop: more schedules are worth more than narrower intervals.
const SETTINGS: Settings = Settings { least_rounds: 4, most_rounds: 10, budget: Duration::ZERO, spread: 0.01 };
/// Bytes of inputs and outputs that further sizes lie between.
const FURTHER_BYTES: std::ops::RangeInclusive<u64> = 1_000_000..=60_000_000;
/// How many times as many elements one size has as the next.
const STEP: f64 = 4.0;
/// Steps tried in either direction.
const MOST_STEPS: i32 = 2;
/// Bytes that buffers of all candidates together may take.
const MOST_BYTES: u64 = 6_000_000_000;

/// At what candidates are timed.
pub struct Conditions {
    /// Sizes at most, the estimates among them.
    pub sizes: usize,
    /// Numbers of threads.
    pub threads: Vec<u32>,
    /// Whether times are as good as others if other processes disturb them.
    pub keep_disturbed: bool,
}

/// What was measured of candidates at one size, with one number of threads.
pub struct Set {
    /// At what size.
    pub size: usize,
    /// With how many threads.
    pub threads: u32,
    /// By candidate.
    pub records: Vec<Record>,
}

/// What was measured of candidates.
pub struct Sampled {
    /// The sizes.
    pub sizes: Vec<Size>,
    /// One for each size and number of threads.
    pub sets: Vec<Set>,
    /// Whether all that failed would fail again.
    pub last: bool,
    /// Whether other processes disturbed the times.
    pub disturbed: bool,
}

/// What all candidates take. `None` when the user stops it.
pub fn sample(bench: &Workbench, candidates: &[Candidate], conditions: &Conditions) -> Result<Option<Sampled>> {
    let (schedulers, _files) = schedulers(bench, candidates)?;
    let built = bench.build(&schedulers)?;
    if process::interrupted() {
        return Ok(None);
    }
    let builds: Vec<_> = candidates.iter().zip(built).map(|(candidate, build)| as_drawn(build?, candidate)).collect();
    let sizes = sizes(bench, conditions.sizes, builds.len() as u64)?;
    let each = SECONDS_EACH * builds.iter().filter(|build| build.is_ok()).count() as f64;
    let settings = Settings { budget: Duration::from_secs_f64(each), ..SETTINGS };
    let mut sampled = Sampled { sizes, sets: vec![], last: true, disturbed: false };
    for &threads in &conditions.threads {
        for (index, size) in sampled.sizes.iter().enumerate() {
            let all: Vec<_> = builds.iter().collect();
            let timed = bench.time(&all, size, threads as usize, &settings, !conditions.keep_disturbed);
            if process::interrupted() {
                return Ok(None);
            }
            sampled.last &= timed.value.iter().filter_map(|result| result.as_ref().err()).all(|failure| failure.lasts);
            sampled.disturbed |= timed.disturbed;
            let records = candidates.iter().zip(timed.value).map(|(candidate, result)| record(candidate, result));
            sampled.sets.push(Set { size: index, threads, records: records.collect() });
        }
    }
    Ok(Some(sampled))
}

/// The estimates first, then sizes below and above.
fn sizes(bench: &Workbench, count: usize, builds: u64) -> Result<Vec<Size>, Failure> {
    let mut sizes = vec![bench.size(1.0)?];
    let most = *FURTHER_BYTES.end().min(&(MOST_BYTES / builds.max(1)));
    let of_estimates = sizes[0].io_bytes as f64;
    let steps = (1..=MOST_STEPS).flat_map(|steps| [-steps, steps]).map(|steps| STEP.powi(steps));
    let fits = |factor: &f64| (*FURTHER_BYTES.start()..=most).contains(&((of_estimates * factor) as u64));
    for factor in steps.filter(fits) {
        if sizes.len() >= count {
            break;
        }
        // Some pipelines have one size only.
        sizes.extend(bench.size(factor).ok());
    }
    Ok(sizes)
}

/// What makes each candidate, and the files that these read.
pub fn schedulers(bench: &Workbench, candidates: &[Candidate]) -> Result<(Vec<Scheduler>, WorkFolder)> {
    let folder = bench.work_folder()?;
    let scheduler = |(i, candidate): (usize, &Candidate)| match &candidate.other {
        Some(other) => Ok(other.scheduler.clone()),
        None => given(&candidate.directives, &folder.path().join(format!("{i}.json"))),
    };
    let schedulers = candidates.iter().enumerate().map(scheduler).collect::<Result<_>>()?;
    Ok((schedulers, folder))
}

/// Our plugin with these directives, which are written to `file`.
fn given(directives: &[Directive], file: &std::path::Path) -> Result<Scheduler> {
    std::fs::write(file, serde_json::to_vec(directives)?)?;
    Ok(Scheduler::plugin(Source::Known(OURS)).with("schedule", &file.to_string_lossy()))
}

/// The directives kept must be those of what is timed.
fn as_drawn(build: Build, candidate: &Candidate) -> Result<Build, Failure> {
    let expected = build.outcome.predicted_seconds;
    match candidate.other.as_ref().is_some_and(|other| other.predicted_seconds != expected) {
        true => {
            let message = "it made another schedule the second time".to_owned();
            Err(Failure { status: Status::Error, message, lasts: true })
        }
        false => Ok(build),
    }
}

fn record(candidate: &Candidate, result: Samples) -> Record {
    let (status, message, seconds) = match result {
        Ok(samples) => {
            let seconds = Seconds {
                min: timing::smallest(&samples),
                median: median(&samples),
                spread: relative_spread(&samples),
                samples: samples.len(),
            };
            (Status::Ok, String::new(), (!samples.is_empty()).then_some(seconds))
        }
        Err(failure) => (failure.status, failure.message, None),
    };
    let (source, directives) = (candidate.source.clone(), candidate.directives.clone());
    let predicted_seconds = candidate.other.as_ref().and_then(|other| other.predicted_seconds);
    Record { source, directives, status, message, seconds, predicted_seconds }
}
