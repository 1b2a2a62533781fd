//! What makes `nnc eval` fail beside what keeps it from running: for those who have a script look at its exit code.

use std::str::FromStr;

use crate::report::format;
use crate::results::record::{EvalResult, Evaluation};
use crate::results::stats::speedup_interval;

/// A reason to fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FailOn {
    /// A row failed; one that is skipped has not.
    Error,
    /// The subject takes so many times as long as another scheduler, or longer, and not by chance: the whole 95 % interval
    /// lies beyond.
    Slower(f64),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}' is neither `error` nor `slower=FACTOR` with a factor of at least 1");
        match text.split_once('=') {
            None if text == "error" => Ok(FailOn::Error),
            Some(("slower", factor)) => {
                let factor = factor.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor >= 1.0);
                factor.map(FailOn::Slower).ok_or_else(expected)
            }
            _ => Err(expected()),
        }
    }
}

impl FailOn {
    /// Whatever in an evaluation is a reason, a line each.
    pub fn complaints(self, evaluation: &Evaluation) -> Vec<String> {
        match self {
            FailOn::Error => {
                let failed = evaluation.results.iter().filter(|result| result.status.is_failure());
                failed.map(|r| format!("{}, {}: {}", r.pipeline, r.scheduler, format::status(r.status))).collect()
            }
            FailOn::Slower(factor) => {
                let is_subject = |result: &&EvalResult| Some(&result.scheduler) == evaluation.subject.as_ref();
                let subjects = evaluation.results.iter().filter(is_subject);
                let slower = |subject| {
                    let others = evaluation.results.iter().filter(|result| !is_subject(result));
                    others.filter_map(move |other| slower(subject, other, factor))
                };
                subjects.flat_map(slower).collect()
            }
        }
    }
}

/// That `subject` is slower than `other` by more than `factor`, if it is. Nothing can be said of a single sample.
fn slower(subject: &EvalResult, other: &EvalResult, factor: f64) -> Option<String> {
    if subject.pipeline != other.pipeline {
        return None;
    }
    let [low, high] = speedup_interval(other.completed_samples()?, subject.completed_samples()?).interval?;
    let least = high.recip();
    (least > factor).then(|| {
        let interval = format::interval([least, low.recip()]);
        format!("{}: {} takes {interval} times as long as {}", subject.pipeline, subject.scheduler, other.scheduler)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;
    use crate::results::record::Status;

    #[test]
    fn reasons_parse() {
        assert_eq!("error".parse(), Ok(FailOn::Error));
        assert_eq!("slower=1.05".parse(), Ok(FailOn::Slower(1.05)));
        for text in ["", "slower", "slower=", "slower=0.9", "slower=inf", "errors", "error=1"] {
            assert!(text.parse::<FailOn>().unwrap_err().contains("slower=FACTOR"), "{text}");
        }
    }

    #[test]
    fn failed_rows_are_errors_and_skipped_ones_are_not() {
        let mut evaluation = sample();
        let complaints = FailOn::Error.complaints(&evaluation);
        assert_eq!(complaints.len(), 4);
        assert!(complaints.contains(&"local_laplacian, Adams2019: out of memory".to_owned()), "{complaints:?}");
        evaluation.results.retain(|result| matches!(result.status, Status::Ok | Status::Skipped));
        assert_eq!(FailOn::Error.complaints(&evaluation), [""; 0]);
    }

    /// Of the subject's times, that of local_laplacian is 1.25 times the expert's, and that of quantized_matmul about as
    /// long as Li2018's.
    #[test]
    fn slower_is_what_the_whole_interval_says() {
        let mut evaluation = sample();
        evaluation.subject = Some("Srivastava2020".to_owned());
        let complaints = |factor| FailOn::Slower(factor).complaints(&evaluation);
        let [complaint] = &complaints(1.05)[..] else { panic!("{:?}", complaints(1.05)) };
        assert!(complaint.starts_with("local_laplacian: Srivastava2020 takes [1.") && complaint.ends_with("manual"));
        assert_eq!(complaints(1.24), [""; 0], "the interval holds 1.25");
        let single = |mut result: EvalResult| {
            result.run_seconds.iter_mut().for_each(|run| run.samples.truncate(1));
            result
        };
        evaluation.results = evaluation.results.into_iter().map(single).collect();
        assert_eq!(FailOn::Slower(1.0).complaints(&evaluation), [""; 0]);
    }
}
