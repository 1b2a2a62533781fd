//! `nnc calibrate`: fits the shipped cost model to this computer.

mod args;

use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use host::{cost_model_path, models_folder, Processor};
use scheduler::cost::{shipped, LearnedModel};
use scheduler::Hardware;
use serde::Serialize;

pub use args::CalibrateArgs;

use crate::cli::program_folder;
use crate::collect::record::{self, Measured};
use crate::collect::{self, dataset, CollectArgs};
use crate::eval::Ended;
use crate::hardware::profile;
use crate::report;
use crate::training::cross_validation::cross_validate;
use crate::training::data::{pipelines, Pipeline, View};
use crate::training::figures::{figures, table, Figures};
use crate::training::method::Trained;
use crate::training::model_file;

/// The first seed of the suite: pipelines that no shipped model was trained with.
const FIRST_SEED: u64 = 1_000_000;
/// Stages of a pipeline of the suite: few, which compile fast.
const STAGES: std::ops::RangeInclusive<u64> = 1..=4;
/// Parts into which pipelines are split to judge.
const FOLDS: usize = 5;
/// Epochs of training: the start is near.
const EPOCHS: usize = 150;
/// Fewest pipelines to train with.
const FEWEST: usize = 10;

/// A model that may be kept.
struct Contender {
    hardware: Hardware,
    pipelines: Vec<Pipeline>,
    /// None for the shipped model as it is.
    epochs: Option<usize>,
    figures: Figures,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    fingerprint: String,
    profile: Hardware,
    pipelines: usize,
    schedules: usize,
    methods: Vec<&'a Figures>,
    kept: &'a str,
    model: PathBuf,
}

/// Measures, trains, and keeps the best model.
pub fn run(args: &CalibrateArgs) -> Result<Ended> {
    let processor = Processor::here();
    eprintln!("Measuring for some minutes; anything else that runs now falsifies it.");
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => {
            let name = format!("{}.{}", processor.fingerprint(), args.build.target);
            program_folder()?.join("../nnc/calibration").join(name)
        }
    };
    if let Ended::Interrupted = collect::run(&suite(args, &folder))? {
        return Ok(Ended::Interrupted);
    }
    let records = record::read(&folder)?;
    let target = records.iter().find_map(|measured| Some(measured.pipeline.as_ref()?.target.clone()));
    let target = target.context("no schedule could be measured")?;
    let threads = args.build.threads.unwrap_or(u32::try_from(processor.threads)?);
    let profile = profile::measure(threads, target.vector_bytes);
    let (name, model) = shipped(&target).with_context(|| format!("no cost model is shipped for {}", target.name))?;

    let contenders = contenders(&records, name, model, &profile)?;
    let all: Vec<&Figures> = contenders.iter().map(|contender| &contender.figures).collect();
    let count = contenders[0].pipelines.len();
    let schedules = contenders[0].pipelines.iter().map(|pipeline| pipeline.rows.len()).sum();
    println!("{schedules} schedules of {count} pipelines, each predicted by models trained without it\n");
    println!("{}\n", table(&contenders.iter().map(|contender| contender.figures.clone()).collect::<Vec<_>>()));
    let best = contenders.iter().max_by(|a, b| merit(a).total_cmp(&merit(b))).expect("there are three");
    let provenance = format!("{}; {schedules} schedules of {count} pipelines, on {processor}", model.provenance);
    let text = learned(best, model, provenance)?.to_json();
    let path = match &args.save {
        Some(path) => path.clone(),
        None => {
            let folder = models_folder(|name| std::env::var_os(name))?;
            cost_model_path(&folder, target.vector_bytes, &processor.fingerprint())
        }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    report::atomic::write(&path, text.as_bytes())?;
    println!("kept: {}, in {}", best.figures.method, path.display());
    if let Some(json) = &args.json {
        let kept = &best.figures.method;
        let fingerprint = processor.fingerprint();
        report::write_json(
            &Report { fingerprint, profile, pipelines: count, schedules, methods: all, kept, model: path },
            json,
        )?;
    }
    Ok(Ended::Complete)
}

/// What is measured.
fn suite(args: &CalibrateArgs, folder: &Path) -> CollectArgs {
    CollectArgs {
        build: args.build.clone(),
        random: args.random,
        seed: FIRST_SEED,
        stages: STAGES,
        schedules: args.schedules,
        budget: Some(args.budget),
        out: Some(folder.to_owned()),
        export: None,
    }
}

/// The shipped model, and what comes of training it further.
fn contenders(records: &[Measured], name: &str, model: &LearnedModel, profile: &Hardware) -> Result<Vec<Contender>> {
    let before = model_file::trained(model)?;
    let make = |method: &str, hardware: Hardware, epochs: Option<usize>| -> Result<Contender> {
        let pipelines = pipelines(&dataset::groups(records, &hardware)?, View::Augmented);
        ensure!(pipelines.len() >= FEWEST, "{} pipelines are too few: give it more --budget", pipelines.len());
        let predicted = match epochs {
            None => before.predict(&pipelines.iter().collect::<Vec<_>>())?,
            Some(epochs) => {
                let train = |training: &[&Pipeline]| before.refined(training, epochs, 0);
                cross_validate(&pipelines, FOLDS, |pipeline| &pipeline.name, train)?
            }
        };
        let figures = figures(method, &pipelines, &predicted);
        Ok(Contender { hardware, pipelines, epochs, figures })
    };
    let assumed = model.hardware(1, 1);
    Ok(vec![
        make(&format!("{name} as shipped"), assumed, None)?,
        make("refined", assumed, Some(EPOCHS))?,
        make("refined, with the measured profile", *profile, Some(EPOCHS))?,
    ])
}

/// How good a contender is: that it orders schedules rightly counts as much as that its seconds are right.
fn merit(contender: &Contender) -> f64 {
    let Figures { spearman_rho, mape, .. } = contender.figures;
    spearman_rho.unwrap_or(0.0) - mape.unwrap_or(f64::INFINITY)
}

/// The contender trained with everything.
fn learned(contender: &Contender, shipped: &LearnedModel, provenance: String) -> Result<LearnedModel> {
    let Some(epochs) = contender.epochs else { return Ok(shipped.clone()) };
    let all: Vec<&Pipeline> = contender.pipelines.iter().collect();
    let trained: Trained = model_file::trained(shipped)?.refined(&all, epochs, 0)?;
    model_file::learned(&trained, provenance, contender.hardware)
}
