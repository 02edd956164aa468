//! Answers, and what the laws hand over to become answers.

use crate::model::{Quantity, Statistic};

/// One number that theory gives for one metric of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Full name of the metric, such as `consumers.workers.wait.p99`.
    pub metric: String,
    /// In SI units: seconds, per second, fractions, messages.
    pub value: f64,
    /// The law behind it, such as `M/M/3 (Erlang C)`.
    pub law: String,
    /// Whether it is exact for the model; `false`: an approximation, or a ceiling.
    pub exact: bool,
    /// Whether the metric cannot be above it, and may be far below.
    pub ceiling: bool,
    /// Where the formula stands.
    pub source: &'static str,
}

/// A law by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    /// What people call it.
    pub name: String,
    /// Whether it is exact.
    pub exact: bool,
    /// Whether it only says what cannot be exceeded.
    pub ceiling: bool,
    /// Where it stands.
    pub source: &'static str,
}

impl Law {
    /// An exact law.
    pub fn exact(name: impl Into<String>, source: &'static str) -> Law {
        Law { name: name.into(), exact: true, ceiling: false, source }
    }

    /// An approximation.
    pub fn approximate(name: impl Into<String>, source: &'static str) -> Law {
        Law { name: name.into(), exact: false, ceiling: false, source }
    }

    /// A bound from above.
    pub fn ceiling(name: impl Into<String>, source: &'static str) -> Law {
        Law { name: name.into(), exact: false, ceiling: true, source }
    }

    /// A number by this law.
    pub fn says(&self, metric: String, value: f64) -> Answer {
        // Adding zero turns -0 into 0.
        let Law { exact, ceiling, source, .. } = *self;
        Answer { metric, value: value + 0.0, law: self.name.clone(), exact, ceiling, source }
    }
}

/// What a law says about a time, in seconds; what is absent is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Times {
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation.
    pub sd: Option<f64>,
    /// One for each of [`orders`], or none.
    pub percentiles: Vec<f64>,
}

/// What a law says about one station in its steady state. Times are those of served messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Whose answers these are.
    pub law: Law,
    /// From arrival to the start of work.
    pub wait: Times,
    /// From arrival to the end of work.
    pub sojourn: Times,
    /// Share of served messages that wait at all.
    pub waited: Option<f64>,
    /// Mean number ready.
    pub ready: Option<f64>,
    /// Share of published messages that are lost, where any can be.
    pub lost: Option<f64>,
}

impl Solution {
    /// A law about which nothing else is known yet.
    pub fn by(law: Law) -> Solution {
        Solution { law, wait: Times::default(), sojourn: Times::default(), waited: None, ready: None, lost: None }
    }
}

/// The percentiles of a latency: suffix of the metric and order.
pub fn orders() -> impl Iterator<Item = (&'static str, f64)> {
    Quantity::Latency.statistics().iter().filter_map(|&(suffix, statistic)| match statistic {
        Statistic::Quantile(q) => Some((suffix, q)),
        _ => None,
    })
}

/// All percentiles by a function of their order, or none where any is unknown.
pub fn percentiles(quantile: impl Fn(f64) -> Option<f64>) -> Vec<f64> {
    orders().map(|(_, q)| quantile(q)).collect::<Option<Vec<f64>>>().unwrap_or_default()
}

/// The answers about a time of this name, such as `consumers.workers.wait`.
pub fn about_time<'a>(law: &'a Law, name: &'a str, times: &'a Times) -> impl Iterator<Item = Answer> + 'a {
    let moments = [("mean", times.mean), ("sd", times.sd)].into_iter().filter_map(|(suffix, value)| Some((suffix, value?)));
    let percentiles = orders().map(|(suffix, _)| suffix).zip(times.percentiles.iter().copied());
    moments.chain(percentiles).map(move |(suffix, value)| law.says(format!("{name}.{suffix}"), value))
}
