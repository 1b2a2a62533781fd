//! The report of Halide's sampling profiler, which is for people.

/// Milliseconds a call by name, in the report's order: lines such as `    blur_x:   4.240ms (44.8%)    peak: 16`.
pub fn milliseconds(report: &str) -> Vec<(String, f64)> {
    report.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<(String, f64)> {
    let (name, rest) = line.strip_prefix("    ")?.split_once(": ")?;
    let (milliseconds, _) = rest.trim_start().split_once("ms")?;
    Some((name.trim().to_owned(), milliseconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_funcs_are_read() {
        let report = "blur\n total time: 9.504819 ms  samples: 9  runs: 1  time per run: 9.504819 ms\n \
            heap allocations: 1  peak heap usage: 16016000 bytes\n    halide_malloc:   0.000ms ( 0.0%)   \n    \
            blur_x$1:   4.213ms (44.3%)    peak: 16016000 num: 1         avg: 16016000\n    by:      5.291ms (55.6%)   \n";
        let read = milliseconds(report);
        assert_eq!(read, [("halide_malloc".into(), 0.0), ("blur_x$1".into(), 4.213), ("by".into(), 5.291)]);
    }
}
