//! Gathers schedules of a pipeline by every means at hand, and times them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use scheduler::cost::shipped;
use scheduler::features::analyze;
use scheduler::ir::{Pipeline, Regions};
use scheduler::{check, search_all, Brakes, Directive, Hardware, Options};

use super::pool::{Entry, Pool, PICKING};
use crate::measure::build::builder::Build;
use crate::measure::run::values::mix;
use crate::measure::time::timing::{smallest, Settings};
use crate::measure::workbench::{Size, Workbench};
use crate::records::change;
use crate::records::draw::{Candidate, Drawer};
use crate::records::others::Others;
use crate::records::sample::schedulers;
use crate::results::failure::Failure;
use crate::system::process;

/// Share of the schedules that are drawn at first; neighbours of the best of these are the others.
const DRAWN: f64 = 0.6;
/// The best whose neighbours are looked at.
const LOOKED_AT: usize = 4;
/// Schedules that searches return each.
const TOP: usize = 3;
/// No schedule is expected to take longer than this, in seconds.
const MOST_SECONDS: f64 = 1.0;
/// Schedules that are launched once more, and how often.
const LAUNCHED_AGAIN: (usize, u32) = (10, 2);
/// Time for one schedule in one launch.
const SECONDS_EACH: f64 = 0.15;
/// When to stop.
const SETTINGS: Settings = Settings { least_rounds: 4, most_rounds: 30, budget: Duration::ZERO, spread: 0.005 };

/// What a search is led by: the networks shipped for the target, if it has some and they are to lead, else the analytic cost.
pub fn options(pipeline: &Pipeline, threads: u32, learned: bool, brakes: Brakes) -> Options {
    let vector_bytes = pipeline.target.vector_bytes;
    let model = shipped(&pipeline.target).map(|(_, model)| model).filter(|_| learned);
    let generic = Hardware::generic(threads, vector_bytes);
    let hardware = model.map_or(generic, |model| model.hardware(threads, vector_bytes));
    Options { model, brakes, ..Options::new(hardware) }
}

/// One pipeline on the bench.
pub struct Gathering<'a> {
    bench: &'a Workbench,
    size: Size,
    keep_disturbed: bool,
    /// Whether other processes disturbed a launch.
    pub disturbed: bool,
    /// Of the entries that have been built since.
    builds: BTreeMap<usize, Result<Build, Failure>>,
}

impl<'a> Gathering<'a> {
    /// At the estimates.
    pub fn new(bench: &'a Workbench, keep_disturbed: bool) -> Result<Gathering<'a>> {
        Ok(Gathering { bench, size: bench.size(1.0)?, keep_disturbed, disturbed: false, builds: BTreeMap::new() })
    }

    /// Times about `count` schedules, `picks` among them. `pool` has none yet.
    pub fn fill(&mut self, pool: &mut Pool, picks: &[Candidate], count: usize, seed: u64) -> Result<()> {
        let bench = self.bench;
        pool.io_bytes = self.size.io_bytes;
        let drawer = Drawer::new(&bench.data, pool.machine.threads)?;
        let first = (DRAWN * count as f64) as usize;
        let mut candidates = [picks, &self.searched(pool.machine.threads)?].concat();
        candidates.extend(drawer.draw(first, seed, MOST_SECONDS)?);
        let (pipeline, builder) = (&bench.pipeline, bench.builder());
        let others = Others { pipeline, builder, drawer: &drawer, most_seconds: MOST_SECONDS }.draw(1)?;
        candidates.extend(others.candidates);
        self.add(pool, &candidates)?;
        let all: Vec<usize> = (0..pool.entries.len()).collect();
        // What is found by this launch is looked at again by all others.
        self.launch(pool, &all, 0);
        let near = self.neighbours(pool, count.saturating_sub(pool.entries.len()), &drawer, seed)?;
        self.add(pool, &near)?;
        let all: Vec<usize> = (0..pool.entries.len()).collect();
        self.launch(pool, &all, PICKING);
        self.launch(pool, &all, PICKING + 1);
        let (most, times) = LAUNCHED_AGAIN;
        let mut again: Vec<usize> =
            [pool.fastest(PICKING), pool.fastest(PICKING + 1)].map(|f| f[..most.min(f.len())].to_vec()).concat();
        again.sort_unstable();
        again.dedup();
        for launch in (PICKING + 2..).take(times as usize) {
            self.launch(pool, &again, launch);
        }
        Ok(())
    }

    /// Times schedules that are not in the pool yet, beside the best known.
    pub fn add_picks(&mut self, pool: &mut Pool, picks: &[Candidate]) -> Result<()> {
        let known = pool.entries.len();
        let best: Vec<usize> = pool.best().into_iter().collect();
        // The best is built once more: nobody has kept it.
        let again: Vec<_> = best.iter().map(|&best| candidate("best", pool.entries[best].directives.clone())).collect();
        self.build(&best, &again)?;
        self.add(pool, picks)?;
        let timed: Vec<usize> = best.into_iter().chain(known..pool.entries.len()).collect();
        let last = pool.last_launch();
        for launch in last + 1..=last + 1 + LAUNCHED_AGAIN.1 {
            self.launch(pool, &timed, launch);
        }
        Ok(())
    }

    /// What searches find under each judge, with brakes and without.
    fn searched(&self, threads: u32) -> Result<Vec<Candidate>> {
        let data = &self.bench.data;
        let mut found = Vec::new();
        for (learned, judge) in [(true, "nn+c"), (false, "analytic")] {
            for (brakes, how) in [(Brakes::default(), ""), (Brakes::LOOSE, " without brakes")] {
                let options = Options { top_k: TOP, ..options(data, threads, learned, brakes) };
                for schedule in search_all(data, &options)?.schedules {
                    found.push(candidate(&format!("search by {judge}{how}"), schedule.directives));
                }
            }
        }
        Ok(found)
    }

    /// Schedules one decision away from the fastest.
    fn neighbours(&self, pool: &Pool, count: usize, drawer: &Drawer, seed: u64) -> Result<Vec<Candidate>> {
        let data = &self.bench.data;
        let regions = Regions::at_estimates(data)?;
        let hardware = Hardware::generic(pool.machine.threads, data.target.vector_bytes);
        let mut near = Vec::new();
        for &fast in pool.fastest(0).iter().take(LOOKED_AT) {
            let directives = &pool.entries[fast].directives;
            let Ok(scheduled) = analyze(data, &regions, directives, &hardware) else { continue };
            for id in data.func_ids() {
                near.extend(
                    change::of_func(data, directives, &scheduled, id).into_iter().map(|changed| changed.directives),
                );
            }
        }
        let mut random = fastrand::Rng::with_seed(mix(seed));
        random.shuffle(&mut near);
        let legal = |directives: &Vec<Directive>| {
            check(data, directives).is_ok() && drawer.expected(directives).is_ok_and(|seconds| seconds < MOST_SECONDS)
        };
        Ok(near.into_iter().filter(legal).take(count).map(|d| candidate("neighbour", d)).collect())
    }

    /// Builds candidates, of which those that are in the pool are only named there.
    fn add(&mut self, pool: &mut Pool, candidates: &[Candidate]) -> Result<()> {
        let known = pool.entries.len();
        let mut new: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            let Candidate { source, directives, other, .. } = candidate;
            if let Some(known) = pool.find(directives) {
                if !pool.entries[known].sources.contains(source) {
                    pool.entries[known].sources.push(source.clone());
                }
                continue;
            }
            let other = other.as_ref().map(|other| other.scheduler.label());
            let (sources, directives) = (vec![source.clone()], directives.clone());
            pool.entries.push(Entry { sources, directives, other, message: String::new(), launches: BTreeMap::new() });
            new.push(candidate.clone());
        }
        self.build(&(known..pool.entries.len()).collect::<Vec<_>>(), &new)
    }

    /// Builds what makes some entries.
    fn build(&mut self, entries: &[usize], makers: &[Candidate]) -> Result<()> {
        let (makers, _files) = schedulers(self.bench, makers)?;
        self.builds.extend(entries.iter().copied().zip(self.bench.build(&makers)?));
        Ok(())
    }

    /// Times some entries in turns, each in a new process.
    fn launch(&mut self, pool: &mut Pool, entries: &[usize], launch: u32) {
        if process::interrupted() {
            return;
        }
        let builds: Vec<_> = entries.iter().map(|&entry| &self.builds[&entry]).collect();
        let running = builds.iter().filter(|build| build.is_ok()).count();
        let budget = Duration::from_secs_f64(SECONDS_EACH * running as f64);
        let settings = Settings { budget, ..SETTINGS };
        let timed =
            self.bench.time(&builds, &self.size, pool.machine.threads as usize, &settings, !self.keep_disturbed);
        self.disturbed |= timed.disturbed;
        for (&index, samples) in entries.iter().zip(timed.value) {
            let entry = &mut pool.entries[index];
            match samples {
                Ok(samples) if samples.is_empty() => {}
                Ok(samples) => drop(entry.launches.insert(launch, smallest(&samples))),
                Err(failure) => entry.message = failure.message,
            }
        }
    }
}

/// A schedule of ours.
pub fn candidate(source: &str, directives: Vec<Directive>) -> Candidate {
    Candidate { source: source.to_owned(), directives, expected: 0.0, other: None }
}
