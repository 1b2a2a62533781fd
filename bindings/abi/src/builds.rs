//! The builds of the autoscheduler beside the plugin that users load, each for one Halide.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::{BuiltFor, Error};

/// What their files are called. What the star stands for is up to whoever puts them there.
pub const PATTERN: &str = "libsrivastava2020_halide*.so";

/// One of them.
#[derive(Debug)]
pub struct Build {
    /// Its file.
    pub path: PathBuf,
    /// What it was built for, unless it cannot be read.
    built_for: Result<BuiltFor, Error>,
}

impl Build {
    /// Whether it was built for the Halide with this fingerprint.
    pub fn fits(&self, fingerprint: &str) -> bool {
        self.built_for.as_ref().is_ok_and(|built_for| built_for.fingerprint == fingerprint)
    }
}

fn is_build(name: &OsStr) -> bool {
    let (start, end) = PATTERN.split_once('*').expect("the pattern has a star");
    name.to_str().is_some_and(|name| name.len() >= PATTERN.len() - 1 && name.starts_with(start) && name.ends_with(end))
}

fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.filter(|entry| is_build(&entry.file_name())).map(|entry| entry.path()).collect();
    files.sort_unstable();
    files
}

/// The builds in the folder of the plugin; if it was named through a link, else in that of the file itself.
pub fn beside(plugin: &Path) -> Vec<Build> {
    let named = std::path::absolute(plugin).unwrap_or_default();
    let file = plugin.canonicalize().unwrap_or_default();
    let folders = [named, file].map(|path| path.parent().map(Path::to_owned).unwrap_or_default());
    let files = folders.iter().map(|folder| in_folder(folder)).find(|files| !files.is_empty());
    let build = |path: PathBuf| Build { built_for: BuiltFor::of_build(&path), path };
    files.into_iter().flatten().map(build).collect()
}

/// What they were built for, in words.
pub fn describe(builds: &[Build]) -> String {
    let word = |build: &Build| match &build.built_for {
        Ok(built_for) => format!("Halide {}", built_for.version),
        Err(error) => format!("no Halide ({}: {error})", build.path.display()),
    };
    builds.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_builds() {
        for name in ["libsrivastava2020_halide.so", "libsrivastava2020_halide19.0.0.so"] {
            assert!(is_build(OsStr::new(name)), "{name}");
        }
        for name in ["libautoschedule_srivastava2020.so", "libsrivastava2020_halide.d", "libsrivastava2020_halide.so.1"]
        {
            assert!(!is_build(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_link_leads_to_the_builds() {
        let folder = tempfile::tempdir().unwrap();
        let (real, other) = (folder.path().join("real"), folder.path().join("other"));
        std::fs::create_dir_all(&real).and(std::fs::create_dir_all(&other)).unwrap();
        for name in ["loader.so", "libsrivastava2020_halide21.so", "libsrivastava2020_halide19.so"] {
            std::fs::write(real.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink(real.join("loader.so"), other.join("loader.so")).unwrap();
        let builds = beside(&other.join("loader.so"));
        let files: Vec<_> = builds.iter().map(|build| build.path.file_name().unwrap()).collect();
        assert_eq!(files, ["libsrivastava2020_halide19.so", "libsrivastava2020_halide21.so"]);
        // An empty file is named with the reason why it is no use.
        assert!(describe(&builds).contains("libsrivastava2020_halide19.so: it is no shared library"));
        std::fs::copy(real.join("loader.so"), folder.path().join("copy.so")).unwrap();
        assert!(beside(&folder.path().join("copy.so")).is_empty());
    }
}
