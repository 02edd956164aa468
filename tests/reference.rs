//! The numbers are right: exact values of many queues, against what the program says about them.
//!
//! The quick part of `tests/data/reference`; `cargo run --release --example validate -- full` runs all of it.

#[path = "reference/suite.rs"]
mod suite;

use rayon::prelude::*;
use suite::chance::{at_least, at_most, successes, together};
use suite::measure::{Found, Outcome, measure};
use suite::table::table;
use suite::values::{Instance, Kind, instances};
use suite::verdict::judge;

const SEED: u64 = 1;

#[test]
fn estimates_cover_the_exact_values_as_often_as_they_say() {
    let quick: Vec<Instance> = instances().into_iter().filter(|instance| instance.quick).collect();
    let outcomes: Vec<Outcome> = quick.par_iter().flat_map(|instance| measure(instance, SEED)).collect();
    let verdict = judge(&outcomes);
    println!("{}", table(&quick, &outcomes, false));
    assert!(verdict.problems.is_empty(), "{}", verdict.problems.join("\n"));
    assert!(verdict.judged >= 200, "only {} intervals were judged", verdict.judged);
    shifts_are_caught(&outcomes);
}

/// The judge is no rubber stamp: the same estimates beside exact values that are a little off.
fn shifts_are_caught(outcomes: &[Outcome]) {
    let all = with(outcomes, |outcome| outcome.row.kind == Kind::Interval, 1.03);
    assert!(judge(&all).problems.iter().any(|problem| problem.contains("are too many")), "all values 3 % higher");
    let means = with(outcomes, |outcome| outcome.row.metric == "consumers.workers.wait.mean", 0.97);
    assert!(!judge(&means).problems.is_empty(), "the mean waits 3 % lower");
    let one = with(outcomes, |outcome| outcome.row.id == "mmc-01-wait_mean_s", 1.1);
    assert!(judge(&one).problems.iter().any(|problem| problem.contains("mmc-01-wait_mean_s")), "one value 10 % higher");
    let exact = with(outcomes, |outcome| outcome.row.id == "det-03-wait_max_s", 1.0 + 2e-9);
    assert!(judge(&exact).problems.iter().any(|problem| problem.contains("det-03-wait_max_s")), "two nanoseconds a second");
}

/// The outcomes, with some exact values multiplied.
fn with(outcomes: &[Outcome], which: impl Fn(&Outcome) -> bool, factor: f64) -> Vec<Outcome> {
    let mut changed = outcomes.to_vec();
    let chosen: Vec<&mut Outcome> = changed.iter_mut().filter(|outcome| which(outcome)).collect();
    assert!(!chosen.is_empty());
    chosen.into_iter().for_each(|outcome| outcome.row.value *= factor);
    changed
}

/// Too wide is wrong as well.
#[test]
fn intervals_that_never_miss_are_not_plausible() {
    let instance = &instances()[0];
    let one = |at: usize, spread: f64| Outcome {
        instance: format!("instance {at}"),
        row: instance.rows[0].clone(),
        found: Found::Interval { estimate: instance.rows[0].value * (1.0 + spread), error: 1.0, degrees: 19, half_width: 2.093 },
    };
    let all: Vec<Outcome> = (0..300).map(|at| one(at, 1e-3)).collect();
    assert!(judge(&all).problems.iter().any(|problem| problem.contains("too few")));
}

/// Tables of the binomial distribution: P(X >= 8) with n = 10, p = 1/2 is 56/1024; P(X >= 3) with n = 20, p = 0.05 is 0.0754837.
#[test]
fn tails_of_the_binomial_distribution() {
    let coins = successes(&[0.5; 10]);
    assert!((at_least(8, &coins) - 56.0 / 1024.0).abs() < 1e-15);
    assert!((at_most(1, &coins) - 11.0 / 1024.0).abs() < 1e-15);
    let rare = successes(&[0.05; 20]);
    assert!((at_least(3, &rare) - 0.075_483_7).abs() < 1e-7);
    assert!((at_most(0, &rare) - 0.95f64.powi(20)).abs() < 1e-15);
    // Two together and one alone: 3 successes with 1/4, 2 with 1/4, 1 with 1/4, none with 1/4.
    assert!(together(&[2, 1], 0.5).iter().all(|chance| (chance - 0.25).abs() < 1e-15));
    assert!((at_most(3, &together(&[1; 20], 0.05)) - at_most(3, &rare)).abs() < 1e-15);
    let uneven = successes(&[0.1, 0.5]);
    assert!((uneven[0] - 0.45).abs() < 1e-15 && (uneven[1] - 0.5).abs() < 1e-15 && (uneven[2] - 0.05).abs() < 1e-15);
}
