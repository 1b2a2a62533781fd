//! The system calls that std has no safe name for: limits, process groups, resource usage, the interrupt flag.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};

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

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_interrupt(_signal: libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// From now on the first Ctrl-C (or SIGTERM) only sets the flag that [`interrupted`] reads; a second one kills as usual.
pub fn catch_interrupt() {
    // SAFETY: a zeroed sigaction is valid (empty mask, no flags); the handler only stores to an atomic.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_interrupt as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART;
        libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
        libc::sigaction(libc::SIGTERM, &action, std::ptr::null_mut());
    }
}

/// Whether the user asked to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
