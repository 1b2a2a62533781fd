//! What computer times hold for.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::machine;

/// What a processor is told apart by. Times on equal hardware are taken to be equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hardware {
    /// Processor model as the operating system names it.
    pub cpu: String,
    /// Threads that programs may use.
    pub threads: usize,
    /// Vector instructions, of a fixed list in a fixed order: what the operating system reports grows with its version.
    pub features: Vec<&'static str>,
}

impl Hardware {
    /// This computer.
    pub fn here() -> Hardware {
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
        Hardware { cpu: machine::cpu_name(), threads, features: features() }
    }

    /// Six hexadecimal digits that are the same whenever the hardware is.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("{}\n{}\n{}", self.cpu, self.threads, self.features.join(" ")));
        digest[..3].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} threads", self.fingerprint(), self.cpu, self.threads)?;
        self.features.iter().try_for_each(|feature| write!(f, ", {feature}"))?;
        f.write_str(")")
    }
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    macro_rules! present {
        ($($feature:tt),*) => {
            [$(($feature, std::arch::is_x86_feature_detected!($feature))),*]
        };
    }
    let known = present!("sse4.1", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512vl");
    known.into_iter().filter_map(|(name, present)| present.then_some(name)).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<&'static str> {
    vec![std::env::consts::ARCH]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_stable_and_tell_apart() {
        let one = Hardware { cpu: "A 1".to_owned(), threads: 2, features: vec!["avx", "avx2"] };
        // Model files in people's stores are named after it.
        assert_eq!(one.fingerprint(), "916fd8");
        assert_eq!(one.to_string(), "916fd8 (A 1, 2 threads, avx, avx2)");
        let others = [
            Hardware { threads: 4, ..one.clone() },
            Hardware { cpu: "A 12".to_owned(), ..one.clone() },
            Hardware { features: vec!["avx"], ..one.clone() },
        ];
        assert!(others.iter().all(|other| other.fingerprint() != one.fingerprint()));
        assert_eq!(Hardware::here(), Hardware::here());
    }
}
