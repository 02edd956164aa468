//! The throughput of a publisher with so many unconfirmed messages: measured, and predicted from one set of costs.

use super::recordings::scenario;
use super::replay;
use queuelab::model::Model;
use queuelab::scenario::{read, resolve};
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
    /// Messages confirmed a second.
    pub measured: f64,
    /// Median from the publish to the confirm, in seconds.
    pub measured_confirm: f64,
}

/// All points.
pub fn points() -> Vec<Point> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/real/window.csv");
    let mut table = csv::Reader::from_path(path).unwrap();
    let rows = table.records().map(|row| {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Point {
            queue: row[0].to_owned(),
            window: row[1].parse().unwrap(),
            measured: number(2),
            measured_confirm: number(3) / 1e3,
        }
    });
    rows.collect()
}

/// The model of a point.
pub fn model(point: &Point) -> Model {
    let document = read(&scenario("R10_window")).unwrap();
    let mut overrides = vec![format!("producers.client.window={}", point.window)];
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
