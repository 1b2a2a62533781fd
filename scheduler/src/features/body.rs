//! One evaluation of a stage with everything that is inlined into it: operations and loads, and how both move with the
//! stage's loops.

use crate::ir::{Access, AccessRow, FuncId, Pipeline, Source, Stage, StageRef};
use std::collections::{BTreeMap, BTreeSet};

/// How a coordinate moves with the loops of the stage.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    /// By loop, steps of the coordinate for one step of the loop; `None` where it depends on data.
    pub(super) steps: Option<Vec<f64>>,
    /// Whether a boundary condition clamps it.
    pub(super) clamped: bool,
}

impl Motion {
    /// Steps for one step of a loop; `None` where it depends on data.
    pub(super) fn along(&self, origin: usize) -> Option<f64> {
        self.steps.as_ref().map(|s| s[origin])
    }

    /// The same as the loop of index `origin`; as no loop where there is none.
    pub(super) fn unit(origin: Option<usize>, loops: usize) -> Self {
        let step = |l| if Some(l) == origin { 1.0 } else { 0.0 };
        Self { steps: Some((0..loops).map(step).collect()), clamped: false }
    }
}

/// A load of one evaluation.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) source: Source,
    /// Loads of this kind in one evaluation.
    pub(super) count: f64,
    /// One entry per dimension of what is read.
    pub(super) motions: Vec<Motion>,
}

/// An evaluated expression: the stage's own, or that of an inlined Func.
#[derive(Clone, Debug)]
pub(super) struct Evaluated<'a> {
    /// Type, operation and how many of it; without those that compute addresses.
    pub(super) operations: Vec<(&'a str, &'a str, f64)>,
    /// Evaluations of this kind in one evaluation of the stage.
    pub(super) count: f64,
    /// How its coordinates move.
    pub(super) motions: Vec<Motion>,
}

/// What one evaluation of a stage does.
#[derive(Clone, Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) evaluated: Vec<Evaluated<'a>>,
    pub(super) loads: Vec<Load>,
    /// Evaluations of inlined Funcs.
    pub(super) inlined: f64,
}

/// Motions as a key: inlined Funcs that are read in the same way at several offsets are expanded once.
type Key = (FuncId, Vec<(bool, Option<Vec<u64>>)>);

impl<'a> Body<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, stage: StageRef, inlined: impl Fn(FuncId) -> bool) -> Self {
        let definition = pipeline.stage(stage);
        let loops = definition.loops.len();
        let own: Vec<Motion> = (0..loops).map(|l| Motion::unit(Some(l), loops)).collect();
        let mut body = Self::default();
        let mut pending: BTreeMap<Key, (Vec<Motion>, f64)> = BTreeMap::new();
        let mut expand = |pending: &mut BTreeMap<Key, _>, at: StageRef, coordinates: &[Motion], count: f64| {
            let definition = pipeline.stage(at);
            let motions = coordinates.to_vec();
            body.evaluated.push(Evaluated { operations: operations(definition), count, motions });
            for access in &definition.accesses {
                let motions = compose(access, coordinates, loops);
                match access.source {
                    Some(Source::Func(id)) if id != at.func && inlined(id) => {
                        let entry = pending.entry(key(id, &motions)).or_insert((motions, 0.0));
                        entry.1 += count;
                        body.inlined += count;
                    }
                    Some(source) => body.loads.push(Load { source, count, motions }),
                    None => {}
                }
            }
        };
        expand(&mut pending, stage, &own, 1.0);
        // The last Func first: by then all that read it in this way have been expanded.
        while let Some(((id, _), (arguments, count))) = pending.pop_last() {
            let func = pipeline.func(id);
            let at = StageRef { func: id, stage: 0 };
            let argument = |var: &String| {
                let arg = func.args.iter().position(|a| a == var);
                arg.map_or_else(|| Motion::unit(None, loops), |arg| arguments[arg].clone())
            };
            let coordinates: Vec<Motion> = pipeline.stage(at).loops.iter().map(|l| argument(&l.var)).collect();
            expand(&mut pending, at, &coordinates, count);
        }
        body
    }
}

/// Operations on values. Clamps of boundary conditions are peeled off the interior, and what makes affine coordinates
/// (`x - 1`, `2*x`, `x/2`) becomes part of addresses.
fn operations(stage: &Stage) -> Vec<(&str, &str, f64)> {
    if stage.is_boundary_condition() {
        return Vec::new();
    }
    let rows =
        || stage.accesses.iter().flat_map(|a| a.rows.iter().enumerate()).filter_map(|(d, r)| Some((d, r.as_ref()?)));
    let distinct = |used: fn(&AccessRow) -> bool| {
        rows().filter(|(_, r)| used(r)).map(|(d, r)| (d, &r.coeffs, r.offset)).collect::<BTreeSet<_>>().len() as f64
    };
    let addresses = |operation: &str| match operation {
        "add" => distinct(|r| r.offset != Some(0)),
        "mul" => distinct(|r| r.coeffs.iter().any(|c| c[0].abs() > 1)),
        "div_by_constant" => distinct(|r| r.coeffs.iter().any(|c| c[1] > 1)),
        _ => 0.0,
    };
    let of_values = |(kind, operation, count): (&'_ str, &'_ str, u32)| {
        let addressing = if kind == "int32" { addresses(operation) } else { 0.0 };
        (f64::from(count) - addressing).max(0.0)
    };
    stage.operations.iter().map(|(k, o, c)| (k, o, of_values((k, o, c)))).filter(|o| o.2 > 0.0).collect()
}

fn key(id: FuncId, motions: &[Motion]) -> Key {
    let bits = |steps: &Vec<f64>| steps.iter().map(|c| c.to_bits()).collect();
    (id, motions.iter().map(|m| (m.clamped, m.steps.as_ref().map(bits))).collect())
}

/// The motion of a load's coordinates where the loops it is written in move as `coordinates` do.
fn compose(access: &Access, coordinates: &[Motion], loops: usize) -> Vec<Motion> {
    let used = |row: &AccessRow| -> Vec<(f64, &Motion)> {
        let factors = row.coeffs.iter().map(|&[numerator, denominator]| numerator as f64 / denominator as f64);
        factors.zip(coordinates).filter(|(factor, _)| *factor != 0.0).collect()
    };
    let moved = |row: &AccessRow| {
        let mut sum = vec![0.0; loops];
        for (factor, coordinate) in used(row) {
            for (total, step) in sum.iter_mut().zip(coordinate.steps.as_ref()?) {
                *total += factor * step;
            }
        }
        Some(sum)
    };
    let motion = |row: &Option<AccessRow>| Motion {
        steps: row.as_ref().and_then(moved),
        clamped: row.as_ref().is_some_and(|r| r.clamped || used(r).iter().any(|(_, c)| c.clamped)),
    };
    access.rows.iter().map(motion).collect()
}

/// Whether nothing moves with loop `origin`.
pub(super) fn is_fixed(motions: &[Motion], origin: usize) -> bool {
    motions.iter().all(|m| m.along(origin) == Some(0.0))
}
