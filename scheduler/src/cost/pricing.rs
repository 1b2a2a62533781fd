//! What prices the stages of one pipeline, whatever its schedule.

use super::{CostModel, Hardware, Kernels, LearnedModel, Predicted, Roofline, Variant};
use crate::features::{Analysis, Features, ScheduledPipeline};
use crate::ir::{Pipeline, StageRef};

/// A learned model or the analytic cost, for one pipeline on one machine.
pub struct Pricing<'a> {
    hardware: &'a Hardware,
    learned: Option<(&'a LearnedModel, Kernels)>,
}

/// What a stage is expected to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StagePrice {
    /// The stage.
    pub stage: StageRef,
    /// Seconds in one run of the pipeline, as they are predicted.
    pub seconds: f64,
    /// Seconds to compare schedules by: more where there is doubt.
    pub cautious_seconds: f64,
}

impl<'a> Pricing<'a> {
    /// By a model that was trained for this machine; by the analytic cost without one.
    pub fn new(pipeline: &Pipeline, hardware: &'a Hardware, model: Option<&'a LearnedModel>) -> Self {
        Self { hardware, learned: model.map(|model| (model, Kernels::of(pipeline))) }
    }

    /// Prices of the stages of a schedule that are not inlined.
    pub fn of(&self, scheduled: &ScheduledPipeline) -> Vec<StagePrice> {
        let Some((model, kernels)) = &self.learned else {
            return scheduled.stages.iter().map(|s| self.analytic(s.stage, &s.features)).collect();
        };
        let classed = scheduled.stages.iter().map(|s| {
            let at = s.stage.func.index();
            (kernels.at(s.stage), Variant::of(scheduled.computed[at], scheduled.stored[at]), s)
        });
        let predicted = model.predict_all(self.hardware, classed);
        scheduled.stages.iter().zip(&predicted).map(|(s, predicted)| learned(s.stage, predicted)).collect()
    }

    /// The same of the last schedule that was analysed.
    pub(crate) fn of_last(&self, analysis: &Analysis) -> Vec<StagePrice> {
        match self.learned {
            Some(_) => self.of(&analysis.scheduled()),
            None => analysis.features().map(|(stage, features)| self.analytic(stage, features)).collect(),
        }
    }

    fn analytic(&self, stage: StageRef, features: &Features) -> StagePrice {
        let seconds = Roofline(*self.hardware).seconds(features);
        StagePrice { stage, seconds, cautious_seconds: seconds }
    }
}

fn learned(stage: StageRef, predicted: &Predicted) -> StagePrice {
    StagePrice { stage, seconds: predicted.seconds(), cautious_seconds: predicted.cautious_seconds() }
}
