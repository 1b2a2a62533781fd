//! What the user is told if something failed inside of the search, and did not cost the schedule.

use scheduler::{Failures, Found};
use std::path::Path;

/// One line that says what failed and how to send the case in; `None` if nothing did.
pub fn told(found: &Found, report: Option<&Path>) -> Option<String> {
    let Failures { count, first, plain } = &found.failures;
    let what = match (count, plain) {
        (0, _) => return None,
        (_, true) => "planning a schedule failed inside the autoscheduler, so that each Func has loops of its own: the schedule is \
                      right, but slow"
            .to_owned(),
        (1, _) => format!("1 of {} candidate schedules failed inside the autoscheduler and was left out", found.candidates),
        _ => format!("{count} of {} candidate schedules failed inside the autoscheduler and were left out", found.candidates),
    };
    let how = match report {
        Some(path) => format!("please report it with the file {}", path.display()),
        None => "please report it with the file that autoscheduler.report=FILE writes".to_owned(),
    };
    let first = first.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("{what} ({first}); {how}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: u64, plain: bool) -> Found {
        let first = Some("internal error: left\n right (at a.rs:3:4)".to_owned());
        Found { candidates: 10, failures: Failures { count, first, plain }, ..Found::unpriced(Vec::new()) }
    }

    #[test]
    fn failures_are_told_in_one_line() {
        assert_eq!(told(&Found::unpriced(Vec::new()), None), None);
        let text = told(&found(2, false), None).unwrap();
        assert!(text.starts_with("2 of 10 candidate") && text.contains("left right (at a.rs:3:4)"), "{text}");
        assert!(text.contains("autoscheduler.report=FILE") && !text.contains('\n'), "{text}");
        let text = told(&found(1, true), Some(Path::new("/tmp/r.json"))).unwrap();
        assert!(text.contains("right, but slow") && text.ends_with("with the file /tmp/r.json"), "{text}");
    }
}
