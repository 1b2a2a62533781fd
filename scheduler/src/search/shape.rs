//! What follows from which Funcs are inlined, whatever groups the others are in.

use super::placement::Placement;
use super::problem::Problem;
use super::vector::{self, Vector};
use crate::ir::{FuncId, Region, Regions, StageRef};
use std::collections::BTreeSet;

/// Who reads whom, and in which vectors each stage is best computed.
pub(super) struct Shape {
    /// For every Func, the Funcs with storage that read it, directly or through inlined ones.
    pub(super) readers: Vec<BTreeSet<FuncId>>,
    /// By Func and stage.
    vectors: Vec<Vec<Option<Vector>>>,
}

impl Shape {
    pub(super) fn of(problem: &Problem, placements: &[Placement]) -> Self {
        let Problem { pipeline, regions, hardware, .. } = *problem;
        let vector = |stage| vector::choose(pipeline, regions, placements, stage, hardware.vector_bytes);
        let vectors = |id: FuncId| pipeline.func(id).stage_refs(id).map(vector).collect();
        let mut readers = vec![BTreeSet::new(); pipeline.funcs.len()];
        for id in pipeline.func_ids().rev() {
            readers[id.index()] = problem.readers_of(id, placements, &readers);
        }
        Self { readers, vectors: pipeline.func_ids().map(vectors).collect() }
    }

    /// The Func that reads a Func, if there is just one.
    pub(super) fn only_reader(&self, id: FuncId) -> Option<FuncId> {
        let mut readers = self.readers[id.index()].iter();
        readers.next().copied().filter(|_| readers.next().is_none())
    }

    /// The vectors of a stage.
    pub(super) fn vector(&self, stage: StageRef) -> Option<Vector> {
        self.vectors[stage.func.index()][stage.stage]
    }

    /// Whether a region of a Func is as long as the vectors that each of its stages is best computed in.
    pub(super) fn fills_vectors(&self, regions: &Regions, id: FuncId, region: &Region) -> bool {
        self.vectors[id.index()].iter().enumerate().all(|(stage, vector)| {
            let Some(vector) = vector else { return true };
            let along = regions.argument(StageRef { func: id, stage }, vector.index).and_then(|dim| region[dim]);
            along.is_none_or(|i| i.extent() >= i64::from(vector.lanes))
        })
    }
}
