//! What the plugin and `nnc` have to agree on: which computer this is, where models trained on it are kept, and how files are
//! read and written that people name.

mod input_file;
mod models_folder;
mod output_file;
mod processor;

pub use input_file::{open_input, read_input, read_input_text, LARGEST_FILE};
pub use models_folder::{cost_model_path, models_folder, NoFolder};
pub use output_file::{replaces, write_output};
pub use processor::{cpu_name, Processor, ARCHITECTURE};
