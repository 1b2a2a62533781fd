//! The predictors that are compared.

use anyhow::Result;
use predictor::{train_composite, Activation, Composite, CompositeConfig, Loss, Model, Schema, Shape};

use super::data::{composite, input_names, model_names, Classes, Pipeline, View};

/// A predictor, or what is left of it without one of its ideas.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// How it is called.
    pub name: &'static str,
    /// What models see.
    pub view: View,
    /// Whether they learn the residual on the analytic estimate.
    pub residual: bool,
    /// How stages share models.
    pub classes: Classes,
    /// Units of the hidden layer.
    pub hidden: usize,
}

/// The predictor proper.
pub const AUGMENTED: Method =
    Method { name: "NN+C", view: View::Augmented, residual: true, classes: Classes::KernelAndVariant, hidden: 3 };

/// All that are compared, the predictor proper first.
pub const METHODS: [Method; 6] = [
    AUGMENTED,
    Method { name: "NN without c", view: View::Plain, residual: false, ..AUGMENTED },
    Method { name: "NN+C without residual", residual: false, ..AUGMENTED },
    Method { name: "NN+C by kernel alone", classes: Classes::Kernel, ..AUGMENTED },
    Method { name: "one NN+C for all", classes: Classes::One, ..AUGMENTED },
    Method { name: "NN+C of 24 units", hidden: 24, ..AUGMENTED },
];

/// Trained models with the names of their classes.
pub struct Trained {
    method: Method,
    /// Names of the classes.
    pub names: Vec<String>,
    /// Models, one a name; several sets, whose logarithms are averaged.
    pub members: Vec<Vec<Model>>,
}

impl Method {
    fn shape(&self) -> Result<Shape> {
        let inputs = input_names(self.view).len();
        let make = if self.hidden > AUGMENTED.hidden { Shape::unconstrained } else { Shape::new };
        Ok(make(inputs, &[self.hidden], Activation::Softsign, true)?)
    }

    /// Trains `members` sets of models.
    pub fn train(&self, pipelines: &[&Pipeline], epochs: usize, members: u64, seed: u64) -> Result<Trained> {
        let names = model_names(pipelines, self.classes);
        let input_names = input_names(self.view);
        let inputs: Vec<&str> = input_names.iter().map(String::as_str).collect();
        let (parts, wholes) = composite(pipelines, &names, inputs.len(), self.residual);
        let schema = Schema::from_names(&inputs, &[], &[])?;
        let config = |member: u64| -> Result<CompositeConfig> {
            Ok(CompositeConfig {
                seed: seed + member,
                shape: self.shape()?,
                loss: Loss::Huber { delta: 0.5 },
                order_weight: 1.0,
                epochs,
                learning_rate: 0.02,
                weight_decay: 1e-2,
                validation_share: 0.15,
            })
        };
        let train = |member| Ok(train_composite(&schema, &parts, wholes.clone(), &config(member)?)?);
        let members = (0..members).map(train).collect::<Result<Vec<_>>>()?;
        Ok(Trained { method: *self, names, members })
    }
}

impl Trained {
    /// Predicted seconds of every schedule of each pipeline.
    pub fn predict(&self, pipelines: &[&Pipeline]) -> Result<Vec<Vec<f64>>> {
        let inputs = input_names(self.method.view).len();
        let (parts, wholes) = composite(pipelines, &self.names, inputs, self.method.residual);
        let mut sums = vec![0.0; wholes.len()];
        for models in &self.members {
            let logs = Composite::new(models.clone(), &parts, wholes.clone())?.log_seconds();
            sums.iter_mut().zip(logs).for_each(|(sum, log)| *sum += log / self.members.len() as f64);
        }
        let mut all = sums.iter().map(|log| log.exp());
        Ok(pipelines.iter().map(|pipeline| all.by_ref().take(pipeline.rows.len()).collect()).collect())
    }
}
