//! Results to render: made from formulas, not from a simulation, so that they never change.

use indexmap::IndexMap;
use queuelab::experiment::stability::{Stability, Verdict as Keeps};
use queuelab::experiment::{Column, Lately, Part, Quantiles, Reading, Replicate, Series, Shape, Summary};
use queuelab::report::{
    Edge, FaultNote, GoalResult, Node, NodeKind, Provenance, RunResult, SCHEMA_VERSION, System, Verdict, Warning,
};
use queuelab::stats::Estimate;

/// A value and half the width of its interval.
pub fn estimate(value: f64, half: f64) -> Estimate {
    Estimate { estimate: Some(value), low: Some(value - half), high: Some(value + half), reason: None, method: None }
}

/// A value without interval, and why.
pub fn bare(value: Option<f64>, reason: &str) -> Estimate {
    Estimate { estimate: value, low: None, high: None, reason: Some(reason.to_owned()), method: None }
}

/// Numbers between 0 and 1 that look random (the linear congruential generator of Numerical Recipes).
pub struct Noise(pub u32);

impl Noise {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / f64::from(1u32 << 24)
    }
}

/// A wait that is zero with probability `1 - busy`, else exponential; and a constant on top.
pub fn exponential(count: u64, busy: f64, mean: f64, plus: f64) -> Shape {
    let value = |order: f64| plus + if order <= 1.0 - busy { 0.0 } else { -mean * ((1.0 - order) / busy).ln() };
    let mut orders: Vec<f64> = (0..90).map(|at| f64::from(at) / 100.0).collect();
    let mut beyond: f64 = 0.1;
    while beyond * count as f64 >= 1.0 {
        orders.extend((0..9).map(|step| 1.0 - beyond * (1.0 - f64::from(step) * 0.1)));
        beyond /= 10.0;
    }
    let quantiles: Vec<[f64; 2]> = orders.into_iter().map(|order| [order, value(order)]).collect();
    let width = value(0.999) / 60.0;
    let below = |at: f64| if at <= plus { 0.0 } else { 1.0 - busy * (-(at - plus) / mean).exp() };
    let mut bins: Vec<[f64; 3]> = (0..60)
        .map(|at| {
            let (from, to) = (f64::from(at) * width, f64::from(at + 1) * width);
            [from, to, ((below(to) - below(from)) * count as f64).round()]
        })
        .collect();
    let counted: f64 = bins.iter().map(|bin| bin[2]).sum();
    bins.push([60.0 * width, value(1.0 - 1.0 / count.max(2) as f64).max(61.0 * width), (count as f64 - counted).max(0.0)]);
    Shape { unit: "s".to_owned(), count, quantiles, bins }
}

/// A column that wanders around a level.
pub fn column(unit: &str, bins: usize, noise: &mut Noise, level: impl Fn(f64) -> f64, spread: f64) -> Column {
    let mut column =
        Column { method: Some("Student t over 10 replications, each bin by itself".to_owned()), ..Column::empty(unit) };
    for at in 0..bins {
        let level = level(at as f64 / bins as f64);
        let mean = level * (1.0 + 0.3 * spread * (noise.next() - 0.5));
        column.mean.push(mean);
        column.low.push(Some(mean * (1.0 - 0.4 * spread)));
        column.high.push(Some(mean * (1.0 + 0.4 * spread)));
        column.min.push(mean * (1.0 - spread * (0.5 + 0.5 * noise.next())).max(0.0));
        column.max.push(mean * (1.0 + spread * (0.5 + noise.next())));
    }
    column
}

/// Two producers, a queue that rejects, one pool.
pub fn result() -> RunResult {
    let mut noise = Noise(7);
    let mut metrics = IndexMap::new();
    let mut put = |name: &str, value: Estimate, unit: &str| {
        metrics.insert(name.to_owned(), Reading { value, unit: unit.to_owned() });
    };
    for (name, rate, mean) in [("web", 240.03, 0.0412), ("nightly-import", 40.1, 0.0437)] {
        let of = |metric: &str| format!("producers.{name}.{metric}");
        put(&of("offered.rate"), estimate(rate, 0.4), "1/s");
        put(&of("offered.count"), estimate(rate * 600.0, 240.0), "messages");
        put(&of("completion.mean"), estimate(mean, 0.0009), "s");
        put(&of("completion.p50"), estimate(mean * 0.8, 0.0006), "s");
        put(&of("completion.p99"), estimate(mean * 4.1, 0.0041), "s");
        put(&of("wait.mean"), estimate(mean - 0.01, 0.0008), "s");
        put(&of("wait.p99"), estimate(mean * 3.9, 0.0041), "s");
        put(&of("failed.ratio"), estimate(0.000_61, 0.000_12), "1");
    }
    let of = |metric: &str| format!("queues.jobs.{metric}");
    put(&of("published.rate"), estimate(280.2, 0.5), "1/s");
    put(&of("ready.mean"), estimate(8.74, 0.21), "messages");
    put(&of("backlog.mean"), estimate(11.54, 0.22), "messages");
    put(&of("backlog.max"), bare(Some(103.0), "the largest of all replications"), "messages");
    put(&of("wait.mean"), estimate(0.0312, 0.0008), "s");
    put(&of("wait.p99"), estimate(0.1571, 0.0042), "s");
    put(&of("dropped.ratio"), estimate(0.0, 0.0), "1");
    put(&of("rejected.ratio"), estimate(0.000_61, 0.000_12), "1");
    put(&of("expired.ratio"), estimate(0.0, 0.0), "1");
    let of = |metric: &str| format!("consumers.workers.{metric}");
    put(&of("utilization"), estimate(0.9332, 0.0031), "1");
    put(&of("busy.mean"), estimate(2.8, 0.01), "messages");
    put(&of("throughput"), estimate(280.0, 0.5), "1/s");
    put(&of("wait.mean"), estimate(0.0313, 0.0008), "s");
    put(&of("wait.p50"), estimate(0.0209, 0.0006), "s");
    put(&of("wait.p99"), estimate(0.1572, 0.0042), "s");
    put(&of("wait.p999"), estimate(0.2391, 0.0131), "s");
    put(&of("wait.p9999"), bare(None, "needs 100000 observations in a replication and has 16812"), "s");
    put(&of("buffer_wait.mean"), estimate(0.0, 0.0), "s");
    put(&of("service.mean"), estimate(0.010_01, 0.000_02), "s");
    put(&of("sojourn.mean"), estimate(0.0413, 0.0008), "s");
    put(&of("sojourn.p99"), estimate(0.1689, 0.0044), "s");
    put(&of("slowest_wait.ratio"), estimate(0.874, 0.012), "1");

    let count = 168_120;
    let distributions = IndexMap::from([
        ("producers.web.completion".to_owned(), exponential(144_010, 0.87, 0.036, 0.01)),
        ("producers.web.wait".to_owned(), exponential(144_010, 0.87, 0.036, 0.0)),
        ("producers.nightly-import.completion".to_owned(), exponential(24_110, 0.9, 0.045, 0.01)),
        ("producers.nightly-import.wait".to_owned(), exponential(24_110, 0.9, 0.045, 0.0)),
        ("queues.jobs.wait".to_owned(), exponential(count, 0.87, 0.036, 0.0)),
        ("consumers.workers.wait".to_owned(), exponential(count, 0.87, 0.036, 0.0)),
        ("consumers.workers.sojourn".to_owned(), exponential(count, 0.95, 0.039, 0.004)),
    ]);
    let wave = |at: f64| 1.0 + 0.3 * (at * 9.0).sin();
    let columns = IndexMap::from([
        ("producers.web.offered.rate".to_owned(), column("1/s", 200, &mut noise, |_| 240.0, 0.08)),
        ("producers.nightly-import.offered.rate".to_owned(), column("1/s", 200, &mut noise, |_| 40.0, 0.2)),
        ("queues.jobs.backlog".to_owned(), column("messages", 200, &mut noise, |at| 11.5 * wave(at) * (at * 25.0).min(1.0), 0.7)),
        ("queues.jobs.lost.rate".to_owned(), column("1/s", 200, &mut noise, |at| 9.0 * (wave(at) - 1.1).max(0.0), 0.7)),
        ("consumers.workers.throughput".to_owned(), column("1/s", 200, &mut noise, |_| 279.8, 0.07)),
        ("consumers.workers.utilization".to_owned(), column("1", 200, &mut noise, |_| 0.933, 0.03)),
    ]);
    let latencies = IndexMap::from([("producers.web.completion".to_owned(), lately(200))]);
    let replicates = (0..10)
        .map(|at| Replicate {
            fingerprint: format!("{:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(at + 1)),
            events: 336_240 + at,
            created: 184_930 + at,
            finished: 184_805 + at,
            lost: 113,
            in_system: 12,
            simulated: 660.0,
        })
        .collect();
    let goal = |name: &str, metric: &str, rest: &str, verdict| GoalResult {
        name: name.to_owned(),
        expression: format!("{metric} {rest}"),
        metric: metric.to_owned(),
        verdict,
    };
    RunResult {
        schema_version: SCHEMA_VERSION,
        name: "orders".to_owned(),
        title: Some("Orders and a nightly import on three workers".to_owned()),
        provenance: Provenance {
            program: "queuelab 0.1.0".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            scenario: "title = \"Orders and a nightly import on three workers\"\n".to_owned(),
            scenario_sha256: "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855e".to_owned(),
            overrides: vec!["queues.jobs.max_length=100".to_owned()],
            seed: 1,
            replications: 10,
            confidence: 0.95,
            duration: Some(600.0),
            warmup: 60.0,
        },
        summary: Summary {
            metrics,
            values: IndexMap::from([("consumers.workers.wait.mean".to_owned(), vec![0.0107, 0.0109, 0.0108])]),
            distributions,
            series: Series { bin: 3.3, warmup: 60.0, columns, latencies },
            stability: vec![stability("workers", Keeps::Stable)],
            replicates,
            alerts: Vec::new(),
            parts: Vec::new(),
        },
        presets: Vec::new(),
        routes: ["web", "nightly-import"].map(|name| (name.to_owned(), vec!["jobs".to_owned()])).into(),
        system: small_system(),
        faults: vec![FaultNote {
            name: "workers stands still".to_owned(),
            what: "from 5min to 5min30s `workers` stands still".to_owned(),
            from: Some(300.0),
            until: Some(330.0),
        }],
        theory: IndexMap::new(),
        precision: None,
        goals: vec![
            goal("latency", "consumers.workers.wait.p99", "< 200ms", Verdict::Met),
            goal("loss", "queues.jobs.rejected.ratio", "== 0%", Verdict::Missed),
            goal("tail", "consumers.workers.wait.p999", "<= 240ms", Verdict::Inconclusive),
            goal("far-tail", "consumers.workers.wait.p9999", "< 1s", Verdict::Inconclusive),
        ],
        warnings: vec![Warning {
            kind: "few-samples".to_owned(),
            message: "p99.9 of `producers.nightly-import.completion` rests on 2 observations beyond it in a replication: a \
                      `run.duration` of 41.5 min would do"
                .to_owned(),
        }],
    }
}

/// A median and a p99 over so many bins, of which the first ten have no p99.
fn lately(bins: usize) -> Lately {
    let of = |scale: f64, from: usize| {
        let at = |end: f64| move |bin: usize| (bin >= from).then_some(scale * end * (1.0 + 0.2 * (bin as f64 / 9.0).sin()));
        let column = |end: f64| (0..bins).map(at(end)).collect();
        Quantiles { value: column(1.0), low: column(0.9), high: column(1.15) }
    };
    let quantiles = IndexMap::from([("p50".to_owned(), of(0.033, 0)), ("p99".to_owned(), of(0.17, 10))]);
    Lately { unit: "s".to_owned(), bin: None, count: vec![8_000; bins], quantiles }
}

/// The graph of the result.
fn small_system() -> System {
    let node = |kind, name: &str, workers| Node { kind, name: name.to_owned(), about: "a few words".to_owned(), workers };
    let edge = |from, to, planned, metric: Option<&str>| Edge {
        from,
        to,
        call: false,
        planned: Some(planned),
        metric: metric.map(str::to_owned),
    };
    System {
        nodes: vec![
            node(NodeKind::Producer, "web", None),
            node(NodeKind::Producer, "nightly-import", None),
            node(NodeKind::Queue, "jobs", None),
            node(NodeKind::Consumers, "workers", Some(3)),
        ],
        edges: vec![edge(0, 2, 240.0, None), edge(1, 2, 40.0, None), edge(2, 3, 280.0, Some("consumers.workers.throughput"))],
    }
}

/// How a pool of this name, on a queue of the same name or on `jobs`, kept up.
pub fn stability(pool: &str, verdict: Keeps) -> Stability {
    let (load, growth, lost) = match verdict {
        Keeps::Stable => (estimate(0.9334, 0.0031), estimate(0.0011, 0.0152), 0.000_61),
        Keeps::Overloaded => (estimate(1.202, 0.005), estimate(40.31, 0.82), 0.0),
        Keeps::Saturated => (estimate(1.2, 0.005), estimate(0.0, 0.01), 0.167),
        Keeps::Undecided => (estimate(0.98, 0.01), estimate(1.21, 0.13), 0.0),
    };
    let queue = if pool == "workers" { "jobs" } else { pool };
    let (known_load, grew) = (load.estimate.unwrap_or(0.0), matches!(verdict, Keeps::Overloaded | Keeps::Undecided));
    Stability { pool: pool.to_owned(), queue: queue.to_owned(), load, known_load, growth, grew, lost, verdict }
}

/// One pool of each verdict.
pub fn unstable() -> RunResult {
    let mut result = result();
    result.summary.stability = vec![
        stability("workers", Keeps::Stable),
        stability("flooded", Keeps::Overloaded),
        stability("bounded", Keeps::Saturated),
        stability("a-pool-whose-name-says-all-that-it-does", Keeps::Undecided),
    ];
    let near = Stability { grew: false, load: estimate(1.001, 0.004), ..stability("near", Keeps::Undecided) };
    let dark = Stability { growth: bare(None, "the time series has less than 20 bins"), ..near.clone() };
    result.summary.stability.extend([near, dark]);
    result
}

/// A pipeline of so many stages whose names are as long as asked for.
pub fn pipeline(stages: usize, name: impl Fn(usize) -> String) -> RunResult {
    let mut result = result();
    let mut noise = Noise(3);
    let summary = &mut result.summary;
    let (mut queues, mut pools) = (IndexMap::new(), IndexMap::new());
    for (name, reading) in &summary.metrics {
        let table = if name.starts_with("queues.") { &mut queues } else { &mut pools };
        if !name.starts_with("producers.") {
            table.insert(name.clone(), reading.clone());
        }
    }
    result.system.nodes.truncate(1);
    result.system.edges.clear();
    for stage in 0..stages {
        let node = |kind, name: String, workers| Node { kind, name, about: "a few words".to_owned(), workers };
        let edge = |from, to| Edge { from, to, call: false, planned: Some(240.0), metric: None };
        result.system.nodes.push(node(NodeKind::Queue, format!("to-{}", name(stage)), None));
        result.system.nodes.push(node(NodeKind::Consumers, name(stage), Some(3)));
        result.system.edges.extend([edge(2 * stage, 2 * stage + 1), edge(2 * stage + 1, 2 * stage + 2)]);
    }
    result.routes = [("web".to_owned(), (0..stages).map(|stage| format!("to-{}", name(stage))).collect())].into();
    summary.metrics.retain(|name, _| name.starts_with("producers.web."));
    summary.distributions.retain(|name, _| name.starts_with("producers.web."));
    summary.series.columns.retain(|name, _| name.starts_with("producers.web."));
    for stage in 0..stages {
        let own = name(stage);
        let scale = 1.0 + stage as f64 * 0.7;
        for (metric, reading) in &queues {
            summary.metrics.insert(metric.replacen("jobs", &format!("to-{own}"), 1), reading.clone());
        }
        summary.series.columns.insert(
            format!("queues.to-{own}.backlog"),
            column("messages", 200, &mut noise, |at| 4.0 * scale * (1.0 + (at * 7.0 + scale).sin().abs()), 0.5),
        );
    }
    for stage in 0..stages {
        let own = name(stage);
        let scale = 1.0 + stage as f64 * 0.7;
        for (metric, reading) in &pools {
            let mut reading = reading.clone();
            if metric.ends_with("utilization") {
                let busy = 0.99 * (1.0 - 1.0 / (scale + 0.3));
                reading.value = estimate(busy, 0.004 * scale.min(4.0));
            }
            summary.metrics.insert(metric.replacen("workers", &own, 1), reading);
        }
        let of = |metric: &str| format!("consumers.{own}.{metric}");
        summary.distributions.insert(of("wait"), exponential(150_000, 0.8, 0.02 * scale, 0.0));
        summary.distributions.insert(of("sojourn"), exponential(150_000, 0.9, 0.025 * scale, 0.003 * scale));
        summary.series.columns.insert(of("throughput"), column("1/s", 200, &mut noise, |at| 240.0 * (at * 40.0).min(1.0), 0.05));
    }
    result
}

/// Two stages that do not hang together, each with its own warm-up and number of replications.
pub fn parts() -> RunResult {
    let mut result = pipeline(2, |stage| ["jobs", "hall"][stage].to_owned());
    result.faults.clear();
    let part = |entities: [&str; 2], warmup, duration, replications| Part {
        entities: entities.map(str::to_owned).to_vec(),
        warmup,
        duration: Some(duration),
        replications,
    };
    let summary = &mut result.summary;
    summary.parts = vec![
        part(["queues.to-jobs", "consumers.jobs"], 60.0, 600.0, 10),
        part(["queues.to-hall", "consumers.hall"], 240.0, 1200.0, 35),
    ];
    summary.parts[0].entities.insert(0, "producers.web".to_owned());
    summary.series.warmup = 240.0;
    summary.series.columns.iter_mut().filter(|(name, _)| name.contains("hall")).for_each(|(_, column)| column.bin = Some(7.2));
    result.provenance.warmup = 240.0;
    result.provenance.duration = Some(1200.0);
    result.provenance.replications = 35;
    result
}

/// Nothing was finished, nothing measured.
pub fn empty() -> RunResult {
    let mut result = result();
    let summary = &mut result.summary;
    for (name, reading) in &mut summary.metrics {
        let zero = name.ends_with(".throughput") || name.ends_with(".rate");
        reading.value = if zero { estimate(0.0, 0.0) } else { bare(None, "no message was finished") };
    }
    summary
        .distributions
        .values_mut()
        .for_each(|shape| *shape = Shape { unit: "s".into(), count: 0, quantiles: vec![], bins: vec![] });
    summary.series.columns.clear();
    summary.series.latencies.clear();
    summary.series.warmup = 0.0;
    result.goals.clear();
    result.warnings.clear();
    result.provenance.warmup = 0.0;
    result
}

/// The same result with every time and rate on another scale, and one bin.
pub fn scaled(time: f64) -> RunResult {
    let mut result = result();
    result.title = None;
    let summary = &mut result.summary;
    for reading in summary.metrics.values_mut() {
        let by = match reading.unit.as_str() {
            "s" => time,
            "1/s" => 1.0 / time,
            _ => 1.0,
        };
        for number in [&mut reading.value.estimate, &mut reading.value.low, &mut reading.value.high].into_iter().flatten() {
            *number *= by;
        }
    }
    for shape in summary.distributions.values_mut() {
        shape.quantiles.iter_mut().for_each(|pair| pair[1] *= time);
        shape.bins.iter_mut().for_each(|bin| {
            bin[0] *= time;
            bin[1] *= time;
        });
    }
    let series = &mut summary.series;
    series.bin *= time * 200.0;
    series.warmup *= time;
    for column in series.columns.values_mut() {
        let by = if column.unit == "1/s" { 1.0 / time } else { 1.0 };
        for values in [&mut column.mean, &mut column.min, &mut column.max] {
            values.truncate(1);
            values.iter_mut().for_each(|value| *value = (*value + 1.0) * by);
        }
        for ends in [&mut column.low, &mut column.high] {
            ends.truncate(1);
            ends.iter_mut().flatten().for_each(|value| *value = (*value + 1.0) * by);
        }
    }
    result.provenance.duration = Some(600.0 * time);
    result.provenance.warmup = 60.0 * time;
    result
}

/// Every message took the same time.
pub fn constant() -> RunResult {
    let mut result = result();
    let shape = Shape {
        unit: "s".into(),
        count: 1000,
        quantiles: vec![[0.0, 0.01], [0.5, 0.01], [0.999, 0.01]],
        bins: vec![[0.01, 0.01, 1000.0]],
    };
    result.summary.distributions.values_mut().for_each(|own| *own = shape.clone());
    result
}
