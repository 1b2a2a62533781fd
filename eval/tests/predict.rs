//! `nnc predict` and `nnc models` from end to end.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// A square law of 40 rows, without a header.
fn write_csv(path: &Path) {
    let rows = (1..=40).map(|n| format!("{n},{},{:e}\n", n % 3, 1e-6 + 2e-9 * f64::from(n * n)));
    std::fs::write(path, rows.collect::<String>()).unwrap();
}

fn nnc(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnc"));
    command.args(args).current_dir(folder).env("NNC_MODELS", folder.join("store")).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_model_is_trained_kept_and_found() {
    let folder = tempfile::tempdir().unwrap();
    write_csv(&folder.path().join("square.csv"));
    let line = ["predict", "--csv", "square.csv", "--target", "c2", "--complexity", "c0^2"];
    let line = [&line[..], &["--seed", "3", "--train", "10", "--json", "out.json", "--save", "square.mine"]].concat();
    let output = nnc(folder.path(), &line);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("10 rows to train, 30 to test") && table.contains("NLR+C"), "{table}");
    let report: Value = serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    let combinations = report["combinations"].as_array().unwrap();
    assert_eq!(combinations.len(), 8);
    assert_eq!((&combinations[0]["kernel"], &combinations[0]["variant"]), (&"square".into(), &"csv".into()));
    assert!(combinations[0]["mape_all"].as_f64().unwrap() < 0.2, "{}", combinations[0]);
    assert_eq!(report["data"]["complexity"][0], "c0^2");

    let list: Value = serde_json::from_slice(&nnc(folder.path(), &["models", "list", "--json"]).stdout).unwrap();
    let name = list["models"][0]["name"].as_str().unwrap();
    assert!(name.starts_with("square.mine.") && list["models"][0]["this_computer"] == true, "{list}");
    let path = text(&nnc(folder.path(), &["models", "path", "square"]).stdout);
    assert!(Path::new(path.trim()).is_file() && path.trim().ends_with(&format!("{name}.json")), "{path}");
    assert!(text(&nnc(folder.path(), &["models", "show", name]).stdout).contains("c0^2"));
}

/// Two tables, one of noise: a row each, the same at every run, and in JSON the errors of every split.
#[test]
fn splits_judge_several_tables() {
    let folder = tempfile::tempdir().unwrap();
    write_csv(&folder.path().join("square.csv"));
    let rows = (1..=40).map(|n| format!("{:e},{n},{}\n", 1e-6 * f64::from(1 + n * 7 % 11), n * n));
    std::fs::write(folder.path().join("noise.csv"), rows.collect::<String>()).unwrap();
    let judge = |tables: &[&str], target: &str, complexity: &str| {
        let tables = [&["predict", "--csv"], tables, &["--target", target, "--complexity", complexity]].concat();
        nnc(folder.path(), &[&tables[..], &["--splits", "2", "--train", "30", "--json", "out.json"]].concat())
    };
    let output = judge(&["square.csv"], "c2", "c0^2");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("MAPE all") && table.contains("MAPE slowest 70%"), "{table}");
    assert_eq!(
        table.lines().filter(|line| line.starts_with("square ") && line.ends_with("none")).count(),
        2,
        "{table}"
    );
    let report: Value = serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).unwrap()).unwrap();
    assert_eq!((&report["data"]["splits"], report["splits"].as_array().unwrap().len()), (&2.into(), 5));
    let ours = &report["splits"][0];
    assert_eq!((&ours["kernel"], &ours["model"]), (&"square".into(), &"NN+C".into()));
    assert!(ours["mape_all"].as_array().unwrap().iter().all(|error| error.as_f64().unwrap() < 1e-3), "{ours}");
    assert!(ours["parameters"].as_u64().unwrap() <= 75, "{ours}");

    let both = judge(&["noise.csv", "noise.csv"], "0", "last");
    assert!(both.status.success(), "{}", text(&both.stderr));
    let table = text(&both.stdout);
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("noise ")).collect();
    assert!(rows.len() == 4 && rows[0] == rows[1] && rows[2] == rows[3], "{table}");
    let alone =
        nnc(folder.path(), &["predict", "--csv", "noise.csv", "square.csv", "--target", "0", "--complexity", "last"]);
    assert!(alone.status.code() == Some(2) && text(&alone.stderr).contains("--splits"), "{}", text(&alone.stderr));
}

#[test]
fn mistakes_end_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    write_csv(&folder.path().join("square.csv"));
    std::fs::write(folder.path().join("short.csv"), "n,t\n1,2\n3,4\n").unwrap();
    std::fs::write(folder.path().join("header.csv"), "n,t\n").unwrap();
    let cases = [
        (2, ["square.csv", "c9", "c0"], "there are c0, c1, c2"),
        (2, ["square.csv", "c2", "c0 +"], "    ^"),
        (2, ["square.csv", "c2", "c0*k"], "     ^"),
        (1, ["missing.csv", "c2", "c0"], "missing.csv"),
        (1, ["short.csv", "t", "n"], "short.csv: 2 rows are too few"),
        (1, ["header.csv", "t", "n"], "no rows"),
    ];
    for (code, [csv, target, complexity], message) in cases {
        let output = nnc(folder.path(), &["predict", "--csv", csv, "--target", target, "--complexity", complexity]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(error.contains(message), "{error}");
    }
    let output = nnc(folder.path(), &["models", "show", "mm"]);
    assert!(output.status.code() == Some(1) && text(&output.stderr).contains("no model mm"));
}
