//! A program that runs one variant of a kernel: a request a line in, a measurement a line out.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};

use crate::system::process;

/// Longest that one request may take.
const TIMEOUT: Duration = Duration::from_secs(180);
/// How often an interrupt is looked for.
const POLL: Duration = Duration::from_millis(100);

/// A running program; it ends with this value.
pub struct Program {
    name: String,
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
}

/// What became of a request.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Seconds of one call.
    Seconds(f64),
    /// The user does not want to wait for it.
    Interrupted,
}

impl Program {
    /// Starts `file` with `arguments` in an address space of `memory_bytes`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(file: &Path, arguments: &[String], memory_bytes: u64) -> Result<Program> {
        let mut command = Command::new(file);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        process::confine(&mut command, memory_bytes);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", file.display()))?;
        let requests = child.stdin.take().context("stdin is piped")?;
        let lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let name = std::iter::once(file.display().to_string()).chain(arguments.iter().cloned());
        Ok(Program { name: name.collect::<Vec<_>>().join(" "), child, requests, answers })
    }

    /// Sends `request` and waits for the time.
    ///
    /// # Errors
    /// A program that ended, answered with an error (a wrong result is one), with no time, or not in time.
    pub fn time(&mut self, request: &str) -> Result<Answer> {
        let place = || format!("{}: {request}", self.name);
        // A program that has ended shows when its answer is awaited.
        let _ = writeln!(self.requests, "{request}");
        let start = Instant::now();
        loop {
            match self.answers.recv_timeout(POLL) {
                Ok(line) => return seconds(&line).map(Answer::Seconds).with_context(place),
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let status = process::reap(self.child.id()).with_context(place)?.status;
                    bail!("{} ended ({status}), perhaps out of memory", place());
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if process::interrupted() {
                        return Ok(Answer::Interrupted);
                    }
                    ensure!(start.elapsed() < TIMEOUT, "{} took more than {} s", place(), TIMEOUT.as_secs());
                }
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        process::kill_group(self.child.id());
        // A zombie would stay until we end; its status does not matter.
        let _ = self.child.wait();
    }
}

/// The time in an answer.
fn seconds(line: &str) -> Result<f64> {
    if let Some(error) = line.strip_prefix("error=") {
        bail!("{error}");
    }
    let value = line.split_whitespace().find_map(|pair| pair.strip_prefix("seconds="));
    let seconds: f64 = value.with_context(|| format!("no time in the answer `{line}`"))?.parse()?;
    ensure!(seconds > 0.0 && seconds.is_finite(), "{seconds} seconds are no time");
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::start(Path::new("sh"), &["-c".to_owned(), script.to_owned()], 1 << 30).unwrap()
    }

    #[test]
    fn answers_come_back_in_turn() {
        let mut program = shell("while read line; do echo spread=0 seconds=1e-$line calls=3; done");
        assert_eq!(program.time("3").unwrap(), Answer::Seconds(1e-3));
        assert_eq!(program.time("6").unwrap(), Answer::Seconds(1e-6));
    }

    #[test]
    fn faults_name_the_program_and_the_request() {
        let message = |script: &str| format!("{:#}", shell(script).time("m=7").unwrap_err());
        for (script, complaint) in [
            ("read line; echo error=wrong at '(1,2)'", "wrong at (1,2)"),
            ("read line; echo spread=1", "no time"),
            ("read line; echo seconds=0", "no time"),
            ("read line; echo seconds=fast", "invalid float"),
            ("exit 3", "ended (exit status: 3)"),
        ] {
            let text = message(script);
            assert!(text.contains(complaint) && text.contains("sh -c") && text.contains("m=7"), "{text}");
        }
        assert!(Program::start(Path::new("/no/such"), &[], 1 << 30).is_err());
    }
}
