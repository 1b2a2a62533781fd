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
    eval_with_reference("none", folder, names, more)
}

fn eval_with_reference(reference: &str, folder: &Path, names: &[&str], more: &[&str]) -> (Output, Value) {
    let json = folder.join("eval.json");
    let generator = folder_of_fakes().join("generator.sh");
    let generators =
        names.iter().flat_map(|name| ["--generator".to_owned(), format!("{}:{name}", generator.display())]);
    let mut command = nnc(folder, &["eval", "--schedulers", "none,manual", "--reference", reference, "--threads", "1"]);
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
fn what_is_equal_under_strict_float_differs_by_rounding() {
    let folder = tempfile::tempdir().unwrap();
    let html = folder.path().join("eval.html");
    let (output, evaluation) = eval(folder.path(), &["rounds", "stray", "unsure"], &["--html", html.to_str().unwrap()]);
    let rounds = row(&evaluation, "rounds", "manual");
    assert_eq!((rounds["status"].as_str(), rounds["output_matches"].as_bool()), (Some("ok"), Some(true)), "{rounds}");
    assert!(rounds["run_seconds"]["median"].as_f64().unwrap() > 0.0);
    let said = "differs by rounding: 10 values, at most 1073741824";
    assert_eq!(rounds["message"], said);
    let expected = serde_json::json!({"values": 10, "largest": 1073741824.0, "strict_schedule": "same"});
    assert_eq!(rounds["rounding"], expected);
    assert!(String::from_utf8_lossy(&output.stdout).contains(said));
    assert!(std::fs::read_to_string(html).unwrap().contains(said));
    for (name, message) in [("stray", "under strict_float, too"), ("unsure", "Cannot be strict")] {
        let wrong = row(&evaluation, name, "manual");
        assert_eq!((wrong["status"].as_str(), wrong["output_matches"].as_bool()), (Some("wrong_output"), Some(false)));
        let text = wrong["message"].as_str().unwrap();
        assert!(text.contains("10 of 1000 values differ, the first at [7]") && text.contains(message), "{wrong}");
        assert!(wrong["rounding"].is_null() && wrong["run_seconds"].is_null(), "{wrong}");
    }
}

#[test]
fn another_reference_is_taken_where_the_first_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (output, evaluation) = eval(folder.path(), &["fine", "large"], &[]);
    assert_eq!(row(&evaluation, "fine", "manual")["reference"], "none");
    let large = row(&evaluation, "large", "manual");
    assert_eq!((large["status"].as_str(), large["reference"].as_str()), (Some("ok"), Some("none with large_buffers")));
    assert!(String::from_utf8_lossy(&output.stdout).contains("those of 'none with large_buffers'"));
    let (_, again) = eval(folder.path(), &["fine", "large"], &[]);
    assert_eq!(evaluation["results"], again["results"], "what was compared with is kept with the timing");
    let (_, evaluation) = eval_with_reference("manual", folder.path(), &["crashes"], &[]);
    let own = row(&evaluation, "crashes", "none");
    assert_eq!((own["status"].as_str(), own["reference"].as_str()), (Some("ok"), Some("none")), "{own}");
    assert_eq!(evaluation["reference"], "manual");
}

#[test]
fn each_size_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let sizes = ["output=500", "output=2000", "output=2x3", "out=4"];
    let sizes: Vec<&str> = sizes.iter().flat_map(|size| ["--size", *size]).collect();
    let (_, evaluation) = eval(folder.path(), &["fine"], &sizes);
    assert_eq!(evaluation["results"].as_array().unwrap().len(), 8);
    for (name, size, io_bytes) in [("fine @ 500", "output=500", 4000), ("fine @ 2000", "output=2000", 16000)] {
        let row = row(&evaluation, name, "manual");
        assert_eq!((row["status"].as_str(), row["size"].as_str()), (Some("ok"), Some(size)), "{row}");
        assert_eq!(row["io_bytes"], io_bytes);
    }
    let message = |name| row(&evaluation, name, "none")["message"].as_str().unwrap().to_owned();
    assert!(message("fine @ 2x3").contains("output 'output' has 1 dimensions"), "{evaluation}");
    assert!(message("fine @ 4").contains("no output 'out'; it has output"), "{evaluation}");
    let (_, estimates) = eval(folder.path(), &["fine"], &[]);
    assert!(row(&estimates, "fine", "none")["size"].is_null());
    assert_eq!(row(&estimates, "fine", "none")["io_bytes"], 8000, "another size is another timing");
}

#[test]
fn constraints_prevail_over_estimates_and_not_over_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let (_, evaluation) = eval(folder.path(), &["constrained"], &[]);
    let row_at = |evaluation: &Value, name: &str| row(evaluation, name, "manual").clone();
    let at_estimates = row_at(&evaluation, "constrained");
    assert_eq!((at_estimates["status"].as_str(), at_estimates["io_bytes"].as_u64()), (Some("ok"), Some(1024)));
    let (_, evaluation) = eval(folder.path(), &["constrained"], &["--size", "output=128", "--size", "output=100"]);
    assert_eq!(row_at(&evaluation, "constrained @ 128")["status"], "ok");
    let refused = row_at(&evaluation, "constrained @ 100");
    assert_eq!(refused["message"], "output 'output' cannot be 100: the pipeline makes it 128", "{refused}");
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
    assert!(fails(&["eval", "--size", "640x480"], None).contains("output=640x480"));
    assert!(fails(&["eval", "--size", "a=1", "--size", "a=1"], None).contains("twice"));
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
