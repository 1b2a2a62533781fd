//! `nnc hardware`: what this computer is, and how fast.

mod args;

use anyhow::Result;
use comfy_table::{presets, CellAlignment, Table};
use host::Processor;
use scheduler::Hardware;
use serde::Serialize;

pub use args::HardwareArgs;

use crate::hardware::profile;
use crate::report::format::bytes;

/// A computer and its profile.
#[derive(Debug, Serialize)]
struct Described {
    fingerprint: String,
    cpu: String,
    features: Vec<&'static str>,
    profile: Hardware,
}

/// Measures and prints.
pub fn run(args: &HardwareArgs) -> Result<()> {
    let processor = Processor::here();
    let threads = args.threads.unwrap_or(u32::try_from(processor.threads)?);
    eprintln!("Measuring for some seconds; anything else that runs now falsifies it.");
    let profile = profile::measure(threads, processor.vector_bytes());
    if args.json {
        let Processor { cpu, features, .. } = processor.clone();
        let described = Described { fingerprint: processor.fingerprint(), cpu, features, profile };
        println!("{}", serde_json::to_string_pretty(&described)?);
    } else {
        println!("{processor}\n\n{}", table(&profile));
    }
    Ok(())
}

/// What is measured, beside what is assumed of a computer that nobody measured.
fn table(profile: &Hardware) -> Table {
    let generic = Hardware::generic(profile.threads, profile.vector_bytes);
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["", "here", "assumed by default"]);
    let mut row = |name: &str, show: &dyn Fn(&Hardware) -> String| {
        table.add_row([name.to_owned(), show(profile), show(&generic)]);
    };
    row("threads", &|h| h.threads.to_string());
    row("vector", &|h| format!("{} bit", 8 * h.vector_bytes));
    row("first-level cache", &|h| bytes(h.l1_bytes as f64));
    row("private cache", &|h| bytes(h.private_cache_bytes as f64));
    row("shared cache", &|h| bytes(h.shared_cache_bytes as f64));
    row("vector operations, one core", &|h| format!("{:.2} G/s", h.vector_ops_per_second / 1e9));
    row("vector loads, one core", &|h| format!("{:.2} G/s", h.accesses_per_second / 1e9));
    row("from the private cache, one core", &|h| format!("{}/s", bytes(h.l2_bytes_per_second)));
    row("from the shared cache, one core", &|h| format!("{}/s", bytes(h.l3_bytes_per_second)));
    row("memory, all cores", &|h| format!("{}/s", bytes(h.memory_bytes_per_second)));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
