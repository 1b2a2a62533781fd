//! Builds one pipeline again and again in `nnc-worker`, which forks a process for each build instead of starting a generator.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{anyhow, Result};
use nnc_worker_protocol as protocol;
use nnc_worker_protocol::{Answer, Done, Estimates, Job, Request, Source};
use scheduler::ir::{self, InputKind};

use crate::system::child::{End, Finished};
use crate::system::dialogue::Dialogue;
use crate::system::plain;
use crate::system::program::program_folder;
use crate::system::scratch::WorkFolder;
use crate::system::tail::Tail;

/// What a worker may take to say that a job's time is up.
const SLACK: Duration = Duration::from_secs(10);

/// A serialised pipeline, and the workers that build it.
#[derive(Debug)]
pub struct Warm {
    folder: Arc<WorkFolder>,
    source: Source,
    /// The folder of its libHalide.
    libraries: Option<PathBuf>,
    idle: Mutex<Vec<Dialogue>>,
}

/// A build that has ended, one way or another.
pub struct Built {
    /// How its process ended.
    pub finished: Finished,
    /// What it printed, from some line on.
    pub said: Vec<String>,
    /// The last of that.
    pub tail: Tail,
    /// How far it came.
    pub progress: protocol::Progress,
}

/// What the pipeline's arguments are estimated to be.
pub fn estimates(pipeline: &ir::Pipeline) -> Estimates {
    let mut estimates = Estimates::default();
    let whole = |bound: &ir::Bound| {
        let (min, extent) = (bound.min?, bound.extent?);
        Some([i32::try_from(min).ok()?, i32::try_from(extent).ok()?])
    };
    for input in &pipeline.inputs {
        match (input.kind, &input.estimate) {
            (InputKind::Buffer, _) => {
                estimates.buffers.push((input.name.clone(), input.dims.iter().map(whole).collect()));
            }
            (InputKind::Scalar, Some(estimate)) => estimates.scalars.push((input.name.clone(), estimate.clone())),
            (InputKind::Scalar, None) | (InputKind::Image, _) => {}
        }
    }
    for &output in &pipeline.outputs {
        let func = pipeline.func(output);
        let estimate = |arg| func.estimates.get(arg).and_then(whole);
        estimates.buffers.push((func.name.clone(), func.args.iter().map(estimate).collect()));
    }
    estimates
}

impl Warm {
    /// A pipeline whose file is in `folder`, for workers with the libHalide in the folder `libraries`, else their own.
    pub fn new(folder: WorkFolder, source: Source, libraries: Option<PathBuf>) -> Warm {
        Warm { folder: Arc::new(folder), source, libraries, idle: Mutex::default() }
    }

    /// The same with inputs in the order of these names, as in the generator's builds.
    pub fn with_arguments(self, arguments: Vec<String>) -> Warm {
        Warm { source: Source { arguments, ..self.source }, ..self }
    }

    /// The same pipeline with estimates for buffers that replace those it has.
    pub fn at(&self, sizes: Estimates) -> Warm {
        let mut source = self.source.clone();
        source.estimates.buffers = sizes.buffers;
        let (folder, libraries) = (Arc::clone(&self.folder), self.libraries.clone());
        Warm { folder, source, libraries, idle: Mutex::default() }
    }

    /// Schedules and compiles it in a process of its own.
    ///
    /// # Errors
    /// If no worker can be started; a build that fails is a result.
    pub fn build(&self, job: Job) -> Result<Built> {
        let patience = Duration::from_secs_f64(job.limits.seconds) + SLACK;
        let request = Request::Do(Box::new(job));
        let waiting = self.idle.lock().expect("no holder panics").pop();
        // One that waited may have been killed meanwhile.
        let reused = waiting.and_then(|mut worker| Some((ask(&mut worker, &request, patience).ok()?, worker)));
        let (answer, worker) = match reused {
            Some(answered) => answered,
            None => {
                let mut worker = self.start()?;
                match ask(&mut worker, &request, patience) {
                    Ok(answer) => (answer, worker),
                    Err(killed) => return Ok(*killed),
                }
            }
        };
        match answer {
            Answer::Done(done) => {
                self.idle.lock().expect("no holder panics").push(worker);
                Ok(built(*done))
            }
            Answer::Error { message } => Err(anyhow!("nnc-worker: {}", plain::line(&message))),
            Answer::Opened => Err(anyhow!("nnc-worker answered something else")),
        }
    }

    fn start(&self) -> Result<Dialogue> {
        let program = program_folder()?.join("nnc-worker");
        let mut command = Command::new(&program);
        // Some autoschedulers say what they expect only then.
        command.env("HL_DEBUG_CODEGEN", "1");
        command.envs(self.libraries.as_ref().map(|folder| ("LD_LIBRARY_PATH", folder)));
        // Each job has limits of its own.
        let mut worker = Dialogue::start(command, protocol::PREFIX, u64::MAX)?;
        let open = Request::Open(self.source.clone());
        match ask(&mut worker, &open, SLACK) {
            Ok(Answer::Opened) => Ok(worker),
            Ok(Answer::Error { message }) => Err(anyhow!("{}: {}", program.display(), plain::line(&message))),
            Ok(Answer::Done(_)) => Err(anyhow!("{} answered something else", program.display())),
            Err(ended) => Err(anyhow!("{} ends at once: {}", program.display(), ended.tail.last())),
        }
    }
}

/// Asks a worker, or says how it ended instead.
fn ask(worker: &mut Dialogue, request: &Request, patience: Duration) -> Result<Answer, Box<Built>> {
    let line = serde_json::to_string(request).expect("requests are plain data");
    let ended = match worker.ask(&line, patience) {
        Ok(answer) => {
            let nonsense = |error| Answer::Error { message: format!("its answer makes no sense: {error}") };
            return Ok(serde_json::from_str(&answer).unwrap_or_else(nonsense));
        }
        Err(ended) => ended,
    };
    let (finished, tail, progress) = (ended.finished, ended.tail, protocol::Progress::default());
    Err(Box::new(Built { finished, said: vec![], tail, progress }))
}

fn built(done: Done) -> Built {
    let end = match done.end {
        protocol::End::Exited(code) => End::Exited(code),
        protocol::End::Signalled(signal) => End::Signalled(signal),
        protocol::End::TimedOut => End::TimedOut,
    };
    let mut tail = Tail::default();
    let said: Vec<String> = done.said.lines().map(plain::line).collect();
    said.iter().for_each(|line| tail.push(line));
    let finished = Finished { end, seconds: done.seconds, peak_memory_bytes: done.peak_memory_bytes };
    Built { finished, said, tail, progress: done.progress }
}
