//! What real brokers did, replayed: the program against an independent replay, and both against what was measured.
//!
//! `tests/data/real/expected.csv` was written by `tests/oracles/replay.py --csv`, which shares no line with the simulator.

#[path = "real/suite.rs"]
mod suite;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use suite::figures::{Figures, off};
use suite::recordings::{Converted, convert, recordings, shipped, trace};
use suite::replay::{Prediction, model, replay};
use suite::scenario::scenario;
use suite::table::{Comparison, Distance, Kind, dealt_out, distance, table, windows, words};
use suite::window::{points, predict};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Which of three consumers dies is told by its number in the recording and the oracle, and by who is first in the model: after that all
/// is the same but for who has which place in the ring.
const AFTER_A_CRASH: &str = "R8_crash_p1";

/// All recordings and what is predicted of them, once for all tests.
static COMPARISONS: LazyLock<Vec<Comparison>> =
    LazyLock::new(|| recordings().into_par_iter().map(|recording| Comparison::of(recording).unwrap()).collect());

/// What the independent replay says of a recording: the figures of the waits, throughput, share lost, and one number for all waits.
struct Expected {
    name: String,
    figures: [f64; 4],
    throughput: f64,
    lost: f64,
    digest: u64,
}

fn expected() -> Vec<Expected> {
    let mut table = csv::Reader::from_path(Path::new(ROOT).join("tests/data/real/expected.csv")).unwrap();
    let rows = table.records().map(|row| {
        let row = row.unwrap();
        let number = |at: usize| row[at].parse::<f64>().unwrap();
        Expected {
            name: row[0].to_owned(),
            figures: std::array::from_fn(|at| number(at + 1)),
            throughput: number(5),
            lost: number(6),
            digest: row[7].parse().unwrap(),
        }
    });
    rows.collect()
}

/// One number for all waits, each at its message.
fn digest(prediction: &Prediction) -> u64 {
    let part = |&(which, wait): &(usize, u64)| (which as u64 + 1).wrapping_mul(wait);
    prediction.waits.iter().map(part).fold(0, u64::wrapping_add)
}

fn comparison(name: &str) -> &'static Comparison {
    COMPARISONS.iter().find(|comparison| comparison.recording.name == name).unwrap()
}

#[test]
fn waits_are_those_of_an_independent_replay() {
    let all = expected();
    assert_eq!(all.len(), 24);
    let mut wrong = Vec::new();
    for Expected { name, figures, throughput, lost, digest: all_waits } in all {
        let predicted = &comparison(&name).predicted;
        let found = Figures::of(&predicted.waits()).unwrap().all();
        let same = |found: f64, expected: f64, by: f64| (found - expected).abs() <= by;
        // After a crash the places in the ring decide, and with them a few messages.
        let close = if name == AFTER_A_CRASH { 1e-3 } else { 1e-6 };
        let alike = same(predicted.lost, lost, 1e-6) && same(predicted.throughput / throughput, 1.0, close);
        let equal = if name == AFTER_A_CRASH {
            same(found[0] / figures[0], 1.0, 1e-3)
        } else {
            digest(predicted) == all_waits && found.iter().zip(figures).all(|(&found, expected)| same(found, expected, 1.5e-9))
        };
        if !alike || !equal {
            wrong.push(format!("{name}: {found:?}, should be {figures:?}; {}, {lost}", predicted.lost));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The comparison can fail: a hundredth of a millisecond more is another replay.
#[test]
fn other_delays_give_other_waits() {
    for Expected { name, digest: all_waits, .. } in expected() {
        let slower = model(&comparison(&name).recording.scenario, 1.01).unwrap();
        assert_ne!(digest(&replay(&slower)), all_waits, "{name}");
    }
}

#[test]
fn what_a_broker_deals_out_in_turn_comes_to_the_consumer_that_really_got_it() {
    for name in ["R2_mm3_p100", "R11_share_qos1_rm1", "R12_auto"] {
        let Comparison { recording, predicted, .. } = comparison(name);
        assert_eq!(predicted.consumers, recording.consumers, "{name}");
    }
}

/// What is promised in `docs/validation.md`.
#[test]
fn predictions_are_close_to_what_was_measured() {
    let Distance { median_mean, worst_mean, median_p99, worst_p99, worst_lost } = distance(&COMPARISONS, false);
    assert!(median_mean < 0.015 && worst_mean < 0.063, "{median_mean} {worst_mean}");
    assert!(median_p99 < 0.02 && worst_p99 < 0.1 && worst_lost < 0.01, "{median_p99} {worst_p99} {worst_lost}");
    let Distance { median_mean, worst_mean, median_p99, worst_p99, worst_lost } = distance(&COMPARISONS, true);
    assert!(median_mean < 0.015 && worst_mean < 0.05, "{median_mean} {worst_mean}");
    assert!(median_p99 < 0.02 && worst_p99 < 0.1 && worst_lost < 0.01, "{median_p99} {worst_p99} {worst_lost}");
}

#[test]
fn callers_that_wait_see_the_round_trips_that_were_measured() {
    let mut seen = 0;
    for comparison in COMPARISONS.iter().filter(|comparison| comparison.recording.kind() == Kind::Requests) {
        let (measured, predicted) = comparison.figures(&comparison.predicted);
        let rate = off(comparison.predicted.throughput, comparison.recording.facts.throughput.unwrap());
        let name = &comparison.recording.name;
        assert!(off(predicted.mean, measured.mean).abs() < 0.05, "{name}: {predicted:?}, {measured:?}");
        assert!(rate.abs() < 0.025, "{name}: {rate}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn one_set_of_costs_gives_the_throughput_of_every_window() {
    let points = points();
    assert_eq!(points.len(), 24);
    for point in points {
        let (rate, _) = predict(&point);
        assert!(off(rate, point.measured).abs() < 0.15, "{} {}: {rate}, {}", point.queue, point.window, point.measured);
    }
}

/// Every row of the tables in `docs/validation.md` is what the program says now.
#[test]
fn the_document_states_what_is_predicted() {
    let document = fs::read_to_string(Path::new(ROOT).join("docs/validation.md")).unwrap();
    let mut stated = [Kind::Replay, Kind::Requests, Kind::Path].map(|kind| table(&COMPARISONS, kind)).concat();
    stated += &windows(&points());
    stated += &words("as the scenarios are", distance(&COMPARISONS, false));
    stated += &words("at the speed of the machine", distance(&COMPARISONS, true));
    stated += &dealt_out(&COMPARISONS);
    for line in stated.lines() {
        assert!(document.contains(line), "cargo run --release --example real says now: {line}");
    }
}

/// A scenario needs nothing but the parameters of its run: they are written, not tuned.
#[test]
fn scenarios_are_those_that_the_parameters_give() {
    let folder = shipped();
    for Comparison { recording, .. } in COMPARISONS.iter() {
        let name = &recording.name;
        let given = scenario(name, &recording.parameters, &recording.facts, &trace(&folder, name));
        assert_eq!(fs::read_to_string(&recording.scenario).unwrap(), given, "{name}");
    }
}

/// A raw recording in `folder`, of messages with these instants of publish, start and end and the number of the consumer.
fn record(folder: &Path, parameters: &str, messages: &[(f64, f64, f64, usize)]) {
    fs::create_dir_all(folder).unwrap();
    let meta = format!("{{\"broker\": \"made up\", \"params\": {{{parameters}}}}}");
    fs::write(folder.join("meta.json"), meta).unwrap();
    let mut table = GzEncoder::new(File::create(folder.join("messages.csv.gz")).unwrap(), Compression::fast());
    writeln!(
        table,
        "id,class,attempt,sched_ts,publish_ts,deliver_ts,service_start_ts,service_end_ts,outcome,consumer,service_req_s"
    )
    .unwrap();
    for (id, (publish, start, end, consumer)) in messages.iter().enumerate() {
        let work = end - start;
        writeln!(table, "{id},0,1,,{publish:.6},,{start:.6},{end:.6},ack,{consumer},{work:.6}").unwrap();
    }
    table.finish().unwrap();
}

/// Instants and works of a made-up run, without chance: in milliseconds, uneven enough that queues form and vanish. So many consumers
/// are busy for 87 % of the time.
fn made_up(consumers: usize) -> impl Iterator<Item = (f64, f64)> {
    let scale = consumers as f64 / 2.0;
    (0..2_000u64).map(move |at| (at as f64 * 3.0 + (at * at % 17) as f64 * 0.18, scale * (0.2 + (at * 7919 % 101) as f64 * 0.1)))
}

/// Runs with other parameters than all that are shipped, made by the rules that the recordings show: each is predicted to the rounding
/// of its table, with no word of it in any file.
#[test]
fn a_recording_that_nobody_has_seen_is_replayed_from_its_parameters() {
    let room = tempfile::tempdir().unwrap();
    let raw = room.path().join("raw");
    // Four consumers with a prefetch of 1: whoever has had credit for longest, and a round trip between two messages.
    let mut credit = [0.0f64; 4];
    let one_by_one: Vec<_> = made_up(4)
        .map(|(publish, work)| {
            let who = (0..4).min_by(|&a, &b| credit[a].total_cmp(&credit[b])).unwrap();
            let start = credit[who].max(publish + 0.345) + 0.25;
            credit[who] = start + work + 0.184;
            (publish / 1e3, start / 1e3, (start + work) / 1e3, who)
        })
        .collect();
    record(&raw.join("X1"), r#""consumers": 4, "prefetch": 1, "n": 2000"#, &one_by_one);
    // All that comes is dealt out in turn: to two consumers over STOMP, and in a shared subscription of five.
    let dealt = |consumers: usize, way: f64, between: f64| -> Vec<_> {
        let mut free = vec![0.0f64; consumers];
        let deal = |(at, (publish, work)): (usize, (f64, f64))| {
            let who = at % consumers;
            let start = (publish + way).max(free[who]);
            free[who] = start + work + between;
            (publish / 1e3, start / 1e3, (start + work) / 1e3, who)
        };
        made_up(consumers).enumerate().map(deal).collect()
    };
    record(&raw.join("X2"), r#""proto": "stomp", "consumers": 2, "ack": "auto", "seed": 7"#, &dealt(2, 0.375, 0.010));
    let shared =
        r#""proto": "mqtt", "consumers": 5, "qos": 1, "filter": "$share/g/a", "mosquitto_conf": "set_tcp_nodelay true\n""#;
    record(&raw.join("X3"), shared, &dealt(5, 0.185, 0.023));
    let Converted { recordings, notes, troubles, .. } = convert(&raw, &room.path().join("out"), &[]).unwrap();
    assert_eq!((notes, troubles), (Vec::new(), Vec::new()));
    assert_eq!(recordings.len(), 3);
    for recording in recordings {
        let comparison = Comparison::of(recording).unwrap();
        let (measured, predicted) = comparison.figures(&comparison.predicted);
        for (measured, predicted) in measured.all().into_iter().zip(predicted.all()) {
            assert!((measured - predicted).abs() < 1e-4, "{}: {predicted}, should be {measured}", comparison.recording.name);
        }
        assert_eq!(comparison.predicted.consumers.len(), 2_000);
        if comparison.recording.name != "X1" {
            assert_eq!(comparison.predicted.consumers, comparison.recording.consumers, "{}", comparison.recording.name);
        }
    }
}

/// What a replay does not know is told with its place, and what is impossible hinders no other recording.
#[test]
fn a_recording_that_is_wrong_is_told_place_cause_and_cure() {
    let room = tempfile::tempdir().unwrap();
    let raw = room.path().join("raw");
    let messages = [(0.001, 0.002, 0.003, 0), (0.004, 0.005, 0.009, 0)];
    let cases = [
        ("a", r#""consumers": 1, "prefetch": 1"#, ""),
        ("b", r#""consumers": 1, "shiny": 3"#, "b/meta.json: params.shiny = 3 is not known, and what it does is not predicted"),
        ("c", r#""consumers": 1, "prefetch": "one""#, "c/meta.json: params.prefetch: invalid type: string \"one\", expected u32"),
        ("d", r#""consumers": 1, "ack": "never""#, "d/meta.json: params.ack: \"never\" is not known; it may be auto, client"),
        ("e", r#""prefetch": 1"#, "e/meta.json: params: `consumers` is missing: how many?"),
        ("f", r#""consumers": 2, "speed": [1.0]"#, "params.speed: has 1 numbers for 2 consumers; write one for each"),
        ("g", r#""consumers": 1, "n": 3"#, "g/messages.csv.gz: 2 messages, where the parameters say 3"),
        ("h", r#""consumers": 1, "crash": {"mode": "exit"}"#, "params.crash: no row shows a service that was broken off"),
        (
            "i",
            r#""consumers": 1, "queue_args": {"x-queue-type": "stream"}"#,
            "params.queue_args.x-queue-type: \"stream\" is not known",
        ),
        ("j", r#""consumers": 1, "rpc": "closed""#, "params: `callers` is missing beside rpc = \"closed\""),
    ];
    for (name, parameters, _) in cases {
        record(&raw.join(name), parameters, &messages);
    }
    fs::remove_file(raw.join("j/messages.csv.gz")).unwrap();
    let Converted { recordings, notes, troubles, .. } = convert(&raw, &room.path().join("out"), &[]).unwrap();
    let read: Vec<&str> = recordings.iter().map(|recording| recording.name.as_str()).collect();
    assert_eq!(read, ["a", "b", "g"]);
    let told = [notes, troubles].concat();
    for (name, _, words) in cases {
        assert!(told.iter().any(|line| line.contains(words)), "{name}: {words}\n{}", told.join("\n"));
    }
    assert_eq!(told.len(), cases.len() - 1, "{}", told.join("\n"));
    assert!(convert(&room.path().join("nowhere"), room.path(), &[]).is_err());
}

/// The mean of a metric, as the program prints it.
fn printed(scenario: &Path, metric: &str) -> f64 {
    let room = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    let output = command.args(["run", "--format", "json", "--out"]).arg(room.path()).arg(scenario).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    result["metrics"][metric]["estimate"].as_f64().unwrap_or_else(|| panic!("{metric} is not there"))
}

/// What the shipped program prints of a recording is what the comparison says of it: from the publish to the end of the work.
#[test]
fn the_program_prints_what_the_comparison_says() {
    for name in ["R1_mm3_p1", "R2_mm3_p10", "R4_lognormal_cv2", "R12_ci_p1"] {
        let Comparison { recording, predicted, .. } = comparison(name);
        let waits = Figures::of(&predicted.waits()).unwrap().mean;
        let mean = printed(&recording.scenario, "producers.web.completion.mean");
        let work = printed(&recording.scenario, "consumers.workers.service.mean");
        assert!((mean - work - waits).abs() < 1e-8, "{name}: {mean} - {work}, should be {waits}");
    }
}

/// A user's own scenario, with a preset and the recorded instants and works.
#[test]
fn a_scenario_of_a_user_predicts_a_recording() {
    let room = tempfile::tempdir().unwrap();
    for name in ["R1_mm3_p1", "R2_mm3_p10"] {
        let path = shipped().join(trace(&shipped(), name)).canonicalize().unwrap();
        let text = format!(
            r#"
[run]
stop = "drained"
replications = 1
[brokers.rabbit]
preset = "rabbitmq-classic-2vcpu-idle"
[producers.web]
arrivals = {{ trace = {{ path = {path:?}, column = "publish_s", carry = {{ work = "service_s" }} }} }}
publish = "jobs"
[queues.jobs]
broker = "rabbit"
[consumers.workers]
queue = "jobs"
count = 3
prefetch = {}
overhead = "80us"
service = {{ carried = "work" }}
"#,
            comparison(name).recording.parameters.prefetch
        );
        let scenario = room.path().join(format!("{name}.toml"));
        fs::write(&scenario, text).unwrap();
        let wait = printed(&scenario, "producers.web.completion.mean") - printed(&scenario, "consumers.workers.service.mean");
        let measured = Figures::of(&comparison(name).recording.waits).unwrap().mean;
        assert!(off(wait, measured).abs() < 0.05, "{name}: {wait}, measured {measured}");
    }
}
