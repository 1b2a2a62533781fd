//! Typed indices into a [`Pipeline`](super::Pipeline).

use serde::{Deserialize, Serialize};

/// Index of a Func in [`Pipeline::funcs`](super::Pipeline::funcs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FuncId(u32);

impl FuncId {
    /// The id of an index.
    pub fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 Funcs"))
    }

    /// The index of the id.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of an input in [`Pipeline::inputs`](super::Pipeline::inputs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InputId(u32);

impl InputId {
    /// The index of the id.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a stage reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A Func of the pipeline.
    Func(FuncId),
    /// An input of the pipeline.
    Input(InputId),
}

impl Source {
    /// The Func, if it is one.
    pub fn func(self) -> Option<FuncId> {
        match self {
            Source::Func(id) => Some(id),
            Source::Input(_) => None,
        }
    }
}

/// One definition of one Func: stage 0 is the pure definition, stage `n` the update `n - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StageRef {
    /// The Func.
    pub func: FuncId,
    /// Index into [`Func::stages`](super::Func::stages).
    pub stage: usize,
}
