//! What people read: golden texts of every format, and charts for results of every shape.
//!
//! `QUEUELAB_BLESS=1 cargo test --test report` rewrites the texts. The charts are left in `target/tmp/charts` to be looked at.

#[path = "report/fixture.rs"]
mod fixture;
#[path = "report/system.rs"]
mod system;

use proptest::prelude::*;
use queuelab::experiment::stability::Verdict;
use queuelab::experiment::{Cut, Part, Reading, Summary};
use queuelab::model::{Comparison, Goal, Handler, Load, Model, Prefetch, QueueId, Work};
use queuelab::random::Distribution;
use queuelab::report::{self, RunResult, Style, chart};
use queuelab::scenario::{Document, resolve};
use queuelab::units::Span;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/report").join(name);
    if std::env::var_os("QUEUELAB_BLESS").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{} differs (QUEUELAB_BLESS=1 rewrites it); now it is:\n{actual}", path.display());
}

#[test]
fn the_table_of_a_small_model() {
    let result = fixture::result();
    let text = report::table(&result, Style::PLAIN, Some(Duration::from_millis(2913)));
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    golden("table.txt", &text);
    let plain = Style { unicode: false, ..Style::PLAIN };
    let text = report::table(&result, plain, None);
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 100), "{text}");
    golden("table-ascii.txt", &text);
    golden("table-color.txt", &report::table(&result, Style { color: true, ..Style::PLAIN }, None));
    let narrow = report::table(&result, Style { width: 60, ..Style::PLAIN }, None);
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    golden("table-narrow.txt", &narrow);
}

#[test]
fn tables_of_other_models() {
    golden("table-empty.txt", &report::table(&fixture::empty(), Style::PLAIN, None));
    let stages = fixture::pipeline(3, |stage| ["resize", "a-stage-whose-name-says-all-that-it-does", "mail"][stage].to_owned());
    let text = report::table(&stages, Style::PLAIN, None);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    golden("table-pipeline.txt", &text);
    golden("table-fast.txt", &report::table(&fixture::scaled(1e-6), Style::PLAIN, None));
    golden("table-slow.txt", &report::table(&fixture::scaled(1e5), Style::PLAIN, None));
    let unstable = fixture::unstable();
    let text = report::table(&unstable, Style::PLAIN, None);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    golden("table-unstable.txt", &text);
    let markdown = report::markdown(&unstable);
    assert!(markdown.contains("| bounded | ✗ saturated | load 120.0 ± 0.5 %, `bounded` loses 16.7 % |"), "{markdown}");
    assert!(!report::markdown(&fixture::result()).contains("Stability"));
}

#[test]
fn the_formats_for_programs() {
    let result = fixture::result();
    golden("result.md", &report::markdown(&result));
    golden("summary.csv", &report::csv(&result));
    let mut small = result.clone();
    small.summary.series.columns.values_mut().for_each(|column| {
        for values in [&mut column.mean, &mut column.min, &mut column.max] {
            values.truncate(4);
        }
        column.low.truncate(4);
        column.high.truncate(4);
    });
    small.summary.distributions.values_mut().for_each(|shape| {
        shape.quantiles.truncate(4);
        shape.bins.truncate(4);
    });
    golden("result.json", &report::json(&small));
    golden("series.csv", &report::series_csv(&small));
    golden("percentiles.csv", &report::percentiles_csv(&small));
}

/// Where the parts of a model have warm-ups, lengths and replications of their own, each is told with its queues.
#[test]
fn parts_are_told_apart() {
    let mut result = fixture::parts();
    let lines: Vec<String> =
        report::table(&result, Style::PLAIN, None).lines().skip(1).take(3).map(|line| line.trim_start().to_owned()).collect();
    assert_eq!(
        lines,
        [
            "10 to 35 replications × 10min to 20min measured after 1min to 4min warm-up, seed 1",
            "to-jobs: 10 replications × 10min measured after 1min warm-up",
            "to-hall: 35 replications × 20min measured after 4min warm-up",
        ]
    );
    let markdown = report::markdown(&result);
    assert!(
        markdown.contains("interval.\n\n- to-jobs: 10 replications × 10min measured after 1min warm-up\n- to-hall: 35"),
        "{markdown}"
    );
    let bins = |result: &RunResult, name: &str| -> Vec<String> {
        let rows = report::series_csv(result);
        let of = rows.lines().filter(|row| row.split(',').nth(1) == Some(name)).take(2);
        of.map(|row| row.split(',').next().unwrap().to_owned()).collect()
    };
    assert_eq!(bins(&result, "queues.to-jobs.backlog"), ["0", "3.3"]);
    assert_eq!(bins(&result, "queues.to-hall.backlog"), ["0", "7.2"]);
    // Alike, they need no lines of their own.
    result.summary.parts[1] = Part { entities: result.summary.parts[1].entities.clone(), ..result.summary.parts[0].clone() };
    let text = report::table(&result, Style::PLAIN, None);
    assert!(text.contains("\n10 replications × 10min measured after 1min warm-up, seed 1\n±"), "{text}");
}

/// A time to drain means nothing in a steady state, and everything to the part beside it that begins empty.
#[test]
fn what_happens_once_is_shown_of_parts_from_empty() {
    let mut result = fixture::parts();
    let reading = Reading { value: fixture::estimate(12.5, 1.0), unit: "s".to_owned() };
    for name in ["jobs", "hall"] {
        result.summary.metrics.insert(format!("queues.to-{name}.drain"), reading.clone());
    }
    let rows = |result: &RunResult| -> Vec<bool> {
        let text = report::table(result, Style::PLAIN, None);
        ["to-jobs ", "to-hall "].map(|name| text.lines().any(|line| line.starts_with(name) && line.ends_with("12.5"))).to_vec()
    };
    assert_eq!(rows(&result), [false, false]);
    result.summary.parts[1].warmup = 0.0;
    assert_eq!(rows(&result), [false, true]);
}

#[test]
fn json_reads_back_as_the_same_result() {
    for result in [fixture::result(), fixture::parts(), fixture::empty(), fixture::scaled(1e-6), fixture::constant()] {
        let text = report::json(&result);
        assert!(text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<RunResult>(&text).unwrap(), result);
        assert_eq!(report::json(&result), text);
    }
}

#[test]
fn names_with_signs_stay_in_their_cells() {
    let mut result = fixture::pipeline(1, |_| "a|b*c".to_owned());
    result.title = Some("<b>\"x\" & y</b>\u{7}".to_owned());
    let text = report::markdown(&result);
    assert!(text.contains("| a\\|b\\*c |"), "{text}");
    let svg = chart::utilization(&result, chart::Canvas::FILE).svg();
    assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>") && !svg.contains('\u{7}'));
}

/// Results of every shape that charts must stand.
fn shapes() -> Vec<(&'static str, RunResult)> {
    let long =
        |stage: usize| format!("stage-{stage}-whose-name-is-much-longer-than-anybody-should-ever-make-it-but-somebody-will");
    let mut hollow = fixture::empty();
    hollow.summary.metrics.clear();
    hollow.summary.replicates.clear();
    hollow.title = Some("A title that goes on and on ".repeat(8));
    vec![
        ("typical", fixture::result()),
        ("pipeline", fixture::pipeline(3, |stage| ["resize", "watermark", "mail"][stage].to_owned())),
        ("many", fixture::pipeline(30, |stage| format!("pool-{stage}"))),
        ("long", fixture::pipeline(7, long)),
        ("parts", fixture::parts()),
        ("empty", fixture::empty()),
        ("hollow", hollow),
        ("fast", fixture::scaled(1e-6)),
        ("slow", fixture::scaled(1e5)),
        ("constant", fixture::constant()),
    ]
}

#[test]
fn charts_of_every_shape() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("charts");
    fs::create_dir_all(&folder).unwrap();
    for (shape, result) in shapes() {
        for chart in chart::CHARTS {
            let drawing = (chart.draw)(&result, chart::Canvas::FILE);
            let svg = drawing.svg();
            // Bars and drawings are as high as they must be.
            let own = matches!(chart.name, "utilization" | "stages" | "system");
            let head =
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\" height=\"600\" viewBox=\"0 0 1000 600\" role=\"img\"";
            assert!(own || svg.starts_with(head), "{}", &svg[..200]);
            assert!(svg.trim_end().ends_with("</svg>"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{shape} {}", chart.name);
            assert_eq!(svg, (chart.draw)(&result, chart::Canvas::FILE).svg(), "the same drawing gives the same bytes");
            let png = drawing.png();
            assert!(png.len() < 350_000, "{shape} {}: {} bytes", chart.name, png.len());
            fs::write(folder.join(format!("{shape}-{}.svg", chart.name)), svg).unwrap();
            fs::write(folder.join(format!("{shape}-{}.png", chart.name)), png).unwrap();
        }
    }
}

#[test]
fn a_folder_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("orders");
    let written = report::prepare(&target).unwrap().write(&fixture::result()).unwrap();
    let names: Vec<_> = written.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names[..5], ["report.html", "result.json", "summary.csv", "percentiles.csv", "series.csv"]);
    // There is no service in it, and nothing is drawn of services.
    assert_eq!(names.len(), 5 + 2 * (chart::CHARTS.len() - 1));
    assert_eq!(fs::read_dir(&target).unwrap().count(), names.len(), "nothing else is left");
    // A second result takes the place of the first.
    let other = fixture::constant();
    report::prepare(&target).unwrap().write(&other).unwrap();
    assert_eq!(fs::read_to_string(target.join("result.json")).unwrap(), report::json(&other));
    // A chart that the next result has no data for goes.
    let mut without = other.clone();
    without.summary.series.latencies.clear();
    assert!(target.join("latency-over-time.svg").exists());
    report::prepare(&target).unwrap().write(&without).unwrap();
    assert!(!target.join("latency-over-time.svg").exists() && target.join("backlog.svg").exists());
}

/// The beginning of a service in place of another.
const SERVICE_WITH_EVERYTHING: &str = r#"count = 2
concurrency = 2
balance = "round-robin"
discipline = "adaptive-lifo"
shed = "codel"
host = "node"
steps = [
    { repeat = 2, steps = [{ lock = "row", steps = [{ work = "1ms" }] }] },
    { choose = [{ weight = 1, steps = [{ call = "payment", hedge = "50ms", breaker = {}, fallback = [] }] }, { weight = 9 }] },
    { reply = true },
    { two_phase_commit = ["payment"], locks = ["row"] },
    { fail = "1%" },
"#;

#[test]
fn a_topology_is_drawn_with_its_load() {
    // A host too, and a step of every kind that the document does without.
    let text = include_str!("../src/scenario/templates/calls.toml").replace("count = 2\nsteps = [", SERVICE_WITH_EVERYTHING)
        + "[hosts.node]\ncores = 2\n[locks.row]\n";
    let document = Document { name: "design".to_owned(), path: None, text };
    let design = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model;
    for (name, model) in
        [("check-stages", system::stages()), ("check-overloaded", system::overloaded()), ("check-design", design)]
    {
        let load = Load::of(&model);
        let text = report::topology(&model, &load, Style::PLAIN);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        golden(&format!("{name}.txt"), &text);
        let json = serde_json::to_string_pretty(&report::check_json(&model, &load)).unwrap();
        golden(&format!("{name}.json"), &format!("{json}\n"));
        let plain = Style { unicode: false, ..Style::PLAIN };
        assert!(report::topology(&model, &load, plain).is_ascii());
    }
}

#[test]
fn what_does_not_keep_up_is_said_in_a_line() {
    let said = |model: &Model| report::topology(model, &Load::of(model), Style { width: 200, ..Style::PLAIN });
    let mut model = system::overloaded();
    let line = "unstable: `workers` would need 1.2 times its capacity, the backlog grows by 40 msg/s\n";
    assert!(said(&model).ends_with(line), "{}", said(&model));
    model.queues[0].max_length = Some(10);
    assert!(said(&model).ends_with("overloaded: `workers` would need 1.2 times its capacity, `jobs` loses 40 msg/s (16.7 %)\n"));
    model.pools.push(system::pool("helpers", 0, 1, 25.0, None));
    assert!(said(&model).contains("saturated: `workers` and `helpers` can do exactly"), "{}", said(&model));
    model.pools.push(system::pool("more", 0, 1, 25.0, None));
    assert!(!said(&model).contains("saturated"));
    model.pools.clear();
    model.queues[0].max_length = None;
    assert!(said(&model).ends_with("never consumed: no pool takes from `jobs`, the backlog grows by 240 msg/s\n"));
}

#[test]
fn what_ends_after_a_number_of_messages_has_no_load_in_the_long_run() {
    let said = |model: &Model| report::topology(model, &Load::of(model), Style { width: 200, ..Style::PLAIN });
    let mut model = system::stages();
    model.producers.truncate(2);
    model.producers[0].messages = Some(500);
    let text = said(&model);
    assert!(text.contains("[jobs] 72.7/s and 500 messages, unbounded"), "{text}");
    assert!(text.contains("web       500 messages, poisson"), "{text}");
    assert!(text.contains("[images] 72.7/s and up to 500 messages, at most"), "{text}");
    assert!(text.contains("peak: the backlog of `jobs` grows by up to 300 msg/s"), "{text}");

    let mut model = system::overloaded();
    model.producers[0].messages = Some(1);
    let text = said(&model);
    assert!(text.contains("[jobs] 1 message, unbounded") && !text.contains("unstable"), "{text}");
    let json = report::check_json(&model, &Load::of(&model));
    assert_eq!((&json["stable"], &json["producers"][0]["messages"]), (&true.into(), &1.into()));
    assert!(json["consumers"][0]["utilization"].is_null());
    model.pools.clear();
    assert!(said(&model).ends_with("never consumed: no pool takes from `jobs`, what comes stays there or is lost\n"));
}

#[test]
fn producers_whose_messages_meet_are_found() {
    let model = system::stages();
    assert_eq!(model.route(&model.producers[0].handler), [0, 1, 2].map(QueueId));
    assert_eq!(model.route(&Handler::publishing(QueueId(3))), [QueueId(3)]);
    let mut result = fixture::result();
    let route = |queues: &[&str]| queues.iter().map(|&queue| queue.to_owned()).collect::<Vec<String>>();
    result.routes["web"] = route(&["orders", "mails"]);
    assert_eq!(result.meeting_producers(), Vec::<&str>::new());
    assert!(!report::table(&result, Style::PLAIN, None).contains("31.2 ± 0.8  161"));
    result.routes["nightly-import"] = route(&["mails"]);
    assert_eq!(result.meeting_producers(), ["web", "nightly-import"], "they meet further on");
    assert!(report::table(&result, Style::PLAIN, None).contains("31.2 ± 0.8  161"));
}

#[test]
fn a_pool_that_holds_what_others_could_take_is_named() {
    let notes = |model: &Model| report::check_json(model, &Load::of(model))["notes"].clone();
    let mut model = system::overloaded();
    model.pools[0].prefetch = Prefetch::Limit(50);
    assert_eq!(notes(&model), serde_json::json!([]), "nobody shares its queue");
    model.pools.push(system::pool("helpers", 0, 1, 25.0, None));
    let told =
        "prefetch 50 lets `workers` hold messages that `helpers` could take: what each gets is not in proportion to its capacity";
    assert_eq!(notes(&model), serde_json::json!([told]));
    model.pools[1].prefetch = Prefetch::Unlimited;
    model.pools.push(system::pool("more", 0, 1, 5.0, None));
    let text = report::topology(&model, &Load::of(&model), Style { width: 200, ..Style::PLAIN });
    assert!(
        text.contains("note: an unlimited prefetch lets `helpers` hold messages that `workers` and `more` could take"),
        "{text}"
    );
}

#[test]
fn advice_says_what_to_do() {
    let model = system::overloaded();
    let mut summary = fixture::result().summary;
    summary.distributions.values_mut().for_each(|shape| shape.count = 1_000_000);
    let kinds = |model: &Model, summary: &Summary| -> Vec<String> {
        let warnings = report::advice(model, &Load::of(model), summary, &[Cut::Floor(Span::ZERO)]);
        assert!(warnings.iter().all(|warning| warning.message.contains(": ")), "{warnings:?}");
        warnings.into_iter().map(|warning| warning.kind).collect()
    };
    assert_eq!(kinds(&model, &summary), ["overloaded"]);

    let mut calm = model.clone();
    calm.pools[0].count = 4;
    assert_eq!(kinds(&calm, &summary), Vec::<String>::new());

    // A backlog that grew to the end, although the pool can do more than what comes.
    summary.stability = vec![fixture::stability("workers", Verdict::Undecided)];
    assert_eq!(kinds(&calm, &summary), ["still-growing"]);

    let mut odd = calm.clone();
    odd.queues.push(system::queue("unused"));
    odd.queues.push(system::queue("unread"));
    odd.producers.push(system::producer("log", system::poisson(1.0), 2));
    assert_eq!(kinds(&odd, &summary), ["still-growing", "no-messages", "never-consumed"]);

    let mut quick = calm.clone();
    quick.pools[0].handler = Handler::working(Work::Drawn(Distribution::Exponential { mean: 250.0 }), None);
    assert!(kinds(&quick, &summary).contains(&"coarse-clock".to_owned()));

    summary.distributions["consumers.workers.sojourn"].count = 2000;
    let warnings = report::advice(&calm, &Load::of(&calm), &summary, &[Cut::Floor(Span::ZERO)]);
    let few = warnings.iter().find(|warning| warning.kind == "few-samples").unwrap();
    assert_eq!(
        few.message,
        "p99 of `consumers.workers.sojourn` rests on 2 observations beyond it in a replication: a `run.duration` of 50 min would do"
    );

    // What is neither shown nor judged needs no advice; what a goal asks for does.
    summary.metrics["consumers.workers.sojourn.p99"].value = fixture::bare(None, "needs more");
    assert_eq!(kinds(&calm, &summary), ["still-growing"]);
    calm.goals.push(Goal {
        name: "far".into(),
        expression: "consumers.workers.sojourn.p99 < 1s".into(),
        metric: "consumers.workers.sojourn.p99".into(),
        comparison: Comparison::Less,
        value: 1.0,
    });
    assert_eq!(kinds(&calm, &summary), ["still-growing", "few-samples"]);

    summary.metrics["consumers.workers.throughput"].value = fixture::estimate(0.0, 0.0);
    assert!(kinds(&calm, &summary).contains(&"nothing-finished".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the numbers are, NaN and infinities among them, every renderer gives something.
    #[test]
    fn no_number_makes_a_renderer_panic(numbers in proptest::collection::vec(any::<f64>(), 8..64), width in 0usize..200) {
        let mut next = numbers.iter().cycle().copied();
        let mut draw = move || next.next().unwrap_or(0.0);
        let mut result = fixture::result();
        for reading in result.summary.metrics.values_mut() {
            reading.value.estimate = Some(draw());
            reading.value.low = Some(draw());
            reading.value.high = Some(draw());
        }
        for shape in result.summary.distributions.values_mut() {
            shape.quantiles.iter_mut().flatten().for_each(|number| *number = draw());
            shape.bins.iter_mut().flatten().for_each(|number| *number = draw());
        }
        result.summary.series.bin = draw();
        result.summary.series.warmup = draw();
        for column in result.summary.series.columns.values_mut() {
            for values in [&mut column.mean, &mut column.min, &mut column.max] {
                values.iter_mut().for_each(|number| *number = draw());
            }
            for ends in [&mut column.low, &mut column.high] {
                ends.iter_mut().for_each(|end| *end = Some(draw()));
            }
        }
        result.provenance.duration = Some(draw());
        result.provenance.warmup = draw();
        result.provenance.confidence = draw();
        report::table(&result, Style { width, ..Style::PLAIN }, Some(Duration::ZERO));
        report::markdown(&result);
        report::json(&result);
        report::csv(&result);
        report::series_csv(&result);
        report::percentiles_csv(&result);
        prop_assert!(!report::page(&result).contains("NaN"));
        for chart in chart::CHARTS {
            let svg = (chart.draw)(&result, chart::Canvas::FILE).svg();
            prop_assert!(!svg.contains("NaN"), "{}", chart.name);
        }
        let model = system::overloaded();
        report::advice(&model, &Load::of(&model), &result.summary, &[Cut::Floor(Span::ZERO)]);
    }
}
