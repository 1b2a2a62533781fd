//! What an evaluation looks like: a table for the terminal, a JSON file for programs, an HTML page for people.
//!
//! All three are made from [`Evaluation`](crate::results::record::Evaluation) alone, so an old JSON file gives the same reports.

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
mod style;
mod table;
mod view;

pub use grid::grid;
pub use html::write_html;
pub use json::write_json;
pub use style::STYLE;
pub use table::table;
