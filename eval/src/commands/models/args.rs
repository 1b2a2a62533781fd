//! The command line of `nnc models`.

use clap::{Args, Subcommand};

use super::choose::Given;
use crate::models::{parse_part, Name};
use crate::system::units::parse_key_value;

/// Arguments of `nnc models`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc models list
  nnc models show mm.eigen
  nnc models choose mm m=512 n=512 k=64 d1=1 d2=0.25 threads=2
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
    /// The variants of a kernel, the one predicted to be the fastest first
    Choose {
        /// The kernel
        #[arg(value_name = "KERNEL", value_parser = parse_part)]
        kernel: String,
        /// Its parameters
        #[arg(value_name = "NAME=NUMBER", value_parser = parse_given)]
        given: Vec<Given>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// The folder of the models, or the file of one
    Path {
        /// The model
        #[arg(value_name = "KERNEL[.VARIANT[.HARDWARE]]")]
        name: Option<Name>,
    },
}

fn parse_given(text: &str) -> Result<Given, String> {
    let (name, value) = parse_key_value(text)?;
    let number: f64 = value.parse().map_err(|_| format!("`{value}` is not a number"))?;
    Ok((name, number))
}
