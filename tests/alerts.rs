//! Alerts, on models that leave nothing to chance: when they fire is known to a bin.

use queuelab::experiment::{AlertSeen, run};
use queuelab::model::Model;
use queuelab::scenario::{Document, resolve};

fn model(text: &str) -> Model {
    let document = Document { name: "alerts".to_owned(), path: None, text: text.to_owned() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}\n{text}")).model
}

fn alerts(text: &str) -> Vec<AlertSeen> {
    run(&model(text), &|_, _| true).unwrap().summary.alerts
}

/// Twenty messages a second, of which ten are done: ten more wait every second.
const OVERLOAD: &str = r#"
[run]
duration = "60s"
start = "empty"
replications = 3

[producers.source]
arrivals = { constant = "20/s" }
publish = "jobs"

[queues.jobs]

[consumers.workers]
queue = "jobs"
service = "100ms"
"#;

fn near(found: Option<f64>, expected: f64, slack: f64) {
    let found = found.unwrap_or_else(|| panic!("nothing where {expected} was expected"));
    assert!((found - expected).abs() <= slack, "{found} instead of {expected} up to {slack}");
}

#[test]
fn a_backlog_that_grows_steadily_calls_when_it_must() {
    let text = format!(
        "{OVERLOAD}\n[alerts]\nslow = \"queues.jobs.backlog > 100 for 5s\"\nquick = \"queues.jobs.backlog > 100\"\n\
         never = \"queues.jobs.backlog > 700 for 5s\"\n"
    );
    let seen = alerts(&text.replace("replications = 3", "replications = 3\nbin = \"1s\""));
    let [slow, quick, never] = &seen[..] else { panic!("{seen:?}") };
    // The mean over the bin from 10 s to 11 s is the first above 100; with the five bins from there it has held for five seconds.
    assert_eq!((slow.fired, slow.replications, slow.bin), (3, 3, 1.0));
    near(slow.first.estimate, 15.0, 1e-9);
    near(quick.first.estimate, 11.0, 1e-9);
    assert_eq!((slow.earliest, slow.latest), (Some(15.0), Some(15.0)));
    // It fires once, and with nothing planned there is no false alarm to speak of.
    near(slow.firings.estimate, 1.0, 1e-9);
    assert!(slow.cause.is_none() && slow.false_alarms.is_none());
    near(slow.delay.estimate, 15.0, 1e-9);
    assert_eq!((never.fired, never.first.estimate, never.firings.estimate), (0, None, Some(0.0)));
}

#[test]
fn without_a_bin_an_alert_is_late_by_a_quarter_at_most() {
    let seen = alerts(&format!("{OVERLOAD}\n[alerts]\nslow = \"queues.jobs.backlog > 100 for 2s\"\n"));
    assert!(seen[0].bin <= 0.5, "{}", seen[0].bin);
    // It stands at 100 after 10 seconds.
    near(seen[0].first.estimate, 12.25, 0.26 + seen[0].bin);
}

/// A service that keeps up, whose workers stand still from 20 s to 24 s.
const PAUSE: &str = r#"
[run]
duration = "60s"
start = "empty"
replications = 2
bin = "1s"

[producers.source]
arrivals = { constant = "10/s" }
publish = "jobs"

[queues.jobs]

[consumers.workers]
queue = "jobs"
service = "50ms"

[[faults]]
pause = "consumers.workers"
at = "20s"
for = "4s"

[alerts]
standstill = "consumers.workers.throughput == 0/s for 2s"
nervous = "producers.source.offered.rate > 5/s for 3s"
idle = "consumers.workers.throughput < 1/s"
"#;

#[test]
fn delay_and_false_alarms_are_counted_from_the_fault() {
    let seen = alerts(PAUSE);
    let [standstill, nervous, idle] = &seen[..] else { panic!("{seen:?}") };
    let cause = standstill.cause.as_ref().unwrap();
    assert_eq!((cause.what.as_str(), cause.at), ("fault", 20.0));
    // Nothing is finished from 20 s on; two bins later somebody is called. What was in work at 20 s may be finished after it.
    near(standstill.delay.estimate, 2.5, 0.51);
    near(standstill.false_alarms.as_ref().unwrap().estimate, 0.0, 0.0);
    near(standstill.firings.estimate, 1.0, 0.0);
    // One that is always on has fired before, and tells nobody of the fault.
    near(nervous.first.estimate, 3.0, 0.0);
    near(nervous.false_alarms.as_ref().unwrap().estimate, 1.0, 0.0);
    assert_eq!(nervous.delay.estimate, None);
    near(idle.delay.estimate, 1.5, 0.51);
}

#[test]
fn a_change_of_rates_is_a_cause() {
    let text = PAUSE.replace(
        "{ constant = \"10/s\" }",
        "{ profile = [{ for = \"5s\", rate = \"8/s\" }, { for = \"55s\", rate = \"15/s\" }] }",
    );
    let seen = alerts(&text);
    let cause = seen[0].cause.as_ref().unwrap();
    assert_eq!((cause.what.as_str(), cause.at), ("rate", 5.0));
}

#[test]
fn each_part_of_a_model_watches_its_own_and_all_stand_in_the_order_of_the_document() {
    let second = OVERLOAD.split_once("[producers").unwrap().1;
    let second = format!("[producers{second}").replace("source", "other").replace("jobs", "tasks").replace("workers", "clerks");
    let text = format!(
        "{OVERLOAD}\n{second}\n[alerts]\nb = \"queues.tasks.backlog > 100 for 5s\"\na = \"queues.jobs.backlog > 100 for 5s\"\n"
    );
    let seen = alerts(&text);
    assert_eq!(seen.iter().map(|alert| alert.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(seen[0].first.estimate, seen[1].first.estimate);
}
