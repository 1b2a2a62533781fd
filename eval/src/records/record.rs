//! Measured schedules as they are kept: one compressed file for each pipeline.

use std::io::{BufRead, BufReader, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use flate2::{read::MultiGzDecoder, write::GzEncoder, Compression};
use scheduler::ir::Pipeline;
use scheduler::Directive;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::measure::build::cache::Key;
use crate::results::record::Status;
use crate::system::files;
use crate::system::program::program_folder;

/// Most bytes of a file of records.
const LARGEST_FILE: u64 = 1 << 30;
/// Most bytes of the records of one pipeline, as text.
const LARGEST_TEXT: u64 = 256 << 20;

/// Where the schedules of a pipeline were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Fingerprint of the hardware, as `nnc models` prints it.
    pub hardware: String,
    /// Processor model.
    pub cpu: String,
    /// Threads scheduled for and run with.
    pub threads: u32,
}

/// Seconds per call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Smallest sample.
    pub min: f64,
    /// Median of the samples.
    pub median: f64,
    /// Half-width of the 95 % interval of the median, over the median.
    pub spread: f64,
    /// Number of samples.
    pub samples: usize,
}

/// One schedule of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where it comes from: `greedy`, `root`, what it was drawn with, or the autoscheduler that made it.
    pub source: String,
    /// The schedule.
    pub directives: Vec<Directive>,
    /// How building and running it ended.
    pub status: Status,
    /// Why, if not well.
    pub message: String,
    /// What it took, if it ended well.
    pub seconds: Option<Seconds>,
    /// Seconds that the autoscheduler which made it expects, where that is another one and says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_seconds: Option<f64>,
}

impl Record {
    /// What was asked for and is no schedule that can be measured.
    pub fn failed(source: String, status: Status, message: String) -> Record {
        Record { source, directives: vec![], status, message, seconds: None, predicted_seconds: None }
    }
}

/// A pipeline and its schedules, at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The generator with its parameters.
    pub name: String,
    /// The family it belongs to: what is held out together.
    pub family: String,
    /// The extents of its first output, in words; none at the estimates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Where it was measured.
    pub machine: Machine,
    /// The pipeline, with what it was run at for estimates; none if it cannot be read.
    pub pipeline: Option<Pipeline>,
    /// Why there is nothing measured, if there is not.
    pub message: String,
    /// Its schedules.
    pub records: Vec<Record>,
}

/// What is kept of a pipeline.
pub trait Kept: Serialize + DeserializeOwned {
    /// The generator with its parameters.
    fn name(&self) -> &str;
}

impl Kept for Measured {
    fn name(&self) -> &str {
        &self.name
    }
}

/// A folder of measured pipelines.
pub struct Store<T = Measured>(PathBuf, PhantomData<T>);

impl<T: Kept> Store<T> {
    /// Opens a folder, which is made if it does not exist.
    pub fn open(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Store(folder.to_owned(), PhantomData))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{}.json.gz", &Key::new("measured").add(name).hex()[..16]))
    }

    /// What was measured of a pipeline, at all sizes; nothing if it was not.
    ///
    /// # Errors
    /// A file that is broken, or another pipeline's.
    pub fn get(&self, name: &str) -> Result<Vec<T>> {
        let path = self.path(name);
        if !path.exists() {
            return Ok(vec![]);
        }
        let all: Vec<T> = read_one(&path)?;
        for kept in &all {
            ensure!(kept.name() == name, "{} is of {}, not of {name}", path.display(), kept.name());
        }
        Ok(all)
    }

    /// Keeps what was measured of a pipeline, in one step that no interruption can halve.
    pub fn put(&self, name: &str, all: &[T]) -> Result<()> {
        write(all, &self.path(name))
    }

    /// All measured pipelines, by name.
    pub fn all(&self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".json.gz") {
                all.extend(read_one(&path)?);
            }
        }
        all.sort_by(|a: &T, b| a.name().cmp(b.name()));
        Ok(all)
    }
}

/// The file with what the shipped model of this name was trained on.
pub fn shipped(name: &str) -> Result<PathBuf> {
    Ok(program_folder()?.join(format!("../../eval/data/{name}.gz")))
}

/// Writes measured pipelines to one compressed file, a line each.
///
/// # Errors
/// A file that cannot be written.
pub fn write<T: Kept>(all: &[T], path: &Path) -> Result<()> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    for measured in all {
        writeln!(out, "{}", serde_json::to_string(measured)?)?;
    }
    files::write(path, &out.finish()?)
}

/// Reads what [`write`] wrote, or all of a [`Store`]'s folder.
///
/// # Errors
/// A file or folder that cannot be read, or is no such file.
pub fn read(path: &Path) -> Result<Vec<Measured>> {
    if path.is_dir() {
        return Store(path.to_owned(), PhantomData).all();
    }
    read_file(path)
}

/// Reads a file of a [`Store`], which has something in it.
fn read_one<T: Kept>(path: &Path) -> Result<Vec<T>> {
    let all = read_file(path)?;
    ensure!(!all.is_empty(), "{} is empty", path.display());
    Ok(all)
}

fn read_file<T: Kept>(path: &Path) -> Result<Vec<T>> {
    let mut all = Vec::new();
    read_lines(path, |line| {
        all.push(serde_json::from_slice(line)?);
        Ok(())
    })?;
    Ok(all)
}

/// Reads a compressed file line by line.
fn read_lines(path: &Path, mut on_line: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut read = || -> Result<()> {
        let file = host::open_input(path, LARGEST_FILE)?;
        let mut reader = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
        let mut line = Vec::new();
        while reader.by_ref().take(LARGEST_TEXT).read_until(b'\n', &mut line)? > 0 {
            ensure!(
                (line.len() as u64) < LARGEST_TEXT,
                "a line is longer than the {} MiB that are read",
                LARGEST_TEXT >> 20
            );
            on_line(&line)?;
            line.clear();
        }
        Ok(())
    };
    read().with_context(|| format!("cannot read the records in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let machine = Machine { hardware: "916fd8".to_owned(), cpu: "A 1".to_owned(), threads: 2 };
        let seconds = Seconds { min: 0.1, median: 0.2, spread: 0.01, samples: 7 };
        let record = Record {
            source: "root".to_owned(),
            directives: vec![],
            status: Status::Ok,
            message: String::new(),
            seconds: Some(seconds),
            predicted_seconds: None,
        };
        let (name, family) = ("random_pipeline,seed=1".to_owned(), "mixed".to_owned());
        let measured = Measured {
            name,
            family,
            size: None,
            machine,
            pipeline: None,
            message: String::new(),
            records: vec![record],
        };
        assert_eq!(store.get(&measured.name).unwrap(), []);
        let smaller = Measured { size: Some("7x5".to_owned()), ..measured.clone() };
        let both = [measured.clone(), smaller];
        store.put(&measured.name, &both).unwrap();
        assert_eq!(store.get(&measured.name).unwrap(), both);
        assert_eq!(store.all().unwrap(), both);
        let file = folder.path().join("all.gz");
        write(&[measured.clone(), measured], &file).unwrap();
        assert_eq!(read(&file).unwrap().len(), 2);
        assert_eq!(read(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn broken_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let machine = Machine { hardware: "916fd8".to_owned(), cpu: "A 1".to_owned(), threads: 2 };
        let measured = |name: &str| Measured {
            name: name.to_owned(),
            family: "mixed".to_owned(),
            size: None,
            machine: machine.clone(),
            pipeline: None,
            message: String::new(),
            records: vec![],
        };
        store.put("a", &[measured("a")]).unwrap();
        store.put("b", &[measured("b")]).unwrap();
        let (path, whole) = (store.path("a"), std::fs::read(store.path("a")).unwrap());
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        let mut more = whole.clone();
        more.extend(b"more");
        let of_another = std::fs::read(store.path("b")).unwrap();
        for broken in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], &flipped, &more, b"", b"{}", &of_another] {
            std::fs::write(&path, broken).unwrap();
            let message = format!("{:#}", store.get("a").unwrap_err());
            assert!(message.contains(&*path.to_string_lossy()), "{message}");
            if broken != of_another {
                assert!(read(folder.path()).is_err() && read(&path).is_err() || broken.is_empty(), "{message}");
            }
        }
        write(&[measured("a")], &path).unwrap();
        let twice = [std::fs::read(&path).unwrap(), std::fs::read(&path).unwrap()].concat();
        std::fs::write(&path, twice).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2, "as `cat` joins files");
    }

    #[test]
    fn what_others_expect_may_be_missing() {
        let text = r#"{"source": "root", "directives": [], "status": "ok", "message": "", "seconds": null}"#;
        let mut record: Record = serde_json::from_str(text).unwrap();
        assert_eq!(record.predicted_seconds, None);
        assert!(!serde_json::to_string(&record).unwrap().contains("predicted"));
        record.predicted_seconds = Some(0.5);
        assert_eq!(serde_json::from_str::<Record>(&serde_json::to_string(&record).unwrap()).unwrap(), record);
    }
}
