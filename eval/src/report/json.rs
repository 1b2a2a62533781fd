//! The evaluation as a JSON file.

use std::path::Path;

use anyhow::Result;

use crate::system::files;

/// Writes `evaluation` to `path`, pretty-printed, replacing the file in one step.
///
/// # Errors
/// When the file cannot be written.
pub fn write_json(evaluation: &impl serde::Serialize, path: &Path) -> Result<()> {
    let mut text = serde_json::to_string_pretty(evaluation)?;
    text.push('\n');
    files::write(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;
    use crate::results::record::Evaluation;

    #[test]
    fn json_round_trips_and_replaces_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eval.json");
        std::fs::write(&path, "old").unwrap();
        write_json(&sample(), &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let back: Evaluation = serde_json::from_str(&text).unwrap();
        let same = serde_json::to_value(&back).unwrap() == serde_json::to_value(sample()).unwrap();
        assert!(same, "every number comes back exactly");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn names_are_the_documented_ones() {
        let value = serde_json::to_value(sample()).unwrap();
        let result = &value["results"][0];
        assert_eq!(result["status"], "ok");
        assert!(result["run_seconds"]["samples"].is_array());
        assert!(value["summary"][0]["geomean_speedup"].is_number());
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_json(&sample(), Path::new("/nonexistent/eval.json")).unwrap_err();
        assert!(format!("{error:#}").contains("/nonexistent/eval.json"));
    }
}
