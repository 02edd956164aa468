//! What real brokers did, replayed: the program against an independent replay, and both against what was measured.
//!
//! `tests/data/real/expected.csv` was written by `tests/oracles/replay.py --csv`, which shares no line with the simulator.

#[path = "real/suite.rs"]
mod suite;

use rayon::prelude::*;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use suite::figures::{Figures, off};
use suite::recordings::recordings;
use suite::replay::{Prediction, model, replay};
use suite::table::{Comparison, Distance, Kind, dealt_out, distance, table, windows, words};
use suite::window::{points, predict};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Which of three consumers dies is told by its number in the recording and the oracle, and by who is first in the model: after that all
/// is the same but for who has which place in the ring.
const AFTER_A_CRASH: &str = "R8_crash_p1";

/// All recordings and what is predicted of them, once for all tests.
static COMPARISONS: LazyLock<Vec<Comparison>> = LazyLock::new(|| recordings().into_par_iter().map(Comparison::of).collect());

/// What the independent replay says of a recording: the figures of the waits, throughput, share lost, and one number for all waits.
struct Expected {
    name: String,
    figures: [f64; 4],
    throughput: f64,
    lost: f64,
    digest: u64,
}

fn expected() -> Vec<Expected> {
    let mut table = csv::Reader::from_path(Path::new(ROOT).join("tests/data/real/expected.csv")).unwrap();
    let rows = table.records().map(|row| {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Expected {
            name: row[0].to_owned(),
            figures: std::array::from_fn(|at| number(at + 1)),
            throughput: number(5),
            lost: number(6),
            digest: row[7].parse().unwrap(),
        }
    });
    rows.collect()
}

/// One number for all waits, each at its message.
fn digest(prediction: &Prediction) -> u64 {
    let part = |&(which, wait): &(usize, u64)| (which as u64 + 1).wrapping_mul(wait);
    prediction.waits.iter().map(part).fold(0, u64::wrapping_add)
}

fn comparison(name: &str) -> &'static Comparison {
    COMPARISONS.iter().find(|comparison| comparison.recording.name == name).unwrap()
}

#[test]
fn waits_are_those_of_an_independent_replay() {
    let all = expected();
    assert_eq!(all.len(), 24);
    let mut wrong = Vec::new();
    for Expected { name, figures, throughput, lost, digest: all_waits } in all {
        let predicted = &comparison(&name).predicted;
        let found = Figures::of(&predicted.waits()).unwrap().all();
        let same = |found: f64, expected: f64, by: f64| (found - expected).abs() <= by;
        // After a crash the places in the ring decide, and with them a few messages.
        let close = if name == AFTER_A_CRASH { 1e-3 } else { 1e-6 };
        let alike = same(predicted.lost, lost, 1e-6) && same(predicted.throughput / throughput, 1.0, close);
        let equal = if name == AFTER_A_CRASH {
            same(found[0] / figures[0], 1.0, 1e-3)
        } else {
            digest(predicted) == all_waits && found.iter().zip(figures).all(|(&found, expected)| same(found, expected, 1.5e-9))
        };
        if !alike || !equal {
            wrong.push(format!("{name}: {found:?}, should be {figures:?}; {}, {lost}", predicted.lost));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The comparison can fail: a hundredth of a millisecond more is another replay.
#[test]
fn other_delays_give_other_waits() {
    for Expected { name, digest: all_waits, .. } in expected() {
        assert_ne!(digest(&replay(&model(&name, 1.01))), all_waits, "{name}");
    }
}

#[test]
fn what_a_broker_deals_out_in_turn_comes_to_the_consumer_that_really_got_it() {
    for name in ["R2_mm3_p100", "R11_share_qos1_rm1", "R12_auto"] {
        let Comparison { recording, predicted, .. } = comparison(name);
        assert_eq!(predicted.consumers, recording.consumers, "{name}");
    }
}

/// What is promised in `docs/validation.md`.
#[test]
fn predictions_are_close_to_what_was_measured() {
    let Distance { median_mean, worst_mean, median_p99, worst_p99, worst_lost } = distance(&COMPARISONS, false);
    assert!(median_mean < 0.015 && worst_mean < 0.063, "{median_mean} {worst_mean}");
    assert!(median_p99 < 0.02 && worst_p99 < 0.1 && worst_lost < 0.01, "{median_p99} {worst_p99} {worst_lost}");
    let Distance { median_mean, worst_mean, median_p99, worst_p99, worst_lost } = distance(&COMPARISONS, true);
    assert!(median_mean < 0.015 && worst_mean < 0.05, "{median_mean} {worst_mean}");
    assert!(median_p99 < 0.02 && worst_p99 < 0.1 && worst_lost < 0.01, "{median_p99} {worst_p99} {worst_lost}");
}

#[test]
fn callers_that_wait_see_the_round_trips_that_were_measured() {
    let mut seen = 0;
    for comparison in COMPARISONS.iter().filter(|comparison| comparison.recording.kind() == Kind::Requests) {
        let (measured, predicted) = comparison.figures(&comparison.predicted);
        let rate = off(comparison.predicted.throughput, comparison.recording.throughput.unwrap());
        let name = &comparison.recording.name;
        assert!(off(predicted.mean, measured.mean).abs() < 0.05, "{name}: {predicted:?}, {measured:?}");
        assert!(rate.abs() < 0.025, "{name}: {rate}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn one_set_of_costs_gives_the_throughput_of_every_window() {
    let points = points();
    assert_eq!(points.len(), 24);
    for point in points {
        let (rate, _) = predict(&point);
        assert!(off(rate, point.measured).abs() < 0.15, "{} {}: {rate}, {}", point.queue, point.window, point.measured);
    }
}

/// Every row of the tables in `docs/validation.md` is what the program says now.
#[test]
fn the_document_states_what_is_predicted() {
    let document = fs::read_to_string(Path::new(ROOT).join("docs/validation.md")).unwrap();
    let mut stated = [Kind::Replay, Kind::Requests, Kind::Path].map(|kind| table(&COMPARISONS, kind)).concat();
    stated += &windows();
    stated += &words("as the scenarios are", distance(&COMPARISONS, false));
    stated += &words("at the speed of the machine", distance(&COMPARISONS, true));
    stated += &dealt_out(&COMPARISONS);
    for line in stated.lines() {
        assert!(document.contains(line), "cargo run --release --example real says now: {line}");
    }
}
