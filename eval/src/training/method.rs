//! The predictors that are compared.

use anyhow::Result;
use predictor::{
    refine_composite, train_composite, Activation, Composite, CompositeConfig, Loss, Model, Parts, Schema, Shape, Whole,
};
use scheduler::cost::ANY_CLASS;

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
    Method { name: "NN+C", view: View::Augmented, residual: true, classes: Classes::KernelAndVariant, hidden: 2 };

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
    /// How they were trained.
    pub method: Method,
    /// Names of the classes.
    pub names: Vec<String>,
    /// Models, one a name; several sets, whose logarithms are averaged.
    pub members: Vec<Vec<Model>>,
}

impl Method {
    /// Number of inputs of each network.
    fn inputs(&self) -> usize {
        input_names(self.view).len()
    }

    /// Shape of each network.
    pub fn shape(&self) -> Result<Shape> {
        let make = if self.hidden > AUGMENTED.hidden { Shape::unconstrained } else { Shape::new };
        Ok(make(self.inputs(), &[self.hidden], Activation::Softsign, true)?)
    }

    /// Inputs of each network.
    pub fn schema(&self) -> Result<Schema> {
        let names = input_names(self.view);
        Ok(Schema::from_names(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[], &[])?)
    }

    fn config(&self, epochs: usize, seed: u64) -> Result<CompositeConfig> {
        Ok(CompositeConfig {
            seed,
            shape: self.shape()?,
            loss: Loss::Relative { delta: 0.3 },
            order_weight: 0.3,
            epochs,
            learning_rate: 0.02,
            weight_decay: 3e-3,
            validation_share: 0.15,
        })
    }

    /// Trains `members` sets of models: first one for all stages, then from there one for each class. Weight decay keeps a
    /// class with few data near the model for all.
    pub fn train(&self, pipelines: &[&Pipeline], epochs: usize, members: u64, seed: u64) -> Result<Trained> {
        let schema = self.schema()?;
        let all = [ANY_CLASS.to_owned()];
        let (parts, wholes) = composite(pipelines, &all, self.inputs(), self.residual);
        let train =
            |member| Ok(train_composite(&schema, &parts, wholes.clone(), &self.config(epochs, seed + member)?)?);
        let members = (0..members).map(train).collect::<Result<Vec<_>>>()?;
        let names = model_names(pipelines, self.classes);
        let same = |models: &Vec<Model>| vec![models[0].clone(); names.len()];
        let start = Trained { method: *self, members: members.iter().map(same).collect(), names };
        start.refined(pipelines, epochs, seed)
    }
}

impl Trained {
    /// The same models, trained further with these pipelines.
    pub fn refined(&self, pipelines: &[&Pipeline], epochs: usize, seed: u64) -> Result<Trained> {
        let (parts, wholes) = self.composite(pipelines);
        let refine = |(member, models): (usize, &Vec<Model>)| {
            let config = self.method.config(epochs, seed + member as u64)?;
            Ok(refine_composite(models.clone(), &parts, wholes.clone(), &config)?)
        };
        let members = self.members.iter().enumerate().map(refine).collect::<Result<Vec<_>>>()?;
        Ok(Trained { method: self.method, names: self.names.clone(), members })
    }

    /// Predicted seconds of every schedule of each pipeline.
    pub fn predict(&self, pipelines: &[&Pipeline]) -> Result<Vec<Vec<f64>>> {
        let (parts, wholes) = self.composite(pipelines);
        let mut sums = vec![0.0; wholes.len()];
        for models in &self.members {
            let logs = Composite::new(models.clone(), &parts, wholes.clone())?.log_seconds();
            sums.iter_mut().zip(logs).for_each(|(sum, log)| *sum += log / self.members.len() as f64);
        }
        let mut all = sums.iter().map(|log| log.exp());
        Ok(pipelines.iter().map(|pipeline| all.by_ref().take(pipeline.rows.len()).collect()).collect())
    }

    fn composite(&self, pipelines: &[&Pipeline]) -> (Vec<Parts>, Vec<Whole>) {
        composite(pipelines, &self.names, self.method.inputs(), self.method.residual)
    }
}
