//! Recorded RabbitMQ queues, replayed: the program against an independent replay, and both against what was measured.
//!
//! `tests/data/real/expected.csv` was written by `tests/oracles/replay.py`, which shares no line with the simulator.

use queuelab::engine::{Observer, Transition, World};
use queuelab::experiment;
use queuelab::model::Model;
use queuelab::scenario::{read, resolve};
use queuelab::units::Time;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// The mean and three percentiles.
const STATISTICS: [(&str, f64); 4] = [("mean", 0.0), ("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];
/// Relative resolution of a histogram.
const RESOLUTION: f64 = 1e-3;

/// The figures of a recording: waits in seconds, by what they are figures of.
struct Recording {
    name: String,
    scenario: String,
    figures: BTreeMap<String, [f64; 4]>,
}

fn recordings() -> Vec<Recording> {
    let mut table = csv::Reader::from_path(Path::new(ROOT).join("tests/data/real/expected.csv")).unwrap();
    let mut recordings: Vec<Recording> = Vec::new();
    for row in table.records() {
        let row = row.unwrap();
        if recordings.last().is_none_or(|last| last.name != row[0]) {
            recordings.push(Recording { name: row[0].to_owned(), scenario: row[1].to_owned(), figures: BTreeMap::new() });
        }
        let figures = std::array::from_fn(|at| row[5 + at].parse().unwrap());
        recordings.last_mut().unwrap().figures.insert(row[4].to_owned(), figures);
    }
    assert_eq!(recordings.len(), 7);
    recordings
}

/// The model of a recording, with another turnaround than its file says.
fn model(recording: &Recording, turnaround: Option<&str>) -> Model {
    let document = read(&Path::new(ROOT).join(&recording.scenario)).unwrap();
    let overrides: Vec<String> = turnaround.iter().map(|by| format!("consumers.workers.service.shifted.by={by}")).collect();
    resolve(&document, &overrides).unwrap_or_else(|problems| panic!("{problems}")).model
}

/// Keeps every wait, which no histogram rounds.
#[derive(Default)]
struct Waits(Vec<u64>);

impl Observer for Waits {
    fn record(&mut self, _: Time, transition: Transition<'_>) {
        if let Transition::Started { waited, .. } = transition {
            self.0.push(waited.0);
        }
    }
}

/// Mean and nearest-rank percentiles in seconds of all waits, one by one.
fn replayed(model: &Model) -> [f64; 4] {
    let mut world = World::new(model, model.plan.seed, 0, Time::LATEST);
    let mut waits = Waits::default();
    world.advance(Time::LATEST, u64::MAX, &mut waits).unwrap();
    let mut waits = waits.0;
    waits.sort_unstable();
    let count = waits.len() as f64;
    let mean = waits.iter().sum::<u64>() as f64 / count;
    STATISTICS.map(|(_, order)| if order == 0.0 { mean } else { waits[(order * count).ceil() as usize - 1] as f64 } / 1e9)
}

/// To the digits of `expected.csv`, which are nanoseconds.
fn same(found: [f64; 4], expected: [f64; 4]) -> bool {
    found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1.5e-9)
}

#[test]
fn waits_are_those_of_an_independent_replay() {
    for recording in recordings() {
        for (which, turnaround) in [("plain", Some("0ms")), ("turnaround", None)] {
            let model = model(&recording, turnaround);
            let (found, expected) = (replayed(&model), recording.figures[which]);
            assert!(same(found, expected), "{} {which}: {found:?}, should be {expected:?}", recording.name);
            // What the program prints: means exactly, percentiles from a histogram.
            let study = experiment::run(&model, &|_, _| true).unwrap();
            for ((statistic, _), expected) in STATISTICS.iter().zip(expected) {
                let printed = study.summary.metrics[&format!("consumers.workers.wait.{statistic}")].value.estimate.unwrap();
                let allowed = if *statistic == "mean" { 1.5e-9 } else { RESOLUTION * expected };
                assert!((printed - expected).abs() <= allowed, "{} {which} {statistic}: {printed}, {expected}", recording.name);
            }
        }
    }
}

/// The comparison can fail: a hundredth of a millisecond more, or another prefetch, is another replay.
#[test]
fn other_models_give_other_waits() {
    for recording in recordings() {
        let more = replayed(&model(&recording, Some("0.444ms")));
        assert!(!same(more, recording.figures["turnaround"]), "{}", recording.name);
        let mut other = model(&recording, None);
        other.pools[0].prefetch = queuelab::model::Prefetch::Limit(5);
        assert!(!same(replayed(&other), recording.figures["turnaround"]), "{}", recording.name);
    }
}

/// `docs/replay.md` and the header of `scenarios/replay.toml` state what the program gives, and how far that is from what was
/// measured.
#[test]
fn documents_state_the_distance_to_what_was_measured() {
    let document = fs::read_to_string(Path::new(ROOT).join("docs/replay.md")).unwrap();
    let header = fs::read_to_string(Path::new(ROOT).join("scenarios/replay.toml")).unwrap();
    let mut close = 0;
    for recording in recordings() {
        let from = document.find(&format!("\n| {} |", recording.name)).unwrap_or_else(|| panic!("no row for {}", recording.name));
        let measured = recording.figures["measured"];
        let mut lines = document[from..].lines().skip(1);
        let stated = lines.next().unwrap();
        let cells = |figures: [f64; 4]| figures.map(|seconds| format!("{:.3}", seconds * 1e3));
        assert!(stated.ends_with(&format!("| measured | {} |  |", cells(measured).join(" | "))), "{stated}");
        for (which, turnaround) in [("plain", Some("0ms")), ("turnaround", None)] {
            let found = replayed(&model(&recording, turnaround));
            let off = found[0] / measured[0] - 1.0;
            let row = format!("|  | |  | {which} | {} | {:+.1} % |", cells(found).join(" | "), off * 100.0);
            assert_eq!(lines.next().unwrap(), row, "{}", recording.name);
            if recording.name == "mm3" {
                cells(found).iter().for_each(|cell| assert!(header.contains(cell), "{cell} in the header of replay.toml"));
                assert!(header.contains(&format!("{:.1} %", -off * 100.0)));
            }
            if which == "plain" {
                assert!((-0.335..-0.045).contains(&off), "{}: 5 to 33 % too low, says docs/replay.md", recording.name);
            } else {
                let tail = found[3] / measured[3] - 1.0;
                close += usize::from(off.abs() < 0.09 && tail.abs() < 0.07);
            }
        }
    }
    assert_eq!(close, 6, "six of seven are within 9 % on the mean and 7 % on p99, says docs/replay.md");
}
