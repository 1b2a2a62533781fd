//! One pipeline, of which many schedules are built by the warm worker, compared with the unscheduled build and timed in turns, at
//! any size and with any number of threads.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use nnc_worker_protocol::Estimates;
use scheduler::ir;

use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::cache::Cache;
use crate::measure::build::described::{describe_again, open_warm};
use crate::measure::build::generator::Pipeline;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::build::warm::Warm;
use crate::measure::run::client::Runner;
use crate::measure::run::output_sizes::{extents_text, output_regions};
use crate::measure::run::protocol::{regions_of, Description, Difference, Dim, Kind, Request, Rule, Shapes};
use crate::measure::run::scaled::scaled;
use crate::measure::run::shapes;
use crate::measure::time::launch::Launcher;
use crate::measure::time::timer::rule_for;
use crate::measure::time::timing::{self, Settings};
use crate::results::failure::Failure;
use crate::results::record::Status;
use crate::system::child::Limits;
use crate::system::load;
use crate::system::process;
use crate::system::scratch::WorkFolder;
use crate::system::side_by_side::side_by_side;
use crate::system::turns;

/// Rounding may turn a decision, which changes few values; a wrong schedule changes whole regions. So many values, of those there
/// are, may differ where floats are computed with.
const TURNED: f64 = 0.01;

/// Samples of one build, in seconds per call, or why there are none.
pub type Samples = Result<Vec<f64>, Failure>;

/// A pipeline that many schedules are measured of.
pub struct Workbench {
    /// The generator with its parameters.
    pub pipeline: Pipeline,
    /// As data, at the estimates.
    pub data: ir::Pipeline,
    warm: Arc<Warm>,
    launcher: Launcher,
    reference: Build,
    description: Description,
    jobs: usize,
    /// Where builds are, which nobody asks for again.
    folder: WorkFolder,
}

/// What a pipeline is run at.
pub struct Size {
    /// Extents of the first output, in words; none at the estimates.
    pub name: Option<String>,
    /// Bytes of all inputs and outputs.
    pub io_bytes: u64,
    /// The pipeline with these sizes for estimates.
    pub data: ir::Pipeline,
    shapes: Shapes,
    /// The file with the outputs of the unscheduled build.
    expected: PathBuf,
}

/// What a workbench takes.
pub struct Tools<'a> {
    /// Makes builds, where Halide's runtime is linked once.
    pub builder: &'a Builder,
    /// Limits of the processes that run them.
    pub limits: Limits,
    /// Builds at a time.
    pub jobs: usize,
    /// Seed of the input values.
    pub seed: u64,
}

impl Workbench {
    /// Has the generator write the pipeline down, and builds it unscheduled.
    ///
    /// # Errors
    /// What is wrong with the machine, or with the pipeline.
    pub fn open(pipeline: Pipeline, tools: &Tools) -> Result<Workbench> {
        let (warm, data) = open_warm(&pipeline, tools.builder)?;
        let (warm, folder) = (Arc::new(warm), tools.builder.cache.work_folder()?);
        let builder = Builder {
            cache: Cache::open(folder.path(), false)?,
            reference: Scheduler::Unscheduled,
            warm: Some(Arc::clone(&warm)),
            ..tools.builder.clone()
        };
        let reference = builder.build(&pipeline, &Scheduler::Unscheduled)?;
        reference.outcome.failure().map_or(Ok(()), Err)?;
        let launcher = Launcher { builder, limits: tools.limits, seed: tools.seed };
        let description = launcher.start(&reference)?.describe()?;
        Ok(Workbench { pipeline, data, warm, launcher, reference, description, jobs: tools.jobs, folder })
    }

    /// What makes its builds.
    pub fn builder(&self) -> &Builder {
        &self.launcher.builder
    }

    /// A folder for files that builds read.
    pub fn work_folder(&self) -> Result<WorkFolder> {
        self.launcher.builder.cache.work_folder()
    }

    /// Builds what these schedulers make, in the background. Fewer if the user stops it.
    ///
    /// # Errors
    /// What is wrong with the machine; a build that fails is a result.
    pub fn build(&self, schedulers: &[Scheduler]) -> Result<Vec<Result<Build, Failure>>> {
        let work = |i: usize| -> Result<Option<Result<Build, Failure>>> {
            process::run_in_background();
            if process::interrupted() {
                return Ok(None);
            }
            let build = self.launcher.builder.build(&self.pipeline, &schedulers[i])?;
            Ok(Some(build.outcome.failure().map_or(Ok(build), Err)))
        };
        side_by_side(schedulers.len(), self.jobs, work).into_iter().filter_map(Result::transpose).collect()
    }

    /// The size with about `factor` times as many elements as the estimates, for which the unscheduled build is run once.
    ///
    /// # Errors
    /// Why the pipeline cannot have it.
    pub fn size(&self, factor: f64) -> Result<Size, Failure> {
        let asked = |message| Failure { status: Status::Error, message, lasts: true };
        let estimated = output_regions(&self.description, None).map_err(asked)?;
        let outputs = scaled(&estimated, factor);
        let expected = self.folder.path().join(format!("outputs {factor}"));
        let turn = turns::to_time();
        let runner = &mut self.launcher.start(&self.reference)?;
        let planned = shapes::plan(runner, &outputs, true)?;
        if let Some(message) = shapes::refused(&self.description, &outputs, &planned, |_| factor != 1.0) {
            return Err(asked(message));
        }
        let (shapes, io_bytes) = shapes::compute(runner, planned, self.launcher.seed)?;
        runner.tell(&Request::Save { path: expected.clone() })?;
        drop(turn);
        let (name, data) = match factor == 1.0 {
            true => (None, self.data.clone()),
            false => (Some(extents_text(outputs[0].iter().map(|[_, extent]| *extent))), self.describe(&shapes)?),
        };
        Ok(Size { name, io_bytes, data, shapes, expected })
    }

    /// The pipeline with these shapes for estimates.
    fn describe(&self, shapes: &Shapes) -> Result<ir::Pipeline, Failure> {
        let mut sizes = Estimates::default();
        let all = |region: Vec<[i32; 2]>| region.into_iter().map(Some).collect();
        for (input, region) in self.description.of_kind(Kind::Input).zip(regions_of(&shapes.inputs)) {
            sizes.buffers.push((input.name.clone(), all(region)));
        }
        // A Tuple is several buffers of one shape.
        let mut outputs = regions_of(&shapes.outputs).into_iter();
        for &output in &self.data.outputs {
            let func = self.data.func(output);
            let Some(region) = outputs.next() else { break };
            outputs.by_ref().take(func.types.len().saturating_sub(1)).for_each(drop);
            sizes.buffers.push((func.name.clone(), all(region)));
        }
        let described = describe_again(&self.pipeline, &self.launcher.builder, &self.warm.at(sizes));
        described.map_err(|error| Failure::of_the_machine(&error))
    }

    /// Times builds in turns, each in a process of its own that starts now, once their outputs are seen to be right; and says whether
    /// other processes disturbed it. `again`: whether to time once more then.
    pub fn time(
        &self,
        builds: &[&Result<Build, Failure>],
        size: &Size,
        threads: usize,
        settings: &Settings,
        again: bool,
    ) -> load::Measured<Vec<Samples>> {
        let _turn = turns::to_time();
        let mut runners = Vec::new();
        let mut results: Vec<Samples> = Vec::new();
        for build in builds {
            let started = build.as_ref().map_err(Failure::clone).and_then(|build| self.start(build, size, threads));
            results.push(started.map(|runner| {
                runners.push(runner);
                Vec::new()
            }));
        }
        let mut interleave =
            || timing::interleave(&mut runners, settings, &timing::Monotonic::start(), process::interrupted);
        let load::Measured { value: samples, disturbed } = match again {
            true => load::undisturbed(interleave),
            false => load::Measured { value: interleave(), disturbed: false },
        };
        let running = results.iter_mut().filter(|result| result.is_ok());
        running.zip(samples).for_each(|(result, samples)| *result = samples);
        load::Measured { value: results, disturbed }
    }

    /// A runner that is ready to be timed.
    fn start(&self, build: &Build, size: &Size, threads: usize) -> Result<Runner, Failure> {
        let mut runner = self.launcher.start_with(build, threads)?;
        runner.prepare(&size.shapes, self.launcher.seed, &[])?;
        runner.run(1)?;
        let rule = rule_for(&self.description, self.reference.outcome.float_math, build.reassociates);
        let difference = runner.compare(&Request::Compare { path: size.expected.clone(), rule })?;
        match difference {
            Some(difference) if self.is_wrong(&difference, rule, size) => {
                Err(Failure { status: Status::WrongOutput, message: difference.text, lasts: true })
            }
            _ => Ok(runner),
        }
    }

    fn is_wrong(&self, difference: &Difference, rule: Rule, size: &Size) -> bool {
        let elements = |dims: &Vec<Dim>| dims.iter().map(|dim| f64::from(dim.extent)).product::<f64>();
        let all: f64 = size.shapes.outputs.iter().map(elements).sum();
        rule == Rule::Exact || difference.values as f64 > TURNED * all
    }
}
