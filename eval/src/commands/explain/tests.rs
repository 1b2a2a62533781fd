//! Explanations of a fixture, from directives to text.

use scheduler::ir::Pipeline;
use scheduler::{search, Hardware, Options, Strategy};

use super::{explain, summary, Explanation, Subject};
use crate::expected::priced::Priced;

fn explained(name: &str) -> Explanation {
    let path = format!("{}/../tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let pipeline = Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    let hardware = Hardware::generic(2, 32);
    let directives = search(&pipeline, &Options::new(hardware).with_strategy(Strategy::Greedy)).unwrap().directives;
    let priced = Priced::by(&serde_json::Value::Null, &pipeline.target, 2).unwrap();
    explain(&Subject { name: name.to_owned(), pipeline, directives, made_by_other: false, priced }).unwrap()
}

fn code(name: &str) -> String {
    let lines = explained(name).loop_nest;
    let code: Vec<&str> = lines.iter().map(|line| line.split('#').next().unwrap().trim_end()).collect();
    code.join("\n")
}

#[test]
fn loops_nest_as_scheduled() {
    let expected = "\
produce output:
  parallel y_so in 32:
    store blur_x
    for y_si in 150:
      produce blur_x:
        for y in 1:
          for x_vo in 400:
            vectorized x_vi in 16:
              blur_x(x, y) = ...
      for x_vo in 400:
        vectorized x_vi in 16:
          output(x, y) = ...";
    assert_eq!(code("blur"), expected);
}

#[test]
fn shared_loops_are_shown_once() {
    let expected = "\
produce gradient_y:
  parallel y_so in 32:
    store brightness
    for y_si in 60:
      produce brightness:
        for y in 1:
          for x_vo in 161:
            vectorized x_vi in 16:
              brightness(x, y) = ...
      for x_vo in 160:
        vectorized x_vi in 16:
          gradient_y(x, y) = ...
      produce gradient_x:
        for x_vo in 160:
          vectorized x_vi in 16:
            gradient_x(x, y) = ...";
    assert_eq!(code("gradients"), expected);
}

#[test]
fn specialisations_are_conditions() {
    let lines = explained("matmul").loop_nest;
    assert!(lines.iter().any(|line| line.trim_start().starts_with("if extent 0 >= ")), "{lines:?}");
}

#[test]
fn shares_add_up_and_the_bound_is_named() {
    let explanation = explained("blur");
    assert!((explanation.stages.iter().map(|s| s.share).sum::<f64>() - 1.0).abs() < 1e-9);
    let text = summary::text(&explanation);
    let output = text.lines().find(|line| line.starts_with(" output ")).unwrap();
    assert!(output.contains("DRAM"), "{text}");
}

#[test]
fn alternatives_say_why() {
    let explanation = explained("blur");
    let at_root = explanation.alternatives.iter().find(|a| a.change == "blur_x at root").unwrap();
    assert!(at_root.predicted_seconds > explanation.predicted_seconds);
    // A buffer of 50 MB comes from the system page by page.
    assert!(at_root.why.ends_with("overhead"), "{}", at_root.why);
    assert!(explanation.alternatives.iter().any(|a| a.change == "blur_x inlined"));
    let slower = |a: &&super::alternatives::Alternative| a.predicted_seconds >= explanation.predicted_seconds;
    let from = explanation.alternatives.iter().position(|a| slower(&a)).unwrap();
    assert!(explanation.alternatives[from..].iter().all(|a| slower(&a)), "faster ones come first");
}

#[test]
fn json_has_everything() {
    let value = serde_json::to_value(explained("matmul")).unwrap();
    assert_eq!(value["stages"].as_array().unwrap().len(), 4);
    assert!(value["stages"][2]["features"]["float_multiply_adds"].as_f64().unwrap() > 0.0);
    assert_eq!(value["stages"][2]["bound"], "compute");
    assert!(value["directives"].is_array() && value["loop_nest"].is_array());
}

#[test]
fn schedules_for_other_pipelines_are_refused() {
    let other = explained("matmul").directives;
    let path = format!("{}/../tests/fixtures/blur.json", env!("CARGO_MANIFEST_DIR"));
    let pipeline = Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    let priced = Priced::by(&serde_json::Value::Null, &pipeline.target, 2).unwrap();
    let subject = Subject { name: "blur".to_owned(), pipeline, directives: other, made_by_other: false, priced };
    let error = format!("{:#}", explain(&subject).unwrap_err());
    assert!(error.contains("does not fit"), "{error}");
}
