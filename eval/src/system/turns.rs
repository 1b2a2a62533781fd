//! Runs of `nnc` on this machine take turns, whoever's they are: who times is alone, and compilers run beside each other only.
//!
//! The turns are advisory locks (flock) on files in a folder that all users share, which the kernel takes back however a
//! process ends. There are two. Everybody passes the gate on the way to the floor, and waits for the floor inside of the
//! gate, so that nobody who comes again and again overtakes those who wait.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::process;
use crate::system::progress::say;

/// Where the files are: not where `TMPDIR` says, which differs from user to user.
const FOLDER: &str = "/tmp";
/// How often it is tried again.
const POLL: Duration = Duration::from_millis(50);
/// Waiting that is not worth a message.
const PATIENCE: Duration = Duration::from_secs(2);

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    Timing,
    Compiling,
}

/// The right to time or to compile, until it is dropped.
#[must_use]
pub struct Turn(Option<File>);

/// Waits until no other `nnc` times or compiles. When the user stops the wait, the turn is none; who looks at
/// [`process::interrupted`] before the next step needs not care.
pub fn to_time() -> Turn {
    Turn::take(Path::new(FOLDER), Activity::Timing)
}

/// Waits until no other `nnc` times, and lets none begin. For one run of a compiler: others wait for it.
pub fn to_compile() -> Turn {
    Turn::take(Path::new(FOLDER), Activity::Compiling)
}

impl Turn {
    fn take(folder: &Path, activity: Activity) -> Turn {
        let opened = ["nnc.gate", "nnc.floor"].map(|name| open(&folder.join(name)));
        let [Ok(gate), Ok(floor)] = opened else {
            // Alone or not, people want their times.
            say_once(&format!("nnc: cannot open the locks in {}: timing beside others, if any do", folder.display()));
            return Turn(None);
        };
        let start = Instant::now();
        // Closing the gate's file opens the gate.
        let taken = wait(&gate, activity, start) && wait(&floor, activity, start);
        Turn(taken.then_some(floor))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread is just starting may have the file open, too. An error is
        // impossible for a lock that is held.
        let _ = self.0.take().map(|floor| floor.unlock());
    }
}

/// Locks `file`; false if the user stops that, or if it cannot be locked at all.
fn wait(file: &File, activity: Activity, start: Instant) -> bool {
    static SAID: AtomicBool = AtomicBool::new(false);
    loop {
        let tried = match activity {
            Activity::Timing => file.try_lock(),
            Activity::Compiling => file.try_lock_shared(),
        };
        match tried {
            Ok(()) => {
                SAID.store(false, Ordering::Relaxed);
                return true;
            }
            Err(TryLockError::Error(error)) => {
                say_once(&format!("nnc: cannot lock: {error}: timing beside others, if any do"));
                return false;
            }
            Err(TryLockError::WouldBlock) if process::interrupted() => return false,
            Err(TryLockError::WouldBlock) => {}
        }
        // Threads that compile wait together.
        if start.elapsed() >= PATIENCE && !SAID.swap(true, Ordering::Relaxed) {
            say("Waiting for another nnc on this machine, so that neither disturbs the times of the other.");
        }
        thread::sleep(POLL);
    }
}

fn say_once(line: &str) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.swap(true, Ordering::Relaxed) {
        say(line);
    }
}

/// The file of a lock, made if there is none yet. Nobody writes to it.
fn open(path: &Path) -> io::Result<File> {
    // In a folder that all may write to, a link would be somebody's trap, and opening somebody else's file in a way that
    // could also create it is forbidden.
    let open = || OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
        Ok(file) => {
            // Whatever the umask: others have to be able to open it.
            file.set_permissions(Permissions::from_mode(0o666))?;
            Ok(file)
        }
        // Another run was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open(),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_run_beside_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let take = || Turn::take(folder.path(), Activity::Compiling);
        let both = (take(), take());
        assert!(both.0 .0.is_some() && both.1 .0.is_some());
    }

    /// Who waits to time is not overtaken by who comes to compile, and nobody is beside who times.
    #[test]
    fn turns_come_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let order = std::sync::Mutex::new(Vec::new());
        let log = |line: &str| order.lock().unwrap().push(line.to_owned());
        let compiling = Turn::take(folder.path(), Activity::Compiling);
        std::thread::scope(|scope| {
            let (log, folder) = (&log, folder.path());
            scope.spawn(move || {
                let _turn = Turn::take(folder, Activity::Timing);
                log("times");
                thread::sleep(2 * POLL);
                log("timed");
            });
            // The gate is closed as soon as the other waits for the floor.
            let gate = open(&folder.join("nnc.gate")).unwrap();
            while gate.try_lock_shared().is_ok() {
                gate.unlock().unwrap();
                thread::yield_now();
            }
            scope.spawn(move || {
                let _turn = Turn::take(folder, Activity::Compiling);
                log("compiles");
            });
            thread::sleep(2 * POLL);
            log("compiled");
            drop(compiling);
        });
        assert_eq!(order.into_inner().unwrap(), ["compiled", "times", "timed", "compiles"]);
    }

    #[test]
    fn a_lock_ends_with_its_process() {
        let folder = tempfile::tempdir().unwrap();
        drop(Turn::take(folder.path(), Activity::Timing));
        let floor = folder.path().join("nnc.floor");
        let mut holder =
            std::process::Command::new("flock").arg("--no-fork").arg(&floor).args(["sleep", "60"]).spawn().unwrap();
        let file = open(&floor).unwrap();
        while file.try_lock().is_ok() {
            file.unlock().unwrap();
            thread::yield_now();
        }
        holder.kill().unwrap();
        holder.wait().unwrap();
        assert!(Turn::take(folder.path(), Activity::Timing).0.is_some());
    }

    #[test]
    fn links_are_not_followed_and_a_missing_folder_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("nnc.gate")).unwrap();
        assert!(open(&folder.path().join("nnc.gate")).is_err());
        assert!(Turn::take(folder.path(), Activity::Timing).0.is_none());
        assert!(Turn::take(Path::new("/no/such"), Activity::Compiling).0.is_none());
    }
}
