//! The figures of a study as a page.

use maud::{html, Markup, PreEscaped, DOCTYPE};

use super::figures::Figures;
use super::plots;
use super::selection::ScheduleChoice;
use super::table;
use crate::report::STYLE;

/// The page.
pub fn page(figures: &Figures) -> String {
    let kernels: std::collections::BTreeSet<&str> =
        figures.schedules.iter().map(|choice| choice.kernel.as_str()).collect();
    let body = html! {
        h1 { "How well NN+C predicts" }
        p class="lead" {
            "Every point is an instance that the model was not trained with. Models have at most "
            (predictor::MAX_PARAMETERS) " parameters."
        }
        (section("Figures", "", &html! { pre class="scroll" { (table::tables(figures)) } }))
        (section("Predicted against measured", "Each variant has a model of its own. On the diagonal a prediction is right. Behind the name: MAPE over all and over the slowest 70 %.", &html! {
            div class="cards" { @for judged in &figures.judged { (plots::prediction(judged)) } }
        }))
        (section("Errors", "All test instances of all variants together. The higher the curve, the better.", &plots::error_distribution(&figures.judged)))
        @if !figures.variants.is_empty() {
            (section("Choosing the variant", "Time in total over that of the best variant for each input.", &html! {
                div class="cards" { @for choice in &figures.variants { (plots::variant_choice(choice)) } }
            }))
        }
        @for kernel in kernels {
            @let own: Vec<&ScheduleChoice> = figures.schedules.iter().filter(|choice| choice.kernel == kernel).collect();
            (section(&format!("Choosing the schedule: {kernel}"), "Among the candidates that the model was not trained with.", &plots::schedule_choice(&own)))
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "nnc study" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    page.into_string()
}

fn section(title: &str, caption: &str, content: &Markup) -> Markup {
    html! {
        section {
            h2 { (title) }
            @if !caption.is_empty() { p class="caption" { (caption) } }
            (content)
        }
    }
}
