//! How pages look.

/// The style sheet of all pages.
pub const STYLE: &str = include_str!("style.css");
