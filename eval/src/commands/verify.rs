//! `nnc verify`: a schedule changes no result, whatever the size.

use anyhow::Result;
use clap::Args;

use crate::measure::args::BuildArgs;
use crate::measure::build::all::build_all;
use crate::measure::build::generator::Pipeline;
use crate::measure::build::schedulers::{scheduler_or_default, Scheduler};
use crate::measure::check::{Checks, Findings};
use crate::measure::run::sizes::Size;
use crate::measure::variants::{self, Variable};
use crate::results::record::Status;
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::progress::Progress;

/// Arguments of `nnc verify`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc verify
  nnc verify blur harris --scheduler Adams2019
  nnc verify --generator out/my.generator --sizes 1,2,3,estimate+1
  nnc verify --vary local_laplacian

Compiles with strict_float and compares bit for bit with the unscheduled build: at the estimates, with each dimension of \
the outputs at each size (the others at their estimates, reduced), and with all dimensions at each plain size. A size that the \
unscheduled build itself rejects is not applicable. A scheduler with reassociate=true may round floats otherwise, \
within the tolerances of eval. Exits with 1 on any difference or failure.

With --vary, each parameter of a generator that is a number or a flag and has not been given a value gets a few others, one \
parameter at a time. Values that the unscheduled build rejects are not applicable.")]
pub struct VerifyArgs {
    /// What to build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// What schedules the pipelines [default: HL_AUTOSCHEDULER, else Srivastava2020]
    #[arg(long, value_name = "SCHEDULER")]
    pub scheduler: Option<Scheduler>,
    /// Sizes for each dimension of the outputs: numbers, estimate, estimate+N, estimate-N
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,7,33,estimate-1,estimate+1")]
    pub sizes: Vec<Size>,
    /// Take each pipeline with other values of its generator's parameters, instead of the defaults
    #[arg(long)]
    pub vary: bool,
    /// Estimates of outputs beyond this are halved until they are not, to keep it quick
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(i32).range(1..))]
    pub max_extent: i32,
    /// Seed of the input values
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// Runs the checks. True if nothing differs.
pub fn run(args: &VerifyArgs) -> Result<(Ended, bool)> {
    let mut chosen = vec![scheduler_or_default(args.scheduler.as_ref())?];
    args.build.parametrise(&mut chosen)?;
    let mut pipelines = args.build.open_pipelines()?;
    if args.vary {
        let variable = variants::open(pipelines, &args.build.run_limits())?;
        pipelines = variable.iter().flat_map(Variable::in_one).collect();
    }
    let mut builder = args.build.builder(&Scheduler::Unscheduled)?;
    builder.target = builder.target_with("strict_float");
    for pipeline in &pipelines {
        Scheduler::Unscheduled.arguments(&builder.plugins, &pipeline.executable, builder.threads)?;
    }
    let schedulers = [Scheduler::Unscheduled, chosen.remove(0)];
    let builds = build_all(&builder, &pipelines, &schedulers, args.build.jobs());
    let progress = Progress::start("verifying", pipelines.len());
    let checks = Checks {
        sizes: args.sizes.clone(),
        max_extent: args.max_extent,
        seed: args.seed,
        limits: args.build.run_limits(),
    };
    let mut all_equal = true;
    for (pipeline, builds) in pipelines.iter().zip(&builds) {
        let [Some(reference), Some(subject)] = &builds[..] else { break };
        let name = pipeline.to_string();
        if args.vary && reference.outcome.status != Status::Ok {
            println!("{name}: not applicable: {}", reference.outcome.message);
            continue;
        }
        progress.begin(&name);
        let findings = checks.compare(&builder, reference, subject);
        if process::interrupted() {
            break;
        }
        let findings = findings?;
        progress.end(&name, &findings.summary(), false);
        all_equal &= findings.failed.is_empty();
        print_findings(pipeline, &findings);
    }
    let ended = if process::interrupted() { Ended::Interrupted } else { Ended::Complete };
    Ok((ended, all_equal))
}

fn print_findings(pipeline: &Pipeline, findings: &Findings) {
    println!("{pipeline}: {}", findings.summary());
    let show = |label: &str, lines: &[String]| lines.iter().for_each(|line| println!("  {label} {line}"));
    show("failed at", &findings.failed);
    show("not applicable at", &findings.not_applicable);
    show("undefined without a schedule, too, at", &findings.undefined);
}
