//! All replications together: what each says about a metric, pooled, and the estimate that follows.
//!
//! Replications are added in their order and merged exactly, so that nothing depends on who finished first. Every interval of
//! the program is made here: from independent replications, or from one long run looked at along its course.

use super::along::Along;
use crate::measure::{Census, Histogram, Level, Source};
use crate::model::{Quantity, Statistic};
use crate::stats::{self, Controlled, Estimate, Refusal};

/// A quantile is printed when a replication has so many observations beyond it on average.
const BEYOND_TO_PRINT: f64 = 10.0;
/// It gets an interval when all replications together have so many beyond it.
const BEYOND_FOR_INTERVAL: f64 = 1000.0;
/// And, from p90 outwards, so many excursions beyond it. With 37 of them, M/M/1's p99 at load 0.95, 95.6 % covered; with 11 or 18,
/// p99.9 at load 0.9 or of lognormal work, 82 to 88 % and 74 % of those whose share beyond it could be told from zero.
const EXCURSIONS: f64 = 30.0;
/// And when the share beyond it can be told from zero: otherwise no observation is too high for the interval, and it has no end.
/// No stricter: how well the share is known is itself estimated, and to show an interval only where it happens to look narrow
/// spoils it. Where there are excursions enough this is rare.
const VAGUEST: f64 = 1.0;
/// Quantiles are judged by those further in as well, of which ten times as many lie beyond, down to this order.
const FAR: f64 = 0.9;
/// Distributions that are kept apart; replications beyond this many share them in turn.
pub(super) const MOST_PARTS: usize = 64;
/// The normal quantile of the test that batches are independent, at level 0.05.
const TEST_QUANTILE: f64 = 1.959_963_984_54;

const EXTREME: &str = "an extreme value has no interval";

/// What all replications say about one metric.
#[derive(Debug, Clone)]
pub struct Pool {
    pub(super) data: Data,
    /// Distributions of independent parts of the data: of replications, or of batches of one run.
    pub(super) parts: Vec<Census>,
    /// Replications that were added.
    replications: usize,
    /// Those that are independent: all of them, or antithetic pairs.
    independent: usize,
    /// What one long run gained in each slot of time, where it was looked at along its course.
    pub(super) slots: Vec<(f64, f64)>,
    /// Whether its batches are longer than its memory; `None` without such a look.
    forgets: Option<Result<bool, Refusal>>,
}

#[derive(Debug, Clone)]
pub(super) enum Data {
    /// All observations; for each replication (seconds, count), and for those with observations the standard deviation in
    /// seconds.
    Latency { all: Histogram, sums: Vec<(f64, f64)>, deviations: Vec<(f64, f64)> },
    /// All times at all heights, and for each replication (integral in message-seconds, seconds).
    Level { all: Level, sums: Vec<(f64, f64)> },
    /// One pair for each replication.
    Ratio(Vec<(f64, f64)>),
    /// The value and 1 for each replication that has it; zeros for others.
    Value(Vec<(f64, f64)>),
}

/// Adds a replication's pair to a list, or to the one before, where the two belong together.
fn put(list: &mut Vec<(f64, f64)>, pair: (f64, f64), joins: bool) {
    match list.last_mut().filter(|_| joins) {
        Some(first) => *first = (first.0 + pair.0, first.1 + pair.1),
        None => list.push(pair),
    }
}

/// Those with anything in them.
fn filled(list: &[(f64, f64)]) -> Vec<(f64, f64)> {
    list.iter().copied().filter(|pair| pair.1 > 0.0).collect()
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
        Pool { data, parts: Vec::new(), replications: 0, independent: 0, slots: Vec::new(), forgets: None }
    }

    /// Adds what the next replication says. `joins`: it belongs to the one before, as the second of an antithetic pair, and
    /// the two are one part of the data.
    pub fn add(&mut self, source: Source, joins: bool) {
        self.replications += 1;
        if !joins {
            self.independent += 1;
        }
        let census = source.census_since(None);
        let part = (self.independent - 1) % MOST_PARTS;
        match self.parts.get_mut(part) {
            Some(part) => part.add(&census),
            None => self.parts.push(census),
        }
        match (&mut self.data, source) {
            (Data::Latency { all, sums, deviations }, Source::Latency(observed)) => {
                put(sums, (observed.sum() / 1e9, observed.count() as f64), joins);
                let seen = observed.count() > 0;
                put(deviations, if seen { (deviation(&observed), 1.0) } else { (0.0, 0.0) }, joins);
                all.merge(&observed);
            }
            (Data::Level { all, sums }, Source::Level(level, nanos)) => {
                put(sums, (level.integral() as f64 / 1e9, nanos as f64 / 1e9), joins);
                all.merge(&level);
            }
            (Data::Ratio(pairs), Source::Ratio(numerator, denominator)) => put(pairs, (numerator, denominator), joins),
            (Data::Value(pairs), Source::Value(value)) => put(pairs, value.map_or((0.0, 0.0), |value| (value, 1.0)), joins),
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

    /// Replications that were added.
    pub fn replications(&self) -> usize {
        self.replications
    }

    /// A ratio over all replications, if it has a value.
    pub fn quotient(&self) -> Option<f64> {
        let Data::Ratio(pairs) = &self.data else { return None };
        let (above, below) = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
        (below > 0.0).then(|| above / below)
    }

    /// All observations of a latency, if there are any.
    pub fn observations(&self) -> Option<&Histogram> {
        match &self.data {
            Data::Latency { all, .. } if all.count() > 0 => Some(all),
            _ => None,
        }
    }

    /// The estimate of a statistic; `None` for a quantity that has no statistics. A mean is corrected by `controls`, if there
    /// are any; in a tail so many observations make an `excursion`.
    pub fn estimate(
        &self,
        quantity: Quantity,
        statistic: Option<Statistic>,
        confidence: f64,
        controls: &[Vec<f64>],
        excursion: f64,
    ) -> Estimate {
        let estimate = match (&self.data, statistic) {
            (Data::Latency { all, .. }, _) if all.count() == 0 => Estimate::absent("nothing was observed"),
            (Data::Latency { sums, .. } | Data::Level { sums, .. }, None | Some(Statistic::Mean)) => {
                let method = || format!("Student t over {}, control variates", self.number(sums.len()));
                let corrected = self.corrected(sums, confidence, controls).map(|found| found.estimate.by(&method()));
                corrected.unwrap_or_else(|| self.average(&filled(sums), confidence))
            }
            (Data::Latency { all, deviations, .. }, Some(Statistic::Deviation)) => {
                let parts: Vec<f64> = filled(deviations).iter().map(|(sum, count)| sum / count).collect();
                stats::section(deviation(all), &parts, confidence).by(&format!("spread over {}", self.number(parts.len())))
            }
            (Data::Latency { all, .. }, Some(Statistic::Minimum)) => extreme(all.range().map(|range| range.0 as f64 / 1e9)),
            (Data::Latency { all, .. }, Some(Statistic::Maximum)) => extreme(all.range().map(|range| range.1 as f64 / 1e9)),
            (Data::Level { all, .. }, Some(Statistic::Maximum)) => extreme(Some(all.max() as f64)),
            (Data::Latency { all, .. }, Some(Statistic::Quantile(q))) => self.latency_quantile(q, all, confidence, excursion),
            (Data::Level { all, .. }, Some(Statistic::Quantile(q))) => match all.quantile(q) {
                Some(pooled) => self.quantile(q, pooled, 1.0, confidence),
                None => Estimate::absent("no time has passed"),
            },
            (Data::Level { .. }, Some(Statistic::Deviation | Statistic::Minimum)) => {
                Estimate::absent("a level has no such statistic")
            }
            (Data::Ratio(pairs), _) => self.average(pairs, confidence),
            (Data::Value(pairs), _) => match filled(pairs) {
                none if none.is_empty() => Estimate::absent("it did not happen"),
                pairs => self.average(&pairs, confidence),
            },
        };
        estimate.within(0.0, if quantity == Quantity::Ratio { 1.0 } else { f64::INFINITY })
    }

    /// The ratio of two sums over replications, corrected by what is known; `None` where that cannot be.
    pub(super) fn corrected(&self, sums: &[(f64, f64)], confidence: f64, controls: &[Vec<f64>]) -> Option<Controlled> {
        let fits = sums.iter().all(|pair| pair.1 > 0.0) && controls.iter().all(|control| control.len() == sums.len());
        stats::controlled(sums, controls, confidence).filter(|_| fits && !controls.is_empty())
    }

    /// So many independent parts, in words.
    fn number(&self, parts: usize) -> String {
        let kind = if self.independent < self.replications { "antithetic pairs" } else { "replications" };
        format!("{parts} {kind}")
    }

    /// The ratio of two sums: over replications, or along one run.
    fn average(&self, sums: &[(f64, f64)], confidence: f64) -> Estimate {
        let over = stats::ratio(sums, confidence);
        let Some(value) = over.estimate.filter(|_| !self.slots.is_empty()) else {
            return over.by(&format!("Student t over {}", self.number(sums.len())));
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

    fn latency_quantile(&self, q: f64, all: &Histogram, confidence: f64, excursion: f64) -> Estimate {
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
        let excursions = beyond / excursion;
        if q > FAR + 1e-9 && excursions < EXCURSIONS {
            let reason = format!(
                "what lies beyond it comes in some {excursions:.0} clusters: its interval needs {:.1} times the data: lengthen the run",
                EXCURSIONS / excursions
            );
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
        let filled = self.parts.iter().filter(|part| part.total() > 0).count();
        if filled < 2 {
            return Estimate::alone(value, stats::ONE_REPLICATION);
        }
        let parts = |bucket: usize| self.shares(bucket);
        let last = self.parts.iter().filter_map(Census::highest).max().unwrap_or(0);
        let found = stats::inversion(q, confidence, Census::bucket(pooled).min(last), &self.inner(q), last, parts);
        if found.vague > VAGUEST {
            let times = (found.vague / VAGUEST).powi(2);
            let reason = format!(
                "what lies beyond it comes in few clusters: its interval needs {times:.1} times the data: lengthen the run"
            );
            return Estimate::alone(value, reason);
        }
        let method = match self.replications {
            1 => format!("inversion over {filled} batches of one run"),
            _ => format!("inversion over {}", self.number(self.independent)),
        };
        let end = |bucket| Some(Census::value(bucket) * scale);
        let (low, high) = (end(found.low).map(|low| low.min(value)), end(found.high).map(|high| high.max(value)));
        Estimate { estimate: Some(value), low, high, ..Estimate::default() }.by(&method)
    }

    /// The quantiles further in that a quantile is judged by: their orders and buckets.
    pub(super) fn inner(&self, q: f64) -> Vec<(f64, usize)> {
        let value = |order: f64| match &self.data {
            Data::Latency { all, .. } => all.quantile(order),
            Data::Level { all, .. } => all.quantile(order),
            Data::Ratio(_) | Data::Value(_) => None,
        };
        let orders = (1..).map(|step| 1.0 - 10f64.powi(step) * (1.0 - q)).take_while(|order| *order >= FAR - 1e-9);
        orders.filter_map(|order| Some((order, Census::bucket(value(order)?)))).collect()
    }

    /// Weight up to a bucket and whole weight, for each part.
    pub(super) fn shares(&self, bucket: usize) -> Vec<(f64, f64)> {
        let filled = self.parts.iter().filter(|part| part.total() > 0);
        filled.map(|part| (part.up_to(bucket) as f64, part.total() as f64)).collect()
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
