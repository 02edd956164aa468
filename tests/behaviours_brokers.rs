//! What real brokers do, each in a small scenario whose outcome is known beforehand. Fixed ones: to the nanosecond; random ones:
//! within 2 % of the exact value, or three standard errors.

#[allow(dead_code, reason = "what other tests of behaviours need")]
#[path = "behaviours/checks.rs"]
mod checks;
#[path = "behaviours_brokers/failures.rs"]
mod failures;
#[path = "behaviours_brokers/routing.rs"]
mod routing;

use checks::{exactly, number, run};
use queuelab::experiment::Summary;

/// A number that a fixed model gives up to what happens at the very start and end.
fn near(summary: &Summary, metric: &str, exact: f64, share: f64) {
    let found = number(summary, metric);
    assert!((found / exact - 1.0).abs() <= share, "{metric} is {found}, should be {exact}");
}

const PREFETCH: &str = r#"
[run]
duration = "100s"
warmup = "20s"
replications = 1
[brokers.far]
network = "50ms"
[producers.web]
arrivals = { batch = { arrivals = { constant = "0.5/s" }, size = 1000 } }
publish = "jobs"
[queues.jobs]
broker = "far"
[consumers.worker]
queue = "jobs"
service = "4ms"
"#;

/// A consumer 50 ms away needs (2 d + s) / s = 26 messages on the way or in work to be busy; what is beyond waits in its buffer.
#[test]
fn a_prefetch_hides_the_network_and_no_more() {
    for (prefetch, rate, buffered) in [(1u32, 1.0 / 0.104, 0.0), (26, 250.0, 0.0), (51, 250.0, 0.100)] {
        let found = run(PREFETCH, &[&format!("consumers.worker.prefetch={prefetch}")]);
        near(&found, "consumers.worker.throughput", rate, 0.002);
        let wait = number(&found, "consumers.worker.buffer_wait.mean");
        assert!((wait - buffered).abs() <= 0.0005 * buffered + 1e-9, "prefetch {prefetch}: {wait}, should be {buffered}");
    }
    // Work that takes ten times as long leaves P s - 2 d - s in the buffer.
    for (prefetch, buffered) in [(26, 0.9), (51, 1.9)] {
        let slower = [&format!("consumers.worker.prefetch={prefetch}"), "consumers.worker.service=40ms"];
        near(&run(PREFETCH, &slower), "consumers.worker.buffer_wait.mean", buffered, 0.001);
    }
}

/// A hundred messages for a fast consumer and one that takes a second for each: what the slow one holds nobody else can have.
#[test]
fn a_deep_prefetch_leaves_a_slow_consumer_with_half() {
    let text = "[run]\nstop = \"drained\"\nreplications = 1\n[producers.web]\narrivals = { batch = { arrivals = { constant = \"1/s\" }, size = 100 } }\n\
                messages = 100\nconfirm = \"async\"\npublish = \"jobs\"\n[queues.jobs]\n[consumers.fast]\nqueue = \"jobs\"\nprefetch = 50\nservice = \"1ms\"\n\
                [consumers.slow]\nqueue = \"jobs\"\nprefetch = 50\nservice = \"1s\"\n";
    near(&run(text, &[]), "producers.web.completion.max", 50.0, 1e-9);
    let shallow = run(text, &["consumers.fast.prefetch=1", "consumers.slow.prefetch=1"]);
    near(&shallow, "producers.web.completion.max", 1.0, 1e-9);
}

const LADDER: &str = r#"
[run]
start = "empty"
duration = "100s"
replications = 1
[brokers.mqtt]
network = "25ms"
[producers.sensor]
arrivals = { constant = "100/s" }
protocol = "mqtt"
qos = 1
receive_maximum = 1
publish = "jobs"
[queues.jobs]
broker = "mqtt"
[consumers.worker]
queue = "jobs"
prefetch = 0
service = "1ms"
"#;

/// One message under way: QoS 1 needs a round trip for each, QoS 2 two, QoS 0 none.
#[test]
fn a_quality_of_service_costs_round_trips() {
    for (qos, rate) in [(0, 100.0), (1, 20.0), (2, 10.0)] {
        let found = run(LADDER, &[&format!("producers.sensor.qos={qos}")]);
        near(&found, "queues.jobs.published.rate", rate, 0.002);
    }
    let confirm = |qos: u32| number(&run(LADDER, &[&format!("producers.sensor.qos={qos}")]), "producers.sensor.unconfirmed.mean");
    assert!((confirm(1) - 1.0).abs() < 0.001 && (confirm(2) - 1.0).abs() < 0.001, "always one under way");
}

const CONNECTION: &str = r#"
[run]
start = "empty"
duration = "2s"
replications = 1
[brokers.rabbit]
nodes = 3
flow = { limit = 40, refill = 20 }
disk = { fsync = "20ms", cap = 16 }
[producers.fast]
arrivals = { constant = "4000/s" }
connection = "shared"
buffer = 0
on_full = "drop"
publish = "fast"
[producers.slow]
arrivals = { constant = "4000/s" }
connection = "shared"
buffer = 0
on_full = "drop"
publish = "slow"
[producers.elsewhere]
arrivals = { constant = "4000/s" }
publish = "work"
[queues.fast]
broker = "rabbit"
[queues.slow]
broker = "rabbit"
storage = "quorum"
[queues.work]
broker = "rabbit"
[consumers.fast]
queue = "fast"
prefetch = 0
service = "1us"
[consumers.slow]
queue = "slow"
prefetch = 0
service = "1us"
[consumers.worker]
queue = "work"
connection = "shared"
prefetch = 10
service = "0.2ms"
"#;

/// Over AMQP 0-9-1 a queue that cannot keep up stops the socket: who publishes to a faster one gets bursts in between, and who
/// consumes over it starves. Links of AMQP 1.0 do not know of each other.
#[test]
fn a_slow_queue_stops_all_of_its_connection_but_no_link() {
    let rate = |found: &Summary, queue: &str| number(found, &format!("queues.{queue}.published.rate"));
    let links = ["producers.fast.protocol=amqp-1-0", "producers.slow.protocol=amqp-1-0"];
    let (shared, apart) = (run(CONNECTION, &[]), run(CONNECTION, &links));
    near(&apart, "queues.fast.published.rate", 4_000.0, 0.001);
    assert!(rate(&apart, "slow") < 800.0, "{}", rate(&apart, "slow"));
    // Published were 159,077 and 155,782 in ten seconds.
    near(&shared, "queues.fast.published.rate", rate(&shared, "slow"), 0.05);
    assert!(number(&shared, "producers.slow.blocked.ratio") > 0.5);
    let (worked, starved) = (number(&apart, "consumers.worker.throughput"), number(&shared, "consumers.worker.throughput"));
    let alone = run(CONNECTION, &["consumers.worker.connection=own"]);
    assert!(starved < 0.5 * number(&alone, "consumers.worker.throughput"), "{starved} and {worked}");
    near(&alone, "consumers.worker.throughput", 4_000.0, 0.01);
}

/// The same where publishers wait for the socket and drop nothing: what was written first goes first, whoever wrote it, so that the
/// faster one cannot send all it has in the moments in which the slower one lets go.
#[test]
fn publishers_that_wait_for_a_socket_send_in_turn() {
    let waiting = CONNECTION.replace("buffer = 0\non_full = \"drop\"\n", "");
    let shared = run(&waiting, &[]);
    let (fast, slow) = (number(&shared, "queues.fast.published.rate"), number(&shared, "queues.slow.published.rate"));
    assert!(slow < 800.0, "{slow}");
    assert!((fast / slow - 1.0).abs() < 0.05, "{fast} and {slow}");
    // Both are stopped by what one of them waits for.
    let blocked = |producer: &str| number(&shared, &format!("producers.{producer}.blocked.ratio"));
    assert!(
        blocked("slow") > 0.5 && (blocked("fast") - blocked("slow")).abs() < 1e-9,
        "{} and {}",
        blocked("fast"),
        blocked("slow")
    );
    exactly(&shared, "producers.elsewhere.blocked.ratio", 0.0);
    let links = ["producers.fast.protocol=amqp-1-0", "producers.slow.protocol=amqp-1-0"];
    let apart = run(&waiting, &links);
    near(&apart, "queues.fast.published.rate", 4_000.0, 0.001);
    exactly(&apart, "producers.fast.blocked.ratio", 0.0);
}

const ALARM: &str = r#"
[run]
start = "empty"
duration = "60s"
replications = 1
[brokers.rabbit]
memory_limit = "1MiB"
alarm_check = "500ms"
[producers.web]
arrivals = { constant = "300/s" }
size = "4KiB"
confirm = "async"
publish = "jobs"
[queues.jobs]
broker = "rabbit"
[consumers.worker]
queue = "jobs"
prefetch = 10
service = "5ms"
"#;

/// More comes in than goes out. An alarm stops publishers and spares consumers, until the queue is short enough: on and off.
/// Credit lets in as much as the node is done with, evenly.
#[test]
fn an_alarm_comes_and_goes_while_consumers_go_on() {
    let alarmed = run(ALARM, &[]);
    near(&alarmed, "consumers.worker.utilization", 1.0, 0.001);
    let on = number(&alarmed, "brokers.rabbit.alarm.ratio");
    assert!(on > 0.2 && on < 0.95, "{on}");
    // To its producer that is a blocked connection.
    exactly(&alarmed, "producers.web.blocked.ratio", on);
    // All that was made is in the queue, at the producer, or done; none is lost.
    exactly(&alarmed, "producers.web.failed.count", 0.0);
    assert!(number(&alarmed, "brokers.rabbit.memory.max") > 1_048_576.0);
    // The disk is done with nine messages in 50 ms, and acknowledgements are as long under way.
    let flow = "brokers.rabbit={ flow = { limit = 40, refill = 20 }, disk = { fsync = \"50ms\", cap = 9 } }";
    let slowed = run(
        ALARM,
        &[flow, "queues.jobs={ broker = \"rabbit\", storage = \"quorum\", members = 1 }", "consumers.worker.prefetch=100"],
    );
    exactly(&slowed, "brokers.rabbit.alarm.ratio", 0.0);
    near(&slowed, "queues.jobs.published.rate", 180.0, 0.01);
    assert!(number(&slowed, "queues.jobs.ready.max") <= 40.0);
    // A processor is done with a message in 5.5 ms: it is the same whatever the node is busy with.
    let busy = "brokers.rabbit={ flow = { limit = 40, refill = 20 }, cpu = { publish = \"5ms\", confirm = \"0.5ms\" } }";
    let slowed = run(ALARM, &[busy, "consumers.worker.service=4ms"]);
    exactly(&slowed, "brokers.rabbit.alarm.ratio", 0.0);
    near(&slowed, "queues.jobs.published.rate", 1.0 / 0.0055, 0.01);
    near(&slowed, "brokers.rabbit.utilization", 1.0, 0.01);
    assert!(number(&slowed, "queues.jobs.ready.max") <= 40.0, "{}", number(&slowed, "queues.jobs.ready.max"));
    assert!(number(&slowed, "producers.web.blocked.ratio") > 0.4);
}

const OUTAGE: &str = r#"
[run]
start = "empty"
duration = "400s"
replications = 1
[producers.web]
arrivals = { constant = "50/s" }
confirm = "async"
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 6
service = "100ms"
[[faults]]
at = "10s"
for = "60s"
crash = "consumers.workers"
"#;

/// A backlog drains as fast as the spare capacity says: 60 s of 50/s are 3,000 messages, and 10/s are spare.
#[test]
fn an_outage_leaves_five_times_its_length_to_drain() {
    let found = run(OUTAGE, &[]);
    near(&found, "queues.jobs.ready.max", 3_000.0, 0.01);
    near(&found, "queues.jobs.drain", 300.0, 0.02);
    exactly(&found, "producers.web.confirm.max", 0.0);
    exactly(&found, "queues.jobs.lost.count", 0.0);
    // Who has no spare capacity never drains: 50/s and five workers.
    let never = run(OUTAGE, &["consumers.workers.count=5"]);
    assert!(never.metrics["queues.jobs.drain"].value.estimate.is_none_or(|drain| drain == 0.0 || drain.is_infinite()));
}
