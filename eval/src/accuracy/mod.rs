//! `nnc accuracy`: how well predictors tell the times of pipelines they were not trained on.

mod data;
mod method;
mod save;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{ensure, Context, Result};
use clap::{Args, ValueEnum};
use comfy_table::{presets, Table};
use predictor::metrics::{mape, regret, spearman_rho};
use serde::Serialize;

use crate::collect::{dataset, record};
use crate::report;
use crate::stats::median;
use data::Pipeline;
use method::{AUGMENTED, METHODS};

/// Fewest schedules of a pipeline whose order means something.
const FEWEST: usize = 6;

/// What is held out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HeldOut {
    /// All pipelines of a family.
    Family,
    /// All schedules of a pipeline.
    Pipeline,
}

/// Arguments of `nnc accuracy`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc accuracy records.gz
  nnc accuracy records.gz --held-out pipeline --json accuracy.json

Every pipeline is predicted by models that were trained without it, and without its family. rho is Spearman's rank \
correlation of predicted and measured times over the schedules of one pipeline, MAPE the mean absolute percentage error of \
the times of pipelines, regret the time of the schedule with the best prediction over that of the fastest measured.")]
pub struct AccuracyArgs {
    /// Records: a folder of `nnc collect`, or what its --export wrote
    #[arg(value_name = "FILE")]
    pub records: PathBuf,
    /// What is held out together
    #[arg(long, value_name = "WHAT", default_value = "family")]
    pub held_out: HeldOut,
    /// Parts into which the pipelines are split, each predicted from the others
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    pub folds: u32,
    /// Epochs of training
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub epochs: usize,
    /// Networks of each model, whose predictions are averaged
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub members: u64,
    /// Seed of training
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Train on all records, and write the model to this file for the scheduler to load
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// How well one predictor does.
#[derive(Debug, Serialize)]
struct Figures {
    method: String,
    /// Median over pipelines.
    spearman_rho: Option<f64>,
    /// Lower quartile over pipelines.
    spearman_rho_quartile: Option<f64>,
    /// Over all schedules, as a fraction.
    mape: Option<f64>,
    /// Median over pipelines.
    regret: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Report {
    pipelines: usize,
    schedules: usize,
    methods: Vec<Figures>,
}

/// Trains, predicts what was held out, and prints how well.
pub fn run(args: &AccuracyArgs) -> Result<()> {
    let groups = dataset::groups(&record::read(&args.records)?)?;
    ensure!(groups.len() >= args.folds as usize, "{} pipelines are too few", groups.len());
    let augmented = data::pipelines(&groups, data::View::Augmented);
    let analytic: Vec<Vec<f64>> = augmented.iter().map(Pipeline::analytic).collect();
    let mut methods = vec![figures("analytic", &augmented, &calibrated(&augmented, &analytic))];
    for method in METHODS {
        let pipelines = data::pipelines(&groups, method.view);
        methods.push(figures(method.name, &pipelines, &cross_validate(args, &method, &pipelines)?));
    }
    let schedules = augmented.iter().map(|pipeline| pipeline.rows.len()).sum();
    let report = Report { pipelines: groups.len(), schedules, methods };
    println!("{}", table(&report));
    if let Some(path) = &args.json {
        report::write_json(&report, path)?;
    }
    if let Some(path) = &args.save {
        let all: Vec<&Pipeline> = augmented.iter().collect();
        let trained = AUGMENTED.train(&all, args.epochs, args.members, args.seed)?;
        let provenance = format!("{} schedules of {} pipelines", report.schedules, report.pipelines);
        std::fs::write(path, save::learned(&trained, provenance)?.to_json())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The analytic times at one speed for all pipelines, the one that fits best: it has no other way to know the machine.
fn calibrated(pipelines: &[Pipeline], expected: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let ratios: Vec<f64> = pipelines
        .iter()
        .zip(expected)
        .flat_map(|(pipeline, expected)| pipeline.seconds().into_iter().zip(expected).map(|(m, e)| m / e))
        .collect();
    let factor = median(&ratios);
    expected.iter().map(|all| all.iter().map(|seconds| seconds * factor).collect()).collect()
}

fn cross_validate(args: &AccuracyArgs, method: &method::Method, pipelines: &[Pipeline]) -> Result<Vec<Vec<f64>>> {
    let label = |pipeline: &Pipeline| match args.held_out {
        HeldOut::Family => pipeline.family.clone(),
        HeldOut::Pipeline => pipeline.name.clone(),
    };
    let labels: Vec<String> = pipelines.iter().map(label).collect::<BTreeSet<_>>().into_iter().collect();
    let folds = args.folds as usize;
    let fold_of = |pipeline: &Pipeline| labels.binary_search(&label(pipeline)).unwrap_or(0) % folds;
    let mut predicted = vec![Vec::new(); pipelines.len()];
    for fold in 0..folds {
        let (test, training): (Vec<usize>, Vec<usize>) =
            (0..pipelines.len()).partition(|&index| fold_of(&pipelines[index]) == fold);
        if test.is_empty() || training.is_empty() {
            continue;
        }
        let pick = |chosen: &[usize]| chosen.iter().map(|&index| &pipelines[index]).collect::<Vec<_>>();
        let trained = method.train(&pick(&training), args.epochs, args.members, args.seed)?;
        let results = trained.predict(&pick(&test))?;
        test.into_iter().zip(results).for_each(|(index, result)| predicted[index] = result);
    }
    Ok(predicted)
}

fn figures(name: &str, pipelines: &[Pipeline], predicted: &[Vec<f64>]) -> Figures {
    let of_each = |metric: fn(&[f64], &[f64]) -> Option<f64>| -> Vec<f64> {
        let enough = pipelines.iter().zip(predicted).filter(|(pipeline, _)| pipeline.rows.len() >= FEWEST);
        let mut values: Vec<f64> = enough.filter_map(|(p, predicted)| metric(predicted, &p.seconds())).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let middle = |values: &[f64]| (!values.is_empty()).then(|| median(values));
    let rho = of_each(spearman_rho);
    let measured: Vec<f64> = pipelines.iter().flat_map(Pipeline::seconds).collect();
    Figures {
        method: name.to_owned(),
        spearman_rho: middle(&rho),
        spearman_rho_quartile: rho.get(rho.len() / 4).copied(),
        mape: mape(&predicted.concat(), &measured),
        regret: middle(&of_each(regret)),
    }
}

fn table(report: &Report) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["", "rho, median", "rho, quartile", "MAPE", "regret"]);
    let number = |value: Option<f64>, digits: usize| value.map_or(String::new(), |value| format!("{value:.digits$}"));
    for figures in &report.methods {
        table.add_row([
            figures.method.clone(),
            number(figures.spearman_rho, 3),
            number(figures.spearman_rho_quartile, 3),
            number(figures.mape.map(|share| 100.0 * share), 1),
            number(figures.regret, 3),
        ]);
    }
    format!("{} schedules of {} pipelines\n\n{table}", report.schedules, report.pipelines)
}
