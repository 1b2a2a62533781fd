//! A child process that answers requests, one line each.

use std::io::Write;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::system::child::{end_of, read_lines, read_raw_lines, End, Finished};
use crate::system::process;
use crate::system::tail::Tail;

/// How often waiting is interrupted to see whether the user wants to stop.
const TICK: Duration = Duration::from_millis(100);

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Dialogue {
    pid: u32,
    stdin: ChildStdin,
    answers: Receiver<String>,
    tail: Arc<Mutex<Tail>>,
    /// Disconnected when all that it said is in `tail`.
    all_said: Receiver<()>,
    start: Instant,
    reaped: bool,
    answered: bool,
}

/// Why there is no answer: the child has ended.
pub struct Ended {
    /// How.
    pub finished: Finished,
    /// The last that it printed on standard error.
    pub tail: Tail,
    /// Whether it ever gave an answer.
    pub answered: bool,
}

impl Dialogue {
    /// Starts a child with at most `memory_bytes` of address space, whose answers are lines of its standard output that have
    /// `prefix`; what is before that is something else's, which ran into the line.
    pub fn start(mut command: Command, prefix: &'static str, memory_bytes: u64) -> Result<Dialogue> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process::confine(&mut command, memory_bytes);
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        let (sender, answers) = channel();
        let stdout = child.stdout.take().expect("stdout is piped");
        thread::spawn(move || {
            read_raw_lines(stdout, |line| {
                if let Some((_, answer)) = line.split_once(prefix) {
                    // Who dropped the dialogue wants no answer.
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
        Ok(Dialogue {
            pid: child.id(),
            stdin: child.stdin.take().expect("stdin is piped"),
            answers,
            tail,
            all_said,
            start: Instant::now(),
            reaped: false,
            answered: false,
        })
    }

    /// Sends a line and waits for the answer, at most so long. The child does not survive that it gives none.
    pub fn ask(&mut self, line: &str, timeout: Duration) -> Result<String, Ended> {
        if writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush()).is_err() {
            return Err(self.end(None));
        }
        let asked = Instant::now();
        loop {
            match self.answers.recv_timeout(TICK) {
                Ok(answer) => {
                    self.answered = true;
                    return Ok(answer);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.end(None)),
                Err(RecvTimeoutError::Timeout) if process::interrupted() => {
                    return Err(self.end(Some(End::Interrupted)))
                }
                Err(RecvTimeoutError::Timeout) if asked.elapsed() >= timeout => {
                    return Err(self.end(Some(End::TimedOut)));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Reaps the process, which has ended or gets killed for the reason given.
    fn end(&mut self, killed: Option<End>) -> Ended {
        if killed.is_some() {
            process::kill_group(self.pid);
        }
        let usage = self.reap();
        // A daemon that it started may hold the pipe open.
        let _ = self.all_said.recv_timeout(TICK);
        let finished = Finished {
            end: killed.or(usage.map(|usage| end_of(&usage))).unwrap_or(End::Exited(1)),
            seconds: self.start.elapsed().as_secs_f64(),
            peak_memory_bytes: usage.map_or(0, |usage| usage.peak_memory_bytes),
        };
        let tail = self.tail.lock().expect("no holder panics").clone();
        Ended { finished, tail, answered: self.answered }
    }

    fn reap(&mut self) -> Option<process::Usage> {
        if std::mem::replace(&mut self.reaped, true) {
            return None;
        }
        process::reap(self.pid).ok()
    }

    /// Whether it can be asked again.
    pub fn is_alive(&self) -> bool {
        !self.reaped
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        if !self.reaped {
            process::kill_group(self.pid);
            self.reap();
        }
    }
}
