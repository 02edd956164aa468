//! The program as a user meets it: exit status, what is printed where, what is written, and what is left when things fail.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};

const SMALL: &str = r#"
title = "Small"
[run]
duration = "20s"
warmup = "1s"
replications = 3
[producers.web]
arrivals = { poisson = "50/s" }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
service = { exponential = "10ms" }
[goals]
latency = "consumers.workers.wait.mean < 1s"
"#;

/// The name of everything that `run` writes, without the journal.
const FILES: usize = 23;

fn queuelab(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    command.current_dir(folder).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// A folder with `small.toml`.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    queuelab(folder).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn expect(folder: &Path, arguments: &[&str], status: i32) -> Output {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{}\n{}", out(&output), err(&output));
    assert!(!err(&output).contains("panicked") && !err(&output).contains("bug in queuelab"), "{}", err(&output));
    output
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn result(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path.join("result.json")).unwrap()).unwrap()
}

#[test]
fn the_exit_status_is_a_contract() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("bad.toml"), SMALL.replace("poisson", "poison")).unwrap();
    fs::write(at.join("latin.toml"), b"title = \"\xe9\"").unwrap();
    fs::write(at.join("file"), "").unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    let missed = "goals.latency=consumers.workers.wait.mean < 1us";
    for (arguments, status) in [
        (&["run", "small.toml"][..], 0),
        (&["run", "small.toml", "--no-files", "--set", missed], 1),
        (&["run", "bad.toml"], 2),
        (&["run", "latin.toml"], 2),
        (&["run", "empty"], 2),
        (&["run", "small.toml", "--set", "consumers.workers.count=many"], 2),
        (&["run", "small.toml", "--set", "run.max_events=100", "--no-files"], 2),
        (&["run", "small.toml", "--out", "x", "--no-files"], 2),
        (&["run", "small.toml", "--replications", "0"], 2),
        (&["run", "small.toml", "--seed", "-1"], 2),
        (&["run", "small.toml", "--format", "xml"], 2),
        (&["run", "small.toml", "--fromat", "json"], 2),
        (&["run"], 2),
        (&[], 2),
        (&["simulate"], 2),
        (&["run", "nowhere.toml"], 3),
        (&["run", "small.toml", "--out", "file/below"], 3),
        (&["run", "small.toml", "--out", "file"], 3),
        // The worst of several; the good one ran all the same.
        (&["run", "small.toml", "bad.toml", "--no-files"], 2),
        (&["run", "bad.toml", "nowhere.toml", "small.toml", "--no-files"], 3),
        (&["check", "small.toml"], 0),
        (&["check", "bad.toml"], 2),
        (&["check", "nowhere.toml"], 3),
        (&["check", "small.toml", "bad.toml"], 2),
        (&["new", "--template", "nothing"], 2),
        (&["new", "--out", "file"], 3),
    ] {
        let output = expect(at, arguments, status);
        if status > 1 {
            assert!(!err(&output).is_empty(), "{arguments:?} fails without a word");
        }
    }
    assert!(err(&run(at, &["run", "small.toml", "--fromat", "json"])).contains("--format"));
    assert!(err(&run(at, &["run", "bad.toml"])).contains("poisson"));
    assert_eq!(fs::read_to_string(at.join("file")).unwrap(), "");
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let folder = folder();
    let at = folder.path();
    fs::copy(at.join("small.toml"), at.join("other.toml")).unwrap();
    let one = out(&expect(at, &["run", "small.toml", "--no-files", "--format", "json"], 0));
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!((one["schema_version"].as_u64(), one["name"].as_str()), (Some(1), Some("small")));
    let many = out(&expect(at, &["run", "small.toml", "other.toml", "--no-files", "--format", "json"], 0));
    let many: Value = serde_json::from_str(&many).unwrap();
    let names: Vec<&str> = many.as_array().unwrap().iter().map(|result| result["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["small", "other"]);
    assert_eq!(many[0], one);
    // One that is refused leaves a list of the other.
    fs::write(at.join("bad.toml"), "x").unwrap();
    let rest = out(&expect(at, &["run", "bad.toml", "other.toml", "--no-files", "--format", "json"], 2));
    assert_eq!(serde_json::from_str::<Value>(&rest).unwrap().as_array().unwrap().len(), 1);
    for (files, is_list) in [(&["small.toml"][..], false), (&["small.toml", "other.toml"], true)] {
        let checked = out(&expect(at, &[&["check", "--format", "json"], files].concat(), 0));
        assert_eq!(serde_json::from_str::<Value>(&checked).unwrap().is_array(), is_list);
    }
    assert_eq!(listing(at), ["bad.toml", "other.toml", "small.toml"]);
}

#[test]
fn every_format_prints_the_same_numbers() {
    let folder = folder();
    let at = folder.path();
    let with = |format: &str| expect(at, &["run", "small.toml", "--no-files", "--format", format], 0);
    let json: Value = serde_json::from_str(&out(&with("json"))).unwrap();
    let csv = out(&with("csv"));
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(rows.headers().unwrap(), vec!["metric", "estimate", "low", "high", "unit", "reason", "method"]);
    let mut read = 0;
    for row in rows.records() {
        let row = row.unwrap();
        let metric = &json["metrics"][&row[0]];
        for (at, key) in [(1, "estimate"), (2, "low"), (3, "high")] {
            // A CSV file shows nine digits.
            match (row[at].parse::<f64>().ok(), metric[key].as_f64()) {
                (Some(shown), Some(whole)) => assert!((shown - whole).abs() <= 1e-8 * whole.abs(), "{key} of {}", &row[0]),
                (shown, whole) => assert_eq!(shown, whole, "{key} of {}", &row[0]),
            }
        }
        assert_eq!(Some(&row[4]), metric["unit"].as_str());
        read += 1;
    }
    assert_eq!(read, json["metrics"].as_object().unwrap().len());
    assert!(out(&with("markdown")).lines().filter(|line| line.starts_with('|')).count() > 5);
    assert!(out(&with("text")).contains("workers"));
    let quiet = with("quiet");
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty());
    // Neither a progress bar nor a colour where nobody looks.
    for format in ["text", "json", "markdown"] {
        let output = with(format);
        assert!(output.stderr.is_empty(), "{}", err(&output));
        assert!(!out(&output).contains('\u{1b}'));
    }
}

#[test]
fn the_result_says_where_it_comes_from() {
    let folder = folder();
    let at = folder.path();
    let arguments =
        ["run", "small.toml", "--seed", "9", "--replications", "4", "--set", "consumers.workers.count=2", "--out", "here"];
    let text = out(&expect(at, &arguments, 0));
    let result = result(&at.join("here"));
    let provenance = &result["provenance"];
    assert_eq!(provenance["scenario"], SMALL);
    let hash: String = Sha256::digest(SMALL).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(provenance["scenario_sha256"], hash.as_str());
    assert_eq!(provenance["overrides"], serde_json::json!(["consumers.workers.count=2"]));
    assert_eq!((provenance["seed"].as_u64(), provenance["replications"].as_u64()), (Some(9), Some(4)));
    assert_eq!((provenance["duration"].as_f64(), provenance["warmup"].as_f64()), (Some(20.0), Some(1.0)));
    assert!(provenance["program"].as_str().unwrap().contains(env!("CARGO_PKG_VERSION")));
    assert_eq!(result["replicates"].as_array().unwrap().len(), 4);
    assert_eq!(result["goals"][0]["verdict"], "met");
    assert!(result["warnings"].is_array());
    for (name, metric) in result["metrics"].as_object().unwrap() {
        let bounds = ["low", "high"].map(|key| metric.get(key).unwrap_or_else(|| panic!("{name} has no {key}")).as_f64());
        assert!(metric["unit"].is_string());
        match (metric["estimate"].as_f64(), bounds) {
            (Some(estimate), [Some(low), Some(high)]) => assert!(low <= estimate && estimate <= high, "{name}: {metric}"),
            (_, [None, None]) => assert!(metric["reason"].as_str().is_some_and(|reason| reason.len() > 5), "{name}: {metric}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(listing(&at.join("here")).len(), FILES);
    assert!(text.contains(&format!("wrote {FILES} files to here")), "{text}");
    assert_eq!(result["provenance"]["target"], format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS));
}

#[test]
fn standard_input_is_a_scenario() {
    let folder = tempdir().unwrap();
    let mut child = queuelab(folder.path())
        .args(["run", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(SMALL.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["name"], "stdin");
    assert_eq!(listing(&folder.path().join("output/stdin")).len(), FILES);
}

#[test]
fn a_folder_stands_for_its_scenarios() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("many")).unwrap();
    for name in ["b.toml", "a.toml", "notes.txt", "c.TOML.bak"] {
        fs::copy(at.join("small.toml"), at.join("many").join(name)).unwrap();
    }
    let printed = out(&expect(at, &["run", "many", "--out", "results", "--format", "json"], 0));
    let names: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((names[0]["name"].as_str(), names[1]["name"].as_str()), (Some("a"), Some("b")));
    assert_eq!(listing(&at.join("results")), ["a", "b"]);
    expect(at, &["check", "many"], 0);
}

#[test]
fn the_journal_agrees_with_the_result() {
    let folder = folder();
    let at = folder.path();
    let bounded = ["--set", "queues.jobs.max_length=1", "--set", "queues.jobs.ttl=20ms", "--set", "run.warmup=0s"];
    expect(
        at,
        &[&["run", "small.toml", "--journal", "--out", "o", "--set", "producers.web.arrivals.poisson=120/s"][..], &bounded]
            .concat(),
        0,
    );
    let first = &result(&at.join("o"))["replicates"][0];
    let mut rows = csv::Reader::from_path(at.join("o/messages.csv")).unwrap();
    let head = rows.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (mut finished, mut lost, mut waits, mut kinds) = (0, 0, 0.0, Vec::new());
    for row in rows.records() {
        let row = row.unwrap();
        let time = |name: &str| row[column(name)].parse::<f64>().ok();
        let (created, ended) = (time("created_s").unwrap(), time("ended_s").unwrap());
        assert!(created <= ended && (time("completion_s").unwrap() - (ended - created)).abs() < 1e-8);
        let outcome = row[column("outcome")].to_owned();
        if outcome == "completed" {
            let started = time("started_s").unwrap();
            assert!(created <= started && started <= ended);
            assert!((time("waited_s").unwrap() - (started - created)).abs() < 1e-8);
            (finished, waits) = (finished + 1, waits + started - created);
        } else {
            assert_eq!(time("started_s"), None, "a lost message was worked on");
            lost += 1;
        }
        if !kinds.contains(&outcome) {
            kinds.push(outcome);
        }
    }
    assert_eq!((first["finished"].as_u64(), first["lost"].as_u64()), (Some(finished), Some(lost)));
    assert_eq!(first["created"].as_u64().unwrap(), finished + lost + first["in_system"].as_u64().unwrap());
    kinds.sort();
    assert_eq!(kinds, ["completed", "dropped", "expired"]);
    // The mean of a run of one replication is that of its journal.
    let arguments = ["run", "small.toml", "--replications", "1", "--out", "o", "--set", "producers.web.arrivals.poisson=120/s"];
    expect(at, &[&arguments[..], &bounded].concat(), 0);
    let mean = result(&at.join("o"))["metrics"]["producers.web.wait.mean"]["estimate"].as_f64().unwrap();
    assert!((mean - waits / finished as f64).abs() < 1e-9, "{mean}");
}

/// Beside `jobs`, and by itself: a hall that needs longer to fill than a tenth of the run.
const HALL: &str = r#"
[producers.crowd]
arrivals = { poisson = "10/s" }
publish = "hall"
[queues.hall]
[consumers.guides]
queue = "hall"
count = 900
service = { exponential = "40s" }
"#;

/// The parts of a model have their own warm-ups and ends; their messages are told in the order in which they ended.
#[test]
fn the_journal_has_all_parts_in_order_of_time() {
    let folder = folder();
    let at = folder.path();
    let text = fs::read_to_string(at.join("small.toml")).unwrap().replace("warmup = \"1s\"", "");
    fs::write(at.join("both.toml"), format!("{text}{HALL}")).unwrap();
    let printed = out(&expect(
        at,
        &["run", "both.toml", "--journal", "--out", "o", "--replications", "10", "--set", "run.duration=10min"],
        0,
    ));
    let result = result(&at.join("o"));
    let parts = result["parts"].as_array().unwrap();
    let warmups: Vec<f64> = parts.iter().map(|part| part["warmup"].as_f64().unwrap()).collect();
    assert!(parts.len() == 2 && warmups[0] < warmups[1], "{parts:?}");
    assert_eq!(result["provenance"]["warmup"].as_f64(), Some(warmups[1]));
    assert!(printed.contains("\n  jobs: 10 replications × ") && printed.contains("\n  hall: 10 replications × "), "{printed}");
    let first = &result["replicates"][0];
    let mut rows = csv::Reader::from_path(at.join("o/messages.csv")).unwrap();
    let (mut last, mut ends) = (0.0, std::collections::BTreeMap::new());
    for row in rows.records() {
        let row = row.unwrap();
        let ended: f64 = row[7].parse().unwrap();
        assert!(last <= ended, "{last} comes before {ended}");
        last = ended;
        *ends.entry(row[0].to_owned()).or_insert((0, 0.0)) = (ends.get(&row[0]).map_or(0, |end: &(u64, f64)| end.0) + 1, ended);
    }
    let all: u64 = ends.values().map(|end| end.0).sum();
    assert_eq!(first["finished"].as_u64(), Some(all));
    // Each part goes on to its own end, and no further.
    for (producer, warmup) in [("web", warmups[0]), ("crowd", warmups[1])] {
        let end = warmup + result["provenance"]["duration"].as_f64().unwrap();
        assert!(ends[producer].1 <= end && ends[producer].1 > end - 1.0, "{producer}: {ends:?}, {end}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = folder();
    let binary = env!("CARGO_BIN_EXE_queuelab");
    let status = |script: &str| {
        let script = script.replace("queuelab", &format!("'{binary}'"));
        let output = Command::new("bash").current_dir(folder.path()).args(["-c", &script]).output().unwrap();
        assert!(!err(&output).contains("panicked"), "{}", err(&output));
        output.status.code()
    };
    for command in ["schema", "man", "run small.toml --no-files --format json", "run small.toml --no-files", "check small.toml"] {
        assert_eq!(status(&format!("queuelab {command} | head -n1 > /dev/null; exit ${{PIPESTATUS[0]}}")), Some(0), "{command}");
        assert_eq!(status(&format!("queuelab {command} | true; exit ${{PIPESTATUS[0]}}")), Some(0), "{command}");
        assert_eq!(status(&format!("queuelab {command} > /dev/full")), Some(3), "{command}");
        assert_eq!(status(&format!("queuelab {command} > /dev/null 2> /dev/full")), Some(0), "{command}");
        assert_eq!(status(&format!("queuelab {command} > /dev/null 2>&-")), Some(0), "{command}");
    }
    assert_eq!(status("queuelab run nowhere.toml 2> /dev/full"), Some(3));
    assert_eq!(status("queuelab check nowhere.toml 2> /dev/full"), Some(3));
    assert_eq!(status("queuelab run nowhere.toml 2>&1 | true; exit ${PIPESTATUS[0]}"), Some(3));
    assert_eq!(status("queuelab run 2> /dev/full"), Some(2));
}

/// Every file is limited to 8 kB, so that the larger ones fail as on a full disk.
#[test]
fn a_full_disk_changes_nothing() {
    let folder = folder();
    let at = folder.path();
    expect(at, &["run", "small.toml", "--out", "o", "--journal"], 0);
    let contents =
        || listing(&at.join("o")).into_iter().map(|name| (fs::read(at.join("o").join(&name)).unwrap(), name)).collect::<Vec<_>>();
    let before = contents();
    assert_eq!(before.len(), FILES + 1);
    for (kilobytes, extra) in
        [(8, ""), (1, ""), (0, ""), (200, "--journal --set run.duration=200s"), (200, "--trace 5000 --set run.duration=200s")]
    {
        let script = format!(
            "ulimit -f {kilobytes}; trap '' XFSZ; exec '{}' run small.toml --out o --seed 5 {extra}",
            env!("CARGO_BIN_EXE_queuelab")
        );
        let output = Command::new("bash").current_dir(at).args(["-c", &script]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{kilobytes} kB: {}", err(&output));
        assert!(err(&output).contains("cannot write"), "{}", err(&output));
        assert!(listing(&at.join("o")).iter().all(|name| !name.ends_with(".part")), "{:?}", listing(&at.join("o")));
        if extra.is_empty() {
            assert!(contents() == before, "{kilobytes} kB: the old files have changed");
        }
    }
}

/// Interrupts a run that would take very long, once `ready` says so.
fn interrupted(at: &Path, arguments: &[&str], ready: impl Fn(Duration) -> bool) -> Output {
    let child = queuelab(at).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !ready(begun.elapsed()) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(8), "it took no notice for {:?}", begun.elapsed());
    output
}

#[test]
fn an_interrupt_writes_what_is_there() {
    let folder = folder();
    let at = folder.path();
    let waited = |time: Duration| time > Duration::from_millis(1000);
    // Many short replications: some are done.
    let many = ["run", "small.toml", "--replications", "100000", "--threads", "1", "--out", "many", "--trace", "5", "--journal"];
    // What is not written any more, and was by an earlier run, says nothing of this one.
    fs::create_dir_all(at.join("many")).unwrap();
    for name in ["trace.json", "spans.json", "messages.csv"] {
        fs::write(at.join("many").join(name), "earlier").unwrap();
    }
    let output = interrupted(at, &many, waited);
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    let result = result(&at.join("many"));
    let done = result["replicates"].as_array().unwrap().len();
    assert!((1..100_000).contains(&done));
    assert_eq!(result["provenance"]["replications"].as_u64(), Some(done as u64));
    assert!(result["warnings"].as_array().unwrap().iter().any(|warning| warning["kind"] == "interrupted"));
    assert_eq!(listing(&at.join("many")).len(), FILES);
    // A part whose first replication is not done yet says so beside the numbers of the other.
    let text = fs::read_to_string(at.join("small.toml")).unwrap().replace("duration = \"20s\"", "");
    let endless = r#"
[producers.slow]
arrivals = { constant = "1000/s" }
publish = "last"
messages = 30_000_000_000
[queues.last]
[consumers.last]
queue = "last"
service = "1us"
"#;
    fs::write(at.join("endless.toml"), format!("{text}{endless}")).unwrap();
    let sets = ["run.stop=drained", "producers.web.messages=100"].map(|set| ["--set", set]).concat();
    let arguments = [&["run", "endless.toml", "--out", "part", "--threads", "1", "--seed", "3"][..], &sets].concat();
    let output = interrupted(at, &arguments, waited);
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    let found = self::result(&at.join("part"));
    assert!(found["metrics"]["producers.web.completion.mean"]["estimate"].is_number());
    let absent = &found["metrics"]["queues.last.published.rate"];
    assert!(absent["reason"].as_str().unwrap().contains("interrupted") && absent["estimate"].is_null(), "{absent}");
    assert!(found["warnings"].as_array().unwrap().iter().any(|warning| warning["kind"] == "interrupted"));
    // One long replication: nothing is done, and nothing is written.
    let long = ["run", "small.toml", "--set", "run.duration=3000d", "--replications", "1", "--out", "long"];
    let output = interrupted(at, &long, waited);
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert!(err(&output).contains("nothing is written") && output.stdout.is_empty());
    assert_eq!(listing(&at.join("long")), Vec::<String>::new());
}

#[test]
fn templates_run_as_they_are() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    let list = out(&expect(at, &["new", "--list"], 0));
    let names: Vec<&str> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(names.len() >= 4);
    for name in names {
        let file = format!("{name}.toml");
        expect(at, &["new", "--template", name, "--out", &file], 0);
        let printed = out(&expect(at, &["new", "--template", name], 0));
        assert_eq!(fs::read_to_string(at.join(&file)).unwrap(), printed);
        // A template may show a goal that is missed; anything else is a mistake in it.
        let output = run(at, &["run", &file, "--no-files", "--replications", "2", "--format", "quiet"]);
        assert!(output.status.code().is_some_and(|code| code <= 1) && output.stderr.is_empty(), "{name}: {}", err(&output));
        // It never writes over what is there.
        fs::write(at.join(&file), "mine").unwrap();
        expect(at, &["new", "--template", name, "--out", &file], 3);
        assert_eq!(fs::read_to_string(at.join(&file)).unwrap(), "mine");
    }
    assert_eq!(out(&expect(at, &["new"], 0)), out(&expect(at, &["new", "--template", "work-queue"], 0)));
    expect(at, &["new", "--out", "no/such/folder.toml"], 3);
}

#[test]
fn help_is_at_hand() {
    let folder = tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(out(&expect(folder.path(), &["completions", shell], 0)).contains("replications"), "{shell}");
    }
    assert!(out(&expect(folder.path(), &["man"], 0)).starts_with(".ie"));
    for command in [
        &["--help"][..],
        &["run", "--help"],
        &["check", "--help"],
        &["new", "--help"],
        &["schema", "--help"],
        &["presets", "--help"],
    ] {
        let help = out(&expect(folder.path(), command, 0));
        assert!(help.contains("Examples:\n") && help.contains("queuelab "), "{help}");
    }
    assert!(out(&expect(folder.path(), &["--help"], 0)).contains("Exit status"));
    assert!(out(&expect(folder.path(), &["--version"], 0)).contains(env!("CARGO_PKG_VERSION")));
}

/// Work of centuries, and a drained run whose bins are far too narrow for its length.
#[test]
fn extremes_end_well() {
    let folder = folder();
    let at = folder.path();
    let heavy = "consumers.workers.service={ pareto = { minimum = \"1s\", shape = 0.05 } }";
    expect(at, &["run", "small.toml", "--no-files", "--set", heavy], 0);
    let sparse =
        ["run.stop=drained", "run.bin=1ms", "run.warmup=0s", "producers.web.messages=5", "producers.web.arrivals.poisson=1/h"];
    fs::write(at.join("sparse.toml"), SMALL.replace("duration = \"20s\"\n", "")).unwrap();
    let mut arguments = vec!["run", "sparse.toml", "--no-files", "--format", "json", "--replications", "1"];
    sparse.iter().for_each(|set| arguments.extend(["--set", set]));
    let printed = out(&expect(at, &arguments, 0));
    let result: Value = serde_json::from_str(&printed).unwrap();
    let bins = result["series"]["columns"]["queues.jobs.backlog"]["mean"].as_array().unwrap().len();
    assert!((1000..=200_000).contains(&bins), "{bins} bins");
}

/// The shipped scenarios do what their headers say: they are valid, and meet their goals.
#[test]
fn shipped_scenarios_are_valid() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let checked = out(&expect(&root, &["check", "scenarios", "--format", "json"], 0));
    assert!(serde_json::from_str::<Value>(&checked).unwrap().as_array().unwrap().len() >= 9);
}
