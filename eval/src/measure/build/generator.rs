//! Generator executables, and the pipelines in them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};

use crate::measure::build::cache::{hash_file, Key};
use crate::measure::build::hl_autoscheduler;
use crate::system::child::{self, End, Limits};
use crate::system::progress::Progress;
use crate::system::units::parse_key_value;

/// Generator of this project that is no pipeline of its own: it makes another one for each value of its parameters.
pub const RANDOM_PIPELINE: &str = "random_pipeline";

/// Another one such, whose pipelines are like those that people run.
pub const RANDOM_WORKLOAD: &str = "random_workload";

/// An executable with one or more Halide generators.
#[derive(Debug)]
pub struct Executable {
    /// Where it is, absolute.
    pub path: PathBuf,
    /// The libHalide it is linked with, if that is a shared library.
    pub libhalide: Option<PathBuf>,
    /// Names of its generators.
    pub names: Vec<String>,
    /// Identifies its content and that of its libHalide.
    pub key: Key,
}

/// A generator with its parameters: what gets scheduled, compiled and timed.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Where the generator is.
    pub executable: Arc<Executable>,
    /// Name of the generator.
    pub name: String,
    /// Generator parameters.
    pub params: Vec<(String, String)>,
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.params.iter().try_for_each(|(key, value)| write!(f, ",{key}={value}"))
    }
}

/// A command that runs `executable`, without the environment that would choose its autoscheduler.
pub fn command(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.env_remove(hl_autoscheduler::VARIABLE);
    command
}

/// Standard error of a short run of `executable`, line by line.
pub fn stderr_of(executable: &Path, args: &[&str], debug_level: u8) -> Result<Vec<String>> {
    let mut command = command(executable);
    // It is asked for no files.
    command.args(args).args(["-o", "/dev/null", "target=host"]);
    command.env("HL_DEBUG_CODEGEN", debug_level.to_string());
    let limits = Limits { memory_bytes: 8_000_000_000, timeout: Duration::from_secs(30) };
    let mut lines = Vec::new();
    let finished = child::run(command, &limits, |_, line| lines.push(line.to_owned()))?;
    let (path, seconds) = (executable.display(), limits.timeout.as_secs());
    ensure!(finished.end != End::TimedOut, "{path} said nothing for {seconds} s when asked for its generators");
    Ok(lines)
}

/// The names in GenGen's answer to a generator that does not exist: indented, after the error.
fn names_in(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .skip_while(|line| !line.contains("Generator not found"))
        .skip(1)
        .filter(|line| line.starts_with("    "))
        .map(|line| line.trim().to_owned())
        .collect()
}

/// The libHalide that the dynamic linker finds for `executable`.
fn libhalide_of(executable: &Path) -> Option<PathBuf> {
    let output = Command::new("ldd").arg(executable).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.trim_start().starts_with("libHalide.so"))?;
    let path = line.split("=>").nth(1)?.split_whitespace().next()?;
    std::fs::canonicalize(path).ok()
}

impl Executable {
    /// Opens a generator executable: asks it for its generators, and hashes it.
    pub fn open(path: &Path) -> Result<Executable> {
        let path = std::fs::canonicalize(path).with_context(|| format!("no generator at {}", path.display()))?;
        let _progress = Progress::one("asking", &format!("{} for its generators", path.display()));
        let lines = stderr_of(&path, &["-g", "nnc_names_please"], 0)?;
        let names = names_in(&lines);
        ensure!(
            !names.is_empty(),
            "{} does not look like a Halide generator; it said: {}",
            path.display(),
            lines.join(" ")
        );
        let libhalide = libhalide_of(&path);
        let mut key = Key::new("executable");
        key.add(&hash_file(&path)?);
        if let Some(libhalide) = &libhalide {
            key.add(&hash_file(libhalide)?);
        }
        Ok(Executable { path, libhalide, names, key })
    }

    /// The pipeline `name`, with `params`.
    pub fn pipeline(self: &Arc<Self>, name: &str, params: Vec<(String, String)>) -> Result<Pipeline> {
        if !self.names.iter().any(|known| known == name) {
            let (path, names) = (self.path.display(), self.names.join(", "));
            bail!(crate::system::ending::Usage(format!("no generator '{name}' in {path}; it has {names}")));
        }
        Ok(Pipeline { executable: Arc::clone(self), name: name.to_owned(), params })
    }

    /// All its pipelines, without those that are random.
    pub fn pipelines(self: &Arc<Self>) -> Vec<Pipeline> {
        let names = self.names.iter().filter(|name| ![RANDOM_PIPELINE, RANDOM_WORKLOAD].contains(&name.as_str()));
        let pipeline = |name: &String| Pipeline { executable: Arc::clone(self), name: name.clone(), params: vec![] };
        names.map(pipeline).collect()
    }
}

/// What `--generator FILE[:name[,param=value...]]` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratorSpec {
    /// The executable.
    pub file: PathBuf,
    /// One generator in it; `None` means all.
    pub name: Option<String>,
    /// Generator parameters.
    pub params: Vec<(String, String)>,
}

impl std::str::FromStr for GeneratorSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A colon may also be in the file's path, or in a parameter's value; generators' names have no slashes.
        let head = text.split_once(',').map_or(text, |(head, _)| head);
        let (file, rest) = match head.rsplit_once(':') {
            Some((file, name)) if !name.contains('/') => (file, Some(&text[file.len() + 1..])),
            _ => (text, None),
        };
        if file.is_empty() {
            return Err(format!("'{text}' names no file"));
        }
        let mut items = rest.into_iter().flat_map(|rest| rest.split(','));
        let name = items.next().filter(|name| !name.is_empty()).map(str::to_owned);
        if rest.is_some() && name.is_none() {
            return Err(format!("'{text}' has nothing after the colon; expected FILE:name[,param=value...]"));
        }
        let params = items.map(parse_key_value).collect::<Result<_, _>>()?;
        Ok(GeneratorSpec { file: PathBuf::from(file), name, params })
    }
}

impl GeneratorSpec {
    /// The pipelines it names.
    pub fn open(&self) -> Result<Vec<Pipeline>> {
        let executable = Arc::new(Executable::open(&self.file)?);
        match &self.name {
            Some(name) => Ok(vec![executable.pipeline(name, self.params.clone())?]),
            None => Ok(executable.pipelines()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spec_with_everything() {
        let spec: GeneratorSpec = "out/my.generator:blur,size=3,type=u8".parse().unwrap();
        assert_eq!(spec.file, Path::new("out/my.generator"));
        assert_eq!(spec.name.as_deref(), Some("blur"));
        assert_eq!(spec.params, [("size".into(), "3".into()), ("type".into(), "u8".into())]);
    }

    #[test]
    fn spec_with_a_path_among_the_parameters() {
        let spec: GeneratorSpec = "my.generator:blur,table=/tmp/a:b,size=3".parse().unwrap();
        assert_eq!((spec.file.as_path(), spec.name.as_deref()), (Path::new("my.generator"), Some("blur")));
        assert_eq!(spec.params, [("table".into(), "/tmp/a:b".into()), ("size".into(), "3".into())]);
    }

    #[test]
    fn spec_of_a_whole_file() {
        let spec: GeneratorSpec = "/a:b/my.generator".parse().unwrap();
        assert_eq!((spec.file.as_path(), spec.name), (Path::new("/a:b/my.generator"), None));
    }

    #[test]
    fn bad_specs() {
        assert!("my.generator:".parse::<GeneratorSpec>().unwrap_err().contains("colon"));
        assert!("my.generator:blur,fast".parse::<GeneratorSpec>().unwrap_err().contains("key=value"));
        assert!(":blur".parse::<GeneratorSpec>().is_err());
    }

    #[test]
    fn names_from_gengen() {
        let lines = ["Unhandled exception: Error: Generator not found: x", "Did you mean:", "    blur", "    fft", ""];
        assert_eq!(names_in(&lines.map(str::to_owned)), ["blur", "fft"]);
    }
}
