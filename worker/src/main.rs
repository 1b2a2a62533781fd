//! `nnc-worker`: schedules and compiles one pipeline again and again, each time in a forked process of its own.
//!
//! This process itself never asks Halide for anything, so that what it forks starts from a libHalide that is loaded and has done
//! nothing yet: no threads, no LLVM on the heap. `nnc` starts it, and ends it by closing its input.

mod forked;
mod job;

use std::fs;
use std::io::{self, BufRead, Write};

use anyhow::{Context, Result};
use nnc_worker_protocol::{Answer, Request, PREFIX};

/// The content of the pipeline's file, once there is one.
#[derive(Default)]
struct Worker {
    content: Vec<u8>,
}

impl Worker {
    fn answer(&mut self, line: &str) -> Result<Answer> {
        match serde_json::from_str(line).context("a request that makes no sense")? {
            Request::Open { path } => {
                self.content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                Ok(Answer::Opened)
            }
            Request::Do(job) => {
                forked::run(&job.limits, || job::run(&self.content, &job)).map(Box::new).map(Answer::Done)
            }
        }
    }
}

fn main() -> Result<()> {
    let mut worker = Worker::default();
    for line in io::stdin().lock().lines() {
        let answer = worker.answer(&line?).unwrap_or_else(|error| Answer::Error { message: format!("{error:#}") });
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{PREFIX}{}", serde_json::to_string(&answer)?)?;
        stdout.flush()?;
    }
    Ok(())
}
