//! The command line of `nnc study`.

use std::path::PathBuf;

use clap::Args;

use crate::system::units::parse_bytes;

/// Arguments of `nnc study`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc study                                measure what is missing here, then train, judge and report
  nnc study mm blur --html study.html      two kernels, with plots
  nnc study --from-data --json study.json  only train and judge, on the measurements in the repository

Kernels: mm, mv, mc, mp (matrix-matrix and matrix-vector product, convolution, max-pooling; each by Eigen, Boost uBLAS and \
Halide, dense and sparse, and by CUDA where there is a GPU), blur and fft (schedules of one Halide pipeline each).

Measurements are kept in the data folder as they are made. An interrupted study goes on where it was; a finished one is only \
judged again. Another --data folder measures anew. NN+C models of this computer go to the model store: see `nnc models`.")]
pub struct StudyArgs {
    /// Kernels to study [default: all]
    #[arg(value_name = "KERNEL")]
    pub kernels: Vec<String>,
    /// Measure nothing: judge what the data folder holds, of every computer
    #[arg(long)]
    pub from_data: bool,
    /// Folder of measurements [default: study/data of this repository]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Folder of the programs that run the kernels [default: study beside this program's folder]
    #[arg(long, value_name = "FOLDER")]
    pub programs: Option<PathBuf>,
    /// The Srivastava2020 plugin, whose schedule of the blur is timed too [default: beside this program]
    #[arg(long, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
    /// Instances of each variant; of a schedule space, for each size [default: 500; of a schedule space 1000, of large sizes fewer]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..))]
    pub instances: Option<u32>,
    /// Instances to train with, of as many [default: 250]
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u32).range(8..))]
    pub train: u32,
    /// Seed of the instances, the split and the training
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Address space of each program
    #[arg(long, value_name = "SIZE", default_value = "16GB", value_parser = parse_bytes)]
    pub memory_limit: u64,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a page with plots to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}
