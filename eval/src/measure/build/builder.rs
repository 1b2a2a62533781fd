//! Builds one pipeline with one scheduler: generator run, link, cache.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{ensure, Result};
use nnc_worker_protocol::{self as protocol, Autoscheduler, Job};
use serde::{Deserialize, Serialize};

use crate::measure::build::cache::{hash_file, Cache, Key};
use crate::measure::build::generator::{self, Pipeline};
use crate::measure::build::link;
use crate::measure::build::schedulers::{Arguments, PluginFiles, Scheduler};
use crate::measure::build::warm::{Built, Warm};
use crate::results::failure::{explain, Failure};
use crate::results::record::Status;
use crate::system::child::{self, End, Finished, Limits};
use crate::system::progress::Progress;
use crate::system::scratch::WorkFolder;
use crate::system::tail::Tail;
use crate::system::turns;

/// Name of the compiled function in every library we build.
pub const FUNCTION: &str = "pipeline";
/// The library's file.
const LIBRARY: &str = "pipeline.so";
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
    /// Whether it would be the same if it were built again; only then it is kept.
    pub lasts: bool,
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
    /// What failed inside the scheduler and did not cost the schedule, if it says.
    #[serde(default)]
    pub failed_inside: Option<String>,
}

impl Outcome {
    /// Why there is no library, if there is none.
    pub fn failure(&self) -> Option<Failure> {
        let Outcome { status, message, lasts, .. } = self;
        (*status != Status::Ok).then(|| Failure { status: *status, message: message.clone(), lasts: *lasts })
    }
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
    // Where the library is if the cache has not taken it.
    _folder: Option<Arc<WorkFolder>>,
}

impl Build {
    /// One that could not even be tried.
    fn not_tried(error: &anyhow::Error) -> Build {
        let outcome = Outcome {
            status: Status::Error,
            message: format!("{error:#}"),
            lasts: false,
            schedule_seconds: None,
            compile_seconds: None,
            peak_memory_bytes: None,
            predicted_seconds: None,
            float_math: None,
            failed_inside: None,
        };
        let (key, library) = (String::new(), PathBuf::new());
        Build { key, outcome, library, reused: false, reassociates: false, _folder: None }
    }
}

/// Halide's runtime, compiled once for many pipelines.
#[derive(Clone, Debug)]
pub struct Runtime(Arc<WorkFolder>);

impl Runtime {
    /// Name of its files, without extension.
    pub const NAME: &'static str = "runtime";

    /// The one whose object file is in `folder`.
    pub fn in_folder(folder: WorkFolder) -> Runtime {
        Runtime(Arc::new(folder))
    }

    fn object(&self) -> PathBuf {
        self.0.path().join(Runtime::NAME).with_extension("o")
    }
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
    /// Halide's runtime, where the target has `no_runtime`.
    pub runtime: Option<Runtime>,
    /// The scheduler whose builds others are compared with.
    pub reference: Scheduler,
    /// Builds with autoschedulers in place of generators, where all builds are of its pipeline.
    pub warm: Option<Arc<Warm>>,
}

/// A run of a generator, or what a worker did in its place.
struct Ran {
    finished: Finished,
    log: Log,
    schedule_seconds: Option<f64>,
    compile_seconds: Option<f64>,
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
        let mut key = Key::new(if self.warm.is_some() { "warm build" } else { "build" });
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

    /// A command that runs the generator of `pipeline`.
    pub fn generator(&self, pipeline: &Pipeline) -> Command {
        let mut command = generator::command(&pipeline.executable.path);
        command.env("TMPDIR", self.cache.children_folder());
        command
    }

    /// Builds, or finds the build in the cache. Fails only if something is wrong with this machine or the command line;
    /// a build that fails is an outcome.
    pub fn build(&self, pipeline: &Pipeline, scheduler: &Scheduler) -> Result<Build> {
        let (args, chosen) = self.arguments(pipeline, scheduler)?;
        let key = self.key(pipeline, &args, &chosen);
        let library = self.cache.build_folder(&key).join(LIBRARY);
        let reassociates = scheduler.reassociates();
        if let Some(outcome) = self.cache.read_build(&key) {
            return Ok(Build { key, outcome, library, reused: true, reassociates, _folder: None });
        }
        let work = self.cache.work_folder()?;
        let turn = turns::to_compile();
        let outcome = self.make(pipeline, scheduler, &args, chosen, work.path())?;
        drop(turn);
        // What the user stopped has no outcome.
        let keeps = outcome.lasts && !crate::system::process::interrupted();
        let work = if keeps { self.cache.store_build(&key, &outcome, work) } else { Some(work) };
        let library = work.as_ref().map_or(library, |work| work.path().join(LIBRARY));
        let _folder = work.filter(|_| outcome.status == Status::Ok).map(Arc::new);
        Ok(Build { key, outcome, library, reused: false, reassociates, _folder })
    }

    /// Compiles Halide's runtime once, rather than into every pipeline, which would take half of the time.
    pub fn link_runtime_once(&mut self, generator: &Pipeline) -> Result<()> {
        let folder = self.cache.work_folder()?;
        // The runtime does not compile under it, nor does it compute.
        let target = self.target.replace("-strict_float", "");
        let mut command = self.generator(generator);
        command.args(["-r", Runtime::NAME, "-e", "object", "-o"]).arg(folder.path()).arg(format!("target={target}"));
        let _progress = Progress::one("building", "Halide's runtime");
        let _turn = turns::to_compile();
        let mut lines = Vec::new();
        let finished = child::run(command, &self.limits, |_, line| lines.push(line.to_owned()))?;
        ensure!(finished.end == End::Exited(0), "cannot build Halide's runtime: {}", lines.join(" "));
        self.target = self.target_with("no_runtime");
        self.runtime = Some(Runtime::in_folder(folder));
        Ok(())
    }

    /// As [`Builder::build`], where what is wrong with this machine is an outcome, too.
    pub fn build_or_not(&self, pipeline: &Pipeline, scheduler: &Scheduler) -> Build {
        self.build(pipeline, scheduler).unwrap_or_else(|error| Build::not_tried(&error))
    }

    fn run_generator(&self, pipeline: &Pipeline, args: &[String], report: Option<&Path>, work: &Path) -> Result<Ran> {
        let mut command = self.generator(pipeline);
        command.args(args).arg("-o").arg(work).env("HL_DEBUG_CODEGEN", "1");
        command.args(report.map(|path| format!("autoscheduler.report={}", path.display())));
        let mut log = Log::default();
        let finished = child::run(command, &self.limits, |seconds, line| log.line(seconds, line))?;
        let schedule_seconds = log.lowering_seconds;
        let compile_seconds = schedule_seconds.map(|lowering| finished.seconds - lowering);
        Ok(Ran { finished, log, schedule_seconds, compile_seconds })
    }

    /// What a worker is to do, but for what with.
    pub fn job(&self) -> Job {
        let seconds = self.limits.timeout.as_secs_f64();
        Job {
            target: self.target.clone(),
            autoscheduler: None,
            function: FUNCTION.to_owned(),
            object: None,
            stmt: None,
            hlpipe: None,
            limits: protocol::Limits { memory_bytes: self.limits.memory_bytes, seconds },
        }
    }

    fn run_worker(
        &self,
        warm: &Warm,
        mut autoscheduler: Autoscheduler,
        emits_stmt: bool,
        report: Option<&Path>,
        work: &Path,
    ) -> Result<Ran> {
        let file = |extension| work.join(FUNCTION).with_extension(extension);
        autoscheduler.params.extend(report.map(|path| ("report".to_owned(), path.to_string_lossy().into_owned())));
        let stmt = emits_stmt.then(|| file("stmt"));
        let job = Job { autoscheduler: Some(autoscheduler), object: Some(file("o")), stmt, ..self.job() };
        let Built { finished, said, tail, progress } = warm.build(job)?;
        let predicted_seconds = said.iter().rev().find_map(|line| expected_by_adams2019(line));
        let log = Log { tail, lowering_seconds: progress.schedule_seconds, predicted_seconds, no_manual: false };
        let protocol::Progress { schedule_seconds, compile_seconds } = progress;
        Ok(Ran { finished, log, schedule_seconds, compile_seconds })
    }

    fn make(
        &self,
        pipeline: &Pipeline,
        scheduler: &Scheduler,
        args: &[String],
        chosen: Arguments,
        work: &Path,
    ) -> Result<Outcome> {
        let report = work.join(REPORT);
        let asked = chosen.reports.then_some(report.as_path());
        let ran = match (&self.warm, chosen.autoscheduler) {
            (Some(warm), Some(autoscheduler)) => {
                self.run_worker(warm, autoscheduler, *scheduler == self.reference, asked, work)?
            }
            _ => self.run_generator(pipeline, args, asked, work)?,
        };
        let Ran { finished, log, schedule_seconds, compile_seconds } = ran;
        let report = Report::read(&report);
        let doing = if log.lowering_seconds.is_some() { "compiling" } else { "scheduling" };
        let failure = explain(&finished, &log.tail, &self.limits, doing);
        let failure = match failure {
            None => self.link(work).err(),
            Some(_) if log.no_manual => {
                let message = "the generator has no expert schedule".to_owned();
                Some(Failure { status: Status::Skipped, message, lasts: true })
            }
            failed => failed,
        };
        let Failure { status, message, lasts } =
            failure.unwrap_or(Failure { status: Status::Ok, message: String::new(), lasts: true });
        Ok(Outcome {
            status,
            message,
            lasts,
            schedule_seconds,
            compile_seconds,
            peak_memory_bytes: Some(finished.peak_memory_bytes),
            predicted_seconds: log.predicted_seconds.or(report.predicted_seconds.filter(|&seconds| seconds > 0.0)),
            float_math: mentions_float(&work.join(FUNCTION).with_extension("stmt")),
            failed_inside: report.failures.first.map(|first| format!("failed inside the scheduler: {first}")),
        })
    }

    fn link(&self, work: &Path) -> Result<(), Failure> {
        let object = work.join(FUNCTION).with_extension("o");
        let runtime = self.runtime.iter().map(|runtime| runtime.object().display().to_string());
        let extra: Vec<String> = self.link_args.iter().cloned().chain(runtime).collect();
        link::shared_library(&object, &work.join(LIBRARY), &extra, &self.cache.children_folder())
            .map_err(|error| Failure::of_the_machine(&error))?;
        // The library is what is kept.
        let _ = std::fs::remove_file(object);
        Ok(())
    }
}

/// The seconds that Adams2019 expects, if this is the line of its output that says so, in milliseconds.
pub fn expected_by_adams2019(line: &str) -> Option<f64> {
    let cost: f64 = line.strip_prefix("Best cost: ")?.trim().parse().ok()?;
    Some(cost / 1e3)
}

/// What counts of the report that our plugin wrote.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Report {
    predicted_seconds: Option<f64>,
    failures: scheduler::Failures,
}

impl Report {
    /// An empty one, if there is none.
    fn read(path: &Path) -> Report {
        let text = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// Whether lowered code mentions a floating-point type.
fn mentions_float(stmt: &Path) -> Option<bool> {
    let text = std::fs::read_to_string(stmt).ok()?;
    Some(["float32", "float64", "float16"].iter().any(|name| text.contains(name)))
}
