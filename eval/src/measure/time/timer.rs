//! Runs the builds of one pipeline: compares their outputs, then times them in turns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::measure::build::builder::{Build, Outcome};
use crate::measure::build::cache::Key;
use crate::measure::build::generator::Pipeline;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::client::Runner;
use crate::measure::run::output_sizes::{output_regions, OutputSizes};
use crate::measure::run::protocol::{Description, Difference, Request, Rule};
use crate::measure::run::shapes;
use crate::measure::time::launch::Launcher;
use crate::measure::time::reference::{Expected, Reference};
use crate::measure::time::rounding::{Judge, Verdict, STRICT_FLOAT};
use crate::measure::time::timing::{self, Settings, Subject};
use crate::results::failure::Failure;
use crate::results::record::{Rounding, RunSeconds, Status, StrictSchedule};
use crate::system::load::Load;
use crate::system::process;
use crate::system::turns;

/// What running one build gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Whether it ran, and right.
    pub status: Status,
    /// Why not, or what else there is to say.
    pub message: String,
    /// Whether it would come out so again, times aside.
    pub lasts: bool,
    /// Times.
    pub run_seconds: Option<RunSeconds>,
    /// Whether the outputs equal the reference's, rounding aside.
    pub output_matches: Option<bool>,
    /// What differs by rounding.
    pub rounding: Option<Rounding>,
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
    /// The build that outputs were compared with, if one worked.
    pub reference: Option<String>,
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
    /// Builds what a comparison takes besides; its cache keeps timings, too.
    pub launcher: Launcher,
}

/// What is measured together: the builds of a pipeline, at one size.
pub struct Case<'a> {
    /// How reports call it.
    pub name: String,
    /// The pipeline.
    pub pipeline: &'a Pipeline,
    /// Sizes of its outputs, if not the estimates.
    pub sizes: Option<&'a OutputSizes>,
    /// What scheduled the builds.
    pub schedulers: &'a [Scheduler],
    /// One per scheduler.
    pub builds: &'a [Build],
    /// What outputs are compared with, if it works.
    pub reference: Reference,
}

/// A timing in the cache: measurements by the key of their build. Only what was timed in turns stands together.
#[derive(Serialize, Deserialize)]
struct Stored {
    target: Option<String>,
    reference: Option<String>,
    measurements: Vec<(String, Measurement)>,
}

/// Why there is nothing to compare with.
enum Missing {
    /// The pipeline does not have what is asked for.
    Asked(String),
    /// The reference fails.
    Reference(Failure),
}

impl From<Failure> for Missing {
    fn from(failure: Failure) -> Missing {
        Missing::Reference(failure)
    }
}

/// How much outputs may differ: nothing, unless floating-point numbers are involved that the compiler may reassociate, or that
/// the schedule does.
pub fn rule_for(description: &Description, float_math: Option<bool>, reassociates: bool) -> Rule {
    let strict = !reassociates && description.target.split('-').any(|feature| feature == STRICT_FLOAT);
    let floats = float_math.unwrap_or(true) || description.arguments.iter().any(|argument| argument.type_.is_float());
    if floats && !strict {
        Rule::Tolerance
    } else {
        Rule::Exact
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = if self.values == 1 { "value" } else { "values" };
        let largest = match self.largest {
            Some(largest) if largest.fract() == 0.0 => largest.to_string(),
            Some(largest) => format!("{largest:.3e}"),
            None => "infinity".to_owned(),
        };
        write!(f, "differs by rounding: {} {values}, at most {largest}", self.values)?;
        match self.strict_schedule {
            StrictSchedule::Same => Ok(()),
            StrictSchedule::Anew => f.write_str(" (under strict_float, where the scheduler made another schedule)"),
        }
    }
}

impl Measurement {
    fn failed(Failure { status, message, lasts }: Failure) -> Measurement {
        Measurement { status, message, lasts, run_seconds: None, output_matches: None, rounding: None, io_bytes: None }
    }

    /// Takes down what differs, and what `verdict` makes of it, if rounding may be the cause.
    fn judge(&mut self, difference: Difference, verdict: Option<Verdict>) {
        let Difference { values, largest, text } = difference;
        if let Some(Verdict::Equal(strict_schedule)) = verdict {
            let rounding = Rounding { values, largest, strict_schedule };
            self.message = rounding.to_string();
            self.rounding = Some(rounding);
            return;
        }
        self.output_matches = Some(false);
        self.status = Status::WrongOutput;
        self.message = match verdict {
            Some(Verdict::Unknown(why)) => {
                self.lasts &= why.lasts;
                format!("{text}; whether that is rounding cannot be told under strict_float: {why}")
            }
            Some(_) => format!("{text}; they differ under strict_float, too"),
            None => text,
        };
    }
}

/// A build that has run once, if it could.
struct Checked {
    measurement: Measurement,
    /// Ready to be timed, unless it failed.
    runner: Option<Runner>,
    /// What differs, until it is settled whether that is an error.
    difference: Option<Difference>,
}

impl Checked {
    fn failed(failure: Failure) -> Checked {
        Checked { measurement: Measurement::failed(failure), runner: None, difference: None }
    }

    /// Takes down what the verdict on the difference is, if there is one. What is wrong is not timed.
    fn settle(&mut self, verdict: impl FnOnce() -> Option<Verdict>) {
        let Some(difference) = self.difference.take() else { return };
        self.measurement.judge(difference, verdict());
        self.runner.take_if(|_| self.measurement.status != Status::Ok);
    }
}

impl Subject for Runner {
    type Error = Failure;

    fn run(&mut self, calls: u32) -> Result<f64, Failure> {
        Runner::run(self, calls)
    }
}

impl Timer {
    fn key(&self, case: &Case) -> String {
        let mut key = Key::new("timing");
        key.add(&case.pipeline.executable.key.hex()).add(&case.pipeline.to_string());
        key.add(&case.sizes.map(OutputSizes::to_string).unwrap_or_default());
        key.add(&case.reference.build.key).add(&host::cpu_name());
        key.add(&format!(
            "{:?} {:?} {} {}",
            self.settings, self.launcher.limits, self.launcher.builder.threads, self.launcher.seed
        ));
        key.hex()
    }

    /// Measures the builds of `case`, or finds all of them measured together in the cache.
    pub fn time(&self, case: &Case) -> Timed {
        let key = self.key(case);
        let cache = &self.launcher.builder.cache;
        if let Some(timed) = cache.read_timing(&key).and_then(|stored| reuse(stored, case.builds)) {
            return timed;
        }
        let timed = self.measure(case);
        // Another time will be a better one.
        let lasts = !timed.disturbed && timed.measurements.iter().all(|measurement| measurement.lasts);
        if !process::interrupted() && lasts {
            let keys = case.builds.iter().map(|build| build.key.clone());
            let measurements = keys.zip(timed.measurements.iter().cloned()).collect();
            let (target, reference) = (timed.target.clone(), timed.reference.clone());
            cache.store_timing(&key, &Stored { target, reference, measurements });
        }
        timed
    }

    fn measure(&self, case: &Case) -> Timed {
        let expected = match case.builds.iter().any(|build| build.outcome.status == Status::Ok) {
            true => self.expect(case),
            // Nothing is compared.
            false => Err(Failure { status: Status::Error, message: String::new(), lasts: true }),
        };
        let judge = expected
            .as_ref()
            .map(|(reference, expected)| Judge::new(&self.launcher, case.pipeline, reference, expected));
        let mut turn = turns::to_time();
        let mut checked: Vec<Checked> = case.builds.iter().map(|build| self.check(build, &judge)).collect();
        if let (Ok(judge), true) = (&judge, checked.iter().any(|checked| checked.difference.is_some())) {
            // Whoever judges builds, and builds wait for the end of this turn.
            drop(turn);
            for ((scheduler, build), checked) in case.schedulers.iter().zip(case.builds).zip(&mut checked) {
                checked.settle(|| Some(judge.judge(scheduler, build)));
            }
            turn = turns::to_time();
        }
        let mut measurements = Vec::new();
        let mut runners = Vec::new();
        let mut running = Vec::new();
        for (i, Checked { measurement, runner, .. }) in checked.into_iter().enumerate() {
            measurements.push(measurement);
            if let Some(runner) = runner {
                running.push(i);
                runners.push(runner);
            }
        }
        let load = Load::now();
        let samples =
            timing::interleave(&mut runners, &self.settings, &timing::Monotonic::start(), process::interrupted);
        let disturbed = load.is_disturbed();
        drop(turn);
        for (i, samples) in running.into_iter().zip(samples) {
            match samples {
                Ok(samples) => measurements[i].run_seconds = timing::record(samples),
                Err(Failure { status, message, lasts }) => {
                    let lasts = lasts && measurements[i].lasts;
                    measurements[i] = Measurement { status, message, lasts, ..measurements[i].clone() };
                }
            }
        }
        let expected = expected.ok();
        let target = expected.as_ref().map(|(_, expected)| expected.target());
        let reference = expected.map(|(reference, _)| reference.label());
        Timed { measurements, target, reference, reused: false, disturbed }
    }

    /// Runs the reference, or what takes its place, and keeps its outputs; or says why none can be had.
    fn expect(&self, case: &Case) -> Result<(Reference, Expected), Failure> {
        let mut reference = case.reference.clone();
        let mut first = None;
        loop {
            let failure = match self.run_reference(&reference, case.sizes) {
                Ok(expected) => return Ok((reference, expected)),
                Err(Missing::Asked(message)) => {
                    return Err(Failure { status: Status::Error, message, lasts: reference.lasts });
                }
                Err(Missing::Reference(failure)) => failure,
            };
            let next = match process::interrupted() {
                true => None,
                false => reference.fall_back(&failure, &self.launcher.builder, case.pipeline),
            };
            let lasts = reference.lasts && failure.lasts;
            // What takes its place fails for reasons of its own.
            let message = first.get_or_insert(failure.message);
            match next {
                Some(next) => reference = next,
                None => {
                    let message = format!("the build that outputs are compared with failed: {message}");
                    return Err(Failure { status: Status::Error, message, lasts });
                }
            }
        }
    }

    fn run_reference(&self, reference: &Reference, sizes: Option<&OutputSizes>) -> Result<Expected, Missing> {
        if let Some(failure) = reference.build.outcome.failure() {
            return Err(failure.into());
        }
        let _turn = turns::to_time();
        let of_the_machine = |error: anyhow::Error| Failure::of_the_machine(&error);
        let runner = &mut self.launcher.start(&reference.build)?;
        let folder = self.launcher.builder.cache.work_folder().map_err(of_the_machine)?;
        let description = runner.describe()?;
        let outputs = output_regions(&description, sizes).map_err(Missing::Asked)?;
        let planned = shapes::plan(runner, &outputs, true)?;
        let fixed = |name: &str| sizes.is_some_and(|sizes| sizes.names(name));
        if let Some(message) = shapes::refused(&description, &outputs, &planned, fixed) {
            return Err(Missing::Asked(message));
        }
        let (shapes, _) = shapes::compute(runner, planned, self.launcher.seed)?;
        let float_math = reference.build.outcome.float_math;
        let expected = Expected { description, shapes, float_math, folder };
        runner.tell(&Request::Save { path: expected.path() })?;
        Ok(expected)
    }

    /// Runs a build once and compares its outputs. The runner is ready to be timed, if that makes sense.
    fn check(&self, build: &Build, judge: &Result<Judge, &Failure>) -> Checked {
        let Outcome { status, lasts, .. } = build.outcome;
        if status != Status::Ok {
            return Checked::failed(Failure { status, message: String::new(), lasts });
        }
        let Judge { expected, reference, .. } = match judge {
            Ok(judge) => judge,
            Err(failure) => return Checked::failed(Failure::clone(failure)),
        };
        let rule = rule_for(&expected.description, expected.float_math, build.reassociates);
        let compare = Request::Compare { path: expected.path(), rule };
        let run = || {
            let mut runner = self.launcher.start(build)?;
            let io_bytes = runner.prepare(&expected.shapes, self.launcher.seed, &[])?;
            runner.run(1)?;
            let difference = runner.compare(&compare)?;
            Ok((runner, io_bytes, difference))
        };
        let (runner, io_bytes, difference) = match run() {
            Ok(ran) => ran,
            Err(failure) => return Checked::failed(failure),
        };
        let measurement = Measurement {
            status: Status::Ok,
            message: String::new(),
            lasts: reference.lasts,
            run_seconds: None,
            output_matches: Some(true),
            rounding: None,
            io_bytes: Some(io_bytes),
        };
        let mut checked = Checked { measurement, runner: Some(runner), difference };
        if rule == Rule::Exact || build.reassociates {
            checked.settle(|| None);
        }
        checked
    }
}

/// The measurements of `builds` out of `stored`, if it has all of them.
fn reuse(stored: Stored, builds: &[Build]) -> Option<Timed> {
    let find = |build: &Build| {
        let found = stored.measurements.iter().find(|(key, _)| *key == build.key);
        found.map(|(_, measurement)| measurement.clone())
    };
    let measurements = builds.iter().map(find).collect::<Option<_>>()?;
    Some(Timed { measurements, target: stored.target, reference: stored.reference, reused: true, disturbed: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::run::protocol::{Argument, Code, Kind, Type};

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
