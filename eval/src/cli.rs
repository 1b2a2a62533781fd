//! The command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::accuracy::AccuracyArgs;
use crate::builder::Builder;
use crate::cache::Cache;
use crate::calibrate::CalibrateArgs;
use crate::child::Limits;
use crate::collect::CollectArgs;
use crate::explain::ExplainArgs;
use crate::fail_on::FailOn;
use crate::fuzz::FuzzArgs;
use crate::generator::{Executable, GeneratorSpec, Pipeline};
use crate::hardware::HardwareArgs;
use crate::models::ModelsArgs;
use crate::output_sizes::OutputSizes;
use crate::predict::PredictArgs;
use crate::schedulers::{PluginFiles, Scheduler};
use crate::study::StudyArgs;
use crate::units::{parse_bytes, parse_duration, parse_key_value};
use crate::worker::WorkerArgs;
use crate::Usage;

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
    /// Train and judge predictors of run times on a table of parameters and times
    Predict(PredictArgs),
    /// Measure kernels and schedules here, and judge how well their times are predicted
    Study(StudyArgs),
    /// Measure random schedules of random pipelines: what cost models are trained on
    Collect(CollectArgs),
    /// Judge cost models by how well they predict collected records
    Accuracy(AccuracyArgs),
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

/// Which pipelines, and how to build them.
#[derive(Args, Clone, Debug)]
pub struct BuildArgs {
    /// Generators to take, all of them if none is named [default: those of --pipelines]
    #[arg(value_name = "PIPELINE")]
    pub names: Vec<String>,
    /// A generator executable: all generators in it, or one of them with parameters. May be repeated
    #[arg(long, value_name = "FILE[:NAME[,PARAM=VALUE...]]")]
    pub generator: Vec<GeneratorSpec>,
    /// The executable that PIPELINE names are looked up in [default: this project's own pipelines]
    #[arg(long, value_name = "FILE")]
    pub pipelines: Option<PathBuf>,
    /// The Srivastava2020 plugin [default: beside this program]
    #[arg(long, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
    /// Threads to schedule for and to run with [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub threads: Option<u32>,
    /// Address space of each generator, and of each process that runs a pipeline
    #[arg(long, value_name = "SIZE", default_value = "4GB", value_parser = parse_bytes)]
    pub memory_limit: u64,
    /// Time for each generator run
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Time for each request to a running pipeline (a few calls)
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub run_timeout: Duration,
    /// Halide target to compile for
    #[arg(long, value_name = "TARGET", default_value = "host")]
    pub target: String,
    /// Parameter for a scheduler, as in Adams2019.beam_size=8. May be repeated
    #[arg(long = "scheduler-param", value_name = "SCHEDULER.KEY=VALUE", value_parser = parse_key_value)]
    pub scheduler_params: Vec<(String, String)>,
    /// Further argument for the linker, as in my_extern_stage.o or -lfftw3. May be repeated
    #[arg(long = "link", value_name = "ARG", allow_hyphen_values = true)]
    pub link_args: Vec<String>,
    /// Build and time everything anew
    #[arg(long)]
    pub no_cache: bool,
    /// Where builds and timings are kept [default: nnc/cache in this program's target folder]
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
    /// Builds at a time [default: as many as cores; never while anything is timed]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
}

/// Arguments of `nnc eval`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc eval                                             all pipelines, all schedulers
  nnc eval blur harris --schedulers none,Srivastava2020
  nnc eval --generator out/my.generator --html my.html
  nnc eval --generator out/my.generator:sharpen,radius=3 --threads 4
  nnc eval unsharp --size output=640x480x3 --size output=2560x1920x3
  HL_AUTOSCHEDULER=./libautoschedule_mine.so,depth=2 nnc eval

What is compared: `none` is the generator's own schedule, `manual` the one behind its parameter manual=true. The default \
is none, manual, Mullapudi2016, Adams2019, Li2018 and the autoscheduler that HL_AUTOSCHEDULER names, else Srivastava2020.

Outputs are compared with an unscheduled build: integers bit for bit, floats bit for bit if the target has strict_float and no reassociate=true is given. \
Otherwise Halide lets LLVM contract and reassociate, and floats count as equal within 1e-4 of the value plus 1e-5 of the \
output's largest magnitude (1e-10 and 1e-12 for float64, 1e-2 and 1e-2 for float16), integers that the pipeline computes \
through floats within one unit plus 1e-4 of the value. Where more differs, both are built once more with strict_float, and \
what is equal then bit for bit is right: the row says that it differs by rounding.

schedule_seconds runs from the start of the generator until Halide begins to lower the scheduled pipeline; \
compile_seconds from there to the end of the generator. Builds run side by side (--jobs), timing alone.

Interrupted runs lose nothing: builds and timings are kept, and the next run goes on from there. \
Times taken while other processes took some of the processors are marked, and not kept.

A row that failed does not change the exit code, unless --fail-on has it: `error` exits with 1 if a row failed (skipped ones \
did not), `slower=1.05` if the scheduler that speedups are about takes more than 1.05 times as long as any other on any \
pipeline, the whole 95 % interval of the ratio lying beyond.")]
pub struct EvalArgs {
    /// What to build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Schedulers to compare: none, manual, unscheduled, names of autoschedulers, paths of plugins; either of these with
    /// parameters, as Srivastava2020:strategy=greedy
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub schedulers: Vec<Scheduler>,
    /// Extents of outputs, instead of the estimates that builds are scheduled for; a row for each. Other outputs keep their
    /// estimates. May be repeated
    #[arg(long = "size", value_name = "OUTPUT=WxH[,OUTPUT=WxH...]")]
    pub sizes: Vec<OutputSizes>,
    /// Write all results to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a page with plots to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Time for measuring one pipeline, all schedulers together
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub time_budget: Duration,
    /// Most samples of one scheduler
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// A time is settled when the 95 % interval of the median is this narrow (half-width over median)
    #[arg(long, value_name = "FRACTION", default_value_t = 0.01)]
    pub spread: f64,
    /// Seed of the input values
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Exit with 1 on these: error, slower=FACTOR. May be repeated
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// The build that outputs are compared with
    #[arg(long, value_name = "SCHEDULER", default_value = "unscheduled")]
    pub reference: Scheduler,
}

/// Arguments of `nnc gen`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc gen -- out/my.generator -g blur -o out target=host
  HL_AUTOSCHEDULER=Adams2019,beam_size=8 nnc gen -- out/my.generator -g blur -o out target=host")]
pub struct GenArgs {
    /// The generator executable and its arguments
    #[arg(value_name = "GENERATOR", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// The Srivastava2020 plugin [default: beside this program]
    #[arg(long, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
}

/// Arguments of `nnc run`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc run unsharp --image in.png --out out.png
  nnc run bilateral_grid --image in.jpg --out out.png --param r_sigma=0.2 --scheduler manual")]
pub struct RunArgs {
    /// What to build; exactly one pipeline.
    #[command(flatten)]
    pub build: BuildArgs,
    /// The photograph, PNG or JPEG
    #[arg(long, value_name = "FILE")]
    pub image: PathBuf,
    /// Where the first output goes, as PNG
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What schedules the pipeline [default: HL_AUTOSCHEDULER, else Srivastava2020]
    #[arg(long, value_name = "SCHEDULER")]
    pub scheduler: Option<Scheduler>,
    /// Value of a scalar input, otherwise its estimate. May be repeated
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_key_value)]
    pub scalars: Vec<(String, String)>,
    /// Value of white in the input and the output [default: 1 for floats, 255 for 8 bits, 16383 for wider integers]
    #[arg(long, value_name = "NUMBER")]
    pub white: Option<f64>,
}

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
    pub sizes: Vec<crate::sizes::Size>,
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

/// Arguments of `nnc dump`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc dump blur
  nnc dump --generator out/my.generator:sharpen,radius=3 -o sharpen.json")]
pub struct DumpArgs {
    /// What to read; exactly one pipeline.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Where the JSON goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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

/// Folder of this program.
pub fn program_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    Ok(program.parent().unwrap_or(Path::new("/")).to_owned())
}

/// Our plugin and Halide's folders.
pub fn plugin_files(plugin: Option<&Path>) -> Result<PluginFiles> {
    let folder = program_folder()?;
    let ours = plugin.map_or_else(|| folder.join("libautoschedule_srivastava2020.so"), Path::to_owned);
    let root = std::env::var_os("HALIDE_ROOT").map(PathBuf::from);
    let roots = root.into_iter().chain([folder.join("../../.deps/halide")]);
    let halide_folders = roots.flat_map(|root| [root.join("lib64"), root.join("lib")]).collect();
    Ok(PluginFiles { ours, halide_folders })
}

impl BuildArgs {
    /// Threads to schedule for and run with.
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(cores, |threads| threads as usize)
    }

    /// Builds at a time.
    pub fn jobs(&self) -> usize {
        self.jobs.map_or_else(cores, |jobs| jobs as usize)
    }

    /// Limits of a process that runs a pipeline.
    pub fn run_limits(&self) -> Limits {
        Limits { memory_bytes: self.memory_limit, timeout: self.run_timeout }
    }

    /// The pipelines asked for.
    pub fn open_pipelines(&self) -> Result<Vec<Pipeline>> {
        let mut pipelines = Vec::new();
        if !self.names.is_empty() || self.generator.is_empty() {
            let executable = Arc::new(Executable::open(&self.pipelines_path()?)?);
            if self.names.is_empty() {
                pipelines.extend(executable.pipelines());
            }
            for name in &self.names {
                pipelines.push(executable.pipeline(name, vec![])?);
            }
        }
        for spec in &self.generator {
            pipelines.extend(spec.open()?);
        }
        Ok(pipelines)
    }

    /// The one generator named with `--generator`, else `name` of the executable with this project's own.
    pub fn open_named(&self, name: &str) -> Result<Pipeline> {
        if self.generator.is_empty() {
            return self.open_own(name);
        }
        self.open_pipeline()
    }

    /// The generator `name` of the executable with this project's own.
    pub fn open_own(&self, name: &str) -> Result<Pipeline> {
        Executable::open(&self.pipelines_path()?).map(Arc::new)?.pipeline(name, vec![])
    }

    fn pipelines_path(&self) -> Result<PathBuf> {
        let ours = || Ok(program_folder()?.join("../pipelines/halide_pipelines.generator"));
        self.pipelines.clone().map_or_else(ours, Ok)
    }

    /// The one pipeline asked for.
    pub fn open_pipeline(&self) -> Result<Pipeline> {
        let mut pipelines = self.open_pipelines()?;
        let count = pipelines.len();
        ensure!(count == 1, Usage(format!("name one pipeline, not {count}")));
        Ok(pipelines.remove(0))
    }

    /// The cache.
    pub fn open_cache(&self) -> Result<Cache> {
        let default = || Ok::<_, anyhow::Error>(program_folder()?.join("../nnc/cache"));
        Cache::open(&self.cache.clone().map_or_else(default, Ok)?, !self.no_cache)
    }

    /// What builds them; outputs are compared with those of `reference`.
    pub fn builder(&self, reference: &Scheduler) -> Result<Builder> {
        Ok(Builder {
            target: self.target.clone(),
            threads: self.threads(),
            limits: Limits { memory_bytes: self.memory_limit, timeout: self.timeout },
            plugins: plugin_files(self.plugin.as_deref())?,
            cache: self.open_cache()?,
            link_args: self.link_args.clone(),
            runtime: None,
            reference: reference.clone(),
            warm: None,
        })
    }

    /// Adds the parameters given with `--scheduler-param` to the schedulers they are for.
    pub fn parametrise(&self, schedulers: &mut [Scheduler]) -> Result<()> {
        for (key, value) in &self.scheduler_params {
            let wrong = |what: &str| Usage(format!("--scheduler-param {key}: {what}"));
            let (label, key) = key.rsplit_once('.').ok_or_else(|| wrong("expected SCHEDULER.KEY=VALUE"))?;
            let target = schedulers.iter_mut().find(|scheduler| scheduler.label().eq_ignore_ascii_case(label));
            match target {
                Some(Scheduler::Plugin { params, .. }) => params.push((key.to_owned(), value.clone())),
                Some(_) => bail!(wrong(&format!("{label} takes no parameters"))),
                None => bail!(wrong(&format!("{label} is not among the schedulers used"))),
            }
        }
        Ok(())
    }
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get())
}

#[cfg(test)]
mod tests {
    use super::*;

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
