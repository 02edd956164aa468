//! What waits over time: the backlog of every queue, and the requests that wait at every service. Mean over replications, the
//! band of its interval, and the range of the replications; where theory knows the mean in the long run, a thin line.

use super::drawing::{Dash, Drawing};
use super::series::{Curve, largest, most_points};
use super::style::{Canvas, Ink, PALETTE};
use super::timeline::{Bands, Key, Mark, Panel, Timeline, Track};
use crate::report::block::Table;
use crate::report::quantity::{Kind, sentence};
use crate::report::result::RunResult;

/// With more lines than these, their bands would hide each other.
const MOST_BANDS: usize = 2;

/// At most so many queues have the time marked at which they are empty again.
const MOST_MARKS: usize = 3;
/// A backlog is gone where so little of its peak is left,
const GONE: f64 = 0.1;
/// and a peak that is gone within so many points is none that one can see.
const LEAST_POINTS: f64 = 3.0;

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
    let marks = shown.iter().zip(PALETTE).filter_map(|(&at, ink)| gone(result, &all[at], ink, shown.len() > 1));
    let marks = marks.take(MOST_MARKS).collect();
    let keys = shown.iter().zip(PALETTE);
    let keys = keys.map(|(&at, ink)| Key { label: all[at].1.clone(), ink, dash: Dash::Solid, width: 2.0 }).collect();
    let tracks: Vec<Track> = shown.iter().enumerate().map(|(key, &at)| Track { key, curve: all[at].2.clone(), bands }).collect();
    let theory = theory.into_iter().collect();
    let panel = Panel { kind, upwards, tracks, theory, marks, ..Panel::default() };
    let what = match (bands, many) {
        (Bands::None, true) => "Mean backlog over time, without bands",
        (_, true) => "Mean backlog over time",
        _ => "Backlog over time, one replication: no band",
    };
    let nothing = if number > 0 { "Nothing ever waited." } else { "Nothing that waits was observed over time." };
    Timeline { what: what.to_owned(), note, keys, panels: vec![panel], nothing }.draw(result, canvas)
}

/// When a backlog that built up is gone: so long after its peak as was measured. `None` where it did not build up at one time in
/// all replications, as in a steady state: the line must be high at the one time and low at the other.
fn gone(result: &RunResult, (full, name, curve): &(String, String, Curve), ink: Ink, named: bool) -> Option<Mark> {
    let drain = &result.summary.metrics.get(&format!("{}.drain", full.rsplit_once('.')?.0))?.value;
    let took = drain.estimate.filter(|_| curve.warmup == 0.0)?;
    let [first, second, ..] = curve.mean.as_slice() else { return None };
    let peak = curve.mean.iter().copied().reduce(|most, next| if next.1 > most.1 { next } else { most })?;
    let at = peak.0 + took;
    let left = curve.mean.iter().find(|point| point.0 >= at)?.1;
    if took < LEAST_POINTS * (second.0 - first.0) || left > GONE * peak.1 {
        return None;
    }
    let between = drain.low.zip(drain.high).map(|(low, high)| (peak.0 + low, peak.0 + high));
    let who = if named { format!("{name} ") } else { String::new() };
    Some(Mark { at, between, ink, label: format!("{who}empty again {} after its peak", sentence(drain, Kind::Time)) })
}
