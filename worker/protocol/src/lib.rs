//! What `nnc-worker` is asked, and what it answers: one JSON object a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Starts each line of its standard output that is an answer.
pub const PREFIX: &str = "nnc-worker:";

/// What the user expects of a pipeline's arguments. Serialised pipelines have lost it for inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimates {
    /// Names of input and output buffers, with `[min, extent]` by dimension; `None` where nothing is estimated.
    pub buffers: Vec<(String, Vec<Option<[i32; 2]>>)>,
    /// Names of scalars, with their values in decimal.
    pub scalars: Vec<(String, String)>,
}

/// An autoscheduler, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autoscheduler {
    /// The plugin that registers it.
    pub plugin: PathBuf,
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: Vec<(String, String)>,
}

/// What one process may use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Address space, bytes.
    pub memory_bytes: u64,
    /// Wall-clock time, seconds.
    pub seconds: f64,
}

/// A serialised pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The `.hlpipe` file.
    pub path: PathBuf,
    /// What is estimated of its arguments.
    pub estimates: Estimates,
    /// Names of all inputs in the order of its signature; none for an order of Halide's.
    pub arguments: Vec<String>,
}

/// How to schedule and compile a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Halide target string.
    pub target: String,
    /// Schedules it; without one, Funcs stay as they were serialised.
    pub autoscheduler: Option<Autoscheduler>,
    /// Name of the compiled function.
    pub function: String,
    /// Where to write machine code.
    pub object: Option<PathBuf>,
    /// Where to write lowered code, as text.
    pub stmt: Option<PathBuf>,
    /// Where to write the scheduled pipeline, serialised.
    pub hlpipe: Option<PathBuf>,
    /// What that may use.
    pub limits: Limits,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Takes a pipeline in place of the one before. Answered by `Opened`.
    Open(Source),
    /// Does a job on it in a process of its own. Answered by `Done`.
    Do(Box<Job>),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It exited with this code.
    Exited(i32),
    /// This signal killed it.
    Signalled(i32),
    /// Its time was up.
    TimedOut,
}

/// How far a process came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Seconds that scheduling took, if that was done.
    pub schedule_seconds: Option<f64>,
    /// Seconds that compiling took, if that was done.
    pub compile_seconds: Option<f64>,
}

/// A job that has ended, one way or another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// How its process ended.
    pub end: End,
    /// How far it came, if it came to an end of its own.
    pub progress: Progress,
    /// Seconds it took in all.
    pub seconds: f64,
    /// Peak resident memory, bytes.
    pub peak_memory_bytes: u64,
    /// The last that it printed, what went wrong at the end.
    pub said: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To `Open`.
    Opened,
    /// To `Do`.
    Done(Box<Done>),
    /// It could not be tried: why.
    Error {
        /// One line.
        message: String,
    },
}
