//! Runs a command to its end under a memory limit and a time limit.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::process::{ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::system::plain;
use crate::system::process;

/// What one child process may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Address space, bytes.
    pub memory_bytes: u64,
    /// Wall-clock time.
    pub timeout: Duration,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It exited with this code.
    Exited(i32),
    /// This signal killed it.
    Signalled(i32),
    /// It ran past its time limit and was killed.
    TimedOut,
    /// The user stopped us, and it was killed.
    Interrupted,
}

/// A child that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// How.
    pub end: End,
    /// Wall-clock seconds it lived.
    pub seconds: f64,
    /// Peak resident memory, bytes.
    pub peak_memory_bytes: u64,
}

/// How a child that was not killed by us ended.
pub fn end_of(usage: &process::Usage) -> End {
    use std::os::unix::process::ExitStatusExt;
    match (usage.status.code(), usage.status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or(0)),
    }
}

/// Runs `command` with empty standard input and output. `on_line` gets each line of its standard error, with the
/// seconds since the start. Fails only if the command cannot be started.
///
/// Ends when the command does, or soon after its time is up or the user stops us, whoever else holds its pipe open.
pub fn run(mut command: Command, limits: &Limits, mut on_line: impl FnMut(f64, &str)) -> Result<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    process::confine(&mut command, limits.memory_bytes);
    let start = Instant::now();
    let mut child =
        command.spawn().with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    let pid = child.id();
    let mut log = Log { pipe: child.stderr.take(), line: Vec::new() };
    let mut on_line = |line: &str| on_line(start.elapsed().as_secs_f64(), line);
    let mut killed = None;
    loop {
        // Short children are polled often, so that their times are exact; long ones cost nothing.
        let pause = (start.elapsed() / 100).clamp(Duration::from_millis(1), Duration::from_millis(20));
        log.read(pause, &mut on_line);
        if let Some(usage) = process::try_wait(pid)? {
            let seconds = start.elapsed().as_secs_f64();
            // What the child itself started must not outlive it.
            process::kill_group(pid);
            log.read_rest(&mut on_line);
            let end = killed.unwrap_or_else(|| end_of(&usage));
            return Ok(Finished { end, seconds, peak_memory_bytes: usage.peak_memory_bytes });
        }
        if killed.is_none() && start.elapsed() >= limits.timeout {
            killed = Some(End::TimedOut);
        }
        if killed.is_none() && process::interrupted() {
            killed = Some(End::Interrupted);
        }
        if killed.is_some() {
            process::kill_group(pid);
        }
    }
}

/// Gives `on_line` each line that a child prints, without what would do more to a terminal than show it.
pub fn read_lines(stream: impl Read, mut on_line: impl FnMut(&str)) {
    read_raw_lines(stream, |text| on_line(plain::line(text).trim_end()));
}

/// Gives `on_line` each line that a child prints.
pub fn read_raw_lines(stream: impl Read, mut on_line: impl FnMut(&str)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        on_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
}

/// Bytes read at a time.
const BLOCK: usize = 1 << 16;
/// The most that a pipe holds, unless an administrator allows more.
const PIPE_BYTES: usize = 1 << 20;
/// A generator may print gigabytes without a line end: cut lines keep our own memory bounded.
const LONGEST_LINE: usize = 1 << 20;

/// Standard error of a child, cut into lines as it comes.
struct Log {
    /// `None` at its end.
    pipe: Option<ChildStderr>,
    /// The beginning of a line.
    line: Vec<u8>,
}

impl Log {
    /// Reads what is there, waiting at most `patience` for it. Returns the number of bytes.
    fn read(&mut self, patience: Duration, on_line: &mut impl FnMut(&str)) -> usize {
        let Some(pipe) = &mut self.pipe else {
            thread::sleep(patience);
            return 0;
        };
        if !process::wait_readable(pipe.as_fd(), patience).unwrap_or(false) {
            return 0;
        }
        let mut block = [0; BLOCK];
        let read = pipe.read(&mut block).unwrap_or(0);
        if read == 0 {
            self.pipe = None;
        }
        for piece in block[..read].split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
                self.end_line(on_line);
            }
        }
        read
    }

    /// Reads what the child, which has ended, left in the pipe. A daemon of its may hold that open, and go on writing.
    fn read_rest(&mut self, on_line: &mut impl FnMut(&str)) {
        let mut total = 0;
        while self.pipe.is_some() && total < PIPE_BYTES {
            match self.read(Duration::ZERO, on_line) {
                0 => break,
                read => total += read,
            }
        }
        if !self.line.is_empty() {
            self.end_line(on_line);
        }
    }

    fn end_line(&mut self, on_line: &mut impl FnMut(&str)) {
        on_line(plain::line(&String::from_utf8_lossy(&self.line)).trim_end());
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, memory_bytes: u64, timeout_ms: u64) -> (Finished, Vec<String>) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let limits = Limits { memory_bytes, timeout: Duration::from_millis(timeout_ms) };
        let mut lines = Vec::new();
        let finished = run(command, &limits, |_, line| lines.push(line.to_owned())).expect("sh starts");
        (finished, lines)
    }

    #[test]
    fn exit_code_and_stderr_come_back() {
        let (finished, lines) = shell("echo one >&2; echo two >&2; exit 3", 1 << 30, 10_000);
        assert_eq!(finished.end, End::Exited(3));
        assert_eq!(lines, ["one", "two"]);
        assert!(finished.peak_memory_bytes > 0);
    }

    #[test]
    fn sleeper_is_killed_with_its_children() {
        let (finished, _) = shell("sleep 60 & sleep 60", 1 << 30, 100);
        assert_eq!(finished.end, End::TimedOut);
        assert!(finished.seconds < 10.0);
    }

    #[test]
    fn orphans_do_not_hold_the_pipe() {
        let (finished, _) = shell("sleep 60 & exit 0", 1 << 30, 30_000);
        assert_eq!(finished.end, End::Exited(0));
        assert!(finished.seconds < 10.0);
    }

    /// Says so on the pipe that it holds open, after two seconds: who has waited for it has read that.
    const DAEMON: &str = "setsid sh -c 'sleep 2; echo late >&2' & sleep 0.3";

    #[test]
    fn daemons_are_not_waited_for() {
        let (finished, lines) = shell(&format!("echo early >&2; {DAEMON}; exit 3"), 1 << 30, 30_000);
        assert_eq!((finished.end, lines), (End::Exited(3), vec!["early".to_owned()]));
        let (finished, lines) = shell(&format!("{DAEMON}; sleep 60"), 1 << 30, 600);
        assert_eq!((finished.end, lines), (End::TimedOut, vec![]));
    }

    #[test]
    fn daemons_that_write_on_are_cut_off() {
        let daemon = "setsid sh -c 'timeout 20 sh -c \"while :; do echo on; done\"; echo late' >&2 & sleep 0.3";
        let (finished, lines) = shell(daemon, 1 << 30, 30_000);
        assert_eq!(finished.end, End::Exited(0));
        assert!(!lines.iter().any(|line| line.contains("late")));
    }

    #[test]
    fn terminals_are_spared() {
        let (_, lines) = shell(r"printf '\033[31m    red\033[0m\r\n\007\377x\n' >&2", 1 << 30, 10_000);
        assert_eq!(lines, ["    red", "\u{fffd}x"]);
    }

    #[test]
    fn last_line_needs_no_end() {
        let (_, lines) = shell("printf 'one\\n\\ntwo' >&2", 1 << 30, 10_000);
        assert_eq!(lines, ["one", "", "two"]);
    }

    #[test]
    fn hog_hits_the_memory_limit() {
        let script = "head -c 400000000 /dev/zero | tail -c 300000000 > /dev/null";
        let (finished, lines) = shell(script, 100 << 20, 30_000);
        assert_eq!(finished.end, End::Exited(1), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("memory")), "{lines:?}");
    }

    #[test]
    fn crash_is_a_signal() {
        let (finished, _) = shell("kill -SEGV $$", 1 << 30, 10_000);
        assert_eq!(finished.end, End::Signalled(libc::SIGSEGV));
    }

    #[test]
    fn missing_program_is_an_error() {
        let limits = Limits { memory_bytes: 1 << 30, timeout: Duration::from_secs(1) };
        let error = run(Command::new("/no/such/program"), &limits, |_, _| ()).unwrap_err();
        assert!(error.to_string().contains("/no/such/program"));
    }
}
