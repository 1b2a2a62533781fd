//! The limits on size hold by construction.

use predictor::{Activation, Error, Shape, MAX_LAYERS, MAX_PARAMETERS};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_constrained_shape_never_exceeds_the_limits(
        inputs in 0..100usize, hidden in proptest::collection::vec(0..40usize, 0..5), skip in any::<bool>(),
    ) {
        if let Ok(shape) = Shape::new(inputs, &hidden, Activation::Relu, skip) {
            prop_assert!(shape.parameter_count() <= MAX_PARAMETERS && shape.layers() <= MAX_LAYERS);
            let dense: usize = shape.layer_sizes().map(|(fan_in, fan_out)| (fan_in + 1) * fan_out).sum();
            prop_assert_eq!(shape.parameter_count(), dense + if skip { inputs } else { 0 });
        }
    }

    #[test]
    fn the_widest_shape_cannot_grow(inputs in 1..30usize, layers in 1..3usize, skip in any::<bool>()) {
        let shape = Shape::widest(inputs, layers, Activation::Softsign, skip, 0).unwrap();
        prop_assert!(shape.parameter_count() <= MAX_PARAMETERS);
        let wider: Vec<usize> = shape.hidden().iter().map(|units| units + 1).collect();
        prop_assert!(Shape::new(inputs, &wider, Activation::Softsign, skip).is_err());
    }
}

#[test]
fn candidates_exist_as_long_as_any_fits() {
    assert_eq!(Shape::candidates(7, 0).unwrap().len(), 2);
    assert_eq!(Shape::candidates(36, 0).unwrap().len(), 1);
    assert!(matches!(Shape::candidates(40, 0), Err(Error::TooManyParameters { .. })));
    assert!(matches!(Shape::candidates(0, 0), Err(Error::NoInputs)));
}

#[test]
fn what_exceeds_a_limit_says_so() {
    let count = |inputs, hidden: &[usize]| Shape::new(inputs, hidden, Activation::Relu, false);
    assert!(matches!(count(7, &[9]), Err(Error::TooManyParameters { count: 82, limit: 75 })));
    assert!(matches!(count(1, &[1, 1, 1]), Err(Error::TooManyLayers { count: 4, limit: 3 })));
    assert!(matches!(count(3, &[2, 0]), Err(Error::EmptyLayer)));
    assert!(matches!(count(0, &[2]), Err(Error::NoInputs)));
    assert!(matches!(count(usize::MAX, &[2]), Err(Error::TooManyParameters { .. })));
    let large = Shape::unconstrained(7, &[64, 64], Activation::Relu, false).unwrap();
    assert!(!large.is_constrained() && large.parameter_count() == 4737);
    assert!(Shape::unconstrained(7, &[1 << 20], Activation::Relu, false).is_err());
}
