//! The autoscheduler's parameters: `autoscheduler.<key>=<value>`.

use scheduler::ir::Target;
use scheduler::{Hardware, Options, Strategy};
use std::fmt;
use std::path::PathBuf;

/// Parallelism that Halide's own autoschedulers assume when none is given.
const DEFAULT_PARALLELISM: u32 = 16;
const ACCEPTED: &str = "accepted parameters: parallelism (threads, a whole number of at least 1; default 16), \
    strategy (greedy, root or none; default greedy), report (a file to write a JSON report to)";

/// Parsed parameters.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Threads that will run the pipeline.
    pub parallelism: u32,
    /// Which schedules are considered.
    pub strategy: Strategy,
    /// Where to write a report.
    pub report: Option<PathBuf>,
}

impl Parameters {
    /// Parses key-value pairs.
    ///
    /// # Errors
    /// A message that names the accepted keys, for unknown keys and bad values.
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, String> {
        let mut parameters = Self { parallelism: DEFAULT_PARALLELISM, strategy: Strategy::Greedy, report: None };
        for (key, value) in pairs {
            let bad = || format!("bad value '{value}' for parameter '{key}'; {ACCEPTED}");
            match key.as_str() {
                "parallelism" => {
                    parameters.parallelism = value.parse().ok().filter(|&n| n >= 1).ok_or_else(bad)?;
                }
                "strategy" => {
                    parameters.strategy = match value.as_str() {
                        "greedy" => Strategy::Greedy,
                        "root" => Strategy::Root,
                        "none" => Strategy::None,
                        _ => return Err(bad()),
                    };
                }
                "report" if !value.is_empty() => parameters.report = Some(value.into()),
                "report" => return Err(bad()),
                _ => return Err(format!("unknown parameter '{key}'; {ACCEPTED}")),
            }
        }
        Ok(parameters)
    }

    /// What the search gets: the target decides the vector width, never the machine this runs on.
    pub fn options(&self, target: &Target) -> Options {
        Options { hardware: Hardware::generic(self.parallelism, target.vector_bytes), strategy: self.strategy }
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategy = format!("{:?}", self.strategy).to_lowercase();
        write!(f, "parallelism={}, strategy={strategy}", self.parallelism)
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
        let all = parse(&[("parallelism", "2"), ("report", "r.json"), ("strategy", "root")]).unwrap();
        assert_eq!(all, Parameters { parallelism: 2, strategy: Strategy::Root, report: Some("r.json".into()) });
    }

    #[test]
    fn errors_name_the_accepted_keys() {
        for bad in
            [("parallelism", "0"), ("parallelism", "two"), ("strategy", "best"), ("report", ""), ("paralelism", "2")]
        {
            let message = parse(&[bad]).unwrap_err();
            assert!(message.contains(bad.0) && message.contains("accepted parameters: parallelism"), "{message}");
        }
    }
}
