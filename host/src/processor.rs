//! What computer times hold for.

use std::fmt;

use sha2::{Digest, Sha256};

/// What the names of Halide targets begin with that run on this computer.
pub const ARCHITECTURE: &str = if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
    "x86-64-linux"
} else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
    "arm-64-linux"
} else {
    "another architecture"
};

/// What a computer is told apart by. Times on equal ones are taken to be equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processor {
    /// Processor model as the operating system names it.
    pub cpu: String,
    /// Threads that programs may use.
    pub threads: usize,
    /// Vector instructions, of a fixed list in a fixed order: what the operating system reports grows with its version.
    pub features: Vec<&'static str>,
}

impl Processor {
    /// This computer.
    pub fn here() -> Processor {
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
        Processor { cpu: cpu_name(), threads, features: features() }
    }

    /// Bytes of the widest vectors that Halide uses for `target=host` here.
    pub fn vector_bytes(&self) -> u32 {
        let has = |wanted: &str| self.features.contains(&wanted);
        match () {
            () if has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl") => 64,
            () if has("avx") => 32,
            () => 16,
        }
    }

    /// What Halide's `target=host` is called here, as far as its vectors go.
    pub fn target_name(&self) -> String {
        let feature = if is_sapphire_rapids() { "-avx512_sapphirerapids" } else { "" };
        format!("{ARCHITECTURE}{feature}")
    }

    /// Six hexadecimal digits that are the same whenever the hardware is.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("{}\n{}\n{}", self.cpu, self.threads, self.features.join(" ")));
        digest[..3].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} threads", self.fingerprint(), self.cpu, self.threads)?;
        self.features.iter().try_for_each(|feature| write!(f, ", {feature}"))?;
        f.write_str(")")
    }
}

/// Processor model as the operating system names it.
pub fn cpu_name() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
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

/// Whether Halide calls it that: it, and what came after. Not a feature of a [`Processor`], whose fingerprint must not change.
#[cfg(target_arch = "x86_64")]
fn is_sapphire_rapids() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16") && std::arch::is_x86_feature_detected!("avxvnni")
}

#[cfg(not(target_arch = "x86_64"))]
fn is_sapphire_rapids() -> bool {
    false
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
        let one = Processor { cpu: "A 1".to_owned(), threads: 2, features: vec!["avx", "avx2"] };
        // Model files in people's stores are named after it.
        assert_eq!(one.fingerprint(), "916fd8");
        assert_eq!(one.to_string(), "916fd8 (A 1, 2 threads, avx, avx2)");
        let others = [
            Processor { threads: 4, ..one.clone() },
            Processor { cpu: "A 12".to_owned(), ..one.clone() },
            Processor { features: vec!["avx"], ..one.clone() },
        ];
        assert!(others.iter().all(|other| other.fingerprint() != one.fingerprint()));
        assert_eq!(Processor::here(), Processor::here());
    }
}
