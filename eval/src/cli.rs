//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::accuracy::AccuracyArgs;
use crate::commands::calibrate::CalibrateArgs;
use crate::commands::collect::CollectArgs;
use crate::commands::dump::DumpArgs;
use crate::commands::eval::EvalArgs;
use crate::commands::explain::ExplainArgs;
use crate::commands::fuzz::FuzzArgs;
use crate::commands::gen::GenArgs;
use crate::commands::hardware::HardwareArgs;
use crate::commands::models::ModelsArgs;
use crate::commands::predict::PredictArgs;
use crate::commands::profile::ProfileArgs;
use crate::commands::regret::RegretArgs;
use crate::commands::run::RunArgs;
use crate::commands::study::StudyArgs;
use crate::commands::verify::VerifyArgs;
use crate::commands::worker::WorkerArgs;

/// Schedules Halide pipelines with the autoschedulers there are, and measures what each gains.
///
/// Wherever an autoscheduler is not named, HL_AUTOSCHEDULER=NAME_OR_PLUGIN_PATH[,key=value...] is used if it is set.
/// Exit codes: 0 done, 1 failed or differences found, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
#[derive(Parser, Debug)]
#[command(name = "nnc", version, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Compare schedulers: build, run and time pipelines, print a table of speedups
    Eval(EvalArgs),
    /// Run a generator with an autoscheduler loaded
    Gen(GenArgs),
    /// Run an image pipeline on a photograph
    Run(RunArgs),
    /// Check that schedules change no result, at the estimates and at awkward sizes
    Verify(VerifyArgs),
    /// Check schedules of random pipelines
    Fuzz(FuzzArgs),
    /// Print a pipeline as the autoscheduler sees it, as JSON
    Dump(DumpArgs),
    /// Show the loops of a schedule, what each stage is expected to take, and what other decisions would
    Explain(ExplainArgs),
    /// Measure what each Func takes, beside what it is predicted to
    Profile(ProfileArgs),
    /// Train and judge predictors of run times on a table of parameters and times
    Predict(PredictArgs),
    /// Measure kernels and schedules here, and judge how well their times are predicted
    Study(StudyArgs),
    /// Measure random schedules of random pipelines: what cost models are trained on
    Collect(CollectArgs),
    /// Judge cost models by how well they predict collected records
    Accuracy(AccuracyArgs),
    /// Measure how much slower what the scheduler picks is than the best known schedule
    Regret(RegretArgs),
    /// Fit the shipped cost model to this computer
    Calibrate(CalibrateArgs),
    /// Measure this computer: caches, bandwidths, arithmetic
    Hardware(HardwareArgs),
    /// Look at the trained models that are kept
    Models(ModelsArgs),
    /// Check that the warm worker builds what generators build
    Worker(WorkerArgs),
    /// Load a compiled pipeline and answer requests about it
    #[command(hide = true)]
    Runner(RunnerArgs),
}

/// Arguments of the runner process.
#[derive(Args, Debug)]
pub struct RunnerArgs {
    /// The shared library.
    pub library: PathBuf,
    /// Threads to run it with.
    #[arg(long)]
    pub threads: usize,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::commands::eval::FailOn;
    use crate::measure::build::schedulers::Scheduler;

    #[test]
    fn definitions_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn eval_line() {
        let line =
            ["nnc", "eval", "blur", "--schedulers", "none,adams2019", "--memory-limit", "2GB", "--timeout", "5s"];
        let Command::Eval(args) = Cli::try_parse_from(line).unwrap().command else { panic!("not eval") };
        assert_eq!(args.build.names, ["blur"]);
        assert_eq!(args.schedulers.iter().map(Scheduler::label).collect::<Vec<_>>(), ["none", "Adams2019"]);
        assert_eq!((args.build.memory_limit, args.build.timeout), (2_000_000_000, Duration::from_secs(5)));
    }

    #[test]
    fn eval_line_for_scripts() {
        let line =
            ["nnc", "eval", "--link", "-lm", "--link", "a.o", "--fail-on", "error,slower=1.05", "--fail-on", "error"];
        let Command::Eval(args) = Cli::try_parse_from(line).unwrap().command else { panic!("not eval") };
        assert_eq!(args.build.link_args, ["-lm", "a.o"]);
        assert_eq!(args.fail_on, [FailOn::Error, FailOn::Slower(1.05), FailOn::Error]);
        assert!(Cli::try_parse_from(["nnc", "eval", "--fail-on", "slower=0.5"]).is_err());
    }

    #[test]
    fn gen_passes_everything_on() {
        let line = ["nnc", "gen", "--", "a.generator", "-g", "blur", "--odd", "target=host"];
        let Command::Gen(args) = Cli::try_parse_from(line).unwrap().command else { panic!("not gen") };
        assert_eq!(args.command, line[3..]);
    }

    #[test]
    fn parameters_reach_their_scheduler() {
        let line = ["nnc", "eval", "--schedulers", "none,Adams2019", "--scheduler-param", "adams2019.beam_size=1"];
        let Command::Eval(args) = Cli::try_parse_from(line).unwrap().command else { panic!("not eval") };
        let mut schedulers = args.schedulers.clone();
        args.build.parametrise(&mut schedulers).unwrap();
        assert!(matches!(&schedulers[1], Scheduler::Plugin { params, .. } if params.len() == 1));
        assert!(args.build.parametrise(&mut schedulers[..1]).is_err());
    }
}
