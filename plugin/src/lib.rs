//! The autoscheduler `Srivastava2020`, compiled for one Halide; registers itself when it is loaded.
//!
//! Users load `libautoschedule_srivastava2020.so`, which opens the build of this library for their Halide.
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

/// Which Halide this was built for: what the loader reads in the file before it opens it. Exported, so that the linker keeps it.
#[no_mangle]
#[link_section = ".halide_abi"]
pub static SRIVASTAVA2020_BUILT_FOR: [u8; BUILT_FOR.len()] = *BUILT_FOR;
const BUILT_FOR: &[u8; include_bytes!(concat!(env!("OUT_DIR"), "/built_for")).len()] =
    include_bytes!(concat!(env!("OUT_DIR"), "/built_for"));

impl Scheduler for Srivastava2020 {
    const NAME: &'static str = "Srivastava2020";

    fn schedule(request: &mut Request<'_>) -> Result<(), String> {
        let parameters = Parameters::parse(&request.parameters())?;
        let started = std::time::Instant::now();
        let pipeline = Pipeline::from_json(&request.extract()?).map_err(|e| e.to_string())?;
        if let Some(path) = &parameters.hlpipe {
            let written = host::write_output(path, &request.serialise()?);
            written.map_err(|error| format!("cannot write the pipeline to {}: {error}", path.display()))?;
        }
        doubts(&parameters, &pipeline)?.iter().for_each(|doubt| request.warn(doubt));
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
            "{} {}, {parameters}, model {}, target {}",
            Self::NAME,
            env!("CARGO_PKG_VERSION"),
            model.name,
            pipeline.target.name
        );
        let failed = failures::told(&found, parameters.report.as_deref());
        let source = scheduler::emit(&pipeline, &schedule.directives);
        let comments = [&made_by].into_iter().chain(&failed).map(|line| format!("// {line}\n")).collect::<String>();
        request.set_schedule_source(&(comments + &source));
        if let Some(text) = &failed {
            request.warn(&format!("{}: {text}", Self::NAME));
        }
        match &parameters.report {
            Some(path) => {
                let made = report::Made { by: &made_by, parallelism: parameters.parallelism, model: &model, started };
                report::write(path, &pipeline, &found, made)
            }
            None => Ok(()),
        }
    }
}

/// What the schedule is planned for that nobody said, in words.
///
/// # Errors
/// A message, where that may not be.
fn doubts(parameters: &Parameters, pipeline: &Pipeline) -> Result<Vec<String>, String> {
    let assumed = &pipeline.assumed_values;
    if parameters.strict_estimates && !assumed.is_empty() {
        let advice = "set it with set_estimate(), or leave strict_estimates=true out";
        return Err(format!("an estimate is missing: {}; {advice}", assumed.join("; ")));
    }
    let name = Srivastava2020::NAME;
    let mut doubts: Vec<String> = assumed
        .iter()
        .map(|what| format!("{name}: {what}, as it has no estimate: set one with set_estimate() for a better schedule"))
        .collect();
    if pipeline.target.unknown {
        let bytes = pipeline.target.vector_bytes;
        doubts.push(format!(
            "{name}: the target {} is incomplete: planned for vectors of {bytes} bytes",
            pipeline.target.name
        ));
    }
    Ok(doubts)
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
