//! Crashes, poison, heartbeats and times to live.

use super::checks::{exactly, number, run};
use super::near;

const CRASH: &str = r#"
[run]
start = "empty"
duration = "300s"
replications = 1
[producers.batch]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 20 } }
messages = 20
publish = "jobs"
[brokers.rabbit]
[queues.jobs]
broker = "rabbit"
[consumers.first]
queue = "jobs"
prefetch = 20
service = "1s"
[[faults]]
at = "5500ms"
for = "200s"
crash = "consumers.first"
"#;

/// Twenty messages at 1 s, one a second; the consumer dies at 5.5 s with four done. Acknowledged by being sent, the sixteen that
/// it has are lost.
#[test]
fn a_crash_loses_what_was_acknowledged_by_being_sent() {
    let auto = run(CRASH, &["consumers.first.ack=auto"]);
    exactly(&auto, "queues.jobs.lost.count", 16.0);
    exactly(&auto, "queues.jobs.redelivered.count", 0.0);
    exactly(&auto, "producers.batch.failed.count", 16.0);
}

const STANDBY: &str = "\n[consumers.second]\nqueue = \"jobs\"\nservice = \"1s\"\n";

/// With acknowledgements they come back: at once where the socket is closed, within a heartbeat where nobody closes it.
#[test]
fn a_crash_brings_back_what_was_not_acknowledged() {
    let text = format!("{CRASH}{STANDBY}");
    let closed = run(&text, &["consumers.first.priority=1"]);
    exactly(&closed, "queues.jobs.lost.count", 0.0);
    exactly(&closed, "queues.jobs.redelivered.count", 16.0);
    exactly(&closed, "producers.batch.failed.count", 0.0);
    // The second begins at the instant of the crash: 5.5 s, and sixteen seconds of work.
    exactly(&closed, "producers.batch.completion.max", 5.5 + 16.0 - 1.0);
    for seed in 1..=5 {
        let seed = format!("run.seed={seed}");
        let silent = run(&text, &["consumers.first.priority=1", "faults.0.silent=true", "consumers.first.heartbeat=60s", &seed]);
        exactly(&silent, "queues.jobs.redelivered.count", 16.0);
        exactly(&silent, "queues.jobs.lost.count", 0.0);
        let hidden = number(&silent, "producers.batch.completion.max") - (5.5 + 16.0 - 1.0);
        assert!((30.0..=60.0).contains(&hidden), "hidden for {hidden} s");
        // RabbitMQ looks once a heartbeat, and the second look that finds nothing closes: two to three, as recorded of the real one.
        let silent = ["consumers.first.priority=1", "faults.0.silent=true", "consumers.first.heartbeat=60s", &seed];
        let looks = ["brokers.rabbit.heartbeat_checks=2"];
        let looked = run(&text, &[&silent[..], &looks[..]].concat());
        exactly(&looked, "queues.jobs.lost.count", 0.0);
        let hidden = number(&looked, "producers.batch.completion.max") - (5.5 + 16.0 - 1.0);
        assert!((120.0..=180.0).contains(&hidden), "hidden for {hidden} s");
    }
}

const POISON: &str = r#"
[run]
start = "empty"
duration = "60s"
replications = 1
[brokers.rabbit]
nodes = 3
[producers.good]
arrivals = { constant = "1/s" }
messages = 10
publish = "jobs"
[producers.bad]
arrivals = { renewal = "1500ms" }
messages = 1
publish = "bad"
[queues.jobs]
[queues.bad]
broker = "rabbit"
storage = "quorum"
delivery_limit = 20
dead_letter = "dead"
[queues.dead]
[consumers.workers]
queue = "jobs"
service = "1ms"
[consumers.victim]
queue = "bad"
failure = "100%"
on_failure = "requeue"
service = "100ms"
"#;

/// Twenty-one deliveries of 100 ms, then it is a dead letter. What does not count comes back for ever.
#[test]
fn poison_blocks_until_the_delivery_limit_or_for_ever() {
    let limited = run(POISON, &[]);
    exactly(&limited, "queues.bad.dead_lettered.count", 1.0);
    exactly(&limited, "queues.bad.redelivered.count", 20.0);
    exactly(&limited, "consumers.victim.failed.count", 21.0);
    exactly(&limited, "queues.dead.published.count", 1.0);
    near(&limited, "consumers.victim.utilization", 2.1 / 60.0, 1e-9);
    let nacked = run(POISON, &["consumers.victim.on_failure=nack"]);
    exactly(&nacked, "queues.bad.dead_lettered.count", 0.0);
    near(&nacked, "consumers.victim.failed.count", 585.0, 0.002);
    let classic = "queues.bad={ dead_letter = \"dead\" }";
    let classic = run(POISON, &[classic]);
    exactly(&classic, "queues.bad.dead_lettered.count", 0.0);
    near(&classic, "consumers.victim.failed.count", 585.0, 0.002);
    // A classic queue puts it back to its head, and nothing behind it is done.
    let one = run(POISON, &["queues.bad={ dead_letter = \"dead\" }", "producers.good.publish=bad", "producers.bad.publish=jobs"]);
    exactly(&one, "queues.bad.acked.rate", 0.0);
}

const HEARTBEAT: &str = r#"
[run]
start = "empty"
duration = "1h"
replications = 1
[producers.web]
arrivals = { constant = "1/s" }
messages = 1
publish = "jobs"
[queues.jobs]
[consumers.worker]
queue = "jobs"
heartbeat = "60s"
blocking = true
service = "120s"
"#;

/// A consumer that is silent for longer than its heartbeat loses its connection, and the message with it, again and again.
#[test]
fn work_longer_than_a_heartbeat_is_in_vain() {
    let trapped = run(HEARTBEAT, &[]);
    exactly(&trapped, "queues.jobs.acked.rate", 0.0);
    // It notices after 120 s of work, connects and gets it again: 3,599 s are 29 times and a rest.
    exactly(&trapped, "queues.jobs.redelivered.count", 29.0);
    for cure in ["consumers.worker.blocking=false", "consumers.worker.heartbeat=300s"] {
        let cured = run(HEARTBEAT, &[cure]);
        exactly(&cured, "queues.jobs.redelivered.count", 0.0);
        exactly(&cured, "producers.web.completion.max", 120.0);
    }
}

const BEHIND: &str = r#"
[run]
stop = "drained"
replications = 1
[producers.long]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 10 } }
messages = 10
ttl = "60s"
publish = "jobs"
[producers.short]
arrivals = { batch = { arrivals = { renewal = "1001ms" }, size = 10 } }
messages = 10
ttl = "1s"
publish = "jobs"
[queues.jobs]
[consumers.worker]
queue = "jobs"
service = "1s"
[[faults]]
at = "0s"
for = "31s"
crash = "consumers.worker"
"#;

/// A queue looks at its head: what is over behind it is counted until it comes there, and never delivered.
#[test]
fn what_is_over_behind_the_head_is_counted_and_never_delivered() {
    let found = run(BEHIND, &[]);
    exactly(&found, "queues.jobs.ready.max", 20.0);
    exactly(&found, "queues.jobs.expired.count", 10.0);
    exactly(&found, "producers.long.failed.count", 0.0);
    exactly(&found, "producers.short.failed.ratio", 1.0);
    exactly(&found, "producers.long.completion.max", 31.0 + 10.0 - 1.0);
    // The minimum of both times to live counts.
    let least = run(BEHIND, &["queues.jobs.ttl=5s"]);
    exactly(&least, "queues.jobs.expired.count", 20.0);
    let longer = run(BEHIND, &["queues.jobs.ttl=100s"]);
    exactly(&longer, "queues.jobs.expired.count", 10.0);
}

const RETURNED: &str = r#"
[run]
stop = "drained"
replications = 1
[producers.batch]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 5 } }
messages = 5
publish = "jobs"
[queues.jobs]
dead_letter = "dead"
delivery_limit = 1
[queues.dead]
[consumers.worker]
queue = "jobs"
failure = "100%"
on_failure = "requeue"
service = "1s"
"#;

/// Where it stood, a message fails twice in a row; at the tail, after all others. Both take ten deliveries.
#[test]
fn what_comes_back_stands_where_the_queue_says() {
    // First failures at 1, 3, 5, 7, 9 s after all came, and it waits for nobody: wait = 0, 2, 4 ... before the first.
    let position = run(RETURNED, &[]);
    let last = run(RETURNED, &["queues.jobs.returns=last"]);
    for found in [&position, &last] {
        exactly(found, "queues.jobs.dead_lettered.count", 5.0);
        exactly(found, "queues.jobs.redelivered.count", 5.0);
        exactly(found, "consumers.worker.failed.count", 10.0);
    }
    // Ready: five at first, each second one less in the one case, all five for the first round in the other.
    assert!(number(&last, "queues.jobs.ready.mean") > 1.2 * number(&position, "queues.jobs.ready.mean"));
}
