//! What all replications together say: the numbers that every renderer works from.

use super::stability::Stability;
use crate::stats::Estimate;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The outcome of all replications of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Every estimate by its full name (`consumers.workers.wait.p99`), in the order of the model.
    pub metrics: IndexMap<String, Reading>,
    /// The pooled distribution of every latency that was observed, by metric name (`consumers.workers.wait`).
    pub distributions: IndexMap<String, Shape>,
    /// What happened over time.
    pub series: Series,
    /// Whether the pools kept up, one entry for each, in the order of the model.
    #[serde(default)]
    pub stability: Vec<Stability>,
    /// One entry for each replication, in order.
    pub replicates: Vec<Replicate>,
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
    /// Width of a bin in seconds.
    pub bin: f64,
    /// Seconds at the start that were not measured.
    pub warmup: f64,
    /// By metric name: `queues.jobs.backlog`, `producers.web.offered.rate`, `consumers.workers.throughput`,
    /// `queues.jobs.lost.rate`, `consumers.workers.utilization`.
    pub columns: IndexMap<String, Column>,
}

/// One quantity over time: the mean over replications, and the smallest and largest among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// SI unit of the values.
    pub unit: String,
    /// Mean over replications, a value for each bin.
    pub mean: Vec<f64>,
    /// Smallest among the replications.
    pub min: Vec<f64>,
    /// Largest among the replications.
    pub max: Vec<f64>,
}

/// Facts of one replication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replicate {
    /// 64-bit hash over (time, kind, entity) of all its events, in hexadecimal: equal runs have equal fingerprints.
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
    /// Simulated seconds from the start to the end.
    pub simulated: f64,
}
