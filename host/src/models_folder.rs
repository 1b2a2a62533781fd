//! Where models are kept.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The environment does not say where models could be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFolder;

impl fmt::Display for NoFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither NNC_MODELS nor HOME is set: nowhere to keep models")
    }
}

impl std::error::Error for NoFolder {}

/// The folder that environment variables name: `NNC_MODELS`, else `nnc/models` in the user's data folder.
///
/// # Errors
/// [`NoFolder`] when neither a folder nor a home is known.
pub fn models_folder(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, NoFolder> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("NNC_MODELS") {
        return Ok(folder);
    }
    // Relative paths are to be ignored, says the XDG base directory specification.
    let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("nnc/models")).ok_or(NoFolder)
}

/// The file of the cost model that was calibrated for vectors of so many bytes on the processor with this fingerprint.
pub fn cost_model_path(folder: &Path, vector_bytes: u32, fingerprint: &str) -> PathBuf {
    folder.join("cost").join(format!("{}-bit.{fingerprint}.json", 8 * vector_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_folder() {
        let environment = |pairs: &'static [(&str, &str)]| {
            models_folder(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
        };
        let all = environment(&[("NNC_MODELS", "here"), ("XDG_DATA_HOME", "/data"), ("HOME", "/home/a")]);
        assert_eq!(all.unwrap(), Path::new("here"));
        let empty = environment(&[("NNC_MODELS", ""), ("XDG_DATA_HOME", "/data")]);
        assert_eq!(empty.unwrap(), Path::new("/data/nnc/models"));
        let relative = environment(&[("XDG_DATA_HOME", "data"), ("HOME", "/home/a")]);
        assert_eq!(relative.unwrap(), Path::new("/home/a/.local/share/nnc/models"));
        assert_eq!(environment(&[]), Err(NoFolder));
    }

    #[test]
    fn cost_models_are_told_apart_by_vector_width() {
        let path = cost_model_path(Path::new("models"), 64, "916fd8");
        assert_eq!(path, Path::new("models/cost/512-bit.916fd8.json"));
    }
}
