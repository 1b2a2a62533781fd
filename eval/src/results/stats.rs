//! Statistics of run times: medians, how far to trust them, and speedups with intervals.
//!
//! Run times have a long upper tail, so everything here rests on medians. The bootstraps are seeded: the same samples
//! always give the same interval. They treat the rounds of a measurement as independent; a machine whose speed
//! drifts over many rounds makes the true interval wider than the one given.

use crate::results::record::{EvalResult, Status, Summary};

/// Resamples of a bootstrap: enough for two digits of a 95 % interval.
const RESAMPLES: usize = 1000;
/// Any constant will do; a fixed one makes reports reproducible.
const SEED: u64 = 0x5eed;

/// A ratio of two run times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speedup {
    /// Median time of the baseline over median time of the subject: above 1, the subject is faster.
    pub ratio: f64,
    /// 95 % interval `[low, high]` of `ratio`; `None` when either side has fewer than two samples.
    pub interval: Option<[f64; 2]>,
}

impl Speedup {
    /// Whether the interval leaves out 1, so that the difference is more than noise.
    pub fn is_clear(&self) -> bool {
        self.interval.is_some_and(|[low, high]| low > 1.0 || high < 1.0)
    }
}

impl Status {
    /// Whether the scheduler was tried and did not get there.
    pub fn is_failure(self) -> bool {
        !matches!(self, Status::Ok | Status::Skipped)
    }
}

impl EvalResult {
    /// Run times in seconds, if the combination completed. Times of a build whose outputs are wrong do not count.
    pub fn completed_samples(&self) -> Option<&[f64]> {
        let run = self.run_seconds.as_ref().filter(|run| !run.samples.is_empty())?;
        (self.status == Status::Ok).then_some(run.samples.as_slice())
    }
}

/// Median of `samples` in any order; the mean of the middle two if their number is even, NaN if there are none.
pub fn median(samples: &[f64]) -> f64 {
    median_of(&mut samples.to_vec())
}

/// The median by selection, which reorders `samples`: bootstraps call it millions of times.
fn median_of(samples: &mut [f64]) -> f64 {
    let middle = samples.len() / 2;
    if samples.is_empty() {
        return f64::NAN;
    }
    let even = samples.len().is_multiple_of(2);
    let (below, &mut upper, _) = samples.select_nth_unstable_by(middle, f64::total_cmp);
    if !even {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (lower + upper) / 2.0
}

/// Half the width of a 95 % interval of the median, over the median: 0.01 means "known to about 1 %".
///
/// The interval lies between order statistics, which assumes nothing about the distribution. Five samples or fewer
/// cannot give 95 %: their whole range is used. Infinite for fewer than two samples: nothing is known yet.
pub fn relative_spread(samples: &[f64]) -> f64 {
    if samples.len() < 2 {
        return f64::INFINITY;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = samples_outside(sorted.len());
    let width = sorted[sorted.len() - 1 - cut] - sorted[cut];
    width / 2.0 / median(&sorted)
}

/// How many of `n` sorted samples may be cut off at each end so that the median still lies between the rest with 95 %.
///
/// The number of samples below the true median is binomial(n, 1/2); the cut is the largest whose tail is 2.5 % or less.
fn samples_outside(n: usize) -> usize {
    // In logarithms, since 2^-n underflows for long runs.
    let mut log_term = n as f64 * 0.5f64.ln();
    let mut tail = log_term.exp();
    let mut cut = 0;
    while tail <= 0.025 {
        log_term += ((n - cut) as f64 / (cut + 1) as f64).ln();
        tail += log_term.exp();
        if tail <= 0.025 {
            cut += 1;
        }
    }
    cut
}

/// Geometric mean of positive values; `None` if there are none.
pub fn geomean(values: &[f64]) -> Option<f64> {
    let logs: f64 = values.iter().map(|value| value.ln()).sum();
    (!values.is_empty()).then(|| (logs / values.len() as f64).exp())
}

/// Mean of `samples`, NaN if there are none.
pub fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// 95 % interval `[low, high]` of the mean; `None` for fewer than two samples.
pub fn mean_interval(samples: &[f64]) -> Option<[f64; 2]> {
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut draw = || mean(&samples.iter().map(|_| samples[rng.usize(..samples.len())]).collect::<Vec<_>>());
    (samples.len() > 1).then(|| bootstrap(&mut draw))
}

/// How much faster `subject` is than `baseline`, both in seconds (or any one unit), neither empty.
///
/// Lists of equal length are taken to be interleaved (sample `i` of both from the same round) and are resampled by
/// round, so that what slows a whole round down cancels out. Others are resampled apart.
pub fn speedup_interval(baseline: &[f64], subject: &[f64]) -> Speedup {
    let ratio = median(baseline) / median(subject);
    let mut resampler = Resampler::new();
    let interval = (baseline.len() > 1 && subject.len() > 1).then(|| bootstrap(|| resampler.ratio(baseline, subject)));
    Speedup { ratio, interval }
}

/// Compares every scheduler in `results` with each of `baselines`, over the pipelines that both completed.
///
/// Schedulers come in the order of `results`, and none is compared with itself.
pub fn summarise(results: &[EvalResult], baselines: &[&str]) -> Vec<Summary> {
    let mut schedulers: Vec<&str> = Vec::new();
    for result in results {
        if !schedulers.contains(&result.scheduler.as_str()) {
            schedulers.push(&result.scheduler);
        }
    }
    let pairs = schedulers.iter().flat_map(|&scheduler| baselines.iter().map(move |&baseline| (scheduler, baseline)));
    pairs
        .filter(|(scheduler, baseline)| scheduler != baseline)
        .map(|(scheduler, baseline)| compare(results, scheduler, baseline))
        .collect()
}

fn compare(results: &[EvalResult], scheduler: &str, baseline: &str) -> Summary {
    let own = || results.iter().filter(|result| result.scheduler == scheduler);
    let pairs: Vec<(&[f64], &[f64])> = own()
        .filter_map(|subject| {
            let other = results.iter().find(|r| r.scheduler == baseline && r.pipeline == subject.pipeline)?;
            Some((other.completed_samples()?, subject.completed_samples()?))
        })
        .collect();
    let ratios: Vec<f64> = pairs.iter().map(|(base, subject)| median(base) / median(subject)).collect();
    Summary {
        scheduler: scheduler.to_owned(),
        baseline: baseline.to_owned(),
        geomean_speedup: geomean(&ratios),
        interval: geomean_interval(&pairs),
        compared: pairs.len(),
        completed: own().filter(|result| result.status == Status::Ok).count(),
        failed: own().filter(|result| result.status.is_failure()).count(),
    }
}

/// Interval of the geometric mean of speedups: pipelines drawn again as well as samples, because another choice of
/// pipelines would have given another mean. `None` when there is nothing to draw from.
fn geomean_interval(pairs: &[(&[f64], &[f64])]) -> Option<[f64; 2]> {
    let several = |(base, subject): &(&[f64], &[f64])| base.len() > 1 && subject.len() > 1;
    if pairs.is_empty() || (pairs.len() == 1 && !several(&pairs[0])) {
        return None;
    }
    let mut resampler = Resampler::new();
    Some(bootstrap(|| {
        let logs: f64 = (0..pairs.len())
            .map(|_| {
                let (base, subject) = pairs[resampler.rng.usize(..pairs.len())];
                resampler.ratio(base, subject).ln()
            })
            .sum();
        (logs / pairs.len() as f64).exp()
    }))
}

/// The 2.5 % and 97.5 % percentiles of what `draw` returns.
fn bootstrap(mut draw: impl FnMut() -> f64) -> [f64; 2] {
    let mut drawn: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
    drawn.sort_by(f64::total_cmp);
    let outside = RESAMPLES / 40;
    [drawn[outside], drawn[RESAMPLES - 1 - outside]]
}

/// Draws samples with replacement, into buffers that are kept between draws.
struct Resampler {
    rng: fastrand::Rng,
    baseline: Vec<f64>,
    subject: Vec<f64>,
}

impl Resampler {
    fn new() -> Self {
        Self { rng: fastrand::Rng::with_seed(SEED), baseline: Vec::new(), subject: Vec::new() }
    }

    /// Ratio of the medians of one resample of each list.
    fn ratio(&mut self, baseline: &[f64], subject: &[f64]) -> f64 {
        let Self { rng, baseline: base_draw, subject: subject_draw } = self;
        base_draw.clear();
        subject_draw.clear();
        if baseline.len() == subject.len() {
            for _ in 0..baseline.len() {
                let round = rng.usize(..baseline.len());
                base_draw.push(baseline[round]);
                subject_draw.push(subject[round]);
            }
        } else {
            base_draw.extend((0..baseline.len()).map(|_| baseline[rng.usize(..baseline.len())]));
            subject_draw.extend((0..subject.len()).map(|_| subject[rng.usize(..subject.len())]));
        }
        median_of(base_draw) / median_of(subject_draw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::record::RunSeconds;

    #[test]
    fn median_of_odd_even_and_none() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn order_statistics_are_the_textbook_ones() {
        // Tables of the sign test: both tails at 5 % cut 0 of 6, 1 of 9, 2 of 12, 5 of 20, 17 of 50 samples;
        // 955 of 2000 by summing exact binomial coefficients.
        let cut: Vec<usize> = [1, 2, 5, 6, 8, 9, 12, 20, 50, 2000].into_iter().map(samples_outside).collect();
        assert_eq!(cut, [0, 0, 0, 0, 0, 1, 2, 5, 17, 955]);
    }

    #[test]
    fn spread_is_half_the_interval_over_the_median() {
        assert_eq!(relative_spread(&[1.0, 3.0, 2.0]), 0.5);
        // Nine samples lose one at each end, so an outlier does not count.
        assert_eq!(relative_spread(&[10.0, 9.0, 11.0, 10.0, 10.0, 10.0, 10.0, 8.0, 900.0]), 0.1);
        assert_eq!(relative_spread(&[5.0, 5.0]), 0.0);
        assert_eq!(relative_spread(&[5.0]), f64::INFINITY);
    }

    #[test]
    fn geomean_of_a_ratio_and_its_inverse_is_one() {
        assert!((geomean(&[4.0, 0.25]).unwrap() - 1.0).abs() < 1e-15);
        assert!((geomean(&[2.0, 8.0]).unwrap() - 4.0).abs() < 1e-14);
        assert_eq!(geomean(&[]), None);
    }

    #[test]
    fn a_constant_ratio_is_certain_however_much_the_rounds_drift() {
        let subject = [1.0, 2.0, 4.0, 8.0, 16.0];
        let baseline = subject.map(|seconds| 2.0 * seconds);
        assert_eq!(speedup_interval(&baseline, &subject), Speedup { ratio: 2.0, interval: Some([2.0, 2.0]) });
    }

    #[test]
    fn intervals_hold_the_ratio_and_repeat_exactly() {
        let baseline = [1.0, 1.1, 0.9, 1.05, 0.95, 1.2];
        let subject = [0.5, 0.6, 0.4, 0.45, 0.55];
        let speedup = speedup_interval(&baseline, &subject);
        let [low, high] = speedup.interval.unwrap();
        assert!(low < speedup.ratio && speedup.ratio < high && speedup.is_clear());
        assert_eq!(speedup, speedup_interval(&baseline, &subject));
    }

    #[test]
    fn one_sample_has_no_interval() {
        let speedup = speedup_interval(&[3.0], &[1.0]);
        assert_eq!(speedup, Speedup { ratio: 3.0, interval: None });
        assert!(!speedup.is_clear());
    }

    fn result(pipeline: &str, scheduler: &str, status: Status, seconds: &[f64]) -> EvalResult {
        let min = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        EvalResult {
            pipeline: pipeline.into(),
            size: None,
            scheduler: scheduler.into(),
            status,
            message: String::new(),
            schedule_seconds: None,
            compile_seconds: None,
            peak_memory_bytes: None,
            run_seconds: (!seconds.is_empty()).then(|| RunSeconds {
                median: median(seconds),
                min,
                samples: seconds.to_vec(),
            }),
            predicted_seconds: None,
            output_matches: None,
            rounding: None,
            reference: None,
            io_bytes: None,
            disturbed: false,
        }
    }

    #[test]
    fn summaries_compare_only_what_both_completed() {
        let results = [
            result("a", "base", Status::Ok, &[4.0, 4.0]),
            result("a", "ours", Status::Ok, &[1.0, 1.0]),
            result("b", "base", Status::Ok, &[4.0, 4.0]),
            result("b", "ours", Status::Ok, &[4.0, 4.0]),
            result("c", "base", Status::Timeout, &[]),
            result("c", "ours", Status::Ok, &[1.0, 1.0]),
            result("d", "base", Status::Skipped, &[]),
            result("d", "ours", Status::WrongOutput, &[0.1, 0.1]),
        ];
        let summary = summarise(&results, &["base", "absent"]);
        let names: Vec<_> = summary.iter().map(|s| (s.scheduler.as_str(), s.baseline.as_str())).collect();
        assert_eq!(names, [("base", "absent"), ("ours", "base"), ("ours", "absent")]);
        let ours = &summary[1];
        assert!((ours.geomean_speedup.unwrap() - 2.0).abs() < 1e-15);
        // Two pipelines, at 4 and at 1: draws of both from one of them reach the ends.
        assert_eq!(ours.interval.map(|ends| ends.map(f64::round)), Some([1.0, 4.0]));
        assert_eq!((ours.compared, ours.completed, ours.failed), (2, 3, 1));
        let base = &summary[0];
        assert_eq!((base.compared, base.completed, base.failed), (0, 2, 1));
        assert_eq!((base.geomean_speedup, base.interval), (None, None));
    }
}
