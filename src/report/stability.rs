//! Whether the pools keep up with what comes to them, in sentences.

use super::quantity::{Kind, plainly, significant, trimmed};
use crate::model::{Load, Model, Queue, QueueId};

/// What is wrong with the load of one queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trouble {
    /// Messages flow in, and no pool takes from it.
    NeverConsumed,
    /// More comes in the long run than the pools can work off: so many messages a second too many.
    Overloaded { excess: f64 },
    /// Exactly as much comes as the pools can work off: the backlog wanders without limit.
    Saturated,
    /// More comes while the peak of a rate profile lasts, or until a producer ends: so many messages a second too many.
    Peak { excess: f64 },
}

/// What is wrong with a queue's load; `None` where its pools keep up.
pub(super) fn trouble(model: &Model, load: &Load, queue: QueueId) -> Option<Trouble> {
    let own = &load.queues[queue.0 as usize];
    if own.rate <= 0.0 {
        return None;
    }
    if model.pools_on(queue).next().is_none() {
        return Some(Trouble::NeverConsumed);
    }
    // Rates and means are rounded numbers: a load that misses 1 by less than their rounding is 1.
    let slack = 1e-9 * own.capacity;
    let peak = own.peak_rate.max(own.rate);
    if own.steady() > own.capacity + slack {
        Some(Trouble::Overloaded { excess: own.growth() })
    } else if own.steady() >= own.capacity - slack {
        Some(Trouble::Saturated)
    } else if peak > own.capacity + slack {
        Some(Trouble::Peak { excess: peak - own.capacity })
    } else {
        None
    }
}

/// How a queue gets rid of messages that nobody takes.
fn sheds(queue: &Queue) -> bool {
    queue.max_length.is_some() || queue.ttl.is_some()
}

/// The trouble as a sentence, such as ``unstable: `workers` would need 1.2 times its capacity, the backlog grows by 40 msg/s``.
pub(super) fn sentence(model: &Model, load: &Load, id: QueueId, trouble: Trouble) -> String {
    let queue = model.queue(id);
    let own = &load.queues[id.0 as usize];
    let pools: Vec<String> = model.pools_on(id).map(|(_, pool)| format!("`{}`", pool.name)).collect();
    let (pools, their) = match pools.as_slice() {
        [one] => (one.clone(), "its"),
        [head @ .., last] => (format!("{} and {last}", head.join(", ")), "their"),
        [] => (String::new(), "its"),
    };
    let times = if own.capacity > 0.0 { trimmed(&significant(own.steady() / own.capacity, 3)) } else { "∞".to_owned() };
    let rate = |rate: f64| plainly(rate, Kind::Rate).replace('/', " msg/");
    match trouble {
        Trouble::NeverConsumed if own.steady() == 0.0 => {
            format!("never consumed: no pool takes from `{}`, what comes stays there or is lost", queue.name)
        }
        Trouble::NeverConsumed if sheds(queue) => {
            format!("never consumed: no pool takes from `{}`, it loses all of its {}", queue.name, rate(own.steady()))
        }
        Trouble::NeverConsumed => {
            format!("never consumed: no pool takes from `{}`, the backlog grows by {}", queue.name, rate(own.steady()))
        }
        Trouble::Overloaded { excess } if sheds(queue) => {
            let share = plainly(excess / own.steady(), Kind::Share);
            format!(
                "overloaded: {pools} would need {times} times {their} capacity, `{}` loses {} ({share})",
                queue.name,
                rate(excess)
            )
        }
        Trouble::Overloaded { excess } => {
            format!("unstable: {pools} would need {times} times {their} capacity, the backlog grows by {}", rate(excess))
        }
        Trouble::Saturated => {
            format!("saturated: {pools} can do exactly what comes and no more, the backlog of `{}` never settles", queue.name)
        }
        Trouble::Peak { excess } if sheds(queue) => {
            format!("peak: `{}` may lose up to {} while the peak lasts", queue.name, rate(excess))
        }
        Trouble::Peak { excess } => {
            format!("peak: the backlog of `{}` grows by up to {} while the peak lasts", queue.name, rate(excess))
        }
    }
}
