//! Files that are either the old ones or complete new ones, also when the program is stopped half way.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes `contents` beside `path` and moves the result into place.
///
/// # Errors
/// When the folder of `path` does not exist or cannot be written to.
pub fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".nnc-").tempfile_in(folder)?;
        file.write_all(contents)?;
        make_readable(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    attempt().with_context(|| format!("cannot write {}", path.display()))
}

/// Temporary files are private to their owner; reports are for others to read.
#[cfg(unix)]
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
