//! `nnc fuzz`: random pipelines, whose schedules must change no result.

mod args;
mod case;

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

pub use args::FuzzArgs;
use case::{stages_of, Finding, Setting, Verdict};

use crate::measure::build::generator::RANDOM_PIPELINE;
use crate::measure::build::schedulers::{scheduler_or_default, Scheduler};
use crate::measure::check::Checks;
use crate::measure::variants;
use crate::report;
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::progress::Progress;

/// Estimates of outputs beyond this are halved; those of random pipelines are not.
const MAX_EXTENT: i32 = 1024;

/// What the JSON file holds.
#[derive(Serialize)]
struct Report<'a> {
    equal: usize,
    invalid: usize,
    failed: usize,
    findings: &'a [Finding],
}

/// Fuzzes. True if nothing failed.
pub fn run(args: &FuzzArgs) -> Result<(Ended, bool)> {
    let setting = setting(args)?;
    let mut findings = run_all(&setting, args)?;
    findings.sort_by_key(|finding| finding.seed);
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (equal, invalid, failed) = (count(Verdict::Equal), count(Verdict::Invalid), count(Verdict::Failed));
    if let Some(path) = &args.json {
        report::write_json(&Report { equal, invalid, failed, findings: &findings }, path)?;
    }
    for finding in findings.iter().filter(|finding| finding.verdict != Verdict::Equal) {
        print(finding, &setting, &args.stages)?;
    }
    println!("{equal} equal, {failed} failed, {invalid} invalid of {} random pipelines", args.count);
    if process::interrupted() {
        eprintln!("Interrupted; run the same command again to go on from here.");
        return Ok((Ended::Interrupted, failed == 0));
    }
    if (findings.len() as u64) < args.count {
        eprintln!("The time is used up; run the same command again to go on from here.");
    }
    Ok((Ended::Complete, failed == 0))
}

fn setting(args: &FuzzArgs) -> Result<Setting> {
    let mut chosen = vec![scheduler_or_default(args.scheduler.as_ref())?];
    args.build.parametrise(&mut chosen)?;
    let limits = args.build.run_limits();
    let varied = if args.vary { variants::open(args.build.open_pipelines()?, &limits)? } else { Vec::new() };
    let mut generator = match varied.first() {
        Some(first) => first.pipeline.clone(),
        None => args.build.open_named(RANDOM_PIPELINE)?,
    };
    generator.params.extend(args.families.iter().map(|families| ("families".to_owned(), families.clone())));
    let all = || (!args.vary && args.build.generator.is_empty()).then(|| "all".to_owned());
    let quirks = args.quirks.clone().or_else(all);
    generator.params.extend(quirks.map(|quirks| ("quirks".to_owned(), quirks)));
    // Nothing needs the lowered code that builds of a reference emit.
    let mut builder = args.build.builder(&Scheduler::None)?;
    builder.target = builder.target_with("strict_float");
    builder.link_runtime_once(&generator)?;
    let checks = Checks { sizes: args.sizes.clone(), max_extent: MAX_EXTENT, seed: args.seed, limits };
    Ok(Setting { generator, varied, builder, scheduler: chosen.remove(0), checks })
}

/// All cases that time allows.
fn run_all(setting: &Setting, args: &FuzzArgs) -> Result<Vec<Finding>> {
    let progress = Progress::start("fuzzing", args.count as usize);
    let (start, next) = (Instant::now(), AtomicU64::new(0));
    let findings: Mutex<Vec<Finding>> = Mutex::default();
    let work = || -> Result<()> {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let is_late = args.budget.is_some_and(|budget| start.elapsed() >= budget);
            if i >= args.count || is_late || process::interrupted() {
                return Ok(());
            }
            let seed = args.seed.wrapping_add(i);
            let stages = stages_of(seed, &args.stages);
            let step = format!("seed {seed}");
            progress.begin(&step);
            let Some((reused, finding)) = setting.run(seed, stages)? else { return Ok(()) };
            progress.end(&step, &format!("{}, {}", subject(&finding, setting), finding.message), reused);
            findings.lock().expect("no holder panics").push(finding);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.build.jobs()).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a thread that builds does not panic"))
    })?;
    Ok(findings.into_inner().expect("no holder panics"))
}

/// Prints what was found, with fewer stages if that is enough.
fn print(finding: &Finding, setting: &Setting, range: &RangeInclusive<u64>) -> Result<()> {
    let smaller = match finding.verdict {
        Verdict::Failed if setting.varied.is_empty() => smallest(finding, setting, *range.start().min(&1))?,
        _ => None,
    };
    let finding = smaller.as_ref().unwrap_or(finding);
    let verdict = if finding.verdict == Verdict::Failed { "FAILED" } else { "invalid" };
    println!("{verdict}: seed {}, {}: {}", finding.seed, subject(finding, setting), finding.message);
    println!("  nnc verify --generator {}", reproduction(finding, &setting.generator.executable.path));
    for line in finding.schedule.iter().flat_map(|schedule| schedule.lines()) {
        println!("    {line}");
    }
    Ok(())
}

/// What a seed is, in words.
fn subject(finding: &Finding, setting: &Setting) -> String {
    match setting.varied.is_empty() {
        true => format!("{} stages", finding.stages),
        false => finding.pipeline.clone(),
    }
}

fn reproduction(finding: &Finding, executable: &Path) -> String {
    let (name, params) = finding.pipeline.split_once(',').unwrap_or((&finding.pipeline, ""));
    format!("{}:{name},{params}", executable.display())
}

/// The same failure with as few stages as possible.
fn smallest(finding: &Finding, setting: &Setting, least: u64) -> Result<Option<Finding>> {
    for stages in least..finding.stages {
        match setting.run(finding.seed, stages)? {
            Some((_, smaller)) if smaller.verdict == Verdict::Failed => return Ok(Some(smaller)),
            Some(_) => {}
            None => break,
        }
    }
    Ok(None)
}
