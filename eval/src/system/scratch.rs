//! Temporary folders, which go when the process that made them has ended, however it ended.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// Name of the file in a folder that its process holds locked for as long as it lives. The kernel gives it back if that is killed.
const LOCK: &str = "lock";
/// Name of the folder for what children put into temporary folders.
const OF_CHILDREN: &str = "tmp";

/// The folder of all temporary folders of this process.
#[derive(Debug)]
pub struct Scratch {
    // Removed before the lock goes.
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// A folder in `parent`, after what killed processes left there is gone.
    pub fn new(parent: &Path) -> Result<Scratch> {
        let context = || format!("cannot create a working folder in {}", parent.display());
        // One process at a time: nobody may look at a folder that is not locked yet. Where files cannot be locked nothing is stale.
        let gate = File::create(parent.join(LOCK)).with_context(context)?;
        if gate.lock().is_ok() {
            remove_stale(parent);
        }
        let folder = tempfile::tempdir_in(parent).with_context(context)?;
        let lock = File::create(folder.path().join(LOCK)).with_context(context)?;
        let _ = lock.try_lock();
        fs::create_dir(folder.path().join(OF_CHILDREN)).with_context(context)?;
        Ok(Scratch { folder, _lock: lock })
    }

    /// Where children are to put what is temporary.
    pub fn of_children(&self) -> std::path::PathBuf {
        self.folder.path().join(OF_CHILDREN)
    }
}

/// Removes the folders that no process holds.
fn remove_stale(parent: &Path) {
    for folder in fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let held = File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err());
        if folder.is_dir() && !held {
            // What cannot be removed is for the next run.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A temporary folder, removed when dropped.
#[derive(Debug)]
pub struct WorkFolder {
    folder: TempDir,
    _in: Arc<Scratch>,
}

impl WorkFolder {
    /// A folder in `scratch`.
    pub fn new(scratch: &Arc<Scratch>) -> Result<WorkFolder> {
        let folder =
            tempfile::tempdir_in(scratch.folder.path()).context("cannot create a working folder in the cache")?;
        Ok(WorkFolder { folder, _in: Arc::clone(scratch) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(parent: &Path) -> usize {
        fs::read_dir(parent).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
    }

    #[test]
    fn folders_of_the_dead_go_and_those_of_the_living_stay() {
        let parent = tempfile::tempdir().unwrap();
        let living = Arc::new(Scratch::new(parent.path()).unwrap());
        let work = WorkFolder::new(&living).unwrap();
        fs::write(work.path().join("a"), "a").unwrap();
        for name in ["without", "with"] {
            fs::create_dir_all(parent.path().join(name).join("left/behind")).unwrap();
        }
        File::create(parent.path().join("with").join(LOCK)).unwrap();
        assert_eq!(folders(parent.path()), 3);
        let second = Scratch::new(parent.path()).unwrap();
        assert_eq!(folders(parent.path()), 2);
        assert!(work.path().join("a").is_file() && second.of_children().is_dir());
        drop((second, living));
        assert_eq!(folders(parent.path()), 1, "a folder in it is in use");
        drop(work);
        assert_eq!(folders(parent.path()), 0);
    }
}
