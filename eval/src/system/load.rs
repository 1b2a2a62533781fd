//! How much of the processors others take while we measure.

use std::collections::HashMap;
use std::fs;
use std::ops::RangeInclusive;
use std::time::Instant;

use crate::system::process;

/// Clock ticks a second in /proc, the same on every architecture of today.
const TICKS: f64 = 100.0;
/// The share of the processors from which on times count as disturbed.
const DISTURBING: f64 = 0.05;
/// How often times are taken again that others disturbed.
const RETRIES: usize = 2;
/// Ticks that are counted too coarsely to mean anything.
const NOISE_SECONDS: f64 = 0.1;

/// The processors' work up to a moment.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    at: Instant,
    counts: Option<Counts>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Counts {
    /// Processors that we may run on.
    processors: usize,
    /// Seconds that they worked, for whomever.
    busy: f64,
    /// Seconds that they worked for us and what we started.
    own: f64,
}

impl Load {
    /// Up to now. Nothing is known where the system does not say.
    pub fn now() -> Load {
        Load { at: Instant::now(), counts: counts() }
    }

    /// The share of the processors that others took since then.
    pub fn of_others(&self) -> Option<f64> {
        let (now, seconds) = (counts()?, self.at.elapsed().as_secs_f64());
        Some(share(&self.counts?, &now, seconds))
    }

    /// Whether others took so much since then that times taken meanwhile are doubtful.
    pub fn is_disturbed(&self) -> bool {
        self.of_others().is_some_and(|share| share >= DISTURBING)
    }
}

/// What is measured while others leave the processors to us, as far as they ever do: [`RETRIES`] more times if they did not.
pub struct Measured<T> {
    /// What the last measurement gave.
    pub value: T,
    /// Whether others disturbed that one, too.
    pub disturbed: bool,
}

/// Measures, and again while others disturb it.
pub fn undisturbed<T>(mut measure: impl FnMut() -> T) -> Measured<T> {
    let mut once = || {
        let load = Load::now();
        Measured { value: measure(), disturbed: load.is_disturbed() }
    };
    let mut last = once();
    for _ in 0..RETRIES {
        if !last.disturbed || process::interrupted() {
            break;
        }
        last = once();
    }
    last
}

fn share(before: &Counts, after: &Counts, seconds: f64) -> f64 {
    let others = (after.busy - before.busy) - (after.own - before.own);
    if others <= NOISE_SECONDS {
        return 0.0;
    }
    others / (seconds * after.processors as f64)
}

fn counts() -> Option<Counts> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let (processors, busy) = busy(&fs::read_to_string("/proc/stat").ok()?, &ranges(allowed));
    (busy > 0.0).then_some(Counts { processors, busy, own: own(std::process::id()) })
}

/// The numbers of a list such as `0-3,8`.
fn ranges(list: &str) -> Vec<RangeInclusive<usize>> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').filter_map(range).collect()
}

/// How many processors of `stat` are among those allowed, and seconds that they worked: for users, the system, and for
/// other machines on the same hardware.
fn busy(stat: &str, allowed: &[RangeInclusive<usize>]) -> (usize, f64) {
    let of_line = |line: &str| -> Option<f64> {
        let mut fields = line.strip_prefix("cpu")?.split_whitespace();
        let number: usize = fields.next()?.parse().ok()?;
        let ticks: Vec<f64> = fields.map_while(|field| field.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal
        let is_allowed = allowed.iter().any(|range| range.contains(&number));
        is_allowed.then(|| [0, 1, 2, 7].iter().filter_map(|&at| ticks.get(at)).sum::<f64>() / TICKS)
    };
    // The first line sums all up, and has no number.
    let all: Vec<f64> = stat.lines().filter(|line| !line.starts_with("cpu ")).filter_map(of_line).collect();
    (all.len(), all.iter().sum())
}

/// A process as /proc has it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Process {
    parent: u32,
    /// Of its own and of the children that it has reaped.
    seconds: f64,
}

/// Seconds that the process `root` and all that descend from it worked. What a process did that was reaped is its parent's.
fn own(root: u32) -> f64 {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let read = |pid| Some((pid, process(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?));
    let all: HashMap<u32, Process> = pids.filter_map(read).collect();
    let descends = |pid: u32| {
        let ancestors = std::iter::successors(Some(pid), |pid| all.get(pid).map(|process| process.parent));
        // Processes come and go while they are read, so that parents may seem to go around in circles.
        ancestors.take(all.len()).any(|ancestor| ancestor == root)
    };
    all.iter().filter(|(&pid, _)| descends(pid)).map(|(_, process)| process.seconds).sum()
}

/// Reads /proc/PID/stat. The name, in brackets, may have blanks and brackets in it.
fn process(stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: Vec<f64> = fields.get(11..15)?.iter().map_while(|field| field.parse().ok()).collect();
    Some(Process { parent: fields.get(1)?.parse().ok()?, seconds: ticks.iter().sum::<f64>() / TICKS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_processors_that_we_may_use_count() {
        let stat =
            "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 20 30 999 999 7 7 50 0 0\ncpu1 500 0 0 0\ncpu10 1 1 1 0\nintr 5\n";
        assert_eq!(busy(stat, &ranges("\t0,8-11")), (2, 2.03));
        assert_eq!(busy("", &ranges("0")), (0, 0.0));
    }

    #[test]
    fn what_others_took_is_what_is_left() {
        let before = Counts { processors: 2, busy: 100.0, own: 10.0 };
        let after = |busy, own| Counts { processors: 2, busy, own };
        assert_eq!(share(&before, &after(120.0, 25.0), 10.0), 0.25);
        // Ticks that are out of step.
        assert_eq!(share(&before, &after(120.0, 30.05), 10.0), 0.0);
        assert_eq!(share(&before, &after(100.1, 10.0), 0.1), 0.0);
    }

    #[test]
    fn processes_are_read_whatever_their_name() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 0 0 0 0 0 150 50 30 20 20 0 4 0";
        assert_eq!(process(stat), Some(Process { parent: 7, seconds: 2.5 }));
        assert_eq!(process("42 (a"), None);
    }

    /// Work of our own is not others', in whatever process.
    #[test]
    fn children_are_ours() {
        let before = own(std::process::id());
        let script = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        std::process::Command::new("sh").args(["-c", script]).status().unwrap();
        assert!(own(std::process::id()) > before);
    }
}
