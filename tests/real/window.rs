//! The throughput of a publisher with so many unconfirmed messages: measured, and predicted from one set of costs.

use super::recordings::shipped;
use super::replay;
use queuelab::model::Model;
use queuelab::scenario::{read, resolve};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What a message costs more that goes to disk, and how many one write takes.
const KINDS: [(&str, &[&str]); 3] = [
    ("transient", &[]),
    ("persistent", &["queues.jobs.storage=disk", "brokers.rabbit.cpu.store=19us"]),
    (
        "quorum",
        &["queues.jobs.storage=quorum", "queues.jobs.members=1", "brokers.rabbit.cpu.store=8.8us", "brokers.rabbit.disk.cap=64"],
    ),
];

/// One point of the curve.
#[derive(Debug, Clone)]
pub struct Point {
    pub queue: String,
    pub window: u32,
    /// Bytes of a message.
    pub size: u64,
    /// Messages confirmed a second.
    pub measured: f64,
    /// Median from the publish to the confirm, in seconds.
    pub measured_confirm: f64,
}

/// The points that are shipped.
pub fn points() -> Vec<Point> {
    let mut table = csv::Reader::from_path(shipped().join("window.csv")).unwrap();
    let rows = table.records().map(|row| {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Point {
            queue: row[0].to_owned(),
            window: row[1].parse().unwrap(),
            size: 1024,
            measured: number(2),
            measured_confirm: number(3) / 1e3,
        }
    });
    rows.collect()
}

/// Whether an entry of a summary is about a kind of queue and a window.
fn is_point(entry: &Value) -> bool {
    entry.get("type").is_some() && entry.get("window").is_some()
}

/// The points of a raw recording of windows: the list in its `summary.json`; `None`: it is none.
pub fn windows_in(folder: &Path) -> Result<Option<Vec<Point>>, String> {
    let path = folder.join("summary.json");
    let shown = path.display();
    let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
    let summary: Value = serde_json::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
    let Some(list) = summary.as_array().filter(|list| list.iter().any(is_point)) else {
        return Ok(None);
    };
    let point = |(at, entry): (usize, &Value)| {
        let missing = |key: &str| format!("{shown}: entry {at} has no `{key}`");
        let number = |key: &str| entry.get(key).and_then(Value::as_f64).ok_or_else(|| missing(key));
        let queue = entry.get("type").and_then(Value::as_str).ok_or_else(|| missing("type"))?;
        if !KINDS.iter().any(|(kind, _)| *kind == queue) {
            let known: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
            return Err(format!(
                "{shown}: entry {at}: {queue:?} is no kind of queue that was measured; there are {}",
                known.join(", ")
            ));
        }
        let confirm = entry.pointer("/confirm_ms/p50").and_then(Value::as_f64).ok_or_else(|| missing("confirm_ms.p50"))?;
        let (window, size) = (number("window")? as u32, number("size").unwrap_or(1024.0) as u64);
        Ok(Point { queue: queue.to_owned(), window, size, measured: number("throughput")?, measured_confirm: confirm / 1e3 })
    };
    list.iter().enumerate().map(point).collect::<Result<_, _>>().map(Some)
}

/// The model of a point.
pub fn model(point: &Point) -> Model {
    let document = read(&shipped().join("R10_window.toml")).unwrap();
    let mut overrides =
        vec![format!("producers.client.window={}", point.window), format!("producers.client.size={}B", point.size)];
    let (_, more) = KINDS.iter().find(|(kind, _)| *kind == point.queue).unwrap();
    overrides.extend(more.iter().map(|&line| line.to_owned()));
    resolve(&document, &overrides).unwrap_or_else(|problems| panic!("{problems}")).model
}

/// Messages confirmed a second, and the median from the publish to the confirm in seconds.
pub fn predict(point: &Point) -> (f64, f64) {
    let model = model(point);
    let seconds = model.plan.duration.unwrap().0 as f64 / 1e9;
    let mut confirms = replay::replay(&model).confirms;
    confirms.sort_unstable();
    (confirms.len() as f64 / seconds, confirms[confirms.len() / 2] as f64 / 1e9)
}
