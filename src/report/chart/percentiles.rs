//! Latency by percentile, on an axis where every further nine takes the same width (as HdrHistogram's plots have it).

use super::axis::{Axis, nines};
use super::drawing::{Dash, Drawing, Point};
use super::frame::{Entry, Plot, nothing, sheet};
use super::series::largest;
use super::style::{DARK, Ink, MIDDLE, PALETTE};
use crate::experiment::Shape;
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// The axis ends here, at 99.999 %.
pub(super) const MOST_NINES: f64 = 5.0;

/// A latency to draw.
struct Curve {
    points: Vec<Point>,
    ink: Ink,
    dash: Dash,
}

/// Draws it: response and completion where somebody waits for an answer; otherwise sojourn and wait of every pool; completion and wait of producers whose messages meet, because a pool knows only their
/// mixture; and completion where the messages of one producer go through several pools.
pub fn latency_percentiles(result: &RunResult) -> Drawing {
    let shape = |table: Table, name: &str, metric: &str| {
        let shape = result.summary.distributions.get(&format!("{}.{name}.{metric}", table.prefix()));
        shape.filter(|shape| shape.count > 0 && !shape.quantiles.is_empty())
    };
    let callers = result.callers();
    if !callers.is_empty() {
        return responses(result, &callers);
    }
    let pools = Table::Consumers.names(&result.summary.metrics);
    let pools: Vec<&str> = pools
        .iter()
        .map(String::as_str)
        .filter(|name| ["sojourn", "wait"].iter().any(|metric| shape(Table::Consumers, name, metric).is_some()))
        .collect();
    let mut producers = result.meeting_producers();
    producers.retain(|name| shape(Table::Producers, name, "completion").is_some());
    let slowest = |table: Table, names: &[&str], metric: &str, most: usize| -> Vec<usize> {
        let p99 = |name: &&str| shape(table, name, metric).map_or(0.0, |shape| quantile(shape, 0.99));
        largest(&names.iter().map(p99).collect::<Vec<f64>>(), most)
    };
    let few = PALETTE.len() - pools.len().min(PALETTE.len() / 2);
    let shown_producers = slowest(Table::Producers, &producers, "completion", few);
    let shown_pools = slowest(Table::Consumers, &pools, "sojourn", PALETTE.len() - shown_producers.len());

    let mut curves = Vec::new();
    let mut legend = Vec::new();
    let named_pools = shown_pools.iter().map(|&at| (Table::Consumers, pools[at], "sojourn"));
    let named_producers = shown_producers.iter().map(|&at| (Table::Producers, producers[at], "completion"));
    for ((table, name, metric), ink) in named_pools.chain(named_producers).zip(PALETTE) {
        let whose = if shown_producers.is_empty() {
            name.to_owned()
        } else if table == Table::Consumers {
            format!("consumers {name}, all messages")
        } else {
            format!("messages of {name}")
        };
        legend.push(Entry::fill(whose, ink, 1.0));
        for (metric, dash) in [(metric, Dash::Solid), ("wait", Dash::Dashed)] {
            if let Some(shape) = shape(table, name, metric) {
                curves.push(Curve { points: points(shape), ink, dash });
            }
        }
    }
    if !curves.is_empty() {
        let sojourn = if shown_producers.is_empty() { "sojourn: wait and service" } else { "wait and service" };
        legend.push(Entry::line(sojourn, MIDDLE, Dash::Solid));
        legend.push(Entry::line("wait", MIDDLE, Dash::Dashed));
    }
    if let ([producer], true) = (Table::Producers.names(&result.summary.metrics).as_slice(), pools.len() != 1)
        && let Some(shape) = shape(Table::Producers, producer, "completion")
    {
        legend.push(Entry::line("completion, through all pools", DARK, Dash::Solid));
        curves.push(Curve { points: points(shape), ink: DARK, dash: Dash::Solid });
    }
    curves.retain(|curve| curve.points.len() > 1);

    let left_out = |shown: usize, all: usize, what: &str| (shown < all).then(|| format!("{shown} of {all} {what}"));
    let notes: Vec<String> =
        [left_out(shown_pools.len(), pools.len(), "pools"), left_out(shown_producers.len(), producers.len(), "producers")]
            .into_iter()
            .flatten()
            .collect();
    let note = (!notes.is_empty()).then(|| format!("the {} with the longest p99 are shown", notes.join(" and the ")));
    draw(result, &curves, &legend, note.as_deref())
}

/// What the callers of each producer wait for an answer, and how long it takes until all that they caused is done.
fn responses(result: &RunResult, callers: &[&str]) -> Drawing {
    let shape = |name: &str, metric: &str| {
        let shape = result.summary.distributions.get(&format!("producers.{name}.{metric}"));
        shape.filter(|shape| shape.count > 0 && !shape.quantiles.is_empty())
    };
    let p99 = |name: &&str| shape(name, "response").map_or(0.0, |shape| quantile(shape, 0.99));
    let shown = largest(&callers.iter().map(p99).collect::<Vec<f64>>(), PALETTE.len());
    let (mut curves, mut legend) = (Vec::new(), Vec::new());
    for (&at, ink) in shown.iter().zip(PALETTE) {
        legend.push(Entry::fill(callers[at], ink, 1.0));
        for (metric, dash) in [("completion", Dash::Dashed), ("response", Dash::Solid)] {
            if let Some(shape) = shape(callers[at], metric) {
                curves.push(Curve { points: points(shape), ink, dash });
            }
        }
    }
    legend.push(Entry::line("response: what callers wait", MIDDLE, Dash::Solid));
    legend.push(Entry::line("completion: until all is done", MIDDLE, Dash::Dashed));
    curves.retain(|curve| curve.points.len() > 1);
    let note = (shown.len() < callers.len())
        .then(|| format!("the {} of {} producers with the longest p99 are shown", shown.len(), callers.len()));
    draw(result, &curves, &legend, note.as_deref())
}

/// The chart of these curves.
fn draw(result: &RunResult, curves: &[Curve], legend: &[Entry], note: Option<&str>) -> Drawing {
    let legend = if curves.is_empty() { &[] } else { legend };
    let (mut drawing, area) = sheet(result, "Latency by percentile", note, legend);
    if curves.is_empty() {
        nothing(&mut drawing, area, "no message was finished while it was measured");
        return drawing;
    }
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let far = all().map(|point| point.0).fold(0.0, f64::max);
    let most = all().map(|point| point.1).fold(0.0, f64::max);
    let x = (Axis::nines(far.clamp(nines(0.5), MOST_NINES)), "percentile, %");
    let plot = Plot::draw(&mut drawing, area, x, (Axis::from_zero(Kind::Time, most, 5.0), "latency"));
    for curve in curves {
        plot.line(&mut drawing, curve.points.iter().copied(), curve.ink, curve.dash);
    }
    drawing
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
