//! Measures what is missing, a chunk of each variant in turn, every chunk twice.

use anyhow::{ensure, Result};

use super::dataset::Row;
use super::plan::Job;
use super::program::{Answer, Program};
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::progress::Progress;
use crate::system::{load, turns};

/// Instances between the two measurements of one: far enough apart that a disturbance rarely hits both.
const CHUNK: usize = 25;
/// Two measurements further apart than this ratio were disturbed, and are followed by as many more.
const DISTURBED: (f64, usize) = (1.1, 3);

/// What is said of a chunk that was disturbed each time. It is kept: the smaller of two times at least is taken of each instance.
const DISTURBED_BY_OTHERS: &str = ", the last of them disturbed by other processes";

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
            let alone = turns::to_time();
            let load::Measured { value: rows, disturbed } = load::undisturbed(|| turn.measure(memory_bytes));
            let Some(rows) = rows? else { return Ok(Ended::Interrupted) };
            drop(alone);
            turn.job.file.append(&rows)?;
            turn.done += rows.len();
            let total = turn.job.instances.len();
            progress.end(
                &turn.job.name,
                &format!("{} of {total} instances{}", turn.done, if disturbed { DISTURBED_BY_OTHERS } else { "" }),
                false,
            );
        }
        turns.retain(|turn| turn.done < turn.job.instances.len());
    }
    Ok(Ended::Complete)
}

impl Turn<'_> {
    /// The rows of the next chunk, or nothing if interrupted.
    fn measure(&mut self, memory_bytes: u64) -> Result<Option<Vec<Row>>> {
        let chunk = self.done..(self.done + CHUNK).min(self.job.instances.len());
        let mut times = vec![Vec::new(); chunk.len()];
        for _ in 0..2 {
            for (instance, times) in chunk.clone().zip(&mut times) {
                let Some(seconds) = self.time(instance, memory_bytes)? else { return Ok(None) };
                times.push(seconds);
            }
        }
        let mut rows = Vec::new();
        for (instance, times) in chunk.zip(times) {
            let (mut seconds, again) = (times[0].min(times[1]), times[0].max(times[1]));
            let (ratio, more) = DISTURBED;
            if again > ratio * seconds {
                for _ in 0..more {
                    let Some(third) = self.time(instance, memory_bytes)? else { return Ok(None) };
                    seconds = seconds.min(third);
                }
            }
            rows.push(Row { values: self.job.instances[instance].clone(), seconds, again });
        }
        Ok(Some(rows))
    }

    /// Seconds of one instance, or nothing if interrupted.
    fn time(&mut self, instance: usize, memory_bytes: u64) -> Result<Option<f64>> {
        let program = match &mut self.program {
            Some(program) => program,
            none => {
                let (file, arguments) = &self.job.program;
                none.insert(Program::start(file, arguments, memory_bytes)?)
            }
        };
        Ok(match program.time(&self.job.requests[instance])? {
            Answer::Seconds(seconds) if !process::interrupted() => Some(seconds),
            _ => None,
        })
    }
}
