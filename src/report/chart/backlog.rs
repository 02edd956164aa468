//! The backlog of every queue and the waiting requests of every service over time: mean over replications, the band of its interval,
//! and the range of the replications.

use super::axis::Axis;
use super::drawing::{Dash, Drawing};
use super::frame::{Entry, Plot, nothing, sheet};
use super::series::{Curve, interval_entry, largest, length, shade_warmup, unmeasured, warmup_entries};
use super::style::{Ink, PALETTE};
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// With more queues than these, their bands would hide each other.
const MOST_BANDS: usize = 2;

/// How solid the interval of the mean is, and what lies around it.
const INTERVAL: f64 = 0.35;
const RANGE: f64 = 0.14;

/// Draws it.
pub fn backlog(result: &RunResult) -> Drawing {
    let summary = &result.summary;
    let named = |table: Table, metric: &'static str| {
        let names = table.names(&summary.metrics).into_iter();
        names.map(move |name| (format!("{}.{name}.{metric}", table.prefix()), name))
    };
    let all: Vec<(String, Curve)> = named(Table::Queues, "backlog")
        .chain(named(Table::Services, "waiting"))
        .filter_map(|(full, name)| {
            let curve = Curve::of(summary, &full, summary.series.columns.get(&full)?);
            (!curve.mean.is_empty()).then_some((name, curve))
        })
        .collect();
    let sizes: Vec<f64> = all.iter().map(|(_, curve)| curve.mean.iter().map(|point| point.1).sum()).collect();
    let shown = largest(&sizes, PALETTE.len());
    let note = (shown.len() < all.len())
        .then(|| format!("the {} of {} queues with the largest backlogs are shown", shown.len(), all.len()));
    let curves: Vec<(&str, &Curve, Ink)> =
        shown.iter().zip(PALETTE).map(|(&at, ink)| (all[at].0.as_str(), &all[at].1, ink)).collect();
    let many = summary.replicates.len() > 1;
    let bands = many && shown.len() <= MOST_BANDS;
    let mut legend: Vec<Entry> = curves.iter().map(|(name, _, ink)| Entry::line(*name, *ink, Dash::Solid)).collect();
    if let Some(&(_, _, ink)) = curves.first().filter(|_| bands) {
        if curves.iter().any(|(_, curve, _)| !curve.interval.is_empty()) {
            legend.push(interval_entry(result, ink, INTERVAL + RANGE));
        }
        legend.push(Entry::fill("range of the replications", ink, RANGE));
    }
    if !curves.is_empty() {
        legend.extend(warmup_entries(summary, curves.iter().map(|(_, curve, _)| *curve)));
    }
    let what = match (bands, many) {
        (true, _) => "Mean backlog over time",
        (false, true) => "Mean backlog over time, without bands",
        (false, false) => "Backlog over time, one replication: no band",
    };
    let (mut drawing, area) = sheet(result, what, note.as_deref(), &legend);
    if curves.is_empty() {
        nothing(&mut drawing, area, "no queue was observed over time");
        return drawing;
    }
    let highest = |curve: &Curve| if bands { curve.range.most().max(curve.interval.most()) } else { curve.most() };
    let most = curves.iter().map(|(_, curve, _)| highest(curve)).fold(0.0, f64::max);
    let x = (Axis::time(length(&summary.series)), "time since start");
    let plot =
        Plot::draw(&mut drawing, area, x, (Axis::from_zero(Kind::Messages, most, 5.0), "backlog (ready and unacknowledged)"));
    shade_warmup(&mut drawing, &plot, summary);
    if bands {
        curves.iter().for_each(|(_, curve, ink)| curve.range.draw(&mut drawing, &plot, *ink, RANGE));
        curves.iter().for_each(|(_, curve, ink)| curve.interval.draw(&mut drawing, &plot, *ink, INTERVAL));
    }
    for (_, curve, ink) in &curves {
        curve.draw(&mut drawing, &plot, unmeasured(summary), *ink, 2.5);
    }
    drawing
}
