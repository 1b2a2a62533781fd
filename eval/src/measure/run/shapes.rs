//! Shapes of a pipeline's buffers: those asked for, as far as its constraints allow.

use crate::measure::run::client::Runner;
use crate::measure::run::output_sizes::extents_text;
use crate::measure::run::protocol::{regions_of, Description, Kind, Request, Shapes};
use crate::measure::run::regions::{inputs_for, Region};
use crate::results::failure::Failure;

/// How Halide's runtime begins its complaint about a buffer of a shape that a constraint excludes.
const VIOLATED: &str = "Constraint violated";

/// Shapes for these outputs: an output is of another shape only where a constraint says so. Inputs are at least as large
/// as what [`inputs_for`] gives, or just as large as what the pipeline reads.
pub fn plan(runner: &mut Runner, outputs: &[Region], cover: bool) -> Result<Shapes, Failure> {
    let description = runner.describe()?;
    let mut ask = |outputs: &[Region]| {
        let inputs = inputs_for(&description, outputs);
        runner.plan(&Request::Plan { inputs, cover, outputs: outputs.to_vec(), scalars: vec![] })
    };
    let shapes = ask(outputs)?;
    let allowed = regions_of(&shapes.outputs);
    // Inputs follow what the outputs came to be.
    if allowed == outputs {
        Ok(shapes)
    } else {
        ask(&allowed)
    }
}

/// Has a build compute its outputs once, and returns the shapes that its buffers then have, and the bytes of all. A bounds query does not tell a
/// constraint on an input from a need: so inputs are as planned, and only if the pipeline rejects that as it asks for.
pub fn compute(runner: &mut Runner, shapes: Shapes, seed: u64) -> Result<(Shapes, u64), Failure> {
    let io_bytes = runner.prepare(&shapes, seed, &[])?;
    match runner.run(1) {
        Err(failure) if failure.message.starts_with(VIOLATED) => {
            let shapes = plan(runner, &regions_of(&shapes.outputs), false)?;
            let io_bytes = runner.prepare(&shapes, seed, &[])?;
            runner.run(1).map(|_| (shapes, io_bytes))
        }
        ran => ran.map(|_| (shapes, io_bytes)),
    }
}

/// Says which of the `fixed` outputs is planned to be of another size than asked for, if one is.
pub fn refused(
    description: &Description,
    asked: &[Region],
    planned: &Shapes,
    fixed: impl Fn(&str) -> bool,
) -> Option<String> {
    let text = |region: &Region| match region.iter().any(|[min, _]| *min != 0) {
        true => region.iter().map(|[min, extent]| format!("{extent} from {min}")).collect::<Vec<_>>().join(" x "),
        false => extents_text(region.iter().map(|[_, extent]| *extent)),
    };
    let allowed = regions_of(&planned.outputs);
    let mut outputs = description.of_kind(Kind::Output).zip(asked.iter().zip(&allowed));
    let (output, (asked, allowed)) =
        outputs.find(|(output, (asked, allowed))| asked != allowed && fixed(&output.name))?;
    Some(format!("output '{}' cannot be {}: the pipeline makes it {}", output.name, text(asked), text(allowed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::run::protocol::{Argument, Code, Dim, Type};

    #[test]
    fn fixed_outputs_must_be_as_asked_for() {
        let output = |name: &str| Argument {
            name: name.to_owned(),
            kind: Kind::Output,
            type_: Type { code: Code::Int, bits: 32 },
            dimensions: 2,
            estimates: vec![None, None],
        };
        let description = Description { target: String::new(), arguments: vec![output("a"), output("b")] };
        let dims = |region: [[i32; 2]; 2]| region.map(|[min, extent]| Dim { min, extent, stride: 1 }).to_vec();
        let asked = [vec![[0, 100], [0, 3]], vec![[0, 8], [0, 8]]];
        let planned = Shapes { inputs: vec![], outputs: vec![dims([[0, 128], [0, 3]]), dims([[1, 8], [0, 8]])] };
        let refused = |fixed: &str| refused(&description, &asked, &planned, |name| name == fixed);
        assert_eq!(refused("a").unwrap(), "output 'a' cannot be 100x3: the pipeline makes it 128x3");
        assert_eq!(refused("b").unwrap(), "output 'b' cannot be 8x8: the pipeline makes it 8 from 1 x 8 from 0");
        assert_eq!(refused("c"), None);
    }
}
