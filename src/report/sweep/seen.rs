//! What is shown of a sweep: some metrics of every point, small enough to be held at once, from which table, Markdown and charts are made.

use super::journal::{Journal, JournalError};
use super::plan::{Plan, Varied};
use super::point::Point;
use crate::experiment::Reading;
use crate::model::{Model, metrics};
use crate::report::result::Verdict;
use crate::stats;
use serde::Serialize;

/// So many metrics are shown where nobody names them.
const SHOWN: usize = 4;

/// A sweep as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// What it goes over.
    pub plan: Plan,
    /// The metrics that are shown.
    pub metrics: Vec<String>,
    /// Every point, in the order of the grid.
    pub points: Vec<Seen>,
    /// Where latency turns up, for each shown latency and each line of rising load.
    pub knees: Vec<Knee>,
}

/// A point as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Which value each path has.
    pub positions: Vec<usize>,
    /// A reading for each metric that is shown; absent where the model of this point has no such metric.
    pub readings: Vec<Option<Reading>>,
    /// What flows there, for the knee: a throughput for each metric that is shown.
    pub throughput: Vec<Option<f64>>,
    /// What is wrong, in a word or two.
    pub state: Option<String>,
    /// Whether all goals are met, or one is missed; absent without goals.
    pub goals: Option<Verdict>,
}

/// The knee of one metric along the load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Knee {
    /// The latency.
    pub metric: String,
    /// The path of the load.
    pub path: String,
    /// The other values of this line, as `PATH=VALUE`.
    pub at: Vec<String>,
    /// The load with the greatest power, as written.
    pub value: String,
    /// Where that is an end of the range, so that the knee may lie `below` it or `above` it.
    pub beyond: Option<&'static str>,
    /// The knee lies between these two, as far as the grid and the intervals can tell.
    pub from: String,
    /// See `from`.
    pub to: String,
    /// By which definition.
    pub definition: &'static str,
}

/// How the knee is defined.
pub const DEFINITION: &str = "where throughput over latency is greatest (Kleinrock 1979, power)";

/// The metrics that are shown where nobody names any: those of the goals, else how long the messages of each producer take.
pub fn default_metrics(model: &Model) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let goals = model.goals.iter().map(|goal| goal.metric.clone());
    let of = |producer: &crate::model::Producer| {
        let kind = if producer.calls() { "response" } else { "completion" };
        ["mean", "p99"].map(|statistic| format!("producers.{}.{kind}.{statistic}", producer.name))
    };
    let producers = model.producers.iter().flat_map(of);
    let all: Vec<String> = if model.goals.is_empty() { producers.take(SHOWN).collect() } else { goals.collect() };
    for name in all {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The full names of all that a model measures.
pub fn known_metrics(model: &Model) -> Vec<String> {
    metrics(model).iter().flat_map(|metric| metric.full_names()).collect()
}

/// The throughput that belongs to a latency.
fn throughput_of(metric: &str) -> Option<String> {
    let mut parts = metric.splitn(3, '.');
    let (table, name) = (parts.next()?, parts.next()?);
    let flow = match table {
        "producers" => "goodput.rate",
        "queues" => "acked.rate",
        "consumers" | "services" => "throughput",
        _ => return None,
    };
    Some(format!("{table}.{name}.{flow}"))
}

impl Sweep {
    /// Reads what is shown out of a journal.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(journal: &Journal, metrics: &[String]) -> Result<Sweep, JournalError> {
        let plan = journal.plan().clone();
        let flows: Vec<Option<String>> = metrics.iter().map(|name| throughput_of(name)).collect();
        let seen = |point: Point| Seen {
            positions: plan.positions(point.point),
            readings: metrics.iter().map(|name| point.metrics.get(name).map(|sampled| sampled.reading.clone())).collect(),
            throughput: flows.iter().map(|flow| point.metrics.get(flow.as_ref()?)?.reading.value.estimate).collect(),
            state: point.state(),
            goals: point.goals.iter().map(|goal| goal.verdict).reduce(worse),
        };
        let points = journal.points().map(|point| point.map(seen)).collect::<Result<Vec<Seen>, JournalError>>()?;
        let mut sweep = Sweep { plan, metrics: metrics.to_vec(), points, knees: Vec::new() };
        sweep.knees = sweep.find_knees();
        Ok(sweep)
    }

    /// The points along an axis, for each combination of the other values that is there: the positions, and the points in order.
    pub fn lines(&self, axis: usize) -> Vec<(Vec<usize>, Vec<&Seen>)> {
        let mut lines: Vec<(Vec<usize>, Vec<&Seen>)> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for seen in &self.points {
            let mut key = seen.positions.clone();
            key[axis] = 0;
            let at = *places.entry(key.clone()).or_insert_with(|| {
                lines.push((key, Vec::new()));
                lines.len() - 1
            });
            lines[at].1.push(seen);
        }
        lines
    }

    /// The other values of a line, as `PATH=VALUE`.
    pub fn others(&self, axis: usize, positions: &[usize]) -> Vec<String> {
        let others = self.plan.grid.iter().zip(positions).enumerate().filter(|(at, _)| *at != axis);
        others.map(|(_, (varied, &at))| format!("{}={}", varied.label(), varied.values[at])).collect()
    }

    fn find_knees(&self) -> Vec<Knee> {
        let mut found = Vec::new();
        let loads = self.plan.grid.iter().enumerate().filter(|(_, varied)| varied.is_load());
        for (axis, varied) in loads {
            for (metric, name) in self.metrics.iter().enumerate() {
                for (positions, seen) in self.lines(axis) {
                    found.extend(self.knee(axis, varied, metric, name, &positions, seen));
                }
            }
        }
        found
    }

    fn knee(
        &self,
        axis: usize,
        varied: &Varied,
        metric: usize,
        name: &str,
        positions: &[usize],
        mut seen: Vec<&Seen>,
    ) -> Option<Knee> {
        seen.sort_by(|one, other| varied.numbers[one.positions[axis]].total_cmp(&varied.numbers[other.positions[axis]]));
        // A time that is next to nothing at low load has no knee: throughput over it only falls.
        let whole = [".sojourn.", ".completion.", ".response.", ".observed."].iter().any(|kind| name.contains(kind));
        if !whole {
            return None;
        }
        let latency = |seen: &Seen| {
            let reading = seen.readings[metric].as_ref().filter(|reading| reading.unit == "s")?;
            let value = reading.value.estimate?;
            Some((seen.throughput[metric]?, [value, reading.value.low.unwrap_or(value), reading.value.high.unwrap_or(value)]))
        };
        let points: Vec<(f64, [f64; 3])> = seen.iter().map(|seen| latency(seen)).collect::<Option<_>>()?;
        let knee = stats::knee(&points)?;
        let written = |at: usize| varied.values[seen[at].positions[axis]].clone();
        Some(Knee {
            metric: name.to_owned(),
            path: varied.path.clone(),
            at: self.others(axis, positions),
            value: written(knee.at),
            beyond: (!knee.inside).then_some(if knee.at == 0 { "below" } else { "above" }),
            from: written(knee.from),
            to: written(knee.to),
            definition: DEFINITION,
        })
    }
}

impl Knee {
    /// In a sentence.
    pub fn sentence(&self) -> String {
        let line = if self.at.is_empty() { String::new() } else { format!(" with {}", self.at.join(", ")) };
        let (metric, path, value) = (&self.metric, &self.path, &self.value);
        match self.beyond {
            None => format!("knee of {metric}{line}: {path} = {value} (between {} and {})", self.from, self.to),
            Some(side) => format!("knee of {metric}{line}: not inside the range, {side} {path} = {value}"),
        }
    }
}

/// The worse of two verdicts.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict: Verdict| match verdict {
        Verdict::Met => 0,
        Verdict::Inconclusive => 1,
        Verdict::Missed => 2,
    };
    if rank(other) > rank(one) { other } else { one }
}
