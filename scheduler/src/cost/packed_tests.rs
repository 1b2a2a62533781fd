//! Stages priced side by side against the formula as it is written.

use super::{
    class_names, inputs, Hardware, InputScale, Kernel, LearnedModel, SmallNetwork, Variant, ANY_CLASS, INPUTS,
};
use crate::features::{Features, ScheduledStage};
use crate::ir::{FuncId, StageRef};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn network() -> impl Strategy<Value = SmallNetwork> {
    let weights = || prop::collection::vec(-0.3..0.3, INPUTS);
    let units = prop::collection::vec((weights(), -1.0..1.0, -1.0..1.0), 0..9);
    (units, -1.0..1.0, weights()).prop_map(|(units, bias, direct)| SmallNetwork {
        hidden: units.iter().map(|unit| unit.0.clone()).collect(),
        biases: units.iter().map(|unit| unit.1).collect(),
        output: units.iter().map(|unit| unit.2).collect(),
        bias,
        direct,
    })
}

fn scale() -> impl Strategy<Value = InputScale> {
    let parts = (-1.0..5.0, 1.0..3.0, -8.0..0.0, 0.5..20.0);
    parts.prop_map(|(mean, deviation, min, max)| InputScale { mean, deviation, min, max })
}

fn model() -> impl Strategy<Value = LearnedModel> {
    let names = [ANY_CLASS, "stencil", "stencil.root", "scan.inside"];
    let networks = prop::collection::vec(prop::collection::vec(network(), 1..6), names.len());
    (networks, prop::collection::vec(scale(), INPUTS), -1.0..1.0).prop_map(move |(networks, scales, mean)| {
        let classes = names.into_iter().map(str::to_owned).zip(networks).collect();
        LearnedModel::new("a test".to_owned(), Hardware::generic(2, 32), scales, mean, classes).unwrap()
    })
}

fn stage() -> impl Strategy<Value = (Kernel, Variant, ScheduledStage)> {
    let class = (0..Kernel::ALL.len(), 0..Variant::ALL.len());
    (class, prop::collection::vec(0.0f64..20.0, 8)).prop_map(|((kernel, variant), sizes)| {
        let count = |at: usize| sizes[at].exp();
        let features = Features {
            float_additions: count(0),
            gathered_loads: count(1),
            l3_miss_bytes: count(2),
            loop_iterations: count(3),
            vectors: count(4),
            code_bytes: count(5),
            recomputation: count(6) / 1e4,
            fresh_pages: count(7) / 1e3,
            lanes: 8.0,
            lane_utilization: 0.7,
            threads: 2.0,
            imbalance: 1.0,
            realizations: 1.0,
            ..Features::default()
        };
        let stage = StageRef { func: FuncId::from_index(0), stage: 0 };
        (Kernel::ALL[kernel], Variant::ALL[variant], ScheduledStage { stage, levels: vec![], features })
    })
}

fn plain(network: &SmallNetwork, row: &[f64]) -> f64 {
    let dot = |weights: &[f64]| weights.iter().zip(row).map(|(w, x)| w * x).sum::<f64>();
    let unit = |((weights, bias), output): ((&Vec<f64>, &f64), &f64)| {
        let sum = bias + dot(weights);
        output * sum / (1.0 + sum.abs())
    };
    let units = network.hidden.iter().zip(&network.biases).zip(&network.output);
    network.bias + dot(&network.direct) + units.map(unit).sum::<f64>()
}

/// Mean of the networks, their standard deviation, and how far outside of the range the worst input is.
fn expected(model: &LearnedModel, kernel: Kernel, variant: Variant, stage: &ScheduledStage) -> (f64, f64, f64) {
    let classes: &BTreeMap<String, Vec<SmallNetwork>> = model.classes();
    let networks = class_names(kernel, variant).into_iter().find_map(|name| classes.get(name)).unwrap();
    let (row, _) = inputs(stage, &Hardware::generic(2, 32));
    let held = |(x, s): (&f64, &InputScale)| x.max(s.min).min(s.max);
    let scales = model.scales().0;
    let outside = row.iter().zip(scales).map(|(x, s)| (x - held((x, s))).abs() / s.deviation).fold(0.0, f64::max);
    let row: Vec<f64> = row.iter().zip(scales).map(|(x, s)| (held((x, s)) - s.mean) / s.deviation).collect();
    let results: Vec<f64> = networks.iter().map(|network| plain(network, &row)).collect();
    let mean = results.iter().sum::<f64>() / results.len() as f64;
    let variance = results.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / results.len() as f64;
    (mean, variance.sqrt(), outside)
}

proptest! {
    #[test]
    fn stages_side_by_side_are_priced_as_alone_and_by_the_formula(
        model in model(),
        stages in prop::collection::vec(stage(), 1..40),
    ) {
        let hardware = Hardware::generic(2, 32);
        let all = model.predict_all(&hardware, stages.iter().map(|(kernel, variant, stage)| (*kernel, *variant, stage)));
        for ((kernel, variant, stage), found) in stages.iter().zip(all) {
            prop_assert_eq!(found, model.predict(&hardware, *kernel, *variant, stage));
            let (mean, spread, outside) = expected(&model, *kernel, *variant, stage);
            prop_assert!((found.correction - mean).abs() < 1e-5, "{} for {mean}", found.correction);
            let doubt = spread + 0.1 * outside;
            prop_assert!((found.doubt - doubt).abs() < 1e-5, "{} for {doubt}", found.doubt);
        }
    }
}
