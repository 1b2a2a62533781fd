//! Candidates to be evaluated together.

use crate::lane_math::{Lanes, LANES};
use crate::{Error, Result};

/// A reusable structure of arrays of candidates: room is made once, and filling it never allocates. Values are kept
/// in single precision, enough for seven digits of each input.
#[derive(Debug, Clone)]
pub struct Batch {
    inputs: usize,
    capacity: usize,
    len: usize,
    /// One column an input and a last one for bounds, each of `blocks` blocks.
    values: Vec<Lanes>,
    blocks: usize,
}

impl Batch {
    /// Room for `capacity` candidates of `inputs` inputs each.
    pub fn new(inputs: usize, capacity: usize) -> Self {
        let blocks = capacity.div_ceil(LANES);
        // Unfilled lanes are evaluated too, and ignored; ones are harmless to every transform.
        Batch { inputs, capacity, len: 0, values: vec![[1.0; LANES]; (inputs + 1) * blocks], blocks }
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of inputs of each candidate.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Most candidates it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Removes all candidates.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends a candidate: its `inputs` in schema order and its analytic `bound` in seconds, which only residual
    /// models read (pass 1 for others).
    ///
    /// # Errors
    /// [`Error::Length`] when the batch is full or `inputs` has another length than the batch was made for.
    pub fn push(&mut self, inputs: &[f64], bound: f64) -> Result<()> {
        Error::check_length("inputs", self.inputs, inputs.len())?;
        if self.len == self.capacity {
            return Err(Error::Length { what: "candidates", expected: self.capacity, found: self.len + 1 });
        }
        let (block, lane) = (self.len / LANES, self.len % LANES);
        for (column, &value) in inputs.iter().chain(&[bound]).enumerate() {
            self.values[column * self.blocks + block][lane] = value as f32;
        }
        self.len += 1;
        Ok(())
    }

    /// Sets the number of candidates, to be filled with [`Batch::set`]; those beyond the old number hold whatever was
    /// last written there.
    ///
    /// # Errors
    /// [`Error::Length`] when it exceeds the capacity.
    pub fn resize(&mut self, len: usize) -> Result<()> {
        if len > self.capacity {
            return Err(Error::Length { what: "candidates", expected: self.capacity, found: len });
        }
        self.len = len;
        Ok(())
    }

    /// Sets one input of one candidate; column [`Batch::inputs`] is the bound.
    ///
    /// # Panics
    /// When the candidate or column does not exist.
    pub fn set(&mut self, candidate: usize, column: usize, value: f64) {
        assert!(candidate < self.len && column <= self.inputs, "candidate {candidate}, column {column}");
        self.values[column * self.blocks + candidate / LANES][candidate % LANES] = value as f32;
    }

    /// The blocks of one column, the last possibly only partly filled; column `inputs` holds the bounds.
    pub(crate) fn column(&self, column: usize) -> &[Lanes] {
        &self.values[column * self.blocks..][..self.len.div_ceil(LANES)]
    }
}
