//! Numbers and names as people read them.

use crate::results::record::Status;

/// `value` to three significant digits, without exponent: `1234`, `123`, `12.3`, `0.0123`.
pub(super) fn significant(value: f64) -> String {
    let exponent = if value > 0.0 { value.log10().floor() as i32 } else { 0 };
    let decimals = (2 - exponent).clamp(0, 6) as usize;
    format!("{value:.decimals$}")
}

/// A duration with the unit that suits it: `850 µs`, `12.3 ms`, `1.20 s`.
pub fn duration(seconds: f64) -> String {
    let (scale, unit) = match seconds {
        s if s < 1e-6 => (1e9, "ns"),
        s if s < 1e-3 => (1e6, "µs"),
        s if s < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{} {unit}", significant(seconds * scale))
}

/// A ratio of run times: two decimals near 1, where they matter.
pub(super) fn ratio(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 0.1 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

/// `[1.44–1.60]`
pub fn interval([low, high]: [f64; 2]) -> String {
    format!("[{}–{}]", ratio(low), ratio(high))
}

/// `1.52 [1.44–1.60]`, or the ratio alone where its interval is unknown.
pub(super) fn ratio_with_interval(value: f64, ends: Option<[f64; 2]>) -> String {
    match ends {
        Some(ends) => format!("{} {}", ratio(value), interval(ends)),
        None => ratio(value),
    }
}

/// A fraction as a percentage: one decimal below 10 %; `?` where it is not known.
pub fn percent(fraction: f64) -> String {
    match fraction * 100.0 {
        p if !p.is_finite() => "?".to_owned(),
        p if p < 9.95 => format!("{p:.1}%"),
        p => format!("{p:.0}%"),
    }
}

/// A fraction as a percentage to two significant digits, however small: `0.02 %`, `100 %`.
pub(super) fn share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let decimals = (1.0 - percent.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{percent:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text} %")
}

/// Bytes, or bytes per second, in powers of ten: `1.20 GB`.
pub fn bytes(count: f64) -> String {
    let (scale, unit) = match count {
        c if c < 1e3 => return format!("{c:.0} B"),
        c if c < 1e6 => (1e3, "kB"),
        c if c < 1e9 => (1e6, "MB"),
        c if c < 1e12 => (1e9, "GB"),
        _ => (1e12, "TB"),
    };
    format!("{} {unit}", significant(count / scale))
}

/// A status in words.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Skipped => "skipped",
        Status::Error => "error",
        Status::Timeout => "timeout",
        Status::OutOfMemory => "out of memory",
        Status::WrongOutput => "wrong output",
    }
}

/// `1 pipeline`, `2 pipelines`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `text` in at most `width` characters; what is left out is in the middle, since names differ at their ends.
pub(super) fn elide(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let tail = kept / 2;
    let head: String = text.chars().take(kept - tail).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{head}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let texts = [1234.0, 123.4, 12.34, 1.0, 0.0, 0.01234].map(significant);
        assert_eq!(texts, ["1234", "123", "12.3", "1.00", "0.00", "0.0123"]);
        assert_eq!([5e-8, 8.5e-4, 0.0123, 2.0].map(duration), ["50.0 ns", "850 µs", "12.3 ms", "2.00 s"]);
        assert_eq!([0.04567, 0.5, 12.345, 512.3].map(ratio), ["0.046", "0.50", "12.3", "512"]);
        assert_eq!([0.0123, 0.0999, f64::INFINITY].map(percent), ["1.2%", "10%", "?"]);
        assert_eq!([0.000234, 0.05, 1.0, 1.234].map(share), ["0.023 %", "5 %", "100 %", "123 %"]);
        assert_eq!([12.0, 1.5e6, 2.4e10].map(bytes), ["12 B", "1.50 MB", "24.0 GB"]);
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(elide("short", 5), "short");
        assert_eq!(elide("matmul,size=1024", 9), "matm…1024");
    }
}
