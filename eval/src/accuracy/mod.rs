//! `nnc accuracy`: how well predictors tell the times of pipelines they were not trained on.

use std::path::PathBuf;

use anyhow::{ensure, Context, Result};
use clap::{Args, ValueEnum};
use scheduler::cost::trusted;
use scheduler::Hardware;
use serde::Serialize;

use crate::collect::dataset::{self, Group};
use crate::collect::record;
use crate::report;
use crate::training::cross_validation::cross_validate;
use crate::training::data::{pipelines, schedules, Pipeline, View};
use crate::training::figures::{at_best_speed, figures, table, Figures};
use crate::training::method::{Method, AUGMENTED, METHODS};
use crate::training::model_file;

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
    /// Judge nothing, only --save
    #[arg(long, requires = "save")]
    pub only_save: bool,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Report {
    pipelines: usize,
    schedules: usize,
    methods: Vec<Figures>,
}

/// Judges methods, and trains on everything.
pub fn run(args: &AccuracyArgs) -> Result<()> {
    // Shipped models know nothing of the computer they will be used on but its target.
    let profile = Hardware::generic(1, 1);
    let groups = dataset::groups(&record::read(&args.records)?, &profile)?;
    ensure!(groups.len() >= args.folds as usize, "{} pipelines are too few", groups.len());
    let augmented = pipelines(&groups, View::Augmented);
    if !args.only_save {
        judge(args, &groups, &augmented)?;
    }
    if let Some(path) = &args.save {
        let all: Vec<&Pipeline> = augmented.iter().collect();
        let trained = AUGMENTED.train(&all, args.epochs, args.members, args.seed)?;
        let schedules = schedules(&augmented);
        let provenance = format!("{schedules} schedules of {} pipelines", groups.len());
        std::fs::write(path, model_file::learned(&trained, provenance, profile)?.to_json())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Predicts what was held out with every method, and prints how well.
fn judge(args: &AccuracyArgs, groups: &[Group], augmented: &[Pipeline]) -> Result<()> {
    let analytic = at_best_speed(augmented);
    let mut methods = vec![figures("analytic", augmented, &analytic)];
    for method in METHODS {
        let pipelines = pipelines(groups, method.view);
        let predicted = held_out(args, &method, &pipelines)?;
        methods.push(figures(method.name, &pipelines, &predicted));
        if method.name == AUGMENTED.name {
            let between = half_way(&predicted, &analytic);
            methods.push(figures("NN+C half way to analytic", augmented, &between));
        }
    }
    let schedules = schedules(augmented);
    let report = Report { pipelines: groups.len(), schedules, methods };
    println!("{schedules} schedules of {} pipelines\n\n{}", report.pipelines, table(&report.methods));
    if let Some(path) = &args.json {
        report::write_json(&report, path)?;
    }
    Ok(())
}

/// What searches compare schedules by, in seconds: between what networks predict and the analytic times.
fn half_way(predicted: &[Vec<f64>], analytic: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let between = |(p, a): (&f64, &f64)| trusted(p.ln(), a.ln()).exp();
    predicted.iter().zip(analytic).map(|(p, a)| p.iter().zip(a).map(between).collect()).collect()
}

/// What models say that were trained without what they predict.
fn held_out(args: &AccuracyArgs, method: &Method, pipelines: &[Pipeline]) -> Result<Vec<Vec<f64>>> {
    fn family(pipeline: &Pipeline) -> &str {
        &pipeline.family
    }
    fn name(pipeline: &Pipeline) -> &str {
        &pipeline.name
    }
    let label = match args.held_out {
        HeldOut::Family => family,
        HeldOut::Pipeline => name,
    };
    let train = |training: &[&Pipeline]| method.train(training, args.epochs, args.members, args.seed);
    cross_validate(pipelines, args.folds as usize, label, train)
}
