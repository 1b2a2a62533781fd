//! Runs a command to its end under a memory limit and a time limit.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::plain;
use crate::process;

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
pub fn run(mut command: Command, limits: &Limits, mut on_line: impl FnMut(f64, &str) + Send) -> Result<Finished> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    process::confine(&mut command, limits.memory_bytes);
    let start = Instant::now();
    let mut child =
        command.spawn().with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
    let stderr = child.stderr.take().expect("stderr is piped");
    thread::scope(|scope| {
        scope.spawn(move || read_lines(stderr, |line| on_line(start.elapsed().as_secs_f64(), line)));
        wait(child.id(), start, limits.timeout)
    })
}

/// Gives `on_line` each line that a child prints, without what would do more to a terminal than show it.
pub fn read_lines(stream: impl Read, mut on_line: impl FnMut(&str)) {
    read_raw_lines(stream, |text| on_line(plain::line(text).trim_end()));
}

/// Gives `on_line` each line that a child prints.
pub fn read_raw_lines(stream: impl Read, mut on_line: impl FnMut(&str)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    // A generator may print gigabytes without a line end: cut lines keep our own memory bounded.
    while reader.by_ref().take(1 << 20).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        on_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
}

fn wait(pid: u32, start: Instant, timeout: Duration) -> Result<Finished> {
    let mut killed = None;
    loop {
        if let Some(usage) = process::try_wait(pid)? {
            // What the child itself started must not outlive it, nor hold its pipes open.
            process::kill_group(pid);
            return Ok(Finished {
                end: killed.unwrap_or_else(|| end_of(&usage)),
                seconds: start.elapsed().as_secs_f64(),
                peak_memory_bytes: usage.peak_memory_bytes,
            });
        }
        if killed.is_none() && start.elapsed() >= timeout {
            killed = Some(End::TimedOut);
        }
        if killed.is_none() && process::interrupted() {
            killed = Some(End::Interrupted);
        }
        if killed.is_some() {
            process::kill_group(pid);
        }
        // Short children are polled often, so that their times are exact; long ones cost nothing.
        let pause = (start.elapsed() / 100).clamp(Duration::from_millis(1), Duration::from_millis(20));
        thread::sleep(pause);
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
    fn terminals_are_spared() {
        let (_, lines) = shell(r"printf '\033[31m    red\033[0m\r\n\007\377x\n' >&2", 1 << 30, 10_000);
        assert_eq!(lines, ["    red", "\u{fffd}x"]);
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
