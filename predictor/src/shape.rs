//! The shape of a network, and the limits it must respect.

use crate::{Activation, Error, Result};

/// Most parameters a model may have (paper, section IV).
pub const MAX_PARAMETERS: usize = 75;
/// Most dense layers a model may have, the output layer included (paper, section IV).
pub const MAX_LAYERS: usize = 3;
/// Most parameters even an unconstrained network may have: a guard against absurd model files.
const MAX_UNCONSTRAINED: usize = 1 << 20;

/// Layer widths, activation and parameter count of a network. Values exist only within their limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    inputs: usize,
    hidden: Vec<usize>,
    activation: Activation,
    skip: bool,
    constrained: bool,
    parameter_count: usize,
}

impl Shape {
    /// A network of `inputs` inputs, these hidden layers and one output, within [`MAX_LAYERS`] and
    /// [`MAX_PARAMETERS`]. With `skip`, the output also has a direct linear path from every input: in log space
    /// that path is a power law, which extrapolates soundly, and the hidden layers learn what deviates from it.
    ///
    /// # Errors
    /// [`Error::TooManyLayers`], [`Error::TooManyParameters`], [`Error::EmptyLayer`] or [`Error::NoInputs`].
    pub fn new(inputs: usize, hidden: &[usize], activation: Activation, skip: bool) -> Result<Self> {
        if hidden.len() + 1 > MAX_LAYERS {
            return Err(Error::TooManyLayers { count: hidden.len() + 1, limit: MAX_LAYERS });
        }
        Shape::build(inputs, hidden, activation, skip, MAX_PARAMETERS)
    }

    /// The same without the limits, for the larger-network baseline of the paper (section VI) only.
    ///
    /// # Errors
    /// [`Error::EmptyLayer`] or [`Error::NoInputs`]; [`Error::TooManyParameters`] beyond 2^20 parameters.
    pub fn unconstrained(inputs: usize, hidden: &[usize], activation: Activation, skip: bool) -> Result<Self> {
        let shape = Shape::build(inputs, hidden, activation, skip, MAX_UNCONSTRAINED)?;
        Ok(Shape { constrained: false, ..shape })
    }

    /// The widest shape within the limits that has `hidden_layers` (0, 1 or 2) hidden layers, the later never
    /// wider than the earlier, and leaves room for `reserved` parameters beside the network's.
    ///
    /// # Errors
    /// As [`Shape::new`]; [`Error::TooManyParameters`] when even one unit a layer is too many.
    pub fn widest(
        inputs: usize,
        hidden_layers: usize,
        activation: Activation,
        skip: bool,
        reserved: usize,
    ) -> Result<Self> {
        let within = |hidden: &[usize]| {
            let shape = Shape::new(inputs, hidden, activation, skip)?;
            shape.check_room_for(reserved)?;
            Ok::<_, Error>(shape)
        };
        let mut hidden = vec![1; hidden_layers];
        let mut best = within(&hidden)?;
        loop {
            let mut grown = None;
            for layer in 0..hidden_layers {
                let mut wider = hidden.clone();
                wider[layer] += 1;
                if wider.windows(2).all(|pair| pair[0] >= pair[1] && pair[0] <= pair[1] + 1) {
                    grown = within(&wider).ok().map(|shape| (wider, shape));
                    break;
                }
            }
            match grown {
                Some((wider, shape)) => (hidden, best) = (wider, shape),
                None => return Ok(best),
            }
        }
    }

    /// The shapes worth trying for this many inputs, all as wide as the limits and `reserved` parameters beside them allow
    /// and with a direct path: one or two hidden layers of smooth units. They level off where kinks would go on straight, so that two
    /// instances far apart do not decide what is predicted beyond them.
    ///
    /// # Errors
    /// [`Error::NoInputs`], or [`Error::TooManyParameters`] when there are so many inputs that none fits.
    pub fn candidates(inputs: usize, reserved: usize) -> Result<Vec<Self>> {
        let shapes =
            [1, 2].map(|hidden_layers| Shape::widest(inputs, hidden_layers, Activation::Softsign, true, reserved));
        if shapes.iter().all(Result::is_err) {
            return shapes.into_iter().take(1).collect();
        }
        Ok(shapes.into_iter().flatten().collect())
    }

    fn build(inputs: usize, hidden: &[usize], activation: Activation, skip: bool, limit: usize) -> Result<Self> {
        if inputs == 0 {
            return Err(Error::NoInputs);
        }
        if hidden.contains(&0) {
            return Err(Error::EmptyLayer);
        }
        let count = count_parameters(inputs, hidden, skip);
        if count > limit {
            return Err(Error::TooManyParameters { count, limit });
        }
        let hidden = hidden.to_vec();
        Ok(Shape { inputs, hidden, activation, skip, constrained: true, parameter_count: count })
    }

    /// Checks that `more` parameters beside the network's stay within the limit, if the network obeys one.
    ///
    /// # Errors
    /// [`Error::TooManyParameters`].
    pub(crate) fn check_room_for(&self, more: usize) -> Result<()> {
        let count = self.parameter_count.saturating_add(more);
        if self.constrained && count > MAX_PARAMETERS {
            return Err(Error::TooManyParameters { count, limit: MAX_PARAMETERS });
        }
        Ok(())
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Units of each hidden layer.
    pub fn hidden(&self) -> &[usize] {
        &self.hidden
    }

    /// Activation of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Whether the output has a direct linear path from the inputs.
    pub fn skip(&self) -> bool {
        self.skip
    }

    /// Whether the limits were enforced.
    pub fn is_constrained(&self) -> bool {
        self.constrained
    }

    /// Number of trainable parameters: weights, biases and the direct path.
    pub fn parameter_count(&self) -> usize {
        self.parameter_count
    }

    /// Number of dense layers, the output layer included.
    pub fn layers(&self) -> usize {
        self.hidden.len() + 1
    }

    /// (inputs, outputs) of every dense layer, first to last.
    pub fn layer_sizes(&self) -> impl DoubleEndedIterator<Item = (usize, usize)> + '_ {
        (0..self.layers()).map(|layer| {
            let fan_in = if layer == 0 { self.inputs } else { self.hidden[layer - 1] };
            let fan_out = self.hidden.get(layer).copied().unwrap_or(1);
            (fan_in, fan_out)
        })
    }
}

/// Parameters of such a network; saturates instead of overflowing, since widths may come from a file.
fn count_parameters(inputs: usize, hidden: &[usize], skip: bool) -> usize {
    let mut fan_in = inputs;
    let mut count = if skip { inputs } else { 0 };
    for &fan_out in hidden.iter().chain(&[1]) {
        count = fan_in.saturating_add(1).saturating_mul(fan_out).saturating_add(count);
        fan_in = fan_out;
    }
    count
}
