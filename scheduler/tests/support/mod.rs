//! Pipelines made without Halide, for tests and benches.

// Every test binary uses its own part of it.
#![allow(dead_code)]

use scheduler::ir::{
    Access, AccessRow, Bound, Dependent, Func, FuncId, Given, Lanes, Loop, Operations, Pipeline, Program,
    ReductionBounds, Requirement, Source, Stage, SymbolicInterval, Target, Token, FORMAT_VERSION,
};
use std::collections::BTreeMap;

/// How a two-dimensional stage reads a producer.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// The same coordinates.
    Point,
    /// `2 * radius + 1` taps along dimension `dim`.
    Stencil { dim: usize, radius: i64 },
    /// Every second coordinate, and its neighbour.
    Down,
    /// Every coordinate twice.
    Up,
    /// A coordinate that depends on data: any of the producer's.
    Gather,
    /// The coordinates of an image 1000 wide that is mirrored in x.
    Mirror,
}

/// A pipeline under construction: two-dimensional float32 Funcs over `x` and `y`.
pub struct Builder {
    funcs: Vec<Func>,
}

impl Builder {
    pub fn new() -> Self {
        Self { funcs: Vec::new() }
    }

    /// Adds a pure Func that reads earlier ones; returns its id.
    pub fn pure(&mut self, reads: &[(FuncId, Read)]) -> FuncId {
        let stage = pure_stage(reads);
        self.push(vec![stage])
    }

    /// Adds a Func that sums `extent` shifted values of an earlier one.
    pub fn sum(&mut self, producer: FuncId, extent: i64) -> FuncId {
        let id = FuncId::from_index(self.funcs.len());
        let var = format!("r{}$x", id.index());
        let loops = vec![
            Loop {
                var: var.as_str().into(),
                parallel: false,
                reduction: Some(ReductionBounds {
                    min: Some(Program(vec![Token::Number(0.0)])),
                    extent: Some(Program(vec![Token::Number(extent as f64)])),
                    constant: Some(extent),
                }),
            },
            pure_loop("x"),
            pure_loop("y"),
        ];
        let row = |coeffs: [i64; 3]| {
            Some(AccessRow { coeffs: coeffs.map(|c| [c, 1]).to_vec(), offset: Some(0), clamped: false })
        };
        let own = vec![row([0, 1, 0]), row([0, 0, 1])];
        let update = Stage {
            loops,
            given: Given::default(),
            predicate: false,
            operations: operations(3, &[("add", 1)]),
            accesses: vec![
                Access {
                    source: Some(Source::Func(id)),
                    value: 0,
                    rows: own.clone(),
                    by_data: false,
                    moved_by: None,
                    added: Vec::new(),
                },
                Access {
                    source: Some(Source::Func(producer)),
                    value: 0,
                    rows: vec![row([1, 1, 0]), row([0, 0, 1])],
                    by_data: false,
                    moved_by: None,
                    added: Vec::new(),
                },
            ],
            indexed_by: Vec::new(),
            compared: Vec::new(),
            dropped: Vec::new(),
            requires: vec![
                Requirement { source: Source::Func(producer), bounds: vec![shifted("x", &var), plain("y")] },
                Requirement { source: Source::Func(id), bounds: vec![plain("x"), plain("y")] },
            ],
            writes: vec![plain("x"), plain("y")],
            stores: own,
            associative: true,
            commutative: true,
        };
        self.push(vec![pure_stage(&[]), update])
    }

    fn push(&mut self, stages: Vec<Stage>) -> FuncId {
        let id = FuncId::from_index(self.funcs.len());
        self.funcs.push(Func {
            name: format!("f{}", id.index()),
            args: vec!["x".into(), "y".into()],
            types: vec!["float32".into()],
            inlinable: stages.len() == 1,
            scheduled: None,
            partly: None,
            is_async: false,
            placed_inside: Vec::new(),
            estimates: BTreeMap::new(),
            bounds: BTreeMap::new(),
            bounded_by: Vec::new(),
            extern_definition: None,
            stages,
            lanes: Lanes::default(),
        });
        id
    }

    /// The pipeline with the given outputs, each of `width` x `height`.
    pub fn finish(mut self, outputs: &[FuncId], width: i64, height: i64) -> Pipeline {
        for output in outputs {
            let bound = |extent| Bound { min: Some(0), extent: Some(extent) };
            self.funcs[output.index()].estimates = [("x".into(), bound(width)), ("y".into(), bound(height))].into();
        }
        Pipeline {
            version: FORMAT_VERSION,
            target: Target { name: "x86-64-linux-avx2".into(), vector_bytes: 32, ..Target::default() },
            inputs: Vec::new(),
            funcs: self.funcs,
            outputs: outputs.to_vec(),
            missing_estimates: Vec::new(),
            assumed_values: Vec::new(),
        }
    }
}

/// A chain of `stages` 3-tap stencils, alternately along x and y.
pub fn chain(stages: usize) -> Pipeline {
    let mut builder = Builder::new();
    let mut last = builder.pure(&[]);
    for index in 1..stages {
        last = builder.pure(&[(last, Read::Stencil { dim: index % 2, radius: 1 })]);
    }
    builder.finish(&[last], 1536, 2560)
}

/// Stencils, reductions, resampling and gathers: a Func for each number, which says how it reads the one before and perhaps
/// another.
pub fn mixed(reads: &[u8]) -> Pipeline {
    let mut builder = Builder::new();
    let mut ids = vec![builder.pure(&[])];
    for &read in reads {
        let last = ids[ids.len() - 1];
        let other = ids[usize::from(read) / 8 % ids.len()];
        ids.push(match read % 8 {
            0 => builder.sum(last, 16),
            1 => builder.pure(&[(last, Read::Down)]),
            2 => builder.pure(&[(last, Read::Up), (other, Read::Point)]),
            3 => builder.pure(&[(last, Read::Gather), (other, Read::Gather)]),
            n => builder.pure(&[(last, Read::Stencil { dim: usize::from(n % 2), radius: 2 }), (other, Read::Point)]),
        });
    }
    let outputs = [ids[ids.len() - 1]];
    builder.finish(&outputs, 1000, 600)
}

/// About `stages` stages, one or two a Func: stencils mostly, some sums and resampling.
pub fn stencils_and_sums(stages: usize) -> Pipeline {
    let reads: Vec<u8> = [4, 13, 6, 15, 0, 1, 20, 2].into_iter().cycle().take(stages * 8 / 9).collect();
    mixed(&reads)
}

fn pure_loop(var: &str) -> Loop {
    Loop { var: var.into(), parallel: true, reduction: None }
}

/// Operations that depend on all of so many loops.
fn operations(loops: usize, counts: &[(&str, u32)]) -> Operations {
    let counts = [("float32".to_string(), counts.iter().map(|(o, n)| (o.to_string(), *n)).collect())].into();
    Operations(vec![Dependent { loops: (0..loops).collect(), counts }])
}

fn pure_stage(reads: &[(FuncId, Read)]) -> Stage {
    let taps: i64 = reads.iter().map(|(_, r)| offsets(*r).len() as i64).sum();
    Stage {
        loops: vec![pure_loop("x"), pure_loop("y")],
        given: Given::default(),
        predicate: false,
        operations: operations(2, &[("add", taps as u32), ("mul", 1)]),
        accesses: reads.iter().flat_map(|&(id, read)| accesses(id, read)).collect(),
        indexed_by: Vec::new(),
        compared: Vec::new(),
        dropped: Vec::new(),
        requires: reads
            .iter()
            .map(|&(id, read)| Requirement { source: Source::Func(id), bounds: vec![bounds(read, 0), bounds(read, 1)] })
            .collect(),
        writes: Vec::new(),
        stores: Vec::new(),
        associative: false,
        commutative: false,
    }
}

fn offsets(read: Read) -> Vec<i64> {
    match read {
        Read::Stencil { radius, .. } => (-radius..=radius).collect(),
        Read::Down => vec![0, 1],
        Read::Point | Read::Up | Read::Gather | Read::Mirror => vec![0],
    }
}

fn accesses(id: FuncId, read: Read) -> Vec<Access> {
    let rows = |offset: i64| -> Vec<Option<AccessRow>> {
        (0..2)
            .map(|dim| {
                let (scale, offset) = match read {
                    Read::Stencil { dim: d, .. } => ([1, 1], if d == dim { offset } else { 0 }),
                    Read::Down => ([2, 1], if dim == 0 { offset } else { 0 }),
                    Read::Up => ([1, 2], 0),
                    Read::Point => ([1, 1], 0),
                    Read::Mirror if dim == 0 => return None,
                    Read::Mirror => ([1, 1], 0),
                    Read::Gather => return None,
                };
                let mut coeffs = vec![[0, 1]; 2];
                coeffs[dim] = scale;
                Some(AccessRow { coeffs, offset: Some(offset), clamped: false })
            })
            .collect()
    };
    offsets(read)
        .into_iter()
        .map(|o| Access {
            source: Some(Source::Func(id)),
            value: 0,
            rows: rows(o),
            by_data: matches!(read, Read::Gather),
            moved_by: None,
            added: Vec::new(),
        })
        .collect()
}

fn program(tokens: &[&str]) -> Option<Program> {
    let token = |t: &&str| t.parse().map_or_else(|_| Token::Symbol(t.to_string()), Token::Number);
    Some(Program(tokens.iter().map(token).collect()))
}

fn interval(min: &[&str], max: &[&str]) -> SymbolicInterval {
    SymbolicInterval { min: program(min), max: program(max), exact: true, inside: false }
}

fn plain(var: &str) -> SymbolicInterval {
    interval(&[&format!("{var}.min")], &[&format!("{var}.max")])
}

fn shifted(var: &str, by: &str) -> SymbolicInterval {
    let end = |which: &str| program(&[&format!("{var}.{which}"), &format!("{by}.{which}"), "+"]);
    SymbolicInterval { min: end("min"), max: end("max"), exact: true, inside: false }
}

fn bounds(read: Read, dim: usize) -> SymbolicInterval {
    let var = ["x", "y"][dim];
    let (min, max) = (format!("{var}.min"), format!("{var}.max"));
    match read {
        Read::Stencil { dim: d, radius } if d == dim => {
            let radius = radius.to_string();
            interval(&[&min, &radius, "-"], &[&max, &radius, "+"])
        }
        Read::Down => interval(&[&min, "2", "*"], &[&max, "2", "*", "1", "+"]),
        Read::Up => interval(&[&min, "2", "//"], &[&max, "2", "//"]),
        Read::Gather => interval(&["0"], &["255"]),
        Read::Mirror if dim == 0 => {
            SymbolicInterval { min: mirrored(&min), max: mirrored(&max), exact: true, inside: false }
        }
        _ => plain(var),
    }
}

/// A coordinate, or `1999 - x` from 1000 on.
fn mirrored(end: &str) -> Option<Program> {
    program(&[end, "1000", "<", end, "1999", end, "-", "select"])
}
