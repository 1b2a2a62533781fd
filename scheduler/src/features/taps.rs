//! At which offsets one evaluation reads. Where expressions that are inlined into one ask for the same value, it is computed
//! or loaded once: both Halide and LLVM eliminate common subexpressions.

use super::model::Row;

/// Coordinates that are told apart, and the component of a Tuple. What has more dimensions counts each read.
const SLOTS: usize = 6;
/// Offsets are kept in parts of an element: those of coarser levels are halves, quarters and so on.
const PARTS: f64 = 64.0;
/// More reads than these are counted without looking at their offsets: it would take too long.
const MOST: usize = 2048;

type Tap = [i32; SLOTS];

/// Reads in one way, from the places where what reads is evaluated.
#[derive(Clone, Debug, Default)]
pub(super) struct Taps {
    known: Vec<Tap>,
    /// Reads at offsets that are not known, each taken for another place.
    others: f64,
}

impl Taps {
    /// One evaluation, at the origin.
    pub(super) fn origin() -> Self {
        Self { known: vec![[0; SLOTS]], others: 0.0 }
    }

    /// Places, once [`Taps::settle`] has been called.
    pub(super) fn count(&self) -> f64 {
        self.known.len() as f64 + self.others
    }

    /// Places that differ in some of these loops, of so many.
    pub(super) fn count_by(&self, loops: &[usize], of: usize) -> f64 {
        if self.known.len() < 2 || loops.len() == of {
            return self.count();
        }
        self.by_loops((0..SLOTS).map(|l| loops.contains(&l).then_some(l))).count()
    }

    /// Counts every place once.
    pub(super) fn settle(&mut self) {
        self.known.sort_unstable();
        self.known.dedup();
    }

    /// Adds a read of `component` at `rows` by a definition that is evaluated at `places`, given by its loops.
    pub(super) fn add(&mut self, rows: &[Row], component: usize, places: &Taps) {
        self.others += places.others;
        let tellable = rows.len() < SLOTS && rows.iter().all(|row| row.affine && row.offset.is_some());
        if !tellable || self.known.len() + places.known.len() > MOST {
            self.others += places.known.len() as f64;
            return;
        }
        self.known.extend(places.known.iter().map(|place| {
            let mut tap = [0; SLOTS];
            for (slot, row) in tap.iter_mut().zip(rows) {
                let moved: f64 = row.steps.iter().map(|&(l, step)| step * f64::from(*place.get(l).unwrap_or(&0))).sum();
                *slot = (row.offset.unwrap_or(0.0) * PARTS + moved).round() as i32;
            }
            tap[SLOTS - 1] = component as i32;
            tap
        }));
    }

    /// The places by the loops of the Func that is read, each of which is over one of its dimensions, or over none.
    pub(super) fn by_loops(&self, dims: impl Iterator<Item = Option<usize>> + Clone) -> Self {
        let place = |tap: &Tap| {
            let mut place = [0; SLOTS];
            for (slot, dim) in place.iter_mut().zip(dims.clone()) {
                *slot = dim.and_then(|dim| tap.get(dim)).copied().unwrap_or(0);
            }
            place
        };
        let mut places = Self { known: self.known.iter().map(place).collect(), others: self.others };
        places.settle();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(offset: f64) -> Row {
        Row { steps: vec![(0, 1.0)], offset: Some(offset), affine: true, unknown: 0, clamped: false }
    }

    /// Three neighbours of each place.
    fn neighbours(places: &Taps) -> Taps {
        let mut taps = Taps::default();
        [-1.0, 0.0, 1.0].iter().for_each(|&offset| taps.add(&[row(offset)], 0, places));
        taps.settle();
        taps
    }

    #[test]
    fn stencils_of_stencils_share_what_they_read() {
        let once = neighbours(&Taps::origin());
        let twice = neighbours(&once.by_loops([Some(0)].into_iter()));
        assert_eq!((once.count(), twice.count()), (3.0, 5.0));
    }

    #[test]
    fn components_and_unknown_offsets_are_other_places() {
        let mut taps = Taps::default();
        taps.add(&[row(0.0)], 0, &Taps::origin());
        taps.add(&[row(0.0)], 1, &Taps::origin());
        let unknown = Row { offset: None, ..row(0.0) };
        taps.add(std::slice::from_ref(&unknown), 0, &Taps::origin());
        taps.add(&[unknown], 0, &Taps::origin());
        taps.settle();
        assert_eq!(taps.count(), 4.0);
        // A Func is evaluated once for all of its components.
        assert_eq!(taps.by_loops([Some(0)].into_iter()).count(), 3.0);
    }
}
