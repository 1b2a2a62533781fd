//! Builds the schedules of one pipeline and times them in turns.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use scheduler::Directive;

use super::draw::Candidate;
use super::record::{Record, Seconds};
use crate::measure::build::builder::{Build, Builder, Outcome};
use crate::measure::build::cache::Cache;
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler::{Source, OURS};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::client::Runner;
use crate::measure::run::protocol::{Kind, Request, Shapes};
use crate::measure::run::regions::estimates;
use crate::measure::time::timing::{self, Settings};
use crate::results::failure::Failure;
use crate::results::record::Status;
use crate::results::stats::{median, relative_spread};
use crate::system::child::Limits;
use crate::system::process;
use crate::system::side_by_side::side_by_side;
use crate::system::{load, turns};

/// Time for one schedule, when all of a pipeline are timed in turns.
const SECONDS_EACH: f64 = 0.15;
/// When to stop: more schedules are worth more than narrower intervals.
const SETTINGS: Settings = Settings { least_rounds: 4, most_rounds: 10, budget: Duration::ZERO, spread: 0.01 };

/// Samples of one build, in seconds per call, or why there are none.
type Samples = Result<Vec<f64>, Failure>;

/// Builds and times schedules.
pub struct Sampler {
    /// Builds; their number at a time is `jobs`.
    pub builder: Builder,
    /// Limits of the processes that run pipelines.
    pub limits: Limits,
    /// Builds at a time.
    pub jobs: usize,
    /// Seed of the input values.
    pub seed: u64,
    /// Whether times are as good as others if other processes disturb them.
    pub keep_disturbed: bool,
}

/// What was measured of candidates.
pub struct Sampled {
    /// By candidate.
    pub records: Vec<Record>,
    /// Whether all that failed would fail again.
    pub last: bool,
    /// Whether other processes disturbed the times.
    pub disturbed: bool,
}

impl Sampler {
    /// What all candidates take. `None` when the user stops it.
    pub fn sample(&self, pipeline: &Pipeline, candidates: &[Candidate]) -> Result<Option<Sampled>> {
        // Thousands of libraries that nobody asks for again would only fill the disk.
        let folder = self.builder.cache.work_folder()?;
        let builder = Builder { cache: Cache::open(folder.path(), false)?, ..self.builder.clone() };
        let builds = self.build_all(&builder, pipeline, candidates, folder.path())?;
        let load::Measured { value: timed, disturbed } = self.time(&builds)?;
        if process::interrupted() {
            return Ok(None);
        }
        let last = timed.iter().all(|result| result.as_ref().map_or_else(|failure| failure.lasts, |_| true));
        let records = candidates.iter().zip(timed).map(|(candidate, result)| record(candidate, result)).collect();
        Ok(Some(Sampled { records, last, disturbed }))
    }

    fn build_all(
        &self,
        builder: &Builder,
        pipeline: &Pipeline,
        candidates: &[Candidate],
        folder: &Path,
    ) -> Result<Vec<Result<Build, Failure>>> {
        let work = |i: usize| -> Result<Option<Result<Build, Failure>>> {
            process::run_in_background();
            let candidate = &candidates[i];
            if process::interrupted() {
                return Ok(None);
            }
            let scheduler = match &candidate.other {
                Some(other) => other.scheduler.clone(),
                None => given(&candidate.directives, &folder.join(format!("{i}.json")))?,
            };
            Ok(Some(outcome(builder.build(pipeline, &scheduler)?, candidate)))
        };
        let built = side_by_side(candidates.len(), self.jobs, work);
        built.into_iter().filter_map(Result::transpose).collect()
    }

    /// Times all builds in turns.
    fn time(&self, builds: &[Result<Build, Failure>]) -> Result<load::Measured<Vec<Samples>>> {
        let mut shapes = None;
        let mut runners = Vec::new();
        let mut results = Vec::new();
        for build in builds {
            let started = match build {
                Ok(build) => self.start(&build.library, &mut shapes)?,
                Err(failure) => Err(failure.clone()),
            };
            results.push(started.map(|runner| {
                runners.push(runner);
                Vec::new()
            }));
        }
        let budget = Duration::from_secs_f64(SECONDS_EACH * runners.len() as f64);
        let settings = Settings { budget, ..SETTINGS };
        let _turn = turns::to_time();
        let mut interleave = || {
            let clock = timing::Monotonic::start();
            timing::interleave(&mut runners, &settings, &clock, process::interrupted)
        };
        let load::Measured { value: samples, disturbed } = match self.keep_disturbed {
            true => load::Measured { value: interleave(), disturbed: false },
            false => load::undisturbed(interleave),
        };
        let running = results.iter_mut().filter(|result| result.is_ok());
        running.zip(samples).for_each(|(result, samples)| *result = samples);
        Ok(load::Measured { value: results, disturbed })
    }

    /// A runner that is ready to run; the first one decides the `shapes` of all.
    fn start(&self, library: &Path, shapes: &mut Option<Shapes>) -> Result<Result<Runner, Failure>> {
        let mut runner = Runner::start(library, self.builder.threads, self.limits)?;
        let mut prepare = || -> Result<(), Failure> {
            if shapes.is_none() {
                let description = runner.describe()?;
                let (inputs, outputs) = (estimates(&description, Kind::Input), estimates(&description, Kind::Output));
                *shapes = Some(runner.plan(&Request::Plan { inputs, cover: true, outputs, scalars: vec![] })?);
            }
            let shapes = shapes.as_ref().expect("just planned");
            runner.prepare(shapes, self.seed, &[]).map(drop)
        };
        let prepared = prepare();
        Ok(prepared.map(|()| runner))
    }
}

/// Our plugin with these directives, which are written to `file`.
fn given(directives: &[Directive], file: &Path) -> Result<Scheduler> {
    std::fs::write(file, serde_json::to_vec(directives)?)?;
    let params = vec![("schedule".to_owned(), file.to_string_lossy().into_owned())];
    Ok(Scheduler::Plugin { source: Source::Known(OURS), params, variant: String::new() })
}

fn outcome(build: Build, candidate: &Candidate) -> Result<Build, Failure> {
    let Outcome { status, message, lasts, predicted_seconds, .. } = &build.outcome;
    // The directives kept must be those of what is timed.
    let moved = candidate.other.as_ref().is_some_and(|other| other.predicted_seconds != *predicted_seconds);
    match status {
        Status::Ok if moved => {
            let message = "it made another schedule the second time".to_owned();
            Err(Failure { status: Status::Error, message, lasts: true })
        }
        Status::Ok => Ok(build),
        status => Err(Failure { status: *status, message: message.clone(), lasts: *lasts }),
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
