//! Sizing: the right size of pools whose right size is known, what is said of it, and what is refused and how.

#[path = "../examples/sizing/instances.rs"]
mod instances;
#[path = "../examples/sizing/known.rs"]
mod known;

use instances::instances;
use known::{Asked, Work, wait};
use queuelab::scenario::{Document, resolve};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::{TempDir, tempdir};

const SMALL: &str = r#"
title = "Small"
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
[goals]
latency = "consumers.workers.wait.p99 < 30ms"
"#;

/// A folder with this scenario as `small.toml`.
fn folder(scenario: &str) -> TempDir {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), scenario).unwrap();
    folder
}

#[track_caller]
fn expect(folder: &Path, arguments: &[&str], status: i32) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    let output = command.current_dir(folder).args(arguments).env_remove("NO_COLOR").stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{err}");
    assert!(!err.contains("panicked") && !err.contains("bug in queuelab"), "{err}");
    output
}

#[track_caller]
fn sized(folder: &Path, more: &[&str], status: i32) -> Value {
    let arguments = [&["size", "small.toml"], more, &["--no-files", "--format", "json"]].concat();
    serde_json::from_slice(&expect(folder, &arguments, status).stdout).unwrap()
}

const COUNT: &str = "consumers.workers.count";

/// Both kinds of exact numbers, by formulas that share no line.
#[test]
fn the_known_waits_are_those_of_theory() {
    for (work, service) in [
        (Work::Exponential(0.01), "{ exponential = \"10ms\" }"),
        (Work::Constant(0.01), "\"10ms\""),
        (Work::Hyperexponential(0.01, 4.0), "{ hyperexponential = { mean = \"10ms\", cv = 2.0 } }"),
    ] {
        // Of general work theory knows one worker.
        for workers in [1, 3, 12].into_iter().take(if matches!(work, Work::Hyperexponential(..)) { 1 } else { 3 }) {
            let rate = 80.0 * workers as f64;
            let text = SMALL.replace("{ exponential = \"10ms\" }", service).replace("240/s", &format!("{rate}/s"));
            let text = text.replace("count = 3", &format!("count = {workers}"));
            let model = resolve(&Document { name: "known".into(), path: None, text }, &[]).unwrap().model;
            let answers = queuelab::theory::answers(&model);
            for (statistic, asked) in [("mean", Asked::Mean), ("p95", Asked::Quantile(0.95)), ("p99", Asked::Quantile(0.99))] {
                let metric = format!("consumers.workers.wait.{statistic}");
                let answer = answers.iter().find(|answer| answer.metric == metric && answer.exact);
                let theory = answer.unwrap_or_else(|| panic!("{metric} of {work:?} with {workers}")).value;
                let known = wait(rate, work, workers, asked);
                assert!((known / theory - 1.0).abs() < 1e-4, "{work:?} {workers} {statistic}: {known} and {theory}");
            }
        }
    }
    // With a variation of nearly 1 the two phases are one.
    for asked in [Asked::Mean, Asked::Quantile(0.99)] {
        let (one, other) =
            (wait(240.0, Work::Hyperexponential(0.01, 1.000_001), 3, asked), wait(240.0, Work::Exponential(0.01), 3, asked));
        assert!((one / other - 1.0).abs() < 1e-3, "{one} {other}");
    }
}

/// A few of what the example `sizing` does: docs/sizing.md has all 30.
#[test]
fn pools_get_the_size_that_they_need() {
    let all = instances(9, 5, 0.02);
    let mut wrong = Vec::new();
    for instance in &all {
        let folder = folder(&instance.scenario());
        let sizing = sized(folder.path(), &[COUNT], 0);
        if sizing["value"].as_u64() != Some(instance.right as u64) {
            wrong.push(format!("{instance:?}: {}", sizing["sentence"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_answer_has_its_margin_and_its_neighbours() {
    let folder = folder(SMALL);
    let at = folder.path();
    let sizing = sized(at, &[COUNT], 0);
    // M/M/4: p99 of the wait 20.9 ms; M/M/3: 72.3 ms (Erlang C).
    let exact = |workers: usize| wait(240.0, Work::Exponential(0.01), workers, Asked::Quantile(0.99));
    assert_eq!((sizing["path"].as_str(), sizing["value"].as_u64()), (Some(COUNT), Some(4)));
    assert_eq!(
        (sizing["values"][COUNT].as_str(), sizing["reason"].as_str(), sizing["sure"].as_bool()),
        (Some("4"), None, Some(true))
    );
    let goal = &sizing["goals"][0];
    let margin = goal["margin"].as_f64().unwrap();
    assert!((margin - (1.0 - exact(4) / 0.03)).abs() < 0.05, "{goal}");
    assert_eq!((goal["verdict"].as_str(), goal["wanted"].as_f64()), (Some("met"), Some(0.03)));
    for (neighbour, value, met) in [("one_more", 5, true), ("one_less", 3, false)] {
        let beside = &sizing[neighbour][0];
        assert_eq!(
            (beside["value"].as_str(), beside["met"].as_bool()),
            (Some(value.to_string().as_str()), Some(met)),
            "{beside}"
        );
        let found = beside["goals"][0]["estimate"].as_f64().unwrap();
        assert!((found / exact(value) - 1.0).abs() < 0.15, "{found} and {}", exact(value));
    }
    let tried = sizing["tried"].as_array().unwrap();
    assert_eq!(
        tried.iter().map(|tried| tried["fate"].as_str().unwrap()).collect::<Vec<_>>(),
        ["unstable", "missed", "met", "met", "met", "met"]
    );
    let theory = tried[2]["theory"]["consumers.workers.wait.p99"].as_f64().unwrap();
    assert!((theory / exact(4) - 1.0).abs() < 1e-6);
    let sentence = sizing["sentence"].as_str().unwrap();
    for part in [
        "count = 4 is the smallest value that meets every goal (95 % confidence)",
        "inside its goal",
        "One more (5) would bring",
        "One less (3) would miss it",
    ] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    // The files, and the other formats.
    let text = String::from_utf8(expect(at, &["size", "small.toml", COUNT], 0).stdout).unwrap();
    assert!(text.contains("◀ the answer") && text.contains("wrote 5 files to output/small/size"), "{text}");
    let file: Value = serde_json::from_slice(&fs::read(at.join("output/small/size/size.json")).unwrap()).unwrap();
    assert_eq!(file, sizing);
    assert!(at.join("output/small/size/size-latency.png").exists());
    let csv = String::from_utf8(expect(at, &["size", "small.toml", COUNT, "--no-files", "--format", "csv"], 0).stdout).unwrap();
    assert_eq!(csv.lines().count(), 7);
    assert!(csv.starts_with("consumers.workers.count,cost,fate,goal,metric,wanted,estimate"), "{csv}");
    let markdown =
        String::from_utf8(expect(at, &["size", "small.toml", COUNT, "--no-files", "--format", "markdown"], 0).stdout).unwrap();
    assert!(
        markdown.contains("**consumers.workers.count = 4 is")
            && markdown.contains("SHA-256")
            && markdown.contains("| ✗ missed |"),
        "{markdown}"
    );
    // The same bytes on any number of threads.
    for threads in ["1", "3"] {
        assert_eq!(sized(at, &[COUNT, "--threads", threads], 0), sizing);
    }
}

#[test]
fn one_less_may_be_unstable() {
    let folder = folder(SMALL);
    let sizing = sized(folder.path(), &[COUNT, "--set", "goals.latency=consumers.workers.wait.mean < 1s"], 0);
    assert_eq!(sizing["value"], 3);
    assert!(sizing["one_less"][0]["unstable"].as_str().unwrap().contains("1.2 times its capacity"), "{}", sizing["one_less"]);
    assert!(sizing["sentence"].as_str().unwrap().contains("One less (2) is unstable"), "{}", sizing["sentence"]);
}

#[test]
fn when_nothing_will_do_it_says_why_and_what_would_help() {
    let folder = folder(SMALL);
    for (more, reason, advice) in [
        (&["--range", "1..2"][..], "even the largest is unstable", "From 3 on it is stable. Give --range 1..6"),
        (&["--range", "1..3"], "count = 3 consumers.workers.wait.p99 is", "Theory expects that 4 will do. Give --range 1..8"),
        (
            &["--set", "goals.latency=consumers.workers.sojourn.p99 < 40ms"],
            "lies below the service time itself",
            "More of it cannot help",
        ),
        (
            &["--set", "goals.latency=producers.web.completion.mean < 9ms", "--range", "1..12"],
            "lies below the service time itself",
            "make the work faster",
        ),
        (
            &["--range", "1..9", "--set", "goals.latency=consumers.workers.throughput > 300/s"],
            "consumers.workers.throughput is",
            "hardly changes with the size",
        ),
    ] {
        let sizing = sized(folder.path(), &[&[COUNT][..], more].concat(), 1);
        assert_eq!((&sizing["value"], sizing["values"].as_object().unwrap().len()), (&Value::Null, 0));
        let (found, help) = (sizing["reason"].as_str().unwrap(), sizing["advice"].as_str().unwrap());
        assert!(found.contains(reason), "{more:?}: {found}");
        assert!(help.contains(advice), "{more:?}: {help}");
        assert!(sizing["sentence"].as_str().unwrap().starts_with("Nothing in consumers.workers.count from 1"), "{sizing}");
    }
}

/// A tandem of two M/M/c: its mean sojourns add up (Jackson 1957), so that the cheapest pair is known.
#[test]
fn the_cheapest_pair_is_found() {
    let scenario = SMALL
        .replace(
            "[consumers.workers]\nqueue = \"jobs\"",
            "[queues.mail]\n[consumers.workers]\nqueue = \"jobs\"\npublish = \"mail\"",
        )
        .replace("[goals]", "[consumers.mailers]\nqueue = \"mail\"\nservice = { exponential = \"20ms\" }\n[goals]")
        .replace("consumers.workers.wait.p99 < 30ms", "producers.web.completion.mean < 35ms")
        + "[costs]\n\"consumers.workers.count\" = 1.0\n\"consumers.mailers.count\" = 2.5\n";
    let folder = folder(&scenario);
    let paths = [COUNT, "consumers.mailers.count"];
    let sizing = sized(folder.path(), &[&paths[..], &["--range", "1..12"]].concat(), 0);
    let sojourn = |workers: usize, mean: f64| wait(240.0, Work::Exponential(mean), workers, Asked::Mean) + mean;
    let pairs = (1..=12).flat_map(|a| (1..=12).map(move |b| (a, b)));
    let good = pairs.filter(|&(a, b)| sojourn(a, 0.01) + sojourn(b, 0.02) < 0.035);
    let cost = |&(a, b): &(usize, usize)| a as f64 + 2.5 * b as f64;
    let best = good.min_by(|one, other| cost(one).total_cmp(&cost(other))).unwrap();
    assert_eq!(
        sizing["values"],
        serde_json::json!({ paths[0]: best.0.to_string(), paths[1]: best.1.to_string() }),
        "{}",
        sizing["sentence"]
    );
    assert_eq!(sizing["cost"].as_f64(), Some(cost(&best)));
    assert!(sizing["sentence"].as_str().unwrap().contains("cheapest combination"), "{}", sizing["sentence"]);
    assert_eq!((sizing["one_more"].as_array().unwrap().len(), sizing["one_less"].as_array().unwrap().len()), (2, 2));
    assert!(sizing["one_less"].as_array().unwrap().iter().all(|less| less["met"] == false));
}

#[test]
fn what_cannot_be_sized_says_where_why_and_what_to_write() {
    let folder = folder(SMALL);
    for (more, parts) in [
        (&["consumers.wrokers.count"][..], &["command line:1:11", "did you mean `workers`"][..]),
        (&["consumers.workers.cuont"], &["unknown key `cuont`", "did you mean `count`"]),
        (&[COUNT, "--range", "9..2"], &["--range 9..2", "is empty", "2..9"]),
        (&[COUNT, "--range", "1..9 step 0"], &["step of zero"]),
        (&[COUNT, "--range", "1ms..9ms step 1ms"], &["expected an integer", "without unit"]),
        (&[COUNT, "--range", "0..9"], &["`0` is too small"]),
        (&[COUNT, "--range", ""], &["no values", "1..20"]),
        (&[COUNT, "--range", "1..5", "--range", "1..6"], &["1 paths and 2 ranges", "one for all"]),
        (&[COUNT, COUNT], &["named twice"]),
        (&[COUNT, "consumers.workers.concurrency"], &["what one more of `consumers.workers.count` costs", "[costs]"]),
        (&[COUNT, "--set", "consumers.workers.count=4"], &["sized and set"]),
        (&[COUNT, "--set", "goals.latency=consumers.workers.wait.max < 1s"], &["extreme value", ".p999"]),
        (&[COUNT, "--set", "goals.latency=consumers.workers.utilization == 0.5"], &["exactly 0.5", "<= or >="]),
        (&[COUNT, "--tolerance", "2"], &["2%"]),
        (&[], &["PATH"]),
        (&["a", "b", "c", "d"], &["unexpected value 'd'"]),
    ] {
        let output = expect(folder.path(), &[&["size", "small.toml"][..], more].concat(), 2);
        let message = String::from_utf8(output.stderr).unwrap();
        for part in parts {
            assert!(message.contains(part), "{more:?}: {part}\n{message}");
        }
    }
    fs::write(folder.path().join("small.toml"), SMALL.split("[goals]").next().unwrap()).unwrap();
    let message = String::from_utf8(expect(folder.path(), &["size", "small.toml", COUNT], 2).stderr).unwrap();
    assert!(message.contains("no goal that a size could meet") && message.contains("[goals]"), "{message}");
}
