//! One random pipeline: built twice, run, compared.

use std::ops::RangeInclusive;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::measure::build::builder::Builder;
use crate::measure::build::cache::{Cache, Key};
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::check::Checks;
use crate::measure::run::values::mix;
use crate::measure::variants::Variable;
use crate::results::record::Status;
use crate::system::child;
use crate::system::plain;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Equal bit for bit wherever the unscheduled build runs.
    Equal,
    /// There is nothing to compare with: the unscheduled build fails.
    Invalid,
    /// The scheduled build fails, or its outputs differ.
    Failed,
}

/// What was found about one pipeline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// Seed of the pipeline.
    pub seed: u64,
    /// Its number of stages.
    pub stages: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// What was compared, or what failed.
    pub message: String,
    /// The schedule as C++, of failures whose schedule Halide can lower.
    pub schedule: Option<String>,
    /// Parameters for `nnc verify --generator FILE:NAME,...` to see it again.
    pub pipeline: String,
}

/// What all cases share.
pub struct Setting {
    /// The generator, with the parameters that are the same for all cases.
    pub generator: Pipeline,
    /// Pipelines whose parameters are drawn instead of a random pipeline's seed, if there are some.
    pub varied: Vec<Variable>,
    /// Builds; its cache keeps findings, and its link arguments have the runtime.
    pub builder: Builder,
    /// What is compared with the unscheduled build.
    pub scheduler: Scheduler,
    /// At which sizes, and with which limits.
    pub checks: Checks,
}

/// Number of stages of a seed.
pub fn stages_of(seed: u64, range: &RangeInclusive<u64>) -> u64 {
    range.start() + mix(seed) % (range.end() - range.start() + 1)
}

impl Setting {
    fn pipeline(&self, seed: u64, stages: u64) -> Pipeline {
        if let Some(last) = self.varied.len().checked_sub(1) {
            // Not the bits that the parameters are drawn from.
            return self.varied[(mix(!seed) % (last as u64 + 1)) as usize].drawn(seed);
        }
        let mut pipeline = self.generator.clone();
        let params = [("seed", seed), ("stages", stages)];
        pipeline.params.extend(params.map(|(key, value)| (key.to_owned(), value.to_string())));
        pipeline
    }

    /// Whether the case is known, and what was found; `None` when the user stops it.
    pub fn run(&self, seed: u64, stages: u64) -> Result<Option<(bool, Finding)>> {
        let pipeline = self.pipeline(seed, stages);
        let key = self.key(&pipeline)?;
        if let Some(finding) = self.builder.cache.read_timing(&key) {
            return Ok(Some((true, finding)));
        }
        // Thousands of libraries that nobody asks for again would only fill the disk.
        let folder = self.builder.cache.work_folder()?;
        let builder = Builder { cache: Cache::open(folder.path(), false)?, ..self.builder.clone() };
        let found = self.compare(&builder, &pipeline, seed, stages);
        if crate::system::process::interrupted() {
            return Ok(None);
        }
        let (finding, lasts) = found?;
        if lasts {
            self.builder.cache.store_timing(&key, &finding);
        }
        Ok(Some((false, finding)))
    }

    /// What the finding depends on.
    fn key(&self, pipeline: &Pipeline) -> Result<String> {
        let mut key = Key::new("fuzz");
        for scheduler in [&Scheduler::Unscheduled, &self.scheduler] {
            key.add(&self.builder.build_key(pipeline, scheduler)?);
        }
        key.add(&format!("{:?}", self.checks));
        Ok(key.hex())
    }

    /// What is found, and whether it would be found again: failures are few, and some depend on what else the machine does.
    fn compare(&self, builder: &Builder, pipeline: &Pipeline, seed: u64, stages: u64) -> Result<(Finding, bool)> {
        let finding = |verdict, message: String, schedule| Finding {
            seed,
            stages,
            verdict,
            message,
            schedule,
            pipeline: pipeline.to_string(),
        };
        let reference = builder.build(pipeline, &Scheduler::Unscheduled)?;
        // The plugin makes the reference, too: what it refuses is no fault of the pipeline.
        if reference.outcome.status != Status::Ok && reference.outcome.message.contains(hl_autoscheduler::OURS) {
            return Ok((finding(Verdict::Failed, reference.outcome.message, None), false));
        }
        if reference.outcome.status != Status::Ok {
            let message = format!("no unscheduled build: {}", reference.outcome.message);
            return Ok((finding(Verdict::Invalid, message, None), reference.outcome.lasts));
        }
        let subject = builder.build(pipeline, &self.scheduler)?;
        if subject.outcome.status != Status::Ok {
            let message = format!("no scheduled build: {}", subject.outcome.message);
            return Ok((finding(Verdict::Failed, message, None), false));
        }
        let findings = self.checks.compare(builder, &reference, &subject)?;
        if let Some(first) = findings.failed.first() {
            let message = format!("{}; first at {first}", findings.summary());
            return Ok((finding(Verdict::Failed, message, self.schedule(builder, pipeline)?), false));
        }
        let verdict = if findings.equal == 0 { Verdict::Invalid } else { Verdict::Equal };
        Ok((finding(verdict, findings.summary(), None), verdict == Verdict::Equal))
    }

    /// The schedule as C++, if Halide emits it.
    fn schedule(&self, builder: &Builder, pipeline: &Pipeline) -> Result<Option<String>> {
        let folder = builder.cache.work_folder()?;
        let mut command = builder.generator(pipeline);
        let (args, _) = builder.emit_arguments(pipeline, &self.scheduler, "schedule")?;
        command.args(args).arg("-o").arg(folder.path());
        child::run(command, &builder.limits, |_, _| ())?;
        let file = folder.path().join(format!("{}.schedule.h", crate::measure::build::builder::FUNCTION));
        Ok(std::fs::read_to_string(file).ok().map(|text| plain::lines(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_fill_their_range() {
        let drawn: std::collections::BTreeSet<u64> = (0..1000).map(|seed| stages_of(seed, &(3..=30))).collect();
        assert_eq!(drawn, (3..=30).collect());
    }
}
