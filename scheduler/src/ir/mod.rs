//! A pipeline as plain data: what `extract` in the bindings reads off a Halide `Pipeline`, and what tests, benches and
//! fuzzers load from JSON without Halide.
//!
//! Nothing in here depends on a schedule. Everything symbolic is a [`Program`] over the loop bounds of the stage it
//! belongs to, with parameters and buffer sizes already replaced by their estimates.

mod bounds;
mod constant;
mod extend;
mod ids;
mod operations;
mod overrun;
mod partly_read;
mod program;
mod regions;
mod storage;
mod unread;
mod validate;

pub(crate) use bounds::{Bounds, StageBounds};
pub use ids::{FuncId, InputId, Source, StageRef};
pub use operations::{Dependent, Operations};
pub use overrun::Seat;
pub use program::{Program, Token};
pub(crate) use regions::merge;
pub use regions::{Interval, Region, Regions};
pub use storage::StorageOrders;

use crate::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of an argument or a loop: copied and compared a great deal, so short ones are held in place.
pub type Name = compact_str::CompactString;

/// The version of the JSON form that this library reads and the bindings write.
pub const FORMAT_VERSION: u32 = 2;

/// A whole pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// [`FORMAT_VERSION`].
    pub version: u32,
    /// What the code is compiled for.
    pub target: Target,
    /// Buffers, embedded images and scalars that the pipeline reads.
    pub inputs: Vec<Input>,
    /// Every Func the outputs reach, producers before consumers; the index is that of `Pipeline::get_func`.
    pub funcs: Vec<Func>,
    /// The outputs, in the order of the pipeline's signature.
    pub outputs: Vec<FuncId>,
    /// Parameters without an estimate that a bound depends on, each described for a person.
    #[serde(default)]
    pub missing_estimates: Vec<String>,
    /// Scalar parameters without an estimate that a bound depends on, each described for a person with the value taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed_values: Vec<String>,
}

/// What of the compilation target matters to a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Halide's target string.
    pub name: String,
    /// Bytes of a natural vector (`Target::natural_vector_size<uint8_t>()`).
    pub vector_bytes: u32,
    /// Whether floating-point arithmetic may not be reassociated or contracted.
    pub strict_float: bool,
    /// Whether the target has a GPU.
    pub gpu: bool,
    /// Whether the target leaves its architecture or system open; vectors are then what every processor has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// An `ImageParam` or `Input<Buffer<>>`.
    Buffer,
    /// A constant image embedded in the pipeline.
    Image,
    /// A scalar parameter.
    Scalar,
}

/// Something the pipeline reads from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Halide's name of it.
    pub name: String,
    /// What it is.
    pub kind: InputKind,
    /// Element type, such as `uint8` or `float32`.
    #[serde(rename = "type")]
    pub element: String,
    /// What the user expects a scalar to be, in decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<String>,
    /// One entry per dimension; empty for scalars.
    pub dims: Vec<Bound>,
}

/// A declared or estimated range of a dimension; parts that are not known are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Smallest coordinate.
    #[serde(default)]
    pub min: Option<i64>,
    /// Number of coordinates.
    #[serde(default)]
    pub extent: Option<i64>,
}

/// A Func: a pure definition or an extern one, and any updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Func {
    /// Halide's name of it, unique in the pipeline.
    pub name: String,
    /// Pure arguments, innermost storage dimension first.
    pub args: Vec<Name>,
    /// One element type per Tuple component.
    pub types: Vec<String>,
    /// Whether Halide could inline it (pure, single definition).
    pub inlinable: bool,
    /// Why its place is not ours to choose, if it is not: such a Func is left alone.
    #[serde(default)]
    pub scheduled: Option<String>,
    /// What else of its schedule the user already decided, if anything: such a Func is computed at root, in the loops that it
    /// has, and what is left of it may be scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partly: Option<String>,
    /// Whether the user had a thread of its own compute it.
    #[serde(default, rename = "async", skip_serializing_if = "std::ops::Not::not")]
    pub is_async: bool,
    /// The Funcs inside whose loops the user already had it computed or stored: their loops must stay as they are.
    #[serde(default)]
    pub placed_inside: Vec<FuncId>,
    /// Estimates by argument name.
    pub estimates: BTreeMap<Name, Bound>,
    /// Declared bounds (`Func::bound`) by argument name.
    pub bounds: BTreeMap<Name, Bound>,
    /// Funcs whose values keep its own within their bounds: where these are not what the algorithm says, nor need its own be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounded_by: Vec<FuncId>,
    /// The extern definition, in place of a pure one.
    #[serde(default, rename = "extern")]
    pub extern_definition: Option<Extern>,
    /// The pure definition, then the updates; no pure definition for extern Funcs.
    pub stages: Vec<Stage>,
    /// What vectors of the pure definition run along. No property of the algorithm: the search says so where it orders
    /// storage.
    #[serde(skip)]
    pub lanes: Lanes,
}

/// What vectors of a pure definition run along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lanes {
    /// What suits stores and loads best.
    #[default]
    Scored,
    /// The first argument, whatever else is read.
    First,
    /// All of the first argument's few values, for several of the second one.
    Interleaved,
    /// What suits stores and loads best, but in short vectors: where it is stored across rows, two places share a line.
    Short,
}

/// A definition by an external function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extern {
    /// Symbol of the external function.
    pub name: String,
    /// Buffers and Funcs it is passed.
    pub sources: Vec<Source>,
}

/// One definition of a Func.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Loops over whole dimensions, innermost first: as the user ordered them, else as Halide does by default.
    pub loops: Vec<Loop>,
    /// What of them the user already decided.
    #[serde(default, skip_serializing_if = "Given::is_nothing")]
    pub given: Given,
    /// Whether an `RDom::where` guards it.
    pub predicate: bool,
    /// Operations for one evaluation.
    pub operations: Operations,
    /// Distinct loads for one evaluation.
    pub accesses: Vec<Access>,
    /// Values that the algorithm reads and Halide's simplifier drops all loads of, as it does those of weight zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<DroppedRead>,
    /// Funcs whose values keep what it reads and writes where data says within bounds: where these are not what the algorithm
    /// says, it would reach beyond.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexed_by: Vec<FuncId>,
    /// Loops that are compared with constants, in increasing order: those that a select between channels goes by.
    #[serde(default)]
    pub compared: Vec<usize>,
    /// Region needed of each producer, the Func itself included, as a function of this stage's loop bounds.
    pub requires: Vec<Requirement>,
    /// Region an update writes, per argument of the Func; empty for a pure definition.
    #[serde(default)]
    pub writes: Vec<SymbolicInterval>,
    /// Access matrix of an update's left-hand side; empty for a pure definition.
    #[serde(default)]
    pub stores: Vec<Option<AccessRow>>,
    /// Whether Halide proves the update associative.
    #[serde(default)]
    pub associative: bool,
    /// Whether Halide proves the update associative and commutative.
    #[serde(default)]
    pub commutative: bool,
}

/// How much of a stage's loops the user has scheduled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Nothing.
    #[default]
    Nothing,
    /// Their order, which stays; they may be split, vectorised and run in parallel.
    Order,
    /// All: they stay as they are. They are described as they were before.
    All,
}

impl Given {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

/// One loop of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// Halide's name of the Var or RVar.
    pub var: Name,
    /// Whether its iterations are free of data hazards (any order, in parallel): true for every pure loop.
    pub parallel: bool,
    /// Bounds of a reduction loop; `None` for a loop over a pure argument.
    #[serde(default)]
    pub reduction: Option<ReductionBounds>,
}

/// Bounds of an RVar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReductionBounds {
    /// First value; `None` when not expressible.
    pub min: Option<Program>,
    /// Number of values; `None` when not expressible.
    pub extent: Option<Program>,
    /// The number of values where it is a constant of the algorithm, not an estimate.
    #[serde(default)]
    pub constant: Option<i64>,
}

/// A load, with how its coordinates depend on the loops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Access {
    /// What is read; `None` if it is not part of the pipeline.
    pub source: Option<Source>,
    /// Tuple component read.
    pub value: usize,
    /// One row per dimension of what is read; `None` where the coordinate is not affine (data-dependent, say).
    pub rows: Vec<Option<AccessRow>>,
    /// Whether some coordinate depends on loaded values.
    #[serde(default)]
    pub by_data: bool,
    /// The loops that coordinates which are not affine depend on in other ways than `added` says, in increasing order; `None`
    /// where that is not known.
    #[serde(default)]
    pub moved_by: Option<Vec<usize>>,
    /// What loops add to coordinates that are not affine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Addend>,
}

/// A value that is read by what the algorithm says, and not by what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRead {
    /// What is not read; `None` if it is not part of the pipeline.
    pub source: Option<Source>,
    /// Tuple component.
    pub value: usize,
}

/// A multiple of a loop that is added to something that the loop does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addend {
    /// The dimension of what is read.
    pub dim: usize,
    /// Index of the loop.
    pub index: usize,
    /// The coefficient: `[numerator, denominator]`.
    pub step: [i64; 2],
}

/// One coordinate as `floor(sum(coeffs[i] * loop[i]) + offset)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRow {
    /// One `[numerator, denominator]` per loop of the stage.
    pub coeffs: Vec<[i64; 2]>,
    /// Constant term, when known.
    pub offset: Option<i64>,
    /// Whether the coordinate is bounded by a loop-invariant (a boundary condition).
    pub clamped: bool,
}

/// What a stage needs of one producer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// The producer; may be the stage's own Func.
    pub source: Source,
    /// One interval per dimension of the producer.
    pub bounds: Vec<SymbolicInterval>,
}

/// An interval, both ends included, as programs over `<loop>.min` and `<loop>.max`; `None` where unbounded or unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SymbolicInterval {
    /// Smallest coordinate.
    pub min: Option<Program>,
    /// Largest coordinate.
    pub max: Option<Program>,
    /// Whether both ends are as in the algorithm, without parameters or sizes that were replaced by their estimates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Of what is read of an input, or of a Func that only hands one on: whether a boundary condition keeps it inside,
    /// whatever the loops' bounds and the sizes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inside: bool,
}

impl Pipeline {
    /// Reads a pipeline from its JSON form.
    ///
    /// # Errors
    /// [`Error::Json`] for malformed JSON, [`Error::Version`] for another format, [`Error::Inconsistent`] when indices
    /// or lengths do not fit together.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let mut pipeline: Self = serde_json::from_str(text).map_err(Error::Json)?;
        pipeline.validate()?;
        partly_read::keep_stored(&mut pipeline);
        unread::leave_alone(&mut pipeline);
        Ok(pipeline)
    }

    /// All Func ids, producers before consumers.
    pub fn func_ids(&self) -> impl DoubleEndedIterator<Item = FuncId> + ExactSizeIterator {
        (0..self.funcs.len()).map(FuncId::from_index)
    }

    /// The Func of an id.
    pub fn func(&self, id: FuncId) -> &Func {
        &self.funcs[id.index()]
    }

    /// The stage of a reference.
    pub fn stage(&self, stage: StageRef) -> &Stage {
        &self.func(stage.func).stages[stage.stage]
    }

    /// Whether the Func is an output.
    pub fn is_output(&self, id: FuncId) -> bool {
        self.outputs.contains(&id)
    }

    /// Whether the pure stage of a Func has sizes to specialise on, and Halide survives it (see [`Stage::drops_reads`]).
    pub fn may_specialize(&self, id: FuncId) -> bool {
        self.is_output(id) && !self.func(id).stages[0].drops_reads()
    }

    /// Per Func, the stages that read it, without its own updates.
    pub fn consumers(&self) -> Vec<Vec<StageRef>> {
        let mut consumers = vec![Vec::new(); self.funcs.len()];
        for id in self.func_ids() {
            for stage in self.func(id).stage_refs(id) {
                for producer in self.stage(stage).producers().filter(|&p| p != id) {
                    consumers[producer.index()].push(stage);
                }
            }
        }
        consumers
    }
}

impl Func {
    /// Whether the user has decided nothing of its schedule, so that its loops are those described.
    pub fn is_free(&self) -> bool {
        self.scheduled.is_none() && self.partly.is_none()
    }

    /// References to all its stages.
    pub fn stage_refs(&self, id: FuncId) -> impl DoubleEndedIterator<Item = StageRef> {
        (0..self.stages.len()).map(move |stage| StageRef { func: id, stage })
    }

    /// Whether every stage has a pure loop over the argument: what Halide asks of the dimension that a window slides along.
    pub(crate) fn is_pure_along(&self, dim: usize) -> bool {
        let is_pure = |stage: &Stage| stage.loops.iter().any(|l| l.var == self.args[dim] && l.reduction.is_none());
        self.stages.iter().all(is_pure)
    }

    /// Bytes of one element of the widest Tuple component.
    pub fn element_bytes(&self) -> u32 {
        self.types.iter().map(|t| type_bytes(t)).max().unwrap_or(1)
    }

    /// Bytes of one element of all Tuple components together.
    pub fn value_bytes(&self) -> u32 {
        self.types.iter().map(|t| type_bytes(t)).sum()
    }
}

impl Access {
    /// Whether some coordinate is not affine: it depends on data, or on products of loops.
    pub fn is_gather(&self) -> bool {
        self.rows.iter().any(Option::is_none)
    }

    /// Whether the stage's loop `index` moves some coordinate in a way that is not affine.
    pub fn is_gather_along(&self, index: usize) -> bool {
        self.is_gather() && self.moved_by.as_ref().is_none_or(|loops| loops.contains(&index))
    }

    /// The coefficient of the stage's loop `index` in a coordinate; `None` where the loop moves it in a way that is not affine.
    pub fn coefficient(&self, dim: usize, index: usize) -> Option<[i64; 2]> {
        match &self.rows[dim] {
            Some(row) => Some(row.coeffs[index]),
            None if self.is_gather_along(index) => None,
            None => Some(self.added.iter().find(|a| (a.dim, a.index) == (dim, index)).map_or([0, 1], |a| a.step)),
        }
    }

    /// Whether none of its coordinates depends on the stage's loop `index`.
    pub fn is_fixed(&self, index: usize) -> bool {
        self.rows.iter().all(|row| row.as_ref().is_some_and(|r| r.coeffs[index][0] == 0))
    }
}

impl Stage {
    /// The distinct Funcs it reads, its own among them if it reads itself, in increasing order.
    pub fn producers(&self) -> impl Iterator<Item = FuncId> + '_ {
        let mut seen: Vec<FuncId> = self
            .accesses
            .iter()
            .filter_map(|a| a.source.and_then(Source::func))
            .chain(self.requires.iter().filter_map(|r| r.source.func()))
            .collect();
        seen.sort();
        seen.dedup();
        seen.into_iter()
    }

    /// Whether Halide's simplifier drops all reads of some producer.
    pub fn drops_reads(&self) -> bool {
        self.dropped.iter().any(|dropped| self.accesses.iter().all(|access| access.source != dropped.source))
    }

    /// Whether it only loads one value at clamped coordinates.
    pub fn is_boundary_condition(&self) -> bool {
        let [access] = &self.accesses[..] else { return false };
        let affine = !access.is_gather() && access.rows.iter().flatten().any(|r| r.clamped);
        affine && self.operations.are_arithmetic(&["int32"])
    }

    /// Whether the loop `index` moves what some load reads in a way that is not affine.
    pub fn gathers_along(&self, index: usize) -> bool {
        self.accesses.iter().any(|a| a.is_gather_along(index))
    }

    /// Position of a loop by name.
    pub fn loop_index(&self, var: &str) -> Option<usize> {
        self.loops.iter().position(|l| l.var == var)
    }
}

/// Bytes of a scalar type by name (`uint8`, `float32`, `bool`, `handle`); 8 for what is not known.
pub fn type_bytes(name: &str) -> u32 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    match digits.parse::<u32>() {
        Ok(bits) => bits.div_ceil(8).max(1),
        Err(_) if name == "bool" => 1,
        Err(_) => 8,
    }
}
