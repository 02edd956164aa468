//! What every service is asked for over time, and what it answers: a place for each.

use super::drawing::{Dash, Drawing};
use super::series::{Curve, largest, most_points};
use super::style::{Canvas, PALE, PALETTE};
use super::timeline::{Bands, Key, Panel, Timeline, Track};
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// At most so many services.
const MOST_PANELS: usize = 6;

/// Draws it.
pub fn services(result: &RunResult, canvas: Canvas) -> Drawing {
    let summary = &result.summary;
    let names = Table::Services.names(&summary.metrics);
    let column = |name: &str, metric: &str| {
        let full = format!("services.{name}.{metric}");
        let column = summary.series.columns.get(&full)?;
        Some((full, column))
    };
    let size = |name: &String| column(name, "offered.rate").map_or(0.0, |(_, column)| column.mean.iter().sum());
    let shown = largest(&names.iter().map(size).collect::<Vec<f64>>(), MOST_PANELS);
    let key = |label: &str, ink, width| Key { label: label.to_owned(), ink, dash: Dash::Solid, width };
    // What is asked for lies below as a broad pale line, so that answers that keep up hide only its middle.
    let keys = vec![key("requests offered", PALE, 5.0), key("requests answered", PALETTE[0], 2.0)];
    let panels = shown.iter().filter_map(|&at| {
        let track = |key: usize, metric: &str, bands| {
            let (full, column) = column(&names[at], metric)?;
            let curve = Curve::of(summary, &full, column, most_points(canvas));
            (!curve.mean.is_empty()).then_some(Track { key, curve, bands })
        };
        let tracks: Vec<Track> =
            [track(0, "offered.rate", Bands::None), track(1, "throughput", Bands::Interval)].into_iter().flatten().collect();
        let panel = Panel { title: names[at].clone(), kind: Kind::Rate, upwards: "requests", tracks, ..Panel::default() };
        (!panel.tracks.is_empty()).then_some(panel)
    });
    let note = (shown.len() < names.len())
        .then(|| format!("The {} of {} services with the most requests are shown.", shown.len(), names.len()));
    let (what, nothing) = ("Requests of services over time".to_owned(), "There is no service.");
    Timeline { what, note, keys, panels: panels.collect(), nothing }.draw(result, canvas)
}
