//! When a message is safe: commit rules, group commit and windows against what is known beforehand.
//!
//! Within 2 % of the exact value, or within three standard errors. Closed loops without randomness to a part in a thousand.

#[path = "behaviours/checks.rs"]
mod checks;

use checks::{agrees, check, exactly, number, run};

/// Messages so rare that no two meet at a disk: a confirm takes as long as the commit. Nothing else takes time.
const COMMIT: &str = r#"
[run]
duration = "20000s"
warmup = "none"
replications = 10
[brokers.b]
nodes = 5
disk = { fsync = { exponential = "10ms" } }
[producers.web]
arrivals = { constant = "1/s" }
publish = "jobs"
confirm = "async"
[queues.jobs]
broker = "b"
storage = "quorum"
members = 3
[consumers.workers]
queue = "jobs"
ack = "auto"
service = "1us"
"#;

/// The mean of the k-th smallest of n exponential times of mean 1: 1/n + 1/(n - 1) + ... (Renyi).
fn order_statistic(k: u32, n: u32) -> f64 {
    (n - k + 1..=n).map(|left| 1.0 / f64::from(left)).sum()
}

/// A quorum needs the k-th fastest of all its disks, and the leader's is one among them: 0.833 of an fsync for three members.
/// A model that waits for the leader's own disk gives 1.167, and one that waits for all 1.833.
#[test]
fn a_quorum_is_as_fast_as_the_slowest_of_its_fastest_majority() {
    assert!((order_statistic(2, 3) - 0.8333).abs() < 1e-4);
    for members in [1, 2, 3, 5] {
        let found = run(COMMIT, &[&format!("queues.jobs.members={members}")]);
        let exact = 0.010 * order_statistic(members / 2 + 1, members);
        check(&found, "producers.web.confirm.mean", exact, 0.02);
        if members == 3 {
            assert!(agrees(&found, "producers.web.confirm.mean", 0.01167, 0.02).is_err(), "the leader's disk is not needed");
            // What is not committed is not delivered.
            check(&found, "producers.web.completion.mean", exact + 1e-6, 0.02);
        }
    }
}

/// A majority of page caches: there and back to the fastest follower, whatever the disks do. A disk: its fsync, but the message is
/// delivered before.
#[test]
fn other_storages_wait_for_other_things() {
    let far = "brokers.b.between={ exponential = \"4ms\" }";
    let replicated = run(COMMIT, &["queues.jobs.storage=replicated", "brokers.b.between=4ms"]);
    check(&replicated, "producers.web.confirm.mean", 0.008, 0.001);
    // The faster of two followers, each there and back: the minimum of two Erlang(2) of mean 8 ms is 1.25 times 4 ms.
    let random = run(COMMIT, &["queues.jobs.storage=replicated", far]);
    check(&random, "producers.web.confirm.mean", 0.005, 0.02);
    let text = COMMIT.replace("members = 3\n", "");
    let disk = run(&text, &["queues.jobs.storage=disk", "consumers.workers.ack=manual", "consumers.workers.service=1s"]);
    check(&disk, "producers.web.confirm.mean", 0.010, 0.02);
    check(&disk, "consumers.workers.wait.p50", 0.0, 0.0);
    // A consumer that has acknowledged a message makes it safe.
    let early = run(&text, &["queues.jobs.storage=disk", "consumers.workers.ack=manual", "consumers.workers.service=2ms"]);
    check(&early, "producers.web.confirm.mean", 0.010 * (1.0 - (-0.2_f64).exp()), 0.02);
    let memory = run(&text, &["queues.jobs.storage=memory"]);
    exactly(&memory, "producers.web.confirm.max", 0.0);
}

/// Group commit: Poisson arrivals at a disk of a fixed fsync that takes all that waits. From the first alone (1) to half an fsync
/// of waiting and one of writing (1.5); between, from the renewal of busy periods, as computed by an independent program.
#[test]
fn what_comes_during_an_fsync_joins_the_next() {
    for (load, times) in [(0.01, 1.005), (0.1, 1.050), (0.5, 1.225), (1.0, 1.366), (2.0, 1.468), (5.0, 1.499)] {
        let rate = format!("producers.web.arrivals={{ poisson = \"{}/s\" }}", load * 100.0);
        let long = format!("run.duration={}s", (40_000.0 / (load * 100.0)) as u64 + 100);
        let found = run(COMMIT, &["brokers.b.disk={ fsync = \"10ms\" }", "queues.jobs.members=1", &rate, &long]);
        check(&found, "producers.web.confirm.mean", 0.010 * times, 0.02);
    }
}

const WINDOW: &str = r#"
[run]
duration = "20s"
warmup = "2s"
replications = 1
max_events = 100_000_000
[brokers.b]
disk = { fsync = "6.455ms", cap = 64 }
[producers.web]
clients = 192
think = "0s"
publish = "jobs"
confirm = "sync"
[queues.jobs]
broker = "b"
storage = "quorum"
members = 1
[consumers.workers]
queue = "jobs"
ack = "auto"
prefetch = 0
service = "1ns"
"#;

/// A full window keeps the disk busy: `cap` messages a write, and the window over that for each of them (Little). As measured by
/// RabbitMQ's makers in 2024 (9,931/s with p50 16.6 ms at 165 in flight; 83,459/s with p50 35 ms).
#[test]
fn a_window_over_the_disks_cap_is_throughput_and_waiting() {
    for (cap, cycle, window, rate, mean) in [(64, 6.455, 192, 9_915.0, 0.0194), (804, 9.6, 3_000, 83_750.0, 0.0356)] {
        let disk = format!("brokers.b.disk={{ fsync = \"{cycle}ms\", cap = {cap} }}");
        let clients = format!("producers.web.clients={window}");
        let seconds = if window > 1_000 { "run.duration=3s" } else { "run.duration=20s" };
        let found = run(WINDOW, &[&disk, &clients, seconds]);
        let (throughput, took) = (number(&found, "producers.web.offered.rate"), number(&found, "producers.web.response.mean"));
        assert!((throughput / rate - 1.0).abs() < 0.02, "{throughput}");
        assert!((took / mean - 1.0).abs() < 0.02, "{took}");
        assert!((throughput * took / f64::from(window) - 1.0).abs() < 0.005, "Little: {}", throughput * took);
        // An open producer with a window of as many, and more to send than that, is the same loop.
        let (arrivals, confirm) = (format!("arrivals = {{ constant = \"{}/s\" }}", rate * 1.1), format!("window = {window}"));
        let open = WINDOW
            .replace("clients = 192\nthink = \"0s\"", &arrivals)
            .replace("confirm = \"sync\"", &format!("confirm = \"async\"\n{confirm}"));
        let found = run(&open, &[&disk, seconds]);
        let throughput = number(&found, "producers.web.confirmed.rate");
        assert!((throughput / rate - 1.0).abs() < 0.02, "{throughput}");
    }
}

/// Published runs in agreement with themselves (Little's law), and the presets with the runs: messages in flight are throughput
/// times latency.
#[test]
fn published_runs_and_presets_agree_with_littles_law() {
    let run_of = |preset: &str, window: u32, rest: &str| {
        let text = format!(
            "[run]\nduration = \"4s\"\nwarmup = \"1s\"\nreplications = 1\nmax_events = 100_000_000\n[brokers.b]\npreset = \"{preset}\"\n\
             [producers.web]\nclients = {window}\nthink = \"0s\"\npublish = \"jobs\"\n{rest}\n[queues.jobs]\nbroker = \"b\"\n\
             [consumers.workers]\nqueue = \"jobs\"\ncount = 100\nprefetch = 200\nservice = \"1us\"\n"
        );
        let found = run(&text, &[]);
        (number(&found, "producers.web.offered.rate"), number(&found, "producers.web.response.mean"))
    };
    for (preset, window, rest, measured, latency, in_flight) in [
        ("mqtt-qos1", 100, "confirm = \"sync\"", 17_996.0, 0.005_550, 99.9),
        ("rabbitmq-classic", 150, "confirm = \"sync\"", 88_500.0, 0.001_69, 149.6),
        ("rabbitmq-quorum-slow-ssd", 165, "confirm = \"sync\"", 9_931.0, 0.0166, 164.9),
        ("rabbitmq-stream", 176, "confirm = \"sync\"", 88_900.0, 0.001_98, 176.0),
    ] {
        assert!((measured * latency / in_flight - 1.0_f64).abs() < 0.002, "{preset}");
        let (rate, mean) = run_of(preset, window, rest);
        assert!((rate * mean / f64::from(window) - 1.0).abs() < 0.005, "{preset}: {rate} {mean}");
        assert!((rate / measured - 1.0).abs() < 0.05, "{preset}: {rate} a second, measured {measured}");
        assert!((mean / latency - 1.0).abs() < 0.05, "{preset}: {mean}, measured {latency}");
    }
}

/// Confirms of a real broker with 1 to 1000 unconfirmed messages of 1 KiB and no consumer, from one set of costs: within 15 %.
/// In memory, on disk, and in a quorum queue of one node, messages a second; nothing is tuned to one of these.
#[test]
fn one_set_of_costs_gives_all_measured_windows() {
    let measured = [
        (1, [13_100.0, 3_200.0, 3_100.0]),
        (2, [20_500.0, 4_800.0, 5_300.0]),
        (5, [32_600.0, 9_600.0, 10_200.0]),
        (10, [45_700.0, 14_600.0, 17_700.0]),
        (30, [54_000.0, 19_800.0, 25_400.0]),
        (100, [59_600.0, 25_900.0, 41_500.0]),
        (300, [68_600.0, 27_200.0, 44_900.0]),
        (1000, [62_800.0, 27_800.0, 41_100.0]),
    ];
    let mut wrong = Vec::new();
    for (window, rates) in measured {
        for (storage, rate) in ["memory", "disk", "quorum"].into_iter().zip(rates) {
            let preset = if storage == "quorum" { "rabbitmq-quorum-2vcpu" } else { "rabbitmq-classic-2vcpu" };
            let text = format!(
                "[run]\nduration = \"2s\"\nwarmup = \"200ms\"\nreplications = 1\n[brokers.b]\npreset = \"{preset}\"\n\
                 [producers.web]\nclients = {window}\nthink = \"0s\"\npublish = \"jobs\"\nconfirm = \"sync\"\nsize = \"1KiB\"\n\
                 [queues.jobs]\nbroker = \"b\"\nstorage = \"{storage}\"\n"
            );
            let found = number(&run(&text, &[]), "producers.web.offered.rate");
            println!(
                "{window:>5} {storage:<7} {rate:>6} measured, {found:>6.0} predicted, {:+.1} %",
                (found / rate - 1.0) * 100.0
            );
            if (found / rate - 1.0).abs() > 0.15 {
                wrong.push(format!("{storage} with {window}: {found}, measured {rate}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same with one replication of 1,000 messages, an fsync of 10 ms, and acknowledgements that come after all of it.
const REGULAR: [&str; 5] = [
    "run.duration=1000s",
    "run.replications=1",
    "brokers.b.disk.fsync=10ms",
    "consumers.workers.ack=manual",
    "consumers.workers.service=900ms",
];

fn kept(storage: &str) -> String {
    let members = if storage == "quorum" { "\nmembers = 3" } else { "" };
    COMMIT.replace("storage = \"quorum\"\nmembers = 3", &format!("storage = \"{storage}\"{members}"))
}

/// One message a second, and an fsync of 10 ms: whatever the disk does not do while it stands still, it does afterwards.
#[test]
fn a_disk_that_stands_still_goes_on_where_it_was() {
    let longest = |storage: &str, also: &[&str]| {
        let found = run(&kept(storage), &[&REGULAR, also].concat());
        // Every other message is confirmed in an fsync, and none is lost.
        exactly(&found, "producers.web.confirm.min", 0.010);
        let late = 0.001 * (number(&found, "producers.web.confirm.max") - 0.010);
        assert!((number(&found, "producers.web.confirm.mean") - 0.010 - late).abs() < 1e-6);
        number(&found, "producers.web.confirm.max")
    };
    let near = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-9, "{found} for {exact}");
    near(longest("disk", &[]), 0.010);
    // It comes 4 ms into a write, and 6 ms are left when it goes.
    near(longest("disk", &["faults=[{ at = \"100.004s\", for = \"500ms\", disk_stall = \"brokers.b\" }]"]), 0.510);
    // It goes before the write would have ended.
    near(longest("disk", &["faults=[{ at = \"100.004s\", for = \"2ms\", disk_stall = \"brokers.b\" }]"]), 0.012);
    // What comes meanwhile is written when it is over.
    near(longest("disk", &["faults=[{ at = \"99.9s\", for = \"500ms\", disk_stall = \"brokers.b\" }]"]), 0.410);
    // Two that overlap are one, from the start of the first to the end of the last.
    let both = "faults=[{ at = \"100.002s\", for = \"300ms\", disk_stall = \"brokers.b\" }, \
                { at = \"100.2s\", for = \"400ms\", disk_stall = \"brokers.b\" }]";
    near(longest("disk", &[both]), 0.608);
    // Two in one write: 3 ms and 5 ms.
    let twice = "faults=[{ at = \"100.001s\", for = \"3ms\", disk_stall = \"brokers.b\" }, \
                 { at = \"100.006s\", for = \"5ms\", disk_stall = \"brokers.b\" }]";
    near(longest("disk", &[twice]), 0.018);
    // A majority of the disks does without the leader's, and not without two.
    let of =
        |count: u32| format!("faults=[{{ at = \"100.004s\", for = \"500ms\", disk_stall = \"brokers.b\", count = {count} }}]");
    near(longest("quorum", &[&of(1)]), 0.010);
    near(longest("quorum", &[&of(2)]), 0.510);
    // What is kept in memory asks no disk.
    let found = run(&kept("memory"), &[&REGULAR[..], &[&of(5)]].concat());
    assert_eq!(number(&found, "producers.web.confirm.max"), 0.0);
}

/// A disk that is forced every second and stands still from 100.5 s on: a crash at 102.2 s takes what came after 100 s, and without the stall
/// what came after 102 s. Messages come ten a second, and nobody takes them.
#[test]
fn a_disk_that_stands_still_forces_nothing() {
    let lost = |stall: &str| {
        let faults = format!(
            "faults=[{{ at = \"100.5s\", for = \"{stall}\", disk_stall = \"brokers.b\" }}, \
             {{ at = \"102.25s\", for = \"1s\", crash = \"brokers.b\" }}]"
        );
        let plan =
            ["run.duration=110s", "run.replications=1", "producers.web.arrivals.constant=10/s", "producers.web.confirm=off"];
        let idle = [
            "brokers.b.disk={ mode = \"interval\", every = \"1s\" }",
            "consumers.workers.ack=manual",
            "consumers.workers.service=1h",
        ];
        number(&run(&kept("disk"), &[&plan[..], &idle, &[&faults]].concat()), "queues.jobs.lost.count")
    };
    assert!((2.0..=3.0).contains(&lost("1ms")), "{}", lost("1ms"));
    assert!((22.0..=23.0).contains(&lost("5s")), "{}", lost("5s"));
}

/// A node that crashes 4 ms into a write, also while its disk stands still: what is broken off is sent again, and that is all there is to write then.
#[test]
fn a_crash_breaks_off_what_a_disk_was_writing() {
    let longest = |crash: &str, stall: &str| {
        let faults = format!(
            "faults=[{{ at = \"100.004s\", for = \"{stall}\", disk_stall = \"brokers.b\" }}, \
             {{ at = \"100.1s\", for = \"{crash}\", crash = \"brokers.b\" }}]"
        );
        let found = run(&kept("disk"), &[&REGULAR[..], &[&faults]].concat());
        number(&found, "producers.web.confirm.max")
    };
    let near = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-9, "{found} for {exact}");
    // Down from 100.1 s on, when the message goes back to its publisher and its confirm is waited for anew, from 100.3 s on by a disk that goes on
    // at 100.504 s.
    near(longest("200ms", "500ms"), 0.414);
    // When the node is back at 100.7 s the disk is idle.
    near(longest("600ms", "500ms"), 0.610);
    // Back before the write would have been over, and after it.
    for down in ["1ms", "2ms", "100ms"] {
        let crash = format!("faults=[{{ at = \"100.004s\", for = \"{down}\", crash = \"brokers.b\" }}]");
        let found = run(&kept("disk"), &[&REGULAR[..], &[&crash]].concat());
        let exact = 0.010 + down.trim_end_matches("ms").parse::<f64>().unwrap() / 1000.0;
        near(number(&found, "producers.web.confirm.max"), exact);
    }
}
