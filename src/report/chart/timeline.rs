//! Charts over time: one or several places with lines, bands, what theory says, the warm-up and the faults behind them.

use super::axis::Axis;
use super::data::{Numbers, short};
use super::drawing::{Across, Dash, Drawing, Font, Part, Point};
use super::frame::{Area, Entry, LABEL, Plot, label_ends, nothing, sheet};
use super::series::{Curve, length, runs, unmeasured};
use super::style::{ALARM, Canvas, DARK, Ink, MIDDLE, NORMAL, SMALL, fitted, text_width};
use crate::report::quantity::{Kind, plainly};
use crate::report::result::RunResult;

/// How solid a band is: of the interval of a mean, and of the range of replications.
const INTERVAL: f64 = 0.32;
const RANGE: f64 = 0.13;
/// How solid the shades of time are: of the warm-up, and of faults.
const WARMUP: f64 = 0.12;
const FAULT: f64 = 0.13;
/// A place with axes needs so much height in pixels.
const LEAST_PANEL: f64 = 200.0;
/// More lines than these have their names in a legend.
const MOST_LABELS: usize = 8;
/// Shares above this stand on an axis that ends at all of the time.
const HALF_BUSY: f64 = 0.45;
/// The widest name beside a line in pixels.
const WIDEST_LABEL: f64 = 200.0;

/// A kind of line, which can be hidden as a whole.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub label: String,
    pub ink: Ink,
    pub dash: Dash,
    pub width: f64,
}

/// Which bands a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bands {
    None,
    Interval,
    /// That of the interval, and around it that of all replications.
    Both,
}

/// A line.
#[derive(Debug)]
pub(super) struct Track {
    /// The number of its key.
    pub key: usize,
    pub curve: Curve,
    pub bands: Bands,
}

/// A moment to be seen: when it came on average, and the interval of that.
#[derive(Debug)]
pub(super) struct Mark {
    pub at: f64,
    pub between: Option<(f64, f64)>,
    pub ink: Ink,
    pub label: String,
}

/// One place with axes.
#[derive(Debug)]
pub(super) struct Panel {
    /// Whose lines these are, where there are several places.
    pub title: String,
    pub kind: Kind,
    /// What stands upwards.
    pub upwards: &'static str,
    pub tracks: Vec<Track>,
    /// Numbers of theory for the long run.
    pub theory: Vec<f64>,
    pub marks: Vec<Mark>,
    /// Whether orders of magnitude are as far apart as others.
    pub log: bool,
}

impl Default for Panel {
    fn default() -> Panel {
        let (title, tracks, theory, marks) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        Panel { title, kind: Kind::Plain, upwards: "", tracks, theory, marks, log: false }
    }
}

/// A chart over time.
#[derive(Debug)]
pub(super) struct Timeline {
    pub what: String,
    pub note: Option<String>,
    pub keys: Vec<Key>,
    pub panels: Vec<Panel>,
    /// What is said where there is nothing to draw.
    pub nothing: &'static str,
}

impl Track {
    /// The highest point that is drawn.
    fn most(&self) -> f64 {
        let band = match self.bands {
            Bands::None => 0.0,
            Bands::Interval => self.curve.interval.most(),
            Bands::Both => self.curve.interval.most().max(self.curve.range.most()),
        };
        self.curve.most().max(band)
    }
}

impl Timeline {
    /// Draws it.
    pub fn draw(self, result: &RunResult, canvas: Canvas) -> Drawing {
        let summary = &result.summary;
        let labels = match self.panels.as_slice() {
            [panel] => !canvas.is_narrow() && (2..=MOST_LABELS).contains(&panel.tracks.len()),
            _ => false,
        };
        let drawn: Vec<&Track> = self.panels.iter().flat_map(|panel| &panel.tracks).collect();
        if drawn.is_empty() {
            let (mut drawing, area) = sheet(result, canvas, &self.what, self.note, &[]);
            nothing(&mut drawing, area, self.nothing);
            return drawing;
        }
        let length = length(&summary.series);
        let mut legend: Vec<Entry> = Vec::new();
        if !labels {
            let keys = self.keys.iter().enumerate().filter(|(at, _)| drawn.iter().any(|track| track.key == *at));
            legend.extend(keys.map(|(at, key)| Entry::line(key.label.as_str(), key.ink, key.dash).of(at)));
        }
        let ink = |track: &Track| self.keys[track.key].ink;
        if let Some(track) = drawn.iter().find(|track| track.bands != Bands::None && !track.curve.interval.is_empty()) {
            let confidence = plainly(result.provenance.confidence, Kind::Share);
            legend.push(Entry::fill(format!("{confidence} interval, pointwise"), ink(track), INTERVAL));
        }
        if let Some(track) = drawn.iter().find(|track| track.bands == Bands::Both) {
            legend.push(Entry::fill("range of the replications", ink(track), RANGE));
        }
        if self.panels.iter().any(|panel| !panel.theory.is_empty()) {
            legend.push(Entry::line("theory, long run", DARK, Dash::Dashed));
        }
        let warmup = unmeasured(summary);
        if warmup > 0.0 {
            legend.push(Entry::fill("warm-up, not measured", MIDDLE, WARMUP));
        }
        if drawn.iter().any(|track| track.curve.warmup > warmup) {
            legend.push(Entry::line("its own warm-up, not measured", MIDDLE, Dash::Dashed));
        }
        let faults: Vec<Span> = spans(result, length);
        if !faults.is_empty() {
            legend.push(Entry::fill("fault", ALARM, FAULT));
        }
        let marks = self.panels.iter().flat_map(|panel| &panel.marks);
        legend.extend(marks.map(|mark| Entry::line(mark.label.as_str(), mark.ink, Dash::Dashed)));
        let (mut drawing, area) = sheet(result, canvas, &self.what, self.note.clone(), &legend);
        for (panel, area) in self.panels.iter().zip(places(&mut drawing, area, self.panels.len())) {
            self.panel(&mut drawing, panel, area, Time { length, warmup, faults: &faults }, labels);
        }
        drawing
    }

    fn panel(&self, drawing: &mut Drawing, panel: &Panel, area: Area, time: Time<'_>, labels: bool) {
        let mut area = area;
        if !panel.title.is_empty() && self.panels.len() > 1 {
            let title = fitted(&panel.title, NORMAL, true, area.width());
            drawing.text((area.left, area.top), title, Font { size: NORMAL, bold: true, ink: DARK }, Across::Left);
            area.top += 24.0;
        }
        let name = |track: &Track| fitted(&self.keys[track.key].label, SMALL, false, WIDEST_LABEL);
        if labels {
            let widest = panel.tracks.iter().map(|track| text_width(&name(track), SMALL, false)).fold(0.0, f64::max);
            area.right -= widest + 16.0;
        }
        let most = panel.tracks.iter().map(Track::most).chain(panel.theory.iter().copied()).fold(0.0, f64::max);
        // Nobody is busier than all the time.
        let most = if panel.kind == Kind::Share && most > HALF_BUSY { 1.0 } else { most };
        let y = if panel.log { log_axis(panel, most) } else { Axis::from_zero(panel.kind, most, 5.0) };
        let ticks = if area.width() < 500.0 { 6.0 } else { 11.0 };
        let x = (Axis::time(time.length, ticks), "time since start");
        let plot = Plot::draw(drawing, area, x, (y, panel.upwards), true);
        shade(drawing, &plot, time);
        let pixels = |points: &[Point]| -> Vec<Point> { points.iter().map(|&point| plot.at(point)).collect() };
        for track in &panel.tracks {
            let ink = self.keys[track.key].ink;
            plot.data(drawing, Some(track.key), |drawing| {
                if track.bands == Bands::Both {
                    track.curve.range.draw(drawing, &plot, ink, RANGE);
                }
                if track.bands != Bands::None {
                    track.curve.interval.draw(drawing, &plot, ink, INTERVAL);
                }
            });
        }
        for mark in &panel.marks {
            plot.data(drawing, None, |drawing| mark.draw(drawing, &plot));
        }
        for &value in &panel.theory {
            let across = [(0.0, value), (time.length, value)].map(|point| plot.at(point)).to_vec();
            plot.data(drawing, None, |drawing| drawing.line(across, DARK, 1.0, Dash::Dashed));
        }
        for track in &panel.tracks {
            let Key { ink, dash, width, .. } = self.keys[track.key];
            let line = &track.curve.mean;
            // What was not measured and is not shaded is dashed.
            let own =
                if track.curve.warmup > time.warmup { line.partition_point(|point| point.0 < track.curve.warmup) } else { 0 };
            plot.data(drawing, Some(track.key), |drawing| {
                if own > 0 {
                    drawing.line(pixels(&line[..(own + 1).min(line.len())]), ink, width, Dash::Dashed);
                }
                runs(&line[own..]).iter().for_each(|run| drawing.line(pixels(run), ink, width, dash));
            });
            plot.keep(drawing, numbers(track, &self.keys[track.key]));
        }
        if labels {
            let end = |track: &Track| {
                let (_, y) = plot.at(*track.curve.mean.last()?);
                Some((track.key, y, name(track), self.keys[track.key].ink))
            };
            label_ends(drawing, &plot, panel.tracks.iter().filter_map(end).collect());
        }
    }
}

impl Mark {
    /// A line from top to bottom, in the band of its interval.
    fn draw(&self, drawing: &mut Drawing, plot: &Plot) {
        let (top, bottom) = (plot.area.top, plot.area.bottom);
        let across = |time: f64| plot.at((time, 0.0)).0;
        if let Some((low, high)) = self.between {
            drawing.rectangle((across(low), top), (across(high), bottom), self.ink, RANGE);
        }
        drawing.line(vec![(across(self.at), top), (across(self.at), bottom)], self.ink, 1.5, Dash::Dashed);
    }
}

/// A logarithmic axis for everything that a panel shows.
fn log_axis(panel: &Panel, most: f64) -> Axis {
    let numbers = panel.tracks.iter().flat_map(|track| track.curve.mean.iter().map(|point| point.1));
    let least = numbers.chain(panel.theory.iter().copied()).filter(|&value| value > 0.0).fold(most, f64::min);
    Axis::log(panel.kind, least.max(1e-5 * most), most)
}

/// What lies behind the lines.
#[derive(Debug, Clone, Copy)]
struct Time<'a> {
    /// Seconds that are shown.
    length: f64,
    /// Of these, not measured.
    warmup: f64,
    faults: &'a [Span],
}

/// A fault: its name, its beginning and its end in seconds.
#[derive(Debug, Clone)]
struct Span {
    name: String,
    from: f64,
    until: f64,
}

/// The faults that have their time by plan and are seen in so many seconds.
fn spans(result: &RunResult, length: f64) -> Vec<Span> {
    let mut spans: Vec<(Span, usize)> = Vec::new();
    for fault in &result.faults {
        let Some(from) = fault.from.filter(|&from| from < length) else { continue };
        let until = fault.until.unwrap_or(length).min(length);
        // What goes wrong at the same time is shaded once.
        match spans.iter_mut().find(|(span, _)| (span.from, span.until) == (from, until)) {
            Some((_, more)) => *more += 1,
            None => spans.push((Span { name: fault.name.clone(), from, until }, 0)),
        }
    }
    let named = |(span, more): (Span, usize)| match more {
        0 => span,
        more => Span { name: format!("{}, and {more} more", span.name), ..span },
    };
    spans.into_iter().map(named).collect()
}

/// Shades the warm-up and the faults, and writes their names where there is room.
fn shade(drawing: &mut Drawing, plot: &Plot, time: Time<'_>) {
    let (top, bottom) = (plot.area.top, plot.area.bottom);
    plot.data(drawing, None, |drawing| {
        if time.warmup > 0.0 {
            let (right, _) = plot.at((time.warmup, 0.0));
            drawing.rectangle((plot.area.left, top), (right, bottom), MIDDLE, WARMUP);
            drawing.line(vec![(right, top), (right, bottom)], MIDDLE, 1.0, Dash::Dashed);
        }
        for fault in time.faults {
            let (left, right) = (plot.at((fault.from, 0.0)).0, plot.at((fault.until, 0.0)).0);
            drawing.rectangle((left, top), (right.max(left + 2.0), bottom), ALARM, FAULT);
        }
    });
    // Names stand above the plot, each as far as the next.
    let mut free = plot.area.right;
    let mut names: Vec<(f64, &str)> =
        time.faults.iter().map(|fault| (plot.at((fault.from, 0.0)).0, fault.name.as_str())).collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (left, name) in names {
        let left = left.min(free - text_width(name, SMALL, false)).max(plot.area.left);
        let room = free - left;
        if room > 40.0 {
            let name = fitted(name, SMALL, false, room);
            drawing
                .part(Part::Sheet, |drawing| drawing.text((left, top - 10.0), name, Font { ink: ALARM, ..LABEL }, Across::Left));
            free = left - 12.0;
        }
    }
}

/// The numbers of a line, its interval beside them.
fn numbers(track: &Track, key: &Key) -> Numbers {
    let curve = &track.curve;
    let times: Vec<f64> = curve.mean.iter().map(|point| point.0).collect();
    let of = |band: &[Point]| -> Vec<Option<f64>> {
        if band.is_empty() {
            return Vec::new();
        }
        // A band may have gaps, or end before the line does.
        let at = |&time: &f64| {
            let found = band.binary_search_by(|point| point.0.total_cmp(&time));
            found.ok().and_then(|at| short(band[at].1))
        };
        times.iter().map(at).collect()
    };
    Numbers {
        key: track.key,
        name: key.label.clone(),
        ink: key.ink.variable(),
        x: times.iter().filter_map(|&time| short(time)).collect(),
        y: curve.mean.iter().map(|point| short(point.1)).collect(),
        low: of(&curve.interval.low),
        high: of(&curve.interval.high),
        ..Numbers::default()
    }
}

/// The places of so many panels, for which a page has as much height as they need.
fn places(drawing: &mut Drawing, area: Area, panels: usize) -> Vec<Area> {
    const GAP: f64 = 28.0;
    let across = if drawing.canvas.is_narrow() || panels < 2 { 1 } else { 2 };
    let down = panels.div_ceil(across);
    let mut height = (area.bottom - area.top) / down as f64;
    if down > 1 && (!drawing.canvas.titled || height < LEAST_PANEL) {
        height = 230.0;
        drawing.cut(area.top + height * down as f64 + drawing.canvas.edge());
    }
    let width = (area.width() - GAP * (across - 1) as f64) / across as f64;
    let place = |at: usize| {
        let (left, top) = (area.left + (at % across) as f64 * (width + GAP), area.top + (at / across) as f64 * height);
        let below = if down > 1 { 10.0 } else { 0.0 };
        Area { left, top, right: left + width, bottom: top + height - below }
    };
    (0..panels).map(place).collect()
}
