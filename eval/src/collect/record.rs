//! Measured schedules as they are kept: one compressed file for each pipeline.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{read::GzDecoder, write::GzEncoder, Compression};
use scheduler::ir::Pipeline;
use scheduler::Directive;
use serde::{Deserialize, Serialize};

use crate::cache::Key;
use crate::record::Status;

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

/// A pipeline and its schedules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The generator with its parameters.
    pub name: String,
    /// The family it belongs to: what is held out together.
    pub family: String,
    /// Where it was measured.
    pub machine: Machine,
    /// The pipeline; none if it cannot be read.
    pub pipeline: Option<Pipeline>,
    /// Why there is nothing measured, if there is not.
    pub message: String,
    /// Its schedules.
    pub records: Vec<Record>,
}

/// A folder of measured pipelines.
pub struct Store(PathBuf);

impl Store {
    /// Opens a folder, which is made if it does not exist.
    pub fn open(folder: &Path) -> Result<Store> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Store(folder.to_owned()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{}.json.gz", &Key::new("measured").add(name).hex()[..16]))
    }

    /// Whether a pipeline has been measured.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Keeps a pipeline, in one step that no interruption can halve.
    pub fn put(&self, measured: &Measured) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        let mut encoder = GzEncoder::new(&mut file, Compression::default());
        serde_json::to_writer(&mut encoder, measured)?;
        encoder.finish()?.flush()?;
        file.persist(self.path(&measured.name))?;
        Ok(())
    }

    /// All measured pipelines, by name.
    pub fn all(&self) -> Result<Vec<Measured>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".json.gz") {
                let read = || -> Result<Measured> {
                    let reader = std::io::BufReader::new(GzDecoder::new(File::open(&path)?));
                    Ok(serde_json::from_reader(reader)?)
                };
                all.push(read().with_context(|| format!("cannot read {}", path.display()))?);
            }
        }
        all.sort_by(|a: &Measured, b| a.name.cmp(&b.name));
        Ok(all)
    }
}

/// Writes measured pipelines to one compressed file, a line each.
///
/// # Errors
/// A file that cannot be written.
pub fn write(all: &[Measured], path: &Path) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut out = GzEncoder::new(std::io::BufWriter::new(file), Compression::best());
    for measured in all {
        writeln!(out, "{}", serde_json::to_string(measured)?)?;
    }
    out.finish()?.flush()?;
    Ok(())
}

/// Reads what [`write`] wrote, or all of a [`Store`]'s folder.
///
/// # Errors
/// A file or folder that cannot be read, or is no such file.
pub fn read(path: &Path) -> Result<Vec<Measured>> {
    if path.is_dir() {
        return Store(path.to_owned()).all();
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let lines = BufReader::new(GzDecoder::new(BufReader::new(file))).lines();
    let parse = |line: std::io::Result<String>| Ok(serde_json::from_str(&line?)?);
    lines.map(parse).collect::<Result<_>>().with_context(|| format!("{} has no records", path.display()))
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
        let measured =
            Measured { name, family, machine, pipeline: None, message: String::new(), records: vec![record] };
        assert!(!store.has(&measured.name));
        store.put(&measured).unwrap();
        assert!(store.has(&measured.name));
        assert_eq!(store.all().unwrap(), std::slice::from_ref(&measured));
        let file = folder.path().join("all.gz");
        write(&[measured.clone(), measured], &file).unwrap();
        assert_eq!(read(&file).unwrap().len(), 2);
        assert_eq!(read(folder.path()).unwrap().len(), 1);
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
