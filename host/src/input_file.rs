//! Files that people name to be read: regular ones, whole, up to a size.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{fstatfs, OFlags, PROC_SUPER_MAGIC};

/// Most bytes of a model, a schedule or a table. Real ones have tens of kilobytes, reports of large pipelines some megabytes.
pub const LARGEST_FILE: u64 = 64 << 20;

/// Opens a regular file of at most `most_bytes`. Never waits, as for somebody to write to a FIFO.
///
/// # Errors
/// A file that cannot be opened, is anything else than a regular file, or is larger.
pub fn open_input(path: &Path, most_bytes: u64) -> io::Result<File> {
    // What the path names is known only of the open file: between a look and the opening it may be replaced.
    let without_waiting = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(without_waiting.bits().cast_signed()).open(path)?;
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(not_regular(kind(data.file_type())));
    }
    // These call themselves regular; the kernel makes up what they hold, and may wait for it.
    if fstatfs(&file)?.f_type == PROC_SUPER_MAGIC {
        return Err(not_regular("a file of /proc"));
    }
    if data.len() > most_bytes {
        return Err(too_large(most_bytes));
    }
    Ok(file)
}

/// The content of such a file.
///
/// # Errors
/// As [`open_input`].
pub fn read_input(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // It may grow while it is read.
    open_input(path, most_bytes)?.take(most_bytes.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > most_bytes {
        return Err(too_large(most_bytes));
    }
    Ok(content)
}

/// The content of such a file of at most [`LARGEST_FILE`], as text.
///
/// # Errors
/// As [`open_input`], and text that is not UTF-8.
pub fn read_input_text(path: &Path) -> io::Result<String> {
    let content = read_input(path, LARGEST_FILE)?;
    String::from_utf8(content).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn kind(of: FileType) -> &'static str {
    match of {
        of if of.is_dir() => "a folder",
        of if of.is_fifo() => "a FIFO",
        of if of.is_char_device() || of.is_block_device() => "a device",
        _ => "something else",
    }
}

fn not_regular(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file"))
}

fn too_large(most_bytes: u64) -> io::Error {
    let most = most_bytes as f64 / f64::from(1 << 20);
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than the {most} MiB that are read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_input(&path, 5).unwrap(), b"12345");
        assert_eq!(read_input_text(&path).unwrap(), "12345");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read_input(&link, 5).unwrap(), b"12345");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read_input_text(&path).unwrap_err().to_string().contains("UTF-8"));
        assert_eq!(read_input_text(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn large_files_are_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(2 << 30).unwrap();
        let message = read_input_text(&path).unwrap_err().to_string();
        assert_eq!(message, "it is larger than the 64 MiB that are read");
        assert!(read_input(&path, (2 << 30) - 1).is_err());
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
        let null = Path::new("/dev/null");
        for (path, what) in [(&*fifo, "a FIFO"), (folder.path(), "a folder"), (null, "a device")] {
            let message = read_input(path, 1 << 20).unwrap_err().to_string();
            assert_eq!(message, format!("it is {what}, not a regular file"));
        }
        let message = read_input_text(Path::new("/proc/self/status")).unwrap_err().to_string();
        assert_eq!(message, "it is a file of /proc, not a regular file");
    }
}
