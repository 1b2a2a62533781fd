//! Why a child failed: from how it ended and what it printed, to a status and one line that a person can act on.

use std::fmt;

use crate::results::record::Status;
use crate::system::child::{End, Finished, Limits};
use crate::system::tail::{Tail, ERRORS};

/// What faults of the machine are called, which pass: full disks, files that are missing or may not be used.
const OF_THE_MACHINE: [&str; 11] = [
    "No space left",
    "Disk quota exceeded",
    "File too large",
    "Read-only file system",
    "Input/output error",
    "Permission denied",
    "No such file",
    "Text file busy",
    "Too many open files",
    "temporarily unavailable",
    "shared object file",
];
/// What programs say that are short of memory.
const OF_MEMORY: [&str; 6] = [
    "bad_alloc",
    "out of memory",
    "memory exhausted",
    "Cannot allocate memory",
    "memory allocation of",
    "halide_malloc",
];

/// Signals that programs bring upon themselves. SIGBUS is none: a disk that is full sends it, too.
const CRASHES: [i32; 6] = [libc::SIGSEGV, libc::SIGABRT, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// Why a child did not do what it was to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What to report.
    pub status: Status,
    /// Why.
    pub message: String,
    /// Whether it is the pipeline's, or its schedule's, so that trying again under the same limits is of no use. What the machine
    /// or the user did is not: it may be gone the next time.
    pub lasts: bool,
}

impl Failure {
    /// A failure that is not the pipeline's.
    pub fn of_the_machine(error: &anyhow::Error) -> Failure {
        Failure { status: Status::Error, message: format!("{error:#}"), lasts: false }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Whether what kept something from being done is the pipeline's, so that trying again is of no use.
pub fn lasts(error: &anyhow::Error) -> bool {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.lasts,
        None => !error.chain().any(|cause| cause.is::<std::io::Error>()),
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

/// The failure of a child that ended as `finished` says; `None` if it succeeded. `doing` says what it was at.
///
/// A limit on the address space makes allocations fail, and few programs say so: besides their messages, a crash
/// within a quarter of the limit counts as out of memory.
pub fn explain(finished: &Finished, tail: &Tail, limits: &Limits, doing: &str) -> Option<Failure> {
    let (status, message) = describe(finished, tail, limits, doing)?;
    let lasts = match finished.end {
        End::TimedOut => true,
        End::Interrupted => false,
        _ if tail.mentions(&OF_THE_MACHINE) => false,
        // The limit on the address space kills nobody: somebody else did, if only for the memory of the whole machine.
        End::Signalled(signal) => CRASHES.contains(&signal),
        End::Exited(_) => status == Status::OutOfMemory || tail.mentions(&ERRORS),
    };
    Some(Failure { status, message, lasts })
}

fn describe(finished: &Finished, tail: &Tail, limits: &Limits, doing: &str) -> Option<(Status, String)> {
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
        _ if tail.mentions(&OF_MEMORY) => out_of_memory(),
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
        explain(&finished, &tail, &LIMITS, "scheduling").map(|failure| (failure.status, failure.message))
    }

    #[test]
    fn what_the_machine_did_does_not_last() {
        let lasts = |end, peak_memory_bytes, line: &str| {
            let mut tail = Tail::default();
            tail.push(line);
            explain(&Finished { end, seconds: 1.0, peak_memory_bytes }, &tail, &LIMITS, "compiling").unwrap().lasts
        };
        let signal = End::Signalled;
        assert!(lasts(End::Exited(1), 10, "Unhandled exception: Error: no estimate for f"));
        assert!(lasts(End::Exited(1), 10, "LLVM ERROR: out of memory"));
        assert!(lasts(End::TimedOut, 10, ""));
        assert!(lasts(signal(libc::SIGSEGV), 10, "") && lasts(signal(libc::SIGABRT), 900_000_000, ""));
        assert!(!lasts(End::Interrupted, 10, ""));
        assert!(!lasts(signal(libc::SIGKILL), 10, "") && !lasts(signal(libc::SIGKILL), 900_000_000, ""));
        assert!(!lasts(signal(libc::SIGTERM), 10, "") && !lasts(signal(libc::SIGBUS), 10, ""));
        assert!(!lasts(signal(libc::SIGABRT), 10, "LLVM ERROR: IO failure on output stream: No space left on device"));
        assert!(!lasts(End::Exited(1), 10, "Error: cannot write the report to r.json: No space left on device"));
        assert!(!lasts(
            End::Exited(127),
            10,
            "error while loading shared libraries: libHalide.so: cannot open shared object file"
        ));
        assert!(!lasts(End::Exited(1), 10, "warming up"));
    }

    #[test]
    fn errors_last_unless_files_could_not_be_used() {
        let of_the_pipeline = Failure { status: Status::Error, message: "no estimate".to_owned(), lasts: true };
        let of_the_machine = Failure { lasts: false, ..of_the_pipeline.clone() };
        assert!(lasts(&anyhow::Error::new(of_the_pipeline).context("blur")) && lasts(&anyhow::anyhow!("does not fit")));
        assert!(!lasts(&anyhow::Error::new(of_the_machine).context("blur")));
        assert!(!lasts(&anyhow::Error::new(std::io::Error::other("disk")).context("cannot write")));
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
