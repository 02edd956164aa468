//! Latency over time: median and p99 of what ended in each bin, with the bands of their intervals; a place for each producer.

use super::drawing::{Dash, Drawing};
use super::series::{Curve, largest, most_points, quantile_curve};
use super::style::{ALARM, Canvas, PALETTE};
use super::timeline::{Bands, Key, Panel, Timeline, Track};
use crate::experiment::Lately;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// At most so many producers.
const MOST_PANELS: usize = 6;
/// A p99 that is so many times the median needs an axis of orders of magnitude.
const FAR_APART: f64 = 30.0;

/// Draws it.
pub fn latency_over_time(result: &RunResult, canvas: Canvas) -> Drawing {
    let series = &result.summary.series;
    let all: Vec<(&String, &Lately)> = series.latencies.iter().collect();
    let slowest = |latency: &Lately| -> f64 {
        latency.quantiles.get("p99").map_or(0.0, |column| column.value.iter().flatten().copied().fold(0.0, f64::max))
    };
    let shown = largest(&all.iter().map(|(_, latency)| slowest(latency)).collect::<Vec<f64>>(), MOST_PANELS);
    let keys = [("p99", ALARM, 2.0), ("p50", PALETTE[0], 2.0)];
    let keys: Vec<Key> = keys.map(|(label, ink, width)| Key { label: label.to_owned(), ink, dash: Dash::Solid, width }).to_vec();
    let panels: Vec<Panel> = shown
        .iter()
        .map(|&at| {
            let (name, latency) = all[at];
            let tracks: Vec<Track> = keys
                .iter()
                .enumerate()
                .filter_map(|(key, own)| {
                    let column = latency.quantiles.get(&own.label)?;
                    let curve = quantile_curve(&result.summary, name, latency, column, most_points(canvas));
                    (!curve.mean.is_empty()).then_some(Track { key, curve, bands: Bands::Interval })
                })
                .collect();
            let mut parts = name.split('.').skip(1);
            let (whose, what) = (parts.next().unwrap_or(name), parts.next().unwrap_or("latency"));
            let most = |curve: Option<&Track>| curve.map_or(0.0, |track| track.curve.most());
            let log = most(tracks.first()) > FAR_APART * typical(tracks.last().map(|track| &track.curve));
            let upwards = if what == "response" { "response" } else { "completion" };
            Panel { title: whose.to_owned(), kind: Kind::Time, upwards, tracks, log, ..Panel::default() }
        })
        .filter(|panel| !panel.tracks.is_empty())
        .collect();
    let mut notes = Vec::new();
    if shown.len() < all.len() {
        notes.push(format!("The {} of {} producers with the longest p99 are shown.", shown.len(), all.len()));
    }
    if panels.iter().any(|panel: &Panel| panel.tracks.iter().all(|track| track.key != 0)) {
        notes.push(
            "A bin tells its p99 from 500 observations on: more replications, or a longer run.bin, would show it.".to_owned(),
        );
    }
    let note = (!notes.is_empty()).then(|| notes.join(" "));
    let nothing = "No latency was observed over time.";
    Timeline { what: "Latency over time, by when messages end".to_owned(), note, keys, panels, nothing }.draw(result, canvas)
}

/// The median of a line's positive heights; without any, so much that nothing is far from it.
fn typical(curve: Option<&Curve>) -> f64 {
    let mut heights: Vec<f64> =
        curve.iter().flat_map(|curve| &curve.mean).map(|point| point.1).filter(|&height| height > 0.0).collect();
    heights.sort_by(f64::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(f64::INFINITY)
}
