//! One colour and one shape per scheduler, so that a plot can also be read without telling colours apart.

use maud::{html, Markup};

use super::view::View;

/// Colours that the style sheet defines, besides the subject's.
const COLOURS: usize = 7;

/// CSS class that sets the colour of `scheduler`.
pub(super) fn colour_class(view: &View, scheduler: &str) -> String {
    match view.baselines().position(|name| name == scheduler) {
        Some(index) => format!("series s{}", index % COLOURS),
        None => "series subject".to_owned(),
    }
}

/// The mark of `scheduler` centred at `(x, y)`; `title` shows when a pointer rests on it.
pub(super) fn marker(view: &View, scheduler: &str, (x, y): (f64, f64), title: &str) -> Markup {
    let index = view.baselines().position(|name| name == scheduler);
    let shape = match index.map(|index| index % 4) {
        None => format!("M{} {}a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0z", px(x - 5.5), px(y)),
        Some(0) => format!("M{} {}h7v7h-7z", px(x - 3.5), px(y - 3.5)),
        Some(1) => format!("M{} {}l5 5l-5 5l-5 -5z", px(x), px(y - 5.0)),
        Some(2) => format!("M{} {}l5 8.5h-10z", px(x), px(y - 5.5)),
        Some(_) => format!("M{} {}l5 -8.5h-10z", px(x), px(y + 5.5)),
    };
    html! {
        path class=(format!("mark {}", colour_class(view, scheduler))) d=(shape) { title { (title) } }
    }
}

/// What the marks mean, for the `schedulers` that a plot shows.
pub(super) fn legend(view: &View, schedulers: &[&str]) -> Markup {
    html! {
        ul class="legend" {
            @for name in schedulers {
                li {
                    svg class="key" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" {
                        (marker(view, name, (7.0, 7.0), ""))
                    }
                    (name)
                }
            }
        }
    }
}

/// Width in pixels of `letters` average letters at the plots' usual text size, in the widest of the page's fonts.
pub(super) fn text_width(letters: usize) -> f64 {
    letters as f64 * 7.4
}

/// A coordinate, to a tenth of a pixel.
pub fn px(value: f64) -> String {
    format!("{value:.1}")
}
