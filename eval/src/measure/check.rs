//! Whether a build computes the same as another, whatever the size.

use std::collections::BTreeMap;

use anyhow::{ensure, Result};

use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::schedulers::UNSCHEDULED;
use crate::measure::run::client::Runner;
use crate::measure::run::output_sizes::{extents_text, output_regions};
use crate::measure::run::protocol::{regions_of, Request, Rule, Shapes};
use crate::measure::run::regions::{with_extent, Region};
use crate::measure::run::shapes;
use crate::measure::run::sizes::Size;
use crate::measure::time::timer::rule_for;
use crate::results::failure::Failure;
use crate::results::record::Status;
use crate::system::child::Limits;
use crate::system::process;

/// What a check at one size found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Equal,
    /// The unscheduled build rejects the size, for this reason.
    NotApplicable(String),
    /// Outputs differ, or the scheduled build rejects the size.
    Failed(String),
    /// Outputs of the unscheduled build depend on memory that it has not written.
    Undefined,
}

/// Checks that have been made of one pipeline.
#[derive(Default)]
pub struct Findings {
    /// Sizes at which outputs are equal.
    pub equal: usize,
    /// Sizes that the unscheduled build rejects.
    pub not_applicable: Vec<String>,
    /// Sizes at which the unscheduled build uses memory that it has not written: Halide's mistake, and nothing to compare
    /// with.
    pub undefined: Vec<String>,
    /// Sizes at which outputs differ, or that the scheduled build rejects, and how.
    pub failed: Vec<String>,
}

impl Findings {
    fn add(&mut self, outputs: &[Region], verdict: Verdict) {
        let sizes: Vec<String> = outputs.iter().map(size_text).collect();
        let size = sizes.join(" and ");
        match verdict {
            Verdict::Equal => self.equal += 1,
            Verdict::NotApplicable(reason) => self.not_applicable.push(format!("{size}: {reason}")),
            Verdict::Failed(reason) => self.failed.push(format!("{size}: {reason}")),
            Verdict::Undefined => self.undefined.push(size),
        }
    }

    /// Counts, in words.
    pub fn summary(&self) -> String {
        let mut text = format!("{} sizes equal", self.equal);
        if !self.not_applicable.is_empty() {
            text += &format!(", {} not applicable", self.not_applicable.len());
        }
        if !self.undefined.is_empty() {
            text += &format!(", {} undefined", self.undefined.len());
        }
        if !self.failed.is_empty() {
            text += &format!(", {} FAILED", self.failed.len());
        }
        text
    }
}

fn size_text(region: &Region) -> String {
    match region.is_empty() {
        true => "scalar".to_owned(),
        false => extents_text(region.iter().map(|[_, extent]| *extent)),
    }
}

/// How two builds are compared.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Sizes of each dimension of the outputs, besides the estimates.
    pub sizes: Vec<Size>,
    /// Estimates beyond this are halved until they are not.
    pub max_extent: i32,
    /// Seed of the input values.
    pub seed: u64,
    /// Limits of each process that runs a pipeline.
    pub limits: Limits,
}

impl Checks {
    /// Compares `subject` with `reference`: bit for bit, unless the schedule may round floats otherwise.
    ///
    /// # Errors
    /// If the check itself cannot be made; a build that fails is a finding.
    pub fn compare(&self, builder: &Builder, reference: &Build, subject: &Build) -> Result<Findings> {
        let mut findings = Findings::default();
        for (label, build) in [(UNSCHEDULED, reference), ("scheduled", subject)] {
            if build.outcome.status != Status::Ok {
                findings.failed.push(format!("all sizes: no {label} build: {}", build.outcome.message));
                return Ok(findings);
            }
        }
        findings.failed.extend(subject.outcome.failed_inside.clone());
        let folder = builder.cache.work_folder()?;
        let mut pair = Pair {
            reference: Restarting::start(reference, builder.threads, self.limits, FILLS[0])?,
            subject: Restarting::start(subject, builder.threads, self.limits, FILLS[1])?,
            saved: folder.path().join("outputs"),
            seed: self.seed,
            rule: Rule::Exact,
        };
        if subject.reassociates {
            pair.rule = rule_for(&pair.reference.runner.describe()?, reference.outcome.float_math, true);
        }
        pair.check_all(&self.sizes, self.max_extent, &mut findings)?;
        Ok(findings)
    }
}

/// What fills new memory of the two builds, so that what depends on it differs.
const FILLS: [u8; 2] = [0x55, 0xa7];

/// A runner that is started again after a crash.
struct Restarting<'a> {
    runner: Runner,
    build: &'a Build,
    threads: usize,
    limits: Limits,
    fill: u8,
}

impl<'a> Restarting<'a> {
    fn start(build: &'a Build, threads: usize, limits: Limits, fill: u8) -> Result<Restarting<'a>> {
        let runner = Runner::start_filling(&build.library, threads, limits, Some(fill))?;
        Ok(Restarting { runner, build, threads, limits, fill })
    }

    /// Starts it again if it has crashed.
    fn revive(&mut self) -> Result<()> {
        if !self.runner.is_alive() {
            self.runner = Runner::start_filling(&self.build.library, self.threads, self.limits, Some(self.fill))?;
        }
        Ok(())
    }
}

/// The two builds that must agree.
struct Pair<'a> {
    reference: Restarting<'a>,
    subject: Restarting<'a>,
    saved: std::path::PathBuf,
    seed: u64,
    rule: Rule,
}

impl Pair<'_> {
    /// Checks the estimates; each dimension at each size; all dimensions that can have a plain size at that size.
    fn check_all(&mut self, sizes: &[Size], max_extent: i32, findings: &mut Findings) -> Result<()> {
        let description = self.reference.runner.describe()?;
        let estimates = output_regions(&description, None).map_err(anyhow::Error::msg)?;
        let estimated = match shapes::plan(&mut self.reference.runner, &estimates, true) {
            Ok(shapes) => regions_of(&shapes.outputs),
            Err(_) => estimates,
        };
        self.reference.revive()?;
        let mut checked = Checked::default();
        checked.check(self, findings, estimated.clone())?;
        let mut base = reduced(&estimated, max_extent);
        // Some pipelines work at one size only.
        if base != estimated && matches!(self.check(&base)?, Verdict::NotApplicable(_)) {
            base.clone_from(&estimated);
        }
        for &size in sizes {
            let mut all = base.clone();
            for d in 0..estimated.first().map_or(0, Vec::len) {
                let extent = size.extent(estimated[0][d][1]);
                if checked.check(self, findings, with_extent(&base, &estimated, d, extent))? {
                    all = with_extent(&all, &estimated, d, extent);
                }
            }
            if matches!(size, Size::Plain(_)) {
                checked.check(self, findings, all)?;
            }
        }
        Ok(())
    }

    fn check(&mut self, outputs: &[Region]) -> Result<Verdict> {
        ensure!(!process::interrupted(), "interrupted");
        let shapes = match self.run_reference(outputs) {
            Ok(shapes) => shapes,
            Err(failure) => {
                self.reference.revive()?;
                return Ok(Verdict::NotApplicable(failure.message));
            }
        };
        let compare = self.saved_under_rule();
        match compare_run(&mut self.subject.runner, &shapes, self.seed, &compare) {
            Ok(None) => Ok(Verdict::Equal),
            Ok(Some(difference)) => {
                let undefined = self.is_reference_undefined(&shapes)?;
                Ok(if undefined { Verdict::Undefined } else { Verdict::Failed(difference) })
            }
            Err(failure) => {
                self.subject.revive()?;
                Ok(Verdict::Failed(failure.message))
            }
        }
    }

    fn run_reference(&mut self, outputs: &[Region]) -> Result<Shapes, Failure> {
        let runner = &mut self.reference.runner;
        let planned = shapes::plan(runner, outputs, true)?;
        if let Some(message) = shapes::refused(&runner.describe()?, outputs, &planned, |_| true) {
            return Err(Failure { status: Status::Error, message, lasts: true });
        }
        let (shapes, _) = shapes::compute(runner, planned, self.seed)?;
        runner.tell(&Request::Save { path: self.saved.clone() })?;
        Ok(shapes)
    }

    /// What outputs are compared with, and how.
    fn saved_under_rule(&self) -> Request {
        Request::Compare { path: self.saved.clone(), rule: self.rule }
    }

    /// Whether the unscheduled build gives other outputs when new memory is filled with something else.
    fn is_reference_undefined(&self, shapes: &Shapes) -> Result<bool> {
        let Restarting { build, threads, limits, .. } = self.reference;
        let mut again = Restarting::start(build, threads, limits, FILLS[1])?;
        Ok(!matches!(compare_run(&mut again.runner, shapes, self.seed, &self.saved_under_rule()), Ok(None)))
    }
}

/// Runs a build and compares its outputs as `compare` says.
fn compare_run(runner: &mut Runner, shapes: &Shapes, seed: u64, compare: &Request) -> Result<Option<String>, Failure> {
    runner.prepare(shapes, seed, &[])?;
    runner.run(1)?;
    Ok(runner.compare(compare)?.map(|difference| difference.text))
}

/// `regions` with extents halved until they are at most `max_extent`.
fn reduced(regions: &[Region], max_extent: i32) -> Vec<Region> {
    let reduce = |&[min, mut extent]: &[i32; 2]| {
        while extent > max_extent {
            extent /= 2;
        }
        [min, extent]
    };
    regions.iter().map(|region| region.iter().map(reduce).collect()).collect()
}

/// Which sizes can be had, of those checked so far.
#[derive(Default)]
struct Checked(BTreeMap<Vec<Region>, bool>);

impl Checked {
    /// Checks `outputs`, if that has not been done and makes sense. False if the pipeline does not have this size.
    fn check(&mut self, pair: &mut Pair, findings: &mut Findings, outputs: Vec<Region>) -> Result<bool> {
        if outputs.iter().flatten().any(|[_, extent]| *extent < 1) || process::interrupted() {
            return Ok(false);
        }
        if let Some(&applicable) = self.0.get(&outputs) {
            return Ok(applicable);
        }
        let verdict = pair.check(&outputs)?;
        let applicable = !matches!(verdict, Verdict::NotApplicable(_));
        findings.add(&outputs, verdict);
        self.0.insert(outputs, applicable);
        Ok(applicable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_estimates_are_halved() {
        assert_eq!(reduced(&[vec![[0, 4000], [5, 3]], vec![]], 1024), [vec![[0, 1000], [5, 3]], vec![]]);
    }

    #[test]
    fn findings_are_summarised() {
        let mut findings = Findings::default();
        findings.add(&[vec![[0, 3], [0, 4]]], Verdict::Equal);
        findings.add(&[vec![[0, 3], [0, 4]]], Verdict::Failed("boom".to_owned()));
        assert_eq!(findings.summary(), "1 sizes equal, 1 FAILED");
        assert_eq!(findings.failed, ["3x4: boom"]);
    }
}
