//! What a runner is asked, and what it answers: one JSON object a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Starts each line of a runner's standard output that is an answer; pipelines may print there as well.
pub const PREFIX: &str = "nnc-runner:";

/// One dimension of a buffer: coordinates `min .. min + extent`, `stride` elements apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dim {
    /// Smallest coordinate.
    pub min: i32,
    /// Number of coordinates.
    pub extent: i32,
    /// Distance in elements.
    pub stride: i32,
}

/// `[min, extent]` by dimension.
pub fn region_of(dims: &[Dim]) -> Vec<[i32; 2]> {
    dims.iter().map(|dim| [dim.min, dim.extent]).collect()
}

/// `[min, extent]` by buffer and dimension.
pub fn regions_of(buffers: &[Vec<Dim>]) -> Vec<Vec<[i32; 2]>> {
    buffers.iter().map(|dims| region_of(dims)).collect()
}

/// Shapes of all buffers of a pipeline, by position among its inputs and outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shapes {
    /// One entry per input buffer.
    pub inputs: Vec<Vec<Dim>>,
    /// One entry per output buffer.
    pub outputs: Vec<Vec<Dim>>,
}

/// What an argument of a pipeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A number.
    Scalar,
    /// A buffer that is read.
    Input,
    /// A buffer that is written.
    Output,
}

/// Element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// Signed integer.
    Int,
    /// Unsigned integer; one bit is a truth value.
    UInt,
    /// IEEE floating point.
    Float,
    /// Brain floating point.
    BFloat,
    /// A pointer.
    Handle,
}

/// Type of a scalar or of the elements of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// Kind of number.
    pub code: Code,
    /// Width in bits.
    pub bits: u8,
}

impl Type {
    /// Bytes an element takes in memory.
    pub fn bytes(self) -> usize {
        usize::from(self.bits).div_ceil(8)
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self.code, Code::Float | Code::BFloat)
    }
}

/// One argument of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// Its name in the generator.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Of what.
    #[serde(rename = "type")]
    pub type_: Type,
    /// Number of dimensions of a buffer.
    pub dimensions: usize,
    /// Estimates `[min, extent]` by dimension; `None` where there is none.
    pub estimates: Vec<Option<[i32; 2]>>,
}

/// What a compiled pipeline says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The target it was compiled for.
    pub target: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

impl Description {
    /// Its arguments of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(move |argument| argument.kind == kind)
    }
}

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// What is this pipeline? Answered by `Description`.
    Describe,
    /// Which inputs do outputs of these extents take? Outputs are as the pipeline's constraints have them, where they say
    /// otherwise. Answered by `Shapes`.
    Plan {
        /// `[min, extent]` by input and dimension: where to start from.
        inputs: Vec<Vec<[i32; 2]>>,
        /// Whether inputs are to cover the regions above; otherwise they are what the pipeline asks for and no more.
        cover: bool,
        /// `[min, extent]` by output and dimension.
        outputs: Vec<Vec<[i32; 2]>>,
        /// Values of scalars other than their estimates.
        scalars: Vec<(String, String)>,
    },
    /// Allocate and fill buffers; inputs grow where this build reads more. Answered by `Ready`.
    Prepare {
        /// Shapes of all buffers.
        shapes: Shapes,
        /// Seed of the input values, which depend on it, on the input and on the coordinates only.
        seed: u64,
        /// Values of scalars other than their estimates.
        scalars: Vec<(String, String)>,
    },
    /// Replace an input's values. `path` holds its elements in order of coordinates, the first dimension innermost.
    Load {
        /// Position among the inputs.
        input: usize,
        /// The file.
        path: PathBuf,
    },
    /// Call the pipeline. Answered by `Ran`.
    Run {
        /// How often.
        calls: u32,
    },
    /// What does Halide's profiler say of the calls so far? Answered by `Profile`.
    Profile,
    /// Write the outputs one after the other, in the order of `Load`, to a file. Answered by `Done`.
    Save {
        /// The file.
        path: PathBuf,
    },
    /// Compare the outputs with what another runner saved. Answered by `Compared`.
    Compare {
        /// The file.
        path: PathBuf,
        /// How much may differ.
        rule: Rule,
    },
}

/// How much outputs may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// Not a bit.
    Exact,
    /// Within a tolerance, which for integers is at least one unit.
    Tolerance,
}

/// How outputs differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Number of values that differ by more than they may.
    pub values: u64,
    /// The largest difference; `None` if it is infinite or no number.
    pub largest: Option<f64>,
    /// The first difference of the first output that has one, in words.
    pub text: String,
}

impl Difference {
    /// This, and what differs in a further output.
    pub fn and(self, next: Difference) -> Difference {
        let largest = self.largest.zip(next.largest).map(|(a, b)| a.max(b));
        Difference { values: self.values + next.values, largest, text: self.text }
    }
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Response {
    /// To `Describe`.
    Description(Description),
    /// To `Plan`.
    Shapes(Shapes),
    /// To `Prepare`.
    Ready {
        /// Bytes of all buffers.
        io_bytes: u64,
    },
    /// To `Run`: seconds of all calls together.
    Ran {
        /// Seconds.
        seconds: f64,
    },
    /// To `Profile`: milliseconds a call by name, those of Funcs and of the runtime's own work.
    Profile(Vec<(String, f64)>),
    /// To `Load` and `Save`.
    Done,
    /// To `Compare`: what differs, or `None`.
    Compared {
        /// What differs.
        difference: Option<Difference>,
    },
    /// It did not work: why.
    Error {
        /// One line.
        message: String,
    },
}
