//! Why a child failed: from how it ended and what it printed, to a status and one line that a person can act on.

use std::collections::VecDeque;

use crate::child::{End, Finished, Limits};
use crate::record::Status;

/// Lines kept at the end of a log.
const TAIL: usize = 30;
/// How our plugin begins to say why it is not there; Halide says only that it does not know the autoscheduler.
const NOT_LOADED: &str = "Srivastava2020: not loaded";
/// Characters kept of a message.
const MESSAGE: usize = 400;

/// The end of what a child printed on standard error.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    /// Adds a line; blank ones say nothing and are left out.
    pub fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.lines.len() == TAIL {
            self.lines.pop_front();
        }
        self.lines.push_back(line.trim().to_owned());
    }

    /// The error: from the last line that starts one, the lines after it included, else the last line.
    fn error(&self) -> Option<String> {
        let starts = |line: &String| {
            let markers = ["Error:", "error:", "Error at", "error at", "LLVM ERROR", "terminate called", "panicked at"];
            markers.iter().any(|marker| line.contains(marker))
        };
        if let Some(line) = self.lines.iter().find(|line| line.starts_with(NOT_LOADED)) {
            return Some(line.chars().take(MESSAGE).collect());
        }
        let from = self.lines.iter().rposition(starts).or(self.lines.len().checked_sub(1))?;
        // An internal error of Halide is headed "Unhandled exception: Internal Error at FILE", and the text follows.
        let text = self.lines.range(from..).take(4).cloned().collect::<Vec<_>>().join(" ");
        let text = text.trim_start_matches("Unhandled exception: ").trim_start_matches("Error: ").trim().to_owned();
        // Where in Halide or in a plugin a user error was found is no help to the user.
        let user_error = text.strip_prefix("User error at ").and_then(|rest| rest.split_once("Error: "));
        let text = user_error.map_or(text.as_str(), |(_, message)| message);
        Some(text.chars().take(MESSAGE).collect())
    }

    fn mentions_memory(&self) -> bool {
        let markers = [
            "bad_alloc",
            "out of memory",
            "memory exhausted",
            "Cannot allocate memory",
            "memory allocation of",
            "halide_malloc",
        ];
        self.lines.iter().any(|line| markers.iter().any(|marker| line.contains(marker)))
    }
}

/// Name of a signal that crashes produce.
fn signal_name(signal: i32) -> String {
    match signal {
        libc::SIGSEGV => "SIGSEGV (invalid memory access or stack overflow)".to_owned(),
        libc::SIGABRT => "SIGABRT".to_owned(),
        libc::SIGBUS => "SIGBUS".to_owned(),
        libc::SIGFPE => "SIGFPE (division by zero)".to_owned(),
        libc::SIGILL => "SIGILL (illegal instruction)".to_owned(),
        libc::SIGKILL => "SIGKILL".to_owned(),
        other => format!("signal {other}"),
    }
}

/// Status and message of a child that ended as `finished` says; `None` if it succeeded. `doing` says what it was at.
///
/// A limit on the address space makes allocations fail, and few programs say so: besides their messages, a crash
/// within a quarter of the limit counts as out of memory.
pub fn explain(finished: &Finished, tail: &Tail, limits: &Limits, doing: &str) -> Option<(Status, String)> {
    let megabytes = finished.peak_memory_bytes / 1_000_000;
    let near_limit = finished.peak_memory_bytes > limits.memory_bytes / 4 * 3;
    let out_of_memory = || {
        let message = format!(
            "ran out of its {} MB of memory while {doing} (at most {megabytes} MB were resident); see --memory-limit",
            limits.memory_bytes / 1_000_000
        );
        Some((Status::OutOfMemory, message))
    };
    match finished.end {
        End::Exited(0) => None,
        End::TimedOut => {
            let message = format!("still {doing} after {} s; see --timeout", limits.timeout.as_secs_f64());
            Some((Status::Timeout, message))
        }
        End::Interrupted => Some((Status::Error, "interrupted".to_owned())),
        _ if tail.mentions_memory() => out_of_memory(),
        End::Signalled(_) if near_limit => out_of_memory(),
        End::Signalled(signal) => {
            let error = tail.error().map(|error| format!("; its last words: {error}")).unwrap_or_default();
            Some((Status::Error, format!("crashed while {doing} with {}{error}", signal_name(signal))))
        }
        End::Exited(code) => {
            let message = tail.error().unwrap_or_else(|| format!("exit code {code} while {doing}, without a message"));
            Some((Status::Error, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LIMITS: Limits = Limits { memory_bytes: 1_000_000_000, timeout: Duration::from_secs(60) };

    fn case(end: End, peak_memory_bytes: u64, lines: &[&str]) -> Option<(Status, String)> {
        let mut tail = Tail::default();
        lines.iter().for_each(|line| tail.push(line));
        let finished = Finished { end, seconds: 1.0, peak_memory_bytes };
        explain(&finished, &tail, &LIMITS, "scheduling")
    }

    #[test]
    fn success_needs_no_message() {
        assert_eq!(case(End::Exited(0), 10, &["Warning: something"]), None);
    }

    #[test]
    fn halide_user_error() {
        let lines = ["Generator x has base_path", "Unhandled exception: Error: no estimate for f", "dimension y", ""];
        let (status, message) = case(End::Exited(1), 10, &lines).unwrap();
        assert_eq!((status, message.as_str()), (Status::Error, "no estimate for f dimension y"));
    }

    #[test]
    fn user_error_found_in_a_plugin() {
        let lines = ["Unhandled exception: User error at cpp/request.cpp:33 Error: bad parameter"];
        assert_eq!(case(End::Exited(1), 10, &lines).unwrap().1, "bad parameter");
    }

    #[test]
    fn a_plugin_that_was_not_loaded() {
        let lines = [
            "Srivastava2020: not loaded: libHalide.so is Halide 19.0.0, and the plugin was built for Halide 21.0.0.",
            "Unhandled exception: Error: Unknown autoscheduler name 'Srivastava2020'; known names are:",
        ];
        assert_eq!(case(End::Exited(1), 10, &lines).unwrap().1, lines[0]);
    }

    #[test]
    fn memory_by_message_and_by_use() {
        let abort = End::Signalled(libc::SIGABRT);
        assert_eq!(case(abort, 10, &["  what():  std::bad_alloc"]).unwrap().0, Status::OutOfMemory);
        assert_eq!(case(End::Exited(1), 10, &["LLVM ERROR: out of memory"]).unwrap().0, Status::OutOfMemory);
        assert_eq!(case(End::Signalled(libc::SIGSEGV), 900_000_000, &[]).unwrap().0, Status::OutOfMemory);
    }

    #[test]
    fn crash_and_timeout() {
        let (status, message) = case(End::Signalled(libc::SIGSEGV), 10, &["Compiling f"]).unwrap();
        assert_eq!(status, Status::Error);
        assert!(message.contains("SIGSEGV") && message.contains("scheduling") && message.contains("Compiling f"));
        let (status, message) = case(End::TimedOut, 10, &[]).unwrap();
        assert_eq!(status, Status::Timeout);
        assert!(message.contains("60 s"));
    }
}
