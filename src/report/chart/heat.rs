//! A number over two things that were varied: a field for each pair, coloured by the number and labelled with it where there is room.

use super::data::{Numbers, Plotted, short};
use super::drawing::{Across, Drawing, Font};
use super::frame::{Area, Entry, LABEL, halves, nothing, titled_sheet};
use super::style::{ALARM, Canvas, DARK, Ink, LIGHT, SMALL, fitted, text_width};
use crate::report::quantity::{Kind, plainly, significant, trimmed};

/// The colours from the least to the greatest: five of "viridis" (S. van der Walt, N. Smith 2015), which grow lighter evenly and can be told
/// apart with any colour vision.
const RAMP: [[u8; 3]; 5] = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
/// Values that lie further apart than this are coloured by their logarithm.
const FAR_APART: f64 = 30.0;
/// The width of the scale with its labels.
const SCALE: f64 = 120.0;
/// With more fields than these, none says its values when it is pointed at: a page would be large.
const MOST_REMARKS: usize = 1000;
/// Steps of the scale.
const STEPS: usize = 60;

/// Everything that such a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// Above the chart.
    pub title: String,
    /// What it shows, and how it was made.
    pub below: String,
    /// What it leaves out.
    pub note: Option<String>,
    /// What is varied from left to right, and its values.
    pub columns: (String, Vec<String>),
    /// What is varied from bottom to top, and its values.
    pub rows: (String, Vec<String>),
    /// What the numbers are.
    pub kind: Kind,
    /// Row by row, as many as there are columns in each.
    pub cells: Vec<Vec<Option<Cell>>>,
    /// What a doubtful field is, for the legend.
    pub doubtful: String,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// What was found.
    pub value: f64,
    /// Whether it means little: more comes than can be done.
    pub doubtful: bool,
}

impl Heat {
    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().flatten().flatten()
    }

    /// Draws it.
    pub fn draw(&self, canvas: Canvas) -> Drawing {
        let doubtful = self.cells().any(|cell| cell.doubtful);
        let legend: Vec<Entry> = if doubtful { vec![Entry::fill(self.doubtful.as_str(), ALARM, 1.0)] } else { Vec::new() };
        let (mut drawing, area) = titled_sheet(canvas, &self.title, halves(&self.below), self.note.clone(), &legend);
        let finite: Vec<f64> = self.cells().map(|cell| cell.value).filter(|value| value.is_finite()).collect();
        let (Some(least), Some(most)) = (finite.iter().copied().reduce(f64::min), finite.iter().copied().reduce(f64::max)) else {
            nothing(&mut drawing, area, "nothing was observed");
            return drawing;
        };
        // What is zero has the colour of the least above it.
        let positive = finite.iter().copied().filter(|value| *value > 0.0).reduce(f64::min).unwrap_or(0.0);
        let logarithmic = positive > 0.0 && most / positive > FAR_APART && least >= 0.0;
        let scale = Scale { least: if logarithmic { positive } else { least }, most, logarithmic };
        let widest = self.rows.1.iter().map(|value| text_width(value, SMALL, false)).fold(0.0, f64::max).min(180.0);
        let field =
            Area { left: area.left + widest + 12.0, top: area.top + 26.0, right: area.right - SCALE, bottom: area.bottom - 48.0 };
        drawing.text((area.left, area.top), self.rows.0.as_str(), LABEL, Across::Left);
        let (wide, high) =
            ((field.right - field.left) / self.columns.1.len() as f64, (field.bottom - field.top) / self.rows.1.len() as f64);
        let unit = self.kind.unit(finite.iter().copied());
        let many = self.cells().count() > MOST_REMARKS;
        for (row, cells) in self.cells.iter().enumerate() {
            let bottom = field.bottom - row as f64 * high;
            for (column, cell) in cells.iter().enumerate() {
                let left = field.left + column as f64 * wide;
                let (from, to) = ((left, bottom - high), (left + wide, bottom));
                let Some(cell) = cell else {
                    drawing.rectangle(from, to, LIGHT, 1.0);
                    continue;
                };
                let ink = scale.ink(cell.value);
                let text = trimmed(&significant(cell.value / unit.size, 3));
                let draw = |drawing: &mut Drawing| {
                    drawing.rectangle(from, to, Ink::Exact(ink), 1.0);
                    if cell.doubtful {
                        let (right, top) = (to.0, from.1);
                        drawing.rectangle((right - (wide * 0.3).min(9.0), top), (right, top + (high * 0.3).min(9.0)), ALARM, 1.0);
                    }
                    if text_width(&text, SMALL, false) < wide - 6.0 && high > 16.0 {
                        let font = Font { size: SMALL, bold: false, ink: if is_dark(ink) { Ink::Exact([255; 3]) } else { DARK } };
                        drawing.text((left + wide / 2.0, bottom - high / 2.0), text.as_str(), font, Across::Middle);
                    }
                };
                if many {
                    draw(&mut drawing);
                } else {
                    let place = format!("{} {}, {} {}", self.columns.0, self.columns.1[column], self.rows.0, self.rows.1[row]);
                    drawing.about(format!("{place}: {}", plainly(cell.value, self.kind)), draw);
                }
            }
        }
        drawing.plots.push(self.numbers());
        self.name_values(&mut drawing, field, wide, high);
        self.draw_scale(&mut drawing, field, &scale, unit.label);
        drawing
    }

    /// The fields, row by row.
    fn numbers(&self) -> Plotted {
        let mut plotted = Plotted::named(&self.columns.0, self.kind);
        let row = |(cells, value): (&Vec<Option<Cell>>, &String)| Numbers {
            name: format!("{} {value}", self.rows.0),
            ink: DARK.variable(),
            names: self.columns.1.clone(),
            y: cells.iter().map(|cell| cell.as_ref().and_then(|cell| short(cell.value))).collect(),
            ..Numbers::default()
        };
        plotted.series.extend(self.cells.iter().zip(&self.rows.1).map(row));
        plotted
    }

    /// The values below the columns and beside the rows, as many as there is room for.
    fn name_values(&self, drawing: &mut Drawing, field: Area, wide: f64, high: f64) {
        let mut free = f64::NEG_INFINITY;
        for (at, value) in self.columns.1.iter().enumerate() {
            let label = fitted(value, SMALL, false, 110.0);
            let (middle, half) = (field.left + (at as f64 + 0.5) * wide, text_width(&label, SMALL, false) / 2.0);
            if middle - half >= free {
                drawing.text((middle, field.bottom + 16.0), label, LABEL, Across::Middle);
                free = middle + half + 6.0;
            }
        }
        let every = (18.0 / high).ceil().max(1.0) as usize;
        for (at, value) in self.rows.1.iter().enumerate().step_by(every) {
            let middle = field.bottom - (at as f64 + 0.5) * high;
            drawing.text((field.left - 8.0, middle), fitted(value, SMALL, false, 180.0), LABEL, Across::Right);
        }
        drawing.text((field.right, field.bottom + 38.0), self.columns.0.as_str(), LABEL, Across::Right);
    }

    /// What the colours mean.
    fn draw_scale(&self, drawing: &mut Drawing, field: Area, scale: &Scale, unit: &str) {
        let (left, right) = (field.right + 24.0, field.right + 42.0);
        let step = (field.bottom - field.top) / STEPS as f64;
        for at in 0..STEPS {
            let bottom = field.bottom - at as f64 * step;
            let ink = Ink::Exact(shade((at as f64 + 0.5) / STEPS as f64));
            drawing.rectangle((left, bottom - step), (right, bottom), ink, 1.0);
        }
        for share in [0.0, 0.5, 1.0] {
            let y = field.bottom - share * (field.bottom - field.top);
            drawing.text((right + 8.0, y), plainly(scale.value(share), self.kind), LABEL, Across::Left);
        }
        let unit = if unit.is_empty() { String::new() } else { format!("fields: {unit}") };
        drawing.text((field.right + SCALE, field.top - 20.0), unit, LABEL, Across::Right);
    }
}

/// How a number becomes a colour.
struct Scale {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Scale {
    fn ink(&self, value: f64) -> [u8; 3] {
        let of = |value: f64| if self.logarithmic { value.max(1e-300).log10() } else { value };
        let (from, to) = (of(self.least), of(self.most));
        shade(if to > from { ((of(value) - from) / (to - from)).clamp(0.0, 1.0) } else { 0.5 })
    }

    fn value(&self, share: f64) -> f64 {
        if self.logarithmic {
            self.least * (self.most / self.least).powf(share)
        } else {
            self.least + share * (self.most - self.least)
        }
    }
}

/// The colour at a share of the way.
fn shade(share: f64) -> [u8; 3] {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let place = share * (RAMP.len() - 1) as f64;
    let at = (place as usize).min(RAMP.len() - 2);
    let part = place - at as f64;
    let mix = |one: u8, other: u8| (f64::from(one) + (f64::from(other) - f64::from(one)) * part).round() as u8;
    let (one, other) = (RAMP[at], RAMP[at + 1]);
    [mix(one[0], other[0]), mix(one[1], other[1]), mix(one[2], other[2])]
}

/// Whether white text is read better on it (ITU-R BT.601 luma).
fn is_dark(colour: [u8; 3]) -> bool {
    0.299 * f64::from(colour[0]) + 0.587 * f64::from(colour[1]) + 0.114 * f64::from(colour[2]) < 140.0
}
