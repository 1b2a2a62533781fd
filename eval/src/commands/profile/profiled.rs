//! What was measured and what was predicted, Func by Func.

use std::collections::BTreeMap;

use serde::Serialize;

/// How far the profiled build may be behind the other before the profiler is said to disturb.
const DISTURBING: f64 = 1.1;

/// One Func, or what the runtime does besides.
#[derive(Debug, PartialEq, Serialize)]
pub struct FuncTime {
    /// The Func's name, `halide_malloc`, `halide_free`, or what else the profiler names.
    pub name: String,
    /// Seconds a call.
    pub measured_seconds: f64,
    /// Seconds that its stages are predicted to take, if it has any.
    pub predicted_seconds: Option<f64>,
}

/// All that is shown.
#[derive(Debug, Serialize)]
pub struct Profiled {
    /// The pipeline.
    pub pipeline: String,
    /// What scheduled it.
    pub scheduler: String,
    /// Threads that ran it.
    pub threads: usize,
    /// Seconds a call without the profiler.
    pub seconds: f64,
    /// Seconds a call with it.
    pub profiled_seconds: f64,
    /// Seconds that all stages are predicted to take, if the schedule can be read.
    pub predicted_seconds: Option<f64>,
    /// Those whose predictions are furthest off first.
    pub funcs: Vec<FuncTime>,
}

impl Profiled {
    /// Whether the profiler itself makes the pipeline so much slower that its figures are doubtful.
    pub fn is_disturbed(&self) -> bool {
        self.profiled_seconds > DISTURBING * self.seconds
    }
}

/// Puts measured milliseconds and predicted seconds of the same names together.
pub fn together(measured: Vec<(String, f64)>, mut predicted: BTreeMap<String, f64>) -> Vec<FuncTime> {
    let time = |(name, milliseconds): (String, f64)| {
        let predicted_seconds = predicted.remove(&name);
        FuncTime { name, measured_seconds: milliseconds * 1e-3, predicted_seconds }
    };
    let mut funcs: Vec<FuncTime> = measured.into_iter().map(time).collect();
    // What took no sample.
    let unseen = |(name, seconds)| FuncTime { name, measured_seconds: 0.0, predicted_seconds: Some(seconds) };
    funcs.extend(predicted.into_iter().map(unseen));
    let off = |func: &FuncTime| (func.measured_seconds - func.predicted_seconds.unwrap_or(0.0)).abs();
    funcs.sort_by(|a, b| off(b).total_cmp(&off(a)));
    funcs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_prediction_comes_first() {
        let measured = vec![("a".to_owned(), 3.0), ("halide_free".to_owned(), 0.5), ("b".to_owned(), 9.0)];
        let predicted = BTreeMap::from([("a".to_owned(), 0.004), ("b".to_owned(), 0.002), ("c".to_owned(), 0.0001)]);
        let funcs = together(measured, predicted);
        let names: Vec<&str> = funcs.iter().map(|func| func.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "halide_free", "c"]);
        assert_eq!(funcs[2].predicted_seconds, None);
        assert_eq!(funcs[3].measured_seconds, 0.0);
    }
}
