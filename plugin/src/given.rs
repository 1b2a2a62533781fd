//! Schedules that come from a file instead of from the search.

use halide_sys::Request;
use scheduler::ir::Pipeline;
use scheduler::{Directive, Found, Options, Strategy};
use std::path::Path;

/// Reads a schedule: what a generator wrote with `-e hlpipe` is known by that extension, everything else is JSON.
///
/// # Errors
/// A message when the file cannot be read, or its schedule is not for this pipeline or not legal.
pub fn read(path: &Path, request: &mut Request<'_>, pipeline: &Pipeline, options: &Options) -> Result<Found, String> {
    let context = |e: &dyn std::fmt::Display| format!("cannot use the schedule in {}: {e}", path.display());
    let text = if path.extension().is_some_and(|e| e == "hlpipe") {
        let content = host::read_input(path, host::LARGEST_FILE).map_err(|e| context(&e))?;
        request.read_schedule(&content).map_err(|e| context(&e))?
    } else {
        host::read_input_text(path).map_err(|e| context(&e))?
    };
    let directives = parse(&text).map_err(|e| context(&e))?;
    // What is not applied need not be legal: it is only reported.
    if options.strategy == Strategy::Root {
        return Ok(Found::unpriced(directives));
    }
    scheduler::given(pipeline, directives, options).map_err(|e| context(&e))
}

/// A list of directives, or an object with one as its field `directives`.
fn parse(text: &str) -> Result<Vec<Directive>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum File {
        List(Vec<Directive>),
        Report { directives: Vec<Directive> },
    }
    Ok(match serde_json::from_str(text)? {
        File::List(directives) | File::Report { directives } => directives,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_reports() {
        let list = r#"[{"compute_root": {"func": 0}}]"#;
        assert_eq!(parse(list).unwrap().len(), 1);
        assert_eq!(parse(&format!(r#"{{"pipeline": {{}}, "directives": {list}}}"#)).unwrap().len(), 1);
        for bad in ["{}", "3", r#"[{"compute_roof": {"func": 0}}]"#] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
