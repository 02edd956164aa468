//! What all replications together say: the numbers that every renderer works from.

use super::alert::AlertSeen;
use super::stability::Stability;
use crate::model::entity_of;
use crate::stats::Estimate;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The outcome of all replications of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Every estimate by its full name (`consumers.workers.wait.p99`), in the order of the model.
    pub metrics: IndexMap<String, Reading>,
    /// For a metric with an interval the value of each independent part of the data: of a replication, of an antithetic pair, or
    /// of several of them where there are more than 64 (part k holds those whose number leaves the remainder k, divided by 64).
    /// Their mean is the estimate and their spread that of its interval, so that the difference of two systems with the same
    /// random numbers can be told part by part. What is the same in every part is left out, and so are the percentiles of levels,
    /// which are whole numbers, and in the largest of models what comes after the first 200,000 numbers.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub values: IndexMap<String, Vec<f64>>,
    /// The pooled distribution of every latency that was observed, by metric name (`consumers.workers.wait`).
    pub distributions: IndexMap<String, Shape>,
    /// What happened over time.
    pub series: Series,
    /// Whether the pools kept up, one entry for each, in the order of the model.
    #[serde(default)]
    pub stability: Vec<Stability>,
    /// What became of the alerts, in the order of the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertSeen>,
    /// One entry for each replication, in order.
    pub replicates: Vec<Replicate>,
    /// The connected parts of the model, where it has several: each is studied as if it were alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// How a connected part of a model was studied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its entities, as the names of their metrics begin: `producers.web`, `queues.jobs`, `consumers.workers`.
    pub entities: Vec<String>,
    /// Seconds at the start that were not measured.
    pub warmup: f64,
    /// Measured seconds of a replication; absent where it goes on until all is done.
    pub duration: Option<f64>,
    /// Number of replications.
    pub replications: u32,
}

impl Part {
    /// The users' names for its queues, or for its services where it has none.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        let of = |table: &'static str| self.entities.iter().filter_map(move |entity| entity.strip_prefix(table));
        let services = if of("queues.").next().is_none() { "services." } else { "queues." };
        of(services)
    }
}

impl Summary {
    /// The part that a metric or a column belongs to; `None` in a model in one piece.
    pub fn part(&self, metric: &str) -> Option<&Part> {
        let entity = entity_of(metric);
        self.parts.iter().find(|part| part.entities.iter().any(|own| own == entity))
    }

    /// Seconds at the start that were not measured for this metric.
    pub fn warmup(&self, metric: &str) -> f64 {
        self.part(metric).map_or(self.series.warmup, |part| part.warmup)
    }

    /// Replications behind this metric.
    pub fn replications(&self, metric: &str) -> usize {
        self.part(metric).map_or(self.replicates.len(), |part| part.replications as usize)
    }
}

/// An estimate and its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The number and its interval.
    #[serde(flatten)]
    pub value: Estimate,
    /// SI unit: `s`, `1/s`, `messages`, or `1`.
    pub unit: String,
}

/// The shape of a distribution, small enough to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// SI unit of the values.
    pub unit: String,
    /// Observations behind it.
    pub count: u64,
    /// Pairs [order of the quantile, value], rising; dense towards 1 (0.9, 0.99, 0.999 ...) as far as the data go.
    pub quantiles: Vec<[f64; 2]>,
    /// Triples [from, to, observations] of a histogram with bins of equal width up to p99.9; a last, wider one holds the rest.
    pub bins: Vec<[f64; 3]>,
}

/// Time series: bin k covers the time from k times `bin` to (k + 1) times `bin`, counted from the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Width of a bin in seconds, of the columns that have none of their own.
    pub bin: f64,
    /// Seconds at the start that were not measured; the longest of all parts.
    pub warmup: f64,
    /// By metric name: `queues.jobs.backlog`, `producers.web.offered.rate`, `consumers.workers.throughput`,
    /// `queues.jobs.lost.rate`, `consumers.workers.utilization`.
    pub columns: IndexMap<String, Column>,
    /// Latencies by metric name: what callers wait (`producers.web.response`), or how long messages take that nobody waits for
    /// (`producers.web.completion`). A message belongs to the bin in which it ends.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub latencies: IndexMap<String, Lately>,
}

impl Series {
    /// Width of a bin of one of the columns in seconds.
    pub fn bin(&self, column: &Column) -> f64 {
        column.bin.unwrap_or(self.bin)
    }
}

/// A latency over time: quantiles of what was observed in each bin, in all replications together, to 3 %.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lately {
    /// SI unit of the values.
    pub unit: String,
    /// Width of a bin in seconds, where it is not that of the series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<f64>,
    /// Observations in each bin.
    pub count: Vec<u64>,
    /// By name: `p50`, `p99`.
    pub quantiles: IndexMap<String, Quantiles>,
}

/// A quantile, a value for each bin; absent where there are too few observations for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Quantiles {
    /// Of all observations of the bin.
    pub value: Vec<Option<f64>>,
    /// Lower end of its interval, for each bin by itself; absent where only one replication has observations.
    pub low: Vec<Option<f64>>,
    /// Upper end of its interval.
    pub high: Vec<Option<f64>>,
}

impl Lately {
    /// Nothing yet.
    pub fn empty(unit: &str) -> Lately {
        Lately { unit: unit.to_owned(), bin: None, count: Vec::new(), quantiles: IndexMap::new() }
    }
}

/// One quantity over time: for each bin the mean over replications with its interval, and the extremes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// SI unit of the values.
    pub unit: String,
    /// Width of a bin in seconds, where it is not that of the series: of a part that was simulated for longer or shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<f64>,
    /// Mean over replications, a value for each bin.
    pub mean: Vec<f64>,
    /// Lower end of the interval of the mean, for each bin by itself (pointwise); absent where only one replication lasts so
    /// long, and empty where there is only one.
    #[serde(default)]
    pub low: Vec<Option<f64>>,
    /// Upper end of the interval of the mean.
    #[serde(default)]
    pub high: Vec<Option<f64>>,
    /// Smallest among the replications.
    pub min: Vec<f64>,
    /// Largest among the replications.
    pub max: Vec<f64>,
    /// How the intervals were made; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Why there are no intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Column {
    /// Nothing yet.
    pub fn empty(unit: &str) -> Column {
        Column {
            unit: unit.to_owned(),
            bin: None,
            mean: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            min: Vec::new(),
            max: Vec::new(),
            method: None,
            reason: None,
        }
    }
}

/// Facts of one replication; of a model in several parts the sums over those that have so many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replicate {
    /// 64-bit hash over (time, kind, entity) of all its events, in hexadecimal: equal runs have equal fingerprints. Of several
    /// parts a hash of theirs.
    pub fingerprint: String,
    /// Events simulated.
    pub events: u64,
    /// Messages created from the start, warm-up included.
    pub created: u64,
    /// Of these, finished.
    pub finished: u64,
    /// Of these, lost: rejected, dropped or expired.
    pub lost: u64,
    /// Of these, still in the system at the end.
    pub in_system: u64,
    /// Simulated seconds from the start to the end, of the longest part.
    pub simulated: f64,
}
