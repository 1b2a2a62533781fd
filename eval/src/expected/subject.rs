//! A pipeline with a schedule, and where they come from.

use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use clap::Args;
use scheduler::ir::Pipeline;
use scheduler::Directive;
use serde_json::Value;

use super::priced::Priced;
use crate::measure::args::BuildArgs;
use crate::measure::build::described::{report_of, report_of_any};
use crate::measure::build::hl_autoscheduler::{Source, OURS};
use crate::measure::build::schedulers::Scheduler;
use crate::system::ending::Usage;
use crate::system::files;
use crate::system::progress::Progress;

/// Which pipeline, and which schedule of it.
#[derive(Args, Debug)]
pub struct SubjectArgs {
    /// What to build; exactly one pipeline, none where the schedule's file has one.
    #[command(flatten)]
    pub build: BuildArgs,
    /// The schedule of another scheduler: manual, the name of an autoscheduler, the path of a plugin
    #[arg(long, value_name = "SCHEDULER", conflicts_with = "schedule")]
    pub scheduler: Option<Scheduler>,
    /// These directives instead of those that Srivastava2020 finds
    #[arg(long, value_name = "FILE")]
    pub schedule: Option<PathBuf>,
}

impl SubjectArgs {
    /// What schedules it, but for a schedule in a file.
    pub fn chosen(&self) -> Result<Scheduler> {
        let mut schedulers = [self.scheduler.clone().unwrap_or_else(|| Scheduler::plugin(Source::Known(OURS)))];
        self.build.parametrise(&mut schedulers)?;
        let [scheduler] = schedulers;
        Ok(scheduler)
    }
}

/// A pipeline with a schedule for it.
pub struct Subject {
    /// How people call it.
    pub name: String,
    /// As data.
    pub pipeline: Pipeline,
    /// The schedule.
    pub directives: Vec<Directive>,
    /// Whether another scheduler made it, for Halide: explained even if our checker refuses it.
    pub made_by_other: bool,
    /// What prices it.
    pub priced: Priced,
}

/// A schedule in a file, with the pipeline where the file has it.
struct Given {
    directives: Vec<Directive>,
    pipeline: Option<Pipeline>,
    /// All that the file says.
    report: Value,
}

fn read(path: &Path) -> Result<Given> {
    let text = files::read_text(path)?;
    parse(&text).with_context(|| format!("{} has no schedule", path.display()))
}

/// A list of directives, or an object with a field `directives`.
fn parse(text: &str) -> Result<Given> {
    let mut report: Value = serde_json::from_str(text)?;
    let pipeline = match report.get_mut("pipeline").map(Value::take) {
        Some(pipeline @ Value::Object(_)) => Some(Pipeline::from_json(&pipeline.to_string())?),
        _ => None,
    };
    let directives = match &mut report {
        Value::Object(fields) => fields.remove("directives").context("no field `directives`")?,
        other => other.take(),
    };
    let directives = serde_json::from_value(directives).context("the list of directives")?;
    Ok(Given { directives, pipeline, report })
}

/// Reads or makes it.
pub fn open(args: &SubjectArgs) -> Result<Subject> {
    let named = !args.build.names.is_empty() || !args.build.generator.is_empty();
    let threads = u32::try_from(args.build.threads())?;
    let subject = |name, given: Given, missing: &str| {
        let pipeline = given.pipeline.with_context(|| Usage(missing.to_owned()))?;
        let priced = Priced::by(&given.report, &pipeline.target, threads)?;
        let directives = given.directives;
        Ok(Subject { name, pipeline, directives, made_by_other: args.scheduler.is_some(), priced })
    };
    let scheduler = args.chosen()?;
    let no_pipeline = "the plugin's report has no pipeline";
    match &args.schedule {
        None => {
            ensure!(named, Usage("name a pipeline, or a file with --schedule".to_owned()));
            let (pipeline, builder) = (args.build.open_pipeline()?, args.build.builder(&scheduler)?);
            let name = pipeline.to_string();
            let scheduling = Progress::one("scheduling", &name);
            let report = report_of_any(&pipeline, &builder, &scheduler)?;
            drop(scheduling);
            subject(name, parse(&report.to_string())?, no_pipeline)
        }
        // What the scheduler would have searched with prices the schedule that it is given.
        Some(path) if named => {
            let directives = read(path)?.directives;
            let (pipeline, scheduler) = (args.build.open_pipeline()?, scheduler.with("strategy", "root"));
            let name = pipeline.to_string();
            let reading = Progress::one("reading", &name);
            let report = report_of(&pipeline, &args.build.builder(&scheduler)?, &scheduler)?;
            drop(reading);
            subject(name, Given { directives, ..parse(&report.to_string())? }, no_pipeline)
        }
        Some(path) => {
            let unused = "--scheduler-param: no scheduler runs unless a pipeline is named";
            ensure!(args.build.scheduler_params.is_empty(), Usage(unused.to_owned()));
            let missing = format!("{} has no pipeline in it: name the one it is for", path.display());
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let subject = subject(name, read(path)?, &missing)?;
            let asked = args.build.threads;
            Ok(Subject { priced: asked.into_iter().fold(subject.priced, Priced::with_threads), ..subject })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_objects_of_directives() {
        let list = r#"[{"compute_root": {"func": 0}}]"#;
        assert_eq!(parse(list).unwrap().directives.len(), 1);
        let report = parse(&format!(r#"{{"pipeline": "blur", "directives": {list}}}"#)).unwrap();
        assert!(report.directives.len() == 1 && report.pipeline.is_none());
    }

    #[test]
    fn anything_else_is_an_error() {
        for text in ["{}", "3", r#"[{"compute_roof": {"func": 0}}]"#, "not json"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
