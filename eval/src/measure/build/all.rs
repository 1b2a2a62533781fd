//! All pipelines with all schedulers.

use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::generator::Pipeline;
use crate::measure::build::schedulers::Scheduler;
use crate::results::record::Status;
use crate::system::process;
use crate::system::progress::Progress;
use crate::system::side_by_side::side_by_side;

/// One build per pipeline and scheduler, `jobs` at a time; `None` where the user stopped it.
pub fn build_all(
    builder: &Builder,
    pipelines: &[Pipeline],
    schedulers: &[Scheduler],
    jobs: usize,
) -> Vec<Vec<Option<Build>>> {
    let total = pipelines.len() * schedulers.len();
    let progress = Progress::start("building", total);
    let work = |i: usize| {
        if process::interrupted() {
            return None;
        }
        let (pipeline, scheduler) = (&pipelines[i / schedulers.len()], &schedulers[i % schedulers.len()]);
        let step = format!("{pipeline} {}", scheduler.label());
        progress.begin(&step);
        let build = builder.build_or_not(pipeline, scheduler);
        if process::interrupted() {
            return None;
        }
        progress.end(&step, &describe(&build), build.reused);
        Some(build)
    };
    side_by_side(total, jobs, work).chunks(schedulers.len()).map(<[_]>::to_vec).collect()
}

fn describe(build: &Build) -> String {
    let outcome = &build.outcome;
    let seconds = outcome.schedule_seconds.zip(outcome.compile_seconds).map(|(schedule, compile)| schedule + compile);
    match (outcome.status, build.reused, seconds) {
        (Status::Ok, true, _) => "reused".to_owned(),
        (Status::Ok, false, Some(seconds)) => format!("{seconds:.1} s"),
        (Status::Ok, false, None) => "done".to_owned(),
        _ => outcome.message.clone(),
    }
}
