//! What waits over time: the backlog of every queue, and the requests that wait at every service. Mean over replications, the
//! band of its interval, and the range of the replications; where theory knows the mean in the long run, a thin line.

use super::drawing::{Dash, Drawing};
use super::series::{Curve, largest, most_points};
use super::style::{Canvas, PALETTE};
use super::timeline::{Bands, Key, Panel, Timeline, Track};
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// With more lines than these, their bands would hide each other.
const MOST_BANDS: usize = 2;

/// Draws it.
pub fn backlog(result: &RunResult, canvas: Canvas) -> Drawing {
    let summary = &result.summary;
    let named = |table: Table, metric: &'static str| {
        let names = table.names(&summary.metrics).into_iter();
        names.map(move |name| (format!("{}.{name}.{metric}", table.prefix()), name))
    };
    let queues = named(Table::Queues, "backlog");
    let services = named(Table::Services, "waiting").map(|(full, name)| (full, format!("waiting at {name}")));
    let all: Vec<(String, String, Curve)> = queues
        .chain(services)
        .filter_map(|(full, name)| {
            let curve = Curve::of(summary, &full, summary.series.columns.get(&full)?, most_points(canvas));
            (!curve.mean.is_empty()).then_some((full, name, curve))
        })
        .collect();
    let size = |curve: &Curve| -> f64 { curve.mean.iter().map(|point| point.1).sum() };
    let number = all.len();
    // Where nothing ever waited there is nothing to see.
    let all: Vec<(String, String, Curve)> = all.into_iter().filter(|(_, _, curve)| size(curve) > 0.0).collect();
    let sizes: Vec<f64> = all.iter().map(|(_, _, curve)| size(curve)).collect();
    let shown = largest(&sizes, PALETTE.len());
    let kept = |table: &str| shown.iter().any(|&at| all[at].0.starts_with(table));
    let (upwards, kind) = match (kept("queues."), kept("services.")) {
        (true, false) => ("backlog: ready and unacknowledged", Kind::Messages),
        (false, true) => ("waiting for a worker", Kind::Requests),
        _ => ("messages in the backlog, requests that wait", Kind::Plain),
    };
    let note = match (shown.len() < all.len(), all.len() < number) {
        (true, _) => Some(format!("The {} with the largest backlogs of {number} queues and services are shown.", shown.len())),
        (false, true) if !all.is_empty() => {
            Some(format!("Nothing ever waits elsewhere; there are {number} queues and services."))
        }
        (false, _) => None,
    };
    let many = summary.replicates.len() > 1;
    let bands = if many && shown.len() <= MOST_BANDS { Bands::Both } else { Bands::None };
    let theory = match shown.as_slice() {
        [only] => result.theory.get(&format!("{}.mean", all[*only].0)).map(|known| known.value),
        _ => None,
    };
    let keys = shown.iter().zip(PALETTE);
    let keys = keys.map(|(&at, ink)| Key { label: all[at].1.clone(), ink, dash: Dash::Solid, width: 2.0 }).collect();
    let tracks: Vec<Track> = shown.iter().enumerate().map(|(key, &at)| Track { key, curve: all[at].2.clone(), bands }).collect();
    let panel = Panel { title: String::new(), kind, upwards, tracks, theory: theory.into_iter().collect(), log: false };
    let what = match (bands, many) {
        (Bands::None, true) => "Mean backlog over time, without bands",
        (_, true) => "Mean backlog over time",
        _ => "Backlog over time, one replication: no band",
    };
    let nothing = if number > 0 { "Nothing ever waited." } else { "Nothing that waits was observed over time." };
    Timeline { what: what.to_owned(), note, keys, panels: vec![panel], nothing }.draw(result, canvas)
}
