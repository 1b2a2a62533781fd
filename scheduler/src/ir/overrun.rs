//! Where computing more of a Func than is asked for is harmless.

use super::{FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};

/// Far beyond any tile: what a requirement does over this many coordinates it does for good.
const FAR: i64 = 1 << 20;

impl Regions {
    /// Whether a Func may compute coordinates past the end of what is required along a dimension, at any size of the
    /// outputs: nothing it then reads, directly or through other Funcs, lies outside of an input, because every path to
    /// an input clamps the coordinate. Outputs, Funcs with updates or extern definitions, and what extern stages read never
    /// may.
    pub fn may_overrun(&self, pipeline: &Pipeline, id: FuncId, dim: usize) -> bool {
        let func = pipeline.func(id);
        let extern_sources =
            pipeline.funcs.iter().filter_map(|f| f.extern_definition.as_ref()).flat_map(|e| &e.sources);
        let read_outside = extern_sources.into_iter().any(|&s| s == Source::Func(id));
        if pipeline.is_output(id) || read_outside || func.stages.len() != 1 || func.extern_definition.is_some() {
            return false;
        }
        self.reads_stay_inside(pipeline, id, dim)
    }

    fn reads_stay_inside(&self, pipeline: &Pipeline, id: FuncId, dim: usize) -> bool {
        let func = pipeline.func(id);
        if func.stages.len() != 1 || !func.bounds.is_empty() || func.scheduled.is_some() {
            return false;
        }
        let stage = StageRef { func: id, stage: 0 };
        let definition = pipeline.stage(stage);
        let loops = self.loops(stage);
        let Some(extended) = extend(loops, definition.loop_index(&func.args[dim])) else { return false };
        definition.requires.iter().all(|requirement| {
            requirement.bounds.iter().enumerate().all(|(d, bounds)| {
                let (before, after) = (bounds.evaluate(definition, loops), bounds.evaluate(definition, &extended));
                match (before, after, requirement.source) {
                    (Some(a), Some(b), _) if a == b => true,
                    (Some(_), Some(_), Source::Func(producer)) => self.reads_stay_inside(pipeline, producer, d),
                    _ => false,
                }
            })
        })
    }
}

fn extend(loops: &Region, index: Option<usize>) -> Option<Region> {
    let mut extended = loops.clone();
    let interval = extended.get_mut(index?)?.as_mut()?;
    *interval = Interval { max: interval.max + FAR, ..*interval };
    Some(extended)
}
