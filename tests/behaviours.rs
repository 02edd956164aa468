//! What brokers do, each in a small scenario whose outcome is known beforehand.
//!
//! Random models: within 2 % of the exact value, or within three standard errors. Fixed ones: to the nanosecond.

#[path = "behaviours/checks.rs"]
mod checks;

use checks::{agrees, check, exactly, number, run};

const STATION: &str = r#"
[run]
duration = "1000s"
replications = 20
[producers.web]
arrivals = { poisson = "80/s" }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
service = { exponential = "10ms" }
"#;

/// M/M/1: the mean time in the system is 1 / (1 - load) times the mean work.
#[test]
fn time_in_system_grows_as_the_spare_capacity_shrinks() {
    for (rate, seconds, times, width) in [
        (50, 1_000, 2.0, 0.03),
        (80, 2_000, 5.0, 0.03),
        (90, 5_000, 10.0, 0.05),
        (95, 8_000, 20.0, 0.08),
        (99, 20_000, 100.0, 0.2),
    ] {
        let rate = format!("producers.web.arrivals.poisson={rate}/s");
        let (duration, warmup) = (format!("run.duration={seconds}s"), format!("run.warmup={}s", seconds / 5));
        let found = run(STATION, &[&rate, &duration, &warmup]);
        check(&found, "consumers.workers.sojourn.mean", times * 0.010, width);
    }
}

/// M/M/c with 100/s of 50 ms: Erlang's C, computed here, and the same to three digits from tables.
#[test]
fn more_workers_wait_less_by_erlangs_formula() {
    for (workers, tabled) in [(6, 0.5875), (7, 0.3241), (8, 0.1673), (10, 0.0361)] {
        let (count, offered) = (f64::from(workers), 5.0);
        let mut blocking = 1.0; // Erlang's B, from 1 worker to all
        (1..=workers).for_each(|k| blocking = offered * blocking / (f64::from(k) + offered * blocking));
        let waits = blocking / (1.0 - offered / count * (1.0 - blocking));
        assert!((waits - tabled).abs() < 5e-5, "{waits}");
        let spare = count / 0.050 - 100.0;
        let overrides = ["producers.web.arrivals.poisson=100/s", "consumers.workers.service.exponential=50ms"];
        let found = run(STATION, &[overrides[0], overrides[1], &format!("consumers.workers.count={workers}")]);
        check(&found, "consumers.workers.waited.ratio", waits, 0.05);
        check(&found, "consumers.workers.wait.mean", waits / spare, 0.1);
        check(&found, "consumers.workers.wait.p99", (waits / 0.01).ln() / spare, 0.1);
    }
}

/// M/G/1 at load 0.8 with 10 ms of work: Pollaczek and Khinchine, load s (1 + cv^2) / (2 (1 - load)).
#[test]
fn work_that_varies_more_waits_longer() {
    for (work, cv) in
        [("\"10ms\"", 0.0), ("{ exponential = \"10ms\" }", 1.0), ("{ lognormal = { mean = \"10ms\", cv = 2.0 } }", 2.0)]
    {
        let found = run(STATION, &[&format!("consumers.workers.service={work}"), "run.duration=4000s"]);
        let exact = 0.8 * 0.010 * (1.0 + cv * cv) / (2.0 * 0.2);
        check(&found, "consumers.workers.wait.mean", exact, 0.05);
        assert!(agrees(&found, "consumers.workers.wait.mean", exact * 1.06, 0.05).is_err(), "6 % more is noticed");
    }
}

/// M/M/1/K: the share lost is (1 - r) r^K / (1 - r^(K + 1)), whichever message it is; K counts the one in work.
#[test]
fn a_full_queue_loses_the_same_share_at_either_end_but_drop_head_serves_younger_messages() {
    for (rate, room, width) in [(90, 9, 0.05), (120, 99, 0.05)] {
        let (load, capacity) = (f64::from(rate) / 100.0, room + 1);
        let exact = (1.0 - load) * load.powi(capacity) / (1.0 - load.powi(capacity + 1));
        let rate = format!("producers.web.arrivals.poisson={rate}/s");
        let room = format!("queues.jobs.max_length={room}");
        let refusing = run(STATION, &[&rate, &room, "queues.jobs.overflow=reject-publish"]);
        let dropping = run(STATION, &[&rate, &room, "queues.jobs.overflow=drop-head"]);
        check(&refusing, "queues.jobs.rejected.ratio", exact, width);
        check(&dropping, "queues.jobs.dropped.ratio", exact, width);
        exactly(&refusing, "queues.jobs.dropped.count", 0.0);
        exactly(&dropping, "queues.jobs.rejected.count", 0.0);
        let wait = |summary| number(summary, "consumers.workers.wait.mean");
        assert!(wait(&dropping) < 0.95 * wait(&refusing), "{} and {}", wait(&dropping), wait(&refusing));
    }
}

const BURST: &str = r#"
[run]
stop = "drained"
replications = 1
[producers.batch]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 100 } }
messages = 100
publish = "jobs"
[queues.jobs]
[consumers.fast]
queue = "jobs"
prefetch = 50
service = "1ms"
[consumers.slow]
queue = "jobs"
prefetch = 50
service = "1s"
"#;

/// 100 messages, a fast and a slow consumer: what is in the buffer of the slow one waits for it, whoever else is idle.
#[test]
fn a_deep_prefetch_strands_messages_behind_a_slow_consumer() {
    let deep = run(BURST, &[]);
    exactly(&deep, "producers.batch.completion.max", 50.0);
    exactly(&deep, "consumers.slow.buffer_wait.max", 49.0);
    exactly(&deep, "producers.batch.wait.mean", (0.0245 + 24.5) / 2.0);
    let shallow = run(BURST, &["consumers.fast.prefetch=1", "consumers.slow.prefetch=1"]);
    exactly(&shallow, "producers.batch.completion.max", 1.0);
    exactly(&shallow, "producers.batch.wait.mean", (0..=98).map(f64::from).sum::<f64>() / 1e5);
}

/// Messages that consumers hold do not count as length: of ten at once, the consumer takes what it may hold, three are ready,
/// and the rest is refused.
#[test]
fn the_length_limit_counts_ready_messages_only() {
    let one = |prefetch: u32| {
        let text = format!(
            r#"
[run]
stop = "drained"
replications = 1
[producers.batch]
arrivals = {{ batch = {{ arrivals = {{ constant = "1/s" }}, size = 10 }} }}
messages = 10
publish = "jobs"
[queues.jobs]
max_length = 3
overflow = "reject-publish"
[consumers.worker]
queue = "jobs"
prefetch = {prefetch}
service = "10ms"
"#
        );
        run(&text, &[])
    };
    for (prefetch, refused) in [(1, 6.0), (4, 3.0), (7, 0.0)] {
        let found = one(prefetch);
        exactly(&found, "queues.jobs.rejected.count", refused);
        exactly(&found, "queues.jobs.ready.max", 3.0);
        exactly(&found, "queues.jobs.backlog.max", f64::from(prefetch) + 3.0);
    }
}

const URGENT: &str = r#"
[run]
stop = "drained"
replications = 1
[producers.bulk]
arrivals = { batch = { arrivals = { constant = "1/s" }, size = 30 } }
messages = 30
publish = "jobs"
[producers.urgent]
arrivals = { renewal = "1000500us" }    # half a millisecond after the others
messages = 1
publish = "jobs"
priority = 1
[queues.jobs]
discipline = "priority"
max_priority = 1
[consumers.worker]
queue = "jobs"
prefetch = 10
service = "10ms"
"#;

/// An urgent message overtakes what is ready, but nothing that a consumer holds: it comes to the buffer with the first
/// acknowledgement, 9.5 ms after it was published, and stands behind nine others there.
#[test]
fn priority_ends_where_the_prefetch_begins() {
    exactly(&run(URGENT, &[]), "producers.urgent.wait.max", 0.0095 + 9.0 * 0.010);
    exactly(&run(URGENT, &["consumers.worker.prefetch=1"]), "producers.urgent.wait.max", 0.0095);
    // Without priorities it is the last of all.
    exactly(&run(URGENT, &["producers.urgent.priority=0"]), "producers.urgent.wait.max", 0.300 - 0.0005);
}

/// The work of a message is its own, however it is dispatched: the same messages need the same in all.
#[test]
fn prefetch_changes_no_messages_work() {
    let drained = [
        "run={ stop = \"drained\", replications = 1 }",
        "producers.web.messages=20000",
        "producers.web.arrivals.poisson=150/s",
        "consumers.workers.count=2",
    ];
    let service = |prefetch: &str| number(&run(STATION, &[&drained[..], &[prefetch]].concat()), "consumers.workers.service.mean");
    let expected = service("consumers.workers.prefetch=1");
    assert!((expected / 0.010 - 1.0).abs() < 0.03, "{expected}");
    for prefetch in ["consumers.workers.prefetch=2", "consumers.workers.prefetch=10", "consumers.workers.prefetch=0"] {
        assert_eq!(service(prefetch), expected, "{prefetch}");
    }
}

const PEAK: &str = r#"
[run]
start = "empty"
stop = "drained"
replications = 10
[producers.web]
arrivals = { profile = [
    { for = "60s", rate = "200/s" },
    { for = "60s", rate = "1000/s" },
    { for = "240s", rate = "200/s" },
] }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 4
service = "10ms"
"#;

/// Ten minutes in which 500/s more come in than go out leave 300,000 messages, which a spare 100/s work off in 3,000 s.
#[test]
fn a_backlog_drains_as_slowly_as_the_spare_capacity_says() {
    let profile = r#"producers.web.arrivals.profile=[{ for = "600s", rate = "1100/s" }, { for = "3200s", rate = "500/s" }]"#;
    let found = run(PEAK, &[profile, "consumers.workers.count=6", "run.replications=3"]);
    check(&found, "queues.jobs.drain", 300_000.0 / 100.0, 0.1);
    let largest = number(&found, "queues.jobs.ready.max");
    assert!((largest / 300_000.0 - 1.0).abs() < 0.02, "{largest}");
    // Half of the spare capacity takes twice as long.
    let busier = profile.replace("500/s", "550/s").replace("3200s", "6500s");
    check(&run(PEAK, &[&busier, "consumers.workers.count=6", "run.replications=3"]), "queues.jobs.drain", 6_000.0, 0.2);
}

/// 200/s, for a minute 1000/s, and 400/s are done: a queue carries what a bounded one must refuse.
#[test]
fn a_queue_shaves_a_peak() {
    let found = run(PEAK, &[]);
    check(&found, "queues.jobs.drain", 180.0, 0.05);
    for (metric, exact) in [("queues.jobs.ready.max", 36_000.0), ("consumers.workers.wait.max", 90.0)] {
        let largest = number(&found, metric);
        assert!((largest / exact - 1.0).abs() < 0.03, "{metric} is {largest}, should be {exact}");
    }
    let bounded = run(PEAK, &["queues.jobs.max_length=100", "queues.jobs.overflow=reject-publish"]);
    check(&bounded, "queues.jobs.rejected.count", 36_000.0 - 100.0, 0.02);
}

/// Each message has its own deadline, at the head or behind it; what a consumer holds has none any more.
#[test]
fn ready_messages_expire_and_held_ones_do_not() {
    let text = r#"
[run]
stop = "drained"
replications = 1
[producers.web]
arrivals = { constant = "1/s" }
messages = 3
publish = "jobs"
[queues.jobs]
ttl = "5s"
[consumers.worker]
queue = "jobs"
service = "10s"
"#;
    // Messages come at 1, 2 and 3 s; the first is in work until 11 s, the others are ready for 5 s each.
    let found = run(text, &[]);
    exactly(&found, "queues.jobs.expired.count", 2.0);
    exactly(&found, "queues.jobs.ready.max", 2.0);
    exactly(&found, "queues.jobs.ready.mean", 10.0 / 11.0);
    exactly(&found, "producers.web.failed.ratio", 2.0 / 3.0);
    exactly(&found, "queues.jobs.drain", 5.0);
    let held = run(text, &["consumers.worker.prefetch=3"]);
    exactly(&held, "queues.jobs.expired.count", 0.0);
    exactly(&held, "consumers.worker.wait.max", 31.0 - 10.0 - 3.0);
    // Taken at the very instant of its deadline, a message is served.
    let just = run(text, &["consumers.worker.service=6s", "producers.web.messages=2"]);
    exactly(&just, "queues.jobs.expired.count", 0.0);
    exactly(&just, "consumers.worker.wait.max", 5.0);
    let late = run(text, &["consumers.worker.service=6001ms", "producers.web.messages=2"]);
    exactly(&late, "queues.jobs.expired.count", 1.0);
}
