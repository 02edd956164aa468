//! How busy every pool, service, host and broker was: a bar for each, the interval as a line through its end, what theory says as a thin
//! mark, and a line at 80 per cent.

use super::axis::Axis;
use super::data::{Numbers, Plotted, short};
use super::drawing::{Across, Dash, Drawing, Font};
use super::frame::{Entry, LABEL, nothing, sheet};
use super::series::largest;
use super::style::{Canvas, DARK, Ink, LIGHT, MIDDLE, PALETTE, SMALL, fitted, text_width};
use crate::report::block::Table;
use crate::report::quantity::{Kind, plainly, sentence};
use crate::report::result::RunResult;
use crate::stats::Estimate;

/// Above this, waits grow fast with every further message.
const WATCH: f64 = 0.8;
/// The height of a bar with the space around it, where there are not too many for it.
const ROW: f64 = 46.0;
/// The same in a page, and where the name stands above the bar.
const PAGE_ROW: f64 = 28.0;
const HIGH_ROW: f64 = 44.0;
/// Below the bars: the labels of the axis.
const FOOT: f64 = 40.0;
/// The least height of a picture in a file.
const LEAST: f64 = 220.0;
/// At most so many bars in a file, and in a page, which may be as long as it must.
const MOST_BARS: usize = 36;
const MOST_PAGE_BARS: usize = 150;
/// The widest name in pixels.
const WIDEST_NAME: f64 = 260.0;

struct Bar {
    name: String,
    value: Estimate,
    theory: Option<f64>,
}

/// Draws it.
pub fn utilization(result: &RunResult, canvas: Canvas) -> Drawing {
    let what = "Utilization: busy share of the workers";
    let mut bars = bars(result);
    let all = bars.len();
    let most = if canvas.titled { MOST_BARS } else { MOST_PAGE_BARS };
    let sizes: Vec<f64> = bars.iter().map(|bar| bar.value.estimate.unwrap_or(0.0)).collect();
    let shown = largest(&sizes, most);
    let note = (shown.len() < all).then(|| format!("The {} busiest of {all} pools are shown.", shown.len()));
    let mut at = 0;
    bars.retain(|_| {
        at += 1;
        shown.contains(&(at - 1))
    });
    if bars.is_empty() {
        let (mut drawing, area) = sheet(result, canvas, what, note, &[]);
        nothing(&mut drawing, area, "No pool was observed.");
        return drawing;
    }
    let confidence = plainly(result.provenance.confidence, Kind::Share);
    let mut legend = vec![
        Entry::fill("not surely above 80 %", PALETTE[0], 1.0),
        Entry::fill("surely above 80 %: waits grow fast", PALETTE[4], 1.0),
        Entry::line(format!("{confidence} interval"), DARK, Dash::Solid),
    ];
    if bars.iter().any(|bar| bar.theory.is_some()) {
        legend.push(Entry::thin("theory", MIDDLE));
    }
    let (mut drawing, area) = sheet(result, canvas, what, note, &legend);
    let narrow = canvas.is_narrow();
    let row = match (narrow, canvas.titled) {
        (true, _) => HIGH_ROW,
        (false, false) => PAGE_ROW,
        (false, true) => ((area.bottom - FOOT - area.top) / bars.len() as f64).min(ROW),
    };
    let height = area.top + row * bars.len() as f64 + FOOT + canvas.edge();
    drawing.cut(if canvas.titled { height.max(LEAST) } else { height });
    let size = (row * 0.9).clamp(8.0, SMALL);
    let font = Font { size, bold: false, ink: DARK };
    let labels: Vec<String> = bars.iter().map(|bar| sentence(&bar.value, Kind::Share)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text_width(text, size, false)).fold(0.0, f64::max);
    let room = if narrow { area.width() - widest(&labels) - 12.0 } else { WIDEST_NAME };
    let names: Vec<String> = bars.iter().map(|bar| fitted(&bar.name, size, false, room)).collect();
    // On a phone names and numbers stand above their bars.
    let (left, right) = match narrow {
        true => (area.left + 12.0, area.right - 18.0),
        false => (area.left + widest(&names) + 12.0, area.right - widest(&labels) - 16.0),
    };
    let (top, bottom) = (area.top, drawing.height - canvas.edge() - FOOT);
    let row = (bottom - top) / bars.len() as f64;

    // No pool is busier than all the time, whatever the interval says.
    let axis = Axis::from_zero(Kind::Share, 1.0, 5.0);
    let across = |value: f64| left + axis.share(value) * (right - left);
    // Where text stands above the bars, lines across go through bars only.
    let upright = |drawing: &mut Drawing, value: f64, (ink, width, dash): (Ink, f64, Dash)| {
        let stretches: Vec<(f64, f64)> = match narrow {
            true => (0..bars.len()).map(|at| top + at as f64 * row).map(|above| (above + 20.0, above + 40.0)).collect(),
            false => vec![(top, bottom)],
        };
        for (from, to) in stretches {
            drawing.line(vec![(across(value), from), (across(value), to)], ink, width, dash);
        }
    };
    for (value, label) in &axis.ticks {
        upright(&mut drawing, *value, (LIGHT, 1.0, Dash::Solid));
        drawing.text((across(*value), bottom + 16.0), format!("{label} %"), LABEL, Across::Middle);
    }
    for (place, bar) in bars.iter().enumerate() {
        let above = top + place as f64 * row;
        let (middle, half) = match narrow {
            true => (above + 30.0, 8.0),
            false => (above + 0.5 * row, (row * 0.32).min(30.0)),
        };
        let (value, seen) = (&bar.value, bar.value.estimate.unwrap_or(0.0));
        let ink = if value.low.unwrap_or(seen) > WATCH { PALETTE[4] } else { PALETTE[0] };
        drawing.about(format!("{}: {}", bar.name, labels[place]), |drawing| {
            drawing.rectangle((left, middle - half), (across(seen), middle + half), ink, 1.0);
            if let (Some(low), Some(high)) = (value.low, value.high) {
                let cap = (half * 0.5).min(8.0);
                drawing.line(vec![(across(low), middle), (across(high), middle)], DARK, 1.5, Dash::Solid);
                for end in [low, high] {
                    drawing.line(vec![(across(end), middle - cap), (across(end), middle + cap)], DARK, 1.5, Dash::Solid);
                }
            }
        });
        if let Some(theory) = bar.theory {
            let at = across(theory);
            drawing.line(vec![(at, middle - half - 3.0), (at, middle + half + 3.0)], MIDDLE, 1.0, Dash::Solid);
        }
        let (name_at, align, label_at) = match narrow {
            true => ((area.left, above + 10.0), Across::Left, (area.right, above + 10.0)),
            false => ((left - 12.0, middle), Across::Right, (area.right, middle)),
        };
        drawing.text(name_at, names[place].as_str(), font, align);
        drawing.text(label_at, labels[place].as_str(), font, Across::Right);
    }
    upright(&mut drawing, WATCH, (MIDDLE, 1.5, Dash::Dashed));
    upright(&mut drawing, 0.0, (MIDDLE, 1.0, Dash::Solid));
    drawing.plots.push(numbers(&bars));
    drawing
}

/// Everything that has a utilization: its full name, and what a reader calls it.
pub(super) fn watched(result: &RunResult) -> Vec<(String, String)> {
    let metrics = &result.summary.metrics;
    let of = |table: Table, metric: &str, called: &str| -> Vec<(String, String)> {
        let both = |name: String| (format!("{}.{name}.{metric}", table.prefix()), format!("{called}{name}"));
        table.names(metrics).into_iter().map(both).collect()
    };
    let mut all = of(Table::Services, "utilization", "");
    all.extend(of(Table::Consumers, "utilization", ""));
    all.extend(of(Table::Hosts, "utilization", "host "));
    // A broker without costs is never busy.
    let mut brokers = of(Table::Brokers, "utilization", "broker ");
    brokers.extend(of(Table::Brokers, "disk.utilization", "disk of "));
    let busy = |(full, _): &(String, String)| {
        metrics.get(full).and_then(|reading| reading.value.estimate).is_some_and(|share| share > 0.0)
    };
    all.extend(brokers.into_iter().filter(busy));
    told_apart(all)
}

/// A service and a pool may have the same name: then it is said which is which.
fn told_apart(all: Vec<(String, String)>) -> Vec<(String, String)> {
    let twice = |name: &String| all.iter().filter(|(_, other)| other == name).count() > 1;
    let called = |(full, name): &(String, String)| {
        let table = full.split('.').next().unwrap_or_default();
        (full.clone(), if twice(name) { format!("{name} ({table})") } else { name.clone() })
    };
    all.iter().map(called).collect()
}

/// What theory says of a utilization, where that is exact.
pub(super) fn exact(result: &RunResult, full: &str) -> Option<f64> {
    result.theory.get(full).filter(|known| known.exact).map(|known| known.value)
}

fn bars(result: &RunResult) -> Vec<Bar> {
    let bar = |(full, name): (String, String)| {
        let value = result.summary.metrics.get(&full).filter(|reading| reading.value.estimate.is_some())?.value.clone();
        Some(Bar { name, value, theory: exact(result, &full) })
    };
    watched(result).into_iter().filter_map(bar).collect()
}

fn numbers(bars: &[Bar]) -> Plotted {
    let of = |end: fn(&Estimate) -> Option<f64>| bars.iter().map(|bar| end(&bar.value).and_then(short)).collect();
    let mut plotted = Plotted::named("utilization", Kind::Share);
    plotted.series.push(Numbers {
        name: "utilization".to_owned(),
        ink: PALETTE[0].variable(),
        names: bars.iter().map(|bar| bar.name.clone()).collect(),
        y: of(|value| value.estimate),
        low: of(|value| value.low),
        high: of(|value| value.high),
        ..Numbers::default()
    });
    plotted
}
