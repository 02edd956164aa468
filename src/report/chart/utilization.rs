//! How busy every pool and host was: a bar for each, the interval as a line through its end, and a mark at 80 per cent.

use super::axis::Axis;
use super::drawing::{Across, Dash, Drawing, Font};
use super::frame::{Entry, LABEL, nothing, sheet};
use super::series::largest;
use super::style::{DARK, EDGE, LIGHT, MIDDLE, PALETTE, SMALL, fitted, text_width};
use crate::report::block::Table;
use crate::report::quantity::{Kind, plainly, sentence};
use crate::report::result::RunResult;

/// Above this, waits grow fast with every further message.
const WATCH: f64 = 0.8;
/// The height of a bar with the space around it, where there are not too many for it.
const ROW: f64 = 46.0;
/// Below the bars: the labels of the axis.
const FOOT: f64 = 40.0;
/// The least height of the picture.
const LEAST: f64 = 220.0;
/// At most so many bars.
const MOST_BARS: usize = 36;
/// The widest name in pixels.
const WIDEST_NAME: f64 = 260.0;

/// Draws it.
pub fn utilization(result: &RunResult) -> Drawing {
    let metrics = &result.summary.metrics;
    let busy = |table: Table| {
        let reading = move |name: &str| metrics.get(&format!("{}.{name}.utilization", table.prefix()));
        let known = move |name: String| Some((reading(&name).filter(|r| r.value.estimate.is_some())?.value.clone(), name));
        table.names(metrics).into_iter().filter_map(known)
    };
    let pools: Vec<_> = [Table::Services, Table::Consumers, Table::Hosts].into_iter().flat_map(busy).collect();
    let sizes: Vec<f64> = pools.iter().map(|(value, _)| value.estimate.unwrap_or(0.0)).collect();
    let shown = largest(&sizes, MOST_BARS);
    let note = (shown.len() < pools.len()).then(|| format!("the {} busiest of {} pools are shown", shown.len(), pools.len()));
    let confidence = plainly(result.provenance.confidence, Kind::Share);
    let legend = [
        Entry::fill("not surely above 80 %", PALETTE[0], 1.0),
        Entry::fill("surely above 80 %: waits grow fast", PALETTE[4], 1.0),
        Entry::line(format!("{confidence} interval"), DARK, Dash::Solid),
    ];
    let legend = if shown.is_empty() { &[] } else { legend.as_slice() };
    let (mut drawing, area) = sheet(result, "Utilization: busy share of the workers", note.as_deref(), legend);
    if shown.is_empty() {
        nothing(&mut drawing, area, "no pool was observed");
        return drawing;
    }
    let row = ((area.bottom - FOOT - area.top) / shown.len() as f64).min(ROW);
    let height = (area.top + row * shown.len() as f64 + FOOT + EDGE).max(LEAST);
    drawing.cut(height);
    let size = (row * 0.9).clamp(8.0, SMALL);
    let font = Font { size, bold: false, ink: DARK };
    let names: Vec<String> = shown.iter().map(|&at| fitted(&pools[at].1, size, false, WIDEST_NAME)).collect();
    let labels: Vec<String> = shown.iter().map(|&at| sentence(&pools[at].0, Kind::Share)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text_width(text, size, false)).fold(0.0, f64::max);
    let (left, right) = (area.left + widest(&names) + 12.0, area.right - widest(&labels) - 16.0);
    let (top, bottom) = (area.top, height - EDGE - FOOT);
    let row = (bottom - top) / shown.len() as f64;

    // No pool is busier than all the time, whatever the interval says.
    let axis = Axis::from_zero(Kind::Share, 1.0, 5.0);
    let across = |value: f64| left + axis.share(value) * (right - left);
    for (value, label) in &axis.ticks {
        drawing.line(vec![(across(*value), top), (across(*value), bottom)], LIGHT, 1.0, Dash::Solid);
        drawing.text((across(*value), bottom + 16.0), format!("{label} %"), LABEL, Across::Middle);
    }
    for (place, &at) in shown.iter().enumerate() {
        let (value, _) = &pools[at];
        let middle = top + (place as f64 + 0.5) * row;
        let half = (row * 0.32).min(30.0);
        let ink = if value.low.unwrap_or(sizes[at]) > WATCH { PALETTE[4] } else { PALETTE[0] };
        drawing.rectangle((left, middle - half), (across(sizes[at]), middle + half), ink, 1.0);
        if let (Some(low), Some(high)) = (value.low, value.high) {
            let cap = (half * 0.5).min(8.0);
            drawing.line(vec![(across(low), middle), (across(high), middle)], DARK, 1.5, Dash::Solid);
            for end in [low, high] {
                drawing.line(vec![(across(end), middle - cap), (across(end), middle + cap)], DARK, 1.5, Dash::Solid);
            }
        }
        drawing.text((left - 12.0, middle), names[place].as_str(), font, Across::Right);
        drawing.text((area.right, middle), labels[place].as_str(), font, Across::Right);
    }
    drawing.line(vec![(across(WATCH), top), (across(WATCH), bottom)], MIDDLE, 1.5, Dash::Dashed);
    drawing.line(vec![(left, top), (left, bottom)], MIDDLE, 1.0, Dash::Solid);
    drawing
}
