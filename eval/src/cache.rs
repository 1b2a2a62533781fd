//! Builds and timings that need not be done again, in a folder, by a hash of everything they depend on.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Changes whenever what is cached changes its meaning.
const VERSION: &str = "1";

/// A hash of named content, built piece by piece.
#[derive(Clone, Debug)]
pub struct Key(Sha256);

impl Key {
    /// A key for things of this `kind`.
    pub fn new(kind: &str) -> Key {
        let mut key = Key(Sha256::new());
        key.add(VERSION).add(kind);
        key
    }

    /// Adds a piece. Its length counts, so that "ab" + "c" differs from "a" + "bc".
    pub fn add(&mut self, piece: &str) -> &mut Key {
        self.0.update((piece.len() as u64).to_le_bytes());
        self.0.update(piece);
        self
    }

    /// The hash so far, as 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(self.0.clone())
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Hash of a file's content, as 32 hexadecimal digits.
pub fn hash_file(path: &Path) -> Result<String> {
    let context = || format!("cannot read {}", path.display());
    let mut file = fs::File::open(path).with_context(context)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block).with_context(context)? {
            0 => return Ok(hex(hash)),
            read => hash.update(&block[..read]),
        }
    }
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    reuse: bool,
}

impl Cache {
    /// A cache in `root`. Without `reuse` entries are written but never read.
    pub fn open(root: &Path, reuse: bool) -> Result<Cache> {
        for folder in ["builds", "timings", "work"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        }
        let cache = Cache { root: fs::canonicalize(root)?, reuse };
        cache.prune();
        Ok(cache)
    }

    /// Removes what has not been used for long, and what killed runs left behind.
    fn prune(&self) {
        for (folder, days) in [("builds", 30), ("timings", 30), ("work", 1)] {
            let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()).filter(|path| is_older(path, days)) {
                // Another run may be removing the same; what stays is for the next run.
                let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            }
        }
    }

    /// A fresh folder on the cache's file system, removed when dropped.
    pub fn work_folder(&self) -> Result<tempfile::TempDir> {
        tempfile::tempdir_in(self.root.join("work")).context("cannot create a working folder in the cache")
    }

    /// The folder of a build, whether or not it exists.
    pub fn build_folder(&self, key: &str) -> PathBuf {
        self.root.join("builds").join(key)
    }

    /// The entry of a build, if there is one to reuse.
    pub fn read_build<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.read(&self.build_folder(key).join("outcome.json"))
    }

    /// Stores `outcome` and the files in `work` as the build `key`, in one step that no interruption can halve.
    pub fn store_build(&self, key: &str, outcome: &impl Serialize, work: tempfile::TempDir) -> Result<()> {
        fs::write(work.path().join("outcome.json"), serde_json::to_vec_pretty(outcome)?)?;
        let folder = self.build_folder(key);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        match fs::rename(work.path(), &folder) {
            // Another run was faster.
            Err(_) if folder.join("outcome.json").exists() => Ok(()),
            result => result.with_context(|| format!("cannot store a build in {}", folder.display())),
        }
    }

    /// The timing `key`, if there is one to reuse.
    pub fn read_timing<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.read(&self.timing_path(key))
    }

    /// Stores a timing.
    pub fn store_timing(&self, key: &str, timing: &impl Serialize) -> Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.root.join("work"))?;
        serde_json::to_writer(&mut file, timing)?;
        file.persist(self.timing_path(key))?;
        Ok(())
    }

    fn timing_path(&self, key: &str) -> PathBuf {
        self.root.join("timings").join(format!("{key}.json"))
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Option<T> {
        if !self.reuse {
            return None;
        }
        // An entry that cannot be read is as good as none.
        let entry = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        touch(path);
        Some(entry)
    }
}

/// Marks an entry, and the folder it is in, as used now. Failing to only makes it look older.
fn touch(path: &Path) {
    for path in path.parent().into_iter().chain([path]) {
        let _ = fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    }
}

fn is_older(path: &Path, days: u64) -> bool {
    let age = fs::metadata(path).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(days * 24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_run_together() {
        let hex = |pieces: &[&str]| pieces.iter().fold(Key::new("k"), |mut key, piece| key.add(piece).clone()).hex();
        assert_ne!(hex(&["ab", "c"]), hex(&["a", "bc"]));
        assert_eq!(hex(&["ab", "c"]), hex(&["ab", "c"]));
        assert_eq!(hex(&[]).len(), 32);
    }

    #[test]
    fn stored_builds_come_back_with_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), true).unwrap();
        for content in ["old", "new"] {
            let work = cache.work_folder().unwrap();
            fs::write(work.path().join("a.so"), content).unwrap();
            cache.store_build("k", &vec![1, 2], work).unwrap();
        }
        assert_eq!(cache.read_build::<Vec<i32>>("k"), Some(vec![1, 2]));
        assert_eq!(fs::read_to_string(cache.build_folder("k").join("a.so")).unwrap(), "new");
        assert_eq!(cache.read_build::<Vec<i32>>("other"), None);
        assert_eq!(Cache::open(folder.path(), false).unwrap().read_build::<Vec<i32>>("k"), None);
    }

    #[test]
    fn old_entries_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), true).unwrap();
        for key in ["old", "used"] {
            cache.store_timing(key, &1).unwrap();
            let file = fs::File::options().write(true).open(cache.timing_path(key)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(40 * 24 * 3600)).unwrap();
        }
        assert_eq!(cache.read_timing("used"), Some(1));
        let cache = Cache::open(folder.path(), true).unwrap();
        assert_eq!((cache.read_timing::<i32>("old"), cache.read_timing("used")), (None, Some(1)));
    }
}
