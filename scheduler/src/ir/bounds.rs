//! Symbolic bounds in the form that is evaluated: loops by index instead of by name.

use super::program::{run, Operator, Step as Executed};
use super::{Interval, Name, Program, Source, Stage, SymbolicInterval, Token};

/// One end of a loop's interval.
#[derive(Clone, Copy, Debug)]
enum End {
    Min,
    Max,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Number(f64),
    Loop(usize, End),
    Operator(Operator),
}

/// A [`Program`] over the loops of one stage.
#[derive(Clone, Debug)]
enum Value {
    /// It names something else, or is missing.
    Unknown,
    /// One end of a loop, a number added: most bounds by far, so worth a way of its own.
    Shifted(usize, End, f64),
    Steps(Box<[Step]>),
}

/// A [`SymbolicInterval`] over the loops of one stage.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    min: Value,
    max: Value,
}

/// A [`Requirement`](super::Requirement) of a stage.
#[derive(Clone, Debug)]
pub(crate) struct Needed {
    pub(crate) source: Source,
    /// By dimension of the source.
    pub(crate) bounds: Vec<Bounds>,
}

/// The symbolic bounds of a stage.
#[derive(Clone, Debug)]
pub(crate) struct StageBounds {
    pub(crate) requires: Vec<Needed>,
    /// By dimension of the Func; empty for pure definitions.
    pub(crate) writes: Vec<Bounds>,
    /// By loop, the argument of the Func that it runs over; `None` for reductions.
    pub(crate) args: Vec<Option<usize>>,
}

impl StageBounds {
    pub(super) fn new(stage: &Stage, args: &[Name]) -> Self {
        let all = |bounds: &[SymbolicInterval]| bounds.iter().map(|b| Bounds::new(b, stage)).collect();
        let arg = |l: &super::Loop| args.iter().position(|a| *a == l.var).filter(|_| l.reduction.is_none());
        Self {
            requires: stage.requires.iter().map(|r| Needed { source: r.source, bounds: all(&r.bounds) }).collect(),
            writes: all(&stage.writes),
            args: stage.loops.iter().map(arg).collect(),
        }
    }
}

impl Bounds {
    fn new(symbolic: &SymbolicInterval, stage: &Stage) -> Self {
        let value = |program: &Option<Program>| program.as_ref().map_or(Value::Unknown, |p| Value::new(p, stage));
        Self { min: value(&symbolic.min), max: value(&symbolic.max) }
    }

    /// The interval while the stage's loops run over `loops`, innermost first; `None` where it is not known.
    pub(crate) fn evaluate(&self, loops: &[Option<Interval>]) -> Option<Interval> {
        let (min, max) = (self.min.evaluate(loops)?, self.max.evaluate(loops)?);
        Some(Interval { min: min.floor() as i64, max: max.ceil() as i64 })
    }
}

impl Value {
    fn new(program: &Program, stage: &Stage) -> Self {
        let step = |token: &Token| match token {
            Token::Number(n) => Some(Step::Number(*n)),
            Token::Symbol(s) => Operator::parse(s).map(Step::Operator).or_else(|| loop_end(s, stage)),
        };
        let Some(steps) = program.0.iter().map(step).collect::<Option<Vec<_>>>() else {
            return Value::Unknown;
        };
        match steps[..] {
            [Step::Loop(index, end)] => Value::Shifted(index, end, 0.0),
            [Step::Loop(index, end), Step::Number(by), Step::Operator(Operator::Add)] => Value::Shifted(index, end, by),
            [Step::Loop(index, end), Step::Number(by), Step::Operator(Operator::Subtract)] => {
                Value::Shifted(index, end, -by)
            }
            _ => Value::Steps(steps.into()),
        }
    }

    fn evaluate(&self, loops: &[Option<Interval>]) -> Option<f64> {
        match self {
            Value::Unknown => None,
            Value::Shifted(index, end, by) => Some(end.of(loops[*index]?) + by),
            Value::Steps(steps) => {
                let execute = |step: &Step| match step {
                    Step::Number(n) => Some(Executed::Push(*n)),
                    Step::Loop(index, end) => loops[*index].map(|interval| Executed::Push(end.of(interval))),
                    Step::Operator(operator) => Some(Executed::Apply(*operator)),
                };
                // Nearly all fit, and allocating takes longer than running.
                let mut short = [0.0; SHORT];
                let steps_run = steps.iter().map(execute);
                if steps.len() <= SHORT {
                    run(steps_run, &mut short)
                } else {
                    run(steps_run, &mut vec![0.0; steps.len()])
                }
            }
        }
    }
}

/// Steps that need no allocated stack.
const SHORT: usize = 32;

impl End {
    fn of(self, interval: Interval) -> f64 {
        match self {
            End::Min => interval.min as f64,
            End::Max => interval.max as f64,
        }
    }
}

fn loop_end(symbol: &str, stage: &Stage) -> Option<Step> {
    let (var, end) = symbol.rsplit_once('.')?;
    let end = match end {
        "min" => End::Min,
        "max" => End::Max,
        _ => return None,
    };
    Some(Step::Loop(stage.loop_index(var)?, end))
}
