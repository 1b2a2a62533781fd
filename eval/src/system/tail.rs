//! The end of what a child prints, where it says why it failed.

use std::collections::VecDeque;

/// Lines kept at the end of a log.
const TAIL: usize = 30;
/// How our plugin begins to say why it is not there; Halide says only that it does not know the autoscheduler.
const NOT_LOADED: &str = "Srivastava2020: not loaded";
/// Characters kept of a message.
const MESSAGE: usize = 400;

/// What errors begin with.
pub const ERRORS: [&str; 7] =
    ["Error:", "error:", "Error at", "error at", "LLVM ERROR", "terminate called", "panicked at"];

/// The end of what a child printed on standard error.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    /// Adds a line; blank ones say nothing and are left out.
    pub fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.lines.len() == TAIL {
            self.lines.pop_front();
        }
        self.lines.push_back(line.trim().to_owned());
    }

    /// The last line; empty if there is none.
    pub fn last(&self) -> &str {
        self.lines.back().map_or("", String::as_str)
    }

    /// The error: from the last line that starts one, the lines after it included, else the last line.
    pub fn error(&self) -> Option<String> {
        let starts = |line: &String| ERRORS.iter().any(|marker| line.contains(marker));
        if let Some(line) = self.lines.iter().find(|line| line.starts_with(NOT_LOADED)) {
            return Some(line.chars().take(MESSAGE).collect());
        }
        let from = self.lines.iter().rposition(starts).or(self.lines.len().checked_sub(1))?;
        // An internal error of Halide is headed "Unhandled exception: Internal Error at FILE", and the text follows.
        let text = self.lines.range(from..).take(4).cloned().collect::<Vec<_>>().join(" ");
        let text = text.trim_start_matches("Unhandled exception: ").trim_start_matches("Error: ").trim().to_owned();
        // Where in Halide or in a plugin a user error was found is no help to the user.
        let user_error = text.strip_prefix("User error at ").and_then(|rest| rest.split_once("Error: "));
        let text = user_error.map_or(text.as_str(), |(_, message)| message);
        Some(text.chars().take(MESSAGE).collect())
    }

    /// Whether one of these is said.
    pub fn mentions(&self, markers: &[&str]) -> bool {
        self.lines.iter().any(|line| markers.iter().any(|marker| line.contains(marker)))
    }
}
