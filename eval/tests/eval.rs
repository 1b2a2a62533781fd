//! `nnc eval` from end to end, on a generator that only pretends to be one, and that fails in every way there is.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn folder_of_fakes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake")
}

/// `nnc`, in an environment that names no autoscheduler.
fn nnc(cache: &Path, args: &[&str]) -> Command {
    let root = std::env::var_os("HALIDE_ROOT").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps/halide"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnc"));
    command.args(args).env_remove("HL_AUTOSCHEDULER").env("HALIDE_INCLUDE", root.join("include"));
    if args[0] != "gen" {
        command.arg("--cache").arg(cache);
    }
    command
}

/// An evaluation of the fake generators in `names`, own schedule against `manual`.
fn eval(folder: &Path, names: &[&str], more: &[&str]) -> (Output, Value) {
    let json = folder.join("eval.json");
    let generator = folder_of_fakes().join("generator.sh");
    let generators =
        names.iter().flat_map(|name| ["--generator".to_owned(), format!("{}:{name}", generator.display())]);
    let mut command = nnc(folder, &["eval", "--schedulers", "none,manual", "--reference", "none", "--threads", "1"]);
    command.args(generators).args(["--rounds", "3", "--time-budget", "100ms", "--json"]).arg(&json).args(more);
    let output = command.output().unwrap();
    let value = serde_json::from_slice(&std::fs::read(json).unwrap_or_default()).unwrap_or_default();
    (output, value)
}

fn row<'a>(evaluation: &'a Value, pipeline: &str, scheduler: &str) -> &'a Value {
    let rows = evaluation["results"].as_array().expect("results");
    rows.iter().find(|row| row["pipeline"] == pipeline && row["scheduler"] == scheduler).expect("a row")
}

#[test]
fn every_failure_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["fine", "plain", "fails", "hangs", "hogs", "crashes", "differs", "dies", "complains"];
    let (output, evaluation) = eval(folder.path(), &names, &["--timeout", "3s", "--memory-limit", "500MB"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in names {
        let own = row(&evaluation, name, "none");
        assert_eq!((own["status"].as_str(), own["output_matches"].as_bool()), (Some("ok"), Some(true)), "{own}");
        assert!(own["run_seconds"]["median"].as_f64().unwrap() > 0.0);
        assert_eq!(own["io_bytes"], 8000);
    }
    let expected = [
        ("fine", "ok", ""),
        ("plain", "skipped", "no expert schedule"),
        ("fails", "error", "Cannot schedule f"),
        ("hangs", "timeout", "scheduling after 3 s"),
        ("hogs", "out_of_memory", "--memory-limit"),
        ("crashes", "error", "SIGSEGV"),
        ("differs", "wrong_output", "1 of 1000 values differ, the first at [7]"),
        ("dies", "error", "SIGABRT"),
        ("complains", "error", "Input is not to my taste"),
    ];
    for (name, status, message) in expected {
        let row = row(&evaluation, name, "manual");
        assert_eq!(row["status"], status, "{row}");
        assert!(row["message"].as_str().unwrap().contains(message), "{row}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("differs"), "the table has all pipelines");
}

#[test]
fn what_is_unchanged_is_reused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, first) = eval(folder.path(), &["fine", "plain"], &[]);
    let (output, second) = eval(folder.path(), &["fine", "plain"], &[]);
    assert_eq!(first["results"], second["results"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("reused"));
    let (_, fresh) = eval(folder.path(), &["fine", "plain"], &["--no-cache"]);
    assert_ne!(first["results"], fresh["results"], "times are never exactly the same");
}

#[test]
fn what_depends_on_a_changed_file_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table");
    let generator = format!("fine,table={}", table.display());
    let reuses = |content: &str| {
        std::fs::write(&table, content).unwrap();
        let (output, _) = eval(folder.path(), &[&generator], &[]);
        String::from_utf8_lossy(&output.stderr).contains("reused")
    };
    assert_eq!([reuses("1"), reuses("1"), reuses("2")], [false, true, false]);
}

#[test]
fn interruption_ends_children_and_keeps_builds() {
    let folder = tempfile::tempdir().unwrap();
    let generator = folder_of_fakes().join("generator.sh");
    let schedulers = ["eval", "--schedulers", "none,manual", "--reference", "none", "--jobs", "1"];
    let mut command = nnc(folder.path(), &schedulers);
    command
        .arg("--generator")
        .arg(format!("{}:hangs", generator.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let builds = || std::fs::read_dir(folder.path().join("builds")).map_or(0, |entries| entries.count());
    let start = Instant::now();
    while builds() == 0 && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The shell's own `kill`: a small system may lack the program.
    Command::new("sh").args(["-c", "kill -INT $0", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(builds(), 1, "the first build is kept, the one that hung is not");
    assert!(start.elapsed() < Duration::from_secs(60), "it did not wait for the timeout");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |args: &[&str], variable: Option<&str>| {
        let mut command = nnc(folder.path(), args);
        if let Some(value) = variable {
            command.env("HL_AUTOSCHEDULER", value);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(fails(&["eval"], Some("Adam2019")).contains("Mullapudi2016"));
    assert!(fails(&["gen", "true"], Some("Adams2019,x")).contains("key=value"));
    assert!(fails(&["eval", "--schedulers", "none,best"], None).contains("best"));
    assert!(fails(&["eval", "--schedulers", "none,none"], None).contains("twice"));
}

#[test]
fn gen_runs_the_generator_untouched_without_an_autoscheduler() {
    let folder = tempfile::tempdir().unwrap();
    let generator = folder_of_fakes().join("generator.sh");
    let mut command = nnc(folder.path(), &["gen", "--"]);
    command.arg(generator).args(["-g", "fine", "-o"]).arg(folder.path()).env("HL_AUTOSCHEDULER", "none");
    assert!(command.status().unwrap().success());
    assert!(folder.path().join("pipeline.o").is_file());
}
