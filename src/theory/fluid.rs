//! Fluid approximation of an overload that begins with an empty system: messages as a liquid that flows in by the planned rates and
//! out at the capacity of the pool (G. F. Newell 1982, "Applications of Queueing Theory", chapter 2).
//!
//! Exact for the plan, blind to chance: a backlog of n messages is off by about the square root of n. It speaks only of queues that
//! producers alone feed, with one pool and without limits, in runs that show their start.

use super::answer::{Answer, Law};
use crate::model::{Arrivals, Load, Model, Overflow, Producer, QueueId, Stop};

/// Smaller backlogs are the work of chance as much as of the plan.
const LEAST: f64 = 50.0;
/// Plans with more stretches are not followed.
const MOST: usize = 200_000;

/// A stretch of time in which the rate changes in a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    from: f64,
    to: f64,
    /// Messages a second at both ends.
    rates: (f64, f64),
}

/// The highest backlog, and what follows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Flood {
    peak: f64,
    /// From the peak to the first time that nothing is left, if that comes.
    drain: Option<f64>,
}

/// What the plan of arrivals says about backlogs.
pub fn answers(model: &Model) -> Vec<Answer> {
    if !model.is_plain() {
        return Vec::new();
    }
    let shows_start = model.plan.terminating || model.plan.stop == Stop::Drained;
    if !shows_start {
        return Vec::new();
    }
    let load = Load::of(model);
    (0..model.queues.len()).flat_map(|at| about_queue(model, &load, QueueId(at as u32)).unwrap_or_default()).collect()
}

fn about_queue(model: &Model, load: &Load, id: QueueId) -> Option<Vec<Answer>> {
    let queue = model.queue(id);
    let mut pools = model.pools_on(id);
    let (_, pool) = pools.next().filter(|_| pools.next().is_none())?;
    let fed_by_pools = model.pools.iter().any(|pool| pool.handler.queues().contains(&id));
    let capacity = load.queues[id.0 as usize].capacity;
    if fed_by_pools || queue.max_length.is_some() || queue.ttl.is_some() || !(capacity > 0.0 && capacity.is_finite()) {
        return None;
    }
    let end = model.plan.duration.map_or(f64::INFINITY, |duration| duration.as_secs_f64());
    let own: Vec<&Producer> = model.producers.iter().filter(|producer| producer.handler.publishes() == Some(id)).collect();
    let plans = own.iter().map(|producer| plan(producer, end)).collect::<Option<Vec<_>>>()?;
    let runs_on = model.plan.stop == Stop::Drained;
    let flood = flood(&merged(&plans)?, capacity, if runs_on { f64::INFINITY } else { end });
    if flood.peak < LEAST.max(5.0 * f64::from(pool.workers())) {
        return None;
    }
    let law = Law::approximate("fluid", "G. F. Newell, Applications of Queueing Theory (1982), chapter 2");
    debug_assert!(queue.overflow == Overflow::DropHead || queue.max_length.is_none());
    let mut answers = vec![law.says(format!("queues.{}.backlog.max", queue.name), flood.peak)];
    answers.extend(flood.drain.map(|drain| law.says(format!("queues.{}.drain", queue.name), drain)));
    answers.push(law.says(format!("consumers.{}.wait.max", pool.name), flood.peak / capacity));
    Some(answers)
}

/// The planned rate of a producer until `end`; `None` where there is no plan to follow (a trace, or no end at all).
fn plan(producer: &Producer, end: f64) -> Option<Vec<Stretch>> {
    let most = producer.messages.map_or(f64::INFINITY, |messages| messages as f64);
    let mut plan = match &producer.arrivals {
        Arrivals::Trace(_) => return None,
        Arrivals::Batch { arrivals, .. } if arrivals.varies_by_plan() => return None,
        Arrivals::Profile { segments, repeat } => {
            let mut plan = Vec::new();
            let mut from = 0.0;
            loop {
                for segment in segments {
                    let to = from + segment.length.as_secs_f64();
                    plan.push(Stretch { from, to, rates: (segment.from.0, segment.to.0) });
                    from = to;
                }
                if !repeat || from >= end {
                    break;
                }
                if plan.len() > MOST || end.is_infinite() {
                    return None;
                }
            }
            plan
        }
        steady => {
            let rate = steady.mean_rate();
            let to = end.min(most / rate);
            if !to.is_finite() {
                return None;
            }
            vec![Stretch { from: 0.0, to, rates: (rate, rate) }]
        }
    };
    if producer.messages.is_some() && producer.arrivals.varies_by_plan() {
        return None;
    }
    plan.retain(|stretch| stretch.from < end);
    if let Some(last) = plan.last_mut().filter(|last| last.to > end) {
        let share = (end - last.from) / (last.to - last.from);
        *last = Stretch { from: last.from, to: end, rates: (last.rates.0, last.rates.0 + share * (last.rates.1 - last.rates.0)) };
    }
    Some(plan)
}

/// The sum of several plans.
fn merged(plans: &[Vec<Stretch>]) -> Option<Vec<Stretch>> {
    if let [one] = plans {
        return Some(one.clone());
    }
    let mut edges: Vec<f64> = plans.iter().flatten().flat_map(|stretch| [stretch.from, stretch.to]).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    // Each stretch of the sum looks through all plans.
    if edges.len().saturating_mul(plans.iter().map(Vec::len).sum()) > 100 * MOST {
        return None;
    }
    let rate = |stretch: &Stretch, at: f64| {
        stretch.rates.0 + (stretch.rates.1 - stretch.rates.0) * (at - stretch.from) / (stretch.to - stretch.from)
    };
    let sum = |pair: &[f64]| {
        let (from, to) = (pair[0], pair[1]);
        let covering = plans.iter().flatten().filter(|stretch| stretch.from <= from && to <= stretch.to);
        let rates = covering.fold((0.0, 0.0), |sum, s| (sum.0 + rate(s, from), sum.1 + rate(s, to)));
        Stretch { from, to, rates }
    };
    Some(edges.windows(2).map(sum).collect())
}

/// Follows the backlog until `end`, beyond the plan with no arrivals.
fn flood(plan: &[Stretch], capacity: f64, end: f64) -> Flood {
    let (mut backlog, mut peak, mut peak_at, mut empty_at) = (0.0f64, 0.0f64, 0.0, None);
    let mut follow = |from: f64, to: f64, (first, last): (f64, f64)| {
        // Within it the backlog rises or falls all the time.
        let after = backlog + 0.5 * (first + last) * (to - from);
        if after <= 0.0 && backlog > 0.0 && empty_at.is_none() {
            // backlog + first x + (last - first) x^2 / (2 length) = 0, the smaller root, in the form that does not cancel.
            let bend = 0.5 * (last - first) / (to - from);
            empty_at = Some(from + 2.0 * backlog / (-first + (first * first - 4.0 * bend * backlog).max(0.0).sqrt()));
        }
        backlog = after.max(0.0);
        if backlog > peak {
            (peak, peak_at, empty_at) = (backlog, to, None);
        }
    };
    for stretch in plan {
        let excess = (stretch.rates.0 - capacity, stretch.rates.1 - capacity);
        if excess.0 * excess.1 < 0.0 {
            let middle = stretch.from + (stretch.to - stretch.from) * excess.0 / (excess.0 - excess.1);
            follow(stretch.from, middle, (excess.0, 0.0));
            follow(middle, stretch.to, (0.0, excess.1));
        } else {
            follow(stretch.from, stretch.to, excess);
        }
    }
    let over = plan.last().map_or(0.0, |last| last.to);
    let emptied = empty_at.or_else(|| {
        let at = over + backlog / capacity;
        (peak > 0.0 && at <= end).then_some(at)
    });
    Flood { peak, drain: emptied.map(|at| at - peak_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(from: f64, to: f64, rate: f64) -> Stretch {
        Stretch { from, to, rates: (rate, rate) }
    }

    /// 200/s, for 60 s 1000/s, then 200/s against 400/s: 36,000 messages, gone 180 s later.
    #[test]
    fn a_burst_is_carried() {
        let plan = [constant(0.0, 60.0, 200.0), constant(60.0, 120.0, 1000.0), constant(120.0, 360.0, 200.0)];
        assert_eq!(flood(&plan, 400.0, f64::INFINITY), Flood { peak: 36_000.0, drain: Some(180.0) });
        // Cut short, it never drains.
        assert_eq!(flood(&plan[..2], 400.0, 120.0), Flood { peak: 36_000.0, drain: None });
        assert_eq!(flood(&plan[..2], 400.0, 220.0).drain, Some(90.0));
    }

    /// A ramp from 0 to 200/s and back over 20 s against 100/s: above for 10 s, (100/s x 10 s) / 2 = 500 messages; the falling
    /// flank and what follows take them away: 500 - 5 t^2 over 5 s leaves 375, gone after 3.75 s more.
    #[test]
    fn ramps_are_followed_exactly() {
        let plan = [Stretch { from: 0.0, to: 10.0, rates: (0.0, 200.0) }, Stretch { from: 10.0, to: 20.0, rates: (200.0, 0.0) }];
        let found = flood(&plan, 100.0, f64::INFINITY);
        assert!((found.peak - 500.0).abs() < 1e-9, "{found:?}");
        assert!((found.drain.unwrap() - 7.5).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn plans_add_up() {
        let sum = merged(&[vec![constant(0.0, 4.0, 10.0)], vec![constant(1.0, 2.0, 5.0), constant(2.0, 3.0, 7.0)]]).unwrap();
        let rates: Vec<f64> = sum.iter().map(|stretch| stretch.rates.0).collect();
        assert_eq!(rates, [10.0, 15.0, 17.0, 10.0]);
    }
}
