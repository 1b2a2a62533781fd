//! Panels: what a reduction in register tiles reads, computed by every parallel task for itself, a few rows of tiles at a
//! time, so that it is still in the private cache when the tiles read it: the padded rows of a convolution's image.
//!
//! Where tiles across come first, the panel is a column of tiles, of all images if it can be, and what they share is packed into
//! it: a copy of the part of a matrix, or of a filter, that they read, inputs too, as experts make with `in()`. Read where it
//! is, each step of the reduction would load from another page, and often from lines that share a few sets of the caches.

use super::choice::Choices;
use super::joining::{may_join, MEMBER_BYTES, MIN_SAVED_BYTES};
use super::packing::MIN_READS;
use super::placement::Placement;
use super::problem::Problem;
use super::shape::Shape;
use super::tiles::{Panel, Tile, KEPT_BYTES};
use crate::demand::{add_requirements, middle, points};
use crate::ir::{FuncId, Region, Source};
use std::collections::BTreeSet;

/// Panels where tiles along come first, the highest first: it computes least twice.
const ROWS: [Panel; 4] = [Panel::Rows(32), Panel::Rows(16), Panel::Rows(8), Panel::Rows(4)];
/// Panels where tiles across come first, likewise.
const COLUMNS: [Panel; 2] = [Panel::Columns, Panel::Column];
/// What is computed more often than this pays for no locality.
const MAX_RECOMPUTE: f64 = 1.25;

/// Moves Funcs from root into panels of the tiles that read them.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    shape: &Shape,
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    for leader in problem.pipeline.func_ids().rev() {
        let Placement::Tiles(tile) = placements[leader.index()] else { continue };
        let former = Former { problem, choices, placements: &placements, shape, leader, tile };
        let panels = if tile.across_first { &COLUMNS[..] } else { &ROWS };
        let Some((panel, members)) = panels.iter().find_map(|&p| Some((p, former.members(p)?))) else { continue };
        placements[leader.index()] = Placement::Tiles(Tile { panel: Some(panel), ..tile });
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
    shape: &'a Shape,
    leader: FuncId,
    tile: Tile,
}

impl Former<'_> {
    /// What joins such panels; `None` if nothing does, or if the panels are too few to share out.
    fn members(&self, panel: Panel) -> Option<Vec<FuncId>> {
        let Self { problem, placements, leader, .. } = *self;
        let Problem { pipeline, regions, hardware, .. } = *problem;
        let panels = self.panels(panel);
        let packs = self.tile.across_first;
        if panels < 2.0 * f64::from(hardware.threads) || (packs && !self.is_reread(panel)) {
            return None;
        }
        let least = if packs { KEPT_BYTES } else { MIN_SAVED_BYTES };
        let mut needed: Vec<Option<Region>> = vec![None; pipeline.funcs.len()];
        needed[leader.index()] = Some(self.panel(panel));
        let mut members = Vec::new();
        let mut bytes = 0.0;
        for id in (0..=leader.index()).rev().map(FuncId::from_index) {
            let Some(region) = needed[id.index()].clone() else { continue };
            let placement = &placements[id.index()];
            let is_free = match placement {
                Placement::Root => true,
                Placement::Inline => packs && self.is_narrowest(id) && !self.reads_tiles(id),
                _ => false,
            };
            let own = points(regions, id, &region);
            let whole = points(regions, id, regions.func(id));
            let value = f64::from(pipeline.func(id).value_bytes());
            let joins = is_free
                && self.joins(id, &members)
                && whole * value >= least
                && own * panels <= MAX_RECOMPUTE * whole
                && bytes + own * value <= MEMBER_BYTES;
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

    /// Whether the tiles of a panel are many enough for a copy of what they share to pay.
    fn is_reread(&self, panel: Panel) -> bool {
        let others = (0..self.dims()).filter(|&dim| dim != self.tile.along);
        let rows: f64 = others.map(|dim| self.panel_extent(dim, panel) as f64).product();
        rows >= MIN_READS * f64::from(self.tile.rows)
    }

    /// Whether nothing that an inlined Func reads takes less memory: then that would be copied instead.
    fn is_narrowest(&self, id: FuncId) -> bool {
        let pipeline = self.problem.pipeline;
        let producers = pipeline.func(id).stages[0].accesses.iter().filter_map(|a| a.source.and_then(Source::func));
        producers.map(|p| pipeline.func(p).value_bytes()).all(|bytes| bytes >= pipeline.func(id).value_bytes())
    }

    /// Whether a Func reads what is computed in the tiles, be it through others: then it comes after that, and no tile reads it.
    fn reads_tiles(&self, id: FuncId) -> bool {
        let (mut seen, mut left) = (BTreeSet::new(), vec![id]);
        while let Some(id) = left.pop() {
            let accesses = self.problem.pipeline.func(id).stages.iter().flat_map(|stage| &stage.accesses);
            for producer in accesses.filter_map(|access| access.source.and_then(Source::func)) {
                match self.placements[producer.index()] {
                    Placement::InTile { leader, .. } if leader == self.leader => return true,
                    Placement::Inline if seen.insert(producer) => left.push(producer),
                    _ => {}
                }
            }
        }
        false
    }

    /// Extent of the leader in one panel.
    fn panel_extent(&self, dim: usize, panel: Panel) -> i64 {
        let Tile { along, across, vectors, lanes, rows, .. } = self.tile;
        let whole = self.problem.regions.extent(self.leader, dim);
        match panel {
            Panel::Rows(height) if dim == across => whole.min(i64::from(rows * height)),
            Panel::Rows(_) if dim == along || dim < across => whole,
            Panel::Column | Panel::Columns if dim == along => whole.min(i64::from(vectors * lanes)),
            Panel::Column if dim == across => whole,
            Panel::Columns => whole,
            Panel::Rows(_) | Panel::Column => 1,
        }
    }

    fn dims(&self) -> usize {
        self.problem.pipeline.func(self.leader).args.len()
    }

    /// Panels of one run.
    fn panels(&self, panel: Panel) -> f64 {
        let whole = |dim| self.problem.regions.extent(self.leader, dim) as f64;
        (0..self.dims()).map(|dim| (whole(dim) / self.panel_extent(dim, panel) as f64).ceil()).product()
    }

    /// One panel.
    fn panel(&self, panel: Panel) -> Region {
        let Problem { regions, .. } = self.problem;
        let extent = |dim| regions.extent(self.leader, dim);
        let cut = |(dim, &whole)| Some(middle(whole, extent(dim), self.panel_extent(dim, panel)));
        regions.func(self.leader).iter().enumerate().map(cut).collect()
    }

    fn joins(&self, id: FuncId, members: &[FuncId]) -> bool {
        let inside = |reader: &FuncId| match self.placements[reader.index()] {
            Placement::InTile { leader, .. } => leader == self.leader,
            _ => *reader == self.leader || members.contains(reader),
        };
        may_join(self.problem, self.choices, id)
            && self.problem.pipeline.func(id).stages.len() == 1
            && self.shape.readers[id.index()].iter().all(inside)
    }
}
