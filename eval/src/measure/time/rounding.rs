//! Whether outputs differ by rounding alone: under `strict_float` nothing is contracted or reassociated, and schedules that
//! compute the same give the same bits.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::measure::build::builder::{Build, Builder, REPORT};
use crate::measure::build::described;
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler::Source;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::client::Runner;
use crate::measure::run::protocol::{Request, Rule};
use crate::measure::time::launch::Launcher;
use crate::measure::time::reference::{Expected, Reference};
use crate::results::failure::Failure;
use crate::results::record::StrictSchedule;
use crate::system::turns;

/// The target feature that forbids other rounding than the pipeline's.
pub const STRICT_FLOAT: &str = "strict_float";

/// What a comparison under `strict_float` shows.
pub enum Verdict {
    /// The outputs are equal bit for bit; how the build was scheduled.
    Equal(StrictSchedule),
    /// They are not.
    Different,
    /// There is nothing to compare, for this reason.
    Unknown(Failure),
}

/// Judges builds of one pipeline.
pub struct Judge<'a> {
    launcher: &'a Launcher,
    pipeline: &'a Pipeline,
    /// What computed that.
    pub reference: &'a Reference,
    /// What is compared with in the first place.
    pub expected: &'a Expected,
    /// Builds for the target with `strict_float`.
    builder: Builder,
    /// What the reference computes under it, or why that is not known.
    strict_outputs: OnceCell<Result<PathBuf, Failure>>,
}

impl<'a> Judge<'a> {
    /// A judge of what differs from `expected`, which `reference` computed.
    pub fn new(
        launcher: &'a Launcher,
        pipeline: &'a Pipeline,
        reference: &'a Reference,
        expected: &'a Expected,
    ) -> Judge<'a> {
        let builder = Builder { target: launcher.builder.target_with(STRICT_FLOAT), ..launcher.builder.clone() };
        Judge { launcher, pipeline, reference, expected, builder, strict_outputs: OnceCell::new() }
    }

    /// Compares what `build`, made by `scheduler`, and the reference compute under `strict_float`. Builds, so that the caller
    /// may have no turn.
    pub fn judge(&self, scheduler: &Scheduler, build: &Build) -> Verdict {
        self.compare(scheduler, build).unwrap_or_else(Verdict::Unknown)
    }

    fn compare(&self, scheduler: &Scheduler, build: &Build) -> Result<Verdict, Failure> {
        let path = self.strict_outputs.get_or_init(|| self.save_strict_outputs()).clone()?;
        let (schedule, strict) = self.strict_build(scheduler, build)?;
        let difference = self.run(&strict, |runner| runner.compare(&Request::Compare { path, rule: Rule::Exact }))?;
        Ok(difference.map_or(Verdict::Equal(schedule), |_| Verdict::Different))
    }

    fn save_strict_outputs(&self) -> Result<PathBuf, Failure> {
        let build = self.reference.builder(&self.builder).build_or_not(self.pipeline, &self.reference.scheduler);
        let path = self.expected.folder.path().join("strict_outputs");
        let saved = self.run(&build, |runner| runner.tell(&Request::Save { path: path.clone() }));
        saved.map(|()| path).map_err(|failure| {
            let message = format!("the {} build: {failure}", self.reference.label());
            Failure { message, ..failure }
        })
    }

    /// Has `build` compute its outputs, and then asks its runner something.
    fn run<T>(&self, build: &Build, ask: impl FnOnce(&mut Runner) -> Result<T, Failure>) -> Result<T, Failure> {
        if let Some(failure) = build.outcome.failure() {
            return Err(failure);
        }
        let _turn = turns::to_time();
        let mut runner = self.launcher.start(build)?;
        runner.prepare(&self.expected.shapes, self.launcher.seed, &[])?;
        runner.run(1)?;
        ask(&mut runner)
    }

    /// The build under `strict_float`. Our plugin applies the very directives of `build`, which it wrote down; others
    /// schedule anew, and may choose other directives for another target.
    fn strict_build(&self, scheduler: &Scheduler, build: &Build) -> Result<(StrictSchedule, Build), Failure> {
        let report = build.library.with_file_name(REPORT);
        let (schedule, scheduler) = match scheduler {
            Scheduler::Plugin { source, params, .. } if report.is_file() => {
                (StrictSchedule::Same, with_schedule(source, params, &report))
            }
            Scheduler::Plugin { .. } if !self.makes_the_same(scheduler)? => (StrictSchedule::Anew, scheduler.clone()),
            _ => (StrictSchedule::Same, scheduler.clone()),
        };
        Ok((schedule, self.builder.build_or_not(self.pipeline, &scheduler)))
    }

    /// Whether a scheduler chooses the same directives with and without `strict_float`, as far as they can be read.
    fn makes_the_same(&self, scheduler: &Scheduler) -> Result<bool, Failure> {
        let directives = |builder| self.directives(builder, scheduler);
        match directives(&self.launcher.builder).and_then(|made| Ok(made == directives(&self.builder)?)) {
            Err(failure) if failure.lasts => Ok(false),
            compared => compared,
        }
    }

    /// The directives that a scheduler chooses.
    fn directives(&self, builder: &Builder, scheduler: &Scheduler) -> Result<serde_json::Value, Failure> {
        let of_the_machine = |error: anyhow::Error| Failure::of_the_machine(&error);
        let folder = builder.cache.work_folder().map_err(of_the_machine)?;
        let schedule =
            described::serialise(self.pipeline, builder, scheduler, folder.path()).map_err(of_the_machine)??;
        let mut report = described::read_back(self.pipeline, builder, &schedule).map_err(of_the_machine)??;
        Ok(report["directives"].take())
    }
}

/// The scheduler `source`, which applies the schedule in the file `path`.
fn with_schedule(source: &Source, params: &[(String, String)], path: &Path) -> Scheduler {
    let mut params = params.to_vec();
    params.retain(|(key, _)| key != "schedule");
    params.push(("schedule".to_owned(), path.to_string_lossy().into_owned()));
    Scheduler::Plugin { source: source.clone(), params, variant: String::new() }
}
