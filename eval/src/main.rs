//! `nnc`: builds Halide pipelines with autoschedulers, and measures what that gains.

mod cli;
mod commands;
mod expected;
mod hardware;
mod measure;
mod models;
mod predictors;
mod records;
mod report;
mod results;
mod system;
mod training;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Command};
use commands::{
    accuracy, calibrate, collect, dump, eval, explain, fuzz, gen, predict, profile, regret, run, study, verify, worker,
};
use system::ending::{Ended, Usage};
use system::process;

fn dispatch(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Eval(args) => eval::run(args).map(exit_code_of_checks),
        Command::Gen(args) => gen::run(args).map(|()| ExitCode::SUCCESS),
        Command::Runner(args) => measure::run::serve(&args.library, args.threads).map(|()| ExitCode::SUCCESS),
        Command::Worker(args) => worker::run(args).map(exit_code_of_checks),
        Command::Run(args) => run::run(args).map(|()| ExitCode::SUCCESS),
        Command::Verify(args) => verify::run(args).map(exit_code_of_checks),
        Command::Fuzz(args) => fuzz::run(args).map(exit_code_of_checks),
        Command::Dump(args) => dump::run(args).map(|()| ExitCode::SUCCESS),
        Command::Explain(args) => explain::run(args).map(|()| ExitCode::SUCCESS),
        Command::Predict(args) => predict::run(args, models::Store::from_environment).map(|()| ExitCode::SUCCESS),
        Command::Profile(args) => profile::run(args).map(exit_code),
        Command::Study(args) => study::run(args, &models::Store::from_environment()?).map(exit_code),
        Command::Collect(args) => collect::run(args).map(exit_code),
        Command::Calibrate(args) => calibrate::run(args, models::Store::from_environment).map(exit_code),
        Command::Regret(args) => regret::run(args).map(exit_code),
        Command::Accuracy(args) => accuracy::run(args).map(|()| ExitCode::SUCCESS),
        Command::Hardware(args) => commands::hardware::run(args).map(|()| ExitCode::SUCCESS),
        Command::Models(args) => {
            commands::models::run(args, &models::Store::from_environment()?).map(|()| ExitCode::SUCCESS)
        }
    }
}

fn exit_code(ended: Ended) -> ExitCode {
    match ended {
        Ended::Complete => ExitCode::SUCCESS,
        Ended::Interrupted => ExitCode::from(process::signal().map_or(1, process::exit_code)),
    }
}

fn exit_code_of_checks((ended, all_well): (Ended, bool)) -> ExitCode {
    match (ended, all_well) {
        (Ended::Complete, false) => ExitCode::FAILURE,
        (ended, _) => exit_code(ended),
    }
}

/// `nnc ... | head`: that nobody reads on is no error, and `println!` knows no other way than to panic.
fn end_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.to_string().contains("failed printing to stdout: Broken pipe") {
            std::process::exit(0);
        }
        report(info);
    }));
}

fn main() -> ExitCode {
    end_when_nobody_reads();
    let cli = Cli::parse();
    // A runner is its parent's to end, and says by how it ends what its pipeline did.
    if !matches!(cli.command, Command::Runner(_)) {
        process::catch_signals();
    }
    let nothing_to_clean_up =
        matches!(cli.command, Command::Accuracy(_) | Command::Hardware(_) | Command::Models(_) | Command::Predict(_));
    let _at_once = nothing_to_clean_up.then(process::AtOnce::begin);
    dispatch(&cli.command).unwrap_or_else(|error| {
        // What is stopped half way fails in one way or another.
        if let Some(signal) = process::signal() {
            eprintln!("nnc: interrupted");
            return ExitCode::from(process::exit_code(signal));
        }
        eprintln!("nnc: {error:#}");
        ExitCode::from(if error.chain().any(|cause| cause.is::<Usage>()) { 2 } else { 1 })
    })
}
