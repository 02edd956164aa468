//! Alerts, watched as a monitoring system does: it looks once a bin of the series, at the mean over the bin, and calls somebody
//! when what it sees has held for so many bins in a row that they last as long as the rule says. An alert that has fired is over
//! with the first bin in which its statement does not hold, and may then fire again.

use super::replication::Replication;
use crate::measure::Series;
use crate::model::{Alert, Cause, Gauge, Model, gauges};
use crate::stats::{self, Estimate};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};

/// Bins in the time that an alert waits, where the user does not fix their width: it fires late by less than one of them.
const LOOKS: u64 = 4;

/// What became of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertSeen {
    /// The user's name for it.
    pub name: String,
    /// As the user wrote it.
    pub expression: String,
    /// The name of the column of the series that it watches.
    pub metric: String,
    /// Seconds from one look to the next.
    pub bin: f64,
    /// Replications that were watched, and those in which it fired.
    pub replications: u32,
    /// See `replications`.
    pub fired: u32,
    /// Seconds from the start of the run to the first time that it fired, over the replications in which it did.
    pub first: Estimate,
    /// The least and the greatest of them.
    pub earliest: Option<f64>,
    /// See `earliest`.
    pub latest: Option<f64>,
    /// What happens by plan for the first time; absent where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseSeen>,
    /// Seconds from the cause, or else from the start, to the first time that it fired after that.
    pub delay: Estimate,
    /// How often it fired in a replication.
    pub firings: Estimate,
    /// How often it fired in a replication before the cause; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_alarms: Option<Estimate>,
}

/// What an alert is to tell of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CauseSeen {
    /// `fault`, or `rate`: a planned rate changes.
    pub what: String,
    /// Seconds from the start of the run.
    pub at: f64,
}

/// When each alert fired in each replication.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// By replication, then by alert: seconds from the start.
    firings: Vec<Vec<Vec<f64>>>,
    /// The widest bin.
    width: u64,
}

impl Watched {
    /// Watches one more replication.
    pub fn add(&mut self, model: &Model, replication: &Replication) {
        if model.alerts.is_empty() {
            return;
        }
        let gauges = gauges(model);
        let of = |alert: &Alert| {
            let found = gauges.iter().enumerate().find(|(_, gauge)| gauge.name == alert.metric);
            found.map_or_else(Vec::new, |(at, gauge)| firings(alert, gauge, at, &replication.series, replication.end))
        };
        self.firings.push(model.alerts.iter().map(of).collect());
        self.width = self.width.max(replication.series.width);
    }

    /// What all replications say.
    pub fn summarise(&self, model: &Model) -> Vec<AlertSeen> {
        model.alerts.iter().enumerate().map(|(at, alert)| self.one(model, at, alert)).collect()
    }

    fn one(&self, model: &Model, at: usize, alert: &Alert) -> AlertSeen {
        let cause = model.first_cause();
        let since = cause.map_or(0.0, |cause| cause.at().as_secs_f64());
        let all: Vec<&[f64]> = self.firings.iter().map(|replication| replication[at].as_slice()).collect();
        let first: Vec<Option<f64>> = all.iter().map(|times| times.first().copied()).collect();
        let delay = all.iter().map(|times| times.iter().find(|&&time| time > since).map(|time| time - since)).collect();
        let count = |of: &dyn Fn(f64) -> bool| {
            all.iter().map(|times| Some(times.iter().filter(|&&time| of(time)).count() as f64)).collect()
        };
        let estimate = |values: Vec<Option<f64>>| estimate(&values, model);
        let fired = || first.iter().flatten().copied();
        AlertSeen {
            name: alert.name.clone(),
            expression: alert.expression.clone(),
            metric: alert.metric.clone(),
            bin: Span(self.width).as_secs_f64(),
            replications: all.len() as u32,
            fired: fired().count() as u32,
            earliest: fired().reduce(f64::min),
            latest: fired().reduce(f64::max),
            delay: estimate(delay),
            firings: estimate(count(&|_| true)),
            false_alarms: cause.map(|_| estimate(count(&|time| time <= since))),
            cause: cause.map(|cause| CauseSeen {
                what: if matches!(cause, Cause::Fault(_)) { "fault" } else { "rate" }.to_owned(),
                at: since,
            }),
            first: estimate(first),
        }
    }
}

/// The mean of what there is, over replications or over pairs of them that are mirrored.
fn estimate(values: &[Option<f64>], model: &Model) -> Estimate {
    let together = if model.plan.antithetic { 2 } else { 1 };
    let mean = |values: &[Option<f64>]| {
        let there: Vec<f64> = values.iter().flatten().copied().collect();
        (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
    };
    let values: Vec<f64> = values.chunks(together).filter_map(mean).collect();
    if values.is_empty() {
        return Estimate::absent("it never fired");
    }
    stats::mean(&values, model.plan.confidence).within(0.0, f64::INFINITY)
}

/// When an alert fires, in seconds from the start.
fn firings(alert: &Alert, gauge: &Gauge, at: usize, series: &Series, end: Time) -> Vec<f64> {
    let width = series.width;
    let needed = alert.length.0.div_ceil(width).max(1);
    let (mut held, mut all) = (0, Vec::new());
    // A bin that the end of the run cuts short is not looked at.
    for (bin, gains) in series.bins.iter().enumerate().take((end.0 / width) as usize) {
        let value = gains[at] as f64 * gauge.scale / width as f64;
        held = if alert.comparison.holds(value, alert.value) { held + 1 } else { 0 };
        if held == needed {
            all.push(Span((bin as u64 + 1) * width).as_secs_f64());
        }
    }
    all
}

/// The width of a bin that the alerts of a model need: a fraction of the shortest time that one of them waits.
pub(super) fn bin(model: &Model) -> Option<Span> {
    let shortest = model.alerts.iter().map(|alert| alert.length).filter(|length| length.0 > 0).min()?;
    let wanted = (shortest.0 / LOOKS).max(1);
    // The next narrower of 1, 2 and 5 times a power of ten.
    let power = 10u64.pow(wanted.ilog10());
    [5, 2, 1].into_iter().map(|step| step * power).find(|&width| width <= wanted).map(Span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Comparison, Quantity};

    fn alert(length: u64) -> Alert {
        Alert {
            name: "backlog".to_owned(),
            expression: String::new(),
            metric: "queues.jobs.backlog".to_owned(),
            comparison: Comparison::Greater,
            value: 4.0,
            length: Span(length),
        }
    }

    /// Levels in bins of 10 nanoseconds, of which the last is cut short.
    #[test]
    fn an_alert_fires_when_it_has_held_and_again_after_it_did_not() {
        let mut series = Series::new(10, 1, 100);
        let mut sum = 0;
        for level in [5, 3, 5, 6, 7, 5, 4, 9, 9, 9] {
            sum += level * 10;
            series.collect(vec![sum]);
            series.close();
        }
        let gauge = Gauge { name: "queues.jobs.backlog".to_owned(), quantity: Quantity::Level, unit: "messages", scale: 1.0 };
        let nanos = |length: u64, end: u64| -> Vec<u64> {
            firings(&alert(length), &gauge, 0, &series, Time(end)).iter().map(|time| (time * 1e9).round() as u64).collect()
        };
        assert_eq!(nanos(0, 100), [10, 30, 80]);
        assert_eq!(nanos(20, 100), [40, 90]);
        // What does not fit into whole bins is rounded up: nobody is called too early.
        assert_eq!(nanos(21, 100), [50, 100]);
        assert_eq!(nanos(21, 99), [50]);
        assert_eq!(nanos(41, 100), [0u64; 0]);
    }
}
