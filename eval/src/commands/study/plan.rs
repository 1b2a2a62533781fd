//! What is to be measured: for each variant of each kernel, its instances and how a program is asked for them.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Result};
use predictor::Rng;

use super::dataset::{DataFile, Row};
use super::kernels::{Kernel, Space, Variant, KERNELS};
use crate::system::ending::Usage;

/// Autoschedulers whose schedules are timed beside those of a schedule space.
pub const REFERENCES: [&str; 3] = ["Mullapudi2016", "Adams2019", "Srivastava2020"];
/// What the instances that a choice is about are called in file names.
pub const FINALISTS: &str = "finalists";
/// Times that each of them is measured at each size.
const REFERENCE_ROWS: usize = 4;
/// Inputs of each variant where it is not said.
const INPUTS: usize = 500;

/// Where things are, and how much is wanted.
#[derive(Debug)]
pub struct Setting {
    /// Folder of this computer's measurements.
    pub data: PathBuf,
    /// Folder of the programs.
    pub programs: PathBuf,
    /// The Srivastava2020 plugin.
    pub plugin: PathBuf,
    /// Most threads.
    pub threads: usize,
    /// Instances of each variant, or at each size of a schedule space.
    pub instances: Option<usize>,
    /// Seed of the instances.
    pub seed: u64,
}

/// One variant to measure.
#[derive(Debug)]
pub struct Job {
    /// What it is called.
    pub name: String,
    /// The program and its arguments.
    pub program: (PathBuf, Vec<String>),
    /// Where its measurements go.
    pub file: DataFile,
    /// Parameters of its instances, in order.
    pub instances: Vec<Vec<f64>>,
    /// What the program is asked for each of them.
    pub requests: Vec<String>,
}

impl Job {
    /// Number of instances measured already.
    ///
    /// # Errors
    /// A file that cannot be read or holds other instances.
    pub fn done(&self) -> Result<usize> {
        let rows = self.file.read()?;
        let same = |(row, instance): (&Row, &Vec<f64>)| row.values == *instance;
        ensure!(
            rows.len() <= self.instances.len() && rows.iter().zip(&self.instances).all(same),
            "{} holds instances of another --seed or --instances; repeat those, or take another --data folder",
            self.file.path().display()
        );
        Ok(rows.len())
    }
}

/// The kernels of these names, or all.
///
/// # Errors
/// [`Usage`] for a name that none has.
pub fn kernels(names: &[String]) -> Result<Vec<&'static Kernel>> {
    if names.is_empty() {
        return Ok(KERNELS.iter().collect());
    }
    let find = |name: &String| match KERNELS.iter().find(|kernel| kernel.name == name) {
        Some(kernel) => Ok(kernel),
        None => {
            let known: Vec<&str> = KERNELS.iter().map(|kernel| kernel.name).collect();
            bail!(Usage(format!("no kernel {name}; there are {}", known.join(", "))))
        }
    };
    names.iter().map(find).collect()
}

/// Everything to measure for a kernel. Variants that need a GPU are left out where `has_gpu` is not.
pub fn jobs(kernel: &'static Kernel, setting: &Setting, has_gpu: bool) -> Vec<Job> {
    let instances = instances(kernel, setting);
    let variants = kernel.variants.iter().filter(|variant| has_gpu || !variant.needs_gpu());
    let mut jobs: Vec<Job> = variants.map(|variant| variant_job(kernel, variant, &instances, setting)).collect();
    if let Space::Schedules { sizes, .. } = kernel.space {
        if kernel.name == "blur" {
            jobs.extend(REFERENCES.map(|name| reference_job(kernel, name, sizes, setting)));
        }
    }
    jobs
}

fn variant_job(kernel: &'static Kernel, variant: &'static Variant, instances: &[Vec<f64>], setting: &Setting) -> Job {
    let request = |(index, values): (usize, &Vec<f64>)| {
        let pairs = kernel.parameters.iter().zip(values).map(|(name, value)| format!("{name}={value}"));
        let request = pairs.collect::<Vec<_>>().join(" ");
        match kernel.space {
            Space::Inputs(_) => format!("{request} seed={index}"),
            Space::Schedules { .. } => request,
        }
    };
    Job {
        name: format!("{}.{}", kernel.name, variant.name),
        program: (
            program(kernel, variant, &setting.programs),
            variant.argument.map(str::to_owned).into_iter().collect(),
        ),
        file: DataFile::new(&setting.data, kernel.name, variant.name, kernel.parameters),
        instances: instances.to_vec(),
        requests: instances.iter().enumerate().map(request).collect(),
    }
}

/// Measures these instances of a schedule space once more, one after the other: those that a choice is about.
pub fn finalists_job(kernel: &'static Kernel, finalists: &[Vec<f64>], setting: &Setting) -> Job {
    let measured = variant_job(kernel, &kernel.variants[0], finalists, setting);
    let file = DataFile::new(&setting.data, kernel.name, FINALISTS, kernel.parameters);
    Job { name: format!("{}.{FINALISTS}", kernel.name), file, ..measured }
}

/// Where the program of a variant is.
pub fn program(kernel: &Kernel, variant: &Variant, folder: &Path) -> PathBuf {
    folder.join(format!("{}_{}", kernel.name, variant.program))
}

fn reference_job(kernel: &'static Kernel, scheduler: &'static str, sizes: &[(u32, usize)], setting: &Setting) -> Job {
    let rows: Vec<f64> = sizes.iter().flat_map(|&(size, _)| [f64::from(size); REFERENCE_ROWS]).collect();
    let plugin = match scheduler {
        "Srivastava2020" => format!(" plugin={}", setting.plugin.display()),
        _ => String::new(),
    };
    let threads = setting.threads;
    let request = |n: &f64| format!("n={n} scheduler={scheduler} threads={threads}{plugin}");
    Job {
        name: format!("{}.{scheduler}", kernel.name),
        program: (program(kernel, &kernel.variants[0], &setting.programs), vec![]),
        file: DataFile::new(&setting.data, kernel.name, scheduler, &kernel.parameters[..1]),
        requests: rows.iter().map(request).collect(),
        instances: rows.into_iter().map(|n| vec![n]).collect(),
    }
}

/// The instances of a kernel: input `i` is the same whatever their number.
fn instances(kernel: &Kernel, setting: &Setting) -> Vec<Vec<f64>> {
    let stream = kernel.name.bytes().fold(0, |hash: u64, byte| hash * 256 + u64::from(byte)) << 32;
    let rng = |index: usize| Rng::stream(setting.seed, stream + index as u64);
    match kernel.space {
        Space::Inputs(draw) => {
            let count = setting.instances.unwrap_or(INPUTS);
            (0..count).map(|index| draw(&mut rng(index), setting.threads as u64)).collect()
        }
        Space::Schedules { sizes, draw } => {
            let at = |&(size, most): &(u32, usize)| {
                let (size, count) = (f64::from(size), setting.instances.unwrap_or(most));
                let schedules = distinct(count, &mut rng(0), |rng| draw(rng, size));
                schedules.into_iter().map(move |schedule| [&[size], &schedule[..], &[setting.threads as f64]].concat())
            };
            sizes.iter().flat_map(at).collect()
        }
    }
}

/// Up to `count` different draws; fewer where the space has no more.
fn distinct(count: usize, rng: &mut Rng, draw: impl Fn(&mut Rng) -> Option<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut found: Vec<Vec<f64>> = Vec::new();
    let mut misses = 0;
    while found.len() < count && misses < 100_000 {
        match draw(rng).filter(|drawn| !found.contains(drawn)) {
            Some(drawn) => found.push(drawn),
            None => misses += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(instances: usize) -> Setting {
        Setting {
            data: "data".into(),
            programs: "programs".into(),
            plugin: "plugin.so".into(),
            threads: 2,
            instances: Some(instances),
            seed: 0,
        }
    }

    #[test]
    fn inputs_are_in_range_and_the_same_whatever_their_number() {
        for kernel in &KERNELS[..4] {
            let (few, many) = (instances(kernel, &setting(20)), instances(kernel, &setting(300)));
            assert_eq!(few, many[..20]);
            assert!(many.iter().all(|values| values.len() == kernel.parameters.len()));
            assert!(many.iter().flatten().all(|&value| value > 0.0 && value <= 1024.0));
            let density = kernel.parameters.iter().position(|name| name.starts_with('d')).unwrap();
            assert!(many.iter().any(|values| values[density] == 1.0) && many.iter().any(|v| v[density] < 0.01));
        }
    }

    #[test]
    fn schedules_are_distinct_and_the_same_at_every_size() {
        let all = instances(&KERNELS[4], &setting(100));
        assert_eq!(all.len(), 600);
        assert!(all.iter().all(|values| values[3] <= values[2] && values[4] <= values[3]));
        assert!(all[..100].iter().zip(&all[500..]).all(|(one, other)| one[1..] == other[1..]));
        assert_eq!(instances(&KERNELS[4], &setting(10_000)).len(), 6 * 2200, "every schedule once");
    }

    #[test]
    fn programs_are_asked_for_what_files_hold() {
        let jobs = jobs(&KERNELS[0], &setting(20), false);
        assert_eq!(jobs.len(), 5, "no GPU");
        assert_eq!(jobs[1].program, ("programs/mm_eigen".into(), vec!["sparse".to_owned()]));
        assert!(jobs[1].requests[7].starts_with("m=") && jobs[1].requests[7].ends_with(" seed=7"));
        assert_eq!(super::jobs(&KERNELS[0], &setting(20), true).len(), 7);

        let blur = super::jobs(&KERNELS[4], &setting(20), false);
        let names: Vec<&str> = blur.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["blur.halide", "blur.Mullapudi2016", "blur.Adams2019", "blur.Srivastava2020"]);
        assert_eq!(blur[3].requests[REFERENCE_ROWS], "n=2048 scheduler=Srivastava2020 threads=2 plugin=plugin.so");
    }

    #[test]
    fn unknown_kernels_are_wrong_usage() {
        assert!(kernels(&["mm".to_owned(), "nn".to_owned()]).unwrap_err().is::<Usage>());
        assert_eq!(kernels(&[]).unwrap().len(), 6);
    }
}
