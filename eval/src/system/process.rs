//! The system calls that std has no safe name for: limits, process groups, resource usage, pipes, signals.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How a child process ended, and what it used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// Peak resident memory, bytes.
    pub peak_memory_bytes: u64,
}

/// Makes the child that `command` starts the leader of its own process group, gives it at most `memory_bytes` of
/// address space, no core file, and has the kernel kill it when the thread that started it ends.
pub fn confine(command: &mut Command, memory_bytes: u64) {
    let set = |resource, value: u64| {
        let mut limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: `limit` is a valid rlimit that outlives both calls.
        unsafe {
            let mut present = limit;
            if libc::getrlimit(resource, &mut present) == 0 {
                // A limit that is in force already can only be lowered.
                limit.rlim_max = value.min(present.rlim_max);
                limit.rlim_cur = limit.rlim_max;
            }
            libc::setrlimit(resource, &limit)
        }
    };
    let confine = move || {
        // SAFETY: prctl with PR_SET_PDEATHSIG reads its integer arguments only.
        let orphan = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        let failed = set(libc::RLIMIT_AS, memory_bytes) != 0 || set(libc::RLIMIT_CORE, 0) != 0 || orphan != 0;
        if failed {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    };
    command.process_group(0);
    // SAFETY: between fork and exec the closure makes only async-signal-safe system calls and allocates nothing.
    unsafe { command.pre_exec(confine) };
}

/// Niceness of what runs beside the user's own work.
const BACKGROUND: libc::c_int = 10;

/// Has the processes that this thread starts from now on run in the background. Failing to changes nothing but that.
pub fn run_in_background() {
    // SAFETY: setpriority takes integers only; on Linux it changes the calling thread alone.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, BACKGROUND) };
}

/// Kills the process group that the child `pid` leads.
pub fn kill_group(pid: u32) {
    // SAFETY: kill takes integers only; a group that is gone already is an error code, which is fine.
    unsafe { libc::kill(-(pid as libc::pid_t), libc::SIGKILL) };
}

/// What the child `pid` used, if it has ended. The child is reaped: never ask again after `Some`.
pub fn try_wait(pid: u32) -> io::Result<Option<Usage>> {
    let mut status = 0;
    // SAFETY: rusage is plain integers, for which zero is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for writes during the call.
    let waited = unsafe { libc::wait4(pid as libc::pid_t, &mut status, libc::WNOHANG, &mut usage) };
    match waited {
        0 => Ok(None),
        -1 => Err(io::Error::last_os_error()),
        // Linux counts ru_maxrss in KiB.
        _ => Ok(Some(Usage { status: ExitStatus::from_raw(status), peak_memory_bytes: usage.ru_maxrss as u64 * 1024 })),
    }
}

/// How long a child that closed its pipes may take to end by itself.
const LAST_STEPS: Duration = Duration::from_secs(1);

/// Waits for the child `pid`, which is about to end, and reaps it. One that does not is killed with its group.
pub fn reap(pid: u32) -> io::Result<Usage> {
    let start = Instant::now();
    loop {
        if let Some(usage) = try_wait(pid)? {
            return Ok(usage);
        }
        if start.elapsed() >= LAST_STEPS {
            kill_group(pid);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether reading from `pipe` would not block, waiting at most `patience` for that. At the end of a pipe it would not.
pub fn wait_readable(pipe: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = libc::c_int::try_from(patience.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: `poll` is one valid pollfd, writable during the call, and `pipe` is open for as long.
    match unsafe { libc::poll(&mut poll, 1, milliseconds) } {
        -1 => Err(io::Error::last_os_error()),
        ready => Ok(ready > 0),
    }
}

/// The signal that asked us to end; 0 as long as none has.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// How many hold that there is nothing to clean up.
static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
/// What a process says that ends at once; a bar may be on the terminal's line.
const LAST_WORDS: &[u8] = b"\nnnc: interrupted\n";

extern "C" fn on_signal(signal: libc::c_int) {
    SIGNAL.store(signal, Ordering::SeqCst);
    if AT_ONCE.load(Ordering::SeqCst) > 0 {
        // SAFETY: write and _exit are async-signal-safe, and the bytes are static.
        unsafe {
            libc::write(libc::STDERR_FILENO, LAST_WORDS.as_ptr().cast(), LAST_WORDS.len());
            libc::_exit(libc::c_int::from(exit_code(signal)));
        }
    }
}

/// From now on the first Ctrl-C or SIGTERM only sets the flag that [`interrupted`] reads, or ends the process at once where
/// an [`AtOnce`] allows it; a second one kills as usual.
pub fn catch_signals() {
    // SAFETY: a zeroed sigaction is valid (empty mask, no flags); the handler calls what is async-signal-safe only.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART;
        libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
        libc::sigaction(libc::SIGTERM, &action, std::ptr::null_mut());
    }
}

/// As long as it lives, a signal ends the process where it is: for work that takes long, looks at no flag, and has nothing to
/// clean up.
pub struct AtOnce(());

impl AtOnce {
    /// Begins. A process that was asked to end before does so now.
    pub fn begin() -> AtOnce {
        AT_ONCE.fetch_add(1, Ordering::SeqCst);
        if let Some(signal) = signal() {
            eprintln!("nnc: interrupted");
            std::process::exit(exit_code(signal).into());
        }
        AtOnce(())
    }
}

impl Drop for AtOnce {
    fn drop(&mut self) {
        AT_ONCE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the user asked to stop.
pub fn interrupted() -> bool {
    signal().is_some()
}

/// The signal by which the user asked to stop.
pub fn signal() -> Option<libc::c_int> {
    Some(SIGNAL.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// The exit code of a process that a signal ended, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
pub fn exit_code(signal: libc::c_int) -> u8 {
    u8::try_from(signal).map_or(u8::MAX, |signal| 128 + signal)
}
