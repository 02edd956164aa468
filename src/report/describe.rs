//! Parts of a model in a few words.

use super::quantity::{Kind, plainly, significant, trimmed};
use crate::model::{Arrivals, ConsumerPool, Discipline, Overflow, Prefetch, Queue, Work};
use crate::random::Distribution;

/// A length in nanoseconds.
fn length(nanos: f64) -> String {
    plainly(nanos / 1e9, Kind::Time)
}

/// How messages come, without the rate.
pub(super) fn arrivals(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Poisson { .. } => "poisson".to_owned(),
        Arrivals::Constant { .. } => "constant".to_owned(),
        Arrivals::Renewal { gap } => format!("renewal, gaps {}", distribution(gap)),
        Arrivals::Mmpp { phases } => format!("mmpp of {} phases", phases.len()),
        Arrivals::Batch { arrivals: of, size } => {
            format!("batches of {} on average, {}", trimmed(&significant(size.mean(), 3)), self::arrivals(of))
        }
        Arrivals::Profile { segments, repeat } => {
            let peak = plainly(arrivals.peak_rate(), Kind::Rate);
            let again = if *repeat { ", repeated" } else { "" };
            format!("profile of {} segments with a peak of {peak}{again}", segments.len())
        }
        Arrivals::Closed { clients, think } => format!("{clients} clients that think for {}", distribution(think)),
        Arrivals::Trace(trace) => format!("{} messages of trace `{}`", trace.times.len(), trace.path),
    }
}

/// What a queue holds, and in which order it gives.
pub(super) fn queue(queue: &Queue) -> String {
    let mut parts = Vec::new();
    match (queue.max_length, queue.overflow) {
        (None, _) => parts.push("unbounded".to_owned()),
        (Some(limit), Overflow::DropHead) => parts.push(format!("at most {limit} ready, then drops the head")),
        (Some(limit), Overflow::RejectPublish) => parts.push(format!("at most {limit} ready, then rejects")),
    }
    match queue.discipline {
        Discipline::Fifo => {}
        Discipline::Lifo => parts.push("last in first out".to_owned()),
        Discipline::AdaptiveLifo { above } => parts.push(format!("last in first out while more than {above} wait")),
        Discipline::Random => parts.push("random order".to_owned()),
        Discipline::Priority { max_priority } => parts.push(format!("priorities 0 to {max_priority}")),
    }
    if let Some(ttl) = queue.ttl {
        parts.push(format!("expires after {ttl}"));
    }
    parts.join(", ")
}

/// Who works, how many messages they hold, and how long they need.
pub(super) fn pool(pool: &ConsumerPool) -> String {
    let mut text = match pool.count {
        1 => "1 consumer".to_owned(),
        many => format!("{many} consumers"),
    };
    if pool.concurrency > 1 {
        text.push_str(&format!(" × {} at a time", pool.concurrency));
    }
    match pool.prefetch {
        Prefetch::Limit(limit) => text.push_str(&format!(", prefetch {limit}")),
        Prefetch::Unlimited => text.push_str(", prefetch unlimited"),
    }
    match pool.work() {
        Some(Work::Drawn(of)) => text.push_str(&format!(", service {}", distribution(of))),
        Some(Work::Carried { plus: 0 }) => text.push_str(", service as recorded"),
        Some(Work::Carried { plus }) => text.push_str(&format!(", service as recorded and {}", length(*plus as f64))),
        None => text.push_str(&format!(", {} steps", pool.handler.0.len())),
    }
    text
}

/// A distribution by its name, mean and coefficient of variation.
fn distribution(of: &Distribution) -> String {
    let name = match of {
        Distribution::Constant { value } => return length(*value),
        Distribution::Exponential { mean } => return format!("exponential {}", length(*mean)),
        Distribution::Uniform { .. } => "uniform",
        Distribution::Triangular { .. } => "triangular",
        Distribution::Normal { .. } => "normal",
        Distribution::Lognormal { .. } => "lognormal",
        Distribution::Gamma { .. } => "gamma",
        Distribution::Erlang { .. } => "erlang",
        Distribution::Weibull { .. } => "weibull",
        Distribution::Pareto { .. } => "pareto",
        Distribution::Hyperexponential { .. } => "hyperexponential",
        Distribution::PhaseType { .. } => "phase-type",
        Distribution::Empirical { .. } => "empirical",
        Distribution::Discrete { .. } => "discrete",
        Distribution::Mixture { .. } => "mixture",
        Distribution::Shifted { .. } => "shifted",
        Distribution::Truncated { .. } => "truncated",
    };
    let cv = trimmed(&significant(of.scv().sqrt(), 3));
    format!("{name} of mean {} and cv {cv}", length(of.mean()))
}
