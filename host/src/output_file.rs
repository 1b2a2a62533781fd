//! Files that people name to be written: in one step, and never in place of what is no file.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{fcntl_getfl, fcntl_setfl, OFlags};

/// Most links that are followed, as in the kernel.
const MOST_LINKS: usize = 40;

/// What a path names, links followed.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// A regular file, or nothing yet.
    File(PathBuf),
    /// A device, a FIFO, a folder, or a descriptor that a process has open: all that can be done is to write to it.
    Other(PathBuf),
}

/// Writes `contents` to what `path` names. A regular file, also where links lead to it, is either the old one or complete, even
/// when the program is stopped half way; to anything else it is written directly.
///
/// # Errors
/// A folder that does not exist or cannot be written to, a FIFO that nobody reads, a device that takes no more.
pub fn write_output(path: &Path, contents: &[u8]) -> io::Result<()> {
    match target(path)? {
        Target::File(file) => replace(&file, contents),
        Target::Other(other) => open_existing(&other)?.write_all(contents),
    }
}

/// Whether writing to `path` replaces what was written before, which is so for regular files alone.
///
/// # Errors
/// As [`write_output`].
pub fn replaces(path: &Path) -> io::Result<bool> {
    Ok(matches!(target(path)?, Target::File(_)))
}

fn target(path: &Path) -> io::Result<Target> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        // "/" and "..".
        let Some(name) = path.file_name().map(ToOwned::to_owned) else { return Ok(Target::Other(path)) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder)?;
        path = folder.join(name);
        match fs::read_link(&path) {
            // What is open elsewhere, as /dev/stdout: to put another file in its place would not reach who has it open.
            Ok(_) if folder.starts_with("/proc") => return Ok(Target::Other(path)),
            Ok(link) => path = folder.join(link),
            Err(_) if fs::metadata(&path).is_ok_and(|data| !data.is_file()) => return Ok(Target::Other(path)),
            Err(_) => return Ok(Target::File(path)),
        }
    }
    Err(io::Error::other("too many links lead from one to the next"))
}

/// Writes `contents` beside `path` and moves the result into place.
fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("the target's folder is known");
    // Temporary files are private to their owner; these are what the user's mask, or the file there was, makes them.
    let mut file =
        tempfile::Builder::new().prefix(".nnc-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    file.write_all(contents)?;
    if let Ok(old) = fs::metadata(path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(path)?;
    Ok(())
}

/// Opens what exists for writing, after what a file holds; a FIFO only if somebody reads it.
fn open_existing(path: &Path) -> io::Result<File> {
    let without_waiting = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().append(true).custom_flags(without_waiting.bits().cast_signed()).open(path);
    let file = file.map_err(|error| match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::NXIO) => io::Error::new(error.kind(), "nobody reads it"),
        _ => error,
    })?;
    // From here on it may take its time.
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{mkfifoat, Mode, CWD};
    use std::os::unix::fs::{symlink, FileTypeExt};

    #[test]
    fn a_file_is_replaced_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_output(&path, b"old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write_output(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        assert!(replaces(&path).unwrap());
    }

    #[test]
    fn links_stay_and_lead_to_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("inner")).unwrap();
        symlink("inner/second", at("first")).unwrap();
        symlink("../file", at("inner/second")).unwrap();
        for contents in ["from nothing", "again"] {
            write_output(&at("first"), contents.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(at("file")).unwrap(), contents);
        }
        assert!(at("first").is_symlink() && at("inner/second").is_symlink() && !at("file").is_symlink());
        symlink("circle", at("circle")).unwrap();
        assert!(write_output(&at("circle"), b"").unwrap_err().to_string().contains("links"));
        assert!(write_output(&at("no/such"), b"").is_err());
    }

    #[test]
    fn a_fifo_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        assert_eq!(write_output(&path, b"lost").unwrap_err().to_string(), "nobody reads it");
        // More than a pipe holds: the writer waits for the reader.
        let contents = vec![7; 1 << 20];
        let reader =
            OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(&path).unwrap();
        fcntl_setfl(&reader, OFlags::empty()).unwrap();
        let read = std::thread::scope(|scope| {
            scope.spawn(|| write_output(&path, &contents).unwrap());
            let mut first = [0; 1];
            // Until the writer is there, a reader is at the end already.
            while io::Read::read(&mut &reader, &mut first).unwrap() == 0 {}
            let mut rest = Vec::new();
            io::Read::read_to_end(&mut &reader, &mut rest).unwrap();
            rest.len() + 1
        });
        assert_eq!(read, contents.len());
        assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
        assert!(!replaces(&path).unwrap());
    }

    #[test]
    fn devices_and_folders_stay_too() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/dev/full", &link).unwrap();
        assert_eq!(write_output(&link, b"x").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(link.is_symlink());
        assert_eq!(write_output(folder.path(), b"x").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn an_open_descriptor_is_written_to_where_it_ends() {
        use std::os::fd::AsRawFd;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"printed ").unwrap();
        write_output(Path::new(&format!("/dev/fd/{}", file.as_raw_fd())), b"report").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "printed report");
    }
}
