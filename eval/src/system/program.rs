//! This program, and what it may use.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folder of this program.
pub fn program_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    Ok(program.parent().unwrap_or(Path::new("/")).to_owned())
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get())
}
