//! An evaluation by pipeline and scheduler, with the speedups every report shows.

use std::collections::HashMap;

use crate::results::record::{EvalResult, Evaluation, Status, Summary};
use crate::results::stats::{speedup_interval, Speedup};

/// The scheduler whose speedups are reported where the evaluation names none.
const SUBJECT: &str = "Srivastava2020";

/// What stands by the names of pipelines whose times are doubtful.
pub(super) const DISTURBED: &str = "*";
/// What that means.
pub(super) const DISTURBED_MEANING: &str =
    "timed while other processes took some of the processors; such times are not kept, the next run takes them anew";

/// An evaluation, indexed.
pub(super) struct View<'a> {
    pub evaluation: &'a Evaluation,
    /// Pipelines in the order evaluated.
    pub pipelines: Vec<&'a str>,
    /// Schedulers in the order evaluated.
    pub schedulers: Vec<&'a str>,
    /// The scheduler whose speedups are shown; `None` if it did not take part.
    pub subject: Option<&'a str>,
    results: HashMap<(&'a str, &'a str), &'a EvalResult>,
    speedups: HashMap<(&'a str, &'a str), Speedup>,
}

/// How the subject did against one baseline, counted by pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// The whole interval of the speedup lies above 1.
    pub faster: usize,
    /// The whole interval lies below 1.
    pub slower: usize,
    /// The interval holds 1, or is unknown.
    pub unclear: usize,
}

impl<'a> View<'a> {
    pub fn new(evaluation: &'a Evaluation) -> Self {
        let results = &evaluation.results;
        let schedulers = distinct(results.iter().map(|result| result.scheduler.as_str()));
        let subject = evaluation.subject.as_deref().unwrap_or(SUBJECT);
        let exact = schedulers.iter().find(|&&name| name == subject);
        let subject = exact.or_else(|| schedulers.iter().find(|name| name.starts_with(subject))).copied();
        let mut view = Self {
            evaluation,
            pipelines: distinct(results.iter().map(|result| result.pipeline.as_str())),
            subject,
            results: results.iter().map(|r| ((r.pipeline.as_str(), r.scheduler.as_str()), r)).collect(),
            speedups: HashMap::new(),
            schedulers,
        };
        view.speedups = view.all_speedups();
        view
    }

    fn all_speedups(&self) -> HashMap<(&'a str, &'a str), Speedup> {
        let pairs = self.pipelines.iter().flat_map(|&pipeline| self.baselines().map(move |name| (pipeline, name)));
        pairs
            .filter_map(|(pipeline, name)| {
                let subject = self.result(pipeline, self.subject?)?.completed_samples()?;
                let baseline = self.result(pipeline, name)?.completed_samples()?;
                Some(((pipeline, name), speedup_interval(baseline, subject)))
            })
            .collect()
    }

    pub fn result(&self, pipeline: &str, scheduler: &str) -> Option<&'a EvalResult> {
        self.results.get(&(pipeline, scheduler)).copied()
    }

    /// Whether the times of `pipeline`, all taken together, are doubtful.
    pub fn is_disturbed(&self, pipeline: &str) -> bool {
        self.evaluation.results.iter().any(|result| result.pipeline == pipeline && result.disturbed)
    }

    /// Schedulers the subject is compared with; all of them if there is no subject.
    pub fn baselines(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.schedulers.iter().copied().filter(|&name| Some(name) != self.subject)
    }

    /// Speedup of the subject over `baseline`, if both completed `pipeline`.
    pub fn speedup(&self, pipeline: &str, baseline: &str) -> Option<Speedup> {
        self.speedups.get(&(pipeline, baseline)).copied()
    }

    /// The summary of the subject over `baseline`.
    pub fn summary(&self, baseline: &str) -> Option<&'a Summary> {
        let subject = self.subject?;
        self.evaluation.summary.iter().find(|s| s.scheduler == subject && s.baseline == baseline)
    }

    /// Pipelines on which `scheduler` ended in a way that `chosen` accepts.
    pub fn count(&self, scheduler: &str, chosen: impl Fn(Status) -> bool) -> usize {
        let own = self.evaluation.results.iter().filter(|result| result.scheduler == scheduler);
        own.filter(|result| chosen(result.status)).count()
    }

    /// Pipelines where the subject is faster or slower than `baseline` by more than noise.
    pub fn tally(&self, baseline: &str) -> Tally {
        let mut tally = Tally::default();
        for speedup in self.pipelines.iter().filter_map(|pipeline| self.speedup(pipeline, baseline)) {
            match (speedup.is_clear(), speedup.ratio > 1.0) {
                (false, _) => tally.unclear += 1,
                (true, true) => tally.faster += 1,
                (true, false) => tally.slower += 1,
            }
        }
        tally
    }

    /// Results that failed, in the order evaluated.
    pub fn failures(&self) -> Vec<&'a EvalResult> {
        self.evaluation.results.iter().filter(|result| result.status.is_failure()).collect()
    }

    /// What `pipeline`'s outputs were compared with, if not with the build that was asked for.
    pub fn other_reference(&self, pipeline: &str) -> Option<&'a str> {
        let results = self.schedulers.iter().filter_map(|name| self.result(pipeline, name));
        let reference = results.filter_map(|result| result.reference.as_deref()).next()?;
        (Some(reference) != self.evaluation.reference.as_deref()).then_some(reference)
    }

    /// Results that are right and yet have something to say, in the order evaluated.
    pub fn remarks(&self) -> Vec<&'a EvalResult> {
        let remarked = |result: &&EvalResult| result.status == Status::Ok && !result.message.is_empty();
        self.evaluation.results.iter().filter(remarked).collect()
    }

    /// Least time in seconds that `result`'s inputs and outputs take to move at the measured copy bandwidth.
    pub fn limit_seconds(&self, result: &EvalResult) -> Option<f64> {
        let bandwidth = self.evaluation.environment.copy_bytes_per_second.filter(|&speed| speed > 0.0)?;
        Some(result.io_bytes.filter(|&bytes| bytes > 0)? as f64 / bandwidth)
    }

    /// Fewest and most calls behind a time; `None` if nothing was timed.
    pub fn sample_counts(&self) -> Option<[usize; 2]> {
        let counts = || self.evaluation.results.iter().filter_map(|result| Some(result.completed_samples()?.len()));
        Some([counts().min()?, counts().max()?])
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// What outputs are compared with where the build that they ought to be compared with fails.
pub fn compared_with(reference: &str) -> String {
    format!("outputs are compared with those of '{reference}', since the build that was asked for fails")
}
