//! The ceilings of brokers: offered more than they let through, a simulation comes up to them, and never above.

use queuelab::experiment::run;
use queuelab::model::Model;
use queuelab::scenario::{Document, resolve};
use queuelab::theory::{Answer, answers};

fn model(text: &str) -> Model {
    let document = Document { name: "ceilings".to_owned(), path: None, text: text.to_owned() };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}\n{text}")).model
}

/// The least ceiling of a metric, and what a run gives.
fn both(text: &str, metric: &str) -> (Answer, f64) {
    let model = model(text);
    let answer = answers(&model).into_iter().find(|answer| answer.metric == metric && answer.ceiling);
    let answer = answer.unwrap_or_else(|| panic!("no ceiling of {metric} in {:?}", answers(&model)));
    let simulated = run(&model, &|_, _| true).unwrap().summary.metrics[metric].value.estimate.unwrap();
    assert!(simulated <= answer.value * 1.001, "{simulated} is above the ceiling of {answer:?}");
    (answer, simulated)
}

fn reached(text: &str, metric: &str, expected: f64) -> Answer {
    let (answer, simulated) = both(text, metric);
    assert!((answer.value / expected - 1.0).abs() < 1e-9, "{answer:?} is not {expected}");
    assert!((simulated / expected - 1.0).abs() < 0.01, "{simulated} is not near {answer:?}");
    answer
}

const SENDER: &str = r#"
[run]
duration = "2s"
warmup = "100ms"
replications = 2

[brokers.rabbit]
nodes = 3
network = { publish = "1.5ms", deliver = "1ms", ack = "1ms", confirm = "0.5ms" }
between = "0.25ms"
disk = { fsync = "1ms", cap = 5 }

[producers.web]
arrivals = { constant = "20000/s" }
publish = "jobs"
confirm = "async"
size = "1KiB"
WINDOW

[queues.jobs]
broker = "rabbit"
STORAGE
"#;

fn sender(window: &str, storage: &str) -> String {
    SENDER.replace("WINDOW", window).replace("STORAGE", storage)
}

#[test]
fn a_window_lets_through_what_fits_into_a_round_trip() {
    // Ten messages each two milliseconds.
    let answer = reached(&sender("window = 10", ""), "producers.web.confirmed.rate", 5000.0);
    assert!(answer.law.contains("window of 10"), "{answer:?}");
    // With a majority behind it a round trip is 0.5 ms there and back and an fsync longer.
    reached(&sender("window = 1", "storage = \"quorum\""), "producers.web.confirmed.rate", 1.0 / 0.0035);
    // A kilobyte takes a millisecond on the line.
    let slow = sender("window = 1", "").replace("nodes = 3", "nodes = 3\nbandwidth = \"1MiB/s\"");
    reached(&slow, "producers.web.confirmed.rate", 1.0 / (0.002 + 1.0 / 1024.0));
}

#[test]
fn a_disk_commits_so_many_messages_an_fsync() {
    let text = sender("", "storage = \"quorum\"");
    let answer = reached(&text, "queues.jobs.published.rate", 5000.0);
    assert!(answer.law.contains("group commit"), "{answer:?}");
    reached(&text, "producers.web.confirmed.rate", 5000.0);
    // On the disk of one node nobody reads what it keeps; a consumer could confirm what is not written.
    reached(&sender("", "storage = \"disk\""), "producers.web.confirmed.rate", 5000.0);
    let read = format!("{}\n[consumers.all]\nqueue = \"jobs\"\nservice = \"1us\"\n", sender("", "storage = \"disk\""));
    assert!(answers(&model(&read)).iter().all(|answer| answer.metric != "producers.web.confirmed.rate"));
}

fn consumers(rest: &str) -> String {
    let text = sender("", "").replace("20000/s", "1000/s");
    format!("{text}\n[consumers.workers]\nqueue = \"jobs\"\ncount = 2\n{rest}\n")
}

#[test]
fn a_prefetch_lets_through_what_fits_into_a_round_trip() {
    // Two consumers, each with one message for 1 + 8 + 1 ms.
    let answer = reached(&consumers("prefetch = 1\nservice = \"8ms\""), "consumers.workers.throughput", 200.0);
    assert!(answer.law.contains("a prefetch of 2 would do"), "{answer:?}");
    // And it would: then the workers are the limit.
    let answer = reached(&consumers("prefetch = 2\nservice = \"8ms\""), "consumers.workers.throughput", 250.0);
    assert!(answer.law.contains("workers"), "{answer:?}");
    // What is acknowledged by being sent costs no credit.
    reached(&consumers("prefetch = 1\nack = \"auto\"\nservice = \"8ms\""), "consumers.workers.throughput", 250.0);
}

/// What consumers say is a command of a quorum queue's log: the credit is there again when the disk has it, and a follower there and back.
#[test]
fn an_acknowledgement_in_a_log_takes_an_fsync() {
    let text = |members: u32| {
        let queue = format!("storage = \"quorum\"\nmembers = {members}");
        let text = sender("", &queue)
            .replace("{ constant = \"20000/s\" }", "{ batch = { arrivals = { constant = \"10/s\" }, size = 100 } }");
        format!("{}\n[consumers.workers]\nqueue = \"jobs\"\nprefetch = 1\nservice = \"6ms\"\n", text.replace(", cap = 5", ""))
    };
    // 1 ms there, 6 ms of work, 1 ms back, 1 ms at the disk; or half a millisecond more at that of a follower.
    reached(&text(1), "consumers.workers.throughput", 1.0 / 0.009);
    reached(&text(3), "consumers.workers.throughput", 1.0 / 0.0095);
    let at_once = text(3).replace("storage = \"quorum\"", "storage = \"quorum\"\nsettlements = \"at-once\"");
    reached(&at_once, "consumers.workers.throughput", 1.0 / 0.008);
}

#[test]
fn a_broker_that_costs_nothing_has_the_laws_of_a_queue() {
    let plain = r#"
[run]
duration = "10min"

[producers.web]
arrivals = { poisson = "240/s" }
publish = "jobs"

[queues.jobs]

[consumers.workers]
queue = "jobs"
count = 3
service = { exponential = "10ms" }
"#;
    let free = plain
        .replace("[queues.jobs]", "[brokers.rabbit]\n\n[queues.jobs]\nbroker = \"rabbit\"\nstorage = \"disk\"")
        .replace("publish = \"jobs\"", "publish = \"jobs\"\nconfirm = \"async\"");
    let exact = |text: &str| -> Vec<(String, f64)> {
        let all = answers(&model(text)).into_iter();
        all.filter(|answer| !answer.ceiling).map(|answer| (answer.metric, answer.value)).collect()
    };
    let known = exact(plain);
    assert!(known.iter().any(|(metric, _)| metric == "consumers.workers.wait.p99"), "{known:?}");
    assert_eq!(known, exact(&free));
    let measured = run(&model(&free), &|_, _| true).unwrap().summary.metrics;
    let wait = measured["consumers.workers.wait.mean"].value.clone();
    let law = known.iter().find(|(metric, _)| metric == "consumers.workers.wait.mean").unwrap().1;
    assert!(wait.low.unwrap() <= law * 1.02 && law * 0.98 <= wait.high.unwrap(), "{wait:?} and {law}");
    // Whatever costs something, or does more than to queue, is outside these laws.
    for (from, to) in [
        ("[brokers.rabbit]", "[brokers.rabbit]\nnetwork = \"1ms\""),
        ("[brokers.rabbit]", "[brokers.rabbit]\ndisk = { fsync = \"1ms\" }"),
        ("[brokers.rabbit]", "[brokers.rabbit]\nmemory_limit = \"1MiB\""),
        ("count = 3", "count = 3\nack = \"auto\""),
        ("count = 3", "count = 3\noverhead = \"1ms\""),
        ("publish = \"jobs\"", "publish = \"jobs\"\nttl = \"1s\""),
        ("storage = \"disk\"", "single_active_consumer = true"),
    ] {
        let costly = free.replacen(from, to, 1);
        let resolved = resolve(&Document { name: "costly".to_owned(), path: None, text: costly.clone() }, &[]);
        let Ok(resolved) = resolved else { panic!("{costly}\n{}", resolved.unwrap_err()) };
        assert!(answers(&resolved.model).iter().all(|answer| answer.ceiling), "{to}");
    }
}
