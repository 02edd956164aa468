//! How often compared designs are told apart rightly: pairs without a difference, and pairs whose difference is known exactly.

use queuelab::experiment::{Growing, Summary};
use queuelab::report::{Difference, Finding, Side, difference};
use queuelab::scenario::{Document, resolve};

/// Replications of each design.
const REPLICATIONS: u32 = 10;
/// Confidence of what is claimed of a pair, all of its metrics together.
const CONFIDENCE: f64 = 0.95;

/// Two designs.
pub struct Case {
    /// What is compared.
    pub name: &'static str,
    base: String,
    other: String,
    /// Whether the second has a seed of its own.
    apart: bool,
    /// Metrics with their exact values in both; none where they are known to be equal.
    truths: Vec<(&'static str, Option<[f64; 2]>)>,
}

/// What was found of one metric.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The case.
    pub case: &'static str,
    /// The metric.
    pub metric: &'static str,
    /// Pairs.
    pub experiments: u32,
    /// Differences whose interval holds the true one.
    pub covered: u32,
    /// The same of ratios.
    pub ratios: u32,
    /// Intervals that are paired.
    pub paired: u32,
    /// Sum of the factors by which they are narrower.
    pub narrower: f64,
    /// Those that are wider than without pairing.
    pub wider: u32,
    /// Differences that were claimed.
    pub claimed: u32,
}

/// The rows of a case, and the pairs of which any difference was claimed with the confidence split among its metrics.
pub struct Study {
    /// One for each metric.
    pub rows: Vec<Row>,
    /// Pairs with a claim.
    pub claims: u32,
}

fn system(rate: f64, pool: &str, workers: u32, work: f64, messages: f64) -> String {
    format!(
        "[run]\nduration = \"{}s\"\n[producers.web]\narrivals = {{ poisson = \"{rate}/s\" }}\npublish = \"jobs\"\n[queues.jobs]\n\
         [consumers.{pool}]\nqueue = \"jobs\"\ncount = {workers}\nservice = {{ exponential = \"{work}ms\" }}\n",
        (messages / rate).round()
    )
}

/// Probability of waiting, and rate at which waits end: Erlang C.
fn erlang(rate: f64, workers: u32, work: f64) -> (f64, f64) {
    let (load, servers) = (rate * work, f64::from(workers));
    let mut term = 1.0;
    let mut sum = 0.0;
    for k in 0..workers {
        sum += term;
        term *= load / f64::from(k + 1);
    }
    let last = term * servers / (servers - load);
    (last / (sum + last), servers / work - rate)
}

/// Mean and p99 of the wait, in seconds.
fn waits(rate: f64, workers: u32, work: f64) -> [f64; 2] {
    let (waiting, drain) = erlang(rate, workers, work);
    [waiting / drain, (waiting / 0.01).ln() / drain]
}

/// All cases, with so many messages a replication.
pub fn cases(messages: f64) -> Vec<Case> {
    let all = |metrics: [&'static str; 4]| metrics.map(|metric| (metric, None)).to_vec();
    let equal =
        ["producers.web.completion.mean", "producers.web.completion.p99", "queues.jobs.wait.mean", "queues.jobs.backlog.p95"];
    let known = |base: [f64; 2], other: [f64; 2]| {
        let metrics = ["consumers.workers.wait.mean", "consumers.workers.wait.p99"];
        metrics.into_iter().zip(base.into_iter().zip(other)).map(|(metric, (a, b))| (metric, Some([a, b]))).collect()
    };
    vec![
        Case {
            name: "equal, work drawn anew",
            base: system(240.0, "workers", 3, 10.0, messages),
            other: system(240.0, "crew", 3, 10.0, messages),
            apart: false,
            truths: all(equal),
        },
        Case {
            name: "equal, all drawn anew",
            base: system(240.0, "workers", 3, 10.0, messages),
            other: system(240.0, "workers", 3, 10.0, messages),
            apart: true,
            truths: all(equal),
        },
        Case {
            name: "one worker, 3 % slower",
            base: system(80.0, "workers", 1, 10.0, messages),
            other: system(80.0, "workers", 1, 10.3, messages),
            apart: false,
            truths: known(waits(80.0, 1, 0.01), waits(80.0, 1, 0.0103)),
        },
        Case {
            name: "a fourth worker",
            base: system(240.0, "workers", 3, 10.0, messages),
            other: system(240.0, "workers", 4, 10.0, messages),
            apart: false,
            truths: known(waits(240.0, 3, 0.01), waits(240.0, 4, 0.01)),
        },
    ]
}

fn simulated(text: &str, seed: u64) -> Summary {
    let document = Document { name: "case".to_owned(), path: None, text: text.to_owned() };
    let mut model = resolve(&document, &[]).unwrap_or_else(|problems| panic!("{problems}")).model;
    model.plan.seed = seed;
    Growing::begin(&model, REPLICATIONS, &|_, _| true).unwrap().finish().summary
}

/// Compares so many pairs; pair e has the seed 1000 + e.
pub fn study(case: &Case, experiments: u32) -> Study {
    let mut rows: Vec<Row> =
        case.truths.iter().map(|(metric, _)| Row { case: case.name, metric, experiments, ..Row::default() }).collect();
    let mut claims = 0;
    for experiment in 0..experiments {
        let seed = 1000 + u64::from(experiment);
        let other_seed = if case.apart { seed + 1_000_000 } else { seed };
        let (base, other) = (simulated(&case.base, seed), simulated(&case.other, other_seed));
        let side = |summary, seed| Side { name: "design", summary, seed, confidence: CONFIDENCE };
        let found = |metric: &str, confidence: f64| -> Difference {
            difference(&side(&base, seed), &side(&other, other_seed), metric, confidence).unwrap()
        };
        let each = 1.0 - (1.0 - CONFIDENCE) / rows.len() as f64;
        let claimed = |found: &Difference| matches!(found.finding, Finding::Lower | Finding::Higher);
        claims += u32::from(case.truths.iter().any(|(metric, _)| claimed(&found(metric, each))));
        for (row, (metric, truth)) in rows.iter_mut().zip(&case.truths) {
            let found = found(metric, CONFIDENCE);
            let [a, b] = truth.unwrap_or([1.0, 1.0]);
            let holds = |low: Option<f64>, high: Option<f64>, truth: f64| {
                low.is_some_and(|low| low <= truth) && high.is_some_and(|high| truth <= high)
            };
            row.covered += u32::from(holds(found.change.low, found.change.high, b - a));
            row.ratios += u32::from(holds(found.relative.low, found.relative.high, b / a - 1.0));
            row.paired += u32::from(found.paired);
            row.narrower += found.narrower.unwrap_or(0.0);
            row.wider += u32::from(found.narrower.is_some_and(|narrower| narrower < 1.0));
            row.claimed += u32::from(claimed(&found));
        }
    }
    Study { rows, claims }
}
