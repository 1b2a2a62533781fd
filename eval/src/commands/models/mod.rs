//! `nnc models`: looks at the trained models that are kept.

mod args;
mod choose;
mod describe;

use anyhow::Result;
use host::Processor;

use crate::models::Store;
pub use args::ModelsArgs;
use args::ModelsCommand;

/// Prints what is asked for.
///
/// # Errors
/// A store that cannot be read; names that no model has, or several.
pub fn run(args: &ModelsArgs, store: &Store) -> Result<()> {
    let here = Processor::here();
    match &args.command {
        ModelsCommand::List { json: false } => print!("{}", describe::list(store, &here)?),
        ModelsCommand::List { json: true } => {
            println!("{}", serde_json::to_string_pretty(&describe::list_json(store, &here)?)?);
        }
        ModelsCommand::Show { name } => {
            let key = store.find(name, &here.fingerprint())?;
            print!("{}", describe::model(&key, &store.path(&key), &store.load(&key)?, &here));
        }
        ModelsCommand::Choose { kernel, given, json } => {
            let candidates = choose::rank(store, &here, kernel, given)?;
            match json {
                true => println!("{}", serde_json::to_string_pretty(&choose::to_json(&candidates))?),
                false => println!("{}", choose::table(&candidates)),
            }
        }
        ModelsCommand::Path { name: None } => println!("{}", store.folder().display()),
        ModelsCommand::Path { name: Some(name) } => {
            println!("{}", store.path(&store.find(name, &here.fingerprint())?).display());
        }
    }
    Ok(())
}
