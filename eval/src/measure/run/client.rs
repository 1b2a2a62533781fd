//! The parent's side of a runner process.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::protocol::{Description, Difference, Request, Response, Shapes, PREFIX};
use crate::measure::build::hl_autoscheduler;
use crate::results::failure::{explain, Failure};
use crate::results::record::Status;
use crate::system::child::{End, Limits};
use crate::system::dialogue::{Dialogue, Ended};
use crate::system::plain;

/// A running runner. Dropping it kills it.
pub struct Runner {
    dialogue: Dialogue,
    limits: Limits,
}

impl Runner {
    /// Starts a runner on a library. `limits` hold for its memory, and for the time of each request.
    pub fn start(library: &Path, threads: usize, limits: Limits) -> Result<Runner> {
        Self::start_filling(library, threads, limits, None)
    }

    /// The same, where new memory is filled with `fill`: results that depend on it use memory that nobody has written.
    pub fn start_filling(library: &Path, threads: usize, limits: Limits, fill: Option<u8>) -> Result<Runner> {
        let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
        command.arg("runner").arg(library).arg("--threads").arg(threads.to_string());
        command.env("HL_NUM_THREADS", threads.to_string()).env_remove(hl_autoscheduler::VARIABLE);
        // Of glibc, see mallopt(3): other libraries ignore it.
        command.envs(fill.map(|byte| ("MALLOC_PERTURB_", byte.to_string())));
        Ok(Runner { dialogue: Dialogue::start(command, PREFIX, limits.memory_bytes)?, limits })
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: &Request) -> Result<Response, Failure> {
        let line = serde_json::to_string(request).expect("requests are plain data");
        let answer = self.dialogue.ask(&line, self.limits.timeout).map_err(|ended| why(&ended, &self.limits))?;
        read_answer(request, &answer)
    }

    /// Whether it can be asked again: an error of the pipeline does not end its runner, a crash does.
    pub fn is_alive(&self) -> bool {
        self.dialogue.is_alive()
    }

    /// Asks for the pipeline's description.
    pub fn describe(&mut self) -> Result<Description, Failure> {
        match self.ask(&Request::Describe)? {
            Response::Description(description) => Ok(description),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for shapes.
    pub fn plan(&mut self, request: &Request) -> Result<Shapes, Failure> {
        match self.ask(request)? {
            Response::Shapes(shapes) => Ok(shapes),
            other => Err(unexpected(&other)),
        }
    }

    /// Has buffers made; returns the bytes of all.
    pub fn prepare(&mut self, shapes: &Shapes, seed: u64, scalars: &[(String, String)]) -> Result<u64, Failure> {
        let request = Request::Prepare { shapes: shapes.clone(), seed, scalars: scalars.to_vec() };
        match self.ask(&request)? {
            Response::Ready { io_bytes } => Ok(io_bytes),
            other => Err(unexpected(&other)),
        }
    }

    /// Has the pipeline called; returns the seconds of all calls together.
    pub fn run(&mut self, calls: u32) -> Result<f64, Failure> {
        match self.ask(&Request::Run { calls })? {
            Response::Ran { seconds } => Ok(seconds),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks what Halide's profiler says of the calls so far: milliseconds a call by name.
    pub fn profile(&mut self) -> Result<Vec<(String, f64)>, Failure> {
        match self.ask(&Request::Profile)? {
            Response::Profile(profile) => Ok(profile),
            other => Err(unexpected(&other)),
        }
    }

    /// Makes a request that has nothing to answer.
    pub fn tell(&mut self, request: &Request) -> Result<(), Failure> {
        match self.ask(request)? {
            Response::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Compares outputs with a file; returns what differs.
    pub fn compare(&mut self, request: &Request) -> Result<Option<Difference>, Failure> {
        match self.ask(request)? {
            Response::Compared { difference } => Ok(difference),
            other => Err(unexpected(&other)),
        }
    }
}

/// Why a runner has ended.
fn why(Ended { finished, tail, answered }: &Ended, limits: &Limits) -> Failure {
    let ended = || Failure { status: Status::Error, message: "the pipeline ended its process".to_owned(), lasts: true };
    let Failure { status, message, lasts } = explain(finished, tail, limits, "running").unwrap_or_else(ended);
    // One that never answered may not have been able to load the library.
    let lasts = lasts && (*answered || !matches!(finished.end, End::Exited(_)));
    Failure { status, message: message.replace("--timeout", "--run-timeout"), lasts }
}

fn read_answer(request: &Request, answer: &str) -> Result<Response, Failure> {
    match serde_json::from_str(answer).and_then(|value| serde_json::from_value(plain::data(value))) {
        Ok(Response::Error { message }) => {
            // These use files, the others only the pipeline.
            let lasts = !matches!(request, Request::Load { .. } | Request::Save { .. } | Request::Compare { .. });
            Err(Failure { status: Status::Error, message, lasts })
        }
        Ok(response) => Ok(response),
        Err(error) => Err(nonsense(format!("a runner's answer makes no sense: {error}"))),
    }
}

fn unexpected(response: &Response) -> Failure {
    nonsense(format!("a runner answered something else: {response:?}"))
}

fn nonsense(message: String) -> Failure {
    Failure { status: Status::Error, message, lasts: false }
}
