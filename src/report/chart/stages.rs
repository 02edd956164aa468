//! Where the time goes: for every service and pool the mean of what a message waits and of what it is worked on, and how much of
//! the time of its slowest hundredth is waiting.

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

/// The colours of waiting in a queue, waiting in the buffer of a consumer, and work.
const WAIT: Ink = PALETTE[1];
const BUFFER: Ink = PALETTE[4];
const WORK: Ink = PALETTE[0];
/// The height of a row, and where the name stands above the bars.
const ROW: f64 = 34.0;
const HIGH_ROW: f64 = 64.0;
/// Below the bars: labels and title of the axis.
const FOOT: f64 = 52.0;
/// At most so many stages: in a file, and in a page, which may be as long as it must.
const MOST: usize = 14;
const MOST_PAGE: usize = 150;
/// The widest name in pixels.
const WIDEST_NAME: f64 = 200.0;

/// One service or pool.
struct Stage {
    name: String,
    /// Means in seconds: in the queue, in the buffer, at work.
    parts: [f64; 3],
    p99: Option<f64>,
    /// The waiting share of the slowest hundredth.
    slowest: Option<Estimate>,
}

impl Stage {
    fn whole(&self) -> f64 {
        self.parts.iter().sum()
    }
}

/// Draws it.
pub fn stages(result: &RunResult, canvas: Canvas) -> Drawing {
    let what = "Where the time goes, stage by stage";
    let mut stages = all(result);
    let number = stages.len();
    let shown = largest(&stages.iter().map(Stage::whole).collect::<Vec<f64>>(), if canvas.titled { MOST } else { MOST_PAGE });
    let mut at = 0;
    stages.retain(|_| {
        at += 1;
        shown.contains(&(at - 1))
    });
    if stages.is_empty() {
        let (mut drawing, area) = sheet(result, canvas, what, None, &[]);
        nothing(&mut drawing, area, "No message was finished while it was measured.");
        return drawing;
    }
    let calls = result.system.edges.iter().any(|edge| edge.call);
    let mut notes = Vec::new();
    if stages.len() < number {
        notes.push(format!("The {} of {number} stages that take the longest are shown.", stages.len()));
    }
    if calls {
        notes.push("Work includes what a worker waits for those that it calls.".to_owned());
    }
    let buffers = stages.iter().any(|stage| stage.parts[1] > 0.0);
    let mut legend = vec![Entry::fill("waiting for a worker", WAIT, 1.0)];
    if buffers {
        legend.push(Entry::fill("in a consumer's buffer", BUFFER, 1.0));
    }
    legend.push(Entry::fill("work", WORK, 1.0));
    let (mut drawing, area) = sheet(result, canvas, what, (!notes.is_empty()).then(|| notes.join(" ")), &legend);
    let narrow = canvas.is_narrow();
    let row = if narrow { HIGH_ROW } else { ROW };
    let font = Font { size: SMALL, bold: false, ink: DARK };
    let names: Vec<String> = stages
        .iter()
        .map(|stage| fitted(&stage.name, SMALL, narrow, if narrow { area.width() - 4.0 } else { WIDEST_NAME }))
        .collect();
    let widest = names.iter().map(|name| text_width(name, SMALL, false)).fold(0.0, f64::max);
    let left = if narrow { area.left + 6.0 } else { area.left + widest + 12.0 };
    // Two columns of bars: means, and shares of the slowest.
    let (first, second) = match narrow {
        true => ((left, area.left + 0.56 * area.width()), (area.left + 0.66 * area.width(), area.right - 14.0)),
        false => {
            let room = area.right - left;
            ((left, left + 0.56 * room), (left + 0.7 * room, area.right - 14.0))
        }
    };
    let (top, bottom) = (area.top + 14.0, area.top + 14.0 + row * stages.len() as f64);
    drawing.cut(bottom + FOOT + canvas.edge());
    let longest = stages.iter().map(Stage::whole).fold(0.0, f64::max);
    let means = Axis::from_zero(Kind::Time, longest, if narrow { 3.0 } else { 5.0 });
    let shares = Axis::from_zero(Kind::Share, 1.0, 2.0);
    for ((from, to), axis, title) in
        [(first, &means, "mean"), (second, &shares, if narrow { "slowest 1 %" } else { "time of the slowest 1 %" })]
    {
        for (value, label) in &axis.ticks {
            let x = from + axis.share(*value) * (to - from);
            drawing.line(vec![(x, top), (x, bottom)], LIGHT, 1.0, Dash::Solid);
            drawing.text((x, bottom + 14.0), label.as_str(), LABEL, Across::Middle);
        }
        let title = format!("{title}, {}", axis.unit);
        drawing.text((to, bottom + 34.0), title, LABEL, Across::Right);
    }
    for (at, (stage, name)) in stages.iter().zip(&names).enumerate() {
        let above = top + row * at as f64;
        let (middle, half) = if narrow { (above + 40.0, 10.0) } else { (above + 0.5 * row, 0.32 * row) };
        if narrow {
            drawing.text((area.left, above + 18.0), name.as_str(), Font { bold: true, ..font }, Across::Left);
        } else {
            drawing.text((left - 12.0, middle), name.as_str(), font, Across::Right);
        }
        let across = |value: f64| first.0 + means.share(value) * (first.1 - first.0);
        drawing.about(remark(stage), |drawing| {
            let mut done = 0.0;
            for (part, ink) in stage.parts.into_iter().zip([WAIT, BUFFER, WORK]) {
                drawing.rectangle((across(done), middle - half), (across(done + part), middle + half), ink, 1.0);
                done += part;
            }
            if let Some(share) = stage.slowest.as_ref().and_then(|share| share.estimate) {
                let x = second.0 + share * (second.1 - second.0);
                drawing.rectangle((second.0, middle - half), (x, middle + half), WAIT, 1.0);
                drawing.rectangle((x, middle - half), (second.1, middle + half), WORK, 1.0);
            }
        });
        if !narrow {
            let p99 = stage.p99.map_or(String::new(), |p99| format!("p99 {}", plainly(p99, Kind::Time)));
            drawing.text((second.0 - 12.0, middle), p99, Font { ink: MIDDLE, ..font }, Across::Right);
        }
    }
    drawing.plots.push(numbers(&stages));
    drawing
}

/// What is said of a stage that is pointed at.
fn remark(stage: &Stage) -> String {
    let [wait, buffer, work] = stage.parts.map(|part| plainly(part, Kind::Time));
    let mut text = format!("{}: waits {wait} on average", stage.name);
    if stage.parts[1] > 0.0 {
        text.push_str(&format!(", and {buffer} in a buffer"));
    }
    text.push_str(&format!("; work {work}"));
    if let Some(p99) = stage.p99 {
        text.push_str(&format!("; p99 of both {}", plainly(p99, Kind::Time)));
    }
    if let Some(slowest) = &stage.slowest {
        text.push_str(&format!("; of the time of the slowest 1 %, {} is waiting", sentence(slowest, Kind::Share)));
    }
    text
}

/// Every service and pool that was observed, in the order of the model.
fn all(result: &RunResult) -> Vec<Stage> {
    let metrics = &result.summary.metrics;
    let of = |table: Table| {
        table.names(metrics).into_iter().filter_map(move |name| {
            let known = |metric: &str| metrics.get(&format!("{}.{name}.{metric}", table.prefix())).map(|reading| &reading.value);
            let number = |metric: &str| known(metric).and_then(|value| value.estimate);
            let (wait, work) = (number("wait.mean")?, number("service.mean")?);
            let buffer = number("buffer_wait.mean").unwrap_or(0.0).min(wait);
            let slowest = known("slowest_wait.ratio").filter(|value| value.estimate.is_some()).cloned();
            let p99 = number("sojourn.p99");
            Some(Stage { name, parts: [wait - buffer, buffer, work], p99, slowest })
        })
    };
    [Table::Services, Table::Consumers].into_iter().flat_map(of).collect()
}

fn numbers(stages: &[Stage]) -> Plotted {
    let mut plotted = Plotted::named("time", Kind::Time);
    let names: Vec<String> = stages.iter().map(|stage| stage.name.clone()).collect();
    let labels = [("mean wait for a worker, s", WAIT), ("mean wait in a buffer, s", BUFFER), ("mean work, s", WORK)];
    for (at, (name, ink)) in labels.into_iter().enumerate() {
        let y = stages.iter().map(|stage| short(stage.parts[at])).collect();
        let (name, ink, names) = (name.to_owned(), ink.variable(), names.clone());
        plotted.series.push(Numbers { name, ink, names, y, ..Numbers::default() });
    }
    let of =
        |end: fn(&Estimate) -> Option<f64>| stages.iter().map(|stage| end(stage.slowest.as_ref()?).and_then(short)).collect();
    plotted.series.push(Numbers {
        name: "waiting share of the slowest 1 %".to_owned(),
        ink: WAIT.variable(),
        names,
        y: of(|value| value.estimate),
        low: of(|value| value.low),
        high: of(|value| value.high),
        ..Numbers::default()
    });
    plotted
}
