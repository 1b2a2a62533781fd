//! Schedules of other autoschedulers, read back as directives.
//!
//! They are legal for Halide at the estimated sizes, and mostly not for our checker, which asks for all sizes. So they are
//! built by the autoscheduler itself.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use scheduler::Directive;

use super::draw::{Candidate, Drawer, Other};
use super::record::Record;
use crate::measure::build::builder::Builder;
use crate::measure::build::described;
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler::Source;
use crate::measure::build::schedulers::Scheduler;
use crate::results::failure::Failure;
use crate::results::record::Status;
use crate::system::process;

/// The autoscheduler that says what it expects its schedules to take.
pub const ADAMS2019: &str = "Adams2019";
/// Those that make one schedule.
const SINGLE: [&str; 2] = ["Mullapudi2016", "Li2018"];
/// Draws for each schedule of it that is wanted: many give one that was drawn before.
const DRAWS: usize = 3;

/// Schedules of others.
pub struct Drawn {
    /// To be measured, all different.
    pub candidates: Vec<Candidate>,
    /// What cannot be.
    pub failed: Vec<Record>,
    /// Whether all of these would fail again.
    pub last: bool,
}

/// A schedule that was read back.
struct Read {
    directives: Vec<Directive>,
    /// What the scheduler expects.
    predicted_seconds: Option<f64>,
}

/// What others make of a pipeline.
pub struct Others<'a> {
    /// The pipeline.
    pub pipeline: &'a Pipeline,
    /// How to run it.
    pub builder: &'a Builder,
    /// Prices its schedules.
    pub drawer: &'a Drawer<'a>,
    /// Schedules expected to take longer are left out.
    pub most_seconds: f64,
}

impl Others<'_> {
    /// `count` schedules by Adams2019, if it finds so many, and one each by Mullapudi2016 and Li2018.
    pub fn draw(&self, count: usize) -> Result<Drawn> {
        let mut drawn = Drawn { candidates: vec![], failed: vec![], last: true };
        let mut seen = BTreeSet::new();
        if count == 0 {
            return Ok(drawn);
        }
        for name in SINGLE {
            self.take(&Scheduler::plugin(Source::Known(name)), &mut seen, &mut drawn)?;
        }
        let enough = drawn.candidates.len() + count;
        let by_default = Scheduler::plugin(Source::Known(ADAMS2019));
        for asked in [by_default].into_iter().chain((1..=count * DRAWS).map(at_random)) {
            let failure = self.take(&asked, &mut seen, &mut drawn)?;
            // Who is out of time once will be again, unless the search was a broader one.
            let gives_up = matches!(failure, Some(Status::Timeout | Status::OutOfMemory)) && asked.label() != ADAMS2019;
            if drawn.candidates.len() == enough || gives_up || process::interrupted() {
                break;
            }
        }
        Ok(drawn)
    }

    /// Adds the schedule of one of them, unless it is there already. Returns how it failed, if it did.
    fn take(&self, asked: &Scheduler, seen: &mut BTreeSet<String>, drawn: &mut Drawn) -> Result<Option<Status>> {
        let source = asked.label().replace(':', " ");
        let read = self.read(asked)?.and_then(|Read { directives, predicted_seconds }| {
            let expected = self.drawer.expected(&directives).map_err(|error| skipped(&error.to_string()))?;
            let other = Some(Other { scheduler: asked.clone(), predicted_seconds });
            Ok(Candidate { source: source.clone(), directives, expected, other })
        });
        match read {
            Ok(candidate) => {
                if candidate.expected <= self.most_seconds && seen.insert(format!("{:?}", candidate.directives)) {
                    drawn.candidates.push(candidate);
                }
                Ok(None)
            }
            Err(Failure { status, message, lasts }) => {
                drawn.last &= lasts;
                drawn.failed.push(Record::failed(source, status, message));
                Ok(Some(status))
            }
        }
    }

    fn read(&self, asked: &Scheduler) -> Result<Result<Read, Failure>> {
        let folder = self.builder.cache.work_folder()?;
        let schedule = match described::serialise(self.pipeline, self.builder, asked, folder.path())? {
            Ok(schedule) => schedule,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut report = match described::read_back(self.pipeline, self.builder, &schedule)? {
            Ok(report) => report,
            // The file, which the message starts with, is gone by the time that anybody reads it.
            Err(failure) => return Ok(Err(skipped(failure.message.rsplit(".hlpipe: ").next().unwrap_or_default()))),
        };
        let directives = serde_json::from_value(report["directives"].take()).context("directives of the report")?;
        Ok(Ok(Read { directives, predicted_seconds: schedule.expected_seconds }))
    }
}

/// Whether another autoscheduler made the schedule of a record.
pub fn made(record: &Record) -> bool {
    SINGLE.iter().chain([&ADAMS2019]).any(|name| record.source.starts_with(name))
}

/// What our directives cannot say.
fn skipped(why: &str) -> Failure {
    Failure { status: Status::Skipped, message: why.to_owned(), lasts: true }
}

/// Adams2019 as it draws schedules to be trained on: greedily, but at every decision with most choices left out at random.
fn at_random(seed: usize) -> Scheduler {
    let params = [("beam_size", 1), ("random_dropout", 1), ("random_dropout_seed", seed)];
    let params = params.map(|(key, value)| (key.to_owned(), value.to_string())).into();
    Scheduler::Plugin { source: Source::Known(ADAMS2019), params, variant: format!(":seed={seed}") }
}
