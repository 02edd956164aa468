//! Arrivals, good responses, completions and losses over time: means over replications, with the intervals of completions.

use super::drawing::{Dash, Drawing};
use super::series::{Curve, largest, line, most_points, total};
use super::style::{ALARM, Canvas, DARK, Ink, PALE, PALETTE};
use super::timeline::{Bands, Key, Panel, Timeline, Track};
use crate::experiment::Column;
use crate::report::block::Table;
use crate::report::quantity::Kind;
use crate::report::result::RunResult;

/// Colours of pools and producers: all but the one for losses.
const INKS: [Ink; 5] = [PALETTE[0], PALETTE[2], PALETTE[4], PALETTE[3], PALETTE[5]];
/// With more lines than these, their bands would hide each other.
const MOST_BANDS: usize = 2;
/// At most so many producers have a line of their own.
const MOST_PRODUCERS: usize = 5;

/// Draws it.
pub fn throughput(result: &RunResult, canvas: Canvas) -> Drawing {
    let summary = &result.summary;
    let most = most_points(canvas);
    let columns = |table: Table, metric: &str| -> Vec<(String, &Column)> {
        let full = |name: String| format!("{}.{name}.{metric}", table.prefix());
        let of = |name: String| summary.series.columns.get(&name).map(|column| (name, column));
        table.names(&summary.metrics).into_iter().map(full).filter_map(of).collect()
    };
    let mut keys: Vec<Key> = Vec::new();
    let mut tracks: Vec<Track> = Vec::new();
    let mut add = |label: String, (ink, dash, width): (Ink, Dash, f64), curve: Curve, bands| {
        if !curve.mean.is_empty() {
            tracks.push(Track { key: keys.len(), curve, bands });
            keys.push(Key { label, ink, dash, width });
        }
    };
    let sum = |columns: &[(String, &Column)]| -> Curve {
        let mean = total(summary, columns).map_or_else(Vec::new, |(values, bin)| line(&values, bin, most));
        Curve { mean, ..Curve::default() }
    };
    let own = |name: &str| name.split('.').nth(1).unwrap_or(name).to_owned();

    let producers = columns(Table::Producers, "offered.rate");
    let label = if producers.len() > 1 { "arrivals, all producers" } else { "arrivals" };
    // Arrivals lie below as a broad pale line, so that completions that keep up with them hide only their middle.
    add(label.to_owned(), (PALE, Dash::Solid, 5.0), sum(&producers), Bands::None);
    let good = columns(Table::Producers, "goodput.rate");
    let size =
        |columns: &[(String, &Column)]| -> Vec<f64> { columns.iter().map(|(_, column)| column.mean.iter().sum()).collect() };
    let pools = columns(Table::Consumers, "throughput");
    let alone = good.len() <= MOST_PRODUCERS;
    let room = INKS.len() - if alone { good.len() } else { 1 };
    let shown = largest(&size(&pools), room);
    let bands = if shown.len() + if alone { good.len() } else { 0 } <= MOST_BANDS { Bands::Interval } else { Bands::None };
    if !alone {
        add("all good responses".to_owned(), (DARK, Dash::Solid, 2.0), sum(&good), Bands::None);
    }
    let good = good.iter().filter(|_| alone).map(|(name, column)| {
        let whose = if producers.len() > 1 { format!("good responses, {}", own(name)) } else { "good responses".to_owned() };
        (whose, name, *column)
    });
    let pools_shown = shown.iter().map(|&at| (format!("completions, {}", own(&pools[at].0)), &pools[at].0, pools[at].1));
    for ((label, name, column), ink) in good.chain(pools_shown).zip(INKS) {
        add(label, (ink, Dash::Solid, 2.0), Curve::of(summary, name, column, most), bands);
    }
    let losses = sum(&columns(Table::Queues, "lost.rate"));
    if losses.most() > 0.0 {
        add("losses".to_owned(), (ALARM, Dash::Dashed, 2.0), losses, Bands::None);
    }
    let note = (shown.len() < pools.len())
        .then(|| format!("Completions of the {} of {} pools with the most are shown.", shown.len(), pools.len()));
    let panel = Panel { kind: Kind::Rate, upwards: "messages", tracks, ..Panel::default() };
    let nothing = "No rate was observed over time.";
    Timeline { what: "Arrivals and completions over time".to_owned(), note, keys, panels: vec![panel], nothing }
        .draw(result, canvas)
}
