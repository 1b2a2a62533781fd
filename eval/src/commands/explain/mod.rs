//! `nnc explain`: the loops of a schedule, what each stage is expected to take and why, and what other decisions would.

mod alternatives;
mod args;
mod explanation;
mod loops;
mod summary;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result};
use scheduler::cost::Pricing;
use scheduler::ir::Regions;

use crate::expected::stages::stages;
use crate::expected::subject::{self, Subject};
use crate::system::process;
use crate::system::progress::Progress;
use alternatives::Alternatives;
pub use args::ExplainArgs;
use explanation::Explanation;

/// Explains one schedule.
pub fn run(args: &ExplainArgs) -> Result<()> {
    let subject = subject::open(&args.subject)?;
    let explaining = Progress::one("explaining", &subject.name);
    // Nothing is open, and what other decisions would do is worked out at a stretch.
    let at_once = process::AtOnce::begin();
    let explanation = explain(&subject)?;
    drop((explaining, at_once));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print!("{}", summary::text(&explanation));
    }
    Ok(())
}

fn explain(subject: &Subject) -> Result<Explanation> {
    let Subject { name, pipeline, directives, made_by_other, priced } = subject;
    let hardware = &priced.hardware;
    let pricing = Pricing::new(pipeline, hardware, priced.model);
    // What our plugin adds in another order it has been allowed to.
    let check = if *made_by_other { scheduler::check } else { scheduler::check_reassociated };
    let illegal = match check(pipeline, directives) {
        Err(error) if *made_by_other => Some(error.to_string()),
        checked => checked.map(|()| None).context("the schedule does not fit the pipeline")?,
    };
    let regions = Regions::at_estimates(pipeline)?;
    let scheduled = scheduler::features::analyze(pipeline, &regions, directives, hardware)?;
    let stages = stages(pipeline, &scheduled, hardware, &pricing);
    let predicted_seconds = stages.iter().map(|s| s.seconds).sum();
    let is_inlined = |id: &scheduler::ir::FuncId| scheduled.computed[id.index()] == scheduler::features::Site::Inline;
    Ok(Explanation {
        pipeline: name.clone(),
        target: pipeline.target.name.clone(),
        threads: hardware.threads,
        model: priced.model_name.clone(),
        predicted_seconds,
        illegal,
        loop_nest: loops::lines(pipeline, directives, &scheduled, &stages),
        inlined: pipeline.func_ids().filter(is_inlined).map(|id| pipeline.func(id).name.clone()).collect(),
        alternatives: Alternatives { pipeline, regions: &regions, hardware, pricing: &pricing }
            .find(directives, &scheduled),
        stages,
        directives: directives.clone(),
    })
}
