//! `HL_AUTOSCHEDULER=NAME_OR_PLUGIN_PATH[,key=value...]`: the autoscheduler a user wants by default.

use std::path::PathBuf;

use crate::system::units::parse_key_value;

/// The environment variable.
pub const VARIABLE: &str = "HL_AUTOSCHEDULER";

/// This project's own autoscheduler, the default everywhere.
pub const OURS: &str = "Srivastava2020";

/// Autoschedulers that can be named without the path of their plugin.
pub const KNOWN: [&str; 5] = [OURS, "Adams2019", "Anderson2021", "Li2018", "Mullapudi2016"];

/// Where an autoscheduler comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One of [`KNOWN`].
    Known(&'static str),
    /// A plugin file; the name it registers is not known yet.
    File(PathBuf),
}

/// An autoscheduler and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which autoscheduler; `None` means the generator's own schedule.
    pub source: Option<Source>,
    /// Parameters, without the `autoscheduler.` prefix, in the order given.
    pub params: Vec<(String, String)>,
}

/// Reads the name of an autoscheduler (upper or lower case) or the path of a plugin.
pub fn parse_source(text: &str) -> Result<Source, String> {
    if let Some(known) = KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(text)) {
        return Ok(Source::Known(known));
    }
    if text.contains('/') || text.ends_with(".so") {
        let path = PathBuf::from(text);
        return if path.is_file() { Ok(Source::File(path)) } else { Err(format!("there is no plugin file {text}")) };
    }
    Err(format!("unknown autoscheduler '{text}'; accepted are none, {} and the path of a plugin", KNOWN.join(", ")))
}

/// Parses a value of `HL_AUTOSCHEDULER`.
pub fn parse(value: &str) -> Result<Choice, String> {
    let mut items = value.split(',');
    let name = items.next().unwrap_or_default();
    if name.is_empty() {
        return Err(format!("'{value}' does not start with a name or a path"));
    }
    let params = items.map(parse_key_value).collect::<Result<Vec<_>, _>>()?;
    if !name.eq_ignore_ascii_case("none") {
        return Ok(Choice { source: Some(parse_source(name)?), params });
    }
    match params.first() {
        Some((key, _)) => Err(format!("'none' takes no parameters, but '{key}' is given")),
        None => Ok(Choice { source: None, params }),
    }
}

/// Reads the variable; `None` if it is unset or empty.
pub fn from_environment() -> Result<Option<Choice>, String> {
    match std::env::var(VARIABLE) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => parse(&value).map(Some).map_err(|error| format!("{VARIABLE}: {error}")),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(format!("{VARIABLE}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_alone_in_any_case() {
        let choice = parse("adams2019").unwrap();
        assert_eq!(choice, Choice { source: Some(Source::Known("Adams2019")), params: vec![] });
    }

    #[test]
    fn name_with_parameters() {
        let choice = parse("Adams2019,beam_size=8,weights_path=/a=b").unwrap();
        assert_eq!(choice.params, [("beam_size".into(), "8".into()), ("weights_path".into(), "/a=b".into())]);
    }

    #[test]
    fn none_takes_nothing() {
        assert_eq!(parse("none").unwrap().source, None);
        assert!(parse("none,a=1").unwrap_err().contains("no parameters"));
    }

    #[test]
    fn plugin_file() {
        let file = tempfile::Builder::new().suffix(".so").tempfile().unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(parse(path).unwrap().source, Some(Source::File(file.path().to_owned())));
        assert!(parse("/no/such.so").unwrap_err().contains("/no/such.so"));
    }

    #[test]
    fn bad_values_name_what_is_accepted() {
        assert!(parse("Adam2019").unwrap_err().contains("Mullapudi2016"));
        assert!(parse("Adams2019,beam_size").unwrap_err().contains("key=value"));
        assert!(parse(",a=1").is_err());
        assert!(parse("Li2018,").is_err());
    }
}
