//! What no schedule changes of a pipeline, by dense indices: looked up many times for each schedule.

use super::body::{bit, LoopSet};
use super::boundary;
use super::set::Set;
use super::table::Arithmetic;
use crate::ir::{type_bytes, AccessRow, Dependent, FuncId, Interval, Pipeline, Regions, Source, Stage, StageRef};
use std::collections::BTreeSet;

/// A pipeline at its estimates.
#[derive(Clone, Debug)]
pub(super) struct Model<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) regions: &'a Regions,
    /// Funcs, then inputs.
    pub(super) sources: Vec<SourceFacts>,
    /// Stages of all Funcs, one Func after the other.
    pub(super) stages: Vec<StageFacts>,
    /// By Func, the index of its first stage; the number of stages at the end.
    first: Vec<usize>,
    /// By Func, those that read it, itself aside.
    pub(super) readers: Vec<Vec<usize>>,
    /// By stage, the Funcs that it needs, directly or for others that it reads.
    pub(super) needs: Vec<Set>,
    /// The Funcs that Halide computes: those of which simplification dropped no last read.
    pub(super) computed: Set,
}

/// A Func or an input.
#[derive(Clone, Debug)]
pub(super) struct SourceFacts {
    /// Bytes of one element: of all components of a Tuple.
    pub(super) value_bytes: f64,
    /// Bytes that one load reads.
    pub(super) load_bytes: f64,
    /// A scalar parameter, which stays in a register.
    pub(super) in_register: bool,
    /// All of it.
    pub(super) whole: Vec<Option<Interval>>,
    /// By dimension, the extent that counts where an interval is not known.
    pub(super) extents: Vec<f64>,
    /// Where its intervals start in a list of those of all sources.
    pub(super) offset: usize,
}

/// A stage.
#[derive(Clone, Debug)]
pub(super) struct StageFacts {
    pub(super) stage: StageRef,
    /// Iterations of all loops at root.
    pub(super) iterations: f64,
    /// By loop, the extent that counts where an interval is not known.
    pub(super) extents: Vec<f64>,
    pub(super) operations: Vec<Group>,
    pub(super) loads: Vec<LoadFacts>,
    /// The sources that it loads from.
    pub(super) reads: Set,
    /// Rows of the coordinates written, by dimension.
    pub(super) stores: Vec<Row>,
    /// Bytes of each component written.
    pub(super) component_bytes: Vec<f64>,
    /// By dimension of the Func, the loop over it.
    pub(super) loop_of: Vec<Option<usize>>,
    /// Loops whose iterations need what earlier ones wrote.
    pub(super) hazards: LoopSet,
}

/// Operations of one evaluation that depend on the same loops.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Indices of loops.
    pub(super) loops: Vec<usize>,
    pub(super) operations: Vec<Operation>,
}

/// Operations of one kind and type in one evaluation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) kind: Arithmetic,
    pub(super) type_bytes: f64,
    pub(super) count: f64,
    /// Those of them that are fused into multiply-adds; counted with the multiplications.
    pub(super) fused: f64,
}

/// A load.
#[derive(Clone, Debug)]
pub(super) struct LoadFacts {
    /// Index among the sources.
    pub(super) source: usize,
    /// Component of a Tuple.
    pub(super) component: usize,
    /// By dimension of what is read.
    pub(super) rows: Vec<Row>,
}

/// How one coordinate moves.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Loops it moves with, and steps for one step of each.
    pub(super) steps: Vec<(usize, f64)>,
    /// Where it is when all loops are at zero, or as far from there as others of its kind; `None` where not known.
    pub(super) offset: Option<f64>,
    /// Whether all steps are known: without products of loops, or data.
    pub(super) affine: bool,
    /// The loops whose steps are not known; each counts as 1.
    pub(super) unknown: LoopSet,
    /// Whether a boundary condition clamps it.
    pub(super) clamped: bool,
}

impl Row {
    /// A coordinate of which each loop's coefficient is known, unless it depends on the loop in another way.
    pub(super) fn new(row: Option<&AccessRow>, coefficients: impl Iterator<Item = Option<[i64; 2]>>) -> Self {
        let mut unknown = 0;
        let mut steps = Vec::new();
        for (index, coefficient) in coefficients.enumerate() {
            let step = coefficient.map_or(1.0, |c| c[0] as f64 / c[1] as f64);
            if step != 0.0 {
                steps.push((index, step));
            }
            unknown |= if coefficient.is_none() { bit(index) } else { 0 };
        }
        let offset = row.and_then(|row| row.offset).map(|offset| offset as f64);
        Self { steps, offset, affine: row.is_some(), unknown, clamped: row.is_some_and(|row| row.clamped) }
    }
}

impl<'a> Model<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, regions: &'a Regions) -> Self {
        let mut first = vec![0];
        let mut stages = Vec::new();
        for id in pipeline.func_ids() {
            stages.extend(pipeline.func(id).stage_refs(id).map(|s| StageFacts::new(pipeline, regions, s)));
            first.push(stages.len());
        }
        let funcs = pipeline.funcs.len();
        let mut readers = vec![Vec::new(); funcs];
        for stage in &stages {
            let reader = stage.stage.func.index();
            for load in stage.loads.iter().filter(|l| l.source < funcs && l.source != reader) {
                readers[load.source].push(reader);
            }
        }
        readers.iter_mut().for_each(Vec::dedup);
        let needs = needs(funcs, &stages);
        let computed = computed(pipeline, regions, &stages, &needs);
        Self { pipeline, regions, sources: sources(pipeline, regions), stages, first, readers, needs, computed }
    }

    pub(super) fn funcs(&self) -> usize {
        self.pipeline.funcs.len()
    }

    /// Index of a stage.
    pub(super) fn index(&self, stage: StageRef) -> usize {
        self.first[stage.func.index()] + stage.stage
    }

    /// Indices of the stages of a Func.
    pub(super) fn stages_of(&self, func: usize) -> std::ops::Range<usize> {
        self.first[func]..self.first[func + 1]
    }

    /// Index of a source.
    pub(super) fn source(&self, source: Source) -> usize {
        source_index(self.pipeline, source)
    }
}

/// What each stage needs, producers first.
fn needs(funcs: usize, stages: &[StageFacts]) -> Vec<Set> {
    let mut of_func = vec![Set::new(funcs); funcs];
    let of_stage = |stage: &StageFacts| {
        let mut needs = Set::new(funcs);
        let func = stage.stage.func.index();
        for load in stage.loads.iter().filter(|l| l.source < funcs && l.source != func) {
            needs.insert(load.source);
            needs.include(&of_func[load.source]);
        }
        of_func[func].include(&needs);
        needs
    };
    stages.iter().map(of_stage).collect()
}

/// Outputs, extern Funcs, what these are passed, and all that any of them needs.
fn computed(pipeline: &Pipeline, regions: &Regions, stages: &[StageFacts], needs: &[Set]) -> Set {
    let is_wanted = |id: FuncId| {
        pipeline.is_output(id) || pipeline.func(id).extern_definition.is_some() || regions.is_read_by_extern(id)
    };
    let mut computed = Set::new(pipeline.funcs.len());
    pipeline.func_ids().filter(|&id| is_wanted(id)).for_each(|id| computed.insert(id.index()));
    let wanted = stages.iter().zip(needs).filter(|(facts, _)| is_wanted(facts.stage.func));
    wanted.for_each(|(_, needs)| computed.include(needs));
    computed
}

pub(super) fn source_index(pipeline: &Pipeline, source: Source) -> usize {
    match source {
        Source::Func(id) => id.index(),
        Source::Input(id) => pipeline.funcs.len() + id.index(),
    }
}

fn sources(pipeline: &Pipeline, regions: &Regions) -> Vec<SourceFacts> {
    let of_func = |id: FuncId| {
        let func = pipeline.func(id);
        SourceFacts {
            value_bytes: f64::from(func.value_bytes()),
            load_bytes: f64::from(func.element_bytes()),
            in_register: false,
            whole: regions.func(id).clone(),
            extents: (0..func.args.len()).map(|dim| regions.extent(id, dim) as f64).collect(),
            offset: 0,
        }
    };
    let of_input = |input: &crate::ir::Input| {
        let bytes = f64::from(type_bytes(&input.element));
        SourceFacts {
            value_bytes: bytes,
            load_bytes: bytes,
            in_register: input.dims.is_empty(),
            whole: input.dims.iter().map(|d| d.interval()).collect(),
            extents: input.dims.iter().map(|d| d.extent.unwrap_or(1) as f64).collect(),
            offset: 0,
        }
    };
    let mut all: Vec<SourceFacts> =
        pipeline.func_ids().map(of_func).chain(pipeline.inputs.iter().map(of_input)).collect();
    let mut offset = 0;
    for source in &mut all {
        source.offset = offset;
        offset += source.whole.len();
    }
    all
}

impl StageFacts {
    fn new(pipeline: &Pipeline, regions: &Regions, stage: StageRef) -> Self {
        let definition = pipeline.stage(stage);
        let func = pipeline.func(stage.func);
        let extents: Vec<f64> = (0..definition.loops.len()).map(|l| regions.loop_extent(stage, l) as f64).collect();
        let loops = 0..definition.loops.len();
        let (loads, peeled) = boundary::loads(pipeline, regions, stage);
        let mut reads = Set::new(pipeline.funcs.len() + pipeline.inputs.len());
        loads.iter().for_each(|load| reads.insert(load.source));
        let loop_of: Vec<Option<usize>> = func.args.iter().map(|arg| definition.loop_index(arg)).collect();
        let written = |l: &Option<usize>| {
            let steps = l.iter().map(|&l| (l, 1.0)).collect();
            Row { steps, offset: Some(0.0), affine: true, unknown: 0, clamped: false }
        };
        let stores = match stage.stage {
            0 => loop_of.iter().map(written).collect(),
            _ => definition
                .stores
                .iter()
                .map(|row| Row::new(row.as_ref(), loops.clone().map(|l| Some(row.as_ref()?.coeffs[l]))))
                .collect(),
        };
        Self {
            stage,
            iterations: extents.iter().product(),
            extents,
            operations: operations(definition, peeled, !pipeline.target.strict_float),
            loads,
            reads,
            stores,
            component_bytes: func.types.iter().map(|t| f64::from(type_bytes(t))).collect(),
            loop_of,
            hazards: definition
                .loops
                .iter()
                .enumerate()
                .filter(|(_, l)| !l.parallel)
                .fold(0, |set, (i, _)| set | bit(i)),
        }
    }
}

/// Operations on values: what makes affine coordinates (`x - 1`, `2*x`, `x/2`) becomes part of addresses. Clamps of boundary
/// conditions along the loops of `peeled` are peeled off the interior.
fn operations(stage: &Stage, peeled: LoopSet, fuses: bool) -> Vec<Group> {
    let of = |group: &Dependent| Group { loops: group.loops.clone(), operations: of_values(stage, group, fuses) };
    let in_interior = |group: &&Dependent| group.loops.iter().any(|&l| peeled & bit(l) == 0);
    let groups = stage.operations.0.iter().filter(|group| peeled == 0 || in_interior(group));
    groups.map(of).filter(|group| !group.operations.is_empty()).collect()
}

fn of_values(stage: &Stage, group: &Dependent, fuses: bool) -> Vec<Operation> {
    // Of the coordinates that move with the loops of the group, and no others.
    let moves = |row: &AccessRow| row.coeffs.iter().enumerate().all(|(l, c)| (c[0] != 0) == group.loops.contains(&l));
    let rows = || {
        let all = stage.accesses.iter().flat_map(|a| a.rows.iter().enumerate());
        all.filter_map(|(d, r)| Some((d, r.as_ref()?))).filter(|(_, r)| moves(r))
    };
    let distinct = |used: fn(&AccessRow) -> bool| {
        rows().filter(|(_, r)| used(r)).map(|(d, r)| (d, &r.coeffs, r.offset)).collect::<BTreeSet<_>>().len() as f64
    };
    let addresses = |operation: &str| match operation {
        "add" => distinct(|r| r.offset != Some(0)),
        // A boundary condition, which is peeled off the interior.
        "min_max" => 2.0 * distinct(|r| r.clamped),
        "mul" => distinct(|r| r.coeffs.iter().any(|c| c[0].abs() > 1)),
        "intrinsic" => distinct(|r| r.coeffs.iter().any(|c| c[1] > 1 && is_power_of_two(c[1]))),
        "div_by_constant" => distinct(|r| r.coeffs.iter().any(|c| c[1] > 1 && !is_power_of_two(c[1]))),
        _ => 0.0,
    };
    let of_values = |kind: &str, operation: &str, count: u32| {
        let addressing = if kind == "int32" { addresses(operation) } else { 0.0 };
        (f64::from(count) - addressing).max(0.0)
    };
    let of_type = |kind: &str, wanted: &str| -> f64 {
        group.iter().find(|(k, o, _)| (*k, *o) == (kind, wanted)).map_or(0.0, |(_, _, n)| f64::from(n))
    };
    let values = || group.iter().filter(|(k, o, n)| of_values(k, o, *n) > 0.0);
    let made = |(kind, operation, count): (&str, &str, u32)| {
        let float = kind.contains("float");
        let fused = match operation {
            "add" | "mul" if fuses && float => of_type(kind, "add").min(of_type(kind, "mul")),
            _ => 0.0,
        };
        Operation {
            kind: Arithmetic::new(operation, float),
            type_bytes: f64::from(type_bytes(kind)),
            count: of_values(kind, operation, count),
            fused,
        }
    };
    values().map(made).collect()
}

fn is_power_of_two(value: i64) -> bool {
    value.count_ones() == 1
}
