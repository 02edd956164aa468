//! All replications together: what each says about a metric, pooled, and the estimate that follows.
//!
//! Replications are added in their order and merged exactly, so that nothing depends on who finished first. Every interval of
//! the program is made here: from independent replications, or from one long run looked at along its course.

use super::along::Along;
use crate::measure::{Census, Histogram, Level, Source};
use crate::model::{Quantity, Statistic};
use crate::stats::{self, Estimate, Refusal};

/// A quantile is printed when a replication has so many observations beyond it on average.
const BEYOND_TO_PRINT: f64 = 10.0;
/// It gets an interval when all replications together have so many beyond it.
const BEYOND_FOR_INTERVAL: f64 = 1000.0;
/// And when the share beyond it is known at least to this fraction of itself. Not much less: the fraction is itself estimated,
/// and to show an interval only where it happens to look narrow would spoil it.
const VAGUEST: f64 = 0.75;
/// Quantiles of at least this order are judged by one further in as well.
const FAR: f64 = 0.99;
/// Distributions that are kept apart; replications beyond this many share them in turn.
const MOST_PARTS: usize = 64;
/// The normal quantile of the test that batches are independent, at level 0.05.
const TEST_QUANTILE: f64 = 1.959_963_984_54;

const EXTREME: &str = "an extreme value has no interval";

/// What all replications say about one metric.
#[derive(Debug, Clone)]
pub struct Pool {
    data: Data,
    /// Distributions of independent parts of the data: of replications, or of batches of one run.
    parts: Vec<Census>,
    /// Replications that were added.
    replications: usize,
    /// What one long run gained in each slot of time, where it was looked at along its course.
    slots: Vec<(f64, f64)>,
    /// Whether its batches are longer than its memory; `None` without such a look.
    forgets: Option<Result<bool, Refusal>>,
}

#[derive(Debug, Clone)]
enum Data {
    /// All observations, and for each replication that has any (seconds, count) and the standard deviation in seconds.
    Latency { all: Histogram, sums: Vec<(f64, f64)>, deviations: Vec<f64> },
    /// All times at all heights, and for each replication (integral in message-seconds, seconds).
    Level { all: Level, sums: Vec<(f64, f64)> },
    /// One pair for each replication.
    Ratio(Vec<(f64, f64)>),
    /// From the replications that have it.
    Value(Vec<f64>),
}

/// Standard deviation in seconds; 0 without observations.
fn deviation(histogram: &Histogram) -> f64 {
    histogram.deviation().unwrap_or(0.0) / 1e9
}

impl Pool {
    /// An empty pool for sources of the kind of this one.
    pub fn for_source(source: &Source) -> Pool {
        let data = match source {
            Source::Latency(_) => Data::Latency { all: Histogram::default(), sums: Vec::new(), deviations: Vec::new() },
            Source::Level(..) => Data::Level { all: Level::default(), sums: Vec::new() },
            Source::Ratio(..) => Data::Ratio(Vec::new()),
            Source::Value(_) => Data::Value(Vec::new()),
        };
        Pool { data, parts: Vec::new(), replications: 0, slots: Vec::new(), forgets: None }
    }

    /// Adds what the next replication says.
    pub fn add(&mut self, source: Source) {
        let census = source.census_since(None);
        if census.total() > 0 {
            match self.parts.get_mut(self.replications % MOST_PARTS) {
                Some(part) => part.add(&census),
                None => self.parts.push(census),
            }
        }
        self.replications += 1;
        match (&mut self.data, source) {
            (Data::Latency { all, sums, deviations }, Source::Latency(observed)) => {
                if observed.count() > 0 {
                    sums.push((observed.sum() / 1e9, observed.count() as f64));
                    deviations.push(deviation(&observed));
                }
                all.merge(&observed);
            }
            (Data::Level { all, sums }, Source::Level(level, nanos)) => {
                sums.push((level.integral() as f64 / 1e9, nanos as f64 / 1e9));
                all.merge(&level);
            }
            (Data::Ratio(pairs), Source::Ratio(numerator, denominator)) => pairs.push((numerator, denominator)),
            (Data::Value(values), Source::Value(value)) => values.extend(value),
            _ => unreachable!("the metrics of a model do not change their kind between replications"),
        }
    }

    /// Takes what the only replication said along its course: intervals are then made from that.
    pub fn look_along(&mut self, slots: Vec<(f64, f64)>, batches: Vec<Census>) {
        if !batches.is_empty() {
            self.forgets = Some(stats::memory(&slots).map(|memory| memory <= Along::batch()));
        }
        self.slots = slots;
        self.parts = batches;
    }

    /// All observations of a latency, if there are any.
    pub fn observations(&self) -> Option<&Histogram> {
        match &self.data {
            Data::Latency { all, .. } if all.count() > 0 => Some(all),
            _ => None,
        }
    }

    /// The estimate of a statistic; `None` for a quantity that has no statistics.
    pub fn estimate(&self, quantity: Quantity, statistic: Option<Statistic>, confidence: f64) -> Estimate {
        let estimate = match (&self.data, statistic) {
            (Data::Latency { all, .. }, _) if all.count() == 0 => Estimate::absent("nothing was observed"),
            (Data::Latency { sums, .. } | Data::Level { sums, .. }, None | Some(Statistic::Mean)) => {
                self.average(sums, confidence)
            }
            (Data::Latency { all, deviations, .. }, Some(Statistic::Deviation)) => {
                let method = format!("spread over {} replications", deviations.len());
                stats::section(deviation(all), deviations, confidence).by(&method)
            }
            (Data::Latency { all, .. }, Some(Statistic::Minimum)) => extreme(all.range().map(|range| range.0 as f64 / 1e9)),
            (Data::Latency { all, .. }, Some(Statistic::Maximum)) => extreme(all.range().map(|range| range.1 as f64 / 1e9)),
            (Data::Level { all, .. }, Some(Statistic::Maximum)) => extreme(Some(all.max() as f64)),
            (Data::Latency { all, .. }, Some(Statistic::Quantile(q))) => self.latency_quantile(q, all, confidence),
            (Data::Level { all, .. }, Some(Statistic::Quantile(q))) => match all.quantile(q) {
                Some(pooled) => self.quantile(q, pooled, 1.0, confidence),
                None => Estimate::absent("no time has passed"),
            },
            (Data::Level { .. }, Some(Statistic::Deviation | Statistic::Minimum)) => {
                Estimate::absent("a level has no such statistic")
            }
            (Data::Ratio(pairs), _) => self.average(pairs, confidence),
            (Data::Value(values), _) if values.is_empty() => Estimate::absent("it did not happen"),
            (Data::Value(values), _) => {
                let pairs: Vec<(f64, f64)> = values.iter().map(|&value| (value, 1.0)).collect();
                self.average(&pairs, confidence)
            }
        };
        estimate.within(0.0, if quantity == Quantity::Ratio { 1.0 } else { f64::INFINITY })
    }

    /// The ratio of two sums: over replications, or along one run.
    fn average(&self, sums: &[(f64, f64)], confidence: f64) -> Estimate {
        let over = stats::ratio(sums, confidence);
        let Some(value) = over.estimate.filter(|_| !self.slots.is_empty()) else {
            return over.by(&format!("Student t over {} replications", sums.len()));
        };
        if self.slots.iter().all(|slot| slot.1 == 0.0) {
            return over;
        }
        let along = stats::one_run(&self.slots, confidence);
        // Slots count in nanoseconds. A quotient of nothing has no scale, and no interval but itself.
        let scale = along.estimate.filter(|&found| found != 0.0).map_or(1.0, |found| value / found);
        let end = |end: Option<f64>| end.map(|end| end * scale);
        Estimate { estimate: Some(value), low: end(along.low), high: end(along.high), ..along }.by("N-Skart on one run")
    }

    fn latency_quantile(&self, q: f64, all: &Histogram, confidence: f64) -> Estimate {
        let beyond = all.count() as f64 * (1.0 - q);
        let each = beyond / self.replications as f64;
        if beyond < BEYOND_TO_PRINT - 1e-6 {
            let (percent, needed) = (percent(q), (BEYOND_TO_PRINT / (1.0 - q)).ceil());
            return Estimate::absent(format!("the {percent} % quantile needs {needed} observations, there are {}", all.count()));
        }
        let pooled = all.quantile(q).unwrap_or(0.0);
        if (self.replications > 1 || !self.slots.is_empty())
            && (each < BEYOND_TO_PRINT - 1e-6 || beyond < BEYOND_FOR_INTERVAL - 1e-6)
        {
            let factor = (BEYOND_FOR_INTERVAL / beyond).max(BEYOND_TO_PRINT / each);
            let reason = format!("its interval needs {factor:.1} times the {} observations: lengthen the run", all.count());
            return Estimate::alone(pooled / 1e9, reason);
        }
        self.quantile(q, pooled, 1e-9, confidence)
    }

    /// The interval of a quantile with this value in the units of the histogram; `scale` leads to SI units.
    fn quantile(&self, q: f64, pooled: f64, scale: f64, confidence: f64) -> Estimate {
        let value = pooled * scale;
        if self.replications == 1
            && let Err(reason) = self.batches_are_independent(q, pooled)
        {
            return Estimate::alone(value, reason);
        }
        if self.parts.len() < 2 {
            return Estimate::alone(value, stats::ONE_REPLICATION);
        }
        let parts = |bucket: usize| self.shares(bucket);
        let last = self.parts.iter().filter_map(Census::highest).max().unwrap_or(0);
        let inner = if q >= FAR { self.bucket_of(1.0 - 10.0 * (1.0 - q)) } else { None };
        let found = stats::inversion(q, confidence, Census::bucket(pooled).min(last), inner, last, parts);
        if found.vague > VAGUEST {
            let times = (found.vague / VAGUEST).powi(2);
            let reason = format!(
                "what lies beyond it comes in few clusters: its interval needs {times:.1} times the data: lengthen the run"
            );
            return Estimate::alone(value, reason);
        }
        let method = match self.replications {
            1 => format!("inversion over {} batches of one run", self.parts.len()),
            many => format!("inversion over {many} replications"),
        };
        let end = |bucket| Some(Census::value(bucket) * scale);
        let (low, high) = (end(found.low).map(|low| low.min(value)), end(found.high).map(|high| high.max(value)));
        Estimate { estimate: Some(value), low, high, ..Estimate::default() }.by(&method)
    }

    /// The order and the bucket of a quantile of the pooled data.
    fn bucket_of(&self, q: f64) -> Option<(f64, usize)> {
        let value = match &self.data {
            Data::Latency { all, .. } => all.quantile(q)?,
            Data::Level { all, .. } => all.quantile(q)?,
            Data::Ratio(_) | Data::Value(_) => return None,
        };
        Some((q, Census::bucket(value)))
    }

    /// Weight up to a bucket and whole weight, for each part.
    fn shares(&self, bucket: usize) -> Vec<(f64, f64)> {
        self.parts.iter().map(|part| (part.up_to(bucket) as f64, part.total() as f64)).collect()
    }

    /// Whether the batches of one run can stand for replications.
    fn batches_are_independent(&self, q: f64, pooled: f64) -> Result<(), String> {
        match self.forgets {
            None => return Err(stats::ONE_REPLICATION.to_owned()),
            Some(Ok(true)) => {}
            Some(Ok(false)) => return Err(stats::DEPENDENT_BATCHES.to_owned()),
            Some(Err(refusal)) => return Err(refusal.to_string()),
        }
        let shares = self.shares(Census::bucket(pooled));
        let residuals: Vec<f64> = shares.iter().map(|(below, all)| below - q * all).collect();
        let constant = residuals.iter().all(|residual| *residual == residuals[0]);
        if constant || stats::independent(&residuals, TEST_QUANTILE) { Ok(()) } else { Err(stats::DEPENDENT_BATCHES.to_owned()) }
    }
}

fn extreme(value: Option<f64>) -> Estimate {
    value.map_or_else(|| Estimate::absent("nothing was observed"), |value| Estimate::alone(value, EXTREME))
}

fn percent(q: f64) -> f64 {
    (q * 1e6).round() / 1e4
}
