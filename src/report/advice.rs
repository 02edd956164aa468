//! Warnings that advise: what a result does not say well enough, and what to do about it.

use super::block;
use super::quantity::{Kind, plainly};
use super::result::Warning;
use super::stability::{self, Spot, Trouble};
use crate::experiment::{Column, Summary};
use crate::model::{Load, Model, Queue, QueueId, Stop, Work};
use crate::random::Distribution;
use std::collections::BTreeSet;

/// Observations beyond a percentile that a replication should have before the percentile is worth reading.
const OBSERVATIONS_BEYOND: f64 = 10.0;

/// The percentiles far out: suffix, name, and share of observations beyond.
const FAR_PERCENTILES: [(&str, &str, f64); 3] = [("p99", "p99", 0.01), ("p999", "p99.9", 0.001), ("p9999", "p99.99", 0.0001)];

/// A mean below this many nanoseconds is coarse on a clock that ticks once a nanosecond.
const COARSE: f64 = 1000.0;

/// Everything that the user should know about this run, the gravest first.
pub fn advice(model: &Model, load: &Load, summary: &Summary) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (at, queue) in model.queues.iter().enumerate() {
        let id = QueueId(at as u32);
        match stability::trouble(model, load, Spot::Queue(id)) {
            Some(trouble) => warnings.push(of_trouble(model, load, Spot::Queue(id), trouble)),
            None => warnings.extend(of_growth(model, queue, summary)),
        }
        if load.queues[at].rate <= 0.0 {
            warnings.push(warning(
                "no-messages",
                format!(
                    "nothing is published to `{0}`: let a producer or a consumer `publish = \"{0}\"`, or remove it",
                    queue.name
                ),
            ));
        }
    }
    for spot in Spot::all(model).filter(|spot| !matches!(spot, Spot::Queue(_))) {
        warnings.extend(stability::trouble(model, load, spot).map(|trouble| of_trouble(model, load, spot, trouble)));
    }
    warnings.extend(nothing_finished(model, summary));
    warnings.extend(few_samples(model, summary));
    for pool in &model.pools {
        if let Some(Work::Drawn(work)) = pool.work()
            && !matches!(work, Distribution::Constant { .. })
            && work.mean() < COARSE
        {
            let mean = plainly(work.mean() / 1e9, Kind::Time);
            warnings.push(warning(
                "coarse-clock",
                format!(
                    "`{}` needs {mean} a message on average, and the clock ticks in whole nanoseconds: scale all times and \
                     divide all rates by 1000, which changes no ratio",
                    pool.name
                ),
            ));
        }
    }
    warnings
}

fn warning(kind: &str, message: String) -> Warning {
    Warning { kind: kind.to_owned(), message }
}

/// The trouble with a load, and the cure.
fn of_trouble(model: &Model, load: &Load, spot: Spot, trouble: Trouble) -> Warning {
    let what = stability::sentence(model, load, spot, trouble);
    let (_, name) = spot.name(model);
    let raise = if matches!(spot, Spot::Host(_)) { "raise `cores`" } else { "raise `count` or `concurrency`" };
    let (kind, cure) = match trouble {
        Trouble::NeverConsumed => ("never-consumed", format!("add a pool with `queue = \"{name}\"`")),
        Trouble::Overloaded { .. } => ("overloaded", format!("{raise}; until then every number tells of the length of the run")),
        Trouble::Saturated => ("overloaded", format!("{raise}; without slack the numbers depend on the length of the run")),
        Trouble::Peak { .. } => ("peak", "look at the backlog over time beside the averages".to_owned()),
    };
    warning(kind, format!("{what}: {cure}"))
}

/// A backlog that still rose at the end, although the pools keep up with the mean.
fn of_growth(model: &Model, queue: &Queue, summary: &Summary) -> Option<Warning> {
    if model.plan.stop == Stop::Drained {
        return None;
    }
    let column = summary.series.columns.get(&format!("queues.{}.backlog", queue.name))?;
    let skipped = (summary.series.warmup / summary.series.bin) as usize;
    still_rising(column, skipped).then(|| {
        warning(
            "still-growing",
            format!(
                "the backlog of `{}` was still growing at the end: the averages tell of the length of the run; lengthen \
                 `run.duration`, or give its consumers more `count`",
                queue.name
            ),
        )
    })
}

/// Whether every replication ended higher than any was in the middle, and by a factor of 1.4 on average (steady growth gives
/// 1.9).
///
/// A queue in its steady state does so only by a rare chance: the last tenth must lie above the tenth in the middle whole.
fn still_rising(column: &Column, skipped: usize) -> bool {
    let measured = column.mean.len().saturating_sub(skipped);
    if measured < 20 {
        return false;
    }
    let tenth = measured / 10;
    let middle = skipped + measured / 2 - tenth / 2;
    let last = column.mean.len() - tenth;
    let mean = |from: usize| column.mean[from..from + tenth].iter().sum::<f64>() / tenth as f64;
    let highest = column.max[middle..middle + tenth].iter().copied().fold(0.0, f64::max);
    let lowest = column.min[last..].iter().copied().fold(f64::INFINITY, f64::min);
    lowest > highest && mean(last) > 1.4 * mean(middle) && mean(last) > 10.0
}

/// No message came through while it was measured.
fn nothing_finished(model: &Model, summary: &Summary) -> Option<Warning> {
    let throughput = |name: &str| summary.metrics.get(&format!("consumers.{name}.throughput"))?.value.estimate;
    let idle = model.pools.iter().all(|pool| throughput(&pool.name).is_some_and(|rate| rate == 0.0));
    (idle && !model.pools.is_empty()).then(|| {
        warning(
            "nothing-finished",
            "no message was finished in the measured time: lengthen `run.duration`, or check rates and service times".to_owned(),
        )
    })
}

/// Far percentiles that are shown or judged, with too few observations beyond them: one warning for each percentile, naming the
/// quantities.
fn few_samples(model: &Model, summary: &Summary) -> Vec<Warning> {
    let replications = f64::from(model.plan.replications.max(1));
    let mut warnings = Vec::new();
    let mut named = BTreeSet::new();
    for (suffix, percentile, beyond) in FAR_PERCENTILES {
        let mut scarce: Vec<(&str, f64)> = Vec::new();
        for (metric, shape) in &summary.distributions {
            let samples = shape.count as f64 / replications * beyond;
            // What is too few for p99 is too few for all that lies further out.
            let few = shape.count > 0 && samples.round() < OBSERVATIONS_BEYOND;
            if few && matters(model, summary, &format!("{metric}.{suffix}")) && named.insert(metric) {
                scarce.push((metric, samples));
            }
        }
        let Some(worst) = scarce.iter().map(|(_, samples)| *samples).reduce(f64::min) else {
            continue;
        };
        let first: Vec<String> = scarce.iter().take(2).map(|(metric, _)| format!("`{metric}`")).collect();
        let others = match scarce.len().saturating_sub(2) {
            0 => String::new(),
            1 => " and 1 more".to_owned(),
            more => format!(" and {more} more"),
        };
        let ends = model.producers.iter().any(|producer| producer.messages.is_some() || producer.arrivals.ends());
        let cure = match model.plan.duration {
            Some(duration) if !ends => {
                let needed = duration.as_secs_f64() * OBSERVATIONS_BEYOND / worst;
                format!("a `run.duration` of {} would do", plainly(needed, Kind::Time))
            }
            _ => "let the producers send more messages".to_owned(),
        };
        let seen = if worst < 1.0 { "less than 1 observation".to_owned() } else { format!("{worst:.0} observations") };
        warnings.push(warning(
            "few-samples",
            format!("{percentile} of {}{others} rests on {seen} beyond it in a replication: {cure}", first.join(", ")),
        ));
    }
    warnings
}

/// Whether a goal judges this metric, or a table shows a number for it.
fn matters(model: &Model, summary: &Summary, metric: &str) -> bool {
    let mut queues: Vec<QueueId> = model.producers.iter().flat_map(|producer| model.route(&producer.handler)).collect();
    queues.sort_unstable();
    let mixed = queues.windows(2).any(|pair| pair[0] == pair[1]);
    let measured = summary.metrics.get(metric).is_some_and(|reading| reading.value.estimate.is_some());
    measured && block::has_column(metric, mixed) || model.goals.iter().any(|goal| goal.metric == metric)
}
