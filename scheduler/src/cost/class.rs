//! Kernel classes: what kind of computation a stage is by its own algebra, and how a schedule places it.

use crate::features::Site;
use crate::ir::{Access, Pipeline, Source, Stage, StageRef};
use serde::{Deserialize, Serialize};

/// What a stage computes, by the shape of its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// Each point from the same point of others.
    Pointwise,
    /// Each point from several neighbours in one source.
    Stencil,
    /// Reads at half or double coordinates.
    Resampling,
    /// A sum of products, each factor independent of one of the loops.
    Contraction,
    /// Accumulates over a domain.
    Reduction,
    /// Each value from ones computed before.
    Scan,
    /// Writes where data says: histograms.
    Scatter,
    /// Reads where data says.
    Gather,
    /// Moves values: constants, boundary conditions, copies, transpositions.
    Copy,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pointwise,
        Self::Stencil,
        Self::Resampling,
        Self::Contraction,
        Self::Reduction,
        Self::Scan,
        Self::Scatter,
        Self::Gather,
        Self::Copy,
    ];

    /// The class of a stage.
    pub fn of(pipeline: &Pipeline, stage: StageRef) -> Self {
        let definition = pipeline.stage(stage);
        if definition.stores.iter().any(Option::is_none) {
            return Self::Scatter;
        }
        let own = |a: &&Access| a.source == Some(Source::Func(stage.func));
        if definition.loops.iter().any(|l| l.reduction.is_some()) {
            if definition.accesses.iter().filter(own).any(|a| a.rows != definition.stores) {
                return Self::Scan;
            }
            return if contracts(definition, stage) { Self::Contraction } else { Self::Reduction };
        }
        Self::of_points(definition)
    }

    /// The class of a stage whose loops are all pure.
    fn of_points(definition: &Stage) -> Self {
        let rows = || definition.accesses.iter().flat_map(|a| &a.rows);
        if rows().any(Option::is_none) {
            return Self::Gather;
        }
        if definition.operations.weight() == 0.0 {
            return Self::Copy;
        }
        if rows().flatten().any(|r| r.coeffs.iter().any(|c| c[0] % c[1] != 0 || (c[0] / c[1]).abs() > 1)) {
            return Self::Resampling;
        }
        let same = |a: &Access, b: &Access| a.source == b.source && a.value == b.value && a.rows != b.rows;
        let neighbours =
            definition.accesses.iter().enumerate().any(|(i, a)| definition.accesses[..i].iter().any(|b| same(a, b)));
        if neighbours {
            Self::Stencil
        } else {
            Self::Pointwise
        }
    }
}

/// The classes of all stages of a pipeline, which no schedule changes.
#[derive(Clone, Debug)]
pub struct Kernels(Vec<Vec<Kernel>>);

impl Kernels {
    /// Works them out.
    pub fn of(pipeline: &Pipeline) -> Self {
        let func = |id| pipeline.func(id).stage_refs(id).map(|stage| Kernel::of(pipeline, stage)).collect();
        Self(pipeline.func_ids().map(func).collect())
    }

    /// The class of a stage.
    pub fn at(&self, stage: StageRef) -> Kernel {
        self.0[stage.func.index()][stage.stage]
    }
}

/// Whether two loads miss a different loop each, as the factors of a product of matrices do.
fn contracts(definition: &Stage, stage: StageRef) -> bool {
    let multiplies = definition.operations.iter().any(|(_, operation, _)| operation == "mul");
    let missing = |a: &Access| -> Vec<usize> {
        let moves = |l: &usize| a.rows.iter().flatten().any(|r| r.coeffs[*l][0] != 0);
        (0..definition.loops.len()).filter(|l| definition.loops[*l].reduction.is_none() && !moves(l)).collect()
    };
    let factors = definition.accesses.iter().filter(|a| a.source != Some(Source::Func(stage.func)));
    multiplies && factors.filter(|a| !missing(a).is_empty()).count() > 0
}

/// Where a schedule computes a stage: families of variants of one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// Outside of all loops.
    Root,
    /// In a loop of a consumer, stored outside of it: a sliding window.
    Sliding,
    /// In a loop of a consumer, stored there as well.
    Inside,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Root, Self::Sliding, Self::Inside];

    /// The family of a Func that is computed and stored there.
    pub fn of(computed: Site, stored: Site) -> Self {
        match computed {
            Site::Root | Site::Inline => Self::Root,
            Site::At { .. } if computed == stored => Self::Inside,
            Site::At { .. } => Self::Sliding,
        }
    }
}
