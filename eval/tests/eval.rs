//! `nnc eval` from end to end, on a generator that only pretends to be one, and that fails in every way there is.

use std::io::Read;
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

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |entries| entries.count())
}

/// An evaluation of the fake generators in `names`, own schedule against `manual`.
fn eval(folder: &Path, names: &[&str], more: &[&str]) -> (Output, Value) {
    eval_with(folder, names, more, &[])
}

/// The same, in this environment.
fn eval_with(folder: &Path, names: &[&str], more: &[&str], environment: &[(&str, &Path)]) -> (Output, Value) {
    let json = folder.join("eval.json");
    let generator = folder_of_fakes().join("generator.sh");
    let generators =
        names.iter().flat_map(|name| ["--generator".to_owned(), format!("{}:{name}", generator.display())]);
    let mut command = nnc(folder, &["eval", "--threads", "1"]);
    if !more.contains(&"--schedulers") {
        command.args(["--schedulers", "none,manual"]);
    }
    if !more.contains(&"--reference") {
        command.args(["--reference", "none"]);
    }
    command
        .args(generators)
        .envs(environment.iter().copied())
        .args(["--rounds", "3", "--time-budget", "100ms", "--json"])
        .arg(&json)
        .args(more);
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
    let names = ["fine", "plain", "fails", "hangs", "hogs", "crashes", "shouts", "differs", "dies", "complains"];
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
        ("shouts", "error", "loud and  clear"),
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
    let (_, evaluation) = eval(folder.path(), &["crashes"], &["--reference", "manual"]);
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
    // Times that others disturbed are taken anew, and others compile beside this test.
    let kept = |evaluation: &Value| -> Vec<Value> {
        let mut rows = evaluation["results"].as_array().expect("results").clone();
        for (row, first) in rows.iter_mut().zip(first["results"].as_array().expect("results")) {
            if first["disturbed"] == true {
                row["disturbed"].take();
                row["run_seconds"].take();
            }
        }
        rows
    };
    assert_eq!(kept(&first), kept(&second));
    assert!(String::from_utf8_lossy(&output.stderr).contains("reused"));
    let (_, fresh) = eval(folder.path(), &["fine", "plain"], &["--no-cache"]);
    assert_ne!(first["results"], fresh["results"], "times are never exactly the same");
}

#[test]
fn what_the_machine_did_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    // A linker that works once there is a file beside it.
    let (compiler, repaired) = (folder.path().join("compiler"), folder.path().join("repaired"));
    let script = "#!/bin/sh\ncase $* in *-shared*) [ -e $(dirname $0)/repaired ] || exit 1 ;; esac\nexec cc \"$@\"\n";
    std::fs::write(&compiler, script).unwrap();
    std::fs::set_permissions(&compiler, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let statuses = || {
        let (_, evaluation) = eval_with(folder.path(), &["fine", "killed"], &[], &[("CC", &compiler)]);
        let own = row(&evaluation, "fine", "none").clone();
        let killed = row(&evaluation, "killed", "manual")["message"].as_str().unwrap().to_owned();
        (own["status"].as_str().unwrap().to_owned(), own["message"].as_str().unwrap().to_owned(), killed)
    };
    let (status, message, _) = statuses();
    assert!(status == "error" && message.contains("cannot link"), "{message}");
    std::fs::write(repaired, "").unwrap();
    let (status, message, killed) = statuses();
    assert!(status == "ok" && message.is_empty() && killed.contains("SIGKILL"), "{status} {message} {killed}");
    assert_eq!(files_in(&folder.path().join("builds")), 3, "the build that somebody killed is not kept");
}

#[test]
fn what_the_machine_did_to_a_comparison_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (timings, repaired) = (folder.path().join("timings"), folder.path().join("repaired"));
    let judged = || {
        let (_, evaluation) = eval_with(folder.path(), &["shaky"], &[], &[("REPAIRED", &repaired)]);
        row(&evaluation, "shaky", "manual").clone()
    };
    let killed = judged();
    assert!(killed["status"] == "wrong_output" && killed["message"].as_str().unwrap().contains("SIGKILL"), "{killed}");
    assert_eq!(files_in(&timings), 0, "the build that somebody killed judges nothing");
    std::fs::write(&repaired, "").unwrap();
    let equal = judged();
    assert!(equal["status"] == "ok" && equal["rounding"]["values"] == 10, "{equal}");
    let before = files_in(&timings);
    let (_, evaluation) = eval(folder.path(), &["killed"], &["--schedulers", "none", "--reference", "manual"]);
    let own = row(&evaluation, "killed", "none");
    assert!(own["status"] == "ok" && own["reference"] == "none", "{own}");
    assert_eq!(files_in(&timings), before, "another time there is the reference that was asked for");
}

#[test]
fn a_broken_library_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let library = || {
        let builds = std::fs::read_dir(folder.path().join("builds")).unwrap();
        let libraries = builds.map(|build| build.unwrap().path().join("pipeline.so"));
        libraries.map(|library| std::fs::File::options().write(true).open(library).unwrap()).next().unwrap()
    };
    eval(folder.path(), &["plain"], &["--schedulers", "none"]);
    let whole = library().metadata().unwrap().len();
    library().set_len(whole / 2).unwrap();
    std::fs::remove_dir_all(folder.path().join("timings")).unwrap();
    let (_, evaluation) = eval(folder.path(), &["plain"], &["--schedulers", "none"]);
    assert_eq!(row(&evaluation, "plain", "none")["status"], "ok");
    assert_eq!(library().metadata().unwrap().len(), whole);
}

#[test]
fn what_killed_runs_leave_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let generator = format!("{}:hangs", folder_of_fakes().join("generator.sh").display());
    let hang = || {
        let arguments = ["eval", "--schedulers", "manual", "--reference", "manual", "--generator", &generator];
        let mut command = nnc(folder.path(), &arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    // Folders of processes, that each hold one for their children and one for a build.
    let work = folder.path().join("work");
    let building = |wanted: usize| {
        let start = Instant::now();
        let entries = || std::fs::read_dir(&work).into_iter().flatten().map(|entry| entry.unwrap().path());
        while entries().filter(|path| files_in(path) == 3).count() != wanted {
            assert!(start.elapsed() < Duration::from_secs(60), "{:?}", entries().collect::<Vec<_>>());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let mut first = hang();
    building(1);
    first.kill().unwrap();
    first.wait().unwrap();
    // One that times would wait for the end of these builds.
    let mut second = hang();
    building(1);
    let mut third = hang();
    building(2);
    for running in [&mut second, &mut third] {
        running.kill().unwrap();
        running.wait().unwrap();
    }
    eval(folder.path(), &["plain"], &["--schedulers", "none"]);
    building(0);
    assert_eq!(files_in(&work), 1, "the lock");
}

#[test]
fn reports_never_replace_what_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (fifo, link, file) = (folder.path().join("fifo"), folder.path().join("link"), folder.path().join("file"));
    let shell = |script: &str| {
        let status = Command::new("sh").current_dir(folder.path()).args(["-ec", script]).status().unwrap();
        assert!(status.success(), "{script}");
    };
    shell("mkfifo fifo; ln -s file link");
    let report = |path: &Path| {
        let (output, _) = eval(folder.path(), &["plain"], &["--html", &path.to_string_lossy()]);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (succeeded, message) = report(&fifo);
    assert!(!succeeded && message.contains("nobody reads it"), "{message}");
    // To open one end alone waits for the other.
    let both = std::fs::File::options().read(true).write(true).open(&fifo).unwrap();
    let reader = std::thread::spawn(move || {
        let (mut page, mut block) = (Vec::new(), [0; 4096]);
        while !page.ends_with(b"</html>") {
            let read = (&both).read(&mut block).unwrap();
            page.extend(&block[..read]);
        }
    });
    let (succeeded, message) = report(&fifo);
    assert!(succeeded, "{message}");
    reader.join().unwrap();
    assert!(report(&link).0 && link.is_symlink() && file.is_file());
    shell("test -p fifo; if [ $(id -u) = 0 ]; then mknod full c 1 7; fi");
    let full = folder.path().join("full");
    if full.exists() {
        let (succeeded, message) = report(&full);
        assert!(!succeeded && message.contains("No space left"), "{message}");
        shell("test -c full");
    }
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
    let builds = || files_in(&folder.path().join("builds"));
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
