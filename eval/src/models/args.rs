//! The command line of `nnc models`.

use clap::{Args, Subcommand};

use super::Name;

/// Arguments of `nnc models`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc models list
  nnc models show mm.eigen
  cp mm.eigen.3f9c21.json \"$(nnc models path)\"

A model is a file KERNEL.VARIANT.HARDWARE.json in $NNC_MODELS, else $XDG_DATA_HOME/nnc/models, else \
~/.local/share/nnc/models. HARDWARE is a fingerprint of processor, threads and vector instructions. A name may leave out \
its end where one model fits; models of this computer come before others.")]
pub struct ModelsArgs {
    /// What to print.
    #[command(subcommand)]
    pub command: ModelsCommand,
}

/// What to print.
#[derive(Subcommand, Debug)]
pub enum ModelsCommand {
    /// All models, those of this computer marked
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// One model: inputs with the ranges seen, training figures
    Show {
        /// The model
        #[arg(value_name = "KERNEL[.VARIANT[.HARDWARE]]")]
        name: Name,
    },
    /// The folder of the models, or the file of one
    Path {
        /// The model
        #[arg(value_name = "KERNEL[.VARIANT[.HARDWARE]]")]
        name: Option<Name>,
    },
}
