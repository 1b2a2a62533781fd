//! Panels: what a reduction in register tiles reads, computed by every parallel task for itself, a few rows of tiles at a
//! time, so that it is still in the private cache when the tiles read it: the padded rows of a convolution's image.
//!
//! Where tiles across come first, the panel is a column of tiles, and what they share is packed into it: a copy of the part
//! of a matrix that they read, inputs too, as experts make with `in()`. Read where it is, each step of the reduction would
//! load from another page, and often from lines that share a few sets of the caches.

use super::choice::Choices;
use super::joining::{cache_bytes, may_join, MIN_SAVED_BYTES};
use super::packing::MIN_READS;
use super::placement::Placement;
use super::problem::Problem;
use super::tiles::{kept_bytes, Tile};
use crate::demand::{add_requirements, middle, points};
use crate::ir::{FuncId, Region, Source};
use std::collections::BTreeSet;

/// Rows of tiles that a panel may serve, the highest first: it computes least twice.
const HEIGHTS: [Option<u32>; 4] = [Some(32), Some(16), Some(8), Some(4)];
/// What is computed more often than this pays for no locality.
const MAX_RECOMPUTE: f64 = 1.25;

/// Moves Funcs from root into panels of the tiles that read them.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    readers: &[BTreeSet<FuncId>],
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    for leader in problem.pipeline.func_ids().rev() {
        let Placement::Tiles(tile) = placements[leader.index()] else { continue };
        let former = Former { problem, choices, placements: &placements, readers, leader, tile };
        let heights: &[Option<u32>] = if tile.across_first { &[None] } else { &HEIGHTS };
        let Some((panel, members)) = heights.iter().find_map(|&h| Some((h, former.members(h)?))) else { continue };
        placements[leader.index()] = Placement::Tiles(Tile { panel, ..tile });
        for member in members {
            placements[member.index()] = Placement::InPanel { leader };
        }
    }
    placements
}

struct Former<'a> {
    problem: &'a Problem<'a>,
    choices: &'a Choices,
    placements: &'a [Placement],
    readers: &'a [BTreeSet<FuncId>],
    leader: FuncId,
    tile: Tile,
}

impl Former<'_> {
    /// What joins panels of this height, or columns of tiles; `None` if nothing does, or if the panels are too few to share
    /// out.
    fn members(&self, height: Option<u32>) -> Option<Vec<FuncId>> {
        let Self { problem, placements, leader, .. } = *self;
        let Problem { pipeline, regions, hardware, .. } = *problem;
        let panels = self.panels(height);
        if panels < 2.0 * f64::from(hardware.threads) || (height.is_none() && !self.is_reread()) {
            return None;
        }
        let least = height.map_or(kept_bytes(hardware), |_| MIN_SAVED_BYTES);
        let mut needed: Vec<Option<Region>> = vec![None; pipeline.funcs.len()];
        needed[leader.index()] = Some(self.panel(height));
        let mut members = Vec::new();
        let mut bytes = 0.0;
        for id in (0..=leader.index()).rev().map(FuncId::from_index) {
            let Some(region) = needed[id.index()].clone() else { continue };
            let placement = &placements[id.index()];
            let is_free = match placement {
                Placement::Root => true,
                Placement::Inline => height.is_none() && self.is_narrowest(id),
                _ => false,
            };
            let own = points(regions, id, &region);
            let whole = points(regions, id, regions.func(id));
            let value = f64::from(pipeline.func(id).value_bytes());
            let joins = is_free
                && self.joins(id, &members)
                && whole * value >= least
                && own * panels <= MAX_RECOMPUTE * whole
                && bytes + own * value <= cache_bytes(hardware);
            if joins {
                bytes += own * value;
                members.push(id);
            }
            if joins || matches!(placement, Placement::Inline | Placement::Tiles(_) | Placement::InTile { .. }) {
                add_requirements(pipeline, regions, id, &mut needed);
            }
        }
        (!members.is_empty()).then_some(members)
    }

    /// Whether the tiles of a column are many enough for a copy of what they share to pay.
    fn is_reread(&self) -> bool {
        let across = self.problem.regions.extent(self.leader, self.tile.across) as f64;
        across >= MIN_READS * f64::from(self.tile.rows)
    }

    /// Whether nothing that an inlined Func reads takes less memory: then that would be copied instead.
    fn is_narrowest(&self, id: FuncId) -> bool {
        let pipeline = self.problem.pipeline;
        let producers = pipeline.func(id).stages[0].accesses.iter().filter_map(|a| a.source.and_then(Source::func));
        producers.map(|p| pipeline.func(p).value_bytes()).all(|bytes| bytes >= pipeline.func(id).value_bytes())
    }

    /// Extent of the leader in one panel: rows across the tiles and everything along them, or a column of tiles; one value
    /// of all else.
    fn panel_extent(&self, dim: usize, height: Option<u32>) -> i64 {
        let Tile { along, across, vectors, lanes, rows, .. } = self.tile;
        let whole = self.problem.regions.extent(self.leader, dim);
        match (dim, height) {
            (d, None) if d == across => whole,
            (d, None) if d == along => whole.min(i64::from(vectors * lanes)),
            (d, Some(_)) if d == along => whole,
            (d, Some(height)) if d == across => whole.min(i64::from(rows * height)),
            _ => 1,
        }
    }

    /// Panels of one run.
    fn panels(&self, height: Option<u32>) -> f64 {
        let whole = |dim| self.problem.regions.extent(self.leader, dim) as f64;
        let dims = 0..self.problem.pipeline.func(self.leader).args.len();
        dims.map(|dim| (whole(dim) / self.panel_extent(dim, height) as f64).ceil()).product()
    }

    /// One panel.
    fn panel(&self, height: Option<u32>) -> Region {
        let Problem { regions, .. } = self.problem;
        let extent = |dim| regions.extent(self.leader, dim);
        let cut = |(dim, &whole)| Some(middle(whole, extent(dim), self.panel_extent(dim, height)));
        regions.func(self.leader).iter().enumerate().map(cut).collect()
    }

    fn joins(&self, id: FuncId, members: &[FuncId]) -> bool {
        let inside = |reader: &FuncId| match self.placements[reader.index()] {
            Placement::InTile { leader, .. } => leader == self.leader,
            _ => *reader == self.leader || members.contains(reader),
        };
        may_join(self.problem, self.choices, id)
            && self.problem.pipeline.func(id).stages.len() == 1
            && self.readers[id.index()].iter().all(inside)
    }
}
