//! Where the pipeline and its schedule come from.

use std::path::Path;

use anyhow::{ensure, Context, Result};
use scheduler::ir::Pipeline;
use scheduler::Directive;
use serde_json::Value;

use super::{ExplainArgs, Subject};
use crate::dump;
use crate::files;
use crate::hl_autoscheduler::{Source, OURS};
use crate::schedulers::Scheduler;

/// A schedule in a file, with the pipeline where the file has it.
struct Given {
    directives: Vec<Directive>,
    pipeline: Option<Pipeline>,
}

fn read(path: &Path) -> Result<Given> {
    let text = files::read_text(path)?;
    parse(&text).with_context(|| format!("{} has no schedule", path.display()))
}

/// A list of directives, or an object with a field `directives`.
fn parse(text: &str) -> Result<Given> {
    let mut value: Value = serde_json::from_str(text)?;
    let pipeline = match value.get_mut("pipeline").map(Value::take) {
        Some(pipeline @ Value::Object(_)) => Some(Pipeline::from_json(&pipeline.to_string())?),
        _ => None,
    };
    let directives = match value {
        Value::Object(mut fields) => fields.remove("directives").context("no field `directives`")?,
        other => other,
    };
    Ok(Given { directives: serde_json::from_value(directives).context("the list of directives")?, pipeline })
}

/// What `nnc explain` is to explain.
pub fn open(args: &ExplainArgs) -> Result<Subject> {
    let named = !args.build.names.is_empty() || !args.build.generator.is_empty();
    let Some(path) = &args.schedule else {
        ensure!(named, crate::Usage("name a pipeline, or a file with --schedule".to_owned()));
        let mut schedulers = [args.scheduler.clone().unwrap_or_else(|| Scheduler::plugin(Source::Known(OURS)))];
        args.build.parametrise(&mut schedulers)?;
        let (name, report) = dump::report_of_any(&args.build, &schedulers[0])?;
        let Given { directives, pipeline } = parse(&report.to_string())?;
        let pipeline = pipeline.context("the plugin's report has no pipeline")?;
        return Ok(Subject { name, pipeline, directives, made_by_other: args.scheduler.is_some() });
    };
    let given = read(path)?;
    if named {
        let (name, report) = dump::report(&args.build, &Scheduler::Unscheduled)?;
        let pipeline = Pipeline::from_json(&report["pipeline"].to_string())?;
        return Ok(Subject { name, pipeline, directives: given.directives, made_by_other: false });
    }
    let missing = || crate::Usage(format!("{} has no pipeline in it: name the one it is for", path.display()));
    Ok(Subject {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        pipeline: given.pipeline.ok_or_else(missing)?,
        directives: given.directives,
        made_by_other: false,
    })
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
