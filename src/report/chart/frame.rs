//! What charts have in common: title, legend, axes, and the place where data go.

use super::axis::Axis;
use super::drawing::{Across, Dash, Drawing, Font, Point};
use super::style::{DARK, EDGE, HEIGHT, Ink, LIGHT, MIDDLE, NORMAL, SMALL, TITLE, WIDTH, fitted, text_width};
use crate::report::preamble;
use crate::report::result::RunResult;

/// Labels, notes, everything that is not data.
pub(super) const LABEL: Font = Font { size: SMALL, bold: false, ink: MIDDLE };

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub label: String,
    pub swatch: Swatch,
}

/// How an entry looks in the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Swatch {
    Line(Ink, Dash),
    Fill(Ink, f64),
}

impl Entry {
    pub fn line(label: impl Into<String>, ink: Ink, dash: Dash) -> Entry {
        Entry { label: label.into(), swatch: Swatch::Line(ink, dash) }
    }

    pub fn fill(label: impl Into<String>, ink: Ink, opacity: f64) -> Entry {
        Entry { label: label.into(), swatch: Swatch::Fill(ink, opacity) }
    }
}

/// A sheet with title, subtitle and legend; gives it with the area that is left.
///
/// `what` says what the chart shows; a `note` says what it leaves out.
pub(super) fn sheet(result: &RunResult, what: &str, note: Option<&str>, legend: &[Entry]) -> (Drawing, Area) {
    titled_sheet(preamble::title(result), &format!("{what}; {}", preamble::plan(result)), note, legend)
}

/// The same with what stands in the two lines at the top.
pub(super) fn titled_sheet(title: &str, below: &str, note: Option<&str>, legend: &[Entry]) -> (Drawing, Area) {
    let what = below.split_once(';').map_or(below, |(what, _)| what);
    let mut drawing = Drawing::new(format!("{title}: {what}"));
    let room = WIDTH - 2.0 * EDGE;
    drawing.text((EDGE, 32.0), fitted(title, TITLE, true, room), Font { size: TITLE, bold: true, ink: DARK }, Across::Left);
    drawing.text((EDGE, 60.0), fitted(below, NORMAL, false, room), Font { size: NORMAL, bold: false, ink: MIDDLE }, Across::Left);
    let mut top = 60.0;
    if let Some(note) = note {
        top += 21.0;
        drawing.text((EDGE, top), fitted(note, SMALL, false, room), LABEL, Across::Left);
    }
    if !legend.is_empty() {
        top = draw_legend(&mut drawing, legend, top + 26.0);
    }
    (drawing, Area { left: EDGE, top: top + 32.0, right: WIDTH - EDGE, bottom: HEIGHT - EDGE })
}

/// Entries from left to right, in as many rows as they need; gives the height of the last.
fn draw_legend(drawing: &mut Drawing, legend: &[Entry], top: f64) -> f64 {
    const SWATCH: f64 = 24.0;
    let (mut x, mut y) = (EDGE, top);
    for entry in legend {
        let label = fitted(&entry.label, SMALL, false, 260.0);
        let width = SWATCH + 8.0 + text_width(&label, SMALL, false);
        if x > EDGE && x + width > WIDTH - EDGE {
            (x, y) = (EDGE, y + 22.0);
        }
        match entry.swatch {
            Swatch::Line(ink, dash) => drawing.line(vec![(x, y), (x + SWATCH, y)], ink, 2.5, dash),
            Swatch::Fill(ink, opacity) => drawing.rectangle((x, y - 6.0), (x + SWATCH, y + 6.0), ink, opacity),
        }
        drawing.text((x + SWATCH + 8.0, y), label, Font { ink: DARK, ..LABEL }, Across::Left);
        x += width + 24.0;
    }
    y
}

/// The place where data go, with the way from values to pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plot {
    pub area: Area,
    pub x: Axis,
    pub y: Axis,
}

impl Plot {
    /// Draws the axes into an area: the vertical one with a line of the grid at each tick, titles with units.
    pub fn draw(drawing: &mut Drawing, area: Area, (x, x_title): (Axis, &str), (y, y_title): (Axis, &str)) -> Plot {
        let widest = y.ticks.iter().map(|(_, label)| text_width(label, SMALL, false)).fold(0.0, f64::max);
        let inner =
            Area { left: area.left + widest + 12.0, top: area.top + 26.0, right: area.right - 8.0, bottom: area.bottom - 48.0 };
        let plot = Plot { area: inner, x, y };
        drawing.text((area.left, area.top), titled(y_title, plot.y.unit), LABEL, Across::Left);
        for (value, label) in &plot.y.ticks {
            let (_, y) = plot.at((0.0, *value));
            drawing.line(vec![(inner.left, y), (inner.right, y)], LIGHT, 1.0, Dash::Solid);
            drawing.text((inner.left - 8.0, y), label.as_str(), LABEL, Across::Right);
        }
        drawing.line(vec![(inner.left, inner.bottom), (inner.right, inner.bottom)], MIDDLE, 1.0, Dash::Solid);
        let mut free = f64::NEG_INFINITY;
        for (value, label) in &plot.x.ticks {
            let (x, _) = plot.at((*value, 0.0));
            drawing.line(vec![(x, inner.bottom), (x, inner.bottom + 5.0)], MIDDLE, 1.0, Dash::Solid);
            let half = text_width(label, SMALL, false) / 2.0;
            if x - half >= free {
                drawing.text((x, inner.bottom + 16.0), label.as_str(), LABEL, Across::Middle);
                free = x + half + 6.0;
            }
        }
        drawing.text((inner.right, inner.bottom + 38.0), titled(x_title, plot.x.unit), LABEL, Across::Right);
        plot
    }

    /// The pixel of a value.
    pub fn at(&self, (x, y): Point) -> Point {
        let area = self.area;
        (area.left + self.x.share(x) * (area.right - area.left), area.bottom - self.y.share(y) * (area.bottom - area.top))
    }

    /// Draws a line through values.
    pub fn line(&self, drawing: &mut Drawing, values: impl IntoIterator<Item = Point>, ink: Ink, dash: Dash) {
        drawing.line(values.into_iter().map(|value| self.at(value)).collect(), ink, 2.5, dash);
    }
}

/// A sentence where there is nothing to draw.
pub(super) fn nothing(drawing: &mut Drawing, area: Area, why: &str) {
    let middle = ((area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0);
    drawing.text(middle, why, Font { size: 16.0, bold: false, ink: MIDDLE }, Across::Middle);
}

/// A title and its unit.
fn titled(title: &str, unit: &str) -> String {
    match unit {
        "" => title.to_owned(),
        rate if rate.starts_with('/') => format!("{title}{rate}"),
        unit => format!("{title}, {unit}"),
    }
}
