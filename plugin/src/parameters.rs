//! The autoscheduler's parameters: `autoscheduler.<key>=<value>`.

use crate::model::{self, Chosen};
use scheduler::ir::Target;
use scheduler::{Budget, Hardware, Options, Strategy};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Parallelism that Halide's own autoschedulers assume when none is given.
const DEFAULT_PARALLELISM: u32 = 16;
const ACCEPTED: &str = "accepted parameters: parallelism (threads, a whole number of at least 1; default 16), \
    strategy (beam, greedy, random, root or none; default beam), candidates (schedules that a beam search may look at; \
    default 40000 / stages), time_limit (seconds that it may take; default none), memory_limit (MB that it may hold; \
    default none), top_k (best schedules to report; default 1), seed (of strategy=random; default 0), \
    model (what prices schedules: shipped, analytic, or a file of a learned cost model; default shipped), \
    hardware (host: the learned model as nnc calibrate fitted it to this computer, if it did; target: nothing measured \
    here; default target), \
    report (a file to write a JSON report to), schedule (a file with a schedule to apply instead of searching: such a \
    report, a JSON list of directives, or what a generator writes with -e hlpipe), hlpipe (a file to write the pipeline to as \
    it came, serialised), reassociate (true or false: \
    whether schedules may add and multiply floats in another order, which rounds otherwise; default false), \
    strict_estimates (true or false: whether a scalar input without an estimate that sizes depend on is an error rather than \
    assumed, with a warning; default false)";

/// What prices schedules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Model {
    /// The learned model that comes with the plugin, where there is one for the target; with [`Machine::Host`] the one fitted
    /// to this computer.
    #[default]
    Shipped,
    /// The analytic cost.
    Analytic,
    /// A learned model in a file.
    File(PathBuf),
}

/// Whose measurements count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// Nobody's: the same target gives the same schedule everywhere.
    #[default]
    Target,
    /// This computer's, if it was calibrated and the target is what it runs.
    Host,
}

/// Parsed parameters.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Threads that will run the pipeline.
    pub parallelism: u32,
    /// Which schedules are considered.
    pub strategy: Strategy,
    /// What a beam search may use; where nothing is said, what suits the pipeline.
    pub budget: Budget,
    /// How many schedules the report holds.
    pub top_k: usize,
    /// Of random schedules.
    pub seed: u64,
    /// What prices schedules.
    pub model: Model,
    /// Whether what was measured on this computer counts.
    pub hardware: Machine,
    /// Where to write a report.
    pub report: Option<PathBuf>,
    /// The schedule to apply instead of searching for one.
    pub schedule: Option<PathBuf>,
    /// Where to write the pipeline as it came, serialised.
    pub hlpipe: Option<PathBuf>,
    /// Whether schedules, found or given, may add and multiply floats in another order.
    pub reassociate: bool,
    /// Whether no value may be assumed for a scalar input without an estimate.
    pub strict_estimates: bool,
}

impl Parameters {
    /// Parses key-value pairs.
    ///
    /// # Errors
    /// A message that names the accepted keys, for unknown keys and bad values.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, String> {
        let mut parameters = Self::default();
        for (key, value) in pairs {
            let bad = || format!("bad value '{value}' for parameter '{key}'; {ACCEPTED}");
            match key.as_str() {
                "parallelism" => {
                    parameters.parallelism = at_least(value, 1).ok_or_else(bad)?;
                }
                "candidates" => parameters.budget.candidates = Some(at_least(value, 1).ok_or_else(bad)?),
                "time_limit" => {
                    let seconds = at_least(value, 0.0).filter(|s: &f64| *s < 1e9).ok_or_else(bad)?;
                    parameters.budget.time = Some(Duration::from_secs_f64(seconds));
                }
                "memory_limit" => {
                    let megabytes: u64 = at_least(value, 1).ok_or_else(bad)?;
                    parameters.budget.memory_bytes = Some(megabytes.saturating_mul(1_000_000));
                }
                "top_k" => parameters.top_k = at_least(value, 1).ok_or_else(bad)?,
                "seed" => parameters.seed = value.parse().map_err(|_| bad())?,
                "strategy" => {
                    parameters.strategy = match value.as_str() {
                        "beam" => Strategy::Beam,
                        "greedy" => Strategy::Greedy,
                        "random" => Strategy::Random,
                        "root" => Strategy::Root,
                        "none" => Strategy::None,
                        _ => return Err(bad()),
                    };
                }
                "reassociate" => parameters.reassociate = value.parse().map_err(|_| bad())?,
                "strict_estimates" => parameters.strict_estimates = value.parse().map_err(|_| bad())?,
                "report" if !value.is_empty() => parameters.report = Some(value.into()),
                "schedule" if !value.is_empty() => parameters.schedule = Some(value.into()),
                "hlpipe" if !value.is_empty() => parameters.hlpipe = Some(value.into()),
                "model" => {
                    parameters.model = match value.as_str() {
                        "shipped" => Model::Shipped,
                        "analytic" => Model::Analytic,
                        "" => return Err(bad()),
                        path => Model::File(path.into()),
                    };
                }
                "hardware" => {
                    parameters.hardware = match value.as_str() {
                        "target" => Machine::Target,
                        "host" => Machine::Host,
                        _ => return Err(bad()),
                    };
                }
                "report" | "schedule" | "hlpipe" => return Err(bad()),
                _ => return Err(format!("unknown parameter '{key}'; {ACCEPTED}")),
            }
        }
        Ok(parameters)
    }

    /// Whether the schedule given is to be reported, not applied: Funcs are then at root in plain loops.
    pub fn only_reads(&self) -> bool {
        self.schedule.is_some() && self.strategy == Strategy::Root
    }

    /// What the search gets, and the model: the target decides the vector width, never the machine this runs
    /// on.
    ///
    /// # Errors
    /// A message with the path, when there is a model file that cannot be used.
    pub fn options(&self, target: &Target, stages: usize) -> Result<(Options, Chosen), String> {
        let chosen = model::choose(self, target)?;
        let hardware = match chosen.model {
            Some(model) => model.hardware(self.parallelism, target.vector_bytes),
            None => Hardware::generic(self.parallelism, target.vector_bytes),
        };
        let candidates = self.budget.candidates.or(Budget::for_stages(stages).candidates);
        let options = Options {
            strategy: self.strategy,
            budget: Some(Budget { candidates, ..self.budget }),
            top_k: self.top_k,
            seed: self.seed,
            model: chosen.model,
            reassociate: self.reassociate,
            ..Options::new(hardware)
        };
        Ok((options, chosen))
    }
}

/// A number of at least `least`.
fn at_least<T: FromStr + PartialOrd>(text: &str, least: T) -> Option<T> {
    text.parse().ok().filter(|number| *number >= least)
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            parallelism: DEFAULT_PARALLELISM,
            strategy: Strategy::default(),
            budget: Budget::default(),
            top_k: 1,
            seed: 0,
            model: Model::default(),
            hardware: Machine::default(),
            report: None,
            schedule: None,
            hlpipe: None,
            reassociate: false,
            strict_estimates: false,
        }
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategy = format!("{:?}", self.strategy).to_lowercase();
        write!(f, "parallelism={}, ", self.parallelism)?;
        if let Some(path) = &self.schedule {
            return write!(f, "schedule={}", path.display());
        }
        write!(f, "strategy={strategy}")?;
        if self.reassociate {
            write!(f, ", reassociate=true")?;
        }
        if self.strategy == Strategy::Random {
            write!(f, ", seed={}", self.seed)?;
        }
        let Budget { candidates, time, memory_bytes } = self.budget;
        for (key, value) in [
            ("candidates", candidates.map(|n| n.to_string())),
            ("time_limit", time.map(|t| t.as_secs_f64().to_string())),
            ("memory_limit", memory_bytes.map(|b| (b / 1_000_000).to_string())),
        ] {
            if let Some(value) = value {
                write!(f, ", {key}={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Parameters, String> {
        let owned: Vec<_> = pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        Parameters::parse(&owned)
    }

    #[test]
    fn defaults_and_all_keys() {
        assert_eq!(parse(&[]).unwrap().parallelism, 16);
        let files = parse(&[("report", "r.json"), ("schedule", "s.json")]).unwrap();
        assert_eq!((files.report, files.schedule), (Some("r.json".into()), Some("s.json".into())));
        let priced = parse(&[("model", "m.json"), ("hardware", "host")]).unwrap();
        assert_eq!((priced.model, priced.hardware), (Model::File("m.json".into()), Machine::Host));
        assert_eq!(parse(&[]).unwrap().model, Model::Shipped);
        assert_eq!(parse(&[("model", "analytic")]).unwrap().model, Model::Analytic);
        let others = parse(&[("parallelism", "2"), ("reassociate", "true"), ("strategy", "root")]).unwrap();
        let expected =
            Parameters { parallelism: 2, strategy: Strategy::Root, reassociate: true, ..Parameters::default() };
        assert_eq!(others, expected);
    }

    #[test]
    fn errors_name_the_accepted_keys() {
        for bad in [
            ("parallelism", "0"),
            ("parallelism", "two"),
            ("strategy", "best"),
            ("report", ""),
            ("schedule", ""),
            ("hlpipe", ""),
            ("reassociate", "yes"),
            ("strict_estimates", "1"),
            ("paralelism", "2"),
            ("model", ""),
            ("hardware", "mine"),
        ] {
            let message = parse(&[bad]).unwrap_err();
            assert!(message.contains(bad.0) && message.contains("accepted parameters: parallelism"), "{message}");
        }
    }
}
