//! How every design differs from the baseline, metric by metric: the relative change as a point on its interval, beside a line at
//! no change. Where changes are large the axis shows factors, each step of which is as wide as the other way.

use super::axis::Axis;
use super::data::{Numbers, Plotted, short};
use super::drawing::{Across, Dash, Drawing, Font, Point};
use super::frame::{Area, Entry, LABEL, nothing, titled_sheet};
use super::style::{Canvas, DARK, Ink, LIGHT, MIDDLE, PALE, PALETTE, SMALL, fitted, text_width};
use crate::report::comparison::{Comparison, Difference, Finding, relative};
use crate::report::quantity::{Kind, significant, trimmed};

/// The height of a row, where there are not too many for it; in a page there is room for all.
const ROW: f64 = 34.0;
/// The same where name and numbers stand above the interval.
const HIGH_ROW: f64 = 58.0;
/// Below the rows: the labels of the axis.
const FOOT: f64 = 62.0;
/// The least height of a picture in a file.
const LEAST: f64 = 220.0;
/// At most so many rows.
const MOST_ROWS: usize = 30;
/// The widest name in pixels.
const WIDEST_NAME: f64 = 380.0;
/// Changes beyond this factor, up or down, are shown as factors.
const FACTORS: f64 = 2.0;
/// How far the axis reaches to both sides where nothing changes at all.
const UNCHANGED: f64 = 0.01;
/// The least distance of two labels of the axis.
const APART: f64 = 10.0;

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
    let (edge, narrow) = (canvas.edge(), canvas.is_narrow());
    let row = match (narrow, canvas.titled) {
        (true, _) => HIGH_ROW,
        (false, false) => ROW,
        (false, true) => ((area.bottom - FOOT - area.top) / shown.len() as f64).min(ROW),
    };
    let height = area.top + row * shown.len() as f64 + FOOT + edge;
    drawing.cut(if canvas.titled { height.max(LEAST) } else { height });
    let size = (row * 0.9).clamp(8.0, SMALL);
    let font = Font { size, bold: false, ink: DARK };
    let name = |found: &Difference| if many { format!("{}: {}", found.design, found.metric) } else { found.metric.clone() };
    let room = if narrow { area.width() } else { WIDEST_NAME.min(0.4 * area.width()) };
    let names: Vec<String> = shown.iter().map(|found| fitted(&name(found), size, false, room)).collect();
    let labels: Vec<String> = shown.iter().map(|found| relative(found)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text_width(text, size, false)).fold(0.0, f64::max);
    let (left, right) = match narrow {
        true => (area.left + 18.0, area.right - 18.0),
        false => (area.left + widest(&names) + 16.0, area.right - widest(&labels) - 20.0),
    };
    let inner = Area { left, right, top: area.top, bottom: drawing.height - edge - FOOT };
    let row = (inner.bottom - inner.top) / shown.len() as f64;
    let scale = Scale::of(shown, if narrow { 4.0 } else { 6.0 });
    let across = |change: f64| inner.left + scale.axis.share(scale.at(change)) * (inner.right - inner.left);
    // Where text stands above the intervals, lines across go through intervals only.
    let upright = |drawing: &mut Drawing, x: f64, ink: Ink, width: f64| {
        let stretches: Vec<(f64, f64)> = match narrow {
            true => {
                (0..shown.len()).map(|at| inner.top + (at as f64 + 1.0) * row).map(|foot| (foot - 22.0, foot - 4.0)).collect()
            }
            false => vec![(inner.top, inner.bottom)],
        };
        for (from, to) in stretches {
            drawing.line(vec![(x, from), (x, to)], ink, width, Dash::Solid);
        }
    };
    let mut free = f64::NEG_INFINITY;
    for (value, label) in &scale.axis.ticks {
        let x = inner.left + scale.axis.share(*value) * (inner.right - inner.left);
        upright(&mut drawing, x, LIGHT, 1.0);
        let half = text_width(label, SMALL, false) / 2.0;
        if x - half >= free {
            drawing.text((x, inner.bottom + 16.0), label.as_str(), LABEL, Across::Middle);
            free = x + half + APART;
        }
    }
    drawing.text((inner.right, inner.bottom + 40.0), scale.title, LABEL, Across::Right);
    upright(&mut drawing, across(0.0), PALE, 2.0);
    for (place, found) in shown.iter().enumerate() {
        let above = inner.top + place as f64 * row;
        let y = if narrow { above + row - 13.0 } else { above + 0.5 * row };
        let ink = match found.finding {
            Finding::Lower => PALETTE[0],
            Finding::Higher => PALETTE[1],
            _ => MIDDLE,
        };
        let ends = (found.relative.low.unwrap_or(0.0), found.relative.high.unwrap_or(0.0));
        drawing.about(format!("{}: {}", name(found), labels[place]), |drawing| {
            interval(drawing, (across(ends.0), across(ends.1)), across(found.relative.estimate.unwrap_or(0.0)), y, row, ink);
        });
        if narrow {
            drawing.text((area.left, above + 8.0), names[place].as_str(), font, Across::Left);
            drawing.text((area.left, above + 25.0), labels[place].as_str(), LABEL, Across::Left);
        } else {
            drawing.text((inner.left - 12.0, y), names[place].as_str(), font, Across::Right);
            drawing.text((area.right, y), labels[place].as_str(), font, Across::Right);
        }
    }
    drawing.plots.push(numbers(shown, name));
    drawing
}

/// The relative changes behind it.
fn numbers(shown: &[&Difference], name: impl Fn(&Difference) -> String) -> Plotted {
    let of = |end: fn(&Difference) -> Option<f64>| shown.iter().map(|found| end(found).and_then(short)).collect();
    let mut plotted = Plotted::named("relative change", Kind::Share);
    plotted.series.push(Numbers {
        name: "relative change".to_owned(),
        ink: PALETTE[0].variable(),
        names: shown.iter().map(|found| name(found)).collect(),
        y: of(|found| found.relative.estimate),
        low: of(|found| found.relative.low),
        high: of(|found| found.relative.high),
        ..Numbers::default()
    });
    plotted
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
    /// With about `count` labels.
    fn of(shown: &[&Difference], count: f64) -> Scale {
        let ends = || shown.iter().flat_map(|found| [found.relative.low, found.relative.high, found.relative.estimate]).flatten();
        let (low, high) = ends().fold((0.0f64, 0.0f64), |(low, high), end| (low.min(end), high.max(end)));
        if high < FACTORS - 1.0 && low > 1.0 / FACTORS - 1.0 {
            let room = if high > low { 0.08 * (high - low) } else { UNCHANGED };
            let axis = Axis::between(Kind::Share, low - room, high + room, count);
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
