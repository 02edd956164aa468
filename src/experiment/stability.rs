//! Whether the pools kept up: the load that was offered to them, and whether the backlog grew through the run.
//!
//! The load is the rate of what was published to the queue, over what its pools can work off in the service times that were
//! seen. Growth is the slope of the backlog over the measured time. From five replications on it is that of the straight line
//! through the bins of each (least squares), with Student's t over the replications. Fewer are looked at along their course:
//! without a steady state the backlog is a random walk, whose steps from one twentieth of the run to the next are nearly
//! independent, with the drift as their mean; in a steady state they take each other back, and the interval is too wide rather
//! than too narrow. Averages over twentieths of a random walk move by steps with a correlation of 1/4, so that the variance of
//! their mean is 1.5 times that of independent ones.
//!
//! Many runs are looked at, and a verdict should not cry wolf: the backlog counts as grown where an interval of 99.9 % lies above
//! zero, and where by that slope it gained at least half of its mean (a straight line from nothing gains twice its mean).

use super::summary::Reading;
use crate::measure::Series;
use crate::model::{ConsumerPool, Load, Model, PoolId, QueueId, Stop, gauges};
use crate::stats::{self, Estimate};
use crate::units::{Span, Time};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Replications from which on each gives one slope.
const REPLICATIONS: usize = 5;
/// The least number of bins.
const BINS: usize = 20;
/// Parts of a run whose steps are looked at.
const PARTS: usize = 20;
/// The confidence that a backlog grew.
const SURE: f64 = 0.999;
/// What a backlog that grew gains at least, as a share of its mean.
const GAIN: f64 = 0.5;
/// Rates and means are rounded numbers: a load that misses 1 by less than their rounding is 1.
const ROUNDING: f64 = 1e-9;

/// Whether a pool keeps up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It can do more than comes, and its backlog did not grow.
    Stable,
    /// More comes than it can do, and its backlog grew.
    Overloaded,
    /// More comes than it can do, and the queue loses the rest.
    Saturated,
    /// Too near the edge, or load and growth do not say the same.
    Undecided,
}

/// How a pool kept up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// The user's name for the pool.
    pub pool: String,
    /// The queue that it takes from, with all other pools on it.
    pub queue: String,
    /// What was published over what the pools of the queue can do, as seen: 1 is all that they can do. The interval is on the
    /// safe side. Absent where nothing was seen.
    pub load: Estimate,
    /// The same from the rates and means of the scenario, in the long run.
    pub known_load: f64,
    /// Messages a second by which the backlog of the queue grew through the measured time; negative where it shrank.
    pub growth: Estimate,
    /// Whether that is more than chance, and much beside the backlog.
    pub grew: bool,
    /// Share of the published messages that the queue lost.
    pub lost: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// What the series of all replications have in common.
pub(super) struct Window<'a> {
    /// One for each replication.
    pub series: &'a [Series],
    /// When each ended.
    pub ends: &'a [Time],
    /// What was not measured.
    pub warmup: Span,
}

/// How every pool of a model kept up.
pub(super) fn stability(model: &Model, metrics: &IndexMap<String, Reading>, window: &Window<'_>) -> Vec<Stability> {
    let load = Load::of(model);
    let one = |pool: &ConsumerPool| {
        let id = pool.queue;
        let queue = model.queue(id);
        let reading = |metric: &str| metrics.get(&format!("queues.{}.{metric}", queue.name)).map(|reading| &reading.value);
        let lost =
            ["dropped", "rejected", "expired"].map(|kind| reading(&format!("{kind}.ratio")).and_then(|lost| lost.estimate));
        let lost = lost.into_iter().flatten().sum();
        let known_load = known(&load, id);
        let seen = seen(model, &load, id, metrics);
        let (growth, sure) = window.growth(model, id);
        let mean = reading("backlog.mean").and_then(|mean| mean.estimate);
        let much = growth.estimate.zip(mean).is_some_and(|(slope, mean)| {
            let gained = slope * window.measured();
            gained >= 1.0 && gained >= GAIN * mean
        });
        let grew = much && sure;
        // Where the load that was seen may be 1, a rise that is no more than likely is reason enough not to be sure.
        let may_grow = much && growth.low.is_some_and(|low| low > 0.0);
        let verdict = match model.plan.stop {
            Stop::Duration => verdict(known_load, &seen, grew, may_grow, lost),
            // All is worked off in the end, whatever was offered.
            Stop::Drained => expected(known_load, lost > 0.0),
        };
        Stability { pool: pool.name.clone(), queue: queue.name.clone(), load: seen, known_load, growth, grew, lost, verdict }
    };
    model.pools.iter().map(one).collect()
}

/// The load of a queue in the long run by what the scenario says.
pub fn known(load: &Load, queue: QueueId) -> f64 {
    let own = &load.queues[queue.0 as usize];
    let (steady, capacity) = (own.steady(), own.capacity);
    if steady > 0.0 && capacity > 0.0 { steady / capacity } else { 0.0 }
}

/// The verdict by what is known alone; `sheds`: the queue loses what it cannot hold, or does not want to.
pub fn expected(known_load: f64, sheds: bool) -> Verdict {
    let over = known_load > 1.0 + ROUNDING;
    match known_load {
        known if known < 1.0 - ROUNDING => Verdict::Stable,
        _ if sheds => Verdict::Saturated,
        _ if over => Verdict::Overloaded,
        _ => Verdict::Undecided,
    }
}

fn verdict(known: f64, seen: &Estimate, grew: bool, may_grow: bool, lost: f64) -> Verdict {
    // What was seen decides where it can; where it holds both answers, what is known does.
    let value = seen.estimate.unwrap_or(known);
    let (low, high) = (seen.low.unwrap_or(value), seen.high.unwrap_or(value));
    let over = low >= 1.0 || (known >= 1.0 - ROUNDING && high >= 1.0);
    let under = high < 1.0 || (known < 1.0 - ROUNDING && low < 1.0);
    let rises = grew || may_grow && high >= 1.0;
    match (over, under) {
        (true, _) if lost > 0.0 => Verdict::Saturated,
        (true, _) if grew => Verdict::Overloaded,
        (_, true) if !rises => Verdict::Stable,
        _ => Verdict::Undecided,
    }
}

/// The load that was seen, with an interval that takes rate and service times at their ends.
fn seen(model: &Model, load: &Load, queue: QueueId, metrics: &IndexMap<String, Reading>) -> Estimate {
    let value = |name: String| metrics.get(&name).map(|reading| &reading.value);
    let published = value(format!("queues.{}.published.rate", model.queue(queue).name));
    let Some((published, rate)) = published.and_then(|published| Some((published, published.estimate?))) else {
        return Estimate::absent("nothing was observed");
    };
    let ends = |estimate: &Estimate, value: f64| [estimate.low.unwrap_or(value), value, estimate.high.unwrap_or(value)];
    // Workers over service time, from the longest to the shortest.
    let mut capacity = [0.0; 3];
    for (PoolId(at), pool) in model.pools_on(queue) {
        let service = value(format!("consumers.{}.service.mean", pool.name));
        let times = match service.and_then(|service| Some((service, service.estimate?))) {
            Some((service, time)) => ends(service, time),
            None => [load.pools[at as usize].mean_service.unwrap_or(0.0); 3],
        };
        let workers = f64::from(pool.workers());
        capacity.iter_mut().zip(times.iter().rev()).for_each(|(sum, &time)| *sum += workers / time.max(f64::MIN_POSITIVE));
    }
    let [low, middle, high] = ends(published, rate);
    let interval = published.low.is_some() && published.high.is_some();
    Estimate {
        estimate: Some(middle / capacity[1]),
        low: interval.then_some(low / capacity[2]),
        high: interval.then_some(high / capacity[0]),
        ..Estimate::default()
    }
}

impl Window<'_> {
    /// The slope of a queue's backlog in messages a second, and whether it is surely above zero.
    fn growth(&self, model: &Model, queue: QueueId) -> (Estimate, bool) {
        if model.plan.stop == Stop::Drained {
            return (Estimate::absent("the run goes on until all is done"), false);
        }
        let confidence = model.plan.confidence;
        let name = format!("queues.{}.backlog", model.queue(queue).name);
        let column = gauges(model).iter().position(|gauge| gauge.name == name);
        let runs: Vec<(Vec<f64>, f64)> = column
            .iter()
            .flat_map(|&column| self.series.iter().zip(self.ends).map(move |run| self.levels(run, column)))
            .collect();
        if runs.is_empty() || runs.iter().any(|(levels, _)| levels.len() < BINS) {
            return (Estimate::absent(format!("the time series has less than {BINS} bins")), false);
        }
        let sure = |found: Estimate| found.low.is_some_and(|low| low > 0.0);
        if runs.len() >= REPLICATIONS {
            let slopes: Vec<f64> = runs.iter().map(|(levels, width)| slope(levels) / width).collect();
            let by = format!("slopes of {} replications", slopes.len());
            return (stats::mean(&slopes, confidence).by(&by), sure(stats::mean(&slopes, SURE)));
        }
        let steps: Vec<f64> = runs.iter().flat_map(|(levels, width)| steps(levels, *width)).collect();
        let widened = |confidence: f64| {
            let found = stats::mean(&steps, confidence);
            let end = |end: Option<f64>| Some(found.estimate? + (end? - found.estimate?) * 1.5f64.sqrt());
            Estimate { low: end(found.low), high: end(found.high), ..found.clone() }
        };
        (widened(confidence).by(&format!("{} steps along the run", steps.len())), sure(widened(SURE)))
    }

    /// The mean backlog in each whole bin that was measured, and the seconds that a bin lasts.
    fn levels(&self, (series, end): (&Series, &Time), column: usize) -> (Vec<f64>, f64) {
        let (first, last) = (self.warmup.0.div_ceil(series.width) as usize, (end.0 / series.width) as usize);
        let bins = series.bins.iter().take(last).skip(first);
        (bins.map(|bin| bin[column] as f64 / series.width as f64).collect(), series.width as f64 / 1e9)
    }

    /// The mean of the measured seconds.
    fn measured(&self) -> f64 {
        let total: f64 = self.ends.iter().map(|end| end.as_secs_f64() - self.warmup.as_secs_f64()).sum();
        total / self.ends.len().max(1) as f64
    }
}

/// The slope of the straight line through values at 0, 1, 2 ... (least squares).
fn slope(values: &[f64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut above, mut below) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let x = at as f64 - middle;
        (above, below) = (above + x * value, below + x * x);
    }
    above / below
}

/// The slopes from each part of a run to the next.
fn steps(levels: &[f64], width: f64) -> Vec<f64> {
    let each = levels.len() / PARTS;
    let means: Vec<f64> = levels.chunks_exact(each).map(|part| part.iter().sum::<f64>() / each as f64).collect();
    means.windows(2).map(|pair| (pair[1] - pair[0]) / (each as f64 * width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_of_straight_lines_are_exact() {
        let line: Vec<f64> = (0..60).map(|at| 5.0 + 0.25 * f64::from(at)).collect();
        assert!((slope(&line) - 0.25).abs() < 1e-12);
        let found = steps(&line, 2.0);
        assert!(found.len() == PARTS - 1 && found.iter().all(|step| (step - 0.125).abs() < 1e-12), "{found:?}");
    }

    #[test]
    fn load_and_growth_decide_together() {
        use Verdict::*;
        let between =
            |low: f64, high: f64| Estimate { low: Some(low), high: Some(high), ..Estimate::around((low + high) / 2.0, 0.0) };
        for (known, low, high, grew, may_grow, lost, expected) in [
            (0.8, 0.79, 0.81, false, false, 0.0, Stable),
            (0.8, 0.79, 0.81, false, true, 0.0, Stable),
            (0.97, 0.95, 1.02, false, false, 0.0, Stable),
            (0.97, 0.95, 1.02, false, true, 0.0, Undecided),
            (0.97, 0.95, 1.02, true, true, 0.0, Undecided),
            (1.2, 1.19, 1.21, true, true, 0.0, Overloaded),
            (1.02, 0.99, 1.05, true, true, 0.0, Overloaded),
            (1.02, 0.99, 1.05, false, true, 0.0, Undecided),
            (1.0, 0.99, 1.01, false, false, 0.0, Undecided),
            // What comes is less than planned, because a queue before it loses messages.
            (1.2, 0.9, 0.92, false, false, 0.0, Stable),
            (1.5, 1.49, 1.51, false, false, 0.33, Saturated),
            (0.9, 0.89, 0.91, false, false, 0.05, Stable),
        ] {
            let found = verdict(known, &between(low, high), grew, may_grow, lost);
            assert_eq!(found, expected, "{known} {low} {high} {grew} {may_grow} {lost}");
        }
        assert_eq!(verdict(0.5, &Estimate::absent("nothing"), false, false, 0.0), Stable);
        assert_eq!([0.5, 1.0, 1.5].map(|load| super::expected(load, false)), [Stable, Undecided, Overloaded]);
        assert_eq!([0.5, 1.0, 1.5].map(|load| super::expected(load, true)), [Stable, Saturated, Saturated]);
    }
}
