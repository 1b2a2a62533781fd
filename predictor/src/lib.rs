//! NN+C: execution-time prediction by tiny augmented neural networks.
//!
//! One small model per kernel, variant and hardware. Its inputs are the kernel's parameters K, the
//! hardware or code parameters H and the kernel's known complexity terms c = f(K, H); its output is the
//! logarithm of the time in seconds. A model has at most [`MAX_PARAMETERS`] parameters in at most
//! [`MAX_LAYERS`] dense layers, so it trains in a fraction of a second from 250 timings and ranks thousands of
//! candidates in microseconds. The method is that of Srivastava et al., HiPC 2020 (arXiv 2003.07497), sections
//! III to V, with three changes: scaling is fitted on training data alone, the network predicts
//! log-seconds within limits that the training data set, and the evidence of the training data says how far to trust them.
//!
//! The way of the data: a [`Dataset`] of named inputs and times goes through [`train`] and becomes an
//! [`Ensemble`]: a lead [`Model`] that answers, and companions that say how sure the answer is.
//! [`BatchPredictor`] evaluates the lead over thousands of candidates; [`Ensemble::save`] writes a JSON file.
//! [`Method`] fits the paper's baselines to the same data and [`metrics`] compares them.
//!
//! To train from something other than one time per instance (for example the time of a whole pipeline whose
//! stages a model predicts), use [`Model::trace`] and [`Model::accumulate_gradient`] with [`Adam`] and a loss
//! of your own; [`train_composite`] does so for sums of parts.
//!
//! ```
//! use ndarray::{Array1, Array2};
//! use predictor::{train, Dataset, Ensemble, Schema, TrainConfig};
//!
//! # fn main() -> predictor::Result<()> {
//! let schema = Schema::from_names(&["n"], &["threads"], &["operations"])?;
//! let inputs = Array2::from_shape_fn((40, 3), |(row, column)| {
//!     let n = (row + 1) as f64;
//!     [n, 1.0 + (row % 4) as f64, n.powi(3)][column]
//! });
//! let seconds: Array1<f64> = inputs.rows().into_iter().map(|row| 1e-6 + 1e-9 * row[2] / row[1]).collect();
//! let data = Dataset::new(schema, inputs, seconds)?;
//! let config = TrainConfig { restarts: 1, companions: 1, ..TrainConfig::default() };
//! let model = train(&data, &config)?;
//! assert!(model.parameter_count() <= predictor::MAX_PARAMETERS);
//!
//! let prediction = model.predict(&[1000.0, 2.0, 1e9], None)?;
//! assert!(prediction.is_extrapolation() && prediction.seconds > 0.0);
//! assert_eq!(Ensemble::from_json(&model.to_json())?, model);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod activation;
mod adam;
mod baseline;
mod batch;
mod batch_predictor;
mod composite;
mod dataset;
mod ensemble;
mod error;
mod lane_math;
mod levenberg_marquardt;
mod linalg;
mod loss;
mod method;
pub mod metrics;
mod model;
mod model_file;
mod network;
mod noise;
mod normalise;
mod prior;
mod problem;
mod provenance;
mod rates;
mod rng;
mod schema;
mod shape;
mod tape;
mod tournament;
mod train;
mod vectors;

pub use activation::Activation;
pub use adam::Adam;
pub use baseline::{Forest, Large, Linear, Space};
pub use batch::Batch;
pub use batch_predictor::BatchPredictor;
pub use composite::{refine_composite, train_composite, Composite, CompositeConfig, Parts, Whole};
pub use dataset::Dataset;
pub use ensemble::{Ensemble, Prediction};
pub use error::{Error, Result};
pub use loss::Loss;
pub use method::{Method, Regressor};
pub use model::{Model, Trace};
pub use model_file::FORMAT_VERSION;
pub use network::Network;
pub use normalise::{InputScale, Normaliser, Range, TargetScale, Transform};
pub use provenance::{Provenance, TrainingFigures};
pub use rates::Rates;
pub use rng::Rng;
pub use schema::{Input, InputKind, Schema};
pub use shape::{Shape, MAX_LAYERS, MAX_PARAMETERS};
pub use tape::Tape;
pub use train::{train, TrainConfig};
