//! The parent's side of a worker process.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::protocol::{Description, Difference, Request, Response, Shapes, PREFIX};
use crate::child::{end_of, read_lines, read_raw_lines, End, Finished, Limits};
use crate::failure::{explain, Failure, Tail};
use crate::hl_autoscheduler;
use crate::plain;
use crate::process;
use crate::record::Status;

/// How often waiting is interrupted to see whether the user wants to stop.
const TICK: Duration = Duration::from_millis(100);

/// A running worker. Dropping it kills it.
pub struct Worker {
    pid: u32,
    stdin: ChildStdin,
    answers: Receiver<String>,
    tail: Arc<Mutex<Tail>>,
    /// Disconnected when all that it said is in `tail`.
    all_said: Receiver<()>,
    limits: Limits,
    start: Instant,
    reaped: bool,
    /// Whether it ever did, which shows that the library could be loaded.
    answered: bool,
}

impl Worker {
    /// Starts a worker on a library. `limits` hold for its memory, and for the time of each request.
    pub fn start(library: &Path, threads: usize, limits: Limits) -> Result<Worker> {
        Self::start_filling(library, threads, limits, None)
    }

    /// The same, where new memory is filled with `fill`: results that depend on it use memory that nobody has written.
    pub fn start_filling(library: &Path, threads: usize, limits: Limits, fill: Option<u8>) -> Result<Worker> {
        let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
        command.arg("worker").arg(library).arg("--threads").arg(threads.to_string());
        command.env("HL_NUM_THREADS", threads.to_string()).env_remove(hl_autoscheduler::VARIABLE);
        // Of glibc, see mallopt(3): other libraries ignore it.
        command.envs(fill.map(|byte| ("MALLOC_PERTURB_", byte.to_string())));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process::confine(&mut command, limits.memory_bytes);
        let mut child = command.spawn().context("cannot start a worker")?;
        let (sender, answers) = channel();
        let stdout = child.stdout.take().expect("stdout is piped");
        thread::spawn(move || {
            read_raw_lines(stdout, |line| {
                // What a pipeline prints may run into an answer's line.
                if let Some((_, answer)) = line.split_once(PREFIX) {
                    // Who dropped the worker wants no answer.
                    let _ = sender.send(answer.to_owned());
                }
            });
        });
        let stderr = child.stderr.take().expect("stderr is piped");
        let tail = Arc::new(Mutex::new(Tail::default()));
        let (said, all_said) = channel::<()>();
        let kept = Arc::clone(&tail);
        thread::spawn(move || {
            read_lines(stderr, |line| kept.lock().expect("no holder panics").push(line));
            drop(said);
        });
        Ok(Worker {
            pid: child.id(),
            stdin: child.stdin.take().expect("stdin is piped"),
            answers,
            tail,
            all_said,
            limits,
            start: Instant::now(),
            reaped: false,
            answered: false,
        })
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: &Request) -> Result<Response, Failure> {
        let line = serde_json::to_string(request).expect("requests are plain data");
        if writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush()).is_err() {
            return Err(self.end(None));
        }
        let asked = Instant::now();
        loop {
            match self.answers.recv_timeout(TICK) {
                Ok(answer) => {
                    self.answered = true;
                    return read_answer(request, &answer);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.end(None)),
                Err(RecvTimeoutError::Timeout) if process::interrupted() => {
                    return Err(self.end(Some(End::Interrupted)))
                }
                Err(RecvTimeoutError::Timeout) if asked.elapsed() >= self.limits.timeout => {
                    return Err(self.end(Some(End::TimedOut)));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Reaps the process, which has ended or gets killed for the reason given, and says why there is no answer.
    fn end(&mut self, killed: Option<End>) -> Failure {
        if killed.is_some() {
            process::kill_group(self.pid);
        }
        let usage = self.reap();
        // A daemon that the pipeline started may hold the pipe open.
        let _ = self.all_said.recv_timeout(TICK);
        let tail = self.tail.lock().expect("no holder panics").clone();
        let end = killed.or(usage.map(|usage| end_of(&usage))).unwrap_or(End::Exited(1));
        let finished = Finished {
            end,
            seconds: self.start.elapsed().as_secs_f64(),
            peak_memory_bytes: usage.map_or(0, |usage| usage.peak_memory_bytes),
        };
        let failure = explain(&finished, &tail, &self.limits, "running");
        let ended =
            || Failure { status: Status::Error, message: "the pipeline ended its process".to_owned(), lasts: true };
        let Failure { status, message, lasts } = failure.unwrap_or_else(ended);
        let lasts = lasts && (self.answered || !matches!(end, End::Exited(_)));
        Failure { status, message: message.replace("--timeout", "--run-timeout"), lasts }
    }

    fn reap(&mut self) -> Option<process::Usage> {
        if std::mem::replace(&mut self.reaped, true) {
            return None;
        }
        process::reap(self.pid).ok()
    }

    /// Whether it can be asked again: an error of the pipeline does not end its worker, a crash does.
    pub fn is_alive(&self) -> bool {
        !self.reaped
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

fn read_answer(request: &Request, answer: &str) -> Result<Response, Failure> {
    match serde_json::from_str(answer).and_then(|value| serde_json::from_value(plain::data(value))) {
        Ok(Response::Error { message }) => {
            // These use files, the others only the pipeline.
            let lasts = !matches!(request, Request::Load { .. } | Request::Save { .. } | Request::Compare { .. });
            Err(Failure { status: Status::Error, message, lasts })
        }
        Ok(response) => Ok(response),
        Err(error) => Err(nonsense(format!("a worker's answer makes no sense: {error}"))),
    }
}

fn unexpected(response: &Response) -> Failure {
    nonsense(format!("a worker answered something else: {response:?}"))
}

fn nonsense(message: String) -> Failure {
    Failure { status: Status::Error, message, lasts: false }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.reaped {
            process::kill_group(self.pid);
            self.reap();
        }
    }
}
