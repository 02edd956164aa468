//! A small coverage study: intervals hold the exact value about as often as they say, from replications, from one run, and when
//! the precision decides how many replications there are. The whole study is `cargo run --release --example coverage`.

// The models are those of the example, which shows more of them.
#[path = "coverage/acceptance.rs"]
mod acceptance;
#[path = "../examples/coverage/models.rs"]
mod models;
#[path = "../examples/coverage/study.rs"]
mod study;

use acceptance::accept;
use study::{Mode, Row};

const EXPERIMENTS: u64 = 100;

/// The first so many quantities of a model: the mean wait, its p50, p99 and p99.9, the mean backlog.
fn rows(model: &str, load: f64, mode: Mode, messages: f64, quantities: usize) -> Vec<Row> {
    some_rows(EXPERIMENTS, model, load, mode, messages, quantities)
}

fn some_rows(experiments: u64, model: &str, load: f64, mode: Mode, messages: f64, quantities: usize) -> Vec<Row> {
    let mut case = models::case(model, load).expect("the model is known");
    case.truths.truncate(quantities);
    study::study(&case, mode, messages, experiments).expect("the model is valid")
}

fn covered(rows: &[Row]) {
    for row in rows {
        accept(row).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn ten_replications_cover_the_truth() {
    covered(&rows("mm1", 0.5, Mode::Fixed, 12e3, 5));
    covered(&rows("md1", 0.8, Mode::Fixed, 12e3, 2));
    covered(&rows("priority", 0.7, Mode::Fixed, 12e3, 3));
}

/// The fault that one run is guarded against: as if all waits were independent, the interval would be narrower by far.
#[test]
fn correlated_waits_are_not_taken_for_independent_ones() {
    for mode in [Mode::Fixed, Mode::One] {
        let messages = if mode == Mode::One { 120e3 } else { 12e3 };
        let row = &some_rows(10, "mm1", 0.8, mode, messages, 1)[0];
        // The standard deviation of a wait at load r is sqrt(r (2 - r)) / (1 - r).
        let as_if_independent = 1.96 * (0.8f64 * 1.2).sqrt() / 0.2 / 120e3f64.sqrt();
        assert!(row.half_width() > 4.0 * as_if_independent, "{row}");
    }
}

/// High load from an empty system: without a warm-up the mean would be 1.7 % low.
#[test]
fn a_warm_up_takes_the_bias_of_an_empty_start() {
    let rows = rows("mm1", 0.9, Mode::Fixed, 20e3, 1);
    assert!(rows[0].bias().abs() < 0.015, "{}", rows[0]);
    covered(&rows);
}

#[test]
fn one_long_run_covers_the_truth() {
    covered(&rows("mm1", 0.5, Mode::One, 120e3, 3));
}

#[test]
fn stopping_by_precision_covers_the_truth() {
    covered(&rows("mm1", 0.5, Mode::Precision, 20e3, 1));
}
