//! The loops of register tiles: of the Func that is cut into them, and of those computed inside.

use super::loops::{Nest, TASKS_PER_THREAD};
use super::nest::Planner;
use super::placement::Placement;
use super::reduction::inner_steps;
use super::register_tile::Unrolled;
use super::tiles::{Panel, Tile};
use super::vector::Vector;
use crate::directive::{Directive, LoopVar, Tail};
use crate::ir::{FuncId, StageRef};

/// A tile leader's nest.
pub(super) struct TileLoops {
    pub(super) nest: Nest,
    /// The innermost loop over tiles, which the reduction is computed in.
    tile: LoopVar,
    /// The loop over panels, if there are any.
    pub(super) panel: LoopVar,
}

impl Planner<'_> {
    /// Order, innermost first: vectors and rows of the tile, then tiles as they lie in memory; or, where the tile asks for
    /// it, tiles across, other dimensions, tiles along.
    pub(super) fn tiles(&self, mut nest: Nest, tile: Tile) -> TileLoops {
        let id = nest.stage.func;
        let (along, across, inner) = self.cut_tile(&mut nest, tile, |arg| self.loop_of(id, 0, arg));
        let threads = i64::from(self.hardware.threads);
        let mut outer: Vec<LoopVar> = nest.remaining(&inner).into_iter().map(|d| d.var).collect();
        if tile.across_first {
            outer.retain(|var| *var != along && *var != across);
            outer.insert(0, across.clone());
            outer.push(along);
        }
        let innermost = outer[0].clone();
        let all_across = outer[outer.len().saturating_sub(2)].clone();
        nest.reorder(inner.into_iter().chain(outer).collect());
        let kept = match tile.panel {
            Some(Panel::Rows(height)) => nest.split_loop(&across, "p", height, Tail::GuardWithIf).1,
            Some(Panel::Columns) => all_across,
            Some(Panel::Column) | None => innermost.clone(),
        };
        nest.parallelize(threads, TASKS_PER_THREAD, Some(&kept));
        let panel = nest.around(&kept);
        nest.partition_rows(Some(Vector { index: self.loop_of(id, 0, tile.along), lanes: tile.lanes }));
        TileLoops { nest, tile: innermost, panel }
    }

    pub(super) fn tile_of(&self, leader: FuncId) -> Tile {
        match self.placements[leader.index()] {
            Placement::Tiles(tile) => tile,
            ref other => unreachable!("members follow a leader with tiles, not {other:?}"),
        }
    }

    /// Cuts out a tile and fully unrolls it. Returns the loops over tiles, along and across, and those inside.
    fn cut_tile(
        &self,
        nest: &mut Nest,
        tile: Tile,
        loop_of: impl Fn(usize) -> usize,
    ) -> (LoopVar, LoopVar, Vec<LoopVar>) {
        let stage = nest.stage;
        let along = nest.split(loop_of(tile.along), "t", tile.vectors * tile.lanes).0;
        let vector = Vector { index: loop_of(tile.along), lanes: tile.lanes };
        let (vectors, lanes) = nest.vectorize(vector);
        let (across, rows) = nest.split(loop_of(tile.across), "t", tile.rows);
        for var in [&vectors, &rows] {
            nest.directives.push(Directive::Unroll { stage, var: var.clone() });
        }
        (along, across, vec![lanes, vectors, rows])
    }

    /// A reduction inside a register tile of its consumer: every stage covers the tile, reduction loops around it.
    pub(super) fn tile_member(&self, id: FuncId, leader: FuncId, window: &[u32]) -> Vec<Directive> {
        let tile = self.tile_of(leader);
        let var = self.tiles(self.plain_nest(leader), tile).tile;
        let own = Tile { rows: tile.rows * window[tile.across], ..tile };
        let mut directives = vec![Directive::ComputeAt { func: id, consumer: leader, var }];
        for stage in self.pipeline.func(id).stage_refs(id) {
            let mut nest = self.plain_nest_of(stage);
            let (along, across, mut inner) = self.cut_tile(&mut nest, own, |arg| self.loop_of(id, stage.stage, arg));
            let mut outer = Vec::new();
            for (dim, &values) in window.iter().enumerate().filter(|&(dim, &v)| v > 1 && dim != tile.across) {
                let (windows, value) = nest.split(self.loop_of(id, stage.stage, dim), "t", values);
                nest.directives.push(Directive::Unroll { stage, var: value.clone() });
                inner.push(value);
                outer.push(windows);
            }
            outer.extend([across, along]);
            let reductions = nest.remaining(&[&inner[..], &outer[..]].concat());
            if tile.unrolled == Unrolled::All || self.reads_tile(stage, leader) {
                self.unroll_reduction(stage, &mut nest);
            } else if let (Unrolled::Innermost, Some((index, _))) =
                (tile.unrolled, inner_steps(self.pipeline.stage(stage)))
            {
                let var = nest.current[index].clone();
                nest.directives.push(Directive::Unroll { stage, var });
            }
            nest.reorder(inner.into_iter().chain(reductions.into_iter().map(|d| d.var)).chain(outer).collect());
            directives.extend(nest.directives);
        }
        directives
    }

    /// Whether a stage reads, through inlined Funcs too, what the same tile holds: it stays in registers if all loops over it
    /// are unrolled.
    fn reads_tile(&self, stage: StageRef, leader: FuncId) -> bool {
        let others = self.pipeline.stage(stage).producers().filter(|&f| f != stage.func);
        others.into_iter().any(|producer| match &self.placements[producer.index()] {
            Placement::InTile { leader: other, .. } => *other == leader,
            Placement::Inline => self.reads_tile(StageRef { func: producer, stage: 0 }, leader),
            _ => false,
        })
    }
}
