//! The command line of `nnc accuracy`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::records::dataset::Group;

/// What is held out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HeldOut {
    /// All pipelines of a family.
    Family,
    /// All schedules of a pipeline.
    Pipeline,
    /// All that was measured on a processor.
    Processor,
}

impl HeldOut {
    /// What each pipeline is held out with.
    pub fn labels(self, groups: &[Group]) -> Vec<&str> {
        let label: fn(&Group) -> &str = match self {
            HeldOut::Family => |group| &group.family,
            HeldOut::Pipeline => |group| &group.name,
            HeldOut::Processor => |group| &group.processor,
        };
        groups.iter().map(label).collect()
    }
}

/// Arguments of `nnc accuracy`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc accuracy
  nnc accuracy records.gz
  nnc accuracy records.gz --held-out pipeline --json accuracy.json
  nnc accuracy records.gz others.gz --brief
  nnc accuracy first --again second --brief
  nnc accuracy one-machine.gz another.gz --held-out processor --brief
  nnc accuracy records.gz --fit --brief

Every pipeline is predicted by models that were trained without it, and without its family. rho is Spearman's rank \
correlation of predicted and measured times over the schedules of one pipeline, MAPE the mean absolute percentage error of \
the times of pipelines, regret the time of the schedule with the best prediction over that of the fastest measured.

Random pipelines may end in an output that is the same along a dimension, which compilers compute once whatever its loops are; \
a second table has those that do not. Where records are of several processors, a table each has those of one.

Where there are schedules by Adams2019 among the records (nnc collect --others), another table compares its own cost model \
with these on them.")]
pub struct AccuracyArgs {
    /// Records: folders of `nnc collect`, or what its --export wrote [default: those that the model shipped for this computer's
    /// vectors was trained on, in eval/data]
    #[arg(value_name = "FILE")]
    pub records: Vec<PathBuf>,
    /// What is held out together
    #[arg(long, value_name = "WHAT", default_value = "family")]
    pub held_out: HeldOut,
    /// Parts into which the pipelines are split, each predicted from the others; random pipelines are of eight families
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..))]
    pub folds: u32,
    /// Epochs of training
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub epochs: usize,
    /// Networks of each model, whose predictions are averaged
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub members: u64,
    /// Seed of training
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Train on all records, and write the model to this file for the scheduler to load
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Judge the analytic cost and the predictor proper alone, not what is left of it without one of its ideas
    #[arg(long)]
    pub brief: bool,
    /// Fit the constants of the analytic cost too, judge it with them, and print them; for records of one instruction set
    #[arg(long)]
    pub fit: bool,
    /// The same schedules measured at another time, files as FILE: how well one time tells the other, which no model can beat
    #[arg(long, value_name = "FILE")]
    pub again: Option<PathBuf>,
    /// Judge nothing, only --save
    #[arg(long, requires = "save")]
    pub only_save: bool,
    /// Write all figures to this file, and what each schedule was predicted to take
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
