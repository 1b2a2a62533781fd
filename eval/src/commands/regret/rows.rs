//! Regret by judge, size and family.

use std::collections::BTreeSet;

use serde::Serialize;

use super::judges::Verdict;
use crate::results::stats::{mean, mean_interval};

/// What stands for everything.
const ALL: &str = "all";

/// The verdicts on one pipeline.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its size class.
    pub size: String,
    /// What kinds it is of.
    pub family: String,
    /// By judge.
    pub verdicts: Vec<Verdict>,
}

impl Judged {
    fn of(&self, judge: &str) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.judge == judge)
    }
}

/// How a judge did.
#[derive(Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub judge: String,
    /// The size class, or `all`.
    pub size: String,
    /// The family, or `all`.
    pub family: String,
    /// Pipelines that this is of.
    pub pipelines: usize,
    /// Geometric mean of the time of what it picks over that of the best known.
    pub regret: f64,
    /// Ends of the 95 % interval over pipelines, if there are several.
    pub low: Option<f64>,
    /// The other end.
    pub high: Option<f64>,
    /// Mean over pipelines of the mean absolute percentage error, a fraction, if it predicts.
    pub mape: Option<f64>,
}

/// Two judges on the same pipelines.
#[derive(Debug, PartialEq, Serialize)]
pub struct Pair {
    /// One.
    pub judge: &'static str,
    /// The other.
    pub over: &'static str,
    /// Pipelines that both have a verdict on.
    pub pipelines: usize,
    /// Geometric mean of the time of what the one picks over that of what the other does.
    pub ratio: f64,
    /// Ends of the 95 % interval over pipelines, if there are several.
    pub low: Option<f64>,
    /// The other end.
    pub high: Option<f64>,
}

/// Geometric mean and ends of its 95 % interval, if there is one.
fn geometric(ratios: &[f64]) -> (f64, [Option<f64>; 2]) {
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let ends = mean_interval(&logs).map_or([None; 2], |ends| ends.map(|end| Some(end.exp())));
    (mean(&logs).exp(), ends)
}

/// Rows of all judges: over everything, by size class, by family.
pub fn rows(all: &[Judged]) -> Vec<Row> {
    let judges = names(all.iter().flat_map(|judged| judged.verdicts.iter().map(|verdict| verdict.judge)));
    let sizes: BTreeSet<&str> = all.iter().map(|judged| judged.size.as_str()).collect();
    let families: BTreeSet<&str> = all.iter().map(|judged| judged.family.as_str()).collect();
    let sizes = sizes.into_iter().map(|size| (size, ALL));
    let families = families.into_iter().map(|family| (ALL, family));
    let parts: Vec<(&str, &str)> = [(ALL, ALL)].into_iter().chain(sizes).chain(families).collect();
    let of = |judge: &str, (size, family): (&str, &str)| {
        let is_in = |judged: &&Judged| {
            [(size, &judged.size), (family, &judged.family)].iter().all(|(asked, own)| *asked == ALL || asked == own)
        };
        let verdicts: Vec<&Verdict> = all.iter().filter(is_in).filter_map(|judged| judged.of(judge)).collect();
        if verdicts.is_empty() {
            return None;
        }
        let (regret, [low, high]) = geometric(&verdicts.iter().map(|verdict| verdict.regret).collect::<Vec<_>>());
        let errors: Vec<f64> = verdicts.iter().filter_map(|verdict| verdict.mape).collect();
        Some(Row {
            judge: judge.to_owned(),
            size: size.to_owned(),
            family: family.to_owned(),
            pipelines: verdicts.len(),
            regret,
            low,
            high,
            mape: (!errors.is_empty()).then(|| mean(&errors)),
        })
    };
    parts.iter().flat_map(|&part| judges.iter().filter_map(move |judge| of(judge, part))).collect()
}

/// Each once, in order.
fn names(all: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names = Vec::new();
    all.for_each(|name| {
        if !names.contains(&name) {
            names.push(name)
        }
    });
    names
}

/// Judges that are of interest beside each other.
pub fn pairs(all: &[Judged]) -> Vec<Pair> {
    let of = |(judge, over): (&'static str, &'static str)| {
        let ratio = |judged: &Judged| Some(judged.of(judge)?.regret / judged.of(over)?.regret);
        let ratios: Vec<f64> = all.iter().filter_map(ratio).collect();
        let (ratio, [low, high]) = geometric(&ratios);
        (!ratios.is_empty()).then_some(Pair { judge, over, pipelines: ratios.len(), ratio, low, high })
    };
    [("search without brakes", "search"), ("search", "rules"), ("nn+c", "analytic"), ("nn+c", "nn")]
        .into_iter()
        .filter_map(of)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(size: &str, family: &str, regrets: &[(&'static str, f64)]) -> Judged {
        let verdict = |&(judge, regret): &(&'static str, f64)| Verdict { judge, regret, mape: None };
        Judged { size: size.to_owned(), family: family.to_owned(), verdicts: regrets.iter().map(verdict).collect() }
    }

    #[test]
    fn means_are_geometric_and_split() {
        let all = [
            judged("small", "image", &[("search", 1.0), ("rules", 2.0)]),
            judged("large", "image", &[("search", 4.0)]),
        ];
        let rows = rows(&all);
        let find = |judge: &str, size: &str, family: &str| {
            rows.iter().find(|row| (&*row.judge, &*row.size, &*row.family) == (judge, size, family))
        };
        let search = find("search", "all", "all").unwrap();
        assert!((search.regret - 2.0).abs() < 1e-12 && search.pipelines == 2 && search.low.is_some());
        assert_eq!(find("search", "large", "all").unwrap().regret.round(), 4.0);
        assert_eq!(find("search", "large", "all").unwrap().low, None);
        assert_eq!(find("rules", "large", "all"), None);
        assert_eq!(find("rules", "all", "image").unwrap().pipelines, 1);
        let pairs = pairs(&all);
        assert_eq!((pairs.len(), pairs[0].pipelines, pairs[0].ratio), (1, 1, 0.5));
    }
}
