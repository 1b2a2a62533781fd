//! The autoscheduler `Srivastava2020`, compiled for one Halide; registers itself when it is loaded.
//!
//! Users load `libautoschedule_srivastava2020.so`, which opens the build of this library for their Halide.
//! Glue only: parameters in, pipeline out of Halide, schedule from `scheduler`, directives back into Halide.

mod calls;
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
        request.set_schedule_source(&format!(
            "// {} {}, {parameters}, model {model}, target {}\n{}",
            Self::NAME,
            env!("CARGO_PKG_VERSION"),
            pipeline.target.name,
            scheduler::emit(&pipeline, &schedule.directives)
        ));
        match &parameters.report {
            Some(path) => report::write(path, &pipeline, &found, started.elapsed().as_secs_f64()),
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
