//! What is known beforehand of a replication's arrivals and work, and how far chance led it away from that.
//!
//! In the steady state the messages that come in a time have a known expectation, and so has the work of so many messages; a
//! replication with more of either has longer waits. [`crate::stats::controlled`] takes out what that explains.
//!
//! The rule is fixed beforehand, because to correct only where it looks well would spoil the interval: means of waits,
//! sojourns, completions and numbers waiting, from at least 20 replications of a steady state after a warm-up, by the arrivals
//! of all producers whose process is stationary with a finite variance, and by the work at the pools concerned where it is drawn
//! with a finite variance and no heavy tail. With ten replications the two degrees of freedom that it costs take half of what it gains.

use super::replication::{Replication, Schedule, steady};
use crate::measure::Recorder;
use crate::model::{Arrivals, ConsumerPool, Model, Producer, Work};
use crate::random::Distribution;
use crate::units::Span;

/// Independent parts from which a correction is made on.
const LEAST: usize = 20;

/// Nanoseconds of mean work below which rounding to whole ones may shift the mean.
const SHORTEST: f64 = 1000.0;

/// What one replication, or an antithetic pair of them, had beyond expectation.
#[derive(Debug, Clone)]
struct Beyond {
    /// Messages created, and how many were to be expected.
    arrivals: (f64, f64),
    /// For each pool the seconds of work beyond expectation, and those that were to be expected of so many messages.
    work: Vec<(f64, f64)>,
}

/// What all replications had.
#[derive(Debug, Clone, Default)]
pub(super) struct Controls {
    parts: Vec<Beyond>,
}

/// The quantities whose means are corrected, by the end of their names; not those that are arrivals or work themselves.
const CORRECTED: [&str; 5] = ["completion", "wait", "sojourn", "ready", "backlog"];

impl Controls {
    /// Adds a replication; `joins`: it is the second of a pair.
    pub fn add(&mut self, model: &Model, schedule: Schedule, replication: &Replication, joins: bool) {
        // What begins with the run is not stationary: the first gap of a renewal process is as long as all others.
        if !model.plan.controls || !steady(model) || schedule.warmup == Span::ZERO {
            return;
        }
        let beyond = beyond(model, &replication.recorder, replication.measured);
        match self.parts.last_mut().filter(|_| joins) {
            None => self.parts.push(beyond),
            Some(first) => {
                first.arrivals = sum(first.arrivals, beyond.arrivals);
                first.work.iter_mut().zip(beyond.work).for_each(|(first, second)| *first = sum(*first, second));
            }
        }
    }

    /// The controls of a metric: for each a value for each part, how far that part went beyond expectation, relative to it; none
    /// where there are too few parts, or where the metric is not corrected.
    pub fn for_metric(&self, model: &Model, metric: &str) -> Vec<Vec<f64>> {
        let mut names = metric.split('.');
        let (Some(table), Some(entity), Some(kind), None) = (names.next(), names.next(), names.next(), names.next()) else {
            return Vec::new();
        };
        if self.parts.len() < LEAST || !CORRECTED.contains(&kind) {
            return Vec::new();
        }
        // A producer's messages may pass through any pool.
        let concerned = |pool: &ConsumerPool| match table {
            "queues" => model.queues[pool.queue.0 as usize].name == entity,
            "consumers" => pool.name == entity,
            _ => true,
        };
        let arrivals = self.parts.iter().map(|part| part.arrivals).collect();
        let work = |part: &Beyond| {
            model
                .pools
                .iter()
                .zip(&part.work)
                .filter(|(pool, _)| concerned(pool))
                .fold((0.0, 0.0), |all, (_, work)| sum(all, *work))
        };
        let work = self.parts.iter().map(work).collect();
        [arrivals, work].into_iter().filter_map(relative).collect()
    }
}

fn beyond(model: &Model, recorder: &Recorder, measured: Span) -> Beyond {
    let seconds = measured.as_secs_f64();
    let mut arrivals = (0.0, 0.0);
    for (at, producer) in model.producers.iter().enumerate().filter(|(_, producer)| known(producer)) {
        let expected = producer.arrivals.mean_rate() * seconds;
        arrivals = sum(arrivals, (recorder.created(at) as f64 - expected, expected));
    }
    let work = |(at, pool): (usize, &ConsumerPool)| match pool.work() {
        Some(Work::Drawn(law)) if tells(law) => {
            let (nanos, count) = recorder.work(at);
            let expected = count as f64 * law.mean() / 1e9;
            (nanos as f64 / 1e9 - expected, expected)
        }
        Some(Work::Drawn(_) | Work::Carried { .. }) | None => (0.0, 0.0),
    };
    Beyond { arrivals, work: model.pools.iter().enumerate().map(work).collect() }
}

/// Whether the work of so many messages has a known mean, varies, and goes together with waits as a line does. Where a sum is long
/// because of one of its terms, waits grow with the square of that term, and the line through a few replications takes out too much: of
/// twenty replications of lognormal work 91.8 % of the intervals covered with it and 94.8 % without (`docs/coverage.md`).
fn tells(law: &Distribution) -> bool {
    law.mean() >= SHORTEST && law.scv() > 0.0 && law.scv().is_finite() && !law.is_heavy_tailed()
}

/// Whether the number of messages in a time has a known mean and a finite variance, and varies at all.
fn known(producer: &Producer) -> bool {
    let varies = |arrivals: &Arrivals| match arrivals {
        Arrivals::Poisson { .. } | Arrivals::Mmpp { .. } => true,
        Arrivals::Renewal { gap } => gap.scv() > 0.0 && gap.scv().is_finite(),
        _ => false,
    };
    let rate = producer.arrivals.mean_rate();
    let regular = match &producer.arrivals {
        Arrivals::Batch { arrivals, .. } => varies(arrivals),
        other => varies(other),
    };
    regular && rate > 0.0 && rate.is_finite() && producer.messages.is_none()
}

fn sum(one: (f64, f64), other: (f64, f64)) -> (f64, f64) {
    (one.0 + other.0, one.1 + other.1)
}

/// `None` where a part has nothing to be expected.
fn relative(parts: Vec<(f64, f64)>) -> Option<Vec<f64>> {
    parts.into_iter().map(|(beyond, expected)| (expected > 0.0).then(|| beyond / expected)).collect()
}
