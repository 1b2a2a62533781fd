//! Expected seconds of every stage that has loops of its own.

use super::StageSeconds;
use crate::cost::{CostModel, Hardware, Roofline};
use crate::directive::Directive;
use crate::features::{analyze, ScheduledStage};
use crate::ir::{Pipeline, Regions};
use crate::Error;

/// Predicts every stage that is not inlined. Inlined stages count with the stages they are inlined into.
pub(super) fn stages(
    pipeline: &Pipeline,
    regions: &Regions,
    directives: &[Directive],
    hardware: &Hardware,
) -> Result<Vec<StageSeconds>, Error> {
    let model = Roofline(*hardware);
    let seconds = |s: &ScheduledStage| StageSeconds { stage: s.stage, seconds: model.seconds(&s.features) };
    Ok(analyze(pipeline, regions, directives, hardware)?.stages.iter().map(seconds).collect())
}
