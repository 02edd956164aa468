//! Latencies of several designs by percentile, over each other: a colour for each design, the second latency dashed.

use super::axis::{Axis, nines};
use super::drawing::{Dash, Drawing, Point};
use super::frame::{Entry, Plot, nothing, titled_sheet};
use super::percentiles::{MOST_NINES, points, quantile};
use super::style::{Canvas, Ink, MIDDLE, PALETTE};
use crate::report::comparison::Comparison;
use crate::report::quantity::Kind;
use indexmap::IndexSet;

/// Designs whose p99 differ by more than this factor get an axis of powers of ten.
const FAR_APART: f64 = 30.0;
/// More latencies than these would be hard to tell apart.
const MOST_LATENCIES: usize = 2;
/// The smallest latency on an axis of powers of ten, as a part of the largest: nothing can be drawn of zero.
const SMALLEST: f64 = 1e-4;

/// Draws the latencies that are compared; where none is, what callers wait, or until all is done.
pub fn designs(comparison: &Comparison, canvas: Canvas) -> Drawing {
    let shown = &comparison.designs[..comparison.designs.len().min(PALETTE.len())];
    let latencies = latencies(comparison);
    let mut curves: Vec<(Vec<Point>, Ink, Dash)> = Vec::new();
    let mut legend = Vec::new();
    for (design, ink) in shown.iter().zip(PALETTE) {
        legend.push(Entry::fill(design.name.as_str(), ink, 1.0));
        for (metric, dash) in latencies.iter().zip([Dash::Solid, Dash::Dashed]) {
            let shape = design.summary.distributions.get(metric).filter(|shape| shape.count > 0);
            curves.extend(shape.map(|shape| (points(shape), ink, dash)));
        }
    }
    curves.retain(|(points, ..)| points.len() > 1);
    for (metric, dash) in latencies.iter().zip([Dash::Solid, Dash::Dashed]) {
        legend.push(Entry::line(metric.as_str(), MIDDLE, dash));
    }
    let legend = if curves.is_empty() { Vec::new() } else { legend };
    let note = (shown.len() < comparison.designs.len())
        .then(|| format!("the first {} of {} designs are shown", shown.len(), comparison.designs.len()));
    let plans = comparison.plans();
    let plan = if plans.len() == 1 { &plans[0] } else { "designs were simulated in different ways" };
    let (mut drawing, area) = titled_sheet(canvas, &comparison.title(), ("Latency by percentile", plan), note, &legend);
    if curves.is_empty() {
        nothing(&mut drawing, area, "no latency was observed that the designs have in common");
        return drawing;
    }
    let all = || curves.iter().flat_map(|(points, ..)| points);
    let far = all().map(|point| point.0).fold(0.0, f64::max);
    let most = all().map(|point| point.1).fold(0.0, f64::max);
    let p99s =
        latencies.iter().take(1).flat_map(|metric| shown.iter().filter_map(|design| design.summary.distributions.get(metric)));
    let p99s: Vec<f64> = p99s.map(|shape| quantile(shape, 0.99)).filter(|value| *value > 0.0).collect();
    let (least, largest) =
        p99s.iter().fold((f64::INFINITY, 0.0f64), |(least, most), value| (least.min(*value), most.max(*value)));
    let decades = largest > FAR_APART * least;
    let x = (Axis::nines(far.clamp(nines(0.5), MOST_NINES)), "percentile, %");
    let y = if decades {
        let smallest = all().map(|point| point.1).filter(|value| *value > SMALLEST * most).fold(most, f64::min);
        Axis::log(Kind::Time, smallest, most)
    } else {
        Axis::from_zero(Kind::Time, most, 5.0)
    };
    let plot = Plot::draw(&mut drawing, area, x, (y, "latency"), false);
    for (points, ink, dash) in &curves {
        drawing.line(points.iter().map(|&point| plot.at(point)).collect(), *ink, 2.5, *dash);
    }
    drawing
}

/// The latencies to draw, without statistic: those that are compared and that most designs have.
fn latencies(comparison: &Comparison) -> Vec<String> {
    let seen = |metric: &str| {
        let has = |design: &&crate::report::result::RunResult| design.summary.distributions.contains_key(metric);
        comparison.designs.iter().filter(has).count()
    };
    let compared = comparison.metrics.iter().filter_map(|metric| metric.rsplit_once('.')).map(|(metric, _)| metric.to_owned());
    let mut found: Vec<String> = compared.collect::<IndexSet<String>>().into_iter().filter(|metric| seen(metric) > 0).collect();
    if found.is_empty() {
        let all: IndexSet<&String> = comparison.designs.iter().flat_map(|design| design.summary.distributions.keys()).collect();
        let ends =
            |ending: &str| all.iter().filter(|name| name.ends_with(ending)).map(|name| name.to_string()).collect::<Vec<_>>();
        found = [ends(".completion"), ends(".sojourn")].concat();
    }
    // A stable sort: the order of the comparison decides between equals.
    found.sort_by_key(|metric| std::cmp::Reverse(seen(metric)));
    found.truncate(MOST_LATENCIES);
    found
}
