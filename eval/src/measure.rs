//! Runs the builds of one pipeline: compares their outputs, then times them in turns.

use serde::{Deserialize, Serialize};

use crate::builder::{Build, Outcome};
use crate::cache::{Cache, Key};
use crate::child::Limits;
use crate::failure::Failure;
use crate::generator::Pipeline;
use crate::machine::load::Load;
use crate::machine::turns;
use crate::process;
use crate::record::{RunSeconds, Status};
use crate::regions::{estimates, lacks_estimates};
use crate::scratch::WorkFolder;
use crate::timing::{self, Settings, Subject};
use crate::worker::client::Worker;
use crate::worker::protocol::{Description, Kind, Request, Rule, Shapes};

/// What running one build gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Whether it ran, and right.
    pub status: Status,
    /// Why not.
    pub message: String,
    /// Whether it would fail so again, if it did.
    pub lasts: bool,
    /// Times.
    pub run_seconds: Option<RunSeconds>,
    /// Whether the outputs equal the reference's.
    pub output_matches: Option<bool>,
    /// Bytes of all inputs and outputs.
    pub io_bytes: Option<u64>,
}

/// What running all builds of a pipeline gave.
#[derive(Clone, Debug)]
pub struct Timed {
    /// By build.
    pub measurements: Vec<Measurement>,
    /// The target they were compiled for, in full.
    pub target: Option<String>,
    /// Whether this came out of the cache.
    pub reused: bool,
    /// Whether other processes took so much of the processors meanwhile that the times are doubtful.
    pub disturbed: bool,
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Timer {
    /// When to stop.
    pub settings: Settings,
    /// Limits of each worker.
    pub limits: Limits,
    /// Threads of each worker.
    pub threads: usize,
    /// Seed of the inputs.
    pub seed: u64,
    /// Where timings are kept.
    pub cache: Cache,
}

/// A timing in the cache: measurements by the key of their build. Only what was timed in turns stands together.
#[derive(Serialize, Deserialize)]
struct Stored {
    target: Option<String>,
    measurements: Vec<(String, Measurement)>,
}

/// What the reference computed, on disk.
struct Expected {
    description: Description,
    shapes: Shapes,
    float_math: Option<bool>,
    folder: WorkFolder,
}

impl Expected {
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("outputs")
    }
}

/// How much outputs may differ: nothing, unless floating-point numbers are involved that the compiler may reassociate, or that
/// the schedule does.
pub fn rule_for(description: &Description, float_math: Option<bool>, reassociates: bool) -> Rule {
    let strict = !reassociates && description.target.split('-').any(|feature| feature == "strict_float");
    let floats = float_math.unwrap_or(true) || description.arguments.iter().any(|argument| argument.type_.is_float());
    if floats && !strict {
        Rule::Tolerance
    } else {
        Rule::Exact
    }
}

impl Measurement {
    fn failed(Failure { status, message, lasts }: Failure) -> Measurement {
        Measurement { status, message, lasts, run_seconds: None, output_matches: None, io_bytes: None }
    }
}

impl Subject for Worker {
    type Error = Failure;

    fn run(&mut self, calls: u32) -> Result<f64, Failure> {
        Worker::run(self, calls)
    }
}

impl Timer {
    fn key(&self, pipeline: &Pipeline, reference: &Build) -> String {
        let mut key = Key::new("timing");
        key.add(&pipeline.executable.key.hex()).add(&pipeline.to_string()).add(&reference.key).add(&host::cpu_name());
        key.add(&format!("{:?} {:?} {} {}", self.settings, self.limits, self.threads, self.seed));
        key.hex()
    }

    /// Measures `builds`, or finds all of them measured together in the cache.
    pub fn time(&self, pipeline: &Pipeline, builds: &[Build], reference: &Build) -> Timed {
        let key = self.key(pipeline, reference);
        if let Some(timed) = self.cache.read_timing(&key).and_then(|stored| reuse(stored, builds)) {
            return timed;
        }
        let Timed { measurements, target, disturbed, .. } = self.measure(builds, reference);
        // Another time will be a better one.
        let lasts = !disturbed && measurements.iter().all(|measurement| measurement.lasts);
        if !process::interrupted() && lasts {
            let keys = builds.iter().map(|build| build.key.clone());
            let measurements = keys.zip(measurements.iter().cloned()).collect();
            self.cache.store_timing(&key, &Stored { target: target.clone(), measurements });
        }
        Timed { measurements, target, reused: false, disturbed }
    }

    fn measure(&self, builds: &[Build], reference: &Build) -> Timed {
        let _turn = turns::to_time();
        let expected = self.expect(reference);
        let mut measurements = Vec::new();
        let mut workers = Vec::new();
        let mut running = Vec::new();
        for (i, build) in builds.iter().enumerate() {
            let Outcome { status, lasts, .. } = build.outcome;
            if status != Status::Ok {
                measurements.push(Measurement::failed(Failure { status, message: String::new(), lasts }));
                continue;
            }
            let (measurement, worker) = self.check(build, expected.as_ref());
            measurements.push(measurement);
            if let Some(worker) = worker {
                running.push(i);
                workers.push(worker);
            }
        }
        let load = Load::now();
        let samples =
            timing::interleave(&mut workers, &self.settings, &timing::Monotonic::start(), process::interrupted);
        let disturbed = load.is_disturbed();
        for (i, samples) in running.into_iter().zip(samples) {
            match samples {
                Ok(samples) => measurements[i].run_seconds = timing::record(samples),
                Err(Failure { status, message, lasts }) => {
                    measurements[i] = Measurement { status, message, lasts, ..measurements[i].clone() };
                }
            }
        }
        let target = expected.ok().map(|expected| expected.description.target);
        Timed { measurements, target, reused: false, disturbed }
    }

    /// Runs the reference and keeps its outputs.
    fn expect(&self, reference: &Build) -> Result<Expected, Failure> {
        let Outcome { status, message, lasts, .. } = &reference.outcome;
        if *status != Status::Ok {
            return Err(Failure { status: *status, message: message.clone(), lasts: *lasts });
        }
        let of_the_machine = |error: anyhow::Error| Failure::of_the_machine(&error);
        let mut worker = Worker::start(&reference.library, self.threads, self.limits).map_err(of_the_machine)?;
        let folder = self.cache.work_folder().map_err(of_the_machine)?;
        self.run_reference(&mut worker, reference, folder)
    }

    fn run_reference(&self, worker: &mut Worker, reference: &Build, folder: WorkFolder) -> Result<Expected, Failure> {
        let description = worker.describe()?;
        if let Some(message) = lacks_estimates(&description) {
            return Err(Failure { status: Status::Error, message, lasts: true });
        }
        let shapes = worker.plan(&Request::Plan {
            inputs: estimates(&description, Kind::Input),
            outputs: estimates(&description, Kind::Output),
            scalars: vec![],
        })?;
        worker.prepare(&shapes, self.seed, &[])?;
        worker.run(1)?;
        let expected = Expected { description, shapes, float_math: reference.outcome.float_math, folder };
        worker.tell(&Request::Save { path: expected.path() })?;
        Ok(expected)
    }

    /// Runs a build once and compares its outputs. The worker is ready to be timed, if that makes sense.
    fn check(&self, build: &Build, expected: Result<&Expected, &Failure>) -> (Measurement, Option<Worker>) {
        let expected = match expected {
            Ok(expected) => expected,
            Err(failure) => {
                let message = format!("the build that outputs are compared with failed: {failure}");
                let failure = Failure { status: Status::Error, message, lasts: failure.lasts };
                return (Measurement::failed(failure), None);
            }
        };
        let mut worker = match Worker::start(&build.library, self.threads, self.limits) {
            Ok(worker) => worker,
            Err(error) => return (Measurement::failed(Failure::of_the_machine(&error)), None),
        };
        let rule = rule_for(&expected.description, expected.float_math, build.reassociates);
        let compare = Request::Compare { path: expected.path(), rule };
        let checked = worker.prepare(&expected.shapes, self.seed, &[]).and_then(|io_bytes| {
            worker.run(1)?;
            Ok((io_bytes, worker.compare(&compare)?))
        });
        let (io_bytes, difference) = match checked {
            Ok(checked) => checked,
            Err(failure) => return (Measurement::failed(failure), None),
        };
        let mut measurement = Measurement {
            status: Status::Ok,
            message: String::new(),
            lasts: true,
            run_seconds: None,
            output_matches: Some(difference.is_none()),
            io_bytes: Some(io_bytes),
        };
        match difference {
            None => (measurement, Some(worker)),
            Some(difference) => {
                (measurement.status, measurement.message) = (Status::WrongOutput, difference);
                (measurement, None)
            }
        }
    }
}

/// The measurements of `builds` out of `stored`, if it has all of them.
fn reuse(stored: Stored, builds: &[Build]) -> Option<Timed> {
    let find = |build: &Build| {
        let found = stored.measurements.iter().find(|(key, _)| *key == build.key);
        found.map(|(_, measurement)| measurement.clone())
    };
    let measurements = builds.iter().map(find).collect::<Option<_>>()?;
    Some(Timed { measurements, target: stored.target, reused: true, disturbed: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::protocol::{Argument, Code, Type};

    fn description(target: &str, code: Code) -> Description {
        let argument = Argument {
            name: "f".to_owned(),
            kind: Kind::Output,
            type_: Type { code, bits: 32 },
            dimensions: 2,
            estimates: vec![Some([0, 8]), None],
        };
        Description { target: target.to_owned(), arguments: vec![argument] }
    }

    #[test]
    fn tolerance_only_where_floats_may_be_reassociated() {
        assert_eq!(rule_for(&description("x86-64-linux", Code::Int), Some(false), false), Rule::Exact);
        assert_eq!(rule_for(&description("x86-64-linux", Code::Int), Some(true), false), Rule::Tolerance);
        assert_eq!(rule_for(&description("x86-64-linux", Code::Float), Some(false), false), Rule::Tolerance);
        let strict = |code| description("x86-64-linux-strict_float", code);
        assert_eq!(rule_for(&strict(Code::Float), Some(true), false), Rule::Exact);
        assert_eq!(rule_for(&strict(Code::Float), Some(true), true), Rule::Tolerance);
        assert_eq!(rule_for(&strict(Code::Int), Some(false), true), Rule::Exact);
    }
}
