//! Arrivals, completions and losses over time: means over replications.

use super::axis::Axis;
use super::drawing::{Dash, Drawing, Point};
use super::frame::{Entry, Plot, nothing, sheet};
use super::series::{Curve, largest, length, shade_warmup, warmup_entry};
use super::style::{ALARM, DARK, Ink, PALE, PALETTE};
use crate::experiment::Column;
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// Colours of pools: all but the one for losses.
const POOLS: [Ink; 5] = [PALETTE[0], PALETTE[2], PALETTE[4], PALETTE[3], PALETTE[5]];

/// One quantity over time.
struct Line {
    label: String,
    points: Vec<Point>,
    ink: Ink,
    width: f64,
    dash: Dash,
}

/// Draws it.
pub fn throughput(result: &RunResult) -> Drawing {
    let series = &result.summary.series;
    let metrics = &result.summary.metrics;
    let columns = |table: Table, metric: &str| -> Vec<(String, &Column)> {
        let full = |name: &str| format!("{}.{name}.{metric}", table.prefix());
        let of = |name: String| series.columns.get(&full(&name)).map(|column| (name, column));
        table.names(metrics).into_iter().filter_map(of).collect()
    };
    let arrivals = total(&columns(Table::Producers, "offered.rate"));
    let losses = total(&columns(Table::Queues, "lost.rate")).filter(|losses| losses.mean.iter().any(|rate| *rate > 0.0));
    let good = total(&columns(Table::Producers, "goodput.rate"));
    let pools = columns(Table::Consumers, "throughput");
    let sizes: Vec<f64> = pools.iter().map(|(_, column)| column.mean.iter().sum()).collect();
    let shown = largest(&sizes, POOLS.len());
    let note = (shown.len() < pools.len())
        .then(|| format!("completions of the {} of {} pools with the most are shown", shown.len(), pools.len()));

    // Later ones lie on top. Arrivals lie below as a broad pale line, so that completions that keep up with them hide only
    // their middle.
    let line = |label: String, column: &Column, ink: Ink, width: f64, dash: Dash| Line {
        label,
        points: Curve::of(column, series.bin).mean,
        ink,
        width,
        dash,
    };
    let mut lines: Vec<Line> = Vec::new();
    if let Some(arrivals) = &arrivals {
        let label = if Table::Producers.names(metrics).len() > 1 { "arrivals, all producers" } else { "arrivals" };
        lines.push(line(label.to_owned(), arrivals, PALE, 5.0, Dash::Solid));
    }
    if let Some(good) = &good {
        lines.push(line("good responses".to_owned(), good, DARK, 2.0, Dash::Solid));
    }
    for (&at, ink) in shown.iter().zip(POOLS) {
        let (name, column) = &pools[at];
        lines.push(line(format!("completions of {name}"), column, ink, 2.0, Dash::Solid));
    }
    if let Some(losses) = &losses {
        lines.push(line("losses".to_owned(), losses, ALARM, 2.0, Dash::Dashed));
    }
    lines.retain(|line| !line.points.is_empty());

    let mut legend: Vec<Entry> = lines.iter().map(|line| Entry::line(line.label.as_str(), line.ink, line.dash)).collect();
    if !lines.is_empty() {
        legend.extend(warmup_entry(series));
    }
    let (mut drawing, area) = sheet(result, "Throughput over time", note.as_deref(), &legend);
    if lines.is_empty() {
        nothing(&mut drawing, area, "no rate was observed over time");
        return drawing;
    }
    let most = lines.iter().flat_map(|line| &line.points).map(|point| point.1).fold(0.0, f64::max);
    let x = (Axis::time(length(series)), "time since start");
    let plot = Plot::draw(&mut drawing, area, x, (Axis::from_zero(Kind::Rate, most, 5.0), "messages"));
    shade_warmup(&mut drawing, &plot, series);
    for line in &lines {
        let points = line.points.iter().map(|&point| plot.at(point)).collect();
        drawing.line(points, line.ink, line.width, line.dash);
    }
    drawing
}

/// The sum of the means; of smallest and largest there is no sum, because they need not come from one replication.
fn total(columns: &[(String, &Column)]) -> Option<Column> {
    let (_, first) = columns.first()?;
    let bins = columns.iter().map(|(_, column)| column.mean.len()).max().unwrap_or(0);
    let at = |bin: usize| columns.iter().filter_map(|(_, column)| column.mean.get(bin)).sum();
    Some(Column { unit: first.unit.clone(), mean: (0..bins).map(at).collect(), min: Vec::new(), max: Vec::new() })
}
