//! What documents mean: every form of the language, in TOML and JSON, with its defaults and overrides.

use queuelab::model::{Arrivals, Comparison, Discipline, Overflow, Prefetch, Priority, Stop, Warmup, Work};
use queuelab::random::{Counts, Distribution};
use queuelab::scenario::{Document, Resolved, read, resolve, schema, templates};
use queuelab::units::{Rate, Span, Time};
use std::io::Write;
use std::path::{Path, PathBuf};

const FIRST: &str = r#"
title = "Three workers on one queue"
[run]
duration = "10min"
replications = 10
[producers.web]
arrivals = { poisson = "240/s" }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 3
service = { exponential = "10ms" }
[goals]
latency = "consumers.workers.wait.p99 < 100ms"
"#;

fn document(text: &str) -> Document {
    Document { name: "test".to_owned(), path: None, text: text.to_owned() }
}

fn resolved(text: &str) -> Resolved {
    resolve(&document(text), &[]).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn with(overrides: &[&str]) -> Resolved {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    resolve(&document(FIRST), &overrides).unwrap_or_else(|problems| panic!("{problems}"))
}

fn service(value: &str) -> Distribution {
    match with(&[&format!("consumers.workers.service={value}")]).model.pools[0].work().cloned().expect("a plain server") {
        Work::Drawn(distribution) => distribution,
        other => panic!("{other:?}"),
    }
}

fn arrivals(value: &str) -> Arrivals {
    with(&[&format!("producers.web.arrivals={value}")]).model.producers[0].arrivals.clone()
}

#[test]
fn the_first_file_is_the_textbook_model() {
    let Resolved { model, costs, notes, warnings, variants } = resolved(FIRST);
    assert!(variants.is_empty() && costs.is_empty());
    assert!(notes.is_empty() && warnings.is_empty());
    assert_eq!(model.title.as_deref(), Some("Three workers on one queue"));
    assert_eq!(model.plan.duration, Some(Span(600_000_000_000)));
    assert_eq!((model.plan.warmup, model.plan.stop), (Warmup::Auto, Stop::Duration));
    assert_eq!((model.plan.replications, model.plan.seed, model.plan.confidence), (10, 1, 0.95));
    assert_eq!((model.plan.max_events, model.plan.bin, model.plan.terminating), (None, None, false));
    let producer = &model.producers[0];
    assert_eq!(producer.arrivals, Arrivals::Poisson { rate: Rate(240.0) });
    assert_eq!((&producer.priority, producer.messages), (&Priority::Constant(0), None));
    let queue = &model.queues[0];
    assert_eq!((queue.discipline, queue.max_length, queue.overflow), (Discipline::Fifo, None, Overflow::DropHead));
    let pool = &model.pools[0];
    assert_eq!((pool.count, pool.concurrency, pool.prefetch, pool.handler.queues()), (3, 1, Prefetch::Limit(1), Vec::new()));
    assert_eq!(pool.work(), Some(&Work::Drawn(Distribution::Exponential { mean: 1e7 })));
    let goal = &model.goals[0];
    assert_eq!((goal.metric.as_str(), goal.comparison, goal.value), ("consumers.workers.wait.p99", Comparison::Less, 0.1));
}

#[test]
fn entities_keep_the_order_of_the_document() {
    let text = FIRST.replace("[queues.jobs]", "[queues.zebra]\n[queues.jobs]\n[queues.ant]");
    let names: Vec<String> = resolved(&text).model.queues.into_iter().map(|queue| queue.name).collect();
    assert_eq!(names, ["zebra", "jobs", "ant"]);
}

#[test]
fn distributions_are_read_in_nanoseconds() {
    let cases = [
        ("8ms", Distribution::Constant { value: 8e6 }),
        ("0s", Distribution::Constant { value: 0.0 }),
        (r#"{ uniform = { min = "1ms", max = "3ms" } }"#, Distribution::Uniform { min: 1e6, max: 3e6 }),
        (
            r#"{ triangular = { min = "1ms", mode = "1ms", max = "3ms" } }"#,
            Distribution::Triangular { min: 1e6, mode: 1e6, max: 3e6 },
        ),
        (r#"{ normal = { mean = "8ms", sd = "1ms" } }"#, Distribution::Normal { mean: 8e6, sd: 1e6 }),
        (r#"{ gamma = { shape = 2, scale = "3ms" } }"#, Distribution::Gamma { shape: 2.0, scale: 3e6 }),
        (r#"{ erlang = { stages = 3, mean = "9ms" } }"#, Distribution::Erlang { stages: 3, mean: 9e6 }),
        (r#"{ weibull = { shape = 0.5, scale = "3ms" } }"#, Distribution::Weibull { shape: 0.5, scale: 3e6 }),
        (r#"{ pareto = { minimum = "1ms", shape = 2.5 } }"#, Distribution::Pareto { minimum: 1e6, shape: 2.5 }),
    ];
    for (written, expected) in cases {
        assert_eq!(service(written), expected, "{written}");
    }
    let Distribution::Lognormal { mu, sigma } = service(r#"{ lognormal = { median = "8ms", sigma = 1.5 } }"#) else {
        panic!("not lognormal")
    };
    assert!((mu - 8e6f64.ln()).abs() < 1e-12 && sigma == 1.5);
}

#[test]
fn composed_distributions_hold_their_parts_and_shares() {
    let Distribution::Hyperexponential { branches } =
        service(r#"{ hyperexponential = [{ probability = "30%", mean = "1ms" }, { probability = 0.7, mean = "9ms" }] }"#)
    else {
        panic!("not hyperexponential")
    };
    assert_eq!(branches.iter().map(|branch| (branch.probability, branch.mean)).collect::<Vec<_>>(), [(0.3, 1e6), (0.7, 9e6)]);
    let Distribution::Discrete { values } =
        service(r#"{ discrete = [{ value = "5ms", weight = 3 }, { value = "9ms", weight = 1 }, { value = "1d", weight = 0 }] }"#)
    else {
        panic!("not discrete")
    };
    assert_eq!(values.iter().map(|part| (part.weight, part.of)).collect::<Vec<_>>(), [(0.75, 5e6), (0.25, 9e6)]);
    let shifted = service(r#"{ shifted = { by = "1ms", of = { exponential = "2ms" } } }"#);
    assert_eq!(shifted, Distribution::Shifted { by: 1e6, of: Box::new(Distribution::Exponential { mean: 2e6 }) });
    for written in [
        r#"{ coxian = [{ mean = "2ms", continue = "30%" }, { mean = "3ms" }] }"#,
        r#"{ phase_type = { initial = [1, 0], rates = [["-4/s", "2/s"], [0, "-3/s"]] } }"#,
        r#"{ mixture = [{ weight = 1, of = "1ms" }, { weight = 2, of = { exponential = "2ms" } }] }"#,
        r#"{ truncated = { max = "9ms", of = { exponential = "2ms" } } }"#,
        r#"{ lognormal = { mean = "10ms", cv = 2.0 } }"#,
        r#"{ hyperexponential = { mean = "10ms", cv = 2 } }"#,
        r#"{ weibull = { p50 = "8ms", p99 = "60ms" } }"#,
        r#"{ pareto = { p50 = "8ms", p99 = "60ms" } }"#,
        r#"{ gamma = { p50 = "8ms", p99 = "60ms" } }"#,
    ] {
        service(written);
    }
}

#[test]
fn a_tail_without_mean_is_warned_about_unless_it_is_cut() {
    let pareto = r#"{ pareto = { minimum = "1ms", shape = 0.9 } }"#;
    let warnings = |service: &str| with(&[&format!("consumers.workers.service={service}")]).warnings.len();
    assert_eq!(warnings(pareto), 1);
    assert_eq!(warnings(&format!(r#"{{ truncated = {{ max = "1s", of = {pareto} }} }}"#)), 0);
}

#[test]
fn what_was_solved_for_is_noted() {
    let notes = with(&[r#"consumers.workers.service={ lognormal = { mean = "10ms", cv = 2.0 } }"#]).notes;
    let mine = with(&[r#"consumers.workers.service={ lognormal = { p50 = "8ms", p99 = "60ms" } }"#]).notes;
    // sigma = ln(60 / 8) / z(0.99) = 2.0149 / 2.32635, mean = 8 exp(sigma^2 / 2), cv = sqrt(exp(sigma^2) - 1).
    assert_eq!(
        mine,
        [
            "consumers.workers.service: lognormal with p50 8ms and p99 60ms has median 8ms and sigma 0.8661; its mean is 11.64ms and its cv 1.057"
        ]
    );
    // The lognormal with mean m and coefficient of variation c has sigma^2 = ln(1 + c^2) and median m / sqrt(1 + c^2).
    assert_eq!(
        notes,
        [
            "consumers.workers.service: lognormal with mean 10ms and cv 2 has median 4.472ms and sigma 1.269; its p50 is 4.472ms and its p99 85.55ms"
        ]
    );
}

#[test]
fn arrivals_are_read_in_every_form() {
    assert_eq!(arrivals(r#"{ constant = "10/min" }"#), Arrivals::Constant { rate: Rate(1.0 / 6.0) });
    assert_eq!(arrivals(r#"{ renewal = "8ms" }"#), Arrivals::Renewal { gap: Distribution::Constant { value: 8e6 } });
    let Arrivals::Mmpp { phases } = arrivals(r#"{ mmpp = { rates = ["50/s", "800/s"], stay = ["40s", "5s"] } }"#) else {
        panic!("no mmpp")
    };
    assert_eq!((phases[0].next.as_slice(), phases[1].next.as_slice()), (&[0.0, 1.0][..], &[1.0, 0.0][..]));
    assert_eq!((phases[1].rate, phases[1].stay), (Rate(800.0), Span(5_000_000_000)));
    let Arrivals::Batch { size, .. } =
        arrivals(r#"{ batch = { arrivals = { poisson = "9/s" }, size = { geometric = { mean = 4 } } } }"#)
    else {
        panic!("no batch")
    };
    assert_eq!(size, Counts::Geometric { mean: 4.0 });
    for (written, repeats) in [
        (r#"{ profile = [{ for = "1min", rate = "2/s" }, { for = "1min", from = "2/s", to = "9/s" }] }"#, false),
        (r#"{ profile = [{ for = "1min", rate = "2/s" }, { for = "1min", from = "2/s", to = "9/s" }], repeat = true }"#, true),
        (
            r#"{ profile = { segments = [{ for = "1min", rate = "2/s" }, { for = "1min", from = "2/s", to = "9/s" }], repeat = true } }"#,
            true,
        ),
    ] {
        let Arrivals::Profile { segments, repeat } = arrivals(written) else { panic!("no profile") };
        assert_eq!((segments.len(), segments[1].to, repeat), (2, Rate(9.0), repeats));
    }
}

fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, contents) in files {
        std::fs::write(folder.path().join(name), contents).expect("write");
    }
    folder
}

fn replay(folder: &Path, arrivals: &str, service: &str) -> Resolved {
    let text = FIRST.replace(r#"{ poisson = "240/s" }"#, arrivals).replace(r#"{ exponential = "10ms" }"#, service);
    let document = Document { path: Some(folder.join("replay.toml")), ..document(&text) };
    resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn traces_are_read_to_the_nanosecond_plain_and_packed() {
    let rows = b"publish_ts,service_ms,class,bytes,customer\n\
        1700000000.000000001,1.5,3,100,ann\n1700000000.250000000,2e-1,0,7,bob\n1700000001.75,0,255,0,\"c, d\"\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(rows).expect("pack");
    let packed = packed.finish().expect("pack");
    let folder = folder_with(&[("a.csv", rows), ("a.csv.gz", &packed)]);
    for path in ["a.csv", "a.csv.gz"] {
        let arrivals = format!(
            r#"{{ trace = {{ path = "{path}", column = "publish_ts", origin = "first",
                carry = {{ work = "service_ms", work_unit = "ms", priority = "class", size = "bytes", key = "customer" }} }} }}"#
        );
        let service = r#"{ shifted = { by = "0.4ms", of = { carried = "work" } } }"#;
        let Resolved { model, .. } = replay(folder.path(), &arrivals, service);
        let trace = model.producers[0].arrivals.trace().expect("a trace");
        assert_eq!(trace.times.as_ref(), [Time(0), Time(249_999_999), Time(1_749_999_999)]);
        assert_eq!(trace.carried.work.as_deref(), Some(&[Span(1_500_000), Span(200_000), Span(0)][..]));
        assert_eq!(trace.carried.priority.as_deref(), Some(&[3, 0, 255][..]));
        assert_eq!(trace.carried.size.as_deref(), Some(&[100, 7, 0][..]));
        assert_eq!(trace.carried.key.as_deref().map(|keys| keys[2].as_str()), Some("c, d"));
        assert_eq!(model.pools[0].work(), Some(&Work::Carried { plus: 400_000 }));
    }
}

#[test]
fn recorded_lengths_can_be_resampled() {
    let folder = folder_with(&[("s.csv", b"service\n3\n1\n2\n")]);
    let service = r#"{ empirical = { path = "s.csv", column = "service", unit = "ms", smooth = true } }"#;
    let Resolved { model, .. } = replay(folder.path(), r#"{ poisson = "240/s" }"#, service);
    let Some(Work::Drawn(Distribution::Empirical { values, smooth })) = model.pools[0].work() else { panic!("not empirical") };
    assert_eq!((values.as_ref(), *smooth), (&[1e6, 2e6, 3e6][..], true));
}

#[test]
fn queues_and_consumers_take_their_options() {
    let model = with(&["queues.jobs.discipline=priority", "queues.jobs.max_priority=5", "queues.jobs.max_length=0"]).model;
    assert_eq!((model.queues[0].discipline, model.queues[0].max_length), (Discipline::Priority { max_priority: 5 }, Some(0)));
    let model = with(&["consumers.workers.concurrency=4"]).model;
    assert_eq!(model.pools[0].prefetch, Prefetch::Limit(4));
    let model = with(&["consumers.workers.prefetch=0"]).model;
    assert_eq!(model.pools[0].prefetch, Prefetch::Unlimited);
}

#[test]
fn steps_are_the_long_form() {
    let long = FIRST
        .replace("publish = \"jobs\"", "steps = [{ publish = \"jobs\" }]")
        .replace("service = { exponential = \"10ms\" }", "steps = [{ work = { exponential = \"10ms\" } }]");
    assert_eq!(resolved(&long).model, resolved(FIRST).model);
}

#[test]
fn json_says_the_same_as_toml() {
    let json = r#"{
        "title": "Three workers on one queue",
        "run": { "duration": "10min", "replications": 10 },
        "producers": { "web": { "arrivals": { "poisson": "240\/s" }, "publish": "jobs" } },
        "queues": { "jobs": {} },
        "consumers": { "workers": { "queue": "jobs", "count": 3, "service": { "exponential": "10ms" } } },
        "goals": { "latency": "consumers.workers.wait.p99 < 100ms" }
    }"#;
    let document = Document { path: Some(PathBuf::from("first.json")), ..document(json) };
    let from_json = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(from_json.model, resolved(FIRST).model);
}

#[test]
fn overrides_replace_add_and_need_no_quotes() {
    let model = with(&[
        "consumers.workers.count=5",
        "run.duration=1h 30m",
        "run.seed=18446744073709551615",
        "\"producers\".'web'.arrivals.poisson=100/s",
        "goals.busy=consumers.workers.utilization < 80%",
        "title=\"Another\"",
    ])
    .model;
    assert_eq!(model.pools[0].count, 5);
    assert_eq!(model.plan.duration, Some(Span(5_400_000_000_000)));
    assert_eq!(model.plan.seed, u64::MAX);
    assert_eq!(model.producers[0].arrivals, Arrivals::Poisson { rate: Rate(100.0) });
    assert_eq!((model.goals.len(), model.goals[1].value), (2, 0.8));
    assert_eq!(model.title.as_deref(), Some("Another"));
}

#[test]
fn runs_can_stop_when_drained_and_start_empty() {
    let model = with(&["run.stop=drained", "run.start=empty", "producers.web.messages=100", "run.bin=1s"]).model;
    assert_eq!((model.plan.stop, model.plan.terminating, model.plan.warmup), (Stop::Drained, true, Warmup::None));
    assert_eq!((model.producers[0].messages, model.plan.bin), (Some(100), Some(Span(1_000_000_000))));
    let model = with(&["run.warmup=30s"]).model;
    assert_eq!(model.plan.warmup, Warmup::Fixed(Span(30_000_000_000)));
}

#[test]
fn every_template_resolves_without_a_warning() {
    let names: Vec<&str> = templates().iter().map(|template| template.name).collect();
    assert_eq!(names, ["work-queue", "pipeline", "priority", "bounded-queue", "calls", "replay"]);
    for template in templates() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new.toml");
        std::fs::write(&path, template.text).expect("write");
        if let Some((name, contents)) = template.beside {
            std::fs::write(folder.path().join(name), contents).expect("write");
        }
        let document = read(&path).expect("readable");
        let resolved = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{}\n{problems}", template.name));
        assert!(resolved.warnings.is_empty(), "{}\n{}", template.name, resolved.warnings);
        assert!(!resolved.model.goals.is_empty(), "{} has no goal", template.name);
    }
}

/// Every `$ref` of a schema, wherever it stands.
fn references(schema: &serde_json::Value, found: &mut Vec<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(|reference| reference.as_str()) {
                found.push(reference.to_owned());
                assert_eq!(object.len(), 1, "draft-07 ignores the neighbours of {reference}");
            }
            object.values().for_each(|value| references(value, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_schema_is_whole_and_described() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let mut found = Vec::new();
    references(&schema, &mut found);
    for reference in found {
        let name = reference.strip_prefix("#/definitions/").expect("a definition");
        assert!(schema["definitions"][name].is_object(), "{reference} leads nowhere");
    }
    for (name, definition) in schema["definitions"].as_object().expect("definitions") {
        assert!(definition["description"].as_str().is_some_and(|text| text.len() > 5), "{name} is not described");
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].as_str().is_some_and(|text| text.len() > 5), "{name}.{key} is not described");
        }
    }
    assert_eq!(schema["definitions"]["Consumer"]["properties"]["count"]["minimum"], 1);
    assert_eq!(schema["definitions"]["Consumer"]["additionalProperties"], false);
}

#[test]
fn goals_are_compared_in_si_units() {
    for (written, comparison, value) in [
        ("consumers.workers.wait.p999<1min 30s", Comparison::Less, 90.0),
        ("consumers.workers.throughput >= 600/min", Comparison::GreaterOrEqual, 10.0),
        ("consumers.workers.utilization <= 80%", Comparison::LessOrEqual, 0.8),
        ("consumers.workers.utilization <= 0.8", Comparison::LessOrEqual, 0.8),
        ("queues.jobs.dropped.count == 0", Comparison::Equal, 0.0),
        ("queues.jobs.ready.p99 < 1_000", Comparison::Less, 1000.0),
        ("  queues.jobs.drain  >  2s ", Comparison::Greater, 2.0),
    ] {
        let goal = with(&[&format!("goals.latency={written}")]).model.goals.remove(0);
        assert_eq!((goal.comparison, goal.value, goal.expression.as_str()), (comparison, value, written.trim()), "{written}");
    }
}

/// A variant says what `--set` would: the same document with its changes is the variant.
#[test]
fn variants_are_changes_as_on_the_command_line() {
    let toml = format!(
        "{FIRST}[variants.more]\ntitle = \"A fourth\"\nset = {{ \"consumers.workers.count\" = 4 }}\n[variants.other.set]\n\
         \"consumers.workers.service\" = {{ lognormal = {{ mean = \"10ms\", cv = 2.0 }} }}\n\"run.duration\" = \"5min\"\n"
    );
    let found = resolved(&toml).variants;
    let names: Vec<(&str, Option<&str>)> = found.iter().map(|one| (one.name.as_str(), one.title.as_deref())).collect();
    assert_eq!(names, [("more", Some("A fourth")), ("other", None)]);
    assert_eq!(found[0].changes, ["consumers.workers.count=4"]);
    assert_eq!(
        found[1].changes,
        ["consumers.workers.service={ \"lognormal\" = { \"mean\" = \"10ms\", \"cv\" = 2.0 } }", "run.duration=\"5min\""]
    );
    let document = |text: &str, path: &str| Document { name: "first".into(), path: Some(path.into()), text: text.to_owned() };
    let changed = resolve(&document(&toml, "first.toml"), &found[1].changes).unwrap().model;
    assert_eq!(changed.plan.duration, Some(Span::from_secs_f64(300.0)));
    assert_eq!(resolve(&document(&toml, "first.toml"), &found[0].changes).unwrap().model.pools[0].count, 4);
    // In JSON they are the same.
    let value: serde_json::Value = serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap();
    let json = resolve(&document(&value.to_string(), "first.json"), &[]).unwrap();
    assert_eq!(json.variants[0], found[0]);
    let changes = &json.variants.iter().find(|one| one.name == "other").unwrap().changes;
    assert_eq!(resolve(&document(&value.to_string(), "first.json"), changes).unwrap().model, changed);
}
