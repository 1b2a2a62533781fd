//! `nnc verify`: a schedule changes no result, whatever the size.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::builder::{Build, Builder};
use crate::child::Limits;
use crate::cli::VerifyArgs;
use crate::eval::{build_all, Ended};
use crate::generator::Pipeline;
use crate::hl_autoscheduler;
use crate::process;
use crate::progress::Progress;
use crate::record::Status;
use crate::regions::{estimates, inputs_for, lacks_estimates, with_extent, Region};
use crate::schedulers::{Scheduler, UNSCHEDULED};
use crate::sizes::Size;
use crate::worker::client::{Failure, Worker};
use crate::worker::protocol::{Kind, Request, Rule, Shapes};

/// What a check at one size found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Equal,
    /// The unscheduled build rejects the size, for this reason.
    NotApplicable(String),
    Different(String),
}

/// Checks that have been made of one pipeline.
#[derive(Default)]
struct Findings {
    equal: usize,
    not_applicable: Vec<String>,
    different: Vec<String>,
}

impl Findings {
    fn add(&mut self, outputs: &[Region], verdict: Verdict) {
        let sizes: Vec<String> = outputs.iter().map(size_text).collect();
        let size = sizes.join(" and ");
        match verdict {
            Verdict::Equal => self.equal += 1,
            Verdict::NotApplicable(reason) => self.not_applicable.push(format!("{size}: {reason}")),
            Verdict::Different(reason) => self.different.push(format!("{size}: {reason}")),
        }
    }

    fn summary(&self) -> String {
        let mut text = format!("{} sizes equal", self.equal);
        if !self.not_applicable.is_empty() {
            text += &format!(", {} not applicable", self.not_applicable.len());
        }
        if !self.different.is_empty() {
            text += &format!(", {} DIFFERENT", self.different.len());
        }
        text
    }
}

fn size_text(region: &Region) -> String {
    let extents: Vec<String> = region.iter().map(|[_, extent]| extent.to_string()).collect();
    if extents.is_empty() {
        "scalar".to_owned()
    } else {
        extents.join("x")
    }
}

/// Runs the checks. True if nothing differs.
pub fn run(args: &VerifyArgs) -> Result<(Ended, bool)> {
    let mut chosen = vec![hl_autoscheduler::scheduler_or_default(args.scheduler.as_ref())?];
    args.build.parametrise(&mut chosen)?;
    let pipelines = args.build.open_pipelines()?;
    let mut builder = args.build.builder(&Scheduler::Unscheduled)?;
    if !builder.target.split('-').any(|feature| feature == "strict_float") {
        builder.target += "-strict_float";
    }
    for pipeline in &pipelines {
        Scheduler::Unscheduled.arguments(&builder.plugins, &pipeline.executable, builder.threads)?;
    }
    let schedulers = [Scheduler::Unscheduled, chosen.remove(0)];
    let builds = build_all(&builder, &pipelines, &schedulers, args.build.jobs());
    let progress = Progress::start("verifying", pipelines.len());
    let mut all_equal = true;
    for (pipeline, builds) in pipelines.iter().zip(&builds) {
        let [Some(reference), Some(subject)] = &builds[..] else { break };
        let name = pipeline.to_string();
        progress.begin(&name);
        let findings = verify(args, &builder, reference, subject)?;
        if process::interrupted() {
            break;
        }
        progress.end(&name, &findings.summary(), false);
        all_equal &= findings.different.is_empty();
        print_findings(pipeline, &findings);
    }
    let ended = if process::interrupted() { Ended::Interrupted } else { Ended::Complete };
    Ok((ended, all_equal))
}

fn print_findings(pipeline: &Pipeline, findings: &Findings) {
    println!("{pipeline}: {}", findings.summary());
    let show = |label: &str, lines: &[String]| lines.iter().for_each(|line| println!("  {label} {line}"));
    show("different at", &findings.different);
    show("not applicable at", &findings.not_applicable);
}

fn verify(args: &VerifyArgs, builder: &Builder, reference: &Build, subject: &Build) -> Result<Findings> {
    let mut findings = Findings::default();
    for (label, build) in [(UNSCHEDULED, reference), ("scheduled", subject)] {
        if build.outcome.status != Status::Ok {
            findings.different.push(format!("all sizes: no {label} build: {}", build.outcome.message));
            return Ok(findings);
        }
    }
    let limits = args.build.run_limits();
    let folder = builder.cache.work_folder()?;
    let mut pair = Pair {
        reference: Restarting::start(reference, builder.threads, limits)?,
        subject: Restarting::start(subject, builder.threads, limits)?,
        saved: folder.path().join("outputs"),
        seed: args.seed,
    };
    for outputs in pair.cases(&args.sizes, args.max_extent)? {
        if process::interrupted() {
            break;
        }
        let verdict = pair.check(&outputs)?;
        findings.add(&outputs, verdict);
    }
    Ok(findings)
}

/// A worker that is started again after a crash.
struct Restarting<'a> {
    worker: Worker,
    build: &'a Build,
    threads: usize,
    limits: Limits,
}

impl<'a> Restarting<'a> {
    fn start(build: &'a Build, threads: usize, limits: Limits) -> Result<Restarting<'a>> {
        let worker = Worker::start(&build.library, threads, limits)?;
        Ok(Restarting { worker, build, threads, limits })
    }

    fn restart(&mut self) -> Result<()> {
        self.worker = Worker::start(&self.build.library, self.threads, self.limits)?;
        Ok(())
    }
}

/// The two builds that must agree.
struct Pair<'a> {
    reference: Restarting<'a>,
    subject: Restarting<'a>,
    saved: std::path::PathBuf,
    seed: u64,
}

impl Pair<'_> {
    /// Regions of the outputs to check, without repetition.
    fn cases(&mut self, sizes: &[Size], max_extent: i32) -> Result<Vec<Vec<Region>>> {
        let description = self.reference.worker.describe()?;
        if let Some(message) = lacks_estimates(&description) {
            anyhow::bail!(message);
        }
        let estimated = estimates(&description, Kind::Output);
        let mut base = reduced(&estimated, max_extent);
        // Some pipelines work at one size only.
        if base != estimated && matches!(self.check(&base)?, Verdict::NotApplicable(_)) {
            base.clone_from(&estimated);
        }
        Ok(cases(&estimated, &base, sizes))
    }

    fn check(&mut self, outputs: &[Region]) -> Result<Verdict> {
        let shapes = match self.run_reference(outputs) {
            Ok(shapes) => shapes,
            Err(failure) => {
                if !self.reference.worker.is_alive() {
                    self.reference.restart()?;
                }
                return Ok(Verdict::NotApplicable(failure.message));
            }
        };
        match self.run_subject(&shapes) {
            Ok(None) => Ok(Verdict::Equal),
            Ok(Some(difference)) => Ok(Verdict::Different(difference)),
            Err(failure) => {
                if !self.subject.worker.is_alive() {
                    self.subject.restart()?;
                }
                Ok(Verdict::Different(failure.message))
            }
        }
    }

    fn run_reference(&mut self, outputs: &[Region]) -> Result<Shapes, Failure> {
        let worker = &mut self.reference.worker;
        let description = worker.describe()?;
        let inputs = inputs_for(&description, outputs);
        let shapes = worker.plan(&Request::Plan { inputs, outputs: outputs.to_vec(), scalars: vec![] })?;
        worker.prepare(&shapes, self.seed, &[])?;
        worker.run(1)?;
        worker.tell(&Request::Save { path: self.saved.clone() })?;
        Ok(shapes)
    }

    fn run_subject(&mut self, shapes: &Shapes) -> Result<Option<String>, Failure> {
        let worker = &mut self.subject.worker;
        worker.prepare(shapes, self.seed, &[])?;
        worker.run(1)?;
        worker.compare(&Request::Compare { path: self.saved.clone(), rule: Rule::Exact })
    }
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

/// The estimates; each dimension at each size while the others are as in `base`; all dimensions at each plain size.
fn cases(estimated: &[Region], base: &[Region], sizes: &[Size]) -> Vec<Vec<Region>> {
    let mut cases = vec![estimated.to_vec()];
    let dimensions = estimated.first().map_or(0, Vec::len);
    for &size in sizes {
        for d in 0..dimensions {
            let extent = size.extent(estimated[0][d][1]);
            cases.push(with_extent(base, estimated, d, extent));
        }
        if let Size::Plain(extent) = size {
            let all = (0..dimensions).fold(base.to_vec(), |case, d| with_extent(&case, estimated, d, extent));
            cases.push(all);
        }
    }
    cases.retain(|case| case.iter().flatten().all(|[_, extent]| *extent > 0));
    let mut seen = BTreeSet::new();
    cases.retain(|case| seen.insert(case.clone()));
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_cover_each_dimension_and_all_at_once() {
        let estimated = vec![vec![[0, 4000], [0, 3]]];
        let base = reduced(&estimated, 1024);
        assert_eq!(base, [[[0, 1000], [0, 3]]]);
        let sizes = [Size::Plain(7), Size::FromEstimate(1), Size::FromEstimate(-3)];
        let extents = |case: &Vec<Region>| [case[0][0][1], case[0][1][1]];
        let cases: Vec<_> = cases(&estimated, &base, &sizes).iter().map(extents).collect();
        assert_eq!(
            cases,
            [[4000, 3], [7, 3], [1000, 7], [7, 7], [4001, 3], [1000, 4], [3997, 3]],
            "an extent of 0 is left out"
        );
    }

    #[test]
    fn nothing_is_checked_twice() {
        let estimated = vec![vec![[0, 7]]];
        assert_eq!(cases(&estimated, &estimated, &[Size::Plain(7), Size::FromEstimate(0)]).len(), 1);
        assert_eq!(cases(&[vec![]], &[vec![]], &[Size::Plain(7)]).len(), 1, "a scalar has one size");
    }

    #[test]
    fn findings_are_summarised() {
        let mut findings = Findings::default();
        findings.add(&[vec![[0, 3], [0, 4]]], Verdict::Equal);
        findings.add(&[vec![[0, 3], [0, 4]]], Verdict::Different("boom".to_owned()));
        assert_eq!(findings.summary(), "1 sizes equal, 1 DIFFERENT");
        assert_eq!(findings.different, ["3x4: boom"]);
    }
}
