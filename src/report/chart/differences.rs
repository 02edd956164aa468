//! How every design differs from the baseline, metric by metric: the relative change as a point on its interval, beside a line at
//! no change. Where changes are large the axis shows factors, each step of which is as wide as the other way.

use super::axis::Axis;
use super::drawing::{Across, Dash, Drawing, Font, Point};
use super::frame::{Area, Entry, LABEL, nothing, titled_sheet};
use super::style::{Canvas, DARK, Ink, LIGHT, MIDDLE, PALE, PALETTE, SMALL, fitted, text_width};
use crate::report::comparison::{Comparison, Difference, Finding, relative};
use crate::report::quantity::{Kind, significant, trimmed};

/// The height of a row, where there are not too many for it.
const ROW: f64 = 34.0;
/// Below the rows: the labels of the axis.
const FOOT: f64 = 62.0;
/// The least height of the picture.
const LEAST: f64 = 220.0;
/// At most so many rows.
const MOST_ROWS: usize = 30;
/// The widest name in pixels.
const WIDEST_NAME: f64 = 380.0;
/// Changes beyond this factor, up or down, are shown as factors.
const FACTORS: f64 = 2.0;

/// Draws it.
pub fn differences(comparison: &Comparison, canvas: Canvas) -> Drawing {
    let told = |found: &&Difference| found.relative.estimate.is_some() && found.relative.low.is_some();
    let all: Vec<&Difference> = comparison.differences.iter().filter(told).collect();
    let shown = &all[..all.len().min(MOST_ROWS)];
    let many = comparison.designs.len() > 2;
    let legend = [
        Entry::fill("lower than the baseline", PALETTE[0], 1.0),
        Entry::fill("higher", PALETTE[1], 1.0),
        Entry::fill("no difference found", MIDDLE, 1.0),
    ];
    let legend = if shown.is_empty() { &[] } else { legend.as_slice() };
    let left_out = comparison.differences.len() - shown.len();
    let note =
        (left_out > 0).then(|| format!("{left_out} of {} differences have no relative interval", comparison.differences.len()));
    let what = format!("Change against {}", comparison.baseline);
    let brackets = comparison.brackets().unwrap_or_default();
    let brackets = brackets.trim_start_matches("[ ] ").trim_start_matches("are ").trim_start_matches("is ");
    let (mut drawing, area) = titled_sheet(canvas, &comparison.title(), (&what, brackets), note, legend);
    if shown.is_empty() {
        nothing(&mut drawing, area, "no difference has an interval relative to the baseline");
        return drawing;
    }
    let edge = canvas.edge();
    let row = ((area.bottom - FOOT - area.top) / shown.len() as f64).min(ROW);
    let height = (area.top + row * shown.len() as f64 + FOOT + edge).max(LEAST);
    drawing.cut(height);
    let size = (row * 0.9).clamp(8.0, SMALL);
    let font = Font { size, bold: false, ink: DARK };
    let name = |found: &Difference| if many { format!("{}: {}", found.design, found.metric) } else { found.metric.clone() };
    let names: Vec<String> =
        shown.iter().map(|found| fitted(&name(found), size, false, WIDEST_NAME.min(0.4 * area.width()))).collect();
    let labels: Vec<String> = shown.iter().map(|found| relative(found)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text_width(text, size, false)).fold(0.0, f64::max);
    let inner = Area {
        left: area.left + widest(&names) + 16.0,
        right: area.right - widest(&labels) - 20.0,
        top: area.top,
        bottom: height - edge - FOOT,
    };
    let scale = Scale::of(shown);
    let across = |change: f64| inner.left + scale.axis.share(scale.at(change)) * (inner.right - inner.left);
    for (value, label) in &scale.axis.ticks {
        let x = inner.left + scale.axis.share(*value) * (inner.right - inner.left);
        drawing.line(vec![(x, inner.top), (x, inner.bottom)], LIGHT, 1.0, Dash::Solid);
        drawing.text((x, inner.bottom + 16.0), label.as_str(), LABEL, Across::Middle);
    }
    drawing.text((inner.right, inner.bottom + 40.0), scale.title, LABEL, Across::Right);
    drawing.line(vec![(across(0.0), inner.top), (across(0.0), inner.bottom)], PALE, 2.0, Dash::Solid);
    let row = (inner.bottom - inner.top) / shown.len() as f64;
    for (place, found) in shown.iter().enumerate() {
        let y = inner.top + (place as f64 + 0.5) * row;
        let ink = match found.finding {
            Finding::Lower => PALETTE[0],
            Finding::Higher => PALETTE[1],
            _ => MIDDLE,
        };
        let ends = (found.relative.low.unwrap_or(0.0), found.relative.high.unwrap_or(0.0));
        interval(&mut drawing, (across(ends.0), across(ends.1)), across(found.relative.estimate.unwrap_or(0.0)), y, row, ink);
        drawing.text((inner.left - 12.0, y), names[place].as_str(), font, Across::Right);
        drawing.text((area.right, y), labels[place].as_str(), font, Across::Right);
    }
    drawing
}

/// An interval with its ends and its estimate.
fn interval(drawing: &mut Drawing, (low, high): (f64, f64), middle: f64, y: f64, row: f64, ink: Ink) {
    let half = (row * 0.2).min(6.0);
    drawing.line(vec![(low, y), (high, y)], ink, 2.5, Dash::Solid);
    for end in [low, high] {
        drawing.line(vec![(end, y - half), (end, y + half)], ink, 2.0, Dash::Solid);
    }
    let corner = |side: f64| -> Point { (middle + side * half * 0.75, y + side * half * 0.75) };
    drawing.rectangle(corner(-1.0), corner(1.0), ink, 1.0);
}

/// Per cent, or factors.
struct Scale {
    axis: Axis,
    factors: bool,
    title: &'static str,
}

impl Scale {
    fn of(shown: &[&Difference]) -> Scale {
        let ends = || shown.iter().flat_map(|found| [found.relative.low, found.relative.high, found.relative.estimate]).flatten();
        let (low, high) = ends().fold((0.0f64, 0.0f64), |(low, high), end| (low.min(end), high.max(end)));
        if high < FACTORS - 1.0 && low > 1.0 / FACTORS - 1.0 {
            let room = 0.08 * (high - low).max(1e-6);
            let axis = Axis::between(Kind::Share, low - room, high + room, 6.0);
            return Scale { axis, factors: false, title: "relative change, %" };
        }
        // What may be nothing at all ends the axis at a thousandth.
        let (from, to) = ((1.0 + low).max(1e-3).ln(), (1.0 + high).min(1e6).ln());
        let room = 0.06 * (to - from);
        let steps = [1.0, 2.0, 5.0];
        let powers = (-3..7).flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
        let sparse = to - from > 7.0;
        let kept = powers.filter(|factor| !sparse || (factor.log10() - factor.log10().round()).abs() < 1e-9);
        let ticks = kept.map(|factor| (factor.ln(), format!("×{}", trimmed(&significant(factor, 4)))));
        let ticks = ticks.filter(|(at, _)| (from - room..=to + room).contains(at)).collect();
        Scale {
            axis: Axis {
                scale: super::axis::Scale::Linear,
                kind: Kind::Plain,
                from: from - room,
                to: to + room,
                ticks,
                unit: "",
            },
            factors: true,
            title: "times the baseline",
        }
    }

    /// Where a relative change stands on the axis.
    fn at(&self, change: f64) -> f64 {
        if self.factors { (1.0 + change).max(1e-6).ln() } else { change }
    }
}
