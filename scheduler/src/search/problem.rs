//! What all candidates of one search share.

use super::choice::Choices;
use super::decisive::decisive;
use super::placement::{place, Placement};
use super::reads::by_func;
use super::shape::Shape;
use super::{nest, panels, scatters, slabs, strips, tiles, together, volumes, Brakes, Options};
use crate::cost::{Hardware, Pricing};
use crate::directive::Directive;
use crate::ir::{FuncId, Pipeline, Regions, StageRef};
use std::collections::BTreeSet;

/// A pipeline and a machine.
pub(super) struct Problem<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) regions: &'a Regions,
    pub(super) hardware: &'a Hardware,
    /// What prices stages.
    pub(super) pricing: Pricing<'a>,
    /// What holds the search to the rules.
    pub(super) brakes: Brakes,
    /// Whether sums of floats may be in another order.
    pub(super) reassociate: bool,
    /// By Func, the stages that read it.
    pub(super) consumers: Vec<Vec<StageRef>>,
    /// By Func, whether it must have storage at root: outputs, and what extern stages read.
    pub(super) pinned: Vec<bool>,
    /// By Func, whether it may be inlined.
    pub(super) inlinable: Vec<bool>,
    /// By Func, whether it may load where data says, with what may be inlined into it.
    pub(super) gathers: Vec<bool>,
    /// Funcs in whose loops the user has placed others.
    pub(super) hosts: BTreeSet<FuncId>,
    /// Funcs that get storage for the sake of the order of their dimensions in memory.
    pub(super) packed: BTreeSet<FuncId>,
    /// See [`Options::breaks`].
    #[cfg(test)]
    pub(super) breaks: fn(&Choices) -> bool,
}

impl<'a> Problem<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, regions: &'a Regions, options: &'a Options) -> Self {
        let is_pinned = |id| pipeline.is_output(id) || regions.is_read_by_extern(id);
        let decides = decisive(pipeline);
        let may_inline = |id: FuncId| pipeline.func(id).inlinable && !is_pinned(id) && !decides[id.index()];
        Self {
            pipeline,
            regions,
            hardware: &options.hardware,
            pricing: Pricing::new(pipeline, &options.hardware, options.model),
            brakes: options.brakes,
            reassociate: options.reassociate,
            consumers: pipeline.consumers(),
            pinned: pipeline.func_ids().map(is_pinned).collect(),
            inlinable: pipeline.func_ids().map(may_inline).collect(),
            gathers: by_func(pipeline, |access| access.by_data),
            hosts: pipeline.funcs.iter().flat_map(|f| f.placed_inside.iter().copied()).collect(),
            packed: BTreeSet::new(),
            #[cfg(test)]
            breaks: options.breaks,
        }
    }

    /// Follows the choices, and the rules where there are none.
    pub(super) fn construct(&self, choices: &Choices) -> (Vec<Placement>, Vec<Directive>) {
        let placements = place(self, choices);
        // The other steps group Funcs with storage; none but the last gives any to a Func that has none.
        let shape = Shape::of(self, &placements);
        let placements = tiles::form(self, choices, &shape, placements);
        let placements = panels::form(self, choices, &shape, placements);
        let placements = volumes::form(self, choices, &shape, placements);
        let placements = strips::form(self, choices, &shape, placements);
        let placements = scatters::form(self, choices, &shape, placements);
        let placements = slabs::form(self, choices, shape, placements);
        let placements = together::form(self, choices, placements);
        let directives = nest::directives(self, choices, &placements);
        (placements, directives)
    }

    /// What is inlined by the rules, and everything else at root in loops of its own: no step that groups Funcs.
    pub(super) fn construct_apart(&self) -> Vec<Directive> {
        let choices = Choices::default();
        nest::directives(self, &choices, &place(self, &choices))
    }

    /// The Funcs with storage behind the stages that read a Func, given the readers of all later Funcs.
    pub(super) fn readers_of(
        &self,
        id: FuncId,
        placements: &[Placement],
        readers: &[BTreeSet<FuncId>],
    ) -> BTreeSet<FuncId> {
        let stored = |stage: &StageRef| placements[stage.func.index()].is_stored();
        let consumers = &self.consumers[id.index()];
        let direct = consumers.iter().filter(|s| stored(s)).map(|s| s.func);
        let through = consumers.iter().filter(|s| !stored(s)).flat_map(|s| readers[s.func.index()].iter().copied());
        direct.chain(through).collect()
    }
}
