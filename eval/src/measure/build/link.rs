//! From a Halide object file to a shared library.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{bail, ensure, Result};

use crate::system::child::{self, End, Limits};

/// Links `object` into the shared library `library` with the C compiler (`CC`, else `cc`), which puts what is temporary into
/// `temporary`. `extra` are further arguments, such as object files that define the pipeline's extern stages.
pub fn shared_library(object: &Path, library: &Path, extra: &[String], temporary: &Path) -> Result<()> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let mut command = Command::new(&compiler);
    command.env("TMPDIR", temporary);
    command.arg("-shared").arg("-o").arg(library).arg(object).args(extra).args(["-ldl", "-lpthread", "-lm"]);
    // A file that the linker cannot digest in this is no pipeline.
    let limits = Limits { memory_bytes: 16_000_000_000, timeout: Duration::from_secs(120) };
    let mut lines = Vec::new();
    let finished = child::run(command, &limits, |_, line| lines.push(line.to_owned()))?;
    if finished.end != End::Exited(0) {
        bail!("{compiler} cannot link {}: {}", object.display(), lines.join(" "));
    }
    ensure!(library.is_file(), "{compiler} made no library of {}", object.display());
    Ok(())
}
