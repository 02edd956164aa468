//! Warnings that advise: what a result does not say well enough, why, and what to do about it.

mod calls;
mod data;
mod load;

use super::block;
use super::quantity::{Kind, plainly};
use super::result::Warning;
use super::stability::{self, Spot};
use crate::experiment::{Cut, Summary};
use crate::model::{Load, Model, QueueId, Work};
use crate::random::Distribution;

/// A mean below this many nanoseconds is coarse on a clock that ticks once a nanosecond.
const COARSE: f64 = 1000.0;

/// Everything that the user should know about this run, the gravest first; `cuts` is what was not measured of
/// each of its parts.
pub fn advice(model: &Model, load: &Load, summary: &Summary, cuts: &[Cut]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (at, queue) in model.queues.iter().enumerate() {
        warnings.extend(load::of_queue(model, load, QueueId(at as u32), summary));
        // Dead letters come without anybody publishing them.
        let dead = model.dead_letters_of(QueueId(at as u32)).next().is_some();
        if load.queues[at].rate <= 0.0 && !dead {
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
        warnings.extend(stability::trouble(model, load, spot).map(|trouble| load::of_shared(model, load, spot, trouble)));
    }
    warnings.extend(calls::waiting(model, summary));
    warnings.extend(calls::retries(model, summary));
    warnings.extend(calls::wasted(model, summary));
    warnings.extend(nothing_finished(model, summary));
    warnings.extend(cuts.iter().enumerate().filter_map(|(at, cut)| data::warm_up(model, summary, at, *cut)));
    warnings.extend(data::correlated(model, summary));
    warnings.extend(data::few_samples(model, summary));
    warnings.extend(data::wide_intervals(model, summary));
    warnings.extend(coarse_clocks(model));
    warnings
}

fn warning(kind: &str, message: String) -> Warning {
    Warning { kind: kind.to_owned(), message }
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

/// Service times so short that a whole nanosecond is much.
fn coarse_clocks(model: &Model) -> impl Iterator<Item = Warning> {
    model.pools.iter().filter_map(|pool| {
        let Some(Work::Drawn(work)) = pool.work() else { return None };
        let coarse = !matches!(work, Distribution::Constant { .. }) && work.mean() < COARSE;
        coarse.then(|| {
            let mean = plainly(work.mean() / 1e9, Kind::Time);
            warning(
                "coarse-clock",
                format!(
                    "`{}` needs {mean} a message on average, and the clock ticks in whole nanoseconds: scale all times and \
                     divide all rates by 1000, which changes no ratio",
                    pool.name
                ),
            )
        })
    })
}

/// Whether a goal judges this metric, or a table shows a number for it.
fn matters(model: &Model, summary: &Summary, metric: &str) -> bool {
    let mut queues: Vec<QueueId> = model.producers.iter().flat_map(|producer| model.route(&producer.handler)).collect();
    queues.sort_unstable();
    let mixed = queues.windows(2).any(|pair| pair[0] == pair[1]);
    let measured = summary.metrics.get(metric).is_some_and(|reading| reading.value.estimate.is_some());
    measured && block::has_column(metric, mixed) || model.goals.iter().any(|goal| goal.metric == metric)
}
