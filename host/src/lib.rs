//! Which computer this is, and where models trained on it are kept: what the plugin and `nnc` have to agree on.

mod models_folder;
mod processor;

pub use models_folder::{cost_model_path, models_folder, NoFolder};
pub use processor::{cpu_name, Processor, ARCHITECTURE};
