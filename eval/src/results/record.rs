//! What one evaluation run found, as data: the `--json` file, and the input of every report.

use serde::{Deserialize, Serialize};

/// How one pipeline x scheduler combination ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Built, ran, and its outputs match the reference's.
    Ok,
    /// The combination does not exist (a generator without an expert schedule, say): not a failure.
    Skipped,
    /// The generator, the linker or the pipeline reported an error.
    Error,
    /// A child process ran past its time limit.
    Timeout,
    /// A child process hit its memory limit.
    OutOfMemory,
    /// The pipeline ran, and its outputs differ from the reference's by more than rounding.
    WrongOutput,
}

/// Run times of one build, in seconds per call of the pipeline, one sample per round. The sample of a short pipeline is
/// the mean of a batch of calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSeconds {
    /// Median of `samples`.
    pub median: f64,
    /// Smallest of `samples`.
    pub min: f64,
    /// Samples in the order measured. Sample `i` of every scheduler of a pipeline was taken in the same
    /// round; a scheduler whose times settled early has fewer.
    pub samples: Vec<f64>,
}

/// How a build under `strict_float` was scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrictSchedule {
    /// By the directives of the build that it stands for.
    Same,
    /// By the same scheduler, which may choose others for another target.
    Anew,
}

/// Outputs that differ from the reference's beyond the tolerance, and not at all where both are built under `strict_float`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rounding {
    /// Values beyond the tolerance.
    pub values: u64,
    /// The largest difference among them; `None` if it is infinite or no number.
    pub largest: Option<f64>,
    /// How the build under `strict_float` was scheduled.
    pub strict_schedule: StrictSchedule,
}

/// One pipeline built by one scheduler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EvalResult {
    /// Name of the pipeline (its generator, with the generator parameters and sizes where given).
    pub pipeline: String,
    /// Sizes of outputs asked for, as `output=640x480`; `None` at the estimates.
    #[serde(default)]
    pub size: Option<String>,
    /// `none`, `manual`, or the name of an autoscheduler.
    pub scheduler: String,
    /// How it ended.
    pub status: Status,
    /// Why it failed, in one line that a person can act on, or what else there is to say; mostly empty when it did not.
    pub message: String,
    /// Seconds from the start of the generator until it had a schedule; `None` if it never had one.
    pub schedule_seconds: Option<f64>,
    /// Seconds Halide and LLVM then took to compile it.
    pub compile_seconds: Option<f64>,
    /// Peak resident memory of the generator process, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Measured run times.
    pub run_seconds: Option<RunSeconds>,
    /// What the scheduler itself expected, if it says.
    pub predicted_seconds: Option<f64>,
    /// Whether the outputs equal the reference's, rounding aside; `None` if never compared.
    pub output_matches: Option<bool>,
    /// By how much the outputs differ from the reference's beyond the tolerance, where rounding alone makes them.
    #[serde(default)]
    pub rounding: Option<Rounding>,
    /// The build that outputs were compared with; `None` if there was none.
    #[serde(default)]
    pub reference: Option<String>,
    /// Bytes of all input and output buffers: the least that must move.
    pub io_bytes: Option<u64>,
    /// Whether other processes took so much of the processors meanwhile that `run_seconds` are doubtful.
    #[serde(default)]
    pub disturbed: bool,
}

/// One scheduler's speed relative to a baseline, over the pipelines that both completed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The scheduler that is compared.
    pub scheduler: String,
    /// The scheduler it is compared with.
    pub baseline: String,
    /// Geometric mean of baseline time over scheduler time; `None` when no pipeline completed under both.
    pub geomean_speedup: Option<f64>,
    /// Interval of that geometric mean, `[low, high]`, 95 %, by bootstrap over pipelines and samples.
    pub interval: Option<[f64; 2]>,
    /// Pipelines compared.
    pub compared: usize,
    /// Pipelines that the scheduler completed.
    pub completed: usize,
    /// Pipelines on which the scheduler failed (skipped ones do not count).
    pub failed: usize,
}

/// The computer and settings the run was made with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Environment {
    /// Processor model as the operating system names it.
    pub cpu: String,
    /// Threads each pipeline ran with.
    pub threads: usize,
    /// Halide target string.
    pub target: String,
    /// Measured copy bandwidth at that thread count, bytes per second (read plus write).
    pub copy_bytes_per_second: Option<f64>,
    /// Measured single-precision peak at that thread count, operations per second.
    pub peak_flops: Option<f64>,
}

/// Everything one `nnc eval` run found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Evaluation {
    /// Where and how it was measured.
    pub environment: Environment,
    /// The scheduler whose speedups over the others are the point, if there is one.
    #[serde(default)]
    pub subject: Option<String>,
    /// The build that outputs are compared with wherever it works.
    #[serde(default)]
    pub reference: Option<String>,
    /// One entry per pipeline x scheduler, in the order asked for.
    pub results: Vec<EvalResult>,
    /// One entry per scheduler x baseline.
    pub summary: Vec<Summary>,
}
