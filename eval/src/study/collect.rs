//! Measures what is missing, a chunk of each variant in turn, every chunk twice.

use anyhow::{ensure, Result};

use super::dataset::Row;
use super::plan::Job;
use super::program::{Answer, Program};
use crate::eval::Ended;
use crate::process;
use crate::progress::Progress;

/// Instances between the two measurements of one: far enough apart that a disturbance rarely hits both.
const CHUNK: usize = 25;

/// A job under way.
struct Turn<'a> {
    job: &'a Job,
    done: usize,
    /// Started when first needed.
    program: Option<Program>,
}

/// Measures every instance of every job that its file does not hold. `memory_bytes` limits each program.
///
/// # Errors
/// Programs that are missing or fail, wrong results, files that cannot be read or written.
pub fn collect(jobs: &[Job], memory_bytes: u64) -> Result<Ended> {
    let start = |job| Ok(Turn { job, done: Job::done(job)?, program: None });
    let mut turns = jobs.iter().map(start).collect::<Result<Vec<_>>>()?;
    turns.retain(|turn| turn.done < turn.job.instances.len());
    for Turn { job, .. } in &turns {
        let program = job.program.0.display();
        ensure!(job.program.0.exists(), "there is no {program}; `make study-programs` builds it");
    }
    let chunks = |turn: &Turn| (turn.job.instances.len() - turn.done).div_ceil(CHUNK);
    let progress = Progress::start("measuring", turns.iter().map(chunks).sum());
    while !turns.is_empty() {
        for turn in &mut turns {
            progress.begin(&turn.job.name);
            let Some(rows) = turn.measure(memory_bytes)? else { return Ok(Ended::Interrupted) };
            turn.job.file.append(&rows)?;
            turn.done += rows.len();
            let total = turn.job.instances.len();
            progress.end(&turn.job.name, &format!("{} of {total} instances", turn.done), false);
        }
        turns.retain(|turn| turn.done < turn.job.instances.len());
    }
    Ok(Ended::Complete)
}

impl Turn<'_> {
    /// The rows of the next chunk, or nothing if interrupted.
    fn measure(&mut self, memory_bytes: u64) -> Result<Option<Vec<Row>>> {
        let chunk = self.done..(self.done + CHUNK).min(self.job.instances.len());
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for times in [&mut first, &mut second] {
            for request in &self.job.requests[chunk.clone()] {
                let program = match &mut self.program {
                    Some(program) => program,
                    none => {
                        let (file, arguments) = &self.job.program;
                        none.insert(Program::start(file, arguments, memory_bytes)?)
                    }
                };
                match program.time(request)? {
                    Answer::Seconds(seconds) if !process::interrupted() => times.push(seconds),
                    _ => return Ok(None),
                }
            }
        }
        let row = |(values, (first, second)): (&Vec<f64>, (f64, f64))| Row {
            values: values.clone(),
            seconds: first.min(second),
            again: first.max(second),
        };
        let pairs = first.into_iter().zip(second);
        Ok(Some(self.job.instances[chunk].iter().zip(pairs).map(row).collect()))
    }
}
