//! `nnc-worker`: schedules and compiles one pipeline again and again, each time in a forked process of its own.
//!
//! This process itself never asks Halide for anything, so that what it forks starts from a libHalide that is loaded and has done
//! nothing yet: no threads, no LLVM on the heap. `nnc` starts it, and ends it by closing its input.

mod forked;
mod job;

use std::fs;
use std::io::{self, BufRead, Write};

use anyhow::{Context, Result};
use nnc_worker_protocol::{Answer, Request, Source, PREFIX};

/// The pipeline, once there is one, with the content of its file.
type Opened = Option<(Source, Vec<u8>)>;

fn answer(opened: &mut Opened, line: &str) -> Result<Answer> {
    match serde_json::from_str(line).context("a request that makes no sense")? {
        Request::Open(source) => {
            let content = fs::read(&source.path).with_context(|| format!("cannot read {}", source.path.display()))?;
            *opened = Some((source, content));
            Ok(Answer::Opened)
        }
        Request::Do(job) => {
            let (source, content) = opened.as_ref().context("no pipeline was opened")?;
            forked::run(&job.limits, || job::run(content, source, &job)).map(Box::new).map(Answer::Done)
        }
    }
}

fn main() -> Result<()> {
    let mut opened = None;
    for line in io::stdin().lock().lines() {
        let answer =
            answer(&mut opened, &line?).unwrap_or_else(|error| Answer::Error { message: format!("{error:#}") });
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{PREFIX}{}", serde_json::to_string(&answer)?)?;
        stdout.flush()?;
    }
    Ok(())
}
