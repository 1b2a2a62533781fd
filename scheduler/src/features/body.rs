//! One evaluation of a stage with everything that is inlined into it: operations and loads, and how both move with the
//! stage's loops.

use super::model::{Model, Operation, Row};
use super::taps::Taps;

/// Bits by loop. Loops beyond the last bit share it.
pub(super) type LoopSet = u64;

/// The bit of a loop.
pub(super) fn bit(origin: usize) -> LoopSet {
    1 << origin.min(LoopSet::BITS as usize - 1)
}

/// How the coordinates of something move with the loops of the stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motions {
    /// The first of its coordinates in the body.
    first: usize,
    /// Coordinates.
    count: usize,
    /// Loops that some coordinate moves with, or may move with.
    pub(super) moving: LoopSet,
    /// Loops that some clamped coordinate moves with.
    pub(super) clamped: LoopSet,
}

/// How one coordinate moves.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Coordinate {
    /// The loops whose steps are not known, since data decides on them: those only tell that the loops move it.
    unknown: LoopSet,
    /// Whether a boundary condition clamps it.
    clamped: bool,
}

/// Loads of one evaluation that move alike.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// Index among the sources.
    pub(super) source: usize,
    /// Where they load from.
    pub(super) taps: Taps,
    /// One coordinate per dimension of what is read.
    pub(super) motions: Motions,
}

impl Load {
    /// How many there are.
    pub(super) fn count(&self) -> f64 {
        self.taps.count()
    }
}

/// Operations of an evaluated expression: the stage's own, or that of an inlined Func.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evaluated {
    /// Index of the stage that it is the definition of.
    stage: usize,
    /// Index among the groups of operations of that stage.
    group: usize,
    /// Times in one evaluation of the stage: once for all places that differ in nothing the operations depend on.
    pub(super) count: f64,
    /// Loops that move what they depend on.
    pub(super) moving: LoopSet,
}

impl Evaluated {
    pub(super) fn operations<'m>(&self, model: &'m Model) -> &'m [Operation] {
        &model.stages[self.stage].operations[self.group].operations
    }
}

/// What one evaluation of a stage does.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) evaluated: Vec<Evaluated>,
    pub(super) loads: Vec<Load>,
    /// What it writes.
    pub(super) stored: Option<Motions>,
    /// Evaluations of inlined Funcs.
    pub(super) inlined: f64,
    loops: usize,
    coordinates: Vec<Coordinate>,
    /// By coordinate and loop.
    steps: Vec<f64>,
    /// Reads of inlined Funcs that are still to be expanded: those in one way at several offsets once.
    pending: Vec<Load>,
}

impl Body {
    /// Works out the body of a stage anew.
    pub(super) fn fill(&mut self, model: &Model, stage: usize, inlined: impl Fn(usize) -> bool) {
        let own = &model.stages[stage];
        self.evaluated.clear();
        self.loads.clear();
        self.coordinates.clear();
        self.steps.clear();
        self.pending.clear();
        self.inlined = 0.0;
        self.loops = own.extents.len();
        for l in 0..self.loops {
            self.push_unit(Some(l));
        }
        let coordinates = self.motions_since(0);
        self.expand(model, stage, (coordinates, &Taps::origin()), &inlined);
        // The last Func first: by then all that read it in this way have been expanded.
        while let Some(at) = (0..self.pending.len()).max_by_key(|&at| self.pending[at].source) {
            let read = self.pending.swap_remove(at);
            let definition = model.stages_of(read.source).start;
            let args = model.regions.bounds(model.stages[definition].stage).args.iter();
            let places = read.taps.by_loops(args.clone().copied());
            self.inlined += places.count();
            let first = self.coordinates.len();
            for arg in args {
                match arg {
                    Some(arg) => self.push_copy(read.motions.first + arg),
                    None => self.push_unit(None),
                }
            }
            let coordinates = self.motions_since(first);
            self.expand(model, definition, (coordinates, &places), &inlined);
        }
        self.loads.iter_mut().for_each(|load| load.taps.settle());
        let first = self.coordinates.len();
        for row in &own.stores {
            self.push_moved(row, coordinates);
        }
        self.stored = Some(self.motions_since(first));
    }

    /// Steps of the innermost coordinate for one step of a loop, and whether another one moves as well; `None` where one
    /// depends on data.
    pub(super) fn along(&self, motions: &Motions, origin: usize) -> Option<(f64, bool)> {
        let mut steps = 0.0;
        let mut others = false;
        for index in 0..motions.count {
            let at = motions.first + index;
            let step = self.steps[at * self.loops + origin];
            if self.coordinates[at].unknown & bit(origin) != 0 && step != 0.0 {
                return None;
            }
            if index == 0 {
                steps = step;
            } else {
                others |= step != 0.0;
            }
        }
        Some((steps, others))
    }

    /// Adds a definition whose loops move as `at` do, evaluated at some places.
    fn expand(
        &mut self,
        model: &Model,
        stage: usize,
        (at, places): (Motions, &Taps),
        inlined: &impl Fn(usize) -> bool,
    ) {
        let facts = &model.stages[stage];
        for (group, operations) in facts.operations.iter().enumerate() {
            let count = places.count_by(&operations.loops, facts.extents.len());
            let moving = operations.loops.iter().fold(0, |all, l| all | self.moving(at.first + l));
            self.evaluated.push(Evaluated { stage, group, count, moving });
        }
        let own = model.stages[stage].stage.func.index();
        for load in &model.stages[stage].loads {
            let first = self.coordinates.len();
            for row in &load.rows {
                self.push_moved(row, at);
            }
            let motions = self.motions_since(first);
            let expands = load.source != own && inlined(load.source);
            let list = if expands { &self.pending } else { &self.loads };
            let same = list.iter().position(|l| l.source == load.source && self.same(&l.motions, &motions));
            let list = if expands { &mut self.pending } else { &mut self.loads };
            let taps = match same {
                Some(same) => {
                    self.coordinates.truncate(first);
                    self.steps.truncate(first * self.loops);
                    &mut list[same].taps
                }
                None => {
                    list.push(Load { source: load.source, taps: Taps::default(), motions });
                    &mut list.last_mut().expect("just pushed").taps
                }
            };
            taps.add(&load.rows, load.component, places);
        }
    }

    fn same(&self, a: &Motions, b: &Motions) -> bool {
        let steps = |m: &Motions| &self.steps[m.first * self.loops..(m.first + m.count) * self.loops];
        let coordinates = |m: &Motions| &self.coordinates[m.first..m.first + m.count];
        (a.moving, a.clamped) == (b.moving, b.clamped) && coordinates(a) == coordinates(b) && steps(a) == steps(b)
    }

    /// Loops that a coordinate moves with.
    fn moving(&self, coordinate: usize) -> LoopSet {
        let steps = self.steps[coordinate * self.loops..][..self.loops].iter().enumerate();
        steps.filter(|(_, step)| **step != 0.0).fold(0, |all, (l, _)| all | bit(l))
    }

    /// A coordinate that moves as one loop does; as none where there is none.
    fn push_unit(&mut self, origin: Option<usize>) {
        self.coordinates.push(Coordinate { unknown: 0, clamped: false });
        self.steps.extend((0..self.loops).map(|l| if Some(l) == origin { 1.0 } else { 0.0 }));
    }

    fn push_copy(&mut self, of: usize) {
        self.coordinates.push(self.coordinates[of]);
        self.steps.extend_from_within(of * self.loops..(of + 1) * self.loops);
    }

    /// A coordinate that moves as a row says where the loops it is written in move as `at` do.
    fn push_moved(&mut self, row: &Row, at: Motions) {
        let start = self.steps.len();
        self.steps.resize(start + self.loops, 0.0);
        let mut coordinate = Coordinate { unknown: 0, clamped: row.clamped };
        for &(l, factor) in &row.steps {
            let by = at.first + l;
            coordinate.unknown |= self.coordinates[by].unknown;
            coordinate.clamped |= self.coordinates[by].clamped;
            for index in 0..self.loops {
                let step = self.steps[by * self.loops + index];
                self.steps[start + index] += factor * step;
                coordinate.unknown |= if row.unknown & bit(l) != 0 && step != 0.0 { bit(index) } else { 0 };
            }
        }
        for index in (0..self.loops).filter(|&index| coordinate.unknown & bit(index) != 0) {
            self.steps[start + index] = 1.0;
        }
        self.coordinates.push(coordinate);
    }

    /// The coordinates from `first` on.
    fn motions_since(&self, first: usize) -> Motions {
        let mut motions = Motions { first, count: self.coordinates.len() - first, moving: 0, clamped: 0 };
        for at in first..self.coordinates.len() {
            let moving = self.moving(at);
            motions.moving |= moving;
            motions.clamped |= if self.coordinates[at].clamped { moving } else { 0 };
        }
        motions
    }
}
