//! Builds and timings that need not be done again, in a folder, by a hash of everything they depend on.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::system::scratch::{Scratch, WorkFolder};

/// Changes whenever what is cached changes its meaning.
const VERSION: &str = "2";
/// The file in a build's folder that says what the build is.
const ENTRY: &str = "outcome.json";

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
    let mut file = host::open_input(path, u64::MAX).with_context(context)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block).with_context(context)? {
            0 => return Ok(hex(hash)),
            read => hash.update(&block[..read]),
        }
    }
}

/// A build, and the hashes of its files by their names, which a disk that was full, or another program, may have changed since.
#[derive(Serialize, Deserialize)]
struct Entry<T> {
    outcome: T,
    files: BTreeMap<String, String>,
}

impl<T> Entry<T> {
    fn of(outcome: T, folder: &Path) -> Result<Entry<T>> {
        let mut files = BTreeMap::new();
        for file in fs::read_dir(folder)? {
            let file = file?;
            if !file.file_type()?.is_file() {
                continue;
            }
            files.insert(file.file_name().to_string_lossy().into_owned(), hash_file(&file.path())?);
        }
        Ok(Entry { outcome, files })
    }

    fn is_whole(&self, folder: &Path) -> bool {
        self.files.iter().all(|(name, hash)| hash_file(&folder.join(name)).is_ok_and(|found| found == *hash))
    }
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    reuse: bool,
    scratch: Arc<Scratch>,
}

impl Cache {
    /// A cache in `root`. Without `reuse` entries are written but never read.
    pub fn open(root: &Path, reuse: bool) -> Result<Cache> {
        for folder in ["builds", "timings", "work"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        }
        let root = fs::canonicalize(root)?;
        let scratch = Arc::new(Scratch::new(&root.join("work"))?);
        let cache = Cache { root, reuse, scratch };
        cache.prune();
        Ok(cache)
    }

    /// Removes what has not been used for long.
    fn prune(&self) {
        for folder in ["builds", "timings"] {
            let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()).filter(|path| is_older(path, 30)) {
                // Another run may be removing the same; what stays is for the next run.
                let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            }
        }
    }

    /// A fresh folder on the cache's file system, removed when dropped.
    pub fn work_folder(&self) -> Result<WorkFolder> {
        WorkFolder::new(&self.scratch)
    }

    /// Where children are to put what is temporary, which they leave there when they are killed.
    pub fn children_folder(&self) -> PathBuf {
        self.scratch.of_children()
    }

    /// The folder of a build, whether or not it exists.
    pub fn build_folder(&self, key: &str) -> PathBuf {
        self.root.join("builds").join(key)
    }

    /// The entry of a build, if there is one to reuse whose files are as they were.
    pub fn read_build<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let folder = self.build_folder(key);
        let entry: Entry<T> = self.read(&folder.join(ENTRY))?;
        entry.is_whole(&folder).then_some(entry.outcome)
    }

    /// Stores `outcome` and the files in `work` as the build `key`, in one step that no interruption can halve. Gives `work`
    /// back if that cannot be done.
    pub fn store_build(&self, key: &str, outcome: &impl Serialize, work: WorkFolder) -> Option<WorkFolder> {
        let stored = self.try_store_build(key, outcome, work.path());
        stored.inspect_err(warn_once).is_err().then_some(work)
    }

    fn try_store_build(&self, key: &str, outcome: &impl Serialize, work: &Path) -> Result<()> {
        let entry = Entry::of(outcome, work)?;
        fs::write(work.join(ENTRY), serde_json::to_vec_pretty(&entry)?)?;
        let folder = self.build_folder(key);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        match fs::rename(work, &folder) {
            // Another run was faster.
            Err(_) if folder.join(ENTRY).exists() => Ok(()),
            result => result.with_context(|| format!("cannot store a build in {}", folder.display())),
        }
    }

    /// The timing `key`, if there is one to reuse.
    pub fn read_timing<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.read(&self.timing_path(key))
    }

    /// Stores a timing, if that can be done.
    pub fn store_timing(&self, key: &str, timing: &impl Serialize) {
        let store =
            || -> Result<()> { crate::system::files::write(&self.timing_path(key), &serde_json::to_vec(timing)?) };
        let _ = store().inspect_err(warn_once);
    }

    fn timing_path(&self, key: &str) -> PathBuf {
        self.root.join("timings").join(format!("{key}.json"))
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Option<T> {
        if !self.reuse {
            return None;
        }
        // An entry that cannot be read is as good as none.
        let entry = serde_json::from_slice(&host::read_input(path, host::LARGEST_FILE).ok()?).ok()?;
        touch(path);
        Some(entry)
    }
}

/// Says that the cache takes nothing. Everything goes on without it, and for the next entry it will hardly be otherwise.
fn warn_once(error: &anyhow::Error) {
    static SAID: Once = Once::new();
    SAID.call_once(|| eprintln!("nnc: cannot write to the cache, and go on without: {error:#}"));
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
            assert!(cache.store_build("k", &vec![1, 2], work).is_none());
        }
        assert_eq!(cache.read_build::<Vec<i32>>("k"), Some(vec![1, 2]));
        assert_eq!(fs::read_to_string(cache.build_folder("k").join("a.so")).unwrap(), "new");
        assert_eq!(cache.read_build::<Vec<i32>>("other"), None);
        assert_eq!(Cache::open(folder.path(), false).unwrap().read_build::<Vec<i32>>("k"), None);
    }

    #[test]
    fn builds_whose_files_changed_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), true).unwrap();
        let library = cache.build_folder("k").join("a.so");
        let found = |break_it: &dyn Fn()| {
            let work = cache.work_folder().unwrap();
            fs::write(work.path().join("a.so"), "library").unwrap();
            assert!(cache.store_build("k", &1, work).is_none());
            break_it();
            cache.read_build::<i32>("k")
        };
        assert_eq!(found(&|| ()), Some(1));
        assert_eq!(found(&|| fs::write(&library, "").unwrap()), None);
        assert_eq!(found(&|| fs::write(&library, "Library").unwrap()), None);
        assert_eq!(found(&|| fs::remove_file(&library).unwrap()), None);
    }

    #[test]
    fn what_cannot_be_stored_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), true).unwrap();
        for of in ["builds", "timings"] {
            fs::remove_dir(cache.root.join(of)).unwrap();
            fs::write(cache.root.join(of), "").unwrap();
        }
        let work = cache.work_folder().unwrap();
        fs::write(work.path().join("a.so"), "library").unwrap();
        let work = cache.store_build("k", &1, work).expect("it comes back");
        assert_eq!(fs::read_to_string(work.path().join("a.so")).unwrap(), "library");
        cache.store_timing("t", &1);
        assert_eq!((cache.read_build::<i32>("k"), cache.read_timing::<i32>("t")), (None, None));
    }

    #[test]
    fn old_entries_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), true).unwrap();
        for key in ["old", "used"] {
            cache.store_timing(key, &1);
            let file = fs::File::options().write(true).open(cache.timing_path(key)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(40 * 24 * 3600)).unwrap();
        }
        assert_eq!(cache.read_timing("used"), Some(1));
        let cache = Cache::open(folder.path(), true).unwrap();
        assert_eq!((cache.read_timing::<i32>("old"), cache.read_timing("used")), (None, Some(1)));
    }
}
