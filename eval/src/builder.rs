//! Builds one pipeline with one scheduler: generator run, link, cache.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::cache::{hash_file, Cache, Key};
use crate::child::{self, Limits};
use crate::failure::{explain, Tail};
use crate::generator::{self, Pipeline};
use crate::link;
use crate::record::Status;
use crate::schedulers::{Arguments, PluginFiles, Scheduler};

/// Name of the compiled function in every library we build.
pub const FUNCTION: &str = "pipeline";
/// What our plugin writes its report to, beside the library.
pub const REPORT: &str = "report.json";
/// What Halide prints, at `HL_DEBUG_CODEGEN=1`, when the schedule is complete and lowering begins.
const LOWERING: &str = "Creating initial loop nests";
/// What Halide says when a generator has no expert schedule.
const NO_MANUAL: &str = "has no GeneratorParam named: manual";

/// How a build went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// `Ok` if there is a library.
    pub status: Status,
    /// Why not.
    pub message: String,
    /// Seconds from the start of the generator to its first lowering message.
    pub schedule_seconds: Option<f64>,
    /// Seconds from there to the generator's end.
    pub compile_seconds: Option<f64>,
    /// Peak resident memory of the generator.
    pub peak_memory_bytes: Option<u64>,
    /// Run time that the scheduler expects.
    pub predicted_seconds: Option<f64>,
    /// Whether the pipeline computes with floating-point numbers; known for builds of the reference only.
    pub float_math: Option<bool>,
}

/// A finished build.
#[derive(Clone, Debug)]
pub struct Build {
    /// Identifies everything that went into it.
    pub key: String,
    /// How it went.
    pub outcome: Outcome,
    /// The shared library; exists if the outcome is `Ok`.
    pub library: PathBuf,
    /// Whether it came out of the cache.
    pub reused: bool,
    /// Whether the scheduler may have rounded floats otherwise.
    pub reassociates: bool,
}

/// Everything but the pipeline and the scheduler.
#[derive(Clone, Debug)]
pub struct Builder {
    /// Halide target string.
    pub target: String,
    /// Threads to schedule for.
    pub threads: usize,
    /// Limits of the generator.
    pub limits: Limits,
    /// Where plugins are.
    pub plugins: PluginFiles,
    /// Where builds are kept.
    pub cache: Cache,
    /// Further linker arguments.
    pub link_args: Vec<String>,
    /// Object file of Halide's runtime, where the target has `no_runtime`.
    pub runtime: Option<PathBuf>,
    /// The scheduler whose builds others are compared with.
    pub reference: Scheduler,
}

/// What a generator's standard error says, as it comes.
#[derive(Default)]
struct Log {
    tail: Tail,
    lowering_seconds: Option<f64>,
    predicted_seconds: Option<f64>,
    no_manual: bool,
}

impl Log {
    fn line(&mut self, seconds: f64, line: &str) {
        if self.lowering_seconds.is_none() && line.starts_with(LOWERING) {
            self.lowering_seconds = Some(seconds);
        }
        self.predicted_seconds = expected_by_adams2019(line).or(self.predicted_seconds);
        self.no_manual |= line.contains(NO_MANUAL);
        self.tail.push(line);
    }
}

impl Builder {
    /// Arguments, `-o` aside, of the generator run that builds `pipeline` with `scheduler`.
    fn arguments(&self, pipeline: &Pipeline, scheduler: &Scheduler) -> Result<(Vec<String>, Arguments)> {
        let emit = if *scheduler == self.reference { "object,stmt" } else { "object" };
        self.emit_arguments(pipeline, scheduler, emit)
    }

    /// Arguments, `-o` aside, that make the generator emit the file types `emit` under the name [`FUNCTION`].
    pub fn emit_arguments(
        &self,
        pipeline: &Pipeline,
        scheduler: &Scheduler,
        emit: &str,
    ) -> Result<(Vec<String>, Arguments)> {
        let chosen = scheduler.arguments(&self.plugins, &pipeline.executable, self.threads)?;
        let mut args: Vec<String> =
            ["-g", &pipeline.name, "-f", FUNCTION, "-n", FUNCTION, "-e", emit].map(str::to_owned).to_vec();
        args.push(format!("target={}", self.target));
        args.extend(pipeline.params.iter().map(|(key, value)| format!("{key}={value}")));
        args.extend(chosen.args.iter().cloned());
        Ok((args, chosen))
    }

    /// The key that a build would have.
    pub fn build_key(&self, pipeline: &Pipeline, scheduler: &Scheduler) -> Result<String> {
        let (args, chosen) = self.arguments(pipeline, scheduler)?;
        Ok(self.key(pipeline, &args, &chosen))
    }

    /// The target, with `feature`.
    pub fn target_with(&self, feature: &str) -> String {
        match self.target.split('-').any(|present| present == feature) {
            true => self.target.clone(),
            false => format!("{}-{feature}", self.target),
        }
    }

    fn key(&self, pipeline: &Pipeline, args: &[String], chosen: &Arguments) -> String {
        let mut key = Key::new("build");
        key.add(&pipeline.executable.key.hex()).add(&chosen.plugin_hash);
        key.add(&format!("{:?} {:?}", self.limits, self.link_args));
        // What `target=host` means.
        key.add(&host::cpu_name());
        for arg in args {
            key.add(arg);
            // A schedule or a model in a file: another one may be there by now.
            let file = arg.split_once('=').map(|(_, value)| Path::new(value)).filter(|path| path.is_file());
            if let Some(hash) = file.and_then(|file| hash_file(file).ok()) {
                key.add(&hash);
            }
        }
        key.hex()
    }

    /// Builds, or finds the build in the cache. Fails only if something is wrong with this machine or the command line;
    /// a build that fails is an outcome.
    pub fn build(&self, pipeline: &Pipeline, scheduler: &Scheduler) -> Result<Build> {
        let (args, chosen) = self.arguments(pipeline, scheduler)?;
        let key = self.key(pipeline, &args, &chosen);
        let library = self.cache.build_folder(&key).join("pipeline.so");
        let reassociates = scheduler.reassociates();
        if let Some(outcome) = self.cache.read_build(&key) {
            return Ok(Build { key, outcome, library, reused: true, reassociates });
        }
        let work = self.cache.work_folder()?;
        let outcome = self.run_generator(pipeline, &args, &chosen, work.path())?;
        // What the user stopped has no outcome.
        if !crate::process::interrupted() {
            self.cache.store_build(&key, &outcome, work)?;
        }
        Ok(Build { key, outcome, library, reused: false, reassociates })
    }

    fn run_generator(&self, pipeline: &Pipeline, args: &[String], chosen: &Arguments, work: &Path) -> Result<Outcome> {
        let mut command = generator::command(&pipeline.executable.path);
        command.args(args).arg("-o").arg(work).env("HL_DEBUG_CODEGEN", "1");
        let report = work.join(REPORT);
        if chosen.reports {
            command.arg(format!("autoscheduler.report={}", report.display()));
        }
        let mut log = Log::default();
        let finished = child::run(command, &self.limits, |seconds, line| log.line(seconds, line))?;
        let doing = if log.lowering_seconds.is_some() { "compiling" } else { "scheduling" };
        let failure = explain(&finished, &log.tail, &self.limits, doing);
        let (status, message) = match failure {
            None => self.link(work),
            Some(_) if log.no_manual => (Status::Skipped, "the generator has no expert schedule".to_owned()),
            Some(failure) => failure,
        };
        Ok(Outcome {
            status,
            message,
            schedule_seconds: log.lowering_seconds,
            compile_seconds: log.lowering_seconds.map(|lowering| finished.seconds - lowering),
            peak_memory_bytes: Some(finished.peak_memory_bytes),
            predicted_seconds: log.predicted_seconds.or_else(|| read_prediction(&report)),
            float_math: mentions_float(&work.join(FUNCTION).with_extension("stmt")),
        })
    }

    fn link(&self, work: &Path) -> (Status, String) {
        let object = work.join(FUNCTION).with_extension("o");
        let runtime = self.runtime.iter().map(|path| path.display().to_string());
        let extra: Vec<String> = self.link_args.iter().cloned().chain(runtime).collect();
        match link::shared_library(&object, &work.join("pipeline.so"), &extra) {
            Ok(()) => {
                // The library is what is kept.
                let _ = std::fs::remove_file(object);
                (Status::Ok, String::new())
            }
            Err(error) => (Status::Error, format!("{error:#}")),
        }
    }
}

/// The seconds that Adams2019 expects, if this is the line of its output that says so, in milliseconds.
pub fn expected_by_adams2019(line: &str) -> Option<f64> {
    let cost: f64 = line.strip_prefix("Best cost: ")?.trim().parse().ok()?;
    Some(cost / 1e3)
}

/// `predicted_seconds` of the report that our plugin wrote.
fn read_prediction(report: &Path) -> Option<f64> {
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).ok()?).ok()?;
    report["predicted_seconds"].as_f64().filter(|&seconds| seconds > 0.0)
}

/// Whether lowered code mentions a floating-point type.
fn mentions_float(stmt: &Path) -> Option<bool> {
    let text = std::fs::read_to_string(stmt).ok()?;
    Some(["float32", "float64", "float16"].iter().any(|name| text.contains(name)))
}
