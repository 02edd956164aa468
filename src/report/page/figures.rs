//! Charts in a page: each as a wide and as a narrow drawing, with its numbers for the script.

use crate::report::chart::{Canvas, Chart};
use crate::report::result::RunResult;
use maud::{Markup, PreEscaped, html};

/// A chart of a result; `None` where it is left out.
pub(in crate::report) fn figure(result: &RunResult, chart: &Chart) -> Option<Markup> {
    let (wide, narrow) = ((chart.draw)(result, Canvas::WIDE), (chart.draw)(result, Canvas::NARROW));
    if chart.optional && wide.bare {
        return None;
    }
    let identifier = format!("chart-{}", chart.name);
    let data = wide.data(chart.name, &narrow);
    Some(html! {
        figure id=(identifier) {
            @if data.is_some() || wide.note.is_some() { figcaption {
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
    })
}
