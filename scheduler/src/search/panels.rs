//! Panels: what a reduction in register tiles reads, computed by every parallel task for itself, a few rows of tiles at a
//! time, so that it is still in the private cache when the tiles read it: the padded rows of a convolution's image.

use super::choice::Choices;
use super::joining::{cache_bytes, may_join, MIN_SAVED_BYTES};
use super::placement::Placement;
use super::problem::Problem;
use super::tiles::Tile;
use crate::demand::{add_requirements, middle, points};
use crate::ir::{FuncId, Region};
use std::collections::BTreeSet;

/// Rows of tiles that a panel may serve, the highest first: it computes least twice.
const HEIGHTS: [u32; 4] = [32, 16, 8, 4];
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
        let Some((height, members)) = HEIGHTS.iter().find_map(|&h| Some((h, former.members(h)?))) else { continue };
        placements[leader.index()] = Placement::Tiles(Tile { panel: Some(height), ..tile });
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
    /// What joins panels of this height; `None` if nothing does, or if the panels are too few to share out.
    fn members(&self, height: u32) -> Option<Vec<FuncId>> {
        let Self { problem, placements, tile, leader, .. } = *self;
        let Problem { pipeline, regions, hardware, .. } = *problem;
        let panels = self.panels(height);
        if tile.across_first || panels < 2.0 * f64::from(hardware.threads) {
            return None;
        }
        let mut needed: Vec<Option<Region>> = vec![None; pipeline.funcs.len()];
        needed[leader.index()] = Some(self.panel(height));
        let mut members = Vec::new();
        let mut bytes = 0.0;
        for id in (0..=leader.index()).rev().map(FuncId::from_index) {
            let Some(region) = needed[id.index()].clone() else { continue };
            let follows = match placements[id.index()] {
                Placement::Inline | Placement::Tiles(_) | Placement::InTile { .. } => true,
                Placement::Root => {
                    let own = points(regions, id, &region);
                    let whole = points(regions, id, regions.func(id));
                    let value = f64::from(pipeline.func(id).value_bytes());
                    let joins = self.joins(id, &members)
                        && whole * value >= MIN_SAVED_BYTES
                        && own * panels <= MAX_RECOMPUTE * whole
                        && bytes + own * value <= cache_bytes(hardware);
                    if joins {
                        bytes += own * value;
                        members.push(id);
                    }
                    joins
                }
                _ => false,
            };
            if follows {
                add_requirements(pipeline, regions, id, &mut needed);
            }
        }
        (!members.is_empty()).then_some(members)
    }

    /// Extent of the leader in one panel: rows across the tiles, everything along them, one value of all else.
    fn panel_extent(&self, dim: usize, height: u32) -> i64 {
        let whole = self.problem.regions.extent(self.leader, dim);
        match dim {
            d if d == self.tile.along => whole,
            d if d == self.tile.across => whole.min(i64::from(self.tile.rows * height)),
            _ => 1,
        }
    }

    /// Panels of one run.
    fn panels(&self, height: u32) -> f64 {
        let whole = |dim| self.problem.regions.extent(self.leader, dim) as f64;
        let dims = 0..self.problem.pipeline.func(self.leader).args.len();
        dims.map(|dim| (whole(dim) / self.panel_extent(dim, height) as f64).ceil()).product()
    }

    /// One panel.
    fn panel(&self, height: u32) -> Region {
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
