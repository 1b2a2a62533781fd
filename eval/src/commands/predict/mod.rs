//! `nnc predict`: trains NN+C and its baselines on anybody's times.

mod args;
mod rows;
mod splits;
mod table;

use std::path::Path;

use anyhow::{Context, Result};
use host::Processor;
use predictor::{Dataset, InputKind, Method, TrainConfig};
use serde::Serialize;

use crate::models::Store;
use crate::predictors::compare::{self, Combination, Subject};
use crate::system::ending::Usage;
use crate::system::files;
use crate::system::progress::Progress;
pub use args::PredictArgs;
use rows::{kernel, read, split};

/// Variant of kernels that are known by their times alone.
const VARIANT: &str = "csv";

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    combinations: &'a [Combination],
    data: Facts<'a>,
}

/// What the figures were made from.
#[derive(Serialize)]
struct Facts<'a> {
    rows: usize,
    training_rows: usize,
    test_rows: usize,
    seed: u64,
    parameters: Vec<&'a str>,
    complexity: Vec<&'a str>,
}

/// Trains, prints the table, writes what was asked for. `store` is opened only to save.
///
/// # Errors
/// [`Usage`] for what the command line says wrongly; else what is wrong with the table, or with writing.
pub fn run(args: &PredictArgs, store: impl FnOnce() -> Result<Store>) -> Result<()> {
    if let Some(count) = args.splits {
        return splits::run(args, count);
    }
    let [csv] = &args.csv[..] else {
        return Err(Usage("several tables are judged together with --splits".to_owned()).into());
    };
    // Before the training, which takes its time.
    let store = args.save.is_some().then(store).transpose()?;
    let data = read(args, csv)?;
    let file = || csv.display().to_string();
    let (training, test) = split(&data, args.train, args.seed).with_context(file)?;
    let facts = Facts {
        rows: data.len(),
        training_rows: training.len(),
        test_rows: test.len(),
        seed: args.seed,
        parameters: names(&data, InputKind::Parameter),
        complexity: names(&data, InputKind::Complexity),
    };
    println!("{}", heading(csv, &facts));

    let hardware = args.hardware.clone().unwrap_or_else(|| Processor::here().fingerprint());
    let subject = Subject { kernel: kernel(csv), variant: VARIANT.to_owned(), hardware };
    let config = TrainConfig { seed: args.seed, ..TrainConfig::default() };
    let progress = Progress::start("training", Method::ALL.len());
    progress.begin(Method::NnC.name());
    let (first, ensemble) = compare::augmented(&subject, &training, &test, &config).with_context(file)?;
    progress.end(Method::NnC.name(), "done", false);
    let others = Method::ALL.into_iter().filter(|&method| method != Method::NnC);
    let others = others.map(|method| {
        progress.begin(method.name());
        let combination = compare::baseline(&subject, method, &training, &test, &config);
        progress.end(method.name(), combination.error.as_deref().unwrap_or("done"), false);
        combination
    });
    let combinations: Vec<Combination> = std::iter::once(first).chain(others).collect();
    drop(progress);
    println!("{}", table::table(&combinations));

    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&Report { combinations: &combinations, data: facts })? + "\n";
        files::write(path, text.as_bytes())?;
    }
    if let (Some(name), Some(store)) = (&args.save, store) {
        let key = name.complete(VARIANT, &subject.hardware);
        println!("saved as {key}: {}", store.save(&key, ensemble)?.display());
    }
    Ok(())
}

fn names(data: &Dataset, kind: InputKind) -> Vec<&str> {
    data.schema().inputs().iter().filter(|input| input.kind == kind).map(|input| input.name.as_str()).collect()
}

fn heading(file: &Path, facts: &Facts) -> String {
    let Facts { training_rows, test_rows, .. } = facts;
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let (parameters, complexity) = (list(&facts.parameters), list(&facts.complexity));
    let file = file.display();
    format!("{file}: {training_rows} rows to train, {test_rows} to test\nparameters: {parameters}\ncomplexity: {complexity}\n")
}

#[cfg(test)]
mod tests;
