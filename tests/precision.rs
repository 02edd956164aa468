//! Stopping by precision, and intervals from one run.

use queuelab::experiment::{self, StopReason, Study};
use queuelab::measure::{self, Source};
use queuelab::model::{Model, Quantity};
use queuelab::scenario::{self, Document};

const MM3: &str = r#"
[producers.web]
arrivals = { poisson = "240/s" }
publish = "jobs"
[queues.jobs]
[consumers.workers]
queue = "jobs"
count = 3
service = { exponential = "10ms" }
"#;

fn model(run: &str, rest: &str) -> Model {
    let text = format!("[run]\n{run}\n{rest}");
    let document = Document { name: "test".into(), path: None, text };
    scenario::resolve(&document, &[]).map_err(|problems| problems.render(false)).unwrap().model
}

fn study(run: &str) -> Study {
    experiment::run(&model(run, MM3), &|_, _| true).unwrap()
}

/// Half the width of the interval of a metric over its estimate.
fn width(study: &Study, metric: &str) -> f64 {
    let value = &study.summary.metrics[metric].value;
    (value.high.unwrap() - value.low.unwrap()) / 2.0 / value.estimate.unwrap()
}

#[test]
fn replications_are_added_until_the_interval_is_narrow() {
    let study = study("duration = \"100s\"\nprecision = \"2%\"\nprecision_on = [\"consumers.workers.wait.mean\"]");
    let reached = study.precision.as_ref().unwrap();
    assert_eq!(reached.stopped, StopReason::Reached);
    assert!(reached.looks > 1 && reached.replications > 10, "{reached:?}");
    assert_eq!(reached.replications as usize, study.summary.replicates.len());
    assert!(reached.reached.unwrap() <= 0.02 / 1.02, "{reached:?}");
    assert!(width(&study, "consumers.workers.wait.mean") <= 0.02);
    // Exact: 10.787 ms.
    let wait = study.summary.metrics["consumers.workers.wait.mean"].value.estimate.unwrap();
    assert!((wait / 0.010787 - 1.0).abs() < 0.03, "{wait}");
}

#[test]
fn the_confidence_is_split_among_metrics() {
    let one = "duration = \"100s\"\nprecision = \"5%\"\nprecision_on = [\"consumers.workers.wait.mean\"]";
    let two = "duration = \"100s\"\nprecision = \"5%\"\nprecision_on = [\"consumers.workers.wait.mean\", \"consumers.workers.wait.p50\"]";
    let (one, two) = (study(one), study(two));
    let at = |study: &Study| study.precision.as_ref().unwrap().metrics["consumers.workers.wait.mean"].unwrap();
    assert_eq!(two.precision.as_ref().unwrap().metrics.len(), 2);
    if one.summary.replicates.len() == two.summary.replicates.len() {
        assert!(at(&two) > at(&one));
    }
    assert!(at(&two) >= width(&two, "consumers.workers.wait.mean"));
}

/// Replications of a second have 240 messages, and p99.9 would never have a value in one.
#[test]
fn replications_that_are_too_short_get_longer() {
    let study = study("duration = \"1s\"\nprecision = \"10%\"\nprecision_on = [\"consumers.workers.wait.p999\"]");
    assert!(study.courses[0].duration.unwrap().as_secs_f64() >= 83.0, "{:?}", study.courses);
    assert_eq!(study.precision.unwrap().stopped, StopReason::Reached);
}

/// At a load of 0.95 an excursion of the queue is 400 messages long, and a replication has 150 of them; with heavy-tailed work it has
/// 100,000 messages.
#[test]
fn replications_are_as_long_as_their_queue_remembers() {
    let run = "duration = \"100s\"\nprecision = \"30%\"\nprecision_on = [\"consumers.workers.wait.mean\"]";
    let lasting = |work: &str| {
        let text = MM3.replace("{ exponential = \"10ms\" }", work);
        let study = experiment::run(&model(run, &text), &|_, _| true).unwrap();
        study.courses[0].duration.unwrap().as_secs_f64()
    };
    assert_eq!(lasting("{ exponential = \"10ms\" }"), 100.0);
    let busy = lasting("{ exponential = \"11.875ms\" }");
    // 60,000 messages, by an estimate of the mean wait that is known to some ten per cent, and looked at twice.
    assert!((180.0..700.0).contains(&busy), "{busy} s");
    let heavy = lasting("{ lognormal = { mean = \"6ms\", cv = 2 } }");
    assert!((400.0..500.0).contains(&heavy), "{heavy} s");
}

#[test]
fn the_budget_ends_the_search() {
    let run = "duration = \"100s\"\nprecision = \"0.1%\"\nbudget = 2_000_000\nprecision_on = [\"consumers.workers.wait.mean\"]";
    let study = study(run);
    let reached = study.precision.as_ref().unwrap();
    assert_eq!(reached.stopped, StopReason::Budget);
    assert!(reached.reached.unwrap() > 0.001 && reached.events <= 2_100_000, "{reached:?}");
    assert!(study.summary.metrics["consumers.workers.wait.mean"].value.low.is_some());
}

/// What the start shows has its own length: only replications are added.
#[test]
fn a_start_from_empty_is_never_lengthened_nor_cut() {
    let study = study("duration = \"2s\"\nstart = \"empty\"\nprecision = \"5%\"");
    assert_eq!(study.courses[0].duration.unwrap().as_secs_f64(), 2.0);
    assert_eq!(study.summary.series.warmup, 0.0);
    assert_eq!(study.precision.unwrap().stopped, StopReason::Reached);
}

#[test]
fn the_search_ends_at_the_same_place_on_any_number_of_threads() {
    let run = "duration = \"100s\"\nprecision = \"3%\"\nprecision_on = [\"consumers.workers.wait.p99\"]";
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| study(run))
    };
    let (one, many) = (on(1), on(5));
    assert_eq!(one.precision, many.precision);
    assert_eq!(one.summary, many.summary);
}

/// The first replications are those of a study that was told to run so many.
#[test]
fn earlier_replications_are_not_run_again() {
    let stopped = study("duration = \"100s\"\nprecision = \"2%\"\nprecision_on = [\"consumers.workers.wait.mean\"]");
    let replications = stopped.summary.replicates.len();
    let fixed = study(&format!("duration = \"100s\"\nreplications = {replications}"));
    assert_eq!(stopped.summary.replicates[..10], fixed.summary.replicates[..10]);
}

#[test]
fn one_long_run_says_how_its_intervals_were_made() {
    let study = study("duration = \"2h\"\nreplications = 1");
    for (name, method) in [
        ("consumers.workers.wait.mean", "N-Skart on one run"),
        ("consumers.workers.utilization", "N-Skart on one run"),
        ("consumers.workers.waited.ratio", "N-Skart on one run"),
        ("producers.web.offered.rate", "N-Skart on one run"),
        ("queues.jobs.published.count", "N-Skart on one run"),
        ("queues.jobs.backlog.mean", "N-Skart on one run"),
        ("consumers.workers.wait.p99", "inversion over 32 batches of one run"),
        ("queues.jobs.backlog.p50", "inversion over 32 batches of one run"),
    ] {
        let value = &study.summary.metrics[name].value;
        assert_eq!(value.method.as_deref(), Some(method), "{name}: {value:?}");
        let (low, estimate, high) = (value.low.unwrap(), value.estimate.unwrap(), value.high.unwrap());
        assert!(low <= estimate && estimate <= high && high - low < 0.2 * estimate.max(5.0), "{name}: {value:?}");
    }
    // Nothing is lost, for certain.
    let lost = &study.summary.metrics["queues.jobs.dropped.count"].value;
    assert_eq!((lost.low, lost.high), (Some(0.0), Some(0.0)));
    let replicated = self::study("duration = \"100s\"");
    let methods =
        ["consumers.workers.wait.mean", "consumers.workers.wait.p99"].map(|name| &replicated.summary.metrics[name].value.method);
    assert_eq!(
        methods.map(|method| method.as_deref().unwrap()),
        ["Student t over 10 replications", "inversion over 10 replications"]
    );
}

#[test]
fn one_run_without_a_steady_state_gives_no_interval() {
    for run in ["duration = \"10s\"\nreplications = 1", "duration = \"10min\"\nreplications = 1\nstart = \"empty\""] {
        let study = study(run);
        let value = &study.summary.metrics["consumers.workers.wait.p99"].value;
        assert!(
            value.estimate.is_some() && value.low.is_none() && value.reason.is_some() && value.method.is_none(),
            "{run}: {value:?}"
        );
    }
    // An overloaded pool: its wait grows for ever.
    let overloaded = model("duration = \"10min\"\nreplications = 1", &MM3.replace("240/s", "330/s"));
    let study = experiment::run(&overloaded, &|_, _| true).unwrap();
    let value = &study.summary.metrics["consumers.workers.wait.mean"].value;
    assert!(value.low.is_none() && value.reason.as_ref().unwrap().contains("too short"), "{value:?}");
}

/// The sums that one run is looked at by are those that its averages are made of, whatever is recorded elsewhere.
#[test]
fn cheap_sums_are_the_averages_of_the_full_record() {
    let (plain, called) = (
        r#"
[producers.web]
arrivals = { poisson = "100/s" }
publish = "jobs"
[producers.batch]
arrivals = { poisson = "20/s" }
publish = "jobs"
[producers.direct]
arrivals = { poisson = "50/s" }
publish = "mail"
[queues.jobs]
max_length = 5
[queues.mail]
ttl = "30ms"
[queues.alone]
[consumers.front]
queue = "jobs"
prefetch = 4
service = { exponential = "12ms" }
publish = "alone"
[consumers.side]
queue = "jobs"
service = { exponential = "20ms" }
[consumers.mail]
queue = "mail"
service = { exponential = "15ms" }
[consumers.last]
queue = "alone"
count = 2
service = { exponential = "12ms" }
"#,
        r#"
[producers.web]
arrivals = { poisson = "60/s" }
callers = 20
steps = [
    { call = "front", timeout = "80ms", breaker = { window = 20, min_calls = 10, open = "1s" }, fallback = [] },
    { call = "back", retry = 2, bulkhead = 2, fallback = [] },
    { publish = "jobs" },
]
[producers.open]
arrivals = { poisson = "20/s" }
call = "front"
[services.front]
count = 2
queue_limit = 5
steps = [{ lock = "row", steps = [{ work = { exponential = "12ms" } }] }, { call = "back", breaker = { open = "1s" }, rate_limit = "70/s" }]
[services.back]
host = "node"
steps = [{ cache = "items", miss = [{ work = { exponential = "8ms" } }] }, { fail = "10%" }]
[hosts.node]
[locks.row]
lease = "40ms"
[caches.items]
hit_ratio = "40%"
[queues.jobs]
[consumers.workers]
queue = "jobs"
steps = [{ work = "5ms" }, { call = "back", breaker = { window = 10, min_calls = 5, open = "500ms" }, fallback = [] }, { fail = "5%" }]
"#,
    );
    let brokered = r#"
[brokers.node]
cpu = { publish = "0.5ms", deliver = "0.5ms" }
disk = { fsync = "2ms" }
[producers.web]
arrivals = { poisson = "60/s" }
publish = "jobs"
confirm = "async"
window = 3
size = "1KiB"
[queues.jobs]
broker = "node"
storage = "disk"
max_length = 20
overflow = "reject-publish"
dead_letter = "dead"
delivery_limit = 1
[queues.dead]
broker = "node"
[consumers.workers]
queue = "jobs"
prefetch = 3
service = { exponential = "18ms" }
failure = "20%"
on_failure = "requeue"
[consumers.undertaker]
queue = "dead"
service = "1ms"
[[faults]]
at = "50s"
for = "2s"
crash = "consumers.workers"
"#;
    for system in [plain, called, brokered] {
        let run = "duration = \"100s\"\nwarmup = \"10s\"\nreplications = 1";
        cheap_sums_are_right(&model(run, system));
    }
}

fn cheap_sums_are_right(model: &Model) {
    let schedule = experiment::Schedule::new(model, queuelab::units::Span::from_secs_f64(10.0));
    let run = experiment::simulate(model, schedule, 0, &|_| true).unwrap().unwrap();
    let sums = measure::sums(model, &run.recorder, run.measured);
    let sources = measure::sources(model, &run.recorder, run.measured);
    let seconds = run.measured.as_secs_f64();
    assert_eq!(sums.len(), sources.len());
    for ((metric, (above, below)), source) in queuelab::model::metrics(model).iter().zip(&sums).zip(&sources) {
        let quotient = *above as f64 / *below as f64;
        let (found, exact) = match (source, metric.quantity) {
            (Source::Latency(all), _) => (quotient, all.sum() / all.count() as f64),
            (Source::Level(level, nanos), _) => (quotient, level.integral() as f64 / *nanos as f64),
            // Of the slowest alone, which is no average of all.
            (Source::Ratio(..), _) if metric.name.ends_with(".slowest_wait.ratio") => (*above as f64, *below as f64),
            (Source::Ratio(above, below), Quantity::Rate) => (quotient * 1e9, above / below),
            (Source::Ratio(above, below), _) => (quotient, above / below),
            (Source::Value(Some(value)), Quantity::Count) => (quotient * 1e9 * seconds, *value),
            (Source::Value(_), _) => (0.0, if *below == 0 { 0.0 } else { 1.0 }),
        };
        let same = (found.is_nan() && exact.is_nan()) || (found - exact).abs() <= 1e-9 * exact.abs();
        assert!(same, "{}: {found} for {exact}", metric.name);
    }
}
