//! `nnc gen`: runs any generator with an autoscheduler loaded.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use clap::Args;

use crate::measure::args::plugin_files;
use crate::measure::build::generator::{command, Executable};
use crate::measure::build::hl_autoscheduler::{self, Choice, Source, OURS};
use crate::system::ending::Usage;
use crate::system::process;

/// Arguments of `nnc gen`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc gen -- out/my.generator -g blur -o out target=host
  HL_AUTOSCHEDULER=Adams2019,beam_size=8 nnc gen -- out/my.generator -g blur -o out target=host")]
pub struct GenArgs {
    /// The generator executable and its arguments
    #[arg(value_name = "GENERATOR", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
    /// The Srivastava2020 plugin [default: beside this program]
    #[arg(long, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
}

/// The generator's command line `args` with plugin and parameters added. GenGen takes one `-p`: ours joins it.
fn with_autoscheduler(args: &[String], plugin: &str, name: &str, params: &[(String, String)]) -> Vec<String> {
    let mut args = args.to_vec();
    match args.iter().position(|arg| arg == "-p") {
        Some(flag) if flag + 1 < args.len() => {
            args[flag + 1] += ",";
            args[flag + 1] += plugin;
        }
        _ => args.extend(["-p".to_owned(), plugin.to_owned()]),
    }
    args.push(format!("autoscheduler={name}"));
    args.extend(params.iter().map(|(key, value)| format!("autoscheduler.{key}={value}")));
    args
}

/// Becomes the generator. Returns only if that fails.
pub fn run(args: &GenArgs) -> Result<()> {
    let ours = Choice { source: Some(Source::Known(OURS)), params: vec![] };
    let choice = hl_autoscheduler::from_environment().map_err(Usage)?.unwrap_or(ours);
    let (program, rest) = args.command.split_first().expect("clap requires one");
    let executable = Executable::open(Path::new(program))?;
    let rest = match &choice.source {
        None => rest.to_vec(),
        Some(source) => {
            let plugin = plugin_files(args.plugin.as_deref())?.find(source, &executable)?;
            with_autoscheduler(rest, &plugin.path.to_string_lossy(), &plugin.name, &choice.params)
        }
    };
    ensure!(!process::interrupted(), "interrupted");
    let error = command(&executable.path).args(rest).exec();
    Err(error).with_context(|| format!("cannot run {program}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn plugin_and_parameters_are_added() {
        let params = [("beam_size".to_owned(), "8".to_owned())];
        let args = with_autoscheduler(&strings("-g blur target=host"), "/a.so", "Adams2019", &params);
        assert_eq!(args, strings("-g blur target=host -p /a.so autoscheduler=Adams2019 autoscheduler.beam_size=8"));
    }

    #[test]
    fn other_plugins_stay() {
        let args = with_autoscheduler(&strings("-p /b.so -g blur"), "/a.so", "Li2018", &[]);
        assert_eq!(args, strings("-p /b.so,/a.so -g blur autoscheduler=Li2018"));
    }
}
