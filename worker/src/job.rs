//! What a forked process does.

use std::time::Instant;

use halide_sys::{Files, Pipeline};
use nnc_worker_protocol::{Job, Progress, Source};

/// Schedules and compiles a serialised pipeline.
///
/// # Errors
/// Halide's message, and how far it came.
pub fn run(content: &[u8], source: &Source, job: &Job) -> (Progress, Result<(), String>) {
    let mut progress = Progress::default();
    let result = try_run(content, source, job, &mut progress);
    (progress, result)
}

fn try_run(content: &[u8], source: &Source, job: &Job, progress: &mut Progress) -> Result<(), String> {
    let start = Instant::now();
    let mut pipeline = Pipeline::open(content)?;
    for (name, dims) in &source.estimates.buffers {
        for (dim, range) in dims.iter().enumerate() {
            if let Some([min, extent]) = *range {
                pipeline.estimate_dimension(name, dim, min, extent)?;
            }
        }
    }
    for (name, value) in &source.estimates.scalars {
        pipeline.estimate_scalar(name, value)?;
    }
    if let Some(autoscheduler) = &job.autoscheduler {
        pipeline.load_plugin(&autoscheduler.plugin)?;
        pipeline.schedule(&job.target, &autoscheduler.name, &autoscheduler.params)?;
    }
    progress.schedule_seconds = Some(start.elapsed().as_secs_f64());
    if let Some(path) = &job.hlpipe {
        pipeline.save(path)?;
    }
    let start = Instant::now();
    let files = Files { object: job.object.as_deref(), stmt: job.stmt.as_deref() };
    pipeline.compile(&job.target, &job.function, files, &source.arguments)?;
    progress.compile_seconds = Some(start.elapsed().as_secs_f64());
    Ok(())
}
