//! Charts in a page: each as a wide and as a narrow drawing, with its numbers for the script.

use crate::report::chart::{Canvas, Chart};
use crate::report::result::RunResult;
use maud::{Markup, PreEscaped, html};

/// A chart of a result.
pub(in crate::report) fn figure(result: &RunResult, chart: &Chart) -> Markup {
    let (wide, narrow) = ((chart.draw)(result, Canvas::WIDE), (chart.draw)(result, Canvas::NARROW));
    let identifier = format!("chart-{}", chart.name);
    let data = wide.data(chart.name, &narrow);
    html! {
        figure id=(identifier) {
            figcaption {
                h3 { (wide.what) }
                @if data.is_some() {
                    span.tools hidden {
                        button type="button" data-act="whole" hidden { "Whole time" }
                        button type="button" data-act="csv" { "Copy data as CSV" }
                    }
                }
                @if let Some(note) = &wide.note { p { (note) } }
            }
            (PreEscaped(wide.inline("wide", &format!("{identifier}-wide"))))
            (PreEscaped(narrow.inline("narrow", &format!("{identifier}-narrow"))))
            @if let Some(data) = data { script type="application/json" { (PreEscaped(data)) } }
        }
    }
}
