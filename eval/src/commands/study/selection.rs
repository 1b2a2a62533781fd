//! What choosing by prediction costs: the variant for an input, the schedule for a size.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use predictor::metrics::{regret, top_k_hit};
use serde::Serialize;

use super::dataset::DataFile;
use super::judge::Judged;
use super::kernels::{Kernel, Space};
use super::plan::{FINALISTS, REFERENCES};

/// Schedules of each size that are measured once more for being predicted, and for being measured, to be fast.
const FINALISTS_EACH: usize = 8;

/// Variants of one kernel, chosen for each test input. Regret is the time of the variant chosen over the time of the best.
#[derive(Debug, Serialize)]
pub struct VariantChoice {
    /// Kernel.
    pub kernel: String,
    /// Fingerprint of the computer.
    pub hardware: String,
    /// Mean regret, at least 1.
    pub regret_mean: f64,
    /// Largest regret.
    pub regret_max: f64,
    /// Total time of the variants chosen over that of the best ones.
    pub regret_total: f64,
    /// Share of the inputs for which the best is chosen.
    pub best_chosen: f64,
    /// Inputs.
    pub inputs: usize,
    /// The same regrets, mean and of the total, of always taking one variant.
    pub always: BTreeMap<String, Always>,
}

/// Always the same variant.
#[derive(Debug, Serialize)]
pub struct Always {
    /// Mean regret.
    pub regret_mean: f64,
    /// Total time over that of the best variants.
    pub regret_total: f64,
    /// Share of the inputs for which it is the best.
    pub best: f64,
}

/// A schedule chosen for one size, among the candidates that the model was not trained with.
#[derive(Debug, Serialize)]
pub struct ScheduleChoice {
    /// Kernel.
    pub kernel: String,
    /// Fingerprint of the computer.
    pub hardware: String,
    /// Size.
    pub n: f64,
    /// Candidates.
    pub candidates: usize,
    /// Seconds of the schedule that is predicted to be the fastest.
    pub chosen_seconds: f64,
    /// Seconds of the fastest of the five predicted to be so: what timing five finds.
    pub best_of_5_seconds: f64,
    /// Seconds of the fastest candidate.
    pub best_seconds: f64,
    /// Seconds of the median candidate.
    pub median_seconds: f64,
    /// `chosen_seconds` over `best_seconds`.
    pub regret: f64,
    /// Whether the fastest is the one predicted, and is among the five predicted to be fastest.
    pub top_1: bool,
    /// See `top_1`.
    pub top_5: bool,
    /// Parameters of the schedule chosen, in the order of the kernel's.
    pub chosen: Vec<f64>,
    /// Seconds under the schedules of autoschedulers.
    pub references: BTreeMap<String, f64>,
}

/// Judges choosing among the `variants` of a kernel, which were timed on the same inputs. `None` for fewer than two.
pub fn variants(kernel: &Kernel, variants: &[&Judged]) -> Option<VariantChoice> {
    let (first, _) = variants.split_first().filter(|(_, others)| !others.is_empty())?;
    // All were split alike, unless one has fewer rows than the others.
    let place = |of: &Judged, row: usize| of.test_rows.iter().position(|&other| other == row);
    let shared = first
        .test_rows
        .iter()
        .filter_map(|&row| variants.iter().map(|variant| place(variant, row)).collect::<Option<Vec<usize>>>());
    let times: Vec<(Vec<f64>, Vec<f64>)> = shared
        .map(|places| {
            let pairs = variants.iter().zip(places);
            pairs.map(|(variant, place)| (variant.agreed[place], variant.measured[place])).unzip()
        })
        .collect();
    let best = |measured: &[f64]| measured.iter().copied().fold(f64::INFINITY, f64::min);
    let total_best: f64 = times.iter().map(|(_, measured)| best(measured)).sum();
    let regrets: Vec<f64> = times.iter().filter_map(|(predicted, measured)| regret(predicted, measured)).collect();
    let chosen: f64 = times.iter().zip(&regrets).map(|((_, measured), regret)| regret * best(measured)).sum();
    let count = times.len() as f64;
    let always = variants.iter().enumerate().map(|(index, variant)| {
        let ratios = times.iter().map(|(_, measured)| measured[index] / best(measured));
        let always = Always {
            regret_mean: ratios.clone().sum::<f64>() / count,
            regret_total: times.iter().map(|(_, measured)| measured[index]).sum::<f64>() / total_best,
            best: ratios.filter(|&ratio| ratio <= 1.0).count() as f64 / count,
        };
        (variant.variant.name.to_owned(), always)
    });
    (!times.is_empty()).then(|| VariantChoice {
        kernel: kernel.name.to_owned(),
        hardware: first.hardware().to_owned(),
        regret_mean: regrets.iter().sum::<f64>() / count,
        regret_max: regrets.iter().copied().fold(1.0, f64::max),
        regret_total: chosen / total_best,
        best_chosen: regrets.iter().filter(|&&regret| regret <= 1.0).count() as f64 / count,
        inputs: times.len(),
        always: always.collect(),
    })
}

/// Test rows to measure once more before choices are judged, sizes in turn: those predicted and those measured to be the
/// fastest. The fastest of a thousand measurements is partly luck, and so is a slow one of a schedule chosen.
pub fn finalists(judged: &Judged) -> Vec<Vec<f64>> {
    let Space::Schedules { sizes, .. } = judged.kernel.space else { return vec![] };
    let mut rows = Vec::new();
    for n in sizes.iter().map(|&(size, _)| f64::from(size)) {
        let mut places: Vec<usize> =
            [&judged.agreed, &judged.measured].into_iter().flat_map(|times| fastest(judged, n, times)).collect();
        places.sort_unstable();
        places.dedup();
        rows.extend(places.into_iter().map(|place| judged.instances[place].clone()));
    }
    rows
}

/// Places of the test rows of size `n` with the smallest of `times`.
fn fastest(judged: &Judged, n: f64, times: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..times.len()).filter(|&place| judged.instances[place][0] == n).collect();
    places.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    places.truncate(FINALISTS_EACH);
    places
}

/// Judges choosing a schedule for each size of a schedule space; nothing for other kernels. The times of autoschedulers
/// and of finalists are read from `folder`.
///
/// # Errors
/// Files that cannot be read.
pub fn schedules(judged: &Judged, folder: &Path) -> Result<Vec<ScheduleChoice>> {
    let Space::Schedules { sizes, .. } = judged.kernel.space else { return Ok(vec![]) };
    let again = DataFile::new(folder, judged.kernel.name, FINALISTS, judged.kernel.parameters).read()?;
    let time = |place: usize| {
        let finalist = again.iter().find(|row| row.values == judged.instances[place]);
        finalist.map_or(judged.measured[place], |row| row.seconds)
    };
    let mut choices = Vec::new();
    for n in sizes.iter().map(|&(size, _)| f64::from(size)) {
        let places: Vec<usize> = (0..judged.measured.len()).filter(|&place| judged.instances[place][0] == n).collect();
        let predicted: Vec<f64> = places.iter().map(|&place| judged.agreed[place]).collect();
        let measured: Vec<f64> = places.iter().map(|&place| time(place)).collect();
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by(|&a, &b| predicted[a].total_cmp(&predicted[b]));
        let Some(&first) = order.first() else { continue };
        let smallest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::INFINITY, f64::min);
        let best_seconds = smallest(&mut measured.iter().copied());
        choices.push(ScheduleChoice {
            kernel: judged.kernel.name.to_owned(),
            hardware: judged.hardware().to_owned(),
            n,
            candidates: places.len(),
            chosen_seconds: measured[first],
            best_of_5_seconds: smallest(&mut order.iter().take(5).map(|&place| measured[place])),
            best_seconds,
            median_seconds: crate::results::stats::median(&measured),
            regret: measured[first] / best_seconds,
            top_1: top_k_hit(&predicted, &measured, 1).unwrap_or(false),
            top_5: top_k_hit(&predicted, &measured, 5).unwrap_or(false),
            chosen: judged.instances[places[first]].clone(),
            references: references(judged.kernel, folder, n)?,
        });
    }
    Ok(choices)
}

/// The least seconds under each autoscheduler's schedule at size `n`.
fn references(kernel: &Kernel, folder: &Path, n: f64) -> Result<BTreeMap<String, f64>> {
    let mut times = BTreeMap::new();
    for name in REFERENCES {
        let rows = DataFile::new(folder, kernel.name, name, &kernel.parameters[..1]).read()?;
        let seconds = rows.iter().filter(|row| row.values[0] == n).map(|row| row.seconds);
        if let Some(least) = seconds.min_by(f64::total_cmp) {
            times.insert(name.to_owned(), least);
        }
    }
    Ok(times)
}
