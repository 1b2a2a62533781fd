//! Whether outputs differ by rounding alone: under `strict_float` nothing is contracted or reassociated, and schedules that
//! compute the same give the same bits.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::builder::{Build, Builder, REPORT};
use crate::dump;
use crate::generator::Pipeline;
use crate::hl_autoscheduler::Source;
use crate::measure::Timer;
use crate::record::{Status, StrictSchedule};
use crate::reference::{Expected, Reference};
use crate::schedulers::Scheduler;
use crate::worker::client::Worker;
use crate::worker::protocol::{Request, Rule};

/// The target feature that forbids other rounding than the pipeline's.
pub const STRICT_FLOAT: &str = "strict_float";

/// What a comparison under `strict_float` shows.
pub enum Verdict {
    /// The outputs are equal bit for bit; how the build was scheduled.
    Equal(StrictSchedule),
    /// They are not.
    Different,
    /// There is nothing to compare, for this reason.
    Unknown(String),
}

/// Judges builds of one pipeline.
pub struct Judge<'a> {
    timer: &'a Timer,
    pipeline: &'a Pipeline,
    reference: &'a Reference,
    /// What is compared with in the first place.
    pub expected: &'a Expected,
    /// Builds for the target with `strict_float`.
    builder: Builder,
    /// What the reference computes under it, or why that is not known.
    strict_outputs: OnceCell<Result<PathBuf, String>>,
}

impl<'a> Judge<'a> {
    /// A judge of what differs from `expected`, which `reference` computed.
    pub fn new(
        timer: &'a Timer,
        pipeline: &'a Pipeline,
        reference: &'a Reference,
        expected: &'a Expected,
    ) -> Judge<'a> {
        let builder = Builder { target: timer.builder.target_with(STRICT_FLOAT), ..timer.builder.clone() };
        Judge { timer, pipeline, reference, expected, builder, strict_outputs: OnceCell::new() }
    }

    /// Compares what `build`, made by `scheduler`, and the reference compute under `strict_float`.
    pub fn judge(&self, scheduler: &Scheduler, build: &Build) -> Result<Verdict> {
        if self.strict_outputs.get().is_none() {
            let outputs = self.save_strict_outputs()?;
            self.strict_outputs.get_or_init(|| outputs);
        }
        let path = match self.strict_outputs.get().expect("just set") {
            Ok(path) => path.clone(),
            Err(message) => return Ok(Verdict::Unknown(format!("the {} build: {message}", self.reference.label()))),
        };
        let (schedule, strict) = self.strict_build(scheduler, build)?;
        let compare = Request::Compare { path, rule: Rule::Exact };
        let compared = self.start(&strict)?.and_then(|mut worker| worker.compare(&compare).map_err(|f| f.message));
        Ok(match compared {
            Ok(None) => Verdict::Equal(schedule),
            Ok(Some(_)) => Verdict::Different,
            Err(message) => Verdict::Unknown(message),
        })
    }

    fn save_strict_outputs(&self) -> Result<Result<PathBuf, String>> {
        let build = self.reference.builder(&self.builder).build(self.pipeline, &self.reference.scheduler)?;
        let path = self.expected.folder.path().join("strict_outputs");
        Ok(self.start(&build)?.and_then(|mut worker| {
            worker.tell(&Request::Save { path: path.clone() }).map_err(|failure| failure.message)?;
            Ok(path)
        }))
    }

    /// A worker that has computed the outputs of `build`; or why there is none.
    fn start(&self, build: &Build) -> Result<Result<Worker, String>> {
        if build.outcome.status != Status::Ok {
            return Ok(Err(build.outcome.message.clone()));
        }
        let mut worker = Worker::start(&build.library, self.builder.threads, self.timer.limits)?;
        let ran = worker.prepare(&self.expected.shapes, self.timer.seed, &[]).and_then(|_| worker.run(1));
        Ok(ran.map(|_| worker).map_err(|failure| failure.message))
    }

    /// The build under `strict_float`. Our plugin applies the very directives of `build`, which it wrote down; others
    /// schedule anew, and may choose other directives for another target.
    fn strict_build(&self, scheduler: &Scheduler, build: &Build) -> Result<(StrictSchedule, Build)> {
        let report = build.library.with_file_name(REPORT);
        let (schedule, scheduler) = match scheduler {
            Scheduler::Plugin { source, params, .. } if report.is_file() => {
                (StrictSchedule::Same, with_schedule(source, params, &report))
            }
            Scheduler::Plugin { .. } if !self.makes_the_same(scheduler)? => (StrictSchedule::Anew, scheduler.clone()),
            _ => (StrictSchedule::Same, scheduler.clone()),
        };
        Ok((schedule, self.builder.build(self.pipeline, &scheduler)?))
    }

    /// Whether a scheduler chooses the same directives with and without `strict_float`, as far as they can be read.
    fn makes_the_same(&self, scheduler: &Scheduler) -> Result<bool> {
        let mut made = Vec::new();
        for builder in [&self.timer.builder, &self.builder] {
            let folder = builder.cache.work_folder()?;
            let Ok(schedule) = dump::serialise(self.pipeline, builder, scheduler, folder.path())? else {
                return Ok(false);
            };
            let Ok(mut report) = dump::read_back(self.pipeline, builder, &schedule)? else { return Ok(false) };
            made.push(report["directives"].take());
        }
        Ok(made[0] == made[1])
    }
}

/// The scheduler `source`, which applies the schedule in the file `path`.
fn with_schedule(source: &Source, params: &[(String, String)], path: &Path) -> Scheduler {
    let mut params = params.to_vec();
    params.retain(|(key, _)| key != "schedule");
    params.push(("schedule".to_owned(), path.to_string_lossy().into_owned()));
    Scheduler::Plugin { source: source.clone(), params, variant: String::new() }
}
