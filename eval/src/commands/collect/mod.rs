//! `nnc collect`: measures random schedules of many pipelines, for cost models to learn from.

mod args;

use anyhow::Result;

pub use args::CollectArgs;

use crate::records::record::{self, Store};
use crate::records::suite::{Random, Suite};
use crate::system::ending::Ended;
use crate::system::program::program_folder;

/// Collects, or exports what was collected.
pub fn run(args: &CollectArgs) -> Result<Ended> {
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => program_folder()?.join("../nnc/records"),
    };
    let store: Store = Store::open(&folder)?;
    if let Some(path) = &args.export {
        let all = store.all()?;
        record::write(&all, path)?;
        let schedules: usize = all.iter().map(|measured| measured.records.len()).sum();
        println!("{schedules} schedules of {} pipelines in {}", all.len(), path.display());
        return Ok(Ended::Complete);
    }
    let random = Random { seed: args.seed, count: args.random, stages: args.stages.clone() };
    let mut suite = Suite::open(&args.build, &random, args.keep_disturbed)?;
    suite.schedules = args.schedules;
    suite.conditions.sizes = args.sizes as usize;
    if args.sizes > 1 && !suite.conditions.threads.contains(&1) {
        suite.conditions.threads.push(1);
    }
    suite.others = args.others;
    suite.budget = args.budget;
    suite.measure(&store)
}
