//! `nnc accuracy`: how well predictors tell the times of pipelines they were not trained on.

mod adams;
mod again;
mod args;
mod comparison;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{ensure, Result};
use host::Processor;
use scheduler::cost::{nearest, trusted};
use scheduler::ir::Target;
use scheduler::Hardware;
use serde::Serialize;

use crate::records::dataset::{self, Group};
use crate::records::record::{self, Measured};
use crate::report;
use crate::system::files;
use crate::system::progress::Progress;
use crate::training::cross_validation::{cross_validate, Folds};
use crate::training::data::{measured, pipelines, schedules, Pipeline, View};
use crate::training::figures::{at_best_speed, figures, table, Figures};
use crate::training::fit::Constants;
use crate::training::method::{Method, AUGMENTED, METHODS};
use crate::training::model_file;
pub use args::AccuracyArgs;
use comparison::Comparison;

#[derive(Debug, Serialize)]
struct Report {
    pipelines: usize,
    schedules: usize,
    methods: Vec<Figures>,
    /// The constants of the analytic cost that predict all records best.
    #[serde(skip_serializing_if = "Option::is_none")]
    fitted: Option<Constants>,
    /// On the schedules that Adams2019 made.
    #[serde(skip_serializing_if = "Option::is_none")]
    adams2019: Option<Comparison>,
    /// On the schedules that were measured again.
    #[serde(skip_serializing_if = "Option::is_none")]
    again: Option<Comparison>,
    /// On the pipelines whose outputs differ along all of their dimensions, where others do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    varying: Option<Comparison>,
    /// By processor, where there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    processors: BTreeMap<String, Comparison>,
    /// By pipeline, in the order of the records.
    predictions: Vec<Predictions>,
}

/// Seconds of each schedule of a pipeline.
#[derive(Debug, Serialize)]
struct Predictions {
    pipeline: String,
    measured: Vec<f64>,
    analytic: Vec<f64>,
    /// By NN+C.
    learned: Vec<f64>,
}

/// Judges methods, and trains on everything.
pub fn run(args: &AccuracyArgs) -> Result<()> {
    // Shipped models know nothing of the computer they will be used on but its target.
    let profile = Hardware::generic(1, 1);
    let paths = if args.records.is_empty() { vec![shipped_records()?] } else { args.records.clone() };
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let reading = Progress::one("reading", &names.join(", "));
    let records = paths.iter().map(|path| record::read(path)).collect::<Result<Vec<_>>>()?.concat();
    let groups = dataset::groups(&records, &profile)?;
    let count = dataset::pipelines(&groups);
    ensure!(count >= args.folds as usize, "{count} pipelines are too few");
    let alike = groups.iter().all(|group| group.hardware.vector_bytes == groups[0].hardware.vector_bytes);
    ensure!(
        alike || !args.fit,
        "these records are of several instruction sets, which take constants of their own: --fit one"
    );
    let augmented = pipelines(&groups, View::Augmented);
    drop(reading);
    if !args.only_save {
        judge(args, &records, &groups, &augmented)?;
    }
    if let Some(path) = &args.save {
        let all: Vec<&Pipeline> = augmented.iter().collect();
        let _progress = Progress::one("training", "on all records");
        let trained = AUGMENTED.train(&all, args.epochs, args.members, args.seed)?;
        let schedules = schedules(&augmented);
        let provenance = format!("{schedules} schedules of {count} pipelines");
        files::write(path, model_file::learned(&trained, provenance, profile)?.to_json().as_bytes())?;
    }
    Ok(())
}

/// What the model that is shipped for this computer's vectors was trained on.
fn shipped_records() -> Result<PathBuf> {
    let processor = Processor::here();
    let (name, vector_bytes) = (processor.target_name(), processor.vector_bytes());
    let (name, _) = nearest(&Target { name, vector_bytes, ..Target::default() });
    record::shipped(name)
}

/// Predicts what was held out with every method, and prints how well.
fn judge(args: &AccuracyArgs, records: &[Measured], groups: &[Group], augmented: &[Pipeline]) -> Result<()> {
    // Before training, which takes minutes.
    let again = args.again.as_ref().map(|path| record::read(path)).transpose()?;
    let again = again.and_then(|again| again::compare(records, &again));
    let measured = measured(augmented);
    let expected: Vec<Vec<f64>> = augmented.iter().map(Pipeline::analytic).collect();
    let analytic = at_best_speed(&measured, &expected);
    let labels = args.held_out.labels(groups);
    let others = || METHODS.iter().filter(|method| !args.brief && method.name != AUGMENTED.name);
    let models = 1 + usize::from(args.fit) + others().count();
    let progress = Progress::start("training", models * args.folds as usize);
    let folds = |name| Folds { labels: &labels, count: args.folds as usize, name, progress: &progress };
    let held_out = |method: &Method, pipelines: &[Pipeline]| {
        let predict = |training: &[&Pipeline], test: &[&Pipeline]| {
            method.train(training, args.epochs, args.members, args.seed)?.predict(test)
        };
        cross_validate(pipelines, &folds(method.name), predict)
    };
    let learned = held_out(&AUGMENTED, augmented)?;
    let mut methods = vec![
        figures("analytic", &measured, &analytic),
        figures(AUGMENTED.name, &measured, &learned),
        figures("NN+C as searches trust it", &measured, &as_trusted(&learned, &analytic)),
    ];
    if args.fit {
        let predicted = held_out_fitted(groups, &folds("constants"))?;
        methods.insert(1, figures("analytic, fitted", &measured, &predicted));
    }
    for method in others() {
        let predicted = held_out(method, &pipelines(groups, method.view))?;
        methods.push(figures(method.name, &measured, &predicted));
    }
    let schedules = schedules(augmented);
    let seconds = [measured.as_slice(), &analytic, &learned];
    let varying = on_part(groups, |group| group.varies, seconds);
    let processors: BTreeSet<&String> = groups.iter().map(|group| &group.processor).collect();
    let on_processor =
        |name: &String| Some((name.clone(), on_part(groups, |group| group.processor == *name, seconds)?));
    let processors: BTreeMap<String, Comparison> = processors.into_iter().filter_map(on_processor).collect();
    let adams2019 = adams::compare(groups, &measured, &expected, &learned);
    let all: Vec<&Group> = groups.iter().collect();
    drop(progress);
    let fitting = args.fit.then(|| Progress::one("fitting", "constants to all records"));
    let fitted = args.fit.then(|| Constants::assumed(&all).fitted(&all));
    drop(fitting);
    let predictions = (augmented.iter().zip(measured).zip(analytic).zip(learned))
        .map(|(((p, measured), analytic), learned)| Predictions {
            pipeline: p.name.clone(),
            measured,
            analytic,
            learned,
        })
        .collect();
    let report = Report {
        pipelines: dataset::pipelines(groups),
        schedules,
        methods,
        fitted,
        varying,
        processors,
        adams2019,
        again,
        predictions,
    };
    println!("{schedules} schedules of {} pipelines\n\n{}", report.pipelines, table(&report.methods));
    if let Some(fitted) = &report.fitted {
        println!("\nconstants fitted to all of them\n\n{}", serde_json::to_string_pretty(fitted)?);
    }
    report.varying.iter().for_each(|some| some.print("whose outputs differ along all of their dimensions"));
    report.processors.iter().for_each(|(processor, some)| some.print(&format!("on {processor}")));
    report.adams2019.iter().for_each(|theirs| theirs.print("by Adams2019"));
    report.again.iter().for_each(|again| again.print("measured again"));
    if let Some(path) = &args.json {
        report::write_json(&report, path)?;
    }
    Ok(())
}

/// On a part of the pipelines; `None` if those are all.
fn on_part(
    groups: &[Group],
    is_in: impl Fn(&Group) -> bool,
    [measured, analytic, learned]: [&[Vec<f64>]; 3],
) -> Option<Comparison> {
    let on_these = |all: &[Vec<f64>]| -> Vec<Vec<f64>> {
        groups.iter().zip(all).filter(|(group, _)| is_in(group)).map(|(_, seconds)| seconds.clone()).collect()
    };
    let measured = on_these(measured);
    let methods = vec![
        figures("analytic", &measured, &on_these(analytic)),
        figures(AUGMENTED.name, &measured, &on_these(learned)),
    ];
    let schedules = measured.iter().map(Vec::len).sum();
    let names: BTreeSet<_> = groups.iter().filter(|group| is_in(group)).map(|group| &group.name).collect();
    (measured.len() < groups.len()).then_some(Comparison { pipelines: names.len(), schedules, methods })
}

/// What searches compare schedules by, in seconds: between what networks predict and the analytic times.
fn as_trusted(predicted: &[Vec<f64>], analytic: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let between = |(p, a): (&f64, &f64)| trusted(p.ln(), a.ln()).exp();
    predicted.iter().zip(analytic).map(|(p, a)| p.iter().zip(a).map(between).collect()).collect()
}

/// What the analytic cost says with constants fitted to all but what it predicts.
fn held_out_fitted(groups: &[Group], folds: &Folds) -> Result<Vec<Vec<f64>>> {
    let predict = |training: &[&Group], test: &[&Group]| {
        let fitted = Constants::assumed(training).fitted(training);
        Ok(test.iter().map(|group| fitted.predict(group)).collect())
    };
    cross_validate(groups, folds, predict)
}
