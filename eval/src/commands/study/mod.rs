//! `nnc study`: the paper's study on this computer. Times kernels, trains their predictors, judges the predictions and
//! the choices made by them.

mod args;
mod collect;
mod dataset;
mod figures;
mod html;
mod judge;
mod kernels;
mod plan;
mod plots;
mod program;
mod selection;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use host::Processor;

use crate::measure::args::plugin_files;
use crate::models::{Key, Store};
use crate::system::ending::Ended;
use crate::system::files;
use crate::system::process;
use crate::system::program::program_folder;
use crate::system::progress::Progress;
pub use args::StudyArgs;
use figures::Figures;
use judge::{Judged, Sampling};
use kernels::{Kernel, Space};
use plan::Setting;

/// Measures what is missing, judges, prints the tables, writes what was asked for and keeps the models.
///
/// # Errors
/// [`crate::system::ending::Usage`] for unknown kernels; programs that are missing, fail or give wrong results; files that cannot be read
/// or written.
pub fn run(args: &StudyArgs, store: &Store) -> Result<Ended> {
    let kernels = plan::kernels(&args.kernels)?;
    let here = Processor::here();
    let folder = program_folder()?;
    let data = args.data.clone().unwrap_or_else(|| folder.join("../../study/data"));
    let setting = Setting {
        data: data.join(here.fingerprint()),
        programs: args.programs.clone().unwrap_or_else(|| folder.join("../study")),
        plugin: plugin_files(args.plugin.as_deref())?.ours,
        threads: here.threads,
        instances: args.instances.map(|count| count as usize),
        seed: args.seed,
    };
    let mut figures = Figures::default();
    if !args.from_data {
        let has_gpu = gpu_is_present();
        let jobs: Vec<_> = kernels.iter().flat_map(|kernel| plan::jobs(kernel, &setting, has_gpu)).collect();
        if collect::collect(&jobs, args.memory_limit)? == Ended::Interrupted {
            return Ok(interrupted());
        }
        if !has_gpu {
            figures.skipped = gpu_variants(&kernels);
        }
    }
    let sampling = Sampling { train: args.train as usize, seed: args.seed };
    for (hardware, folder) in measured(&data, (!args.from_data).then(|| here.fingerprint()))? {
        let judged = judge_all(&kernels, &folder, &hardware, &sampling)?;
        if hardware == here.fingerprint() {
            keep(&judged, &hardware, store)?;
        }
        if !args.from_data && measure_finalists(&judged, &setting, args.memory_limit)? == Ended::Interrupted {
            return Ok(interrupted());
        }
        figures.add(&kernels, judged, &folder)?;
    }
    ensure!(!figures.judged.is_empty(), "no measurements in {}; `nnc study` makes them", data.display());
    println!("{}", table::tables(&figures));
    if let Some(path) = &args.json {
        files::write(path, (serde_json::to_string_pretty(&figures.to_json())? + "\n").as_bytes())?;
    }
    if let Some(path) = &args.html {
        files::write(path, html::page(&figures).as_bytes())?;
    }
    Ok(Ended::Complete)
}

fn interrupted() -> Ended {
    eprintln!("nnc: interrupted; what was measured is kept, the same command goes on from there");
    Ended::Interrupted
}

/// Measures once more what choices among schedules are about.
fn measure_finalists(judged: &[Judged], setting: &Setting, memory_bytes: u64) -> Result<Ended> {
    let mut jobs = Vec::new();
    for judged in judged.iter().filter(|judged| matches!(judged.kernel.space, Space::Schedules { .. })) {
        let job = plan::finalists_job(judged.kernel, &selection::finalists(judged), setting);
        // Those of another model do not count.
        if job.done().is_err() {
            job.file.clear()?;
        }
        jobs.push(job);
    }
    collect::collect(&jobs, memory_bytes)
}

/// Whether CUDA programs can run here.
fn gpu_is_present() -> bool {
    Path::new("/dev/nvidia0").exists()
}

/// What was not measured for want of a GPU, with the reason.
fn gpu_variants(kernels: &[&'static Kernel]) -> Vec<String> {
    let of = |kernel: &&'static Kernel| {
        let gpu = kernel.variants.iter().filter(|variant| variant.needs_gpu());
        gpu.map(|variant| format!("{}.{}: no GPU", kernel.name, variant.name)).collect::<Vec<_>>()
    };
    kernels.iter().flat_map(of).collect()
}

/// Fingerprints of the computers that `data` has measurements of, and their folders; all, or only one.
fn measured(data: &Path, only: Option<String>) -> Result<Vec<(String, PathBuf)>> {
    if let Some(hardware) = only {
        let folder = data.join(&hardware);
        return Ok(vec![(hardware, folder)]);
    }
    let entries = data.read_dir().with_context(|| format!("cannot read {}", data.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut folders: Vec<(String, PathBuf)> =
        paths.into_iter().filter(|path| path.is_dir()).filter_map(|path| Some((name(&path)?, path))).collect();
    folders.sort();
    Ok(folders)
}

/// Judges every variant that was measured.
fn judge_all(kernels: &[&'static Kernel], folder: &Path, hardware: &str, sampling: &Sampling) -> Result<Vec<Judged>> {
    let variants: Vec<_> =
        kernels.iter().flat_map(|kernel| kernel.variants.iter().map(|variant| (*kernel, variant))).collect();
    let progress = Progress::start("training", variants.len());
    // Training looks at no flag, and there is nothing to clean up.
    let _at_once = process::AtOnce::begin();
    let mut all = Vec::new();
    for (kernel, variant) in variants {
        let name = format!("{}.{}", kernel.name, variant.name);
        progress.begin(&name);
        let judged = judge::judge(kernel, variant, folder, hardware, sampling)?;
        progress.end(&name, if judged.is_some() { "judged" } else { "not measured" }, judged.is_none());
        all.extend(judged);
    }
    Ok(all)
}

/// Keeps the models, for `nnc models` to choose by.
fn keep(judged: &[Judged], hardware: &str, store: &Store) -> Result<()> {
    for Judged { kernel, variant, model, .. } in judged {
        let (kernel, variant) = (kernel.name.to_owned(), variant.name.to_owned());
        store.save(&Key { kernel, variant, hardware: hardware.to_owned() }, model.clone())?;
    }
    eprintln!("nnc: {} models kept in {}", judged.len(), store.folder().display());
    Ok(())
}
