//! How busy pools, services, hosts and brokers are over time: mean over replications, with bands where they hide nothing.

use super::drawing::{Dash, Drawing};
use super::series::{Curve, largest, most_points};
use super::style::{Canvas, PALETTE};
use super::timeline::{Bands, Key, Panel, Timeline, Track};
use super::utilization::{exact, watched};
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// With more lines than these, their bands would hide each other.
const MOST_BANDS: usize = 2;

/// Draws it.
pub fn utilization_over_time(result: &RunResult, canvas: Canvas) -> Drawing {
    let summary = &result.summary;
    let curve = |(full, name): (String, String)| {
        let curve = Curve::of(summary, &full, summary.series.columns.get(&full)?, most_points(canvas));
        (curve.most() > 0.0).then_some((full, name, curve))
    };
    let all: Vec<(String, String, Curve)> = watched(result).into_iter().filter_map(curve).collect();
    // Lines of different lengths are compared by their means.
    let mean = |curve: &Curve| curve.mean.iter().map(|point| point.1).sum::<f64>() / curve.mean.len() as f64;
    let shown = largest(&all.iter().map(|(_, _, curve)| mean(curve)).collect::<Vec<f64>>(), PALETTE.len());
    let note = (shown.len() < all.len()).then(|| format!("The {} busiest of {} are shown.", shown.len(), all.len()));
    let bands = if summary.replicates.len() > 1 && shown.len() <= MOST_BANDS { Bands::Both } else { Bands::None };
    let theory = match shown.as_slice() {
        [only] => exact(result, &all[*only].0),
        _ => None,
    };
    let keys = shown.iter().zip(PALETTE);
    let keys = keys.map(|(&at, ink)| Key { label: all[at].1.clone(), ink, dash: Dash::Solid, width: 2.0 }).collect();
    let tracks = shown.iter().enumerate().map(|(key, &at)| Track { key, curve: all[at].2.clone(), bands }).collect();
    let theory = theory.into_iter().collect();
    let panel = Panel { kind: Kind::Share, upwards: "busy share of the workers", tracks, theory, ..Panel::default() };
    let (what, nothing) = ("Utilization over time".to_owned(), "Nobody was seen at work over time.");
    Timeline { what, note, keys, panels: vec![panel], nothing }.draw(result, canvas)
}
