//! Collected records as what models are trained on.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array1, Array2};
use predictor::{Parts, Whole};
use scheduler::cost::{class_names, inputs, Hardware, ANY_CLASS, INPUT_NAMES};
use scheduler::features::Features;

use crate::records::dataset::{Group, StageRow};

/// A class gets a model of its own where it occurs in so many pipelines; with fewer its stages take the model of the class
/// above.
const LEAST_PIPELINES: usize = 20;

/// What models see of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Ratios of the analytic estimate, and the estimate itself.
    Augmented,
    /// Features alone, without the estimate and what it is made of.
    Plain,
}

/// How stages share models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classes {
    /// By kernel class and variant family.
    KernelAndVariant,
    /// By kernel class.
    Kernel,
    /// One model for all.
    One,
}

/// A stage as models see it.
struct Stage {
    class: [&'static str; 3],
    row: Vec<f64>,
    bound: f64,
}

/// One pipeline.
pub struct Pipeline {
    /// The generator with its parameters.
    pub name: String,
    stages: Vec<Stage>,
    /// Schedules: stages, measured seconds.
    pub rows: Vec<(Vec<usize>, f64)>,
}

fn stage(row: &StageRow, hardware: &Hardware, view: View) -> Stage {
    let (augmented, bound) = inputs(&row.scheduled, hardware);
    let row_of = match view {
        View::Augmented => augmented.to_vec(),
        View::Plain => plain(&row.scheduled.features),
    };
    Stage { class: class_names(row.kernel, row.variant), row: row_of, bound }
}

/// Logarithms of counts.
fn plain(f: &Features) -> Vec<f64> {
    let counts = [
        f.iterations,
        f.vectors,
        f.operations,
        f.math_calls + f.float_divisions,
        f.loads(),
        f.stores(),
        f.strided_loads + f.strided_stores,
        f.l1_miss_bytes,
        f.l2_miss_bytes,
        f.l3_miss_bytes,
        f.loop_iterations,
        f.task_starts,
        f.threads,
        f.allocations,
        f.code_bytes,
        f.fresh_pages,
        f.lanes,
        f.gathered_loads,
        f.scattered_stores,
        f.boundary_loads,
        f.masked_lanes,
        f.chained_steps,
        f.integer_divisions,
    ];
    counts.iter().map(|count| count.ln_1p()).collect()
}

/// Names of the inputs of a view.
pub fn input_names(view: View) -> Vec<String> {
    match view {
        View::Augmented => INPUT_NAMES.map(str::to_owned).to_vec(),
        View::Plain => (0..INPUT_NAMES.len()).map(|i| format!("count{i}")).collect(),
    }
}

/// All pipelines as models see them.
pub fn pipelines(groups: &[Group], view: View) -> Vec<Pipeline> {
    let pipeline = |group: &Group| Pipeline {
        name: group.name.clone(),
        stages: group.stages.iter().map(|row| stage(row, &group.hardware, view)).collect(),
        rows: group.rows.iter().map(|row| (row.stages.clone(), row.seconds)).collect(),
    };
    groups.iter().map(pipeline).collect()
}

/// Measured seconds of the schedules of each pipeline.
pub fn measured(pipelines: &[Pipeline]) -> Vec<Vec<f64>> {
    pipelines.iter().map(|pipeline| pipeline.rows.iter().map(|(_, seconds)| *seconds).collect()).collect()
}

/// Schedules of all pipelines together.
pub fn schedules(pipelines: &[Pipeline]) -> usize {
    pipelines.iter().map(|pipeline| pipeline.rows.len()).sum()
}

impl Pipeline {
    /// What the analytic cost expects of each schedule, in seconds.
    pub fn analytic(&self) -> Vec<f64> {
        let sum = |stages: &Vec<usize>| stages.iter().map(|&stage| self.stages[stage].bound).sum();
        self.rows.iter().map(|(stages, _)| sum(stages)).collect()
    }
}

/// The classes that get models: those frequent enough, and the one for all others.
pub fn model_names(pipelines: &[&Pipeline], classes: Classes) -> Vec<String> {
    let depth = match classes {
        Classes::KernelAndVariant => 0,
        Classes::Kernel => 1,
        Classes::One => return vec![ANY_CLASS.to_owned()],
    };
    let mut names: BTreeSet<String> = [ANY_CLASS.to_owned()].into();
    for level in (depth..2).rev() {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for pipeline in pipelines {
            let present: BTreeSet<&str> = pipeline.stages.iter().map(|s| s.class[level]).collect();
            present.into_iter().for_each(|name| *count.entry(name).or_default() += 1);
        }
        names.extend(count.into_iter().filter(|(_, n)| *n >= LEAST_PIPELINES).map(|(name, _)| name.to_owned()));
    }
    names.into_iter().collect()
}

/// Parts for each model and the wholes of all pipelines, one group a pipeline.
pub fn composite(
    pipelines: &[&Pipeline],
    names: &[String],
    inputs: usize,
    with_bound: bool,
) -> (Vec<Parts>, Vec<Whole>) {
    let model_of = |stage: &Stage| {
        let found = stage.class.iter().find_map(|class| names.iter().position(|name| name == class));
        found.expect("there is a model for all others")
    };
    let mut rows: Vec<Vec<&Stage>> = vec![Vec::new(); names.len()];
    let mut wholes = Vec::new();
    for (group, pipeline) in pipelines.iter().enumerate() {
        let place = |stage| {
            let model = model_of(stage);
            rows[model].push(stage);
            (model, rows[model].len() - 1)
        };
        let places: Vec<(usize, usize)> = pipeline.stages.iter().map(place).collect();
        let whole = |(stages, seconds): &(Vec<usize>, f64)| Whole {
            parts: stages.iter().map(|&stage| places[stage]).collect(),
            seconds: *seconds,
            group,
        };
        wholes.extend(pipeline.rows.iter().map(whole));
    }
    let parts = rows.iter().map(|rows| Parts {
        inputs: Array2::from_shape_fn((rows.len(), inputs), |(row, column)| rows[row].row[column]),
        bound: with_bound.then(|| rows.iter().map(|stage| stage.bound).collect::<Array1<f64>>()),
    });
    (parts.collect(), wholes)
}
