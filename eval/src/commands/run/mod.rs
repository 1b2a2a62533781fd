//! `nnc run`: an image pipeline on a photograph.

mod photo;

use std::io::Cursor;
use std::path::PathBuf;

use anyhow::{bail, ensure, Context, Result};
use clap::Args;

use crate::measure::args::BuildArgs;
use crate::measure::build::schedulers::{scheduler_or_default, Scheduler};
use crate::measure::run::client::Runner;
use crate::measure::run::protocol::{Argument, Description, Dim, Kind, Request};
use crate::measure::run::regions::{estimates, Region};
use crate::results::record::Status;
use crate::system::files;
use crate::system::progress::Progress;
use crate::system::turns;
use crate::system::units::parse_key_value;
use photo::Axes;

/// Calls that the printed time is the mean of.
const CALLS: u32 = 5;
/// Most bytes of a photograph's file.
const LARGEST_PHOTO: u64 = 512 << 20;

/// Arguments of `nnc run`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc run unsharp --image in.png --out out.png
  nnc run bilateral_grid --image in.jpg --out out.png --param r_sigma=0.2 --scheduler manual")]
pub struct RunArgs {
    /// What to build; exactly one pipeline.
    #[command(flatten)]
    pub build: BuildArgs,
    /// The photograph, PNG or JPEG
    #[arg(long, value_name = "FILE")]
    pub image: PathBuf,
    /// Where the first output goes, as PNG
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What schedules the pipeline [default: HL_AUTOSCHEDULER, else Srivastava2020]
    #[arg(long, value_name = "SCHEDULER")]
    pub scheduler: Option<Scheduler>,
    /// Value of a scalar input, otherwise its estimate. May be repeated
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_key_value)]
    pub scalars: Vec<(String, String)>,
    /// Value of white in the input and the output [default: 1 for floats, 255 for 8 bits, 16383 for wider integers]
    #[arg(long, value_name = "NUMBER")]
    pub white: Option<f64>,
}

/// Builds the pipeline, runs it at the photograph's size and writes its first output.
pub fn run(args: &RunArgs) -> Result<()> {
    let content = files::read(&args.image, LARGEST_PHOTO)?;
    let photo = image::load_from_memory(&content).with_context(|| format!("cannot read {}", args.image.display()))?;
    let photo = photo.to_rgba8();
    let mut chosen = vec![scheduler_or_default(args.scheduler.as_ref())?];
    args.build.parametrise(&mut chosen)?;
    let pipeline = args.build.open_pipeline()?;
    let builder = args.build.builder(&Scheduler::Unscheduled)?;
    let building = Progress::one("building", &pipeline.to_string());
    let build = builder.build(&pipeline, &chosen[0])?;
    ensure!(build.outcome.status == Status::Ok, "{pipeline}: {}", build.outcome.message);
    drop(building);
    let running = Progress::one("running", &pipeline.to_string());
    let mut runner = Runner::start(&build.library, builder.threads, args.build.run_limits())?;
    let description = runner.describe()?;
    let ports = Ports::of(&description)?;
    let size = [photo.width() as i32, photo.height() as i32];
    let request = Request::Plan {
        inputs: ports.inputs_for(size),
        cover: true,
        outputs: ports.outputs_for(size),
        scalars: args.scalars.clone(),
    };
    let shapes = runner.plan(&request)?;
    runner.prepare(&shapes, 0, &args.scalars)?;
    let folder = builder.cache.work_folder()?;
    let path = folder.path().join("values");
    let white = |argument: &Argument| args.white.unwrap_or_else(|| photo::white(argument.type_));
    let input = &shapes.inputs[ports.input_at];
    std::fs::write(&path, photo::elements(&photo, ports.input.type_, input, &ports.input_axes, white(ports.input)))?;
    runner.tell(&Request::Load { input: ports.input_at, path: path.clone() })?;
    runner.run(1)?;
    let turn = turns::to_time();
    let seconds = runner.run(CALLS)? / f64::from(CALLS);
    drop(turn);
    runner.tell(&Request::Save { path: path.clone() })?;
    let dims = &shapes.outputs[0];
    let picture =
        photo::picture(&std::fs::read(&path)?, ports.output.type_, dims, &ports.output_axes, white(ports.output))?;
    let mut content = Cursor::new(Vec::new());
    picture.write_to(&mut content, image::ImageFormat::Png).context("the output is no picture")?;
    files::write(&args.out, content.get_ref())?;
    drop(running);
    let extents: Vec<String> = dims.iter().map(|dim: &Dim| dim.extent.to_string()).collect();
    println!("{pipeline}, {}: {} in {:.3} ms", chosen[0].label(), extents.join("x"), seconds * 1e3);
    Ok(())
}

/// The input that takes the photograph, and the output that is written.
struct Ports<'a> {
    description: &'a Description,
    input: &'a Argument,
    /// Position among the inputs.
    input_at: usize,
    input_axes: Axes,
    output: &'a Argument,
    output_axes: Axes,
}

impl<'a> Ports<'a> {
    fn of(description: &'a Description) -> Result<Ports<'a>> {
        let image = |(at, argument): (usize, &'a Argument)| Some((at, argument, Axes::of(&argument.estimates)?));
        let found = description.of_kind(Kind::Input).enumerate().find_map(image);
        let Some((input_at, input, input_axes)) = found else {
            bail!("no input of this pipeline is an image: two dimensions, or three of which one has at most four channels");
        };
        let output = description.of_kind(Kind::Output).next().context("the pipeline has no output")?;
        let output_axes =
            Axes::of(&output.estimates).with_context(|| format!("the output {} is not an image", output.name))?;
        Ok(Ports { description, input, input_at, input_axes, output, output_axes })
    }

    /// Estimates, except that the photograph's input has the photograph's size.
    fn inputs_for(&self, size: [i32; 2]) -> Vec<Region> {
        let mut inputs = estimates(self.description, Kind::Input);
        let region = &mut inputs[self.input_at];
        region[self.input_axes.x] = [0, size[0]];
        region[self.input_axes.y] = [0, size[1]];
        inputs
    }

    /// Outputs in the same proportion to the photograph as their estimates are to the input's.
    fn outputs_for(&self, size: [i32; 2]) -> Vec<Region> {
        let inputs = estimates(self.description, Kind::Input);
        let input = &inputs[self.input_at];
        let mut outputs = estimates(self.description, Kind::Output);
        for output in &mut outputs {
            let pairs =
                [(self.input_axes.x, self.output_axes.x, size[0]), (self.input_axes.y, self.output_axes.y, size[1])];
            for (from, to, size) in pairs {
                if let Some(range) = output.get_mut(to) {
                    let scaled = i64::from(range[1]) * i64::from(size) / i64::from(input[from][1].max(1));
                    range[1] = i32::try_from(scaled.max(1)).unwrap_or(i32::MAX);
                }
            }
        }
        outputs
    }
}
