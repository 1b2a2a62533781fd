//! Which pipelines, and how to build them: arguments that commands have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure, Result};
use clap::Args;

use crate::measure::build::builder::Builder;
use crate::measure::build::cache::Cache;
use crate::measure::build::generator::{Executable, GeneratorSpec, Pipeline};
use crate::measure::build::schedulers::{PluginFiles, Scheduler};
use crate::system::child::Limits;
use crate::system::ending::Usage;
use crate::system::program::{cores, program_folder};
use crate::system::units::{parse_bytes, parse_duration, parse_key_value};

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
