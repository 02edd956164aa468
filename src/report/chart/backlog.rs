//! The backlog of every queue and the waiting requests of every service over time: mean over replications, and the band between the smallest and the largest.

use super::axis::Axis;
use super::drawing::{Dash, Drawing};
use super::frame::{Entry, Plot, nothing, sheet};
use super::series::{Curve, largest, length, shade_warmup, warmup_entry};
use super::style::PALETTE;
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// With more queues than these, their bands would hide each other.
const MOST_BANDS: usize = 2;

/// Draws it.
pub fn backlog(result: &RunResult) -> Drawing {
    let series = &result.summary.series;
    let named = |table: Table, metric: &'static str| {
        let names = table.names(&result.summary.metrics).into_iter();
        names.map(move |name| (format!("{}.{name}.{metric}", table.prefix()), name))
    };
    let all: Vec<(String, Curve)> = named(Table::Queues, "backlog")
        .chain(named(Table::Services, "waiting"))
        .filter_map(|(column, name)| {
            let column = series.columns.get(&column)?;
            let curve = Curve::of(column, series.bin);
            (!curve.mean.is_empty()).then_some((name, curve))
        })
        .collect();
    let sizes: Vec<f64> = all.iter().map(|(_, curve)| curve.mean.iter().map(|point| point.1).sum()).collect();
    let shown = largest(&sizes, PALETTE.len());
    let note = (shown.len() < all.len())
        .then(|| format!("the {} of {} queues with the largest backlogs are shown", shown.len(), all.len()));
    let many = result.summary.replicates.len() > 1;
    let bands = many && shown.len() <= MOST_BANDS;
    let mut legend: Vec<Entry> =
        shown.iter().zip(PALETTE).map(|(&at, ink)| Entry::line(all[at].0.as_str(), ink, Dash::Solid)).collect();
    if !shown.is_empty() {
        legend.extend(warmup_entry(series));
    }
    let what = match (bands, many) {
        (true, _) => "Backlog over time, mean and range over replications",
        (false, true) => "Backlog over time, mean over replications without their range",
        (false, false) => "Backlog over time",
    };
    let (mut drawing, area) = sheet(result, what, note.as_deref(), &legend);
    if shown.is_empty() {
        nothing(&mut drawing, area, "no queue was observed over time");
        return drawing;
    }
    let most = shown.iter().map(|&at| all[at].1.most(bands)).fold(0.0, f64::max);
    let x = (Axis::time(length(series)), "time since start");
    let plot =
        Plot::draw(&mut drawing, area, x, (Axis::from_zero(Kind::Messages, most, 5.0), "backlog (ready and unacknowledged)"));
    shade_warmup(&mut drawing, &plot, series);
    if bands {
        for (&at, ink) in shown.iter().zip(PALETTE) {
            drawing.area(all[at].1.band().into_iter().map(|point| plot.at(point)).collect(), ink, 0.18);
        }
    }
    for (&at, ink) in shown.iter().zip(PALETTE) {
        plot.line(&mut drawing, all[at].1.mean.iter().copied(), ink, Dash::Solid);
    }
    drawing
}
