//! What an evaluation looks like: a table for the terminal, a JSON file for programs, an HTML page for people.
//!
//! All three are made from [`Evaluation`](crate::record::Evaluation) alone, so an old JSON file gives the same reports.

pub mod format;
mod grid;
mod html;
mod html_table;
mod json;
mod labels;
pub mod marker;
mod plot_prediction;
mod plot_roofline;
mod plot_speedup;
#[cfg(test)]
pub mod sample;
pub mod scale;
mod table;
mod view;

/// The style sheet of all pages.
pub const STYLE: &str = include_str!("style.css");

pub use grid::grid;
pub use html::write_html;
pub use json::write_json;
pub use table::table;

/// What outputs are compared with where the build that they ought to be compared with fails.
fn compared_with(reference: &str) -> String {
    format!("outputs are compared with those of '{reference}', since the build that was asked for fails")
}
