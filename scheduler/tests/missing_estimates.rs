//! What a person is told when sizes are missing.

mod support;

use scheduler::{search, Error, Hardware, Options, Strategy};

#[test]
fn every_missing_estimate_is_listed() {
    let mut pipeline = support::chain(3);
    pipeline.funcs[2].estimates.remove("y");
    pipeline.missing_estimates.push("scalar input 'radius'".into());
    let options = Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Greedy);
    let error = search(&pipeline, &options).unwrap_err();
    assert!(matches!(&error, Error::MissingEstimates(missing) if missing.len() == 2));
    let message = error.to_string();
    assert!(
        message.contains("dimension 1 ('y') of output 'f2'") && message.contains("scalar input 'radius'"),
        "{message}"
    );
}
