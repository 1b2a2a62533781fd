//! What a stage loads, with everything that is inlined into it.

use crate::ir::{Access, AccessRow, FuncId, InputKind, Name, Pipeline, Source, StageRef};

/// By loop of the stage, how far a coordinate moves in one step of it; `None` where it depends on data.
pub(super) type Steps = Option<Vec<f64>>;

/// A load, and how its coordinates move with the loops of the stage.
pub(super) struct Load {
    pub(super) source: Source,
    /// Loads of this kind in one evaluation.
    pub(super) count: f64,
    /// One entry per dimension of what is read.
    pub(super) coordinates: Vec<Steps>,
    /// Whether some coordinate depends on loaded values.
    pub(super) by_data: bool,
}

/// By Func, whether it makes an access of some kind, itself or by what may be inlined into it.
pub(super) fn by_func(pipeline: &Pipeline, is_one: impl Fn(&Access) -> bool) -> Vec<bool> {
    let mut makes: Vec<bool> = Vec::with_capacity(pipeline.funcs.len());
    for func in &pipeline.funcs {
        let behind = |source: Option<Source>| {
            let producer = source.and_then(Source::func).filter(|f| pipeline.func(*f).inlinable);
            producer.is_some_and(|f| makes.get(f.index()) == Some(&true))
        };
        let found = func.stages.iter().flat_map(|s| &s.accesses).any(|a| is_one(a) || behind(a.source));
        makes.push(found);
    }
    makes
}

/// The loads of one evaluation. Those that are alike are one entry, whatever their offsets.
pub(super) fn loads(pipeline: &Pipeline, stage: StageRef, inlined: impl Fn(FuncId) -> bool) -> Vec<Load> {
    let definition = pipeline.stage(stage);
    let loops = definition.loops.len();
    let unit = |origin| Some((0..loops).map(|l| if l == origin { 1.0 } else { 0.0 }).collect());
    let own: Vec<Steps> = (0..loops).map(unit).collect();
    let mut found = Vec::new();
    for access in &definition.accesses {
        add(&mut found, access, loops, &own, 1.0, false);
    }
    // The last Func first: by then all that read it have been followed.
    let is_inlined = |load: &Load| load.source.func().is_some_and(|f| f != stage.func && inlined(f));
    while let Some(at) = (0..found.len()).filter(|&at| is_inlined(&found[at])).max_by_key(|&at| found[at].source) {
        let Load { source, count, coordinates, by_data } = found.swap_remove(at);
        let Some(func) = source.func().map(|f| pipeline.func(f)) else { continue };
        let argument = |var: &Name| func.args.iter().position(|a| a == var).and_then(|arg| coordinates[arg].clone());
        let at: Vec<Steps> = func.stages[0].loops.iter().map(|l| argument(&l.var)).collect();
        for access in &func.stages[0].accesses {
            add(&mut found, access, loops, &at, count, by_data);
        }
    }
    found
}

/// By loop of a stage, whether loads, with those of all that may be inlined, move along an embedded image with it.
pub(super) fn walks_embedded(pipeline: &Pipeline, stage: StageRef) -> Vec<bool> {
    let loops = pipeline.stage(stage).loops.len();
    let is_embedded =
        |source: Source| matches!(source, Source::Input(i) if pipeline.inputs[i.index()].kind == InputKind::Image);
    if !pipeline.inputs.iter().any(|input| input.kind == InputKind::Image) {
        return vec![false; loops];
    }
    let all = loads(pipeline, stage, |f| pipeline.func(f).inlinable);
    let walked: Vec<&Load> = all.iter().filter(|load| is_embedded(load.source)).collect();
    let along = |l: usize| walked.iter().any(|load| load.coordinates.iter().flatten().any(|steps| steps[l] != 0.0));
    (0..loops).map(along).collect()
}

/// Adds a load that is written in loops that move as `at` says, by the `loops` of the stage.
fn add(found: &mut Vec<Load>, access: &Access, loops: usize, at: &[Steps], count: f64, by_data: bool) {
    let Some(source) = access.source else { return };
    let coordinates: Vec<Steps> = access.rows.iter().map(|row| moved(row.as_ref()?, loops, at)).collect();
    let by_data = by_data || access.by_data;
    let alike = |l: &&mut Load| l.source == source && l.coordinates == coordinates && l.by_data == by_data;
    match found.iter_mut().find(alike) {
        Some(known) => known.count += count,
        None => found.push(Load { source, count, coordinates, by_data }),
    }
}

/// `None` where a coordinate that it depends on does. A coordinate that depends on nothing moves by 0 with each of the loops.
fn moved(row: &AccessRow, loops: usize, at: &[Steps]) -> Steps {
    let mut sum = vec![0.0; loops];
    for (&[numerator, denominator], steps) in row.coeffs.iter().zip(at).filter(|(c, _)| c[0] != 0) {
        for (total, step) in sum.iter_mut().zip(steps.as_ref()?) {
            *total += step * numerator as f64 / denominator as f64;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A coordinate of a table that is the same everywhere, too: whoever asks about a loop gets an answer.
    #[test]
    fn coordinates_have_a_step_for_every_loop() {
        let text = include_str!("../../../tests/fixtures/bilateral_grid.json");
        let pipeline = Pipeline::from_json(text).unwrap();
        let mut fixed = 0;
        for stage in pipeline.func_ids().flat_map(|id| pipeline.func(id).stage_refs(id)) {
            for load in loads(&pipeline, stage, |id| pipeline.func(id).inlinable) {
                for steps in load.coordinates.iter().flatten() {
                    assert_eq!(steps.len(), pipeline.stage(stage).loops.len(), "{stage:?} reads {:?}", load.source);
                    fixed += usize::from(steps.iter().all(|&step| step == 0.0));
                }
            }
        }
        assert!(fixed > 0, "no coordinate stands still");
    }
}
