//! No document breaks the program: random bytes, random text that looks like TOML, and mutated scenarios are read, resolved
//! and shown without a panic; and documents made from valid parts always resolve.

use proptest::prelude::*;
use queuelab::model::{Load, Model, Stop, Work, metrics};
use queuelab::scenario::{Document, Problems, read, resolve, templates};
use std::path::PathBuf;

/// What the rest of the program takes for granted of a model.
fn check(model: &Model) {
    let queues = model.queues.len() as u32;
    let names: Vec<String> = metrics(model).iter().flat_map(|metric| metric.full_names()).collect();
    assert!(!model.producers.is_empty() && model.plan.replications >= 1);
    assert!(model.plan.duration.is_some() || model.plan.stop == Stop::Drained);
    assert!(model.plan.confidence > 0.0 && model.plan.confidence < 1.0);
    for producer in &model.producers {
        assert!(
            producer.handler.queues().iter().all(|queue| queue.0 < queues) && producer.arrivals.mean_rate() >= 0.0,
            "{producer:?}"
        );
        let ends = producer.messages.is_some() || producer.arrivals.ends();
        assert!(ends || model.plan.duration.is_some(), "{producer:?} never ends");
    }
    for pool in &model.pools {
        assert!(pool.queue.0 < queues && pool.handler.queues().iter().all(|queue| queue.0 < queues));
        assert!(pool.workers() >= 1);
        if let Some(Work::Drawn(distribution)) = pool.work() {
            assert!(distribution.mean() >= 0.0, "{distribution:?}");
        }
    }
    for goal in &model.goals {
        assert!(names.contains(&goal.metric) && goal.value.is_finite(), "{goal:?}");
    }
    for service in &model.services {
        assert!(service.count >= 1 && service.concurrency >= 1 && !service.handler.0.is_empty(), "{service:?}");
    }
    let load = Load::of(model);
    assert_eq!((load.queues.len(), load.services.len()), (model.queues.len(), model.services.len()));
    assert!(load.services.iter().all(|service| service.rate >= 0.0 && service.utilization >= 0.0), "{load:?}");
}

/// Reads and shows; whatever the outcome, it must be an outcome.
fn survive(text: &str, json: bool, overrides: &[String]) {
    let path = json.then(|| PathBuf::from("tests/bad/random.json"));
    let document = Document { name: "random".to_owned(), path, text: text.to_owned() };
    let problems: Problems = match resolve(&document, overrides) {
        Ok(resolved) => {
            check(&resolved.model);
            resolved.warnings
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason: {text}");
            problems
        }
    };
    for problem in problems.iter() {
        problems.position(problem);
    }
    problems.render(false);
    problems.render(true);
}

/// A word of the language, or something that looks like one.
fn token() -> impl Strategy<Value = String> {
    let words = [
        "[run]",
        "[producers.web]",
        "[queues.jobs]",
        "[consumers.workers]",
        "[services.db]",
        "[[faults]]",
        "[goals]",
        "[[",
        "]]",
        "[",
        "]",
        "{",
        "}",
        "=",
        ",",
        ".",
        "\n",
        "\r\n",
        "\t",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "\\",
        "\\u0000",
        "run",
        "duration",
        "arrivals",
        "publish",
        "service",
        "queue",
        "count",
        "steps",
        "call",
        "choose",
        "weight",
        "parallel",
        "timeout",
        "retry",
        "lock",
        "cache",
        "miss",
        "reply",
        "at",
        "crash",
        "title",
        "poisson",
        "exponential",
        "lognormal",
        "mixture",
        "shifted",
        "of",
        "by",
        "trace",
        "profile",
        "repeat",
        "mmpp",
        "\"10min\"",
        "\"240/s\"",
        "\"8ms\"",
        "\"jobs\"",
        "\"30%\"",
        "true",
        "nan",
        "-inf",
        "1e400",
        "0x_",
        "1979-05-27",
        "9223372036854775808",
        "-1",
        "0.5",
        "é",
        "漢",
        "\u{202e}",
        "\u{0}",
        "\u{feff}",
        "🙂",
    ];
    prop_oneof![8 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => any::<String>(), 1 => "[ -~]{0,12}"]
}

/// Scenarios that resolve.
fn texts() -> Vec<&'static str> {
    templates().iter().map(|template| template.text).collect()
}

/// A scenario that resolves, and its cuts and splices.
fn mutated() -> impl Strategy<Value = String> {
    let cut = (0usize..texts().len(), prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, token()), 1..6));
    cut.prop_map(|(template, edits)| {
        let mut characters: Vec<char> = texts()[template].chars().collect();
        for (at, length, replacement) in edits {
            let start = at.index(characters.len() + 1);
            let end = (start + length).min(characters.len());
            characters.splice(start..end, replacement.chars());
        }
        characters.into_iter().collect()
    })
}

/// Any JSON, with keys and texts of the language in it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        token().prop_map(Into::into),
        prop::sample::select(vec!["10min", "240/s", "8ms", "jobs", "drained"]).prop_map(Into::into),
    ];
    let keys = [
        "run",
        "producers",
        "queues",
        "consumers",
        "services",
        "faults",
        "goals",
        "alerts",
        "web",
        "jobs",
        "arrivals",
        "publish",
        "duration",
        "service",
        "steps",
        "call",
        "choose",
        "weight",
        "repeat",
        "parallel",
        "join",
        "retry",
        "timeout",
        "at",
        "crash",
    ];
    let key = prop_oneof![prop::sample::select(keys.to_vec()).prop_map(str::to_owned), any::<String>()];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn milliseconds() -> impl Strategy<Value = String> {
    (1u32..2_000).prop_map(|n| format!("{}.{}ms", n / 10, n % 10))
}

/// A distribution of a length of time, as it is written.
fn distribution() -> impl Strategy<Value = String> {
    let quoted = || milliseconds().prop_map(|text| format!("\"{text}\""));
    let leaf = prop_oneof![
        quoted(),
        quoted().prop_map(|mean| format!("{{ exponential = {mean} }}")),
        (1u32..100, 1u32..100)
            .prop_map(|(min, more)| format!("{{ uniform = {{ min = \"{min}us\", max = \"{}us\" }} }}", min + more)),
        (quoted(), 1u32..9).prop_map(|(mean, stages)| format!("{{ erlang = {{ stages = {stages}, mean = {mean} }} }}")),
        (quoted(), 1u32..30).prop_map(|(mean, cv)| format!(
            "{{ lognormal = {{ mean = {mean}, cv = {}.{} }} }}",
            cv / 10,
            cv % 10
        )),
        (prop::sample::select(vec!["lognormal", "gamma", "weibull", "pareto", "hyperexponential"]), quoted(), 11u32..30)
            .prop_map(|(shape, mean, cv)| format!("{{ {shape} = {{ mean = {mean}, cv = {}.{} }} }}", cv / 10, cv % 10)),
        (prop::sample::select(vec!["lognormal", "gamma", "weibull", "pareto"]), 1u32..50, 2u32..60)
            .prop_map(|(shape, p50, times)| format!("{{ {shape} = {{ p50 = \"{p50}ms\", p99 = \"{}ms\" }} }}", p50 * times)),
        (prop::sample::select(vec!["gamma", "weibull"]), quoted(), 5u32..500).prop_map(|(shape, scale, hundredths)| format!(
            "{{ {shape} = {{ shape = {}, scale = {scale} }} }}",
            f64::from(hundredths) / 100.0
        )),
        (quoted(), quoted(), 1u32..100).prop_map(|(a, b, percent)| format!(
            "{{ hyperexponential = [{{ probability = \"{percent}%\", mean = {a} }}, {{ probability = {}, mean = {b} }}] }}",
            f64::from(100 - percent) / 100.0
        )),
        (quoted(), quoted(), 0u32..101).prop_map(|(a, b, percent)| format!(
            "{{ coxian = [{{ mean = {a}, continue = \"{percent}%\" }}, {{ mean = {b} }}] }}"
        )),
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            (milliseconds(), inner.clone()).prop_map(|(by, of)| format!("{{ shifted = {{ by = \"{by}\", of = {of} }} }}")),
            prop::collection::vec((1u32..9, inner), 1..4).prop_map(|parts| {
                let parts: Vec<String> = parts.iter().map(|(weight, of)| format!("{{ weight = {weight}, of = {of} }}")).collect();
                format!("{{ mixture = [{}] }}", parts.join(", "))
            }),
        ]
    })
}

fn arrivals() -> impl Strategy<Value = String> {
    prop_oneof![
        (1u32..5_000).prop_map(|rate| format!("{{ poisson = \"{rate}/s\" }}")),
        (1u32..5_000).prop_map(|rate| format!("{{ constant = \"{rate}/min\" }}")),
        distribution().prop_map(|gap| format!("{{ renewal = {gap} }}")),
        (1u32..99, 1u32..9).prop_map(|(rate, size)| format!(
            "{{ batch = {{ arrivals = {{ poisson = \"{rate}/s\" }}, size = {{ uniform = {{ min = {size}, max = {} }} }} }} }}",
            size + 3
        )),
        (1u32..99, 1u32..99).prop_map(|(a, b)| format!("{{ mmpp = {{ rates = [\"{a}/s\", \"0/s\"], stay = [\"{b}s\", \"1s\"] }} }}")),
        (1u32..99, 1u32..99, any::<bool>()).prop_map(|(a, b, repeat)| format!(
            "{{ profile = [{{ for = \"{a}s\", rate = \"{b}/s\" }}, {{ for = \"1min\", from = \"{b}/s\", to = \"0/s\" }}], repeat = {repeat} }}"
        )),
    ]
}

/// Steps that a producer and a service may do, in a scenario that has a queue, a service, a lock and a cache.
fn steps() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        distribution().prop_map(|time| format!("{{ work = {time} }}")),
        distribution().prop_map(|time| format!("{{ wait = {time} }}")),
        Just("{ publish = \"q0\" }".to_owned()),
        (1u32..9, 1u32..900)
            .prop_map(|(attempts, ms)| format!("{{ call = \"back\", retry = {attempts}, timeout = \"{ms}ms\" }}")),
        (1u32..900).prop_map(|ms| format!("{{ call = \"back\", hedge = \"{ms}ms\", breaker = {{}}, fallback = [] }}")),
        (0u32..100).prop_map(|percent| format!("{{ fail = \"{percent}%\" }}")),
    ];
    let list = |of: BoxedStrategy<String>| prop::collection::vec(of, 1..3).prop_map(|steps| steps.join(", "));
    let step = leaf.prop_recursive(3, 12, 3, move |inner| {
        let (a, b) = (list(inner.clone()), list(inner.clone()));
        prop_oneof![
            (a, b, 1u32..3).prop_map(|(a, b, join)| format!("{{ parallel = [[{a}], [{b}]], join = {join} }}")),
            (list(inner.clone()), 0u32..9).prop_map(|(steps, weight)| format!(
                "{{ choose = [{{ weight = {weight}, steps = [{steps}] }}, {{ weight = 1 }}] }}"
            )),
            (list(inner.clone()), 1u32..5).prop_map(|(steps, count)| format!("{{ repeat = {count}, steps = [{steps}] }}")),
            list(inner.clone()).prop_map(|steps| format!("{{ cache = \"hot\", miss = [{steps}] }}")),
            list(inner).prop_map(|steps| format!("{{ lock = \"row\", steps = [{steps}] }}")),
        ]
    });
    list(step.boxed())
}

/// A whole scenario: some producers, a chain of queues, and pools that pass messages down the chain.
fn scenario() -> impl Strategy<Value = String> {
    let producers = prop::collection::vec((arrivals(), any::<prop::sample::Index>()), 1..4);
    let stages = prop::collection::vec((distribution(), 1u32..5, 1u32..4, 0u32..3, any::<bool>()), 1..5);
    (producers, stages, any::<u64>(), steps()).prop_map(|(producers, stages, seed, steps)| {
        let mut text = format!("[run]\nduration = \"10s\"\nseed = {}\n", seed >> 1);
        for (number, (arrivals, at)) in producers.iter().enumerate() {
            text += &format!("[producers.p{number}]\narrivals = {arrivals}\npublish = \"q{}\"\n", at.index(stages.len()));
        }
        for (number, (service, count, concurrency, prefetch, priority)) in stages.iter().enumerate() {
            let discipline = if *priority { "priority" } else { "random" };
            text += &format!("[queues.q{number}]\ndiscipline = \"{discipline}\"\nttl = \"1h\"\n");
            text += &format!("[consumers.c{number}]\nqueue = \"q{number}\"\ncount = {count}\nconcurrency = {concurrency}\n");
            text += &format!("prefetch = {}\nservice = {service}\n", prefetch * concurrency);
            if number + 1 < stages.len() {
                text += &format!("publish = \"q{}\"\n", number + 1);
            }
        }
        text += &format!("[services.front]\ncount = 3\nsteps = [{steps}, {{ call = \"back\", timeout = \"1s\" }}]\n");
        text += "[services.back]\nservice = \"1ms\"\n[locks.row]\npermits = 9\n[caches.hot]\nhit_ratio = 0.5\n";
        text += &format!("[producers.caller]\nclients = 4\nthink = \"1ms\"\nsteps = [{{ call = \"front\" }}, {steps}]\n");
        text + "[goals]\nwait = \"consumers.c0.wait.p99 < 1h\"\n"
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("random.toml");
        std::fs::write(&path, &bytes).expect("write");
        match read(&path) {
            Ok(document) => survive(&document.text, false, &[]),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn random_text_is_resolved_or_refused(tokens in prop::collection::vec(token(), 0..60), json in any::<bool>()) {
        survive(&tokens.join(" "), json, &[]);
        survive(&tokens.concat(), json, &[]);
    }

    #[test]
    fn mutated_scenarios_are_resolved_or_refused(text in mutated()) {
        survive(&text, false, &[]);
    }

    #[test]
    fn random_json_is_resolved_or_refused(value in json(), edits in prop::collection::vec((any::<prop::sample::Index>(), token()), 0..3)) {
        let mut text = serde_json::to_string_pretty(&value).expect("JSON");
        survive(&text, true, &[]);
        for (at, token) in edits {
            let characters: Vec<(usize, char)> = text.char_indices().collect();
            let at = characters[at.index(characters.len())].0;
            text.insert_str(at, &token);
        }
        survive(&text, true, &[]);
    }

    #[test]
    fn random_overrides_are_applied_or_refused(
        template in 0usize..6,
        overrides in prop::collection::vec(
            prop_oneof![
                any::<String>(),
                prop::collection::vec(token(), 0..8).prop_map(|tokens| tokens.concat()),
                ("(run|producers|queues|consumers|services|faults|goals)(\\.[a-z\"]{0,8}){0,4}=", token()).prop_map(|(path, value)| path + &value),
            ],
            1..4,
        ),
    ) {
        survive(texts()[template], false, &overrides);
    }

    #[test]
    fn valid_scenarios_resolve(text in scenario()) {
        let document = Document { name: "valid".to_owned(), path: None, text: text.clone() };
        match resolve(&document, &[]) {
            Ok(resolved) => check(&resolved.model),
            Err(problems) => prop_assert!(false, "{text}\n{problems}"),
        }
    }
}
