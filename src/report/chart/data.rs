//! The numbers that a chart was drawn from, for those who point at it in a page or copy it as CSV.

use super::axis::{Axis, Scale};
use super::drawing::Drawing;
use super::frame::Area;
use crate::report::quantity::Kind;
use serde::Serialize;

/// One place with axes in a chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Plotted {
    /// Left, top, right and bottom in pixels; empty where the numbers are not points on axes.
    area: Vec<f64>,
    x: Side,
    y: Side,
    /// Whether the horizontal axis can be looked at more closely.
    zoom: bool,
    pub series: Vec<Numbers>,
}

/// An axis, as far as one must know it to read a number off it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Side {
    title: String,
    /// `time`, `rate`, `share`, `count`, or `name` where there are no numbers.
    kind: &'static str,
    /// What is counted.
    noun: &'static str,
    scale: Scale,
    from: f64,
    to: f64,
}

/// One line, band or row of bars.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub(super) struct Numbers {
    /// The number of its key.
    pub key: usize,
    /// Whose.
    pub name: String,
    /// Its colour in a page.
    pub ink: String,
    /// Where; or the names of bars.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub x: Vec<f64>,
    /// Where a bar ends.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<f64>,
    /// The names of bars that stand at no number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The numbers.
    pub y: Vec<Option<f64>>,
    /// The ends of their intervals, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<Option<f64>>,
}

impl Plotted {
    /// With axes, and nothing in it yet.
    pub fn new(area: Area, (x, x_title): (&Axis, &str), (y, y_title): (&Axis, &str), zoom: bool) -> Plotted {
        let side = |axis: &Axis, title: &str| {
            let (kind, noun) = kind(axis.kind);
            Side { title: title.to_owned(), kind, noun, scale: axis.scale, from: axis.from, to: axis.to }
        };
        let area = [area.left, area.top, area.right, area.bottom].map(|edge| (edge * 10.0).round() / 10.0).to_vec();
        Plotted { area, x: side(x, x_title), y: side(y, y_title), zoom, series: Vec::new() }
    }

    /// Of bars with names.
    pub fn named(what: &str, of: Kind) -> Plotted {
        let (kind, noun) = kind(of);
        let side =
            |title: &str, kind, noun| Side { title: title.to_owned(), kind, noun, scale: Scale::Linear, from: 0.0, to: 1.0 };
        let (x, y) = (side("name", "name", ""), side(what, kind, noun));
        Plotted { area: Vec::new(), x, y, zoom: false, series: Vec::new() }
    }

    /// Whether something is drawn on its axes.
    pub fn has_data(&self) -> bool {
        self.area.len() == 4
    }

    /// Left, top, right and bottom in pixels.
    pub fn area(&self) -> [f64; 4] {
        <[f64; 4]>::try_from(self.area.as_slice()).unwrap_or_default()
    }
}

/// What a page's script gets.
#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    plots: &'a [Plotted],
    /// The areas of the same plots in the narrow drawing.
    narrow: Vec<&'a [f64]>,
}

impl Drawing {
    /// The numbers behind the chart of this name for a script in a page, where it has any; `narrow` is the same chart on a narrow
    /// sheet. It is JSON in which nothing can end the element that it stands in.
    pub fn data(&self, name: &str, narrow: &Drawing) -> Option<String> {
        let narrow: Vec<&[f64]> = narrow.plots.iter().map(|plot| plot.area.as_slice()).collect();
        let data = Data { name, plots: &self.plots, narrow };
        let text = serde_json::to_string(&data).expect("plain data can be written as JSON");
        let any = self.plots.iter().any(|plot| !plot.series.is_empty());
        any.then(|| text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
    }
}

fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Time => ("time", ""),
        Kind::Rate => ("rate", ""),
        Kind::Share => ("share", ""),
        Kind::Plain => ("count", ""),
        kind => ("count", kind.unit([1.0]).label),
    }
}

/// A number for a page: six digits, and none for what is no number.
pub(super) fn short(value: f64) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    format!("{value:.5e}").parse().ok()
}
