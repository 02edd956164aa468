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
use study::{Mode, Plan, Row};

const EXPERIMENTS: u64 = 100;

/// The first so many quantities of a model: the mean wait, its p50, p99 and p99.9, the mean backlog.
fn rows(model: &str, load: f64, mode: Mode, messages: f64, quantities: usize) -> Vec<Row> {
    some_rows(EXPERIMENTS, model, load, mode, messages, quantities)
}

fn some_rows(experiments: u64, model: &str, load: f64, mode: Mode, messages: f64, quantities: usize) -> Vec<Row> {
    let mut case = models::case(model, load).expect("the model is known");
    case.truths.truncate(quantities);
    let plan = Plan { mode, messages, experiments, controls: true, also: "" };
    study::study(&case, &plan).expect("the model is valid")
}

fn covered(rows: &[Row]) {
    for row in rows {
        accept(row).unwrap_or_else(|why| panic!("{why}"));
    }
}

#[test]
fn ten_replications_cover_the_truth() {
    covered(&rows("mm1", 0.5, Mode::Fixed(10), 7e3, 5));
    covered(&rows("md1", 0.8, Mode::Fixed(10), 8e3, 2));
    // Both classes: three quantities of the urgent, then p99.9 of them and three of the others.
    covered(&rows("priority", 0.5, Mode::Fixed(10), 8e3, 7));
}

/// With and without control variates, and in antithetic pairs: all cover, and what is known narrows the interval by a quarter.
/// (Ten pairs instead of twenty replications do not: the wait is convex, and half of the degrees of freedom are gone.)
#[test]
fn variance_is_reduced_and_the_truth_still_covered() {
    let mut case = models::case("mm1", 0.8).expect("the model is known");
    case.truths.truncate(1);
    let run = |controls, also| {
        let plan = Plan { mode: Mode::Fixed(20), messages: 4e3, experiments: EXPERIMENTS, controls, also };
        study::study(&case, &plan).expect("the model is valid")
    };
    let [plain, corrected, pairs] =
        [(false, ""), (true, ""), (false, "antithetic = true")].map(|(controls, also)| run(controls, also));
    [&plain, &corrected, &pairs].into_iter().for_each(|rows| covered(rows));
    let narrower = corrected[0].half_width() / plain[0].half_width();
    assert!((0.6..0.85).contains(&narrower), "{narrower}: {} {}", plain[0], corrected[0]);
}

/// Whether a tail gets an interval is told by the amount of data, the same for all, and not by how the tail happens to look: p99 of
/// 110,000 waits has 11 excursions beyond it at load 0.9, and 275 at 0.5.
#[test]
fn what_is_refused_is_refused_to_all() {
    for (load, given) in [(0.9, 0), (0.5, 20)] {
        let rows = some_rows(20, "mm1", load, Mode::Fixed(10), 11e3, 3);
        assert_eq!(rows[2].given, given, "{}", rows[2]);
    }
}

/// The fault that one run is guarded against: as if all waits were independent, the interval would be narrower by far.
#[test]
fn correlated_waits_are_not_taken_for_independent_ones() {
    for mode in [Mode::Fixed(10), Mode::One] {
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
    let rows = rows("mm1", 0.9, Mode::Fixed(10), 20e3, 1);
    assert!(rows[0].bias().abs() < 0.015, "{}", rows[0]);
    covered(&rows);
}

#[test]
fn one_long_run_covers_the_truth() {
    covered(&rows("mm1", 0.5, Mode::One, 120e3, 3));
}

#[test]
fn stopping_by_precision_covers_the_truth() {
    covered(&rows("mm1", 0.5, Mode::Precision(0.05), 20e3, 1));
}
