//! What charts have in common: title, legend, axes, and the place where data go.

use super::axis::Axis;
use super::data::{Numbers, Plotted};
use super::drawing::{Across, Dash, Drawing, Font, Part, Point};
use super::style::{Canvas, DARK, Ink, LIGHT, MIDDLE, NORMAL, SMALL, TITLE, fitted, text_width};
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

impl Area {
    pub fn width(self) -> f64 {
        self.right - self.left
    }
}

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub label: String,
    pub swatch: Swatch,
    /// The number under which what it stands for can be hidden.
    pub key: Option<usize>,
}

/// How an entry looks in the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Swatch {
    Line(Ink, Dash),
    Thin(Ink),
    Fill(Ink, f64),
}

impl Entry {
    pub fn line(label: impl Into<String>, ink: Ink, dash: Dash) -> Entry {
        Entry { label: label.into(), swatch: Swatch::Line(ink, dash), key: None }
    }

    pub fn thin(label: impl Into<String>, ink: Ink) -> Entry {
        Entry { label: label.into(), swatch: Swatch::Thin(ink), key: None }
    }

    pub fn fill(label: impl Into<String>, ink: Ink, opacity: f64) -> Entry {
        Entry { label: label.into(), swatch: Swatch::Fill(ink, opacity), key: None }
    }

    /// With the number of what it stands for.
    pub fn of(self, key: usize) -> Entry {
        Entry { key: Some(key), ..self }
    }
}

/// A sheet with title, subtitle and legend; gives it with the area that is left.
///
/// `what` says what the chart shows; a `note` says what it leaves out.
pub(super) fn sheet(result: &RunResult, canvas: Canvas, what: &str, note: Option<String>, legend: &[Entry]) -> (Drawing, Area) {
    titled_sheet(canvas, preamble::title(result), (what, &preamble::plan(result)), note, legend)
}

/// The same with what stands in the two lines at the top: a title, what the chart shows, and how it was simulated.
pub(super) fn titled_sheet(
    canvas: Canvas,
    title: &str,
    (what, how): (&str, &str),
    note: Option<String>,
    legend: &[Entry],
) -> (Drawing, Area) {
    let mut drawing = Drawing::new(canvas, format!("{title}: {what}"), what.to_owned(), note.clone());
    let edge = canvas.edge();
    let room = canvas.width - 2.0 * edge;
    let mut top = 0.0;
    if canvas.titled {
        drawing.text((edge, 32.0), fitted(title, TITLE, true, room), Font { size: TITLE, bold: true, ink: DARK }, Across::Left);
        let below = if how.is_empty() { what.to_owned() } else { format!("{what}; {how}") };
        let font = Font { size: NORMAL, bold: false, ink: MIDDLE };
        drawing.text((edge, 60.0), fitted(&below, NORMAL, false, room), font, Across::Left);
        top = 60.0;
        if let Some(note) = note {
            top += 21.0;
            drawing.text((edge, top), fitted(&note, SMALL, false, room), LABEL, Across::Left);
        }
    }
    if !legend.is_empty() {
        let first = if canvas.titled { top + 26.0 } else { 12.0 };
        top = draw_legend(&mut drawing, legend, first);
        if !canvas.titled {
            // A page gives the legend room of its own.
            drawing.cut(canvas.height + top);
        }
    }
    let below = if canvas.titled || top > 0.0 { 32.0 } else { 14.0 };
    let bottom = drawing.height - edge;
    (drawing, Area { left: edge, top: top + below, right: canvas.width - edge, bottom })
}

/// What a chart shows, and how it was made, of a line that says both.
pub(super) fn halves(below: &str) -> (&str, &str) {
    below.split_once("; ").unwrap_or((below, ""))
}

/// Entries from left to right, in as many rows as they need; gives the height of the last.
fn draw_legend(drawing: &mut Drawing, legend: &[Entry], top: f64) -> f64 {
    const SWATCH: f64 = 24.0;
    let canvas = drawing.canvas;
    let (edge, right) = (canvas.edge(), canvas.width - canvas.edge());
    let widest = 260f64.min(right - edge - SWATCH - 8.0);
    let (mut x, mut y) = (edge, top);
    for entry in legend {
        let label = fitted(&entry.label, SMALL, false, if entry.key.is_some() { widest } else { right - edge - SWATCH - 8.0 });
        let width = SWATCH + 8.0 + text_width(&label, SMALL, false);
        if x > edge && x + width > right {
            (x, y) = (edge, y + 22.0);
        }
        drawing.part(entry.key.map_or(Part::Sheet, Part::Key), |drawing| {
            match entry.swatch {
                Swatch::Line(ink, dash) => drawing.line(vec![(x, y), (x + SWATCH, y)], ink, 2.5, dash),
                Swatch::Thin(ink) => drawing.line(vec![(x, y), (x + SWATCH, y)], ink, 1.0, Dash::Solid),
                Swatch::Fill(ink, opacity) => drawing.rectangle((x, y - 6.0), (x + SWATCH, y + 6.0), ink, opacity),
            }
            drawing.text((x + SWATCH + 8.0, y), label, Font { ink: DARK, ..LABEL }, Across::Left);
        });
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
    /// Its number in the drawing.
    number: usize,
}

impl Plot {
    /// Draws the axes into an area: the vertical one with a line of the grid at each tick, titles with units. `zoom`: the
    /// horizontal axis can be looked at more closely in a page.
    pub fn draw(drawing: &mut Drawing, area: Area, (x, x_title): (Axis, &str), (y, y_title): (Axis, &str), zoom: bool) -> Plot {
        let widest = y.ticks.iter().map(|(_, label)| text_width(label, SMALL, false)).fold(0.0, f64::max);
        let inner =
            Area { left: area.left + widest + 12.0, top: area.top + 26.0, right: area.right - 8.0, bottom: area.bottom - 48.0 };
        let number = drawing.plots.len();
        drawing.plots.push(Plotted::new(inner, (&x, x_title), (&y, y_title), zoom));
        let plot = Plot { area: inner, x, y, number };
        drawing.text(
            (area.left, area.top),
            fitted(&titled(y_title, plot.y.unit), SMALL, false, area.width()),
            LABEL,
            Across::Left,
        );
        for (value, label) in &plot.y.ticks {
            let (_, y) = plot.at((0.0, *value));
            drawing.line(vec![(inner.left, y), (inner.right, y)], LIGHT, 1.0, Dash::Solid);
            drawing.text((inner.left - 8.0, y), label.as_str(), LABEL, Across::Right);
        }
        drawing.line(vec![(inner.left, inner.bottom), (inner.right, inner.bottom)], MIDDLE, 1.0, Dash::Solid);
        drawing.part(Part::Ticks(number), |drawing| plot.ticks(drawing));
        drawing.text((inner.right, inner.bottom + 38.0), titled(x_title, plot.x.unit), LABEL, Across::Right);
        plot
    }

    fn ticks(&self, drawing: &mut Drawing) {
        let inner = self.area;
        let mut free = f64::NEG_INFINITY;
        for (value, label) in &self.x.ticks {
            let (x, _) = self.at((*value, 0.0));
            drawing.line(vec![(x, inner.bottom), (x, inner.bottom + 5.0)], MIDDLE, 1.0, Dash::Solid);
            let half = text_width(label, SMALL, false) / 2.0;
            // The last one must not reach beyond the sheet.
            let x = x.min(drawing.canvas.width - half - 1.0);
            if x - half >= free {
                drawing.text((x, inner.bottom + 16.0), label.as_str(), LABEL, Across::Middle);
                free = x + half + 6.0;
            }
        }
    }

    /// The pixel of a value.
    pub fn at(&self, (x, y): Point) -> Point {
        let area = self.area;
        (area.left + self.x.share(x) * (area.right - area.left), area.bottom - self.y.share(y) * (area.bottom - area.top))
    }

    /// What is drawn inside are data, which move when the axis does; with the number of their key.
    pub fn data(&self, drawing: &mut Drawing, key: Option<usize>, draw: impl FnOnce(&mut Drawing)) {
        drawing.part(Part::Data { plot: self.number, key }, draw);
    }

    /// Keeps the numbers of what was drawn.
    pub fn keep(&self, drawing: &mut Drawing, numbers: Numbers) {
        drawing.plots[self.number].series.push(numbers);
    }
}

/// The least distance of two labels.
const APART: f64 = 16.0;

/// Names behind the ends of their lines, moved apart where they would lie on each other: number of the key, height of the end,
/// name, colour.
pub(super) fn label_ends(drawing: &mut Drawing, plot: &Plot, mut ends: Vec<(usize, f64, String, Ink)>) {
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (top, bottom) = (plot.area.top, plot.area.bottom);
    let mut places: Vec<f64> = Vec::new();
    for (_, y, _, _) in &ends {
        let least = places.last().map_or(top, |last| last + APART);
        places.push(y.max(least));
    }
    // Those that were pushed below the plot push the others up again.
    let mut most = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - APART;
    }
    let x = plot.area.right;
    for ((key, y, name, ink), place) in ends.into_iter().zip(places) {
        drawing.part(Part::Key(key), |drawing| {
            drawing.line(vec![(x + 2.0, y), (x + 8.0, place), (x + 14.0, place)], ink, 1.5, Dash::Solid);
            drawing.text((x + 18.0, place), name, Font { ink: DARK, ..LABEL }, Across::Left);
        });
    }
}

/// A sentence where there is nothing to draw.
pub(super) fn nothing(drawing: &mut Drawing, area: Area, why: &str) {
    drawing.bare = true;
    if !drawing.canvas.titled {
        drawing.cut(80.0);
        drawing.text((area.left, 40.0), why, Font { size: NORMAL, bold: false, ink: MIDDLE }, Across::Left);
        return;
    }
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
