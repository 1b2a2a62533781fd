//! Training from sums: gradients against finite differences, and parts found from wholes alone.

use ndarray::{Array1, Array2};
use predictor::{
    refine_composite, train_composite, Activation, Composite, CompositeConfig, Loss, Model, Network, Normaliser, Parts,
    Range, Rng, Schema, Shape, TargetScale, Whole,
};

const STEP: f64 = 1e-6;

fn schema() -> Schema {
    Schema::from_names(&["a", "b"], &[], &[]).unwrap()
}

fn shape() -> Shape {
    Shape::new(2, &[3], Activation::Softsign, true).unwrap()
}

fn config() -> CompositeConfig {
    CompositeConfig {
        seed: 1,
        shape: shape(),
        loss: Loss::Huber { delta: 0.5 },
        order_weight: 0.5,
        epochs: 600,
        learning_rate: 0.03,
        weight_decay: 1e-5,
        validation_share: 0.2,
    }
}

/// Two classes of parts, and wholes of one to four of them.
fn data(rng: &mut Rng, rows: usize, wholes: usize) -> (Vec<Parts>, Vec<Whole>) {
    let parts: Vec<Parts> = (0..2)
        .map(|_| Parts {
            inputs: Array2::from_shape_fn((rows, 2), |_| rng.normal()),
            bound: Some(Array1::from_shape_fn(rows, |_| rng.normal().exp())),
        })
        .collect();
    let whole = |index: usize, rng: &mut Rng| Whole {
        parts: (0..1 + rng.below(4)).map(|_| (rng.below(2), rng.below(rows))).collect(),
        seconds: rng.normal().exp(),
        group: index / 4,
    };
    let wholes = (0..wholes).map(|index| whole(index, rng)).collect();
    (parts, wholes)
}

fn model(parts: &[Parts], rng: &mut Rng) -> Model {
    let normaliser = Normaliser::fit(&parts[0].inputs.t().as_standard_layout().into_owned()).unwrap();
    let target =
        TargetScale { mean: 0.2, deviation: 1.0, residual: true, range: Range { min: 1e-3, max: 1e3 }, limits: None };
    Model::new(schema(), None, normaliser, target, Network::random(shape(), rng)).unwrap()
}

#[test]
fn gradient_through_the_sum_matches_differences() {
    let mut rng = Rng::new(7);
    let (parts, wholes) = data(&mut rng, 12, 30);
    let models: Vec<Model> = (0..2).map(|_| model(&parts, &mut rng)).collect();
    let mut composite = Composite::new(models, &parts, wholes).unwrap();
    let loss = |composite: &mut Composite, gradients: &mut [Vec<f64>]| {
        composite.gradient(Loss::Huber { delta: 0.7 }, 0.6, gradients)
    };
    let zeros = || vec![vec![0.0; shape().parameter_count()]; 2];
    let mut gradients = zeros();
    loss(&mut composite, &mut gradients);
    for (class, gradient) in gradients.iter().enumerate() {
        for (index, slope) in gradient.iter().enumerate() {
            let mut at = |offset: f64| {
                composite.models_mut()[class].network_mut().parameters_mut()[index] += offset;
                let value = loss(&mut composite, &mut zeros());
                composite.models_mut()[class].network_mut().parameters_mut()[index] -= offset;
                value
            };
            let difference = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            assert!((difference - slope).abs() < 1e-6, "class {class}, parameter {index}: {slope}, {difference}");
        }
    }
}

#[test]
fn parts_are_learnt_from_wholes() {
    let mut rng = Rng::new(3);
    let (parts, mut wholes) = data(&mut rng, 200, 1200);
    // The first class takes more with `a`, the second half of its bound.
    let truth = |&(class, row): &(usize, usize)| {
        let bound = parts[class].bound.as_ref().unwrap()[row];
        if class == 0 {
            bound * (1.0 + 0.8 * parts[0].inputs[(row, 0)].tanh())
        } else {
            0.5 * bound
        }
    };
    wholes.iter_mut().for_each(|whole| whole.seconds = whole.parts.iter().map(truth).sum());
    let models = train_composite(&schema(), &parts, wholes.clone(), &config()).unwrap();
    let (unseen, mut test) = data(&mut rng, 200, 300);
    let truth = |&(class, row): &(usize, usize)| {
        let bound = unseen[class].bound.as_ref().unwrap()[row];
        if class == 0 {
            bound * (1.0 + 0.8 * unseen[0].inputs[(row, 0)].tanh())
        } else {
            0.5 * bound
        }
    };
    test.iter_mut().for_each(|whole| whole.seconds = whole.parts.iter().map(truth).sum());
    let logs = Composite::new(models.clone(), &unseen, test.clone()).unwrap().log_seconds();
    let errors: f64 = logs.iter().zip(&test).map(|(log, whole)| (log.exp() / whole.seconds - 1.0).abs()).sum();
    assert!(errors / (test.len() as f64) < 0.05, "{}", errors / test.len() as f64);
    assert_eq!(models, train_composite(&schema(), &parts, wholes, &config()).unwrap());
}

#[test]
fn models_are_refined_from_where_they_were() {
    let mut rng = Rng::new(5);
    let (parts, mut wholes) = data(&mut rng, 100, 400);
    let bound = |&(class, row): &(usize, usize)| parts[class].bound.as_ref().unwrap()[row];
    wholes.iter_mut().for_each(|whole| whole.seconds = whole.parts.iter().map(bound).sum());
    let config =
        CompositeConfig { order_weight: 0.0, epochs: 200, weight_decay: 1e-4, validation_share: 0.0, ..config() };
    let before = train_composite(&schema(), &parts, wholes.clone(), &config).unwrap();
    let error = |models: &[Model], wholes: &[Whole]| -> f64 {
        let logs = Composite::new(models.to_vec(), &parts, wholes.to_vec()).unwrap().log_seconds();
        logs.iter().zip(wholes).map(|(log, whole)| (log - whole.seconds.ln()).abs()).sum::<f64>() / logs.len() as f64
    };
    // Another machine, three times as slow.
    let mut slower = wholes.clone();
    slower.iter_mut().for_each(|whole| whole.seconds *= 3.0);
    assert!(error(&before, &slower) > 0.9);
    let after = refine_composite(before.clone(), &parts, slower.clone(), &config).unwrap();
    assert!(error(&after, &slower) < 0.1, "{}", error(&after, &slower));
    // Held tightly, they stay.
    let held = CompositeConfig { weight_decay: 1e4, ..config };
    let same = refine_composite(before.clone(), &parts, slower, &held).unwrap();
    assert!(error(&same, &wholes) < 0.2, "{}", error(&same, &wholes));
}

#[test]
fn wholes_of_parts_that_do_not_exist_are_errors() {
    let mut rng = Rng::new(1);
    let (parts, wholes) = data(&mut rng, 5, 4);
    let models = || vec![model(&parts, &mut Rng::new(0)), model(&parts, &mut Rng::new(1))];
    for bad in [vec![], vec![(2, 0)], vec![(0, 5)]] {
        let mut wholes = wholes.clone();
        wholes[1].parts = bad;
        assert!(Composite::new(models(), &parts, wholes).is_err());
    }
    let mut wholes = wholes;
    wholes[0].seconds = 0.0;
    assert!(Composite::new(models(), &parts, wholes).is_err());
}
