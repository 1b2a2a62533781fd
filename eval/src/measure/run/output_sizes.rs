//! The sizes of outputs that a user asks for, instead of the estimates.

use std::fmt;

use crate::measure::run::protocol::{Description, Kind};
use crate::measure::run::regions::{estimates, lacks_estimates, Region};

/// `NAME=WxH[,NAME=WxH...]`: extents of some outputs; the others keep their estimates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSizes(Vec<(String, Vec<i32>)>);

/// `2560x1920x3`
pub fn extents_text(extents: impl IntoIterator<Item = i32>) -> String {
    let extents: Vec<String> = extents.into_iter().map(|extent| extent.to_string()).collect();
    extents.join("x")
}

impl std::str::FromStr for OutputSizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = |item: &str| {
            let error =
                || format!("'{item}' is not the size of an output; expected NAME=WIDTHxHEIGHT..., as output=640x480");
            let (name, extents) = item.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(error)?;
            let extent = |text: &str| text.parse().ok().filter(|&extent: &i32| extent > 0);
            let extents: Option<Vec<i32>> = extents.split('x').map(extent).collect();
            Ok((name.to_owned(), extents.ok_or_else(error)?))
        };
        let sizes = text.split(',').map(one).collect::<Result<Vec<_>, String>>()?;
        for (i, (name, _)) in sizes.iter().enumerate() {
            if sizes[..i].iter().any(|(other, _)| other == name) {
                return Err(format!("'{text}' has two sizes for {name}; each --size may have one"));
            }
        }
        Ok(OutputSizes(sizes))
    }
}

impl fmt::Display for OutputSizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |(name, extents): &(String, Vec<i32>)| format!("{name}={}", extents_text(extents.iter().copied()));
        f.write_str(&self.0.iter().map(text).collect::<Vec<_>>().join(","))
    }
}

impl OutputSizes {
    /// What reports add to the pipeline's name: a single output needs no name.
    pub fn label(&self) -> String {
        match &self.0[..] {
            [(_, extents)] => extents_text(extents.iter().copied()),
            _ => self.to_string(),
        }
    }

    /// Whether it says the size of the output `name`.
    pub fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(named, _)| named == name)
    }
}

/// Regions of the outputs: of these sizes, else at the estimates.
///
/// # Errors
/// A message that names the outputs there are, when `sizes` are not for this pipeline; or those without estimates.
pub fn output_regions(description: &Description, sizes: Option<&OutputSizes>) -> Result<Vec<Region>, String> {
    let outputs: Vec<_> = description.of_kind(Kind::Output).collect();
    let mut regions = estimates(description, Kind::Output);
    for (name, extents) in sizes.iter().flat_map(|sizes| &sizes.0) {
        let Some(at) = outputs.iter().position(|output| output.name == *name) else {
            let names: Vec<String> =
                outputs.iter().map(|output| format!("{} ({} dimensions)", output.name, output.dimensions)).collect();
            return Err(format!("the pipeline has no output '{name}'; it has {}", names.join(", ")));
        };
        let dimensions = outputs[at].dimensions;
        if extents.len() != dimensions {
            let given = extents_text(extents.iter().copied());
            return Err(format!("output '{name}' has {dimensions} dimensions, and {given} has {}", extents.len()));
        }
        regions[at].iter_mut().zip(extents).for_each(|(range, extent)| range[1] = *extent);
    }
    let unnamed = |name: &str| !sizes.is_some_and(|sizes| sizes.names(name));
    match lacks_estimates(description, unnamed) {
        Some(message) => Err(message),
        None => Ok(regions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::run::protocol::{Argument, Code, Type};

    fn sizes(text: &str) -> OutputSizes {
        text.parse().unwrap()
    }

    fn description() -> Description {
        let output = |name: &str, estimates: &[Option<[i32; 2]>]| Argument {
            name: name.to_owned(),
            kind: Kind::Output,
            type_: Type { code: Code::Int, bits: 32 },
            dimensions: estimates.len(),
            estimates: estimates.to_vec(),
        };
        let arguments = vec![output("a", &[Some([2, 64]), Some([0, 32])]), output("b", &[None])];
        Description { target: "x86-64-linux".to_owned(), arguments }
    }

    #[test]
    fn they_parse_and_print() {
        assert_eq!(sizes("output=2560x1920x3").label(), "2560x1920x3");
        assert_eq!(sizes("a=7,b=8x9").label(), "a=7,b=8x9");
        assert_eq!(sizes("output=2560x1920x3").to_string(), "output=2560x1920x3");
        for bad in ["", "640x480", "a=", "=3", "a=0x3", "a=3x", "a=3,b", "a=3,a=4"] {
            assert!(bad.parse::<OutputSizes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn others_keep_their_estimates() {
        let regions = output_regions(&description(), Some(&sizes("b=5"))).unwrap();
        assert_eq!(regions, [vec![[2, 64], [0, 32]], vec![[0, 5]]]);
        let regions = output_regions(&description(), Some(&sizes("b=5,a=7x8"))).unwrap();
        assert_eq!(regions, [vec![[2, 7], [0, 8]], vec![[0, 5]]]);
        assert!(output_regions(&description(), Some(&sizes("a=7x8"))).unwrap_err().contains("output b"));
        assert!(output_regions(&description(), None).unwrap_err().contains("output b"));
    }

    #[test]
    fn errors_name_the_outputs() {
        let error = output_regions(&description(), Some(&sizes("c=5"))).unwrap_err();
        assert_eq!(error, "the pipeline has no output 'c'; it has a (2 dimensions), b (1 dimensions)");
        let error = output_regions(&description(), Some(&sizes("a=5"))).unwrap_err();
        assert_eq!(error, "output 'a' has 2 dimensions, and 5 has 1");
    }
}
