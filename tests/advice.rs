//! Stability verdicts and advice, each from a scenario that provokes it and from a healthy one that does not.

use queuelab::experiment::stability::{Stability, Verdict};
use queuelab::experiment::{self, Study};
use queuelab::model::{Load, Model};
use queuelab::report::{self, Warning};
use queuelab::scenario::{self, Document};

/// Three workers at a load of 80 %, long enough for everything that is shown.
const HEALTHY: &str = r#"
[run]
duration = "10min"
replications = 10

[producers.web]
arrivals = { poisson = "240/s" }
publish = "jobs"

[queues.jobs]

[consumers.workers]
queue = "jobs"
count = 3
service = { exponential = "10ms" }
"#;

fn model(text: &str, overrides: &[&str]) -> Model {
    let document = Document { name: "test".to_owned(), path: None, text: text.to_owned() };
    let overrides: Vec<String> = overrides.iter().map(|set| (*set).to_owned()).collect();
    scenario::resolve(&document, &overrides).unwrap_or_else(|problems| panic!("{}", problems.render(false))).model
}

fn study(model: &Model) -> Study {
    experiment::run(model, &|_, _| true).unwrap()
}

/// The healthy scenario with these overrides: how its pool kept up, and what is advised.
fn run(overrides: &[&str]) -> (Stability, Vec<Warning>) {
    run_text(HEALTHY, overrides)
}

fn run_text(text: &str, overrides: &[&str]) -> (Stability, Vec<Warning>) {
    let model = model(text, overrides);
    let study = study(&model);
    let warnings = report::advice(
        &model,
        &Load::of(&model),
        &study.summary,
        &study.courses.iter().map(|course| course.warmup).collect::<Vec<_>>(),
    );
    (study.summary.stability[0].clone(), warnings)
}

fn kinds(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.kind.as_str()).collect()
}

/// The only warning of this kind; it says all of these.
fn says(warnings: &[Warning], kind: &str, parts: &[&str]) {
    let found: Vec<&Warning> = warnings.iter().filter(|warning| warning.kind == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {warnings:?}");
    for part in parts {
        assert!(found[0].message.contains(part), "{part}: {}", found[0].message);
    }
}

#[test]
fn a_healthy_run_needs_no_advice() {
    for overrides in [&[] as &[&str], &["run.replications=1", "run.duration=2h"]] {
        let (seen, warnings) = run(overrides);
        assert_eq!(seen.verdict, Verdict::Stable, "{seen:?}");
        assert!((seen.known_load - 0.8).abs() < 1e-12 && (seen.load.estimate.unwrap() - 0.8).abs() < 0.02, "{seen:?}");
        assert!(!seen.grew && seen.growth.low.unwrap() < 0.0 && seen.growth.high.unwrap() > 0.0, "{seen:?}");
        assert_eq!(kinds(&warnings), Vec::<&str>::new(), "{warnings:?}");
    }
    // A goal that is clearly met, too.
    let goal = format!("{HEALTHY}\n[goals]\nfast = \"consumers.workers.wait.mean < 15ms\"\n");
    assert!(run_text(&goal, &[]).1.is_empty());
}

/// Stable queues of every load are called so, whatever the seed: 24 runs of three lengths.
#[test]
fn stable_pools_are_not_called_anything_else() {
    for (rate, duration) in [("150/s", "1min"), ("240/s", "3min"), ("285/s", "20min")] {
        for seed in 1..=8 {
            let (rate, seed) = (format!("producers.web.arrivals.poisson={rate}"), format!("run.seed={seed}"));
            let duration = format!("run.duration={duration}");
            let (seen, warnings) = run(&[&rate, &duration, &seed]);
            assert_eq!(seen.verdict, Verdict::Stable, "{rate} {seed}: {seen:?}");
            assert!(!kinds(&warnings).contains(&"still-growing"));
        }
    }
}

#[test]
fn an_overloaded_pool_is_told_how_many_workers_would_carry_it() {
    for replications in ["run.replications=10", "run.replications=1", "run.replications=2"] {
        let (seen, warnings) = run(&["consumers.workers.count=2", "run.duration=5min", replications]);
        assert_eq!(seen.verdict, Verdict::Overloaded, "{seen:?}");
        let (low, high) = (seen.growth.low.unwrap(), seen.growth.high.unwrap());
        assert!(seen.grew && low < 43.0 && high > 37.0 && low > 30.0 && high < 50.0, "{seen:?}");
        says(
            &warnings,
            "overloaded",
            &["grows by 40 msg/s", "raise `count` from 2", "`count = 3` would carry it at a load of 80 %"],
        );
        assert!(!kinds(&warnings).contains(&"correlated"), "no length of the run is enough");
    }
    // The least number that carries it would be too few for comfort: both are told.
    let (_, warnings) = run(&["producers.web.arrivals.poisson=495/s", "run.duration=1min"]);
    says(&warnings, "overloaded", &["`count = 5` would carry it at a load of 99 %, `count = 7` at 70.7 %"]);
}

#[test]
fn a_bounded_queue_is_saturated_and_says_what_it_loses() {
    let (seen, warnings) = run(&["consumers.workers.count=2", "queues.jobs.max_length=50", "run.duration=5min"]);
    assert_eq!(seen.verdict, Verdict::Saturated, "{seen:?}");
    assert!((seen.lost - 1.0 / 6.0).abs() < 0.01 && !seen.grew, "{seen:?}");
    says(&warnings, "overloaded", &["`jobs` loses 40 msg/s (16.7 %)", "`count = 3`", "or live with the loss"]);
    // A limit that costs a few messages does not make a pool saturated.
    let (seen, _) = run(&["queues.jobs.max_length=5", "run.duration=5min"]);
    assert!(seen.verdict == Verdict::Stable && seen.lost > 0.05, "{seen:?}");
}

/// A run that is worked off in the end has no growth; what was offered decides.
#[test]
fn a_run_that_is_drained_is_judged_by_what_was_offered() {
    let (seen, warnings) = run(&["run.stop=drained", "producers.web.messages=20000", "consumers.workers.count=2"]);
    assert!(seen.verdict == Verdict::Stable && seen.growth.estimate.is_none(), "{seen:?}");
    says(&warnings, "peak", &["grows by up to 40 msg/s"]);
    let (seen, _) = run(&["run.stop=drained", "run.duration=1min", "consumers.workers.count=2"]);
    assert!(seen.verdict == Verdict::Overloaded && !seen.grew, "{seen:?}");
}

#[test]
fn at_the_edge_nothing_is_decided() {
    let (seen, _) = run(&["producers.web.arrivals.poisson=300/s", "run.duration=2min"]);
    assert_eq!(seen.verdict, Verdict::Undecided, "{seen:?}");
}

/// A load of 99 % seen for a minute from an empty system: it will settle, but not so soon.
#[test]
fn a_backlog_that_has_not_settled_is_told() {
    let short = ["producers.web.arrivals.poisson=297/s", "run.duration=20s", "run.warmup=none", "run.replications=40"];
    let (seen, warnings) = run(&short);
    assert!(seen.verdict == Verdict::Undecided && seen.grew, "{seen:?}");
    says(&warnings, "still-growing", &["the backlog of `jobs`", "lengthen `run.duration`"]);
}

#[test]
fn one_run_whose_batches_are_correlated_is_told_to_be_longer() {
    let (_, warnings) = run(&["producers.web.arrivals.poisson=297/s", "run.duration=1min", "run.replications=1"]);
    says(
        &warnings,
        "correlated",
        &["`producers.web.completion.mean`", "one run of 60 s", "still correlated", "4 min", "`run.replications = 10`"],
    );
    assert!(!kinds(&run(&["run.replications=1", "run.duration=2h"]).1).contains(&"correlated"));
}

#[test]
fn a_percentile_with_few_samples_is_told_how_long_the_run_must_be() {
    let (_, warnings) = run(&["run.duration=30s"]);
    says(&warnings, "few-samples", &["p99.9 of `consumers.workers.wait`", "7 observations beyond it", "`run.duration` of 4"]);
}

#[test]
fn warm_ups_that_do_not_fit_are_told() {
    let (_, warnings) = run(&["run.warmup=20min"]);
    says(&warnings, "warm-up", &["the warm-up of 20 min is longer than the 10 min", "40 min", "or shorten `run.warmup`"]);
    assert!(!kinds(&run(&["run.warmup=5min"]).1).contains(&"warm-up"));
    let slow = ["producers.web.arrivals.poisson=297/s", "run.duration=30s", "run.replications=10"];
    let (_, warnings) = run(&slow);
    says(&warnings, "warm-up", &["the backlog had not settled by the middle of the run", "`run.duration` of 120 s"]);
}

#[test]
fn a_run_that_is_over_before_its_warm_up_is_told() {
    let model = model(HEALTHY, &["run.stop=drained", "producers.web.messages=1000", "run.warmup=1min"]);
    let study = study(&model);
    let warnings = report::advice(
        &model,
        &Load::of(&model),
        &study.summary,
        &study.courses.iter().map(|course| course.warmup).collect::<Vec<_>>(),
    );
    says(&warnings, "warm-up", &["10 of 10 replications were over before their warm-up of 60 s was"]);
}

/// A goal within the interval: what is advised does settle it.
#[test]
fn an_interval_that_is_wider_than_the_effect_is_told_what_would_narrow_it() {
    // Erlang's formula: a mean wait of 10.787 ms.
    let goal = format!("{HEALTHY}\n[goals]\nfast = \"consumers.workers.wait.mean < 11ms\"\n");
    let (_, warnings) = run_text(&goal, &["run.duration=1min"]);
    says(
        &warnings,
        "wide-interval",
        &["the goal `fast` is undecided", "consumers.workers.wait.mean < 11ms", "replications (now 10)"],
    );
    let (_, warnings) = run_text(&goal, &["run.duration=20min", "run.replications=1"]);
    says(&warnings, "wide-interval", &["a `run.duration` of about"]);
    let precise = goal.replace("replications = 10", "precision = \"10%\"").replace("10min", "1min");
    let (_, warnings) = run_text(&precise, &[]);
    says(&warnings, "wide-interval", &["`run.precision = \""]);
    // The goal is the truth: nothing settles that.
    let hopeless = goal.replace("11ms", "10.7872ms");
    let near = run_text(&hopeless, &["run.duration=10min", "run.replications=200"]).1;
    says(&near, "wide-interval", &["the goal `fast` is undecided"]);
    let settled = run_text(&goal, &["run.duration=30min", "run.replications=100"]).1;
    assert!(!kinds(&settled).contains(&"wide-interval"), "{settled:?}");
}

/// The advice of a scenario whose pools may be none.
fn advised(text: &str) -> Vec<Warning> {
    let model = model(text, &[]);
    let study = study(&model);
    report::advice(&model, &Load::of(&model), &study.summary, &[])
}

#[test]
fn retries_that_are_the_load_and_work_for_nobody_are_told() {
    let storm = r#"
[run]
start = "empty"
duration = "60s"
replications = 3
[producers.web]
arrivals = { poisson = "280/s" }
steps = [{ call = "api", retry = { max_attempts = 2, backoff = "0s" }, timeout = "1s" }]
[services.api]
service = "3.333333ms"
[[faults]]
at = "10s"
for = "10s"
pause = "services.api"
"#;
    let warnings = advised(storm);
    says(&warnings, "retry-storm", &["for each request of `web`", "tried again 0.", "`budget`"]);
    says(&warnings, "wasted-work", &["of what `api` worked on was for callers who had given up", "`shed"]);
    // Without the fault there is nothing to be said.
    let calm = storm.split("[[faults]]").next().unwrap();
    assert_eq!(kinds(&advised(calm)), Vec::<&str>::new());
}

#[test]
fn workers_that_only_wait_for_one_service_are_told() {
    let text = |rate: &str| {
        format!(
            "[run]\nstart = \"empty\"\nduration = \"2min\"\nreplications = 3\n[producers.web]\narrivals = {{ poisson = \"{rate}\" }}\ncall = \"shop\"\n\
             [services.shop]\nconcurrency = 4\nqueue_limit = 100\nsteps = [{{ work = \"2ms\" }}, {{ call = \"payment\" }}]\n\
             [services.payment]\nservice = \"20ms\"\n"
        )
    };
    says(&advised(&text("49/s")), "waits-for-one", &["the workers of `shop`", "waiting for `payment`", "`bulkhead`"]);
    assert!(!kinds(&advised(&text("10/s"))).contains(&"waits-for-one"));
}

/// What is passed on at the peak counts at every service behind the first.
#[test]
fn a_peak_is_seen_behind_other_services() {
    let text = r#"
[run]
duration = "2min"
[producers.web]
arrivals = { profile = [{ for = "1min", rate = "10/s" }, { for = "10s", rate = "100/s" }], repeat = true }
call = "front"
[services.front]
concurrency = 4
steps = [{ work = "5ms" }, { call = "back" }]
[services.back]
service = "20ms"
"#;
    let model = model(text, &[]);
    let load = Load::of(&model);
    assert!((load.services[1].peak_rate - 100.0).abs() < 1e-9, "{load:?}");
    let found = report::check_json(&model, &load);
    let problems: Vec<&str> =
        found["problems"].as_array().unwrap().iter().map(|problem| problem["message"].as_str().unwrap()).collect();
    assert!(problems.iter().any(|said| said.contains("the callers of `back` grow by up to 50 requests/s")), "{problems:?}");
}
