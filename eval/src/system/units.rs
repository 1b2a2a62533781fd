//! Sizes and durations as people write them on a command line.

use std::ops::RangeInclusive;
use std::time::Duration;

fn split(text: &str) -> Result<(f64, &str), String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().map_err(|_| format!("'{text}' does not start with a number"))?;
    Ok((number, unit.trim()))
}

/// Bytes: `4GB`, `512MB`, `1.5GiB`, `4000000000`. Powers of 1000 (`GB`) and of 1024 (`GiB`, `G`).
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let factor: f64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1048576.0,
        "g" | "gib" => 1073741824.0,
        _ => return Err(format!("unknown unit '{unit}' in '{text}'; accepted are KB, MB, GB, KiB, MiB, GiB")),
    };
    Ok((number * factor) as u64)
}

/// Durations: `60s`, `60`, `2m`, `500ms`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "" | "s" => number,
        "ms" => number / 1e3,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(format!("unknown unit '{unit}' in '{text}'; accepted are ms, s, m, h")),
    };
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("'{text}': {error}"))
}

/// `key=value`, both non-empty.
pub fn parse_key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' is not of the form key=value")),
    }
}

/// `N` or `N..M`, both included.
pub fn parse_range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let error = || format!("'{text}' is neither a number nor a range N..M");
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| text.parse().map_err(|_| error());
    let (low, high) = (number(low)?, number(high)?);
    if low > high {
        return Err(format!("'{text}' is an empty range"));
    }
    Ok(low..=high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        assert_eq!(parse_bytes("4GB"), Ok(4_000_000_000));
        assert_eq!(parse_bytes("1.5 GiB"), Ok(1_610_612_736));
        assert_eq!(parse_bytes("12"), Ok(12));
        assert!(parse_bytes("4 parsecs").unwrap_err().contains("parsecs"));
        assert!(parse_bytes("GB").is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(parse_duration("1.5"), Ok(Duration::from_millis(1500)));
        assert!(parse_duration("soon").is_err());
    }

    #[test]
    fn key_values() {
        assert_eq!(parse_key_value("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(parse_key_value("a=").is_err());
        assert!(parse_key_value("a").is_err());
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_range("3..30"), Ok(3..=30));
        assert_eq!(parse_range("7"), Ok(7..=7));
        assert!(parse_range("9..3").unwrap_err().contains("empty"));
        assert!(parse_range("some").is_err());
    }
}
