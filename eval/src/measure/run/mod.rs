//! The process that runs one compiled pipeline, so that what the pipeline does to it concerns nobody else.

mod buffers;
pub mod client;
mod compare;
mod library;
pub mod output_sizes;
mod profiler;
pub mod protocol;
pub mod regions;
pub mod scaled;
pub mod shapes;
pub mod sizes;
pub mod values;

pub use compare::number;
pub use values::half_bits;

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{ensure, Context, Result};

use buffers::{lay_out, replace, union, Buffer, Raw, Region};
use library::{Call, Library};
use protocol::{
    region_of, regions_of, Argument, Code, Difference, Dim, Kind, Request, Response, Rule, Shapes, Type, PREFIX,
};

/// Bounds queries until the regions settle; they depend on each other only where inputs have constraints.
const QUERIES: usize = 4;

/// Loads the library at `path` and answers requests from standard input until it ends.
pub fn serve(path: &Path, threads: usize) -> Result<()> {
    let mut session =
        Session { library: Library::open(path, threads)?, inputs: vec![], outputs: vec![], scalars: vec![] };
    for line in io::stdin().lock().lines() {
        let request = serde_json::from_str(&line?)?;
        let response = session.answer(request);
        let response = response.unwrap_or_else(|error| Response::Error { message: format!("{error:#}") });
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{PREFIX}{}", serde_json::to_string(&response)?)?;
        stdout.flush()?;
    }
    Ok(())
}

struct Session {
    library: Library,
    inputs: Vec<Buffer>,
    outputs: Vec<Buffer>,
    scalars: Vec<[u8; 8]>,
}

impl Session {
    fn answer(&mut self, request: Request) -> Result<Response> {
        match request {
            Request::Describe => Ok(Response::Description(self.library.description.clone())),
            Request::Plan { inputs, cover, outputs, scalars } => {
                self.set_scalars(&scalars)?;
                let outputs = self.constrained(&inputs, outputs)?;
                Ok(Response::Shapes(self.plan(inputs, cover, &outputs)?))
            }
            Request::Prepare { shapes, seed, scalars } => {
                self.set_scalars(&scalars)?;
                self.prepare(&shapes, seed)
            }
            Request::Load { input, path } => {
                let elements = std::fs::read(path)?;
                let buffer = self.inputs.get_mut(input).context("no such input")?;
                ensure!(buffer.set_elements(&elements), "the number of values is wrong");
                Ok(Response::Done)
            }
            Request::Run { calls } => self.run(calls),
            Request::Profile => Ok(Response::Profile(self.library.profile()?)),
            Request::Save { path } => {
                let mut file = io::BufWriter::new(std::fs::File::create(path)?);
                self.outputs.iter().try_for_each(|output| file.write_all(&output.elements()))?;
                file.flush()?;
                Ok(Response::Done)
            }
            Request::Compare { path, rule } => self.compare(&path, rule),
        }
    }

    fn arguments(&self, kind: Kind) -> Vec<Argument> {
        self.library.description.of_kind(kind).cloned().collect()
    }

    fn set_scalars(&mut self, values: &[(String, String)]) -> Result<()> {
        self.scalars = self.library.scalars.clone();
        let arguments = self.arguments(Kind::Scalar);
        for (name, value) in values {
            let names = || arguments.iter().map(|argument| argument.name.as_str()).collect::<Vec<_>>().join(", ");
            let at = arguments.iter().position(|argument| argument.name == *name);
            let at = at.with_context(|| format!("the pipeline has no scalar '{name}'; it has: {}", names()))?;
            self.scalars[at] = parse_scalar(arguments[at].type_, value).with_context(|| format!("{name}={value}"))?;
        }
        Ok(())
    }

    /// Asks the pipeline for the regions it requires, given these.
    fn query(&self, inputs: &[Vec<Dim>], outputs: &[Vec<Dim>]) -> Result<Shapes> {
        let (mut next_input, mut next_output) = (inputs.iter(), outputs.iter());
        let mut raws = Vec::new();
        let mut is_input = Vec::new();
        for argument in &self.library.description.arguments {
            let dims = match argument.kind {
                Kind::Scalar => continue,
                Kind::Input => next_input.next(),
                Kind::Output => next_output.next(),
            };
            let dims = dims.context("too few shapes")?;
            ensure!(dims.len() == argument.dimensions, "{} has {} dimensions", argument.name, argument.dimensions);
            raws.push(Raw::new(argument.type_, dims, std::ptr::null_mut()));
            is_input.push(argument.kind == Kind::Input);
        }
        let mut call = Call::new(&self.library, raws, self.scalars.clone());
        call.run()?;
        let pick = |input: bool| {
            let chosen = call.raws.iter().zip(&is_input).filter(|(_, is_input)| **is_input == input);
            chosen.map(|(raw, _)| raw.dims()).collect()
        };
        Ok(Shapes { inputs: pick(true), outputs: pick(false) })
    }

    /// Regions of the outputs that the pipeline computes when it is asked for these: others where a constraint says so.
    fn constrained(&self, inputs: &[Vec<Region>], mut outputs: Vec<Vec<Region>>) -> Result<Vec<Vec<Region>>> {
        let inputs = dense(inputs);
        for _ in 0..QUERIES {
            let queried = regions_of(&self.query(&inputs, &dense(&outputs))?.outputs);
            if queried == outputs {
                break;
            }
            outputs = queried;
        }
        Ok(outputs)
    }

    /// Shapes for outputs of the regions asked for, and inputs of what they take; those cover the regions given, too, if
    /// they are to.
    fn plan(&self, inputs: Vec<Vec<Region>>, cover: bool, outputs: &[Vec<Region>]) -> Result<Shapes> {
        let mut regions = inputs;
        let mut input_dims = dense(&regions);
        let mut output_dims = dense(outputs);
        for _ in 0..QUERIES {
            let Shapes { inputs: required, outputs: queried } = self.query(&input_dims, &output_dims)?;
            let fit = if cover { union } else { replace };
            let fitted: Vec<_> = regions.iter().zip(&required).map(|(region, dims)| fit(region, dims)).collect();
            let done = fitted == regions;
            regions = fitted;
            input_dims = regions.iter().zip(&required).map(|(region, dims)| lay_out(region, dims)).collect();
            output_dims = outputs.iter().zip(&queried).map(|(region, dims)| lay_out(region, dims)).collect();
            if done {
                break;
            }
        }
        Ok(Shapes { inputs: input_dims, outputs: output_dims })
    }

    fn prepare(&mut self, shapes: &Shapes, seed: u64) -> Result<Response> {
        let shapes = self.plan(regions_of(&shapes.inputs), true, &regions_of(&shapes.outputs))?;
        (self.inputs, self.outputs) = (vec![], vec![]);
        // Differs between runners, so that an element that is not written does not compare equal by chance.
        let fill = (std::process::id() % 251) as u8 + 1;
        let allocate = |kind, dims: &[Vec<Dim>]| -> Vec<Buffer> {
            let arguments = self.arguments(kind);
            arguments.iter().zip(dims).map(|(argument, dims)| Buffer::new(argument.type_, dims, fill)).collect()
        };
        let inputs = allocate(Kind::Input, &shapes.inputs);
        let outputs = allocate(Kind::Output, &shapes.outputs);
        (self.inputs, self.outputs) = (inputs, outputs);
        for (i, input) in self.inputs.iter_mut().enumerate() {
            input.fill(values::mix(seed ^ i as u64));
        }
        let io_bytes = self.inputs.iter().chain(&self.outputs).map(Buffer::bytes).sum();
        Ok(Response::Ready { io_bytes })
    }

    fn run(&mut self, calls: u32) -> Result<Response> {
        let (mut next_input, mut next_output) = (self.inputs.iter_mut(), self.outputs.iter_mut());
        let mut raws = Vec::new();
        for argument in &self.library.description.arguments {
            let buffer = match argument.kind {
                Kind::Scalar => continue,
                Kind::Input => next_input.next(),
                Kind::Output => next_output.next(),
            };
            let buffer = buffer.context("not prepared")?;
            let host = buffer.host();
            raws.push(Raw::new(buffer.type_, &buffer.dims, host));
        }
        let mut call = Call::new(&self.library, raws, self.scalars.clone());
        let start = Instant::now();
        for _ in 0..calls {
            call.run()?;
        }
        Ok(Response::Ran { seconds: start.elapsed().as_secs_f64() })
    }

    fn compare(&self, path: &Path, rule: Rule) -> Result<Response> {
        let saved = std::fs::read(path)?;
        let mut rest = &saved[..];
        let mut difference: Option<Difference> = None;
        for (argument, output) in self.arguments(Kind::Output).iter().zip(&self.outputs) {
            let found = output.elements();
            ensure!(rest.len() >= found.len(), "the saved outputs are of another shape");
            let (expected, after) = rest.split_at(found.len());
            rest = after;
            let region = region_of(&output.dims);
            if let Some(mut here) = compare::difference(output.type_, &region, expected, &found, rule) {
                here.text = format!("output '{}': {}", argument.name, here.text);
                difference = Some(match difference {
                    None => here,
                    Some(before) => before.and(here),
                });
            }
        }
        ensure!(rest.is_empty(), "the saved outputs are of another shape");
        Ok(Response::Compared { difference })
    }
}

/// Layouts without gaps.
fn dense(regions: &[Vec<Region>]) -> Vec<Vec<Dim>> {
    regions.iter().map(|region| lay_out(region, &[])).collect()
}

/// The value of a scalar argument, in the low bytes.
fn parse_scalar(type_: Type, text: &str) -> Result<[u8; 8]> {
    let mut bytes = [0; 8];
    match (type_.code, type_.bits) {
        (Code::Float, 64) => bytes = text.parse::<f64>()?.to_le_bytes(),
        (Code::Float, 32) => bytes[..4].copy_from_slice(&text.parse::<f32>()?.to_le_bytes()),
        (Code::UInt, 1) => bytes[0] = u8::from(text.parse::<bool>()?),
        (Code::Int | Code::UInt, bits) => {
            let value: i128 = text.parse()?;
            let (low, high) = match type_.code {
                Code::Int => (-(1i128 << (bits - 1)), 1i128 << (bits - 1)),
                _ => (0, 1i128 << bits),
            };
            ensure!((low..high).contains(&value), "out of the range of a {bits}-bit integer");
            bytes = (value as u64).to_le_bytes();
        }
        _ => anyhow::bail!("scalars of this type cannot be set"),
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_parse_by_type() {
        let parse = |code, bits, text| parse_scalar(Type { code, bits }, text).map(u64::from_le_bytes);
        assert_eq!(parse(Code::UInt, 8, "255").unwrap(), 255);
        assert!(parse(Code::UInt, 8, "256").is_err());
        assert_eq!(parse(Code::Int, 64, "-1").unwrap(), u64::MAX);
        assert_eq!(parse(Code::Float, 32, "1").unwrap(), u64::from(1f32.to_bits()));
        assert_eq!(parse(Code::UInt, 1, "true").unwrap(), 1);
        assert!(parse(Code::Handle, 64, "0").is_err());
    }
}
