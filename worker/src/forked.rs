//! Runs a function in a forked process, under limits.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::time::Instant;

use anyhow::{Context, Result};
use nnc_worker_protocol::{Done, End, Limits, Progress};

/// The most that is kept of what a process prints, bytes: the end says why it failed, and what an autoscheduler expects.
const KEPT: u64 = 64 << 10;

/// Has `body` run in a child, to its end or that of the limits.
pub fn run(limits: &Limits, body: impl FnOnce() -> (Progress, Result<(), String>)) -> Result<Done> {
    let mut said = tempfile::tempfile().context("cannot make a temporary file")?;
    let (mut results, result) = io::pipe().context("cannot make a pipe")?;
    let start = Instant::now();
    // SAFETY: this process has one thread, so that its child may do whatever it could itself.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()).context("cannot fork"),
        0 => {
            drop(results);
            child(limits, &said, result, body)
        }
        _ => {
            drop(result);
            let mut text = Vec::new();
            results.read_to_end(&mut text).context("cannot read from a pipe")?;
            let (end, peak_memory_bytes) = reap(pid)?;
            let progress = serde_json::from_slice(&text).unwrap_or_default();
            let seconds = start.elapsed().as_secs_f64();
            Ok(Done { end, progress, seconds, peak_memory_bytes, said: last(&mut said)? })
        }
    }
}

/// Everything that the child does. It never returns to what its parent was doing.
fn child(
    limits: &Limits,
    said: &File,
    mut result: impl Write,
    body: impl FnOnce() -> (Progress, Result<(), String>),
) -> ! {
    let outcome = confine(limits, said).map_err(|error| format!("cannot set limits: {error}")).and_then(|()| {
        let (progress, outcome) = body();
        let text = serde_json::to_vec(&progress).expect("progress is plain data");
        let told = result.write_all(&text).map_err(|error| error.to_string());
        outcome.and(told)
    });
    if let Err(message) = &outcome {
        eprintln!("Error: {message}");
    }
    // SAFETY: _exit takes an integer. Nothing of the parent's is flushed or torn down.
    unsafe { libc::_exit(i32::from(outcome.is_err())) }
}

/// Sets limits for this process, and has what it prints go to a file.
fn confine(limits: &Limits, said: &File) -> io::Result<()> {
    let check = |status| if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) };
    let set = |resource, value: u64| {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: `limit` is valid and outlives the call.
        check(unsafe { libc::setrlimit(resource, &limit) })
    };
    let time = libc::timeval {
        tv_sec: limits.seconds as libc::time_t,
        // Zero would be no limit.
        tv_usec: ((limits.seconds.fract() * 1e6) as libc::suseconds_t).max(1),
    };
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: time };
    for output in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both are open file descriptors of this process.
        if unsafe { libc::dup2(said.as_raw_fd(), output) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: prctl reads its integer arguments only.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
    set(libc::RLIMIT_CORE, 0)?;
    set(libc::RLIMIT_AS, limits.memory_bytes)?;
    // SAFETY: `timer` is valid, and the old one is not asked for. Nothing catches the signal, which kills the process.
    check(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) })
}

/// Waits for a child; returns how it ended, and its peak memory in bytes.
fn reap(pid: libc::pid_t) -> Result<(End, u64)> {
    let mut status = 0;
    // SAFETY: rusage is plain integers, for which zero is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for writes during the call.
    while unsafe { libc::wait4(pid, &mut status, 0, &mut usage) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error).context("cannot wait for a child");
        }
    }
    let end = match libc::WTERMSIG(status) {
        _ if libc::WIFEXITED(status) => End::Exited(libc::WEXITSTATUS(status)),
        libc::SIGALRM => End::TimedOut,
        signal => End::Signalled(signal),
    };
    // Linux counts ru_maxrss in KiB.
    Ok((end, usage.ru_maxrss as u64 * 1024))
}

/// The last that is in a file.
fn last(file: &mut File) -> Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
    let mut text = Vec::new();
    file.take(KEPT).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
