//! Advice about pools that do not keep up.

use super::warning;
use crate::experiment::Summary;
use crate::experiment::stability::{Stability, Verdict, known};
use crate::model::{ConsumerPool, Load, Model, QueueId, Stop};
use crate::report::quantity::{Kind, plainly};
use crate::report::result::Warning;
use crate::report::stability::{self, Spot, Trouble};

/// A load at which a pool has room for the ups and downs of a day.
const COMFORTABLE: f64 = 0.8;

/// What is to be said of the load of a queue: what the scenario lets expect, or else what was seen.
pub(super) fn of_queue(model: &Model, load: &Load, id: QueueId, summary: &Summary) -> Option<Warning> {
    if let Some(trouble) = stability::trouble(model, load, Spot::Queue(id)) {
        return Some(of_trouble(model, load, id, trouble));
    }
    let queue = &model.queue(id).name;
    let seen = summary.stability.iter().find(|seen| seen.queue == *queue)?;
    match seen.verdict {
        Verdict::Overloaded | Verdict::Saturated => {
            let times = seen.load.estimate.unwrap_or(seen.known_load);
            let said = stability::said(seen);
            Some(warning(
                "overloaded",
                format!("`{}` is {}: {said}: {}", seen.pool, stability::word(seen.verdict), cure(model, id, times)),
            ))
        }
        // Something always rises where the user looks at a way and not at a state.
        Verdict::Undecided if seen.grew && model.plan.stop != Stop::Drained => Some(still_growing(seen)),
        Verdict::Undecided | Verdict::Stable => None,
    }
}

/// The trouble with a queue's load, and the cure.
fn of_trouble(model: &Model, load: &Load, id: QueueId, trouble: Trouble) -> Warning {
    let what = stability::sentence(model, load, Spot::Queue(id), trouble);
    let queue = model.queue(id);
    let cure = || cure(model, id, known(load, id));
    let (kind, cure) = match trouble {
        Trouble::NeverConsumed => ("never-consumed", format!("add a pool with `queue = \"{}\"`", queue.name)),
        Trouble::Overloaded { .. } if stability::sheds(queue) => ("overloaded", format!("{}, or live with the loss", cure())),
        Trouble::Overloaded { .. } => {
            ("overloaded", format!("{}; until then every number tells of the length of the run", cure()))
        }
        Trouble::Saturated => ("overloaded", format!("{}; without slack the numbers depend on the length of the run", cure())),
        Trouble::Peak { .. } => ("peak", "look at the backlog over time beside the averages".to_owned()),
    };
    warning(kind, format!("{what}: {cure}"))
}

/// The trouble with the load of a service, a host or a lock, and the cure.
pub(super) fn of_shared(model: &Model, load: &Load, spot: Spot, trouble: Trouble) -> Warning {
    let what = stability::sentence(model, load, spot, trouble);
    let raise = match spot {
        Spot::Host(_) => "raise `cores`",
        Spot::Lock(_) => "hold it for less time, raise its `permits`, or have several locks where one guards many things",
        Spot::Queue(_) | Spot::Service(_) => "raise `count` or `concurrency`",
    };
    let (kind, cure) = match trouble {
        Trouble::NeverConsumed => ("never-consumed", raise.to_owned()),
        Trouble::Overloaded { .. } => ("overloaded", format!("{raise}; until then every number tells of the length of the run")),
        Trouble::Saturated => ("overloaded", format!("{raise}; without slack the numbers depend on the length of the run")),
        Trouble::Peak { .. } => ("peak", "look at the requests that wait over time beside the averages".to_owned()),
    };
    warning(kind, format!("{what}: {cure}"))
}

/// How many consumers would carry a load of so many times what there is.
fn cure(model: &Model, id: QueueId, times: f64) -> String {
    let pools: Vec<&ConsumerPool> = model.pools_on(id).map(|(_, pool)| pool).collect();
    let [pool] = pools[..] else {
        return "raise `count` or `concurrency` of one of them".to_owned();
    };
    // Consumers that would be busy all the time; a whole number of them is still one too few.
    let busy = times * f64::from(pool.count);
    let carries = |count: f64| format!("`count = {count:.0}` would carry it at a load of {}", plainly(busy / count, Kind::Share));
    let (least, comfortable) = ((busy * (1.0 + 1e-9)).floor() + 1.0, (busy / COMFORTABLE - 1e-9).ceil());
    let more = if comfortable > least {
        format!(", `count = {comfortable:.0}` at {}", plainly(busy / comfortable, Kind::Share))
    } else {
        String::new()
    };
    format!("raise `count` from {} or `concurrency` from {}: {}{more}", pool.count, pool.concurrency, carries(least))
}

/// A backlog that grew through the run, although the pools can do more than what comes.
fn still_growing(seen: &Stability) -> Warning {
    warning(
        "still-growing",
        format!(
            "the backlog of `{}` was still growing at the end, by {}, at a load of {}: the averages tell of the length of the run; \
             lengthen `run.duration` (or `run.warmup`) until it settles, or give `{}` more `count`",
            seen.queue,
            stability::growth(seen),
            plainly(seen.load.estimate.unwrap_or(seen.known_load), Kind::Share),
            seen.pool,
        ),
    )
}
