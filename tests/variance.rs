//! Random numbers that are shared, mirrored or known: differences and means get narrower, and nothing else changes.

use queuelab::experiment::{self, Schedule};
use queuelab::measure;
use queuelab::model::{Model, metrics};
use queuelab::scenario::{self, Document};
use queuelab::units::Span;

const WAIT: &str = "consumers.workers.wait";

/// Poisson arrivals at this rate before so many workers with exponential work of so many milliseconds.
fn model(run: &str, rate: f64, workers: u32, work: f64) -> Model {
    let text = format!(
        "[run]\n{run}\n[producers.web]\narrivals = {{ poisson = \"{rate}/s\" }}\npublish = \"jobs\"\n[queues.jobs]\n\
         [consumers.workers]\nqueue = \"jobs\"\ncount = {workers}\nservice = {{ exponential = \"{work}ms\" }}\n"
    );
    let document = Document { name: "test".into(), path: None, text };
    scenario::resolve(&document, &[]).map_err(|problems| problems.render(false)).unwrap().model
}

/// The mean wait of each replication, in seconds.
fn waits(model: &Model, replications: u32) -> Vec<f64> {
    let metric = metrics(model).iter().position(|metric| metric.name == WAIT).unwrap();
    let schedule = Schedule::new(model, Span::from_secs_f64(20.0));
    let wait = |replication| {
        let run = experiment::simulate(model, schedule, replication, &|_| true).unwrap().unwrap();
        let (sum, count) = measure::sums(model, &run.recorder, run.measured)[metric];
        sum as f64 / count as f64 / 1e9
    };
    (0..replications).map(wait).collect()
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// By how much the variance of a difference falls when both variants have the same random numbers.
fn gain(one: &Model, other: &Model) -> f64 {
    let (one, other) = (waits(one, 100), waits(other, 100));
    let differences: Vec<f64> = one.iter().zip(&other).map(|(one, other)| one - other).collect();
    (variance(&one) + variance(&other)) / variance(&differences)
}

/// Message k has the same gap and the same work in both variants, whoever works on it. Measured here: the variance is divided
/// by 21 for work that is 3 % longer, by 2.3 for nine workers instead of eight.
#[test]
fn variants_share_their_random_numbers() {
    let run = "duration = \"200s\"";
    let slower = gain(&model(run, 80.0, 1, 10.0), &model(run, 80.0, 1, 10.3));
    assert!(slower > 10.0, "3 % slower: variance divided by {slower:.1}");
    let more = gain(&model(run, 80.0, 8, 80.0), &model(run, 80.0, 9, 80.0));
    assert!(more > 1.5, "nine instead of eight: variance divided by {more:.1}");
    // With numbers of their own a difference has the variance of both.
    let mut other = model(run, 80.0, 1, 10.3);
    other.plan.seed = 2;
    let apart = gain(&model(run, 80.0, 1, 10.0), &other);
    assert!((0.5..2.0).contains(&apart), "other seeds: variance divided by {apart:.1}");
}

/// The wait before an overloaded worker is the sum of all work before it: what one of a pair has too much of, the other lacks.
/// Where work is uniform and arrivals are regular that is all there is; exponentials leave a third of the variance.
#[test]
fn antithetic_pairs_cancel_what_is_linear() {
    let study = |arrivals: &str, work: &str, also: &str| {
        let text = format!(
            "[run]\nduration = \"100s\"\nstart = \"empty\"\nreplications = 20\n{also}\n[producers.web]\narrivals = {arrivals}\n\
             publish = \"jobs\"\n[queues.jobs]\n[consumers.workers]\nqueue = \"jobs\"\nservice = {work}\n"
        );
        let document = Document { name: "test".into(), path: None, text };
        let model = scenario::resolve(&document, &[]).map_err(|problems| problems.render(false)).unwrap().model;
        experiment::run(&model, &|_, _| true).unwrap().summary.metrics
    };
    let width = |value: &queuelab::stats::Estimate| value.high.unwrap() - value.low.unwrap();
    let narrower = |arrivals: &str, work: &str| {
        let (plain, pairs) = (study(arrivals, work, ""), study(arrivals, work, "antithetic = true"));
        for (name, method) in [("mean", "Student t"), ("sd", "spread"), ("p90", "inversion")] {
            let value = &pairs[&format!("{WAIT}.{name}")].value;
            assert_eq!(value.method.as_deref(), Some(format!("{method} over 10 antithetic pairs").as_str()), "{name}");
        }
        ["consumers.workers.wait.mean", "queues.jobs.backlog.mean"]
            .map(|name| width(&pairs[name].value) / width(&plain[name].value))
    };
    let found = narrower("{ constant = \"150/s\" }", "{ uniform = { min = \"5ms\", max = \"15ms\" } }");
    assert!(found.iter().all(|ratio| *ratio < 0.1), "{found:?}");
    let found = narrower("{ poisson = \"150/s\" }", "{ exponential = \"10ms\" }");
    assert!(found.iter().all(|ratio| *ratio < 0.9), "{found:?}");
}

/// The first of a pair is the replication that has its number; both together are exact mirrors in every exponential.
#[test]
fn the_first_of_a_pair_is_a_replication_as_any() {
    let plain = model("duration = \"50s\"", 80.0, 1, 10.0);
    let pairs = model("duration = \"50s\"\nantithetic = true", 80.0, 1, 10.0);
    let fingerprint = |model: &Model, replication| {
        let schedule = Schedule::new(model, Span::from_secs_f64(5.0));
        experiment::simulate(model, schedule, replication, &|_| true).unwrap().unwrap().tally.fingerprint
    };
    assert_eq!(fingerprint(&plain, 0), fingerprint(&pairs, 0));
    assert_eq!(fingerprint(&plain, 2), fingerprint(&pairs, 2));
    assert_ne!(fingerprint(&plain, 1), fingerprint(&pairs, 1));
    assert_ne!(fingerprint(&pairs, 0), fingerprint(&pairs, 1));
}

/// From twenty replications on the means of waits and backlogs are corrected, and say so; nothing else is.
#[test]
fn what_is_known_corrects_means_and_nothing_else() {
    let study = |replications: u32, controls: bool| {
        let mut model = model(&format!("duration = \"100s\"\nreplications = {replications}"), 80.0, 1, 10.0);
        model.plan.controls = controls;
        experiment::run(&model, &|_, _| true).unwrap().summary.metrics
    };
    let (with, without) = (study(20, true), study(20, false));
    let mut corrected = Vec::new();
    for (name, reading) in &with {
        if *reading == without[name] {
            continue;
        }
        let method = reading.value.method.as_deref();
        assert_eq!(method, Some("Student t over 20 replications, control variates"), "{name}");
        corrected.push(name.as_str());
    }
    assert_eq!(
        corrected,
        [
            "producers.web.completion.mean",
            "producers.web.wait.mean",
            "queues.jobs.ready.mean",
            "queues.jobs.backlog.mean",
            "queues.jobs.wait.mean",
            "consumers.workers.wait.mean",
            "consumers.workers.sojourn.mean",
        ]
    );
    assert_eq!(study(19, true), study(19, false));
}

/// Work without a finite variance is no control, nor are arrivals by plan.
#[test]
fn what_is_not_known_is_not_used() {
    let heavy = |arrivals: &str| {
        let text = format!(
            "[run]\nduration = \"50s\"\nreplications = 20\n[producers.web]\narrivals = {arrivals}\npublish = \"jobs\"\n[queues.jobs]\n\
             [consumers.workers]\nqueue = \"jobs\"\nservice = {{ pareto = {{ minimum = \"2ms\", shape = 1.5 }} }}\n"
        );
        let document = Document { name: "test".into(), path: None, text };
        let model = scenario::resolve(&document, &[]).map_err(|problems| problems.render(false)).unwrap().model;
        let metrics = experiment::run(&model, &|_, _| true).unwrap().summary.metrics;
        metrics[&format!("{WAIT}.mean")].value.method.clone().unwrap()
    };
    assert_eq!(heavy("{ constant = \"80/s\" }"), "Student t over 20 replications");
    assert_eq!(heavy("{ poisson = \"80/s\" }"), "Student t over 20 replications, control variates");
}

/// A search for precision adds whole pairs to the first twenty.
#[test]
fn a_search_adds_whole_pairs() {
    let run = "duration = \"300s\"\nprecision = \"2%\"\nprecision_on = [\"consumers.workers.wait.mean\"]\nantithetic = true";
    let study = experiment::run(&model(run, 80.0, 1, 10.0), &|_, _| true).unwrap();
    let replications = study.summary.replicates.len();
    assert!(replications > 40 && replications.is_multiple_of(2), "{replications}");
    let value = &study.summary.metrics["consumers.workers.wait.mean"].value;
    assert!(value.method.as_deref().unwrap().starts_with(&format!("Student t over {} antithetic pairs", replications / 2)));
    assert!((value.estimate.unwrap() / 0.04 - 1.0).abs() < 0.03, "{value:?}");
}
