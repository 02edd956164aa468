//! Charts in a page: each as a wide and as a narrow drawing, with its numbers for the script.

use crate::report::chart::{Canvas, Chart, Drawing};
use crate::report::result::RunResult;
use maud::{Markup, PreEscaped, html};

/// A chart of a result; `None` where it is left out.
pub(in crate::report) fn figure(result: &RunResult, chart: &Chart) -> Option<Markup> {
    let (wide, narrow) = ((chart.draw)(result, Canvas::WIDE), (chart.draw)(result, Canvas::NARROW));
    (!chart.optional || !wide.bare).then(|| figure_of(chart.name, &wide, &narrow, false))
}

/// A chart that is drawn for a wide and for a narrow sheet; the name makes its identifiers, and is no other chart's in the page.
pub(in crate::report) fn drawn(name: &str, wide: &Drawing, narrow: &Drawing) -> Markup {
    figure_of(name, wide, narrow, true)
}

/// `headed`: what it shows stands above it even where there is nothing to choose or to remark.
fn figure_of(name: &str, wide: &Drawing, narrow: &Drawing, headed: bool) -> Markup {
    let identifier = format!("chart-{name}");
    let data = wide.data(name, narrow);
    html! {
        figure id=(identifier) {
            @if headed || data.is_some() || wide.note.is_some() { figcaption {
                h3 { (wide.what) }
                @if data.is_some() {
                    span.tools hidden {
                        button type="button" data-act="whole" hidden { "Whole time" }
                        button type="button" data-act="csv" { "Copy data as CSV" }
                    }
                }
                @if let Some(note) = &wide.note { p { (note) } }
            } }
            (PreEscaped(wide.inline("wide", &format!("{identifier}-wide"))))
            (PreEscaped(narrow.inline("narrow", &format!("{identifier}-narrow"))))
            @if let Some(data) = data { script type="application/json" { (PreEscaped(data)) } }
        }
    }
}
