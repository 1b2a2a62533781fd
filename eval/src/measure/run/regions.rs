//! Regions of a pipeline's buffers: what their estimates say, and what other output sizes mean for inputs.

use crate::measure::run::protocol::{Description, Kind};

/// `[min, extent]` by dimension.
pub type Region = Vec<[i32; 2]>;

/// Regions of the buffers of one kind at the estimates; where there is none, one element.
pub fn estimates(description: &Description, kind: Kind) -> Vec<Region> {
    let region = |estimate: &Option<[i32; 2]>| estimate.unwrap_or([0, 1]);
    let arguments = description.of_kind(kind);
    arguments.map(|argument| argument.estimates.iter().map(region).collect()).collect()
}

/// Says which of the outputs that `counts` accepts lack an estimate, if any: their size is not known.
pub fn lacks_estimates(description: &Description, counts: impl Fn(&str) -> bool) -> Option<String> {
    let lacking = description.of_kind(Kind::Output).filter(|argument| argument.estimates.contains(&None));
    let names: Vec<&str> = lacking.map(|argument| argument.name.as_str()).filter(|name| counts(name)).collect();
    (!names.is_empty()).then(|| format!("the size of output {} is not known: it has no estimates", names.join(", ")))
}

/// Outputs with the extent in dimension `d` set to `extent`: of the first output, and of those estimated to be as large.
pub fn with_extent(outputs: &[Region], estimates: &[Region], d: usize, extent: i32) -> Vec<Region> {
    let like_first = |region: &Region| region.get(d) == estimates[0].get(d);
    let mut changed = outputs.to_vec();
    for (output, _) in changed.iter_mut().zip(estimates).filter(|(_, estimate)| like_first(estimate)) {
        output[d][1] = extent;
    }
    changed
}

/// Inputs to start from when `outputs` are asked for: the estimates, except that a dimension as large as an output's is
/// so again. What the pipeline reads beyond them is for a bounds query to find.
pub fn inputs_for(description: &Description, outputs: &[Region]) -> Vec<Region> {
    let estimated = estimates(description, Kind::Output);
    let mut inputs = estimates(description, Kind::Input);
    for input in &mut inputs {
        for (d, range) in input.iter_mut().enumerate() {
            let like = estimated.iter().position(|region| region.get(d).is_some_and(|[_, extent]| *extent == range[1]));
            if let Some(output) = like {
                range[1] = outputs[output][d][1];
            }
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::run::protocol::{Argument, Code, Type};

    fn argument(kind: Kind, estimates: &[Option<[i32; 2]>]) -> Argument {
        Argument {
            name: "f".to_owned(),
            kind,
            type_: Type { code: Code::Int, bits: 32 },
            dimensions: estimates.len(),
            estimates: estimates.to_vec(),
        }
    }

    fn description(arguments: Vec<Argument>) -> Description {
        Description { target: "x86-64-linux".to_owned(), arguments }
    }

    #[test]
    fn missing_estimates_are_named() {
        let description = description(vec![argument(Kind::Output, &[Some([0, 8]), None])]);
        assert!(lacks_estimates(&description, |_| true).unwrap().contains("output f"));
        assert_eq!(lacks_estimates(&description, |name| name != "f"), None);
        assert_eq!(estimates(&description, Kind::Output), [[[0, 8], [0, 1]]]);
    }

    #[test]
    fn inputs_follow_outputs_where_their_estimates_agree() {
        let description = description(vec![
            argument(Kind::Input, &[Some([0, 64]), Some([0, 32])]),
            argument(Kind::Input, &[Some([0, 3])]),
            argument(Kind::Input, &[Some([0, 9])]),
            argument(Kind::Output, &[Some([0, 64]), Some([0, 16])]),
            argument(Kind::Output, &[Some([0, 9])]),
        ]);
        let inputs = inputs_for(&description, &[vec![[0, 7], [0, 5]], vec![[0, 8]]]);
        assert_eq!(inputs, [vec![[0, 7], [0, 32]], vec![[0, 3]], vec![[0, 8]]]);
    }

    #[test]
    fn extents_of_like_outputs_change_together() {
        let estimates = vec![vec![[0, 64], [0, 32]], vec![[0, 64]], vec![[0, 9]], vec![]];
        let changed = with_extent(&estimates, &estimates, 0, 7);
        assert_eq!(changed, [vec![[0, 7], [0, 32]], vec![[0, 7]], vec![[0, 9]], vec![]]);
    }
}
