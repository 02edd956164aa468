//! What each independent part of the data says of a metric: a value for each, whose mean is the estimate and whose spread is
//! that of its interval.
//!
//! For a ratio of sums the value of a part is the ratio and the part's residual (the delta method), for a quantile its
//! influence on it: Bahadur's representation (1966), with the difference quotient of the pooled quantiles for the density
//! (Siddiqui 1960), and as widely spread as the interval by inversion counts it. So the difference of two systems is a mean,
//! whatever the metric.

use super::pool::{Data, MOST_PARTS, Pool};
use super::precision;
use crate::measure::Census;
use crate::model::{Model, Statistic};
use crate::stats::{self, Estimate};
use indexmap::IndexMap;

/// The difference quotient reaches over so many standard errors of the share to either side: less, and it is chance; more, and
/// it is no longer the density there.
const REACH: f64 = 2.0;
/// But at most this part of the way to the nearest end.
const NEAREST: f64 = 0.75;
/// Numbers that are kept for metrics that no goal and no precision names.
const KEPT_NUMBERS: usize = 200_000;

impl Pool {
    /// A value for each independent part, or for every several of them; `None` where `estimate`, which is that of the same
    /// statistic with the same controls, has no interval from independent parts.
    pub(super) fn values(&self, estimate: &Estimate, statistic: Option<Statistic>, controls: &[Vec<f64>]) -> Option<Vec<f64>> {
        let (Some(value), Some(low), Some(high)) = (estimate.estimate, estimate.low, estimate.high) else { return None };
        if !self.slots.is_empty() || self.parts.len() < 2 {
            return None;
        }
        if low == high {
            return Some(vec![value; self.parts.len()]);
        }
        let off = match (&self.data, statistic) {
            (Data::Latency { sums, .. } | Data::Level { sums, .. }, None | Some(Statistic::Mean)) => {
                // The confidence is that of an interval that is not looked at.
                let corrected = self.corrected(sums, 0.95, controls).map(|found| found.off);
                folded(&corrected.unwrap_or_else(|| residuals(sums)))
            }
            (Data::Latency { deviations, .. }, Some(Statistic::Deviation)) => folded(&residuals(deviations)),
            (Data::Latency { all, .. }, Some(Statistic::Quantile(q))) => {
                self.influences(q, all.quantile(q)?, |q| all.quantile(q)).into_iter().map(|off| off * 1e-9).collect()
            }
            (Data::Ratio(pairs) | Data::Value(pairs), _) => folded(&residuals(pairs)),
            // The percentiles of a level are whole numbers: they jump.
            (Data::Latency { .. } | Data::Level { .. }, _) => return None,
        };
        Some(off.into_iter().map(|off| value + off).collect())
    }

    /// By how much each part moves the quantile `q`, whose value is `pooled`.
    fn influences(&self, q: f64, pooled: f64, quantile: impl Fn(f64) -> Option<f64>) -> Vec<f64> {
        let last = self.parts.iter().filter_map(Census::highest).max().unwrap_or(0);
        let bucket = Census::bucket(pooled).min(last);
        let shares: Vec<(f64, f64)> = self.parts.iter().map(|part| (part.up_to(bucket) as f64, part.total() as f64)).collect();
        let off = residuals(&shares);
        let n = off.len() as f64;
        let error = (off.iter().map(|off| off * off).sum::<f64>() / (n - 1.0) / n).sqrt();
        let wider = stats::clustering(q, bucket, &self.inner(q), |bucket| self.shares(bucket));
        let reach = (REACH * wider * error).min(NEAREST * q.min(1.0 - q));
        let (Some(below), Some(above)) = (quantile(q - reach), quantile(q + reach)) else { return vec![0.0; off.len()] };
        let slope = if reach > 0.0 { (above - below) / (2.0 * reach) } else { 0.0 };
        // More below than elsewhere: the quantile of this part is lower.
        off.into_iter().map(|off| -off * wider * slope).collect()
    }
}

/// How far the numerator of each pair is off from the ratio of the sums, relative to the mean denominator; their mean is zero.
fn residuals(pairs: &[(f64, f64)]) -> Vec<f64> {
    let (above, below) = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    let (ratio, scale) = (above / below, below / pairs.len() as f64);
    pairs.iter().map(|pair| (pair.0 - ratio * pair.1) / scale).collect()
}

/// At most [`MOST_PARTS`] of them, each the sum of its own, on the scale on which their mean spreads as that of all.
fn folded(off: &[f64]) -> Vec<f64> {
    let parts = off.len().min(MOST_PARTS);
    let scale = parts as f64 / off.len() as f64;
    let mut folded = vec![0.0; parts];
    for (at, off) in off.iter().enumerate() {
        folded[at % parts] += off * scale;
    }
    folded
}

/// The values that are kept of a study.
pub(super) struct Values {
    named: Vec<String>,
    numbers: usize,
    pub kept: IndexMap<String, Vec<f64>>,
}

impl Values {
    /// Nothing yet.
    pub fn of(model: &Model) -> Values {
        let mut named = precision::names(model);
        named.extend(model.goals.iter().map(|goal| goal.metric.clone()));
        Values { named, numbers: 0, kept: IndexMap::new() }
    }

    /// Keeps the values of a metric, unless they are all the same, or too many are there.
    pub fn take(&mut self, name: &str, values: impl FnOnce() -> Option<Vec<f64>>) {
        let named = self.named.iter().any(|known| known == name);
        if self.numbers >= KEPT_NUMBERS && !named {
            return;
        }
        if let Some(values) = values().filter(|values| values.iter().any(|value| *value != values[0])) {
            self.numbers += values.len();
            self.kept.insert(name.to_owned(), values);
        }
    }
}
