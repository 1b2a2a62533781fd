//! Files that the user names, with errors that name them.

use std::path::Path;

use anyhow::{Context, Result};

/// The text of a regular file of at most [`host::LARGEST_FILE`].
pub fn read_text(path: &Path) -> Result<String> {
    host::read_input_text(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The content of a regular file of at most `most_bytes`.
pub fn read(path: &Path, most_bytes: u64) -> Result<Vec<u8>> {
    host::read_input(path, most_bytes).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes to a file in one step, or to a device or a FIFO as it is.
pub fn write(path: &Path, contents: &[u8]) -> Result<()> {
    host::write_output(path, contents).with_context(|| format!("cannot write {}", path.display()))
}

/// Whether writing replaces what was written before.
pub fn replaces(path: &Path) -> Result<bool> {
    host::replaces(path).with_context(|| format!("cannot write {}", path.display()))
}
