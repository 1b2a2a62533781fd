//! `libautoschedule_srivastava2020.so`: registers the autoscheduler `Srivastava2020` when Halide loads it.
//!
//! Glue only: parameters in, pipeline out of Halide, schedule from `scheduler`, directives back into Halide.

mod calls;
mod failures;
mod given;
mod model;
mod parameters;
mod report;

use halide_sys::{Request, Scheduler};
use parameters::Parameters;
use scheduler::ir::Pipeline;

struct Srivastava2020;

impl Scheduler for Srivastava2020 {
    const NAME: &'static str = "Srivastava2020";

    fn schedule(request: &mut Request<'_>) -> Result<(), String> {
        let parameters = Parameters::parse(&request.parameters())?;
        let started = std::time::Instant::now();
        let pipeline = Pipeline::from_json(&request.extract()?).map_err(|e| e.to_string())?;
        let stages = pipeline.funcs.iter().map(|f| f.stages.len()).sum();
        let (options, model) = parameters.options(&pipeline.target, stages)?;
        let found = match &parameters.schedule {
            Some(path) => given::read(path, request, &pipeline, &options)?,
            None => scheduler::search_all(&pipeline, &options).map_err(|e| e.to_string())?,
        };
        let schedule = match parameters.only_reads() {
            true => &scheduler::search(&pipeline, &options).map_err(|e| e.to_string())?,
            false => &found.schedules[0],
        };
        request.apply(&calls::from_directives(&schedule.directives))?;
        let made_by = format!(
            "{} {}, {parameters}, model {model}, target {}",
            Self::NAME,
            env!("CARGO_PKG_VERSION"),
            pipeline.target.name
        );
        let failed = failures::told(&found, parameters.report.as_deref());
        let source = scheduler::emit(&pipeline, &schedule.directives);
        let comments = [&made_by].into_iter().chain(&failed).map(|line| format!("// {line}\n")).collect::<String>();
        request.set_schedule_source(&(comments + &source));
        if let Some(text) = &failed {
            eprintln!("Warning: {}: {text}", Self::NAME);
        }
        match &parameters.report {
            Some(path) => report::write(path, &made_by, &pipeline, &found, started.elapsed().as_secs_f64()),
            None => Ok(()),
        }
    }
}

/// Runs when the library is loaded, after libHalide's own initialisers.
#[ctor::ctor]
fn register() {
    // As plugins of Halide's own do: who loads one by its path learns the name it registers.
    if std::env::var_os("HL_DEBUG_CODEGEN").is_some_and(|level| level != "0") {
        eprintln!("Registering autoscheduler '{}'...", Srivastava2020::NAME);
    }
    if let Err(message) = halide_sys::register::<Srivastava2020>() {
        // No caller to report to: the loader runs this.
        eprintln!("Warning: {message}");
    }
}
