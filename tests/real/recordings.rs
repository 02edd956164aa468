//! What was measured: `tests/data/real/NAME.csv.gz`, made by `tests/oracles/recordings.py`.

use flate2::read::GzDecoder;
use std::fs::File;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// One run of a real broker.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    pub name: String,
    /// Messages.
    pub messages: usize,
    /// From the publish to the first start of those that were served in the end, in nanoseconds.
    pub waits: Vec<u64>,
    /// From the publish to the confirm.
    pub confirms: Vec<u64>,
    /// From the publish to the answer.
    pub rounds: Vec<u64>,
    /// Who began with each message, where the broker deals them out in turn; otherwise empty.
    pub consumers: Vec<u32>,
    /// Share of the messages that nobody finished.
    pub lost: f64,
    /// Messages served a second.
    pub throughput: Option<f64>,
    /// Median overshoot of the consumers' timers, in milliseconds: how slow the machine was.
    pub overshoot: Option<f64>,
}

/// Where the scenario of a recording is.
pub fn scenario(name: &str) -> PathBuf {
    Path::new(ROOT).join("tests/data/real").join(format!("{name}.toml"))
}

/// All recordings, by name.
pub fn recordings() -> Vec<Recording> {
    let folder = Path::new(ROOT).join("tests/data/real");
    let mut table = csv::Reader::from_path(folder.join("runs.csv")).unwrap();
    let rows = table.records().map(|row| {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse().ok();
        Recording { throughput: number(1), overshoot: number(2), ..read(&row[0]) }
    });
    rows.collect()
}

/// What was measured of one.
fn read(name: &str) -> Recording {
    let folder = Path::new(ROOT);
    let path = match name {
        // The one that is shipped.
        "R1_mm3_p1" => folder.join("scenarios/data/rabbitmq-mm3.csv.gz"),
        _ => folder.join(format!("tests/data/real/{name}.csv.gz")),
    };
    let mut table = csv::Reader::from_reader(GzDecoder::new(File::open(path).unwrap()));
    let head = table.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|title| title == name);
    let waits: Vec<usize> = ["wait_s", "wait_1_s", "wait_2_s"].iter().filter_map(|name| column(name)).collect();
    let (confirm, round, consumer, outcome) = (column("confirm_s"), column("round_s"), column("consumer"), column("outcome"));
    let mut recording = Recording { name: name.to_owned(), ..Recording::default() };
    let mut lost = 0;
    for row in table.records() {
        let row = row.unwrap();
        recording.messages += 1;
        let served = outcome.is_none_or(|at| ["ack", "auto"].contains(&&row[at]));
        lost += usize::from(!served);
        if served {
            recording.waits.extend(waits.iter().map(|&at| nanoseconds(&row[at])));
        }
        recording.confirms.extend(confirm.map(|at| nanoseconds(&row[at])));
        recording.rounds.extend(round.map(|at| nanoseconds(&row[at])));
        recording.consumers.extend(consumer.map(|at| row[at].parse::<u32>().unwrap()));
    }
    recording.lost = lost as f64 / recording.messages as f64;
    recording
}

fn nanoseconds(seconds: &str) -> u64 {
    (seconds.parse::<f64>().unwrap() * 1e9).round() as u64
}
