//! `nnc calibrate`: fits the shipped cost model to this computer.

mod args;

use std::path::PathBuf;

use anyhow::{ensure, Context, Result};
use host::{cost_model_path, Processor};
use scheduler::cost::{nearest, LearnedModel};
use scheduler::Hardware;
use serde::Serialize;

pub use args::CalibrateArgs;

use crate::hardware::profile;
use crate::models::Store;
use crate::records::dataset;
use crate::records::record::{self, Measured};
use crate::records::suite::{Random, Suite};
use crate::report;
use crate::system::ending::Ended;
use crate::system::files;
use crate::system::process;
use crate::system::program::program_folder;
use crate::system::progress::Progress;
use crate::training::cross_validation::{cross_validate, Folds};
use crate::training::data::{measured as measured_seconds, pipelines, schedules, Pipeline, View};
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

/// What was measured, as models see it.
struct Data {
    /// The machine that analytic estimates, which are inputs, are for.
    hardware: Hardware,
    pipelines: Vec<Pipeline>,
}

/// A model that may be kept.
struct Contender<'a> {
    data: &'a Data,
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

/// Measures, trains, and keeps the best model. `store` is opened only to keep it there.
pub fn run(args: &CalibrateArgs, store: impl FnOnce() -> Result<Store>) -> Result<Ended> {
    // Before the measurements, which take minutes.
    let store = args.save.is_none().then(store).transpose()?;
    let processor = Processor::here();
    eprintln!("Measuring for some minutes; anything else that runs now falsifies it.");
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => {
            let name = format!("{}.{}", processor.fingerprint(), args.build.target);
            program_folder()?.join("../nnc/calibration").join(name)
        }
    };
    if let Ended::Interrupted = suite(args)?.measure(&record::Store::open(&folder)?)? {
        return Ok(Ended::Interrupted);
    }
    // What was collected is kept; training looks at no flag.
    let at_once = process::AtOnce::begin();
    let records = record::read(&folder)?;
    let target = records.iter().find_map(|measured| Some(measured.pipeline.as_ref()?.target.clone()));
    let target = target.context("no schedule could be measured")?;
    let threads = args.build.threads.unwrap_or(u32::try_from(processor.threads)?);
    let profile = profile::measure(threads, target.vector_bytes);
    let (name, model) = nearest(&target);

    let before = model_file::trained(model)?;
    let (assumed, measured) = (Data::new(&records, model.hardware(1, 1))?, Data::new(&records, profile)?);
    let contenders = contenders(name, &before, &assumed, &measured)?;
    let all: Vec<&Figures> = contenders.iter().map(|contender| &contender.figures).collect();
    let count = assumed.pipelines.len();
    let schedules = schedules(&assumed.pipelines);
    println!("{schedules} schedules of {count} pipelines, each predicted by models trained without it\n");
    println!("{}\n", table(all.iter().copied()));
    let best = contenders.iter().max_by(|a, b| merit(a).total_cmp(&merit(b))).expect("there are three");
    let provenance = format!("{}; {schedules} schedules of {count} pipelines, on {processor}", model.provenance);
    let text = match best.epochs {
        None => model.to_json(),
        Some(epochs) => {
            let _progress = Progress::one("training", "on all schedules");
            learned(&before, best.data, epochs, provenance)?.to_json()
        }
    };
    drop(at_once);
    let in_store = store.map(|store| cost_model_path(store.folder(), target.vector_bytes, &processor.fingerprint()));
    let path = in_store.or_else(|| args.save.clone()).expect("a store is opened unless there is a file");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    files::write(&path, text.as_bytes())?;
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
fn suite(args: &CalibrateArgs) -> Result<Suite> {
    let random = Random { seed: FIRST_SEED, count: args.random, stages: STAGES };
    let mut suite = Suite::open(&args.build, &random, args.keep_disturbed)?;
    suite.schedules = args.schedules;
    suite.budget = Some(args.budget);
    Ok(suite)
}

impl Data {
    fn new(records: &[Measured], hardware: Hardware) -> Result<Data> {
        let pipelines = pipelines(&dataset::groups(records, &hardware)?, View::Augmented);
        ensure!(
            pipelines.len() >= FEWEST,
            "{} pipelines are too few: give it more --budget, --random more, or --keep-disturbed where others never leave the processors alone",
            pipelines.len()
        );
        Ok(Data { hardware, pipelines })
    }

    fn all(&self) -> Vec<&Pipeline> {
        self.pipelines.iter().collect()
    }
}

/// The shipped model, and what comes of training it further.
fn contenders<'a>(name: &str, shipped: &Trained, assumed: &'a Data, measured: &'a Data) -> Result<[Contender<'a>; 3]> {
    let progress = Progress::start("training", 2 * FOLDS);
    let make = |method: &str, data: &'a Data, epochs: Option<usize>| -> Result<Contender<'a>> {
        let predicted = match epochs {
            None => shipped.predict(&data.all())?,
            Some(epochs) => {
                let names: Vec<&str> = data.pipelines.iter().map(|pipeline| pipeline.name.as_str()).collect();
                let predict =
                    |training: &[&Pipeline], test: &[&Pipeline]| shipped.refined(training, epochs, 0)?.predict(test);
                let folds = Folds { labels: &names, count: FOLDS, name: method, progress: &progress };
                cross_validate(&data.pipelines, &folds, predict)?
            }
        };
        Ok(Contender { data, epochs, figures: figures(method, &measured_seconds(&data.pipelines), &predicted) })
    };
    Ok([
        make(&format!("{name} as shipped"), assumed, None)?,
        make("refined", assumed, Some(EPOCHS))?,
        make("refined, with the measured profile", measured, Some(EPOCHS))?,
    ])
}

/// How good a contender is: that it orders schedules rightly counts as much as that its seconds are right.
fn merit(contender: &Contender) -> f64 {
    let Figures { spearman_rho, mape, .. } = contender.figures;
    spearman_rho.unwrap_or(0.0) - mape.unwrap_or(f64::INFINITY)
}

/// The shipped model trained further with everything.
fn learned(shipped: &Trained, data: &Data, epochs: usize, provenance: String) -> Result<LearnedModel> {
    model_file::learned(&shipped.refined(&data.all(), epochs, 0)?, provenance, data.hardware)
}
