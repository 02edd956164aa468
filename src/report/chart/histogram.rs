//! How the sojourn times of every pool are distributed, and the completion times of producers whose messages meet: a small chart
//! for each, with its own scales.

use super::axis::Axis;
use super::data::{Numbers, short};
use super::drawing::{Across, Dash, Drawing, Font};
use super::frame::{Area, Entry, LABEL, Plot, nothing, sheet};
use super::percentiles::quantile;
use super::series::largest;
use super::style::{ALARM, Canvas, DARK, Ink, NORMAL, PALETTE, fitted, text_width};
use crate::experiment::Shape;
use crate::report::block::Table;
use crate::report::quantity::{Kind, plainly};
use crate::report::result::RunResult;

/// At most so many small charts.
const MOST_PANELS: usize = 6;

/// Quantiles that are marked: name, order, colour.
const MARKS: [(&str, f64, Ink); 2] = [("median", 0.5, DARK), ("p99", 0.99, ALARM)];

/// A p99 that is so many times the median needs an axis of orders of magnitude.
const STEEP: f64 = 20.0;
/// Bins on such an axis.
const MAGNITUDE_BINS: usize = 48;

/// A small chart.
struct Panel<'a> {
    name: String,
    /// The quantity.
    what: &'static str,
    shape: &'a Shape,
}

/// Draws it.
pub fn latency_histogram(result: &RunResult, canvas: Canvas) -> Drawing {
    let panel_of = |table: Table, name: &str, what: &'static str| {
        let shape = result.summary.distributions.get(&format!("{}.{name}.{what}", table.prefix()))?;
        (shape.count > 0 && !shape.bins.is_empty()).then(|| Panel { name: name.to_owned(), what, shape })
    };
    let panels = |table: Table, what: &'static str| -> Vec<Panel> {
        table.names(&result.summary.metrics).iter().filter_map(|name| panel_of(table, name, what)).collect()
    };
    let mut pools = panels(Table::Services, "sojourn");
    pools.extend(panels(Table::Consumers, "sojourn"));
    let callers: Vec<Panel> =
        result.callers().into_iter().filter_map(|name| panel_of(Table::Producers, name, "response")).collect();
    let counts: Vec<f64> = pools.iter().map(|panel| panel.shape.count as f64).collect();
    let most = largest(&counts, MOST_PANELS - callers.len().min(MOST_PANELS / 2));
    let mut shown: Vec<&Panel> = callers.iter().take(MOST_PANELS / 2).collect();
    shown.extend(most.iter().map(|&at| &pools[at]));
    let producers = result.meeting_producers().into_iter();
    let producers: Vec<Panel> = producers.filter_map(|name| panel_of(Table::Producers, name, "completion")).collect();
    // All of them or none: the charts of some would hide that there are others.
    let mixed = !producers.is_empty() && shown.len() + producers.len() <= MOST_PANELS;
    if mixed {
        shown.extend(&producers);
    }
    let what = if !callers.is_empty() {
        "Distribution of responses, and of the sojourn at each pool"
    } else if mixed {
        "Distribution of wait and service together"
    } else {
        "Distribution of the sojourn: wait and service"
    };
    let note = (most.len() < pools.len())
        .then(|| format!("The {} of {} pools with the most messages are shown.", most.len(), pools.len()));
    let marked = |order: f64| shown.iter().any(|panel| supports(panel.shape, order));
    let legend: Vec<Entry> = MARKS
        .into_iter()
        .filter(|(_, order, _)| marked(*order))
        .map(|(label, _, ink)| Entry::line(label, ink, Dash::Dashed))
        .collect();
    let (mut drawing, area) = sheet(result, canvas, what, note, &legend);
    if shown.is_empty() {
        nothing(&mut drawing, area, "No message was finished while it was measured.");
        return drawing;
    }
    let across = match shown.len() {
        _ if canvas.is_narrow() => 1,
        1 => 1,
        2..=4 => 2,
        _ => 3,
    };
    let down = shown.len().div_ceil(across);
    let (width, mut height) = (area.width() / across as f64, (area.bottom - area.top) / down as f64);
    if !canvas.titled && down > 1 {
        height = 230.0;
        drawing.cut(area.top + height * down as f64);
    }
    for (place, own) in shown.iter().enumerate() {
        let (column, row) = ((place % across) as f64, (place / across) as f64);
        let (left, top) = (area.left + column * width, area.top + row * height);
        let inner = Area {
            left,
            top,
            right: left + width - if across > 1 { 20.0 } else { 0.0 },
            bottom: top + height - if down > 1 { 14.0 } else { 0.0 },
        };
        panel(&mut drawing, inner, own);
    }
    drawing
}

/// The histogram of one pool or producer.
fn panel(drawing: &mut Drawing, area: Area, Panel { name, what, shape }: &Panel) {
    let count = format!("{} messages", plainly(shape.count as f64, Kind::Plain));
    let room = area.right - area.left - text_width(&count, LABEL.size, false) - 16.0;
    let full_name = name;
    let name = fitted(name, NORMAL, true, room);
    let behind = area.left + text_width(&name, NORMAL, true) + 10.0;
    drawing.text((area.left, area.top), name, Font { size: NORMAL, bold: true, ink: DARK }, Across::Left);
    drawing.text((behind, area.top), count, LABEL, Across::Left);

    let steep = quantile(shape, 0.99) > STEEP * quantile(shape, 0.5) && quantile(shape, 0.5) > 0.0;
    let bins = if steep { by_magnitude(shape) } else { drawn(shape) };
    let (first, last) = match bins.as_slice() {
        [] => return,
        // A single bar stands in the middle of some space.
        [only] => ((only[0] - 4.0 * (only[1] - only[0])).max(0.0), only[1] + 4.0 * (only[1] - only[0])),
        [first, .., last] => (first[0], last[1]),
    };
    let total = shape.count as f64;
    let highest = bins.iter().map(|bin| bin[2] / total).fold(0.0, f64::max);
    // Times that hardly differ would be a single needle on an axis from zero.
    let x = if steep {
        Axis::log(Kind::Time, first, last)
    } else if first > 0.5 * last {
        Axis::between(Kind::Time, first, last, 4.0)
    } else {
        Axis::from_zero(Kind::Time, last, 5.0)
    };
    let x = Axis { to: if x.from == 0.0 { last.max(f64::MIN_POSITIVE) } else { x.to }, ..x };
    let x = Axis { ticks: x.ticks.iter().filter(|(value, _)| *value <= x.to * (1.0 + 1e-9)).cloned().collect(), ..x };
    let below = Area { top: area.top + 24.0, ..area };
    let plot = Plot::draw(drawing, below, (x, what), (Axis::from_zero(Kind::Share, highest, 4.0), "messages in a bin"), false);
    plot.data(drawing, None, |drawing| {
        for [from, to, observations] in bins.iter().filter(|bin| bin[2] > 0.0) {
            let (left, top) = plot.at((*from, observations / total));
            let (right, bottom) = plot.at((*to, 0.0));
            // A hair of white between bars that are wide enough for it.
            let gap = if right - left > 6.0 { 1.0 } else { 0.0 };
            drawing.rectangle((left, top), (right - gap, bottom), PALETTE[0], 0.85);
        }
    });
    let numbers = Numbers {
        name: format!("{full_name}: {what}"),
        ink: PALETTE[0].variable(),
        x: bins.iter().filter_map(|bin| short(bin[0])).collect(),
        until: bins.iter().filter_map(|bin| short(bin[1])).collect(),
        y: bins.iter().map(|bin| short(bin[2] / total)).collect(),
        ..Numbers::default()
    };
    plot.keep(drawing, numbers);
    for (_, order, ink) in MARKS {
        let value = quantile(shape, order);
        if supports(shape, order) && (first..=last).contains(&value) {
            let (x, _) = plot.at((value, 0.0));
            drawing.line(vec![(x, plot.area.top), (x, plot.area.bottom)], ink, 1.5, Dash::Dashed);
        }
    }
}

/// Whether there are observations enough for this quantile.
fn supports(shape: &Shape, order: f64) -> bool {
    shape.quantiles.iter().any(|[at, _]| (order - 1e-12..1.0).contains(at))
}

/// Bins of equal width on a logarithmic axis, with the observations that lie between the quantiles: where they run through
/// orders of magnitude, bins of equal width would show one bar.
fn by_magnitude(shape: &Shape) -> Vec<[f64; 3]> {
    let points: Vec<[f64; 2]> = shape.quantiles.iter().copied().filter(|point| point[0] < 1.0 && point[1].is_finite()).collect();
    let positive = || points.iter().filter(|point| point[1] > 0.0);
    let least = positive().map(|point| point[1]).fold(f64::INFINITY, f64::min);
    // The few that are much faster than all others need no room of their own.
    let tenth = positive().find(|point| point[0] >= 0.1).map_or(least, |point| point[1]);
    let (low, high) = (least.max(tenth / 8.0), positive().map(|point| point[1]).fold(0.0, f64::max));
    if low >= high {
        return drawn(shape);
    }
    // A hair around, so that both ends lie inside.
    let (low, high) = ((0.98 * low).ln(), (1.02 * high).ln());
    let width = (high - low) / MAGNITUDE_BINS as f64;
    let place = |value: f64| ((value.max(1e-300).ln() - low) / width).clamp(0.0, MAGNITUDE_BINS as f64 - 1e-9);
    let mut counts = vec![0.0; MAGNITUDE_BINS];
    let total = shape.count as f64;
    counts[place(points[0][1]) as usize] += points[0][0] * total;
    for pair in points.windows(2) {
        let (mass, from, to) = ((pair[1][0] - pair[0][0]) * total, place(pair[0][1]), place(pair[1][1]));
        if to - from < 1e-9 {
            counts[to as usize] += mass;
            continue;
        }
        for (at, count) in counts.iter_mut().enumerate().take(to as usize + 1).skip(from as usize) {
            let shared = to.min(at as f64 + 1.0) - from.max(at as f64);
            *count += mass * shared / (to - from);
        }
    }
    let edge = |at: usize| (low + at as f64 * width).exp();
    counts.into_iter().enumerate().map(|(at, count)| [edge(at), edge(at + 1), count]).collect()
}

/// The bins to draw: all but a last one that is wider than the others, which holds the rest. A bin without width, as equal
/// times give it, gets some.
fn drawn(shape: &Shape) -> Vec<[f64; 3]> {
    let mut bins = shape.bins.clone();
    if let [.., before, last] = bins[..]
        && last[1] - last[0] > 1.5 * (before[1] - before[0])
    {
        bins.pop();
    }
    // Values that are all the largest one belong to the bin that ends there.
    if let [.., before, last] = &mut bins[..]
        && last[1] - last[0] < 1e-6 * (before[1] - before[0])
    {
        before[2] += last[2];
        bins.pop();
    }
    // Times that differ by nothing that one could see are one bar.
    if let ([first, ..], [.., last]) = (&bins[..], &bins[..])
        && last[1] - first[0] < 1e-4 * last[1]
    {
        bins = vec![[first[0], first[0], bins.iter().map(|bin| bin[2]).sum()]];
    }
    for bin in &mut bins {
        if bin[1] <= bin[0] {
            let half = if bin[0] > 0.0 { 0.02 * bin[0] } else { 0.5e-9 };
            *bin = [(bin[0] - half).max(0.0), bin[0] + half, bin[2]];
        }
    }
    bins.retain(|bin| bin.iter().all(|number| number.is_finite()));
    bins
}
