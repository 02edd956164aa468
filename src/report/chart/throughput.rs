//! Arrivals, completions and losses over time: means over replications, with the intervals of completions.

use super::axis::Axis;
use super::drawing::{Dash, Drawing, Point};
use super::frame::{Entry, Plot, nothing, sheet};
use super::series::{Curve, interval_entry, largest, length, line, shade_warmup, total, unmeasured, warmup_entries};
use super::style::{ALARM, DARK, Ink, PALE, PALETTE};
use crate::experiment::Column;
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// Colours of pools: all but the one for losses.
const POOLS: [Ink; 5] = [PALETTE[0], PALETTE[2], PALETTE[4], PALETTE[3], PALETTE[5]];

/// With more pools than these, their bands would hide each other.
const MOST_BANDS: usize = 2;
/// How solid a band is.
const BAND: f64 = 0.35;

/// A sum over entities over time.
struct Sum {
    label: &'static str,
    points: Vec<Point>,
    ink: Ink,
    width: f64,
    dash: Dash,
}

impl Sum {
    fn most(&self) -> f64 {
        self.points.iter().map(|point| point.1).fold(0.0, f64::max)
    }

    fn draw(&self, drawing: &mut Drawing, plot: &Plot) {
        drawing.line(self.points.iter().map(|&point| plot.at(point)).collect(), self.ink, self.width, self.dash);
    }
}

/// Draws it.
pub fn throughput(result: &RunResult) -> Drawing {
    let summary = &result.summary;
    let columns = |table: Table, metric: &str| -> Vec<(String, &Column)> {
        let full = |name: String| format!("{}.{name}.{metric}", table.prefix());
        let of = |name: String| summary.series.columns.get(&name).map(|column| (name, column));
        table.names(&summary.metrics).into_iter().map(full).filter_map(of).collect()
    };
    let sum = |columns: &[(String, &Column)], label, ink, width, dash| -> Option<Sum> {
        let (values, bin) = total(summary, columns)?;
        Some(Sum { label, points: line(&values, bin), ink, width, dash }).filter(|sum| !sum.points.is_empty())
    };
    let producers = columns(Table::Producers, "offered.rate");
    let label = if producers.len() > 1 { "arrivals, all producers" } else { "arrivals" };
    // Arrivals lie below as a broad pale line, so that completions that keep up with them hide only their middle.
    let arrivals = sum(&producers, label, PALE, 5.0, Dash::Solid);
    let good = sum(&columns(Table::Producers, "goodput.rate"), "good responses", DARK, 2.0, Dash::Solid);
    let losses = sum(&columns(Table::Queues, "lost.rate"), "losses", ALARM, 2.0, Dash::Dashed).filter(|sum| sum.most() > 0.0);
    let pools = columns(Table::Consumers, "throughput");
    let sizes: Vec<f64> = pools.iter().map(|(_, column)| column.mean.iter().sum()).collect();
    let shown = largest(&sizes, POOLS.len());
    let note = (shown.len() < pools.len())
        .then(|| format!("completions of the {} of {} pools with the most are shown", shown.len(), pools.len()));
    let curves: Vec<(String, Curve, Ink)> = shown
        .iter()
        .zip(POOLS)
        .map(|(&at, ink)| {
            let (name, column) = &pools[at];
            let own = name.split('.').nth(1).unwrap_or(name);
            (format!("completions of {own}"), Curve::of(summary, name, column), ink)
        })
        .filter(|(_, curve, _)| !curve.mean.is_empty())
        .collect();
    let bands = curves.len() <= MOST_BANDS && curves.iter().any(|(_, curve, _)| !curve.interval.is_empty());
    let nothing_at_all = arrivals.is_none() && good.is_none() && curves.is_empty() && losses.is_none();

    let entry = |sum: &Sum| Entry::line(sum.label, sum.ink, sum.dash);
    let mut legend: Vec<Entry> = arrivals.iter().chain(&good).map(entry).collect();
    legend.extend(curves.iter().map(|(label, _, ink)| Entry::line(label.as_str(), *ink, Dash::Solid)));
    legend.extend(losses.iter().map(entry));
    if let Some(&(_, _, ink)) = curves.first().filter(|_| bands) {
        legend.push(interval_entry(result, ink, BAND));
    }
    if !nothing_at_all {
        legend.extend(warmup_entries(summary, curves.iter().map(|(_, curve, _)| curve)));
    }
    let (mut drawing, area) = sheet(result, "Throughput over time", note.as_deref(), &legend);
    if nothing_at_all {
        nothing(&mut drawing, area, "no rate was observed over time");
        return drawing;
    }
    let highest = |curve: &Curve| if bands { curve.most().max(curve.interval.most()) } else { curve.most() };
    let sums = arrivals.iter().chain(&good).chain(&losses).map(Sum::most);
    let most = sums.chain(curves.iter().map(|(_, curve, _)| highest(curve))).fold(0.0, f64::max);
    let x = (Axis::time(length(&summary.series)), "time since start");
    let plot = Plot::draw(&mut drawing, area, x, (Axis::from_zero(Kind::Rate, most, 5.0), "messages"));
    shade_warmup(&mut drawing, &plot, summary);
    // Later ones lie on top.
    arrivals.iter().chain(&good).for_each(|sum| sum.draw(&mut drawing, &plot));
    if bands {
        curves.iter().for_each(|(_, curve, ink)| curve.interval.draw(&mut drawing, &plot, *ink, BAND));
    }
    curves.iter().for_each(|(_, curve, ink)| curve.draw(&mut drawing, &plot, unmeasured(summary), *ink, 2.0));
    losses.iter().for_each(|sum| sum.draw(&mut drawing, &plot));
    drawing
}
