//! A number against something that was varied: lines with the bands of their intervals, by a straight or a logarithmic axis.

use super::axis::Axis;
use super::data::{Numbers, short};
use super::drawing::{Dash, Drawing};
use super::frame::{Entry, Plot, halves, nothing, titled_sheet};
use super::style::{ALARM, Canvas, DARK, Ink, MIDDLE, PALETTE};
use crate::report::quantity::Kind;

/// How solid a band is.
const BAND: f64 = 0.22;
/// Values that lie further apart than this are shown on a logarithmic axis.
const FAR_APART: f64 = 10.0;
/// With more points than these on a line they are not marked one by one.
const MOST_MARKED: usize = 64;
/// Half the side of a mark.
const MARK: f64 = 3.5;

/// Everything that such a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// Above the chart.
    pub title: String,
    /// What it shows, and how it was made.
    pub below: String,
    /// What it leaves out.
    pub note: Option<String>,
    /// What was varied.
    pub across: Horizontal,
    /// What stands at the horizontal axis.
    pub x_title: String,
    /// What stands at the vertical one.
    pub y_title: String,
    /// What its numbers are.
    pub kind: Kind,
    /// From the first to the last; at most six are told apart.
    pub lines: Vec<Line>,
    /// What a band is, for the legend.
    pub band: String,
    /// What a doubtful point is, for the legend.
    pub doubtful: String,
    /// A value that should not be passed, and what it is.
    pub limit: Option<(f64, String)>,
    /// A place on the horizontal axis that means something, and what.
    pub mark: Option<(f64, String)>,
}

/// The horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub enum Horizontal {
    /// Numbers of this kind.
    Numbers(Kind),
    /// Words, at 0, 1, 2 ...
    Words(Vec<String>),
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// For the legend.
    pub label: String,
    /// By rising `x`.
    pub points: Vec<Dot>,
    /// Whether it is a prediction and no measurement.
    pub predicted: bool,
}

/// One point of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// Where it stands.
    pub x: f64,
    /// What was found.
    pub value: f64,
    /// The interval, where there is one.
    pub interval: Option<(f64, f64)>,
    /// Whether it means little: more comes than can be done.
    pub doubtful: bool,
}

impl Curves {
    fn dots(&self) -> impl Iterator<Item = &Dot> {
        self.lines.iter().flat_map(|line| &line.points)
    }

    /// Draws it.
    pub fn draw(&self, canvas: Canvas) -> Drawing {
        let inks = || PALETTE.into_iter().filter(|ink| *ink != ALARM).chain([DARK]);
        let lines: Vec<(&Line, Ink)> = self.lines.iter().zip(inks()).collect();
        let dash = |line: &Line| if line.predicted { Dash::Dashed } else { Dash::Solid };
        let mut legend: Vec<Entry> = lines
            .iter()
            .enumerate()
            .map(|(key, (line, ink))| Entry::line(line.label.as_str(), *ink, dash(line)).of(key))
            .collect();
        if let Some((_, ink)) = lines.iter().find(|(line, _)| line.points.iter().any(|dot| dot.interval.is_some())) {
            legend.push(Entry::fill(self.band.as_str(), *ink, BAND));
        }
        if self.dots().any(|dot| dot.doubtful) {
            legend.push(Entry::fill(self.doubtful.as_str(), ALARM, 1.0));
        }
        if let Some((_, label)) = &self.limit {
            legend.push(Entry::line(label.as_str(), ALARM, Dash::Dashed));
        }
        if let Some((_, label)) = &self.mark {
            legend.push(Entry::line(label.as_str(), MIDDLE, Dash::Dashed));
        }
        let (mut drawing, area) = titled_sheet(canvas, &self.title, halves(&self.below), self.note.clone(), &legend);
        if self.dots().next().is_none() {
            nothing(&mut drawing, area, "nothing was observed");
            return drawing;
        }
        let vertical = self.vertical();
        let y = vertical;
        let mut x = self.horizontal();
        // A path with a unit behind it would read as another path.
        let x_title = if x.unit.is_empty() { self.x_title.clone() } else { format!("{}, in {}", self.x_title, per_one(x.unit)) };
        x.unit = "";
        let plot = Plot::draw(&mut drawing, area, (x, &x_title), (y, &self.y_title), false);
        for (key, (line, ink)) in lines.iter().enumerate() {
            let apart = matches!(self.across, Horizontal::Words(_));
            plot.data(&mut drawing, Some(key), |drawing| draw_band(drawing, &plot, line, *ink, apart));
        }
        if let Some((limit, _)) = &self.limit {
            let y = plot.at((plot.x.from, *limit)).1;
            drawing.line(vec![(plot.area.left, y), (plot.area.right, y)], ALARM, 1.5, Dash::Dashed);
        }
        if let Some((at, _)) = &self.mark {
            let x = plot.at((*at, 0.0)).0;
            drawing.line(vec![(x, plot.area.top), (x, plot.area.bottom)], MIDDLE, 1.5, Dash::Dashed);
        }
        for (key, (line, ink)) in lines.iter().enumerate() {
            plot.data(&mut drawing, Some(key), |drawing| self.draw_line(drawing, &plot, line, *ink, dash(line)));
            plot.keep(&mut drawing, numbers(key, line, *ink));
        }
        drawing
    }

    fn draw_line(&self, drawing: &mut Drawing, plot: &Plot, line: &Line, ink: Ink, dash: Dash) {
        if matches!(self.across, Horizontal::Numbers(_)) && line.points.len() > 1 {
            let through = line.points.iter().map(|dot| plot.at((dot.x, dot.value))).collect();
            drawing.line(through, ink, 2.5, dash);
        }
        let marked = !line.predicted && line.points.len() <= MOST_MARKED;
        for dot in line.points.iter().filter(|dot| marked || dot.doubtful) {
            let (x, y) = plot.at((dot.x, dot.value));
            drawing.rectangle((x - MARK, y - MARK), (x + MARK, y + MARK), if dot.doubtful { ALARM } else { ink }, 1.0);
        }
    }

    fn horizontal(&self) -> Axis {
        match &self.across {
            Horizontal::Words(words) => Axis::words(words),
            Horizontal::Numbers(kind) => {
                let (from, to) = range(self.dots().map(|dot| dot.x));
                let room = if from == to { from.abs().max(1.0) * 0.5 } else { 0.02 * (to - from) };
                let whole = *kind == Kind::Plain && self.dots().all(|dot| dot.x.fract() == 0.0);
                let mut axis = Axis::between(*kind, from - room, to + room, 9.0);
                if whole {
                    axis.ticks.retain(|(at, _)| at.fract().abs() < 1e-9);
                }
                axis
            }
        }
    }

    fn vertical(&self) -> Axis {
        let ends = |dot: &Dot| dot.interval.map_or([dot.value; 3], |(low, high)| [low, dot.value, high]);
        let limit = self.limit.iter().map(|(limit, _)| *limit);
        let most = range(self.dots().flat_map(ends).chain(limit.clone())).1;
        let (least, _) = range(self.dots().map(|dot| dot.value).chain(limit).filter(|value| *value > 0.0));
        // What is zero lies at the bottom.
        let positive = self.dots().filter(|dot| dot.value > 0.0).count();
        let logarithmic = least > 0.0 && most / least > FAR_APART && 2 * positive >= self.dots().count();
        if logarithmic { Axis::log(self.kind, least, most) } else { Axis::from_zero(self.kind, most, 5.0) }
    }
}

/// A line for those who point at it.
fn numbers(key: usize, line: &Line, ink: Ink) -> Numbers {
    let end = |of: fn((f64, f64)) -> f64| line.points.iter().map(|dot| dot.interval.and_then(|ends| short(of(ends)))).collect();
    Numbers {
        key,
        name: line.label.clone(),
        ink: ink.variable(),
        x: line.points.iter().map(|dot| short(dot.x).unwrap_or(dot.x)).collect(),
        y: line.points.iter().map(|dot| short(dot.value)).collect(),
        low: end(|ends| ends.0),
        high: end(|ends| ends.1),
        ..Numbers::default()
    }
}

/// `1/s` for `/s`.
fn per_one(unit: &str) -> String {
    if unit.starts_with('/') { format!("1{unit}") } else { unit.to_owned() }
}

fn draw_band(drawing: &mut Drawing, plot: &Plot, line: &Line, ink: Ink, apart: bool) {
    let with: Vec<(f64, f64, f64)> =
        line.points.iter().filter_map(|dot| dot.interval.map(|(low, high)| (dot.x, low, high))).collect();
    let at = |x: f64, value: f64| plot.at((x, value));
    if apart || with.len() == 1 {
        for (x, low, high) in with {
            drawing.line(vec![at(x, low), at(x, high)], ink, 1.5, Dash::Solid);
        }
        return;
    }
    // Points without an interval part a band.
    for run in line.points.split(|dot| dot.interval.is_none()).filter(|run| run.len() > 1) {
        let ends = |upper: bool| {
            run.iter().filter_map(move |dot| dot.interval.map(|(low, high)| (dot.x, if upper { high } else { low })))
        };
        let around: Vec<_> =
            ends(true).chain(ends(false).collect::<Vec<_>>().into_iter().rev()).map(|(x, value)| at(x, value)).collect();
        drawing.area(around, ink, BAND);
    }
}

/// The least and the greatest.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
}
