//! Sweeps and merges as a user meets them: what is written, what a killed sweep leaves and how it goes on, what is refused and how.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::{TempDir, tempdir};

const SMALL: &str = r#"
title = "Small"
[run]
duration = "20s"
warmup = "1s"
replications = 5
[producers.web]
arrivals = { poisson = "50/s" }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
service = { exponential = "10ms" }
[goals]
latency = "consumers.workers.wait.mean < 12ms"
"#;

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

#[track_caller]
fn expect(folder: &Path, arguments: &[&str], status: i32) -> Output {
    let output = queuelab(folder).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{err}");
    assert!(!err.contains("panicked") && !err.contains("bug in queuelab"), "{err}");
    output
}

/// What is told on standard error when a sweep is refused.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    String::from_utf8(expect(folder, arguments, 2).stderr).unwrap()
}

/// Every file of a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[track_caller]
fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (contents(one), contents(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(*bytes == other[name], "{name} differs");
    }
}

const RATES: &str = "producers.web.arrivals.poisson=10/s..90/s step 10/s";
const COUNTS: &str = "consumers.workers.count=1..4";

#[test]
fn every_point_has_what_a_run_of_its_own_has() {
    let folder = folder();
    let at = folder.path();
    let printed = expect(at, &["sweep", "small.toml", "--vary", RATES, "--out", "all", "--format", "json"], 0).stdout;
    let sweep: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(printed, fs::read(at.join("all/sweep.json")).unwrap());
    assert_eq!(sweep["points"].as_array().unwrap().len(), 9);
    let set = "producers.web.arrivals.poisson=70/s";
    let run = expect(at, &["run", "small.toml", "--set", set, "--no-files", "--format", "json"], 1).stdout;
    let run: Value = serde_json::from_slice(&run).unwrap();
    let point = &sweep["points"][6];
    assert_eq!(point["values"]["producers.web.arrivals.poisson"], "70/s");
    for (name, reading) in run["metrics"].as_object().unwrap() {
        for key in ["estimate", "low", "high", "unit"] {
            assert_eq!(point["metrics"][name][key], reading[key], "{name}.{key}");
        }
    }
    assert_eq!(point["goals"], run["goals"]);
    assert_eq!(point["stability"]["workers"], run["stability"][0]["verdict"]);
    // Observations of a latency, replications of anything else.
    let observed = run["distributions"]["consumers.workers.wait"]["count"].as_u64();
    assert_eq!(point["metrics"]["consumers.workers.wait.mean"]["samples"].as_u64(), observed);
    assert_eq!(point["metrics"]["consumers.workers.throughput"]["samples"], 5);

    let table = fs::read_to_string(at.join("all/sweep.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let head: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(head[..4], ["point", "producers.web.arrivals.poisson", "metric", "estimate"]);
    let metrics = run["metrics"].as_object().unwrap().len();
    assert_eq!(rows.records().filter(Result::is_ok).count(), 9 * metrics);
}

/// M/M/1: throughput over sojourn is rho (1 - rho) mu / s, greatest at half load (Kleinrock 1979).
#[test]
fn the_knee_of_an_mm1_lies_at_half_load() {
    let folder = folder();
    let metric = "consumers.workers.sojourn.mean";
    let arguments =
        ["sweep", "small.toml", "--vary", RATES, "--metric", metric, "--replications", "20", "--set", "run.duration=2min"];
    let text = String::from_utf8(expect(folder.path(), &arguments, 0).stdout).unwrap();
    assert!(text.replace('\n', " ").contains("poisson = 50/s (between 40/s and 60/s)"), "{text}");
    let json: Value = serde_json::from_slice(&fs::read(folder.path().join("output/small/sweep/sweep.json")).unwrap()).unwrap();
    assert_eq!((json["knees"][0]["value"].as_str(), json["knees"][0]["beyond"].as_str()), (Some("50/s"), None));
    // Where the range ends before it, that is said.
    let low =
        ["sweep", "small.toml", "--vary", "producers.web.arrivals.poisson=5/s,10/s,20/s", "--metric", metric, "--out", "low"];
    let text = String::from_utf8(expect(folder.path(), &low, 0).stdout).unwrap();
    assert!(text.contains("not inside the range, above"), "{text}");
}

#[test]
fn bytes_do_not_depend_on_threads_and_shards() {
    let folder = folder();
    let at = folder.path();
    let sweep = |more: &[&str]| {
        expect(at, &[&["sweep", "small.toml", "--vary", RATES, "--vary", COUNTS, "--set", "run.duration=3s"], more].concat(), 0)
    };
    sweep(&["--out", "one", "--threads", "1"]);
    sweep(&["--out", "many", "--threads", "5"]);
    assert_same(&at.join("one"), &at.join("many"));
    assert!(at.join("one/sweep-consumers.workers.wait.mean-heat.png").exists());
    let told = String::from_utf8(sweep(&["--out", "a", "--shard", "1/2"]).stdout).unwrap();
    assert!(told.contains("18 of 36 points"), "{told}");
    assert_eq!(contents(&at.join("a")).keys().collect::<Vec<_>>(), ["points.journal"]);
    // Half of the points are no whole.
    let message = refused(at, &["merge", "a", "--out", "whole"]);
    assert!(message.contains("18 of 36 points are missing") && message.contains("run the shard"), "{message}");
    sweep(&["--out", "b", "--shard", "2/2"]);
    for order in [["b", "a"], ["a", "b"]] {
        expect(at, &["merge", order[0], order[1], "--out", "whole"], 0);
        assert_same(&at.join("one"), &at.join("whole"));
    }
}

/// Kills at moments that run through the whole sweep; what is left goes on, and ends in the same bytes.
#[test]
fn a_killed_sweep_goes_on_and_ends_in_the_same_bytes() {
    let folder = folder();
    let at = folder.path();
    let arguments = ["sweep", "small.toml", "--vary", RATES, "--vary", COUNTS, "--set", "run.duration=60s", "--format", "quiet"];
    expect(at, &[&arguments[..], &["--out", "undisturbed"]].concat(), 0);
    let whole = fs::metadata(at.join("undisturbed/points.journal")).unwrap().len();
    let mut interrupted = 0;
    for moment in 0..20u64 {
        let out = at.join(format!("killed-{moment}"));
        let mut child = queuelab(at).args(arguments).arg("--out").arg(&out).stderr(Stdio::null()).spawn().unwrap();
        // When so much is written, and some part of a point later.
        let size = || fs::metadata(out.join("points.journal")).map_or(0, |found| found.len());
        while size() < whole * moment / 20 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(moment * moment * 137 % 9000));
        child.kill().unwrap();
        interrupted += usize::from(!child.wait().unwrap().success());
        expect(at, &[&arguments[..], &["--out", out.to_str().unwrap()]].concat(), 0);
        assert_same(&at.join("undisturbed"), &out);
    }
    assert!(interrupted >= 15, "only {interrupted} sweeps were killed before they ended");
}

/// The journal cut at every kind of place, as a kill in the middle of a write leaves it.
#[test]
fn a_cut_off_record_is_simulated_again_and_a_damaged_one_is_refused() {
    let folder = folder();
    let at = folder.path();
    let arguments = ["sweep", "small.toml", "--vary", COUNTS, "--set", "run.duration=3s", "--out", "x"];
    expect(at, &arguments, 0);
    let journal = at.join("x/points.journal");
    let whole = fs::read(&journal).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [0, 1, 17, first / 2, first - 1, first, first + 1, first + 16, first + 17, first + 500, whole.len() - 1] {
        fs::write(&journal, &whole[..cut]).unwrap();
        let told = String::from_utf8(expect(at, &arguments, 0).stderr).unwrap();
        let clean = cut == 0 || whole[cut - 1] == b'\n';
        assert_eq!(told.contains("cut off"), !clean, "{cut}: {told}");
        assert_eq!(fs::read(&journal).unwrap(), whole, "cut at {cut}");
    }
    // A byte that changed is not the work of a kill.
    let mut damaged = whole.clone();
    damaged[first + 200] ^= 1;
    fs::write(&journal, &damaged).unwrap();
    let message = refused(at, &arguments);
    for part in ["does not fit its checksum", "points.journal:2", "remove this line"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // So does merging say it, and that a shard is not whole.
    let message = refused(at, &["merge", "x", "--out", "y"]);
    assert!(message.contains("points.journal:2"), "{message}");
    fs::write(&journal, &whole[..whole.len() - 40]).unwrap();
    let message = refused(at, &["merge", "x", "--out", "y"]);
    assert!(message.contains("1 of 4 points are missing") && message.contains("is cut off"), "{message}");
    fs::write(&journal, "something else\n").unwrap();
    assert!(refused(at, &arguments).contains("no journal of a sweep"));
}

#[test]
fn results_of_another_sweep_are_left_alone() {
    let folder = folder();
    let at = folder.path();
    let vary = ["sweep", "small.toml", "--set", "run.duration=3s", "--out", "x", "--vary"];
    expect(at, &[&vary[..], &[COUNTS]].concat(), 0);
    let before = contents(&at.join("x"));
    for (more, part) in [
        (&["consumers.workers.count=1..5"][..], "its grid is"),
        (&["consumers.workers.count=1,2,3,5"], "other values"),
        (&[COUNTS, "--seed", "7"], "its seed is 1, here 7"),
        (&[COUNTS, "--replications", "6"], "it has 5 replications, here 6"),
        (&[COUNTS, "--set", "run.warmup=2s"], "its --set values are"),
        (&[COUNTS, "--precision", "5%"], "another precision"),
    ] {
        let message = refused(at, &[&vary[..], more].concat());
        for part in [part, "x/points.journal", "--out"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    fs::write(at.join("small.toml"), SMALL.replace("Small", "Other")).unwrap();
    let message = refused(at, &[&vary[..], &[COUNTS]].concat());
    assert!(message.contains("its scenario is another text"), "{message}");
    fs::write(at.join("small.toml"), SMALL).unwrap();
    // A version that is not this one: the first line with a checksum of its own.
    let journal = at.join("x/points.journal");
    let text = fs::read_to_string(&journal).unwrap();
    let (head, rest) = text.split_once('\n').unwrap();
    let body = head[17..].replace(concat!("queuelab ", env!("CARGO_PKG_VERSION")), "queuelab 0.0.1");
    let sum: String =
        <sha2::Sha256 as sha2::Digest>::digest(body.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    fs::write(&journal, format!("{sum} {body}\n{rest}")).unwrap();
    let message = refused(at, &[&vary[..], &[COUNTS]].concat());
    assert!(message.contains("by queuelab 0.0.1"), "{message}");
    assert!(refused(at, &["merge", "x", "--out", "y"]).contains("by queuelab 0.0.1"));
    fs::write(&journal, text).unwrap();
    assert_eq!(contents(&at.join("x")), before);
    expect(at, &[&vary[..], &["consumers.workers.count=1..5", "--out", "z"][..1]].concat(), 2);
    // Shards of different sweeps.
    expect(at, &["sweep", "small.toml", "--set", "run.duration=3s", "--seed", "2", "--vary", COUNTS, "--out", "other"], 0);
    assert!(refused(at, &["merge", "x", "other", "--out", "y"]).contains("no shard of the sweep in"), "seeds differ");
}

/// All commands write a report.html: none writes over that of another, and each over its own.
#[test]
fn results_of_another_command_are_left_alone() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("other.toml"), SMALL.replace("Small", "Other").replace("10ms", "11ms")).unwrap();
    let quick = |words: &[&'static str]| -> Vec<&'static str> {
        words.iter().copied().chain(["--set", "run.duration=3s", "--format", "quiet", "--out"]).collect()
    };
    let commands = [
        ("run", "result.json", quick(&["run", "small.toml"])),
        ("compare", "compare.json", quick(&["compare", "small.toml", "other.toml"])),
        ("sweep", "points.journal", quick(&["sweep", "small.toml", "--vary", COUNTS])),
        ("size", "size.json", quick(&["size", "small.toml", "consumers.workers.count"])),
    ];
    for (command, file, arguments) in &commands {
        // Whether a goal can be met is not the question.
        let write = || queuelab(at).args(arguments).arg(command).output().unwrap();
        let output = write();
        assert!(at.join(command).join(file).exists(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let before = contents(&at.join(command));
        for (other, _, arguments) in commands.iter().filter(|(other, ..)| other != command) {
            let message = refused(at, &[&arguments[..], &[command]].concat());
            for part in
                [format!("{command}/{file}"), format!("`queuelab {command}`"), format!("`queuelab {other}`"), "--out".into()]
            {
                assert!(message.contains(&part), "{part}: {message}");
            }
        }
        assert!(contents(&at.join(command)) == before, "{command}: its files have changed");
        assert_eq!(write().status.code(), output.status.code(), "{command} over its own");
    }
    assert!(refused(at, &["merge", "sweep", "--out", "run"]).contains("`queuelab run`"));
}

#[test]
fn a_sweep_in_use_is_left_alone() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("x")).unwrap();
    let file = fs::File::create(at.join("x/points.journal")).unwrap();
    file.lock().unwrap();
    let message = refused(at, &["sweep", "small.toml", "--vary", COUNTS, "--out", "x"]);
    assert!(message.contains("another process is writing this sweep") && message.contains("--out"), "{message}");
}

#[test]
fn what_makes_no_grid_says_where_why_and_what_to_write() {
    let folder = folder();
    let at = folder.path();
    for (vary, parts) in [
        (&["consumers.wrokers.count=1..3"][..], &["command line:1:18", "did you mean `workers`"][..]),
        (&["consumers.workers.cuont=1..3"], &["command line:1:26", "did you mean `count`"]),
        (&["consmers.workers.count=1..3"], &["a scenario has no `consmers`", "did you mean `consumers`"]),
        (&["consumers.workers.count=5..3"], &["command line:1:32", "is empty", "3..5"]),
        (&["consumers.workers.count=1..9 step 0"], &["step of zero", "step 1"]),
        (&["consumers.workers.count="], &["no values", "1..20"]),
        (&["consumers.workers.count=0..3"], &["`0` is too small", "from 1 to"]),
        (&["consumers.workers.count=1/s,2/s"], &["expected an integer", "without unit"]),
        (&["producers.web.arrivals.poisson=10..90"], &["a rate needs a unit", "10/s"]),
        (&["producers.web.arrivals.poisson=10/s..90/s"], &["needs a step", "step 10/s"]),
        (&["producers.web.arrivals.poisson=10/s..90/s step 1ms"], &["measured alike"]),
        (&["consumers.workers.count"], &["not PATH=VALUES", "--vary"]),
        (&["run.seed=1,1"], &["twice"]),
        (&["consumers.workers.count=1..9999999"], &["more than a million", "larger step"]),
        (&["run.seed=1..3", "run.seed=4..5"], &["varied twice", "one --vary"]),
    ] {
        let options: Vec<&str> = vary.iter().flat_map(|written| ["--vary", written]).collect();
        let message = refused(at, &[&["sweep", "small.toml"][..], &options].concat());
        for part in parts {
            assert!(message.contains(part), "{vary:?}: {part}\n{message}");
        }
    }
    for (more, part) in [
        (&["--seed", "3", "--vary", "run.seed=1..3"][..], "--seed sets it as well"),
        (&["--set", "run.seed=3", "--vary", "run.seed=1..3"], "varied and set"),
        (&["--vary", COUNTS, "--metric", "consumers.worker.wait.p99"], "did you mean `consumers.workers.wait.p99`"),
        (&["--vary", COUNTS, "--shard", "3/2"], "no part 3 of 2"),
        (&[], "--vary"),
    ] {
        let message = refused(at, &[&["sweep", "small.toml"][..], more].concat());
        assert!(message.contains(part), "{part}\n{message}");
    }
    // Values that are good by themselves and do not go together are found before anything is simulated.
    let mixed = ["--vary", "run.duration=1s,1h", "--vary", "run.bin=1ms,1s", "--out", "mixed"];
    let message = refused(at, &[&["sweep", "small.toml"][..], &mixed].concat());
    assert!(message.contains("bin"), "{message}");
    assert!(!at.join("mixed/points.journal").exists());
}

#[test]
fn a_huge_grid_is_asked_about_with_its_time() {
    let folder = folder();
    let rates = "producers.web.arrivals.poisson=0.01/s..10/s step 0.01/s";
    let arguments = ["sweep", "small.toml", "--vary", rates, "--vary", "consumers.workers.count=1..1000"];
    let message = refused(folder.path(), &arguments);
    for part in ["1000000 points", "will take about", "--yes", "--shard"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!folder.path().join("output").exists());
}

#[test]
fn a_point_that_cannot_end_is_recorded_with_its_reason() {
    let folder = folder();
    let at = folder.path();
    let vary = ["--vary", "run.max_events=1000,100000", "--out", "x", "--format", "markdown"];
    let text = String::from_utf8(expect(at, &[&["sweep", "small.toml"][..], &vary].concat(), 0).stdout).unwrap();
    assert!(text.contains("| stopped |") && text.contains("SHA-256") && text.contains("--vary run.max"), "{text}");
    let json: Value = serde_json::from_slice(&fs::read(at.join("x/sweep.json")).unwrap()).unwrap();
    assert!(
        json["points"][0]["stopped"].as_str().unwrap().contains("max_events = 1000 is reached"),
        "{}",
        json["points"][0]["stopped"]
    );
    assert!(json["points"][0]["metrics"]["consumers.workers.wait.mean"]["estimate"].is_null());
    assert!(json["points"][1]["metrics"]["consumers.workers.wait.mean"]["estimate"].is_f64());
}
