//! The files for other programs: traces of messages, and series for Prometheus. They are read back and held against `messages.csv` and
//! `result.json` of the same run.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::tempdir;

/// Simulated time zero: 2000-01-01T00:00:00Z.
const EPOCH: u128 = 946_684_800_000_000_000;

/// Two stages, a buffer, a limit and a time to live.
const STAGES: &str = r#"
[run]
duration = "20s"
warmup = "1s"
replications = 2
[producers.web]
arrivals = { poisson = "90/s" }
publish = "jobs"
[queues.jobs]
max_length = 4
ttl = "30ms"
[consumers.workers]
queue = "jobs"
count = 2
prefetch = 3
service = { exponential = "15ms" }
publish = "mails"
[queues.mails]
[consumers.mailers]
queue = "mails"
concurrency = 2
prefetch = 1
service = { exponential = "8ms" }
"#;

/// Calls that are given up and tried again, on behalf of messages that a handler publishes from.
const CALLS: &str = r#"
[run]
duration = "20s"
warmup = "1s"
replications = 2
[producers.web]
arrivals = { poisson = "12/s" }
steps = [{ call = "api", retry = { max_attempts = 3, backoff = "5ms" }, timeout = "60ms" }]
[services.api]
concurrency = 4
steps = [{ work = { exponential = "10ms" } }, { call = "db" }, { publish = "log" }]
[services.db]
concurrency = 1
service = { exponential = "18ms" }
[queues.log]
[consumers.loggers]
queue = "log"
service = { exponential = "5ms" }
"#;

/// A broker with a network, confirms, a fanout and consumers that fail.
const BROKER: &str = r#"
[run]
duration = "20s"
warmup = "1s"
replications = 2
[brokers.rabbit]
network = "1ms"
[producers.web]
arrivals = { poisson = "50/s" }
publish = "events"
confirm = "async"
[exchanges.events]
fanout = ["mails", "bills"]
broker = "rabbit"
[queues.mails]
broker = "rabbit"
delivery_limit = 2
[consumers.mailers]
queue = "mails"
service = { exponential = "10ms" }
failure = "20%"
on_failure = "requeue"
[queues.bills]
broker = "rabbit"
[consumers.billers]
queue = "bills"
prefetch = 5
service = { exponential = "12ms" }
"#;

/// A caller who waits for a confirm, and then for a reply.
const STEPS: &str = r#"
[run]
duration = "20s"
warmup = "1s"
replications = 2
[brokers.rabbit]
network = "2ms"
[producers.shop]
arrivals = { poisson = "20/s" }
steps = [{ publish = "orders", confirm = "sync" }, { publish = "questions", reply = true }]
[queues.orders]
broker = "rabbit"
[queues.questions]
broker = "rabbit"
[consumers.packers]
queue = "orders"
service = "1ms"
count = 100
[consumers.clerks]
queue = "questions"
service = "5ms"
count = 100
"#;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuelab"));
    command.current_dir(folder).stdin(Stdio::null()).arg("run").args(arguments).output().unwrap()
}

#[track_caller]
fn expect(folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = run(folder, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{text}");
    text
}

#[derive(Debug)]
struct Span {
    trace: String,
    entity: String,
    name: String,
    parent: Option<String>,
    start: u128,
    end: u128,
    fault: bool,
    whole: Value,
}

impl Span {
    fn length(&self) -> u128 {
        self.end - self.start
    }

    fn waits(&self) -> bool {
        ["wait ", "deliver ", "buffer "].iter().any(|what| self.name.starts_with(what))
    }

    /// Whether it may end after its message.
    fn is_late(&self) -> bool {
        ["settle ", "confirm ", "await "].iter().any(|what| self.name.starts_with(what))
    }

    fn attribute(&self, key: &str) -> Option<&str> {
        let all = self.whole["attributes"].as_array().unwrap();
        let found = all.iter().find(|attribute| attribute["key"] == key)?;
        found["value"]["stringValue"].as_str().or(found["value"]["intValue"].as_str())
    }
}

/// Every span by its identifier; that it has the form that OTLP asks for is checked on the way.
fn spans(path: &Path) -> BTreeMap<String, Span> {
    let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_uppercase()) && text.chars().any(|c| c != '0')
    };
    let mut all = BTreeMap::new();
    for resource in whole["resourceSpans"].as_array().unwrap() {
        let entity = resource["resource"]["attributes"][0]["value"]["stringValue"].as_str().unwrap();
        assert_eq!(resource["resource"]["attributes"][0]["key"], "service.name");
        for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
            let (id, trace) = (span["spanId"].as_str().unwrap(), span["traceId"].as_str().unwrap());
            assert!(is_hex(id, 16) && is_hex(trace, 32), "{span}");
            assert!((1..=5).contains(&span["kind"].as_u64().unwrap()), "{span}");
            let time = |key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
            let one = Span {
                trace: trace.to_owned(),
                entity: entity.to_owned(),
                name: span["name"].as_str().unwrap().to_owned(),
                parent: span.get("parentSpanId").map(|parent| parent.as_str().unwrap().to_owned()),
                start: time("startTimeUnixNano"),
                end: time("endTimeUnixNano"),
                fault: span["status"]["code"] == 2,
                whole: span.clone(),
            };
            assert!(EPOCH <= one.start && one.start <= one.end, "{span}");
            assert!(all.insert(id.to_owned(), one).is_none(), "{id} is there twice");
        }
    }
    all
}

/// Nanoseconds of a field of `messages.csv`.
fn nanos(field: &str) -> u128 {
    let (whole, rest) = field.split_once('.').unwrap();
    assert_eq!(rest.len(), 9);
    format!("{whole}{rest}").parse().unwrap()
}

/// Runs a scenario, holds its spans against its journal, and gives them.
#[track_caller]
fn followed(text: &str, limit: usize) -> BTreeMap<String, Span> {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("it.toml"), text).unwrap();
    expect(at, &["it.toml", "--out", "o", "--journal", "--trace", &limit.to_string(), "--format", "quiet"], 0);
    let spans = spans(&at.join("o/spans.json"));
    let roots: Vec<&Span> = spans.values().filter(|span| span.parent.is_none()).collect();
    assert_eq!(roots.len(), limit);
    assert_eq!(roots.iter().map(|root| &root.trace).collect::<BTreeSet<_>>().len(), limit);
    for span in spans.values() {
        let Some(parent) = &span.parent else { continue };
        let parent = &spans[parent];
        assert_eq!(parent.trace, span.trace);
        assert!(parent.start <= span.start && (span.is_late() || span.end <= parent.end), "{span:?} is not within {parent:?}");
        for link in span.whole["links"].as_array().into_iter().flatten() {
            assert_eq!(spans[link["spanId"].as_str().unwrap()].trace, span.trace);
        }
    }

    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(at.join("o/messages.csv")).unwrap().records().map(Result::unwrap).collect();
    let row = |producer: &str, index: &str| rows.iter().find(|row| &row[0] == producer && &row[1] == index);
    let mut ended = 0;
    for root in &roots {
        let producer = root.entity.strip_prefix("producers.").unwrap();
        let outcome = root.attribute("queuelab.outcome").unwrap();
        let Some(row) = row(producer, root.attribute("queuelab.index").unwrap()) else {
            assert_eq!(outcome, "unfinished");
            continue;
        };
        ended += 1;
        assert_eq!(&row[8], outcome);
        assert_eq!(root.fault, outcome != "completed");
        // To the nanosecond.
        assert_eq!((root.start - EPOCH, root.end - EPOCH, root.length()), (nanos(&row[5]), nanos(&row[7]), nanos(&row[10])));
        let own = || spans.values().filter(|span| span.trace == root.trace);
        let waited: u128 = own().filter(|span| span.waits() && !span.fault).map(Span::length).sum();
        assert_eq!(waited, nanos(&row[9]), "{row:?}\n{:#?}", own().collect::<Vec<_>>());
        let begun =
            own().filter(|span| span.name.starts_with("process ") || span.name.starts_with("serve ")).map(|span| span.start);
        assert_eq!(begun.min().map(|start| start - EPOCH), (!row[6].is_empty()).then(|| nanos(&row[6])));
    }
    assert!(ended > limit * 9 / 10, "{ended} of {limit} messages have ended");
    drawn(&at.join("o/trace.json"), &spans);
    spans
}

/// The same spans for Perfetto: in order of time, on threads where they do not cut each other, with arrows that have two ends.
#[track_caller]
fn drawn(path: &Path, spans: &BTreeMap<String, Span>) {
    let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let events = whole["traceEvents"].as_array().unwrap();
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    let named = |kind: &str| {
        let all = of("M").into_iter().filter(|event| event["name"] == kind);
        all.map(|event| (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap())).collect::<BTreeSet<_>>()
    };
    let (processes, threads) = (named("process_name"), named("thread_name"));
    let time = |event: &Value, key: &str| (event[key].as_f64().unwrap() * 1e3).round() as u128;
    let (mut last, mut stacks, mut total) = (0, BTreeMap::<(u64, u64), Vec<u128>>::new(), 0);
    for event in events.iter().filter(|event| event["ph"] != "M") {
        let (pid, tid, start) = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap(), time(event, "ts"));
        assert!(last <= start, "{event} comes too late");
        assert!(processes.contains(&(pid, 0)) && threads.contains(&(pid, tid)), "{event} stands nowhere");
        last = start;
        if event["ph"] == "X" {
            let end = start + time(event, "dur");
            total += end - start;
            let stack = stacks.entry((pid, tid)).or_default();
            while stack.last().is_some_and(|above| *above <= start) {
                stack.pop();
            }
            assert!(stack.last().is_none_or(|above| end <= *above), "{event} is cut by another");
            stack.push(end);
        }
    }
    assert_eq!(of("X").len(), spans.len());
    assert_eq!(total, spans.values().map(Span::length).sum::<u128>());
    let ends = |phase: &str| of(phase).iter().map(|event| event["id"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert!(!ends("s").is_empty());
    assert_eq!(ends("s"), ends("f"));
    assert_eq!(ends("s").len(), of("s").len());
}

#[test]
fn stages_agree_with_the_journal() {
    let spans = followed(STAGES, 300);
    for name in ["send jobs", "wait jobs", "buffer jobs", "process jobs", "wait mails", "process mails"] {
        assert!(spans.values().any(|span| span.name == name), "no {name}");
    }
    assert!(spans.values().any(|span| span.name == "wait jobs" && span.fault), "nothing was lost");
    let workers: BTreeSet<_> = spans
        .values()
        .filter(|span| span.entity == "consumers.workers")
        .filter_map(|span| span.attribute("queuelab.worker"))
        .collect();
    assert_eq!(workers, ["0", "1"].into());
    let processed = spans.values().find(|span| span.name == "process jobs").unwrap();
    assert_eq!(processed.whole["kind"], 5);
    assert_eq!(processed.attribute("messaging.destination.name"), Some("jobs"));
    assert_eq!(processed.attribute("messaging.operation.type"), Some("process"));
}

#[test]
fn calls_agree_with_the_journal() {
    let spans = followed(CALLS, 200);
    // A request to the database is a part of the work of the one that asked for it.
    let inner = spans.values().find(|span| span.name == "call db").unwrap();
    assert_eq!((&*spans[inner.parent.as_ref().unwrap()].name, &inner.whole["kind"]), ("serve api", &Value::from(3)));
    let served = spans.values().find(|span| span.name == "serve db").unwrap();
    assert_eq!((&*spans[served.parent.as_ref().unwrap()].name, &served.whole["kind"]), ("call db", &Value::from(2)));
    // What was published goes on when its cause is over, and knows it.
    let logged = spans.values().find(|span| span.name == "process log").unwrap();
    assert!(spans[logged.parent.as_ref().unwrap()].parent.is_none());
    assert_eq!(spans[logged.whole["links"][0]["spanId"].as_str().unwrap()].name, "serve api");
    let events: BTreeSet<&str> = spans
        .values()
        .flat_map(|span| span.whole["events"].as_array().into_iter().flatten())
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    assert!(events.contains("retry") && events.contains("response"), "{events:?}");
}

#[test]
fn brokers_agree_with_the_journal() {
    let spans = followed(BROKER, 300);
    let count = |name: &str| spans.values().filter(|span| span.name == name).count();
    // Each message goes to both queues, and its publisher hears of each.
    assert_eq!(count("confirm events"), 300);
    assert!(count("process bills") >= 290 && count("process mails") > count("process bills"));
    assert!(spans.values().any(|span| span.name == "process mails" && span.fault), "nothing failed");
    let again: BTreeSet<_> = spans.values().filter_map(|span| span.attribute("queuelab.delivery")).collect();
    assert!(again.contains("2") && again.contains("3"), "{again:?}");
    // There and back takes a millisecond each way: the message, its deliveries, and what the consumer says of them.
    for (name, kind, operation) in
        [("publish events", 3, Some("send")), ("deliver mails", 1, None), ("settle mails", 3, Some("settle"))]
    {
        let mut all = spans.values().filter(|span| span.name == name).peekable();
        assert!(all.peek().is_some(), "no {name}");
        for span in all.filter(|span| !span.fault) {
            assert_eq!(span.length(), 1_000_000, "{span:?}");
            assert_eq!((&span.whole["kind"], span.attribute("messaging.operation.type")), (&Value::from(kind), operation));
        }
    }
    let confirms: BTreeSet<u128> = spans.values().filter(|span| span.name == "confirm events").map(Span::length).collect();
    assert_eq!(confirms, [2_000_000].into());
    let root = spans.values().find(|span| span.parent.is_none()).unwrap();
    assert_eq!((&root.whole["kind"], root.attribute("messaging.operation.type")), (&Value::from(4), Some("create")));
    let nacks = spans.values().filter(|span| span.attribute("messaging.operation.name") == Some("nack"));
    assert_eq!(nacks.count(), spans.values().filter(|span| span.name == "process mails" && span.fault).count());
}

/// Steps that wait for confirms and for replies: what they wait for is a part of their work.
#[test]
fn steps_hear_of_what_they_publish() {
    let spans = followed(STEPS, 200);
    let all = |name: &str| spans.values().filter(|span| span.name == name).collect::<Vec<_>>();
    assert_eq!(all("confirm shop").len(), 200);
    assert_eq!(all("await shop").len(), 200);
    for span in all("confirm shop") {
        assert_eq!(span.length(), 4_000_000, "{span:?}");
    }
    // The way there, the delivery, the work, and the same ways back.
    for span in all("await shop") {
        assert_eq!(span.length(), 13_000_000, "{span:?}");
    }
    for span in all("publish orders").into_iter().chain(all("deliver orders")) {
        assert_eq!((span.length(), span.attribute("messaging.system")), (2_000_000, Some("queuelab")));
    }
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("it.toml"), CALLS).unwrap();
    for threads in ["1", "2"] {
        expect(
            at,
            &["it.toml", "--out", threads, "--threads", threads, "--trace", "20", "--openmetrics", "--format", "quiet"],
            0,
        );
    }
    for name in ["trace.json", "spans.json", "metrics.txt"] {
        assert!(fs::read(at.join("1").join(name)).unwrap() == fs::read(at.join("2").join(name)).unwrap(), "{name}");
    }
    // What was not asked for this time says nothing of this run.
    expect(at, &["it.toml", "--out", "1", "--format", "quiet"], 0);
    for name in ["trace.json", "spans.json", "metrics.txt"] {
        assert!(!at.join("1").join(name).exists(), "{name}");
    }
}

/// Fewer messages than are asked for, and none at all.
#[test]
fn all_there_are() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("it.toml"), STAGES).unwrap();
    let short = ["--set", "run.duration=1s", "--set", "producers.web.messages=30", "--set", "run.warmup=0s"];
    expect(at, &[&["it.toml", "--out", "o", "--trace", "100000", "--format", "quiet"], &short[..]].concat(), 0);
    let all = spans(&at.join("o/spans.json"));
    assert_eq!(all.values().filter(|span| span.parent.is_none()).count(), 30);
    let short = ["--set", "run.duration=1s", "--set", "producers.web.messages=3", "--set", "run.warmup=10s"];
    expect(at, &[&["it.toml", "--out", "o", "--trace", "5", "--format", "quiet"], &short[..]].concat(), 0);
    assert!(spans(&at.join("o/spans.json")).is_empty());
    let drawn: Value = serde_json::from_str(&fs::read_to_string(at.join("o/trace.json")).unwrap()).unwrap();
    assert_eq!(drawn["traceEvents"].as_array().unwrap().len(), 0);
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("it.toml"), STAGES).unwrap();
    for (arguments, says) in [
        (&["--trace", "0"][..], "0 is not in 1..=100000"),
        (&["--trace", "many"], "invalid value 'many'"),
        (&["--trace", "5", "--no-files"], "cannot be used with"),
        (&["--openmetrics", "--no-files"], "cannot be used with"),
    ] {
        let text = expect(at, &[&["it.toml"], arguments].concat(), 2);
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
    // A file that cannot be written is found before anything is simulated.
    for name in ["spans.json", "metrics.txt", "messages.csv"] {
        fs::create_dir_all(at.join(name).join(name)).unwrap();
        let text = expect(at, &["it.toml", "--out", name, "--trace", "5", "--openmetrics", "--journal"], 3);
        assert!(text.contains(name) && fs::read_dir(at.join(name)).unwrap().count() == 1, "{text}");
    }
}

/// What a user chooses is written as it is, and only in the folder: the name of the file, a title, recorded keys, names that begin with
/// what spreadsheets take for the beginning of a formula.
#[test]
fn hostile_names_stay_in_their_places() {
    const NAME: &str = "<script>alert(1)<script>\"'&";
    let keys = ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\",\"y\")", "a,\"b\"", "../../x", "<b>"];
    let folder = tempdir().unwrap();
    let at = folder.path();
    let rows: String = keys.iter().zip(1..).map(|(key, second)| format!("{second},\"{}\"\n", key.replace('"', "\"\""))).collect();
    fs::write(at.join("recorded.csv"), format!("time,key\n{rows}")).unwrap();
    fs::write(
        at.join(format!("{NAME}.toml")),
        "title = \"</script>\\\"\"\n[run]\nduration = \"20s\"\nreplications = 1\n[producers.-1]\narrivals = { trace = { path = \"recorded.csv\", column = \"time\", carry = { key = \"key\" } } }\n\
         publish = \"-x\"\n[queues.-x]\n[consumers.-y]\nqueue = \"-x\"\nservice = \"1500ms\"\n",
    )
    .unwrap();
    expect(at, &[&format!("{NAME}.toml"), "--trace", "8", "--openmetrics", "--journal", "--format", "quiet"], 0);
    let found: BTreeSet<String> =
        fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, ["output".to_owned(), "recorded.csv".to_owned(), format!("{NAME}.toml")].into());
    let made: Vec<_> = fs::read_dir(at.join("output")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(made, [NAME]);
    let at = at.join("output").join(NAME);
    for file in fs::read_dir(&at).unwrap() {
        let file = file.unwrap();
        assert!(file.file_type().unwrap().is_file() && !file.file_name().to_string_lossy().ends_with(".part"));
    }
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(at.join("messages.csv")).unwrap().records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| &row[4]).collect::<Vec<_>>(), keys);
    assert!(rows.iter().all(|row| &row[0] == "-1"));
    let spans = spans(&at.join("spans.json"));
    assert_eq!(spans.values().filter(|span| span.name == "process -x" && span.entity == "consumers.-y").count(), 8);
    drawn(&at.join("trace.json"), &spans);
    let metrics = fs::read_to_string(at.join("metrics.txt")).unwrap();
    let label = format!("{{scenario=\"{}\",table=\"queues\",entity=\"-x\"", NAME.replace('"', "\\\""));
    assert!(metrics.lines().any(|line| line.starts_with("queuelab_backlog_messages") && line.contains(&label)));
}

/// Tables that no formula can begin in: every column that is no number begins with a letter, or is a key or a name of the user's.
#[test]
fn tables_are_tidy_and_hold_no_formulas() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("it.toml"), BROKER).unwrap();
    expect(at, &["it.toml", "--out", "o", "--openmetrics", "--format", "quiet"], 0);
    let metrics = fs::read_to_string(at.join("o/metrics.txt")).unwrap();
    assert!(metrics.contains("\nqueuelab_unacked_messages{") && !metrics.contains("See the documentation"), "{metrics}");
    for (name, texts) in [
        ("summary.csv", &["metric", "unit", "reason", "method"][..]),
        ("percentiles.csv", &["metric"]),
        ("series.csv", &["metric", "unit"]),
    ] {
        let mut reader = csv::Reader::from_path(at.join("o").join(name)).unwrap();
        let head = reader.headers().unwrap().clone();
        let mut rows = 0;
        for row in reader.records().map(Result::unwrap) {
            rows += 1;
            for (column, field) in head.iter().zip(&row).filter(|(_, field)| !field.is_empty()) {
                if texts.contains(&column) {
                    assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {column} is {field}");
                } else {
                    assert!(field.parse::<f64>().is_ok_and(f64::is_finite), "{name}: {column} is {field}");
                }
            }
        }
        assert!(rows > 20, "{name} has {rows} rows");
    }
}

/// The grammar of OpenMetrics 1.0 as far as gauges need it, and the numbers of `result.json`.
#[test]
fn metrics_are_those_of_the_result() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("it.toml"), CALLS).unwrap();
    expect(at, &["it.toml", "--out", "o", "--openmetrics", "--format", "quiet"], 0);
    let result: Value = serde_json::from_str(&fs::read_to_string(at.join("o/result.json")).unwrap()).unwrap();
    let text = fs::read_to_string(at.join("o/metrics.txt")).unwrap();
    let sample = regex_lite::Regex::new(
        r#"^([a-z_:][a-z0-9_:]*)\{scenario="it",table="(\w+)",entity="(\w+)",statistic="(\w+)"\} (-?[0-9.e-]+) ([0-9.]+)$"#,
    )
    .unwrap();
    let (mut families, mut last, mut means) = (Vec::new(), BTreeMap::new(), BTreeMap::<_, Vec<f64>>::new());
    let mut lines = text.strip_suffix("# EOF\n").unwrap().lines();
    while let Some(line) = lines.next() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            let name = family.strip_suffix(" gauge").unwrap();
            let unit = lines.next().unwrap().strip_prefix(&format!("# UNIT {name} ")).unwrap();
            assert!(name.ends_with(&format!("_{unit}")), "{name} does not end with its unit");
            assert!(lines.next().unwrap().starts_with(&format!("# HELP {name} ")));
            assert!(!families.contains(&name), "{name} is there twice");
            families.push(name);
            continue;
        }
        let [_, name, table, entity, statistic, value, time] =
            std::array::from_fn(|at| sample.captures(line).unwrap().get(at).unwrap().as_str());
        assert_eq!(Some(&name), families.last(), "a sample of another family");
        let (value, time): (f64, f64) = (value.parse().unwrap(), time.parse().unwrap());
        let before = last.insert((name, table, entity, statistic), time);
        assert!(
            before.map_or(
                time == 946_684_800.0 || statistic == "low" || statistic == "high" || name.ends_with("_seconds"),
                |before| before < time
            ),
            "{line}"
        );
        if statistic == "mean" {
            means.entry((table, entity, name)).or_default().push(value);
        }
    }
    let columns = result["series"]["columns"].as_object().unwrap();
    // Of a hundred bins none has enough answers for a p99, and every one has enough for a median.
    let quantiles = result["series"]["latencies"]["producers.web.response"]["quantiles"].as_object().unwrap();
    let values =
        |order: &str| quantiles[order]["value"].as_array().unwrap().iter().filter_map(Value::as_f64).collect::<Vec<f64>>();
    assert_eq!((quantiles.len(), values("p99").len()), (2, 0));
    assert_eq!(means[&("producers", "web", "queuelab_response_p50_seconds")], values("p50"));
    assert_eq!(means.len(), columns.len() + 1);
    assert!(!text.contains("See the documentation"), "a quantity that nobody has described");
    let mean =
        |name: &str| columns[name]["mean"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect::<Vec<f64>>();
    assert_eq!(means[&("queues", "log", "queuelab_backlog_messages")], mean("queues.log.backlog"));
    assert_eq!(means[&("services", "db", "queuelab_utilization_ratio")], mean("services.db.utilization"));
    assert_eq!(means[&("producers", "web", "queuelab_offered_per_second")], mean("producers.web.offered.rate"));
}
