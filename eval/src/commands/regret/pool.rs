//! The timed schedules of one pipeline, as they are kept.

use std::collections::BTreeMap;

use scheduler::ir::Pipeline;
use scheduler::Directive;
use serde::{Deserialize, Serialize};

use crate::records::record::{Kept, Machine};

/// The launch that picks the best known. What is timed by later ones was not chosen by them.
pub const PICKING: u32 = 1;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it comes from; several ways may lead to one schedule.
    pub sources: Vec<String>,
    /// The schedule.
    pub directives: Vec<Directive>,
    /// The autoscheduler that made it, if it is another one.
    pub other: Option<String>,
    /// Why it was not timed, if it was not.
    pub message: String,
    /// Seconds a call, by launch.
    pub launches: BTreeMap<u32, f64>,
}

/// A pipeline and its schedules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// The generator with its parameters.
    pub name: String,
    /// What kinds it is of.
    pub family: String,
    /// Its size class.
    pub size: String,
    /// Where it was timed.
    pub machine: Machine,
    /// Why there are no schedules, if there are none.
    pub message: String,
    /// As data; none if it cannot be read.
    pub pipeline: Option<Pipeline>,
    /// Bytes of inputs and outputs.
    pub io_bytes: u64,
    /// Its schedules.
    pub entries: Vec<Entry>,
}

impl Kept for Pool {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Pool {
    /// The entries that our scheduler could have made and that were timed.
    pub fn ours(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().filter(|(_, entry)| entry.other.is_none() && !entry.launches.is_empty())
    }

    /// The entry with these directives.
    pub fn find(&self, directives: &[Directive]) -> Option<usize> {
        self.entries.iter().position(|entry| entry.directives == directives)
    }

    /// The fastest of our entries in one launch, the fastest first.
    pub fn fastest(&self, launch: u32) -> Vec<usize> {
        let timed = self.ours().filter_map(|(index, entry)| Some((index, *entry.launches.get(&launch)?)));
        let mut timed: Vec<(usize, f64)> = timed.collect();
        timed.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        timed.into_iter().map(|(index, _)| index).collect()
    }

    /// The best known of our schedules.
    pub fn best(&self) -> Option<usize> {
        self.fastest(PICKING).first().copied()
    }

    /// Times of one entry over another's in the launches after `since` that timed both.
    pub fn ratios(&self, entry: usize, to: usize, since: u32) -> Vec<f64> {
        let other = &self.entries[to].launches;
        let own = self.entries[entry].launches.range(since + 1..);
        own.filter_map(|(launch, seconds)| Some(seconds / other.get(launch)?)).collect()
    }

    /// The last launch of any.
    pub fn last_launch(&self) -> u32 {
        self.entries.iter().filter_map(|entry| entry.launches.keys().last().copied()).max().unwrap_or(0)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A pool with one entry for each list of times, by launches from 1.
    pub fn pool(times: &[&[f64]]) -> Pool {
        let entry = |times: &&[f64]| Entry {
            sources: vec![],
            directives: vec![],
            other: None,
            message: String::new(),
            launches: (1..).zip(times.iter().copied()).collect(),
        };
        Pool {
            name: "a".to_owned(),
            family: "image".to_owned(),
            size: "small".to_owned(),
            machine: Machine { hardware: "1".to_owned(), cpu: "A".to_owned(), threads: 2 },
            message: String::new(),
            pipeline: None,
            io_bytes: 0,
            entries: times.iter().map(entry).collect(),
        }
    }

    #[test]
    fn the_best_is_picked_by_one_launch_and_timed_by_others() {
        // The first was lucky once.
        let pool = pool(&[&[1.0, 4.0, 4.0], &[2.0, 2.0, 2.0], &[9.0, 8.0]]);
        assert_eq!(pool.best(), Some(0));
        assert_eq!(pool.fastest(2), [1, 0, 2]);
        assert_eq!(pool.ratios(1, 0, PICKING), [0.5, 0.5]);
        assert_eq!(pool.ratios(2, 0, PICKING), [2.0]);
        assert_eq!(pool.ratios(0, 0, PICKING), [1.0, 1.0]);
        assert_eq!(pool.last_launch(), 3);
    }
}
