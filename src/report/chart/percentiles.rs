//! Latency by percentile, on an axis where every further nine takes the same width (as HdrHistogram's plots have it), and upwards
//! by orders of magnitude where lines are that far apart.

use super::axis::{Axis, nines};
use super::data::{Numbers, short};
use super::drawing::{Dash, Drawing, Point};
use super::frame::{Entry, Plot, label_ends, nothing, sheet};
use super::series::largest;
use super::style::{Canvas, DARK, Ink, PALETTE, SMALL, fitted, text_width};
use crate::experiment::Shape;
use crate::model::Quantity;
use crate::model::Statistic;
use crate::report::block::Table;
use crate::report::quantity::{Kind, plainly};
use crate::report::result::RunResult;

/// The axis ends here, at 99.999 %.
pub(super) const MOST_NINES: f64 = 5.0;
/// Lines whose ends differ by more than this factor, or one that rises by more above its median, get a logarithmic axis.
const FAR_APART: f64 = 30.0;
/// More lines than these have their names in a legend.
const MOST_LABELS: usize = 10;
/// How solid a band is.
const INTERVAL: f64 = 0.2;
/// The widest name beside a line in pixels.
const WIDEST_LABEL: f64 = 190.0;

/// A latency to draw.
struct Curve {
    label: String,
    points: Vec<Point>,
    ink: Ink,
    dash: Dash,
    /// What theory says of it.
    theory: Vec<Point>,
    /// The intervals of the quantiles that have a name: nines, lower and upper end.
    intervals: Vec<[f64; 3]>,
}

/// Draws it: what callers wait where somebody waits for an answer, what they see of it, and how long it takes until all that they
/// caused is done; otherwise sojourn and wait of every pool; completion and wait of producers whose messages meet, because a pool
/// knows only their mixture; and completion where the messages of one producer go through several pools.
pub fn latency_percentiles(result: &RunResult, canvas: Canvas) -> Drawing {
    let callers = result.callers();
    let (mut curves, note) = if callers.is_empty() { messages(result) } else { responses(result, &callers) };
    curves.retain(|curve| curve.points.len() > 1);
    draw(result, canvas, &curves, note)
}

fn shape<'a>(result: &'a RunResult, metric: &str) -> Option<&'a Shape> {
    result.summary.distributions.get(metric).filter(|shape| shape.count > 0 && !shape.quantiles.is_empty())
}

/// The line of a latency by its full name; `None` where none was observed.
fn curve(result: &RunResult, metric: &str, label: String, ink: Ink, dash: Dash) -> Option<Curve> {
    let points = points(shape(result, metric)?);
    let far = points.last().map_or(0.0, |point| point.0);
    let theory = Quantity::Latency.statistics().iter().filter_map(|&(suffix, statistic)| match statistic {
        Statistic::Quantile(order) => {
            let known = result.theory.get(&format!("{metric}.{suffix}")).filter(|known| known.exact)?;
            Some((nines(order), known.value)).filter(|(at, _)| *at <= far + 1e-9)
        }
        _ => None,
    });
    let intervals = Quantity::Latency.statistics().iter().filter_map(|&(suffix, statistic)| match statistic {
        Statistic::Quantile(order) => {
            let value = &result.summary.metrics.get(&format!("{metric}.{suffix}"))?.value;
            Some([nines(order), value.low?, value.high?]).filter(|ends| ends[0] <= far + 1e-9)
        }
        _ => None,
    });
    let intervals = intervals.collect();
    Some(Curve { label, theory: theory.collect(), intervals, points, ink, dash })
}

/// The lines of messages that nobody waits for, and what is left out.
fn messages(result: &RunResult) -> (Vec<Curve>, Option<String>) {
    let metrics = &result.summary.metrics;
    let seen = |table: Table, name: &str, metric: &str| shape(result, &format!("{}.{name}.{metric}", table.prefix())).is_some();
    let pools = Table::Consumers.names(metrics);
    let pools: Vec<&str> = pools
        .iter()
        .map(String::as_str)
        .filter(|name| ["sojourn", "wait"].iter().any(|metric| seen(Table::Consumers, name, metric)))
        .collect();
    let mut producers = result.meeting_producers();
    producers.retain(|name| seen(Table::Producers, name, "completion"));
    let slowest = |table: Table, names: &[&str], metric: &str, most: usize| -> Vec<usize> {
        let p99 = |name: &&str| {
            shape(result, &format!("{}.{name}.{metric}", table.prefix())).map_or(0.0, |shape| quantile(shape, 0.99))
        };
        largest(&names.iter().map(p99).collect::<Vec<f64>>(), most)
    };
    let few = PALETTE.len() - pools.len().min(PALETTE.len() / 2);
    let shown_producers = slowest(Table::Producers, &producers, "completion", few);
    let shown_pools = slowest(Table::Consumers, &pools, "sojourn", PALETTE.len() - shown_producers.len());

    let mut curves = Vec::new();
    let named_pools = shown_pools.iter().map(|&at| (Table::Consumers, pools[at], "sojourn"));
    let named_producers = shown_producers.iter().map(|&at| (Table::Producers, producers[at], "completion"));
    let alone = shown_pools.len() + shown_producers.len() == 1;
    for ((table, name, metric), ink) in named_pools.chain(named_producers).zip(PALETTE) {
        let whose = match table {
            Table::Producers => format!("messages of {name}"),
            _ if shown_producers.is_empty() => name.to_owned(),
            _ => format!("{name}, all messages"),
        };
        for (metric, dash) in [(metric, Dash::Solid), ("wait", Dash::Dashed)] {
            let full = format!("{}.{name}.{metric}", table.prefix());
            let label = match (alone, metric) {
                (true, "sojourn") => "wait and service".to_owned(),
                (true, metric) => metric.to_owned(),
                (false, "wait") => format!("{whose}: wait"),
                (false, _) => whose.clone(),
            };
            curves.extend(curve(result, &full, label, ink, dash));
        }
    }
    if let ([producer], true) = (Table::Producers.names(metrics).as_slice(), pools.len() != 1) {
        let full = format!("producers.{producer}.completion");
        curves.extend(curve(result, &full, "completion, all stages".to_owned(), DARK, Dash::Solid));
    }
    let left_out = |shown: usize, all: usize, what: &str| (shown < all).then(|| format!("{shown} of {all} {what}"));
    let notes: Vec<String> =
        [left_out(shown_pools.len(), pools.len(), "pools"), left_out(shown_producers.len(), producers.len(), "producers")]
            .into_iter()
            .flatten()
            .collect();
    let mut said = Vec::new();
    if !alone && !curves.is_empty() {
        said.push("Solid: wait and service together; dashed: the wait.".to_owned());
    }
    if !notes.is_empty() {
        said.push(format!("The {} with the longest p99 are shown.", notes.join(" and the ")));
    }
    (curves, (!said.is_empty()).then(|| said.join(" ")))
}

/// What the callers of each producer wait for an answer, what they see of it, and how long it takes until all that they caused is
/// done.
fn responses(result: &RunResult, callers: &[&str]) -> (Vec<Curve>, Option<String>) {
    let own = |name: &str, metric: &str| shape(result, &format!("producers.{name}.{metric}"));
    let p99 = |name: &&str| own(name, "response").map_or(0.0, |shape| quantile(shape, 0.99));
    let seen =
        |name: &str| own(name, "observed").map(|shape| &shape.quantiles) != own(name, "response").map(|shape| &shape.quantiles);
    let two = callers.iter().any(|name| own(name, "observed").is_some() && seen(name));
    let shown = largest(&callers.iter().map(p99).collect::<Vec<f64>>(), if two { PALETTE.len() / 2 } else { PALETTE.len() });
    let mut inks = PALETTE.into_iter();
    let mut curves = Vec::new();
    for &at in &shown {
        let name = callers[at];
        let label = |what: &str| if callers.len() > 1 { format!("{name}: {what}") } else { what.to_owned() };
        let response = own(name, "response").map(|shape| &shape.quantiles);
        // What is done when the answer is there has no line of its own, nor what its caller sees if he never has to wait.
        let differs = |metric: &str| own(name, metric).map(|shape| &shape.quantiles) != response;
        let Some(ink) = inks.next() else { break };
        if differs("completion") {
            let full = format!("producers.{name}.completion");
            curves.extend(curve(result, &full, label("until all is done"), ink, Dash::Dashed));
        }
        curves.extend(curve(result, &format!("producers.{name}.response"), label("response"), ink, Dash::Solid));
        if two && own(name, "observed").is_some() && differs("observed") {
            let full = format!("producers.{name}.observed");
            let Some(ink) = inks.next() else { break };
            curves.extend(curve(result, &full, label("observed"), ink, Dash::Solid));
        }
    }
    let note = (shown.len() < callers.len())
        .then(|| format!("The {} of {} producers with the longest p99 are shown.", shown.len(), callers.len()));
    (curves, note)
}

/// The chart of these curves.
fn draw(result: &RunResult, canvas: Canvas, curves: &[Curve], note: Option<String>) -> Drawing {
    let what = "Latency by percentile";
    if curves.is_empty() {
        let (mut drawing, area) = sheet(result, canvas, what, note, &[]);
        nothing(&mut drawing, area, "No message was finished while it was measured.");
        return drawing;
    }
    let labels = !canvas.is_narrow() && (2..=MOST_LABELS).contains(&curves.len());
    let mut legend = Vec::new();
    if !labels {
        let keys = curves.iter().enumerate();
        legend.extend(keys.map(|(at, curve)| Entry::line(curve.label.as_str(), curve.ink, curve.dash).of(at)));
    }
    if curves.iter().any(|curve| curve.theory.len() > 1) {
        legend.push(Entry::thin("theory, exact", DARK));
    }
    if curves.iter().any(|curve| curve.intervals.len() > 1) {
        let confidence = plainly(result.provenance.confidence, Kind::Share);
        legend.push(Entry::fill(format!("{confidence} interval, from p50 on"), curves[0].ink, INTERVAL));
    }
    let (mut drawing, mut area) = sheet(result, canvas, what, note, &legend);
    let name = |curve: &Curve| fitted(&curve.label, SMALL, false, WIDEST_LABEL);
    if labels {
        area.right -= curves.iter().map(|curve| text_width(&name(curve), SMALL, false)).fold(0.0, f64::max) + 16.0;
    }
    let far = curves.iter().flat_map(|curve| &curve.points).map(|point| point.0).fold(0.0, f64::max);
    let x = (Axis::nines(far.clamp(nines(0.5), MOST_NINES)), "percentile, %");
    let plot = Plot::draw(&mut drawing, area, x, (upwards(curves), "latency"), false);
    for (key, curve) in curves.iter().enumerate() {
        let line = curve.points.iter().map(|&point| plot.at(point)).collect();
        let end = |end: usize| move |ends: &[f64; 3]| (ends[0], ends[end]);
        let band = curve.intervals.iter().map(end(2)).chain(curve.intervals.iter().rev().map(end(1)));
        let band = band.map(|point| plot.at(point)).collect();
        plot.data(&mut drawing, Some(key), |drawing| {
            drawing.area(band, curve.ink, INTERVAL);
            drawing.line(line, curve.ink, 2.5, curve.dash);
        });
        let known = |end: usize| -> Vec<Option<f64>> {
            let at = |point: &Point| {
                let ends = curve.intervals.iter().find(|ends| (ends[0] - point.0).abs() < 1e-9)?;
                short(ends[end])
            };
            curve.points.iter().map(at).collect()
        };
        let numbers = Numbers {
            key,
            name: curve.label.clone(),
            ink: curve.ink.variable(),
            x: curve.points.iter().filter_map(|point| short(point.0)).collect(),
            y: curve.points.iter().map(|point| short(point.1)).collect(),
            low: known(1),
            high: known(2),
            ..Numbers::default()
        };
        plot.keep(&mut drawing, numbers);
    }
    for curve in curves.iter().filter(|curve| curve.theory.len() > 1) {
        let line = curve.theory.iter().map(|&point| plot.at(point)).collect();
        plot.data(&mut drawing, None, |drawing| drawing.line(line, DARK, 1.0, Dash::Solid));
    }
    if labels {
        let ends = curves.iter().enumerate().filter_map(|(key, curve)| {
            let (_, y) = plot.at(*curve.points.last()?);
            Some((key, y, name(curve), curve.ink))
        });
        label_ends(&mut drawing, &plot, ends.collect());
    }
    drawing
}

/// The vertical axis: from zero, or by orders of magnitude where the lines are so far apart that one would hide the others.
fn upwards(curves: &[Curve]) -> Axis {
    let last = |curve: &Curve| curve.points.last().map_or(0.0, |point| point.1);
    let median = |curve: &Curve| curve.points.iter().find(|point| point.0 >= nines(0.5) - 1e-9).map_or(0.0, |point| point.1);
    let ends = || curves.iter().map(last).filter(|&value| value > 0.0);
    let (least, most) = (ends().fold(f64::INFINITY, f64::min), ends().fold(0.0, f64::max));
    let medians = || curves.iter().map(median).filter(|&value| value > 0.0);
    let steep = curves.iter().any(|curve| median(curve) > 0.0 && last(curve) > 2.0 * FAR_APART * median(curve));
    if most > FAR_APART * least || steep {
        let from = medians().fold(least, f64::min).max(1e-5 * most);
        return Axis::log(Kind::Time, 0.5 * from, most);
    }
    Axis::from_zero(Kind::Time, curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).fold(0.0, f64::max), 5.0)
}

/// Quantiles as points: nines across, seconds up.
pub(super) fn points(shape: &Shape) -> Vec<Point> {
    shape
        .quantiles
        .iter()
        .filter(|[order, value]| (0.0..1.0).contains(order) && value.is_finite())
        .map(|[order, value]| (nines(*order), *value))
        .filter(|(nines, _)| *nines <= MOST_NINES + 1e-9)
        .collect()
}

/// The first quantile that is not below the given order; the last one where none is.
pub(super) fn quantile(shape: &Shape, order: f64) -> f64 {
    let found = shape.quantiles.iter().find(|[at, _]| *at >= order - 1e-12).or(shape.quantiles.last());
    found.map_or(0.0, |[_, value]| *value)
}
