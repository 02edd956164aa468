//! Does a model meet its goals? A sequential test that stops as soon as it is sure.
//!
//! It looks at the intervals of the goals' metrics after ever more replications, and decides where an interval lies on one side of the goal. An
//! interval that lies within the indifference zone, the goal and a tolerance around it, is decided by its middle: within that the two sides are
//! as good. So that looking often misleads no more than looking once, look j may err with probability e 6 / (pi^2 j^2), which sums up to e
//! (alpha spending by the rule of J. Robbins' boundary crossings; as in the procedures of S.-H. Kim and B. L. Nelson 2001, "A fully sequential
//! procedure for indifference-zone selection in simulation", ACM TOMACS 11(3), with the goal as the standard); goals share it (Bonferroni).
//! Replication r of all candidates shares its random numbers.

use super::gathered::Gathered;
use super::merge::ordered;
use super::precision::{events, first_round, or_pairs};
use super::replication::steady;
use super::study::{Stopped, Watch};
use super::summary::Reading;
use crate::model::{Arrivals, Goal, Metric, Model, metrics};
use crate::stats::Estimate;
use crate::units::Span;
use indexmap::IndexMap;
use std::f64::consts::PI;

/// Messages that a replication need not exceed, where nothing in the model is slower than its messages.
const MESSAGES: f64 = 100_000.0;
/// Replications of the first round, or pairs of them: half of what a search for precision begins with. Most values are far from their bounds, so
/// that these decide, and each look has its share of the error.
const FIRST: u32 = 10;
/// A round adds at least this share of what is there, and at most that.
const GROWTH: (f64, f64) = (0.3, 3.0);
/// It adds so much where a metric has no interval yet.
const BLIND: f64 = 1.0;
/// More than is needed by the widths so far, so that chance does not ask for one more look.
const SLACK: f64 = 1.15;
/// A share of which nothing was seen is below its goal when so many were to be expected at the goal.
const EXPECTED: f64 = 50.0;

/// How sure a decision has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Half the width of the indifference zone over the goal.
    pub tolerance: f64,
    /// The chance that a model outside of the zone is put on the wrong side.
    pub error: f64,
    /// Events after which a decision is made in any case.
    pub budget: u64,
}

/// On which side of a goal a metric lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The goal is met.
    Inside,
    /// It is within the tolerance, and more likely met than not.
    NearlyInside,
    /// It is within the tolerance, and more likely missed than not.
    NearlyOutside,
    /// The goal is missed.
    Outside,
    /// Not decided: another goal is missed already, or the budget is spent.
    Open,
}

/// How a model fared.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Whether every goal is met.
    pub met: bool,
    /// Whether that is sure: no goal that matters for it is within the tolerance, and no budget was spent before.
    pub sure: bool,
    /// One for each goal of the model.
    pub sides: Vec<Side>,
    /// Every estimate of the parts of the model that have goals, by full name, with the confidence of the plan.
    pub metrics: IndexMap<String, Reading>,
    /// Replications that it took; of several parts the most.
    pub replications: u32,
    /// Events that it took.
    pub events: u64,
    /// How often the intervals were judged; of several parts the most.
    pub looks: u32,
}

/// Tries a model against its goals, of which there is at least one. Asked to stop, it gives `None`.
///
/// # Errors
/// When a replication had to be stopped.
pub fn trial(model: &Model, terms: Terms, go_on: &(dyn Fn() -> bool + Sync)) -> Result<Option<Trial>, Stopped> {
    let share = terms.error / model.goals.len().max(1) as f64;
    let mut parts = Vec::new();
    for part in model.parts().iter().filter(|part| !part.goals.is_empty()) {
        let Some(tried) = try_part(&brief(part), Terms { error: share, ..terms }, &|_| go_on())? else { return Ok(None) };
        let missed = tried.sides.iter().any(|side| matches!(side, Side::Outside | Side::NearlyOutside));
        parts.push((part.goals.clone(), tried));
        if missed {
            break;
        }
    }
    let side = |goal: &Goal| {
        let found =
            parts.iter().find_map(|(goals, tried)| Some(tried.sides[goals.iter().position(|own| own.name == goal.name)?]));
        found.unwrap_or(Side::Open)
    };
    let sides: Vec<Side> = model.goals.iter().map(side).collect();
    let met = sides.iter().all(|side| matches!(side, Side::Inside | Side::NearlyInside));
    // One goal that is surely missed is enough.
    let sure = if met { sides.iter().all(|side| *side == Side::Inside) } else { sides.contains(&Side::Outside) };
    let most = |of: fn(&Tried) -> u32| parts.iter().map(|(_, tried)| of(tried)).max().unwrap_or(0);
    let (replications, looks) = (most(|tried| tried.replications), most(|tried| tried.looks));
    let events = parts.iter().map(|(_, tried)| tried.events).sum();
    let names: Vec<Metric> = metrics(model);
    let readings = ordered(names.iter().flat_map(Metric::full_names), parts.iter_mut().map(|(_, tried)| &mut tried.metrics));
    Ok(Some(Trial { met, sure, sides, metrics: readings, replications, events, looks }))
}

/// How a part fared.
struct Tried {
    sides: Vec<Side>,
    metrics: IndexMap<String, Reading>,
    replications: u32,
    events: u64,
    looks: u32,
}

fn try_part(part: &Model, terms: Terms, watch: Watch<'_>) -> Result<Option<Tried>, Stopped> {
    let names: Vec<String> = part.goals.iter().map(|goal| goal.metric.clone()).collect();
    let begin = or_pairs(part, FIRST);
    let (_, mut gathered, _, spent) = first_round(part, &names, begin, watch)?;
    if gathered.replicates().len() < begin as usize {
        return Ok(None);
    }
    let mut looks = 0;
    loop {
        looks += 1;
        let error = terms.error * 6.0 / (PI * f64::from(looks)).powi(2);
        let found: Vec<(Side, f64)> = part.goals.iter().map(|goal| look(&gathered, goal, terms.tolerance, error)).collect();
        let sides: Vec<Side> = found.iter().map(|(side, _)| *side).collect();
        let missed = sides.iter().any(|side| matches!(side, Side::Outside | Side::NearlyOutside));
        let decided = missed || !sides.contains(&Side::Open);
        let done = gathered.replicates().len() as u32;
        let (own, more) =
            (events(&gathered), found.iter().filter(|(side, _)| *side == Side::Open).map(|(_, more)| *more).fold(0.0, f64::max));
        let each = (own / u64::from(done)).max(1);
        let affordable = (terms.budget.saturating_sub(spent + own) / each).min(1_000_000) as u32;
        let wanted = (f64::from(done) * more.clamp(GROWTH.0, GROWTH.1)).ceil() as u32;
        let add = wanted.min(affordable) & if part.plan.antithetic { !1 } else { !0 };
        if decided || add == 0 {
            // What the budget leaves open is decided by where the value lies.
            let last =
                |(side, goal): (Side, &Goal)| if side == Side::Open && !missed { by_value(&gathered, goal, error) } else { side };
            let sides = sides.into_iter().zip(&part.goals).map(last).collect();
            let metrics = gathered.summarise().metrics;
            return Ok(Some(Tried { sides, metrics, replications: done, events: spent + own, looks }));
        }
        if !gathered.extend(done + add, watch)? {
            return Ok(None);
        }
    }
}

/// On which side a metric lies as far as this look can tell, and how much more is needed as a share of what is there.
fn look(gathered: &Gathered, goal: &Goal, tolerance: f64, error: f64) -> (Side, f64) {
    let Some(estimate) = gathered.estimate(&goal.metric, 1.0 - error) else { return (Side::Open, BLIND) };
    let side = side(&estimate, goal, tolerance);
    if side == Side::Inside && nothing_seen_yet(gathered, &estimate, goal) {
        return (Side::Open, GROWTH.1);
    }
    let more = || {
        let (value, low, high) = (estimate.estimate?, estimate.low?, estimate.high?);
        let distance = (value - goal.value).abs().max(tolerance * goal.value.abs());
        let half = if value > goal.value { value - low } else { high - value };
        Some((half / distance).powi(2) * SLACK - 1.0)
    };
    (side, more().filter(|more| more.is_finite()).unwrap_or(BLIND))
}

/// Where an interval lies.
fn side(estimate: &Estimate, goal: &Goal, tolerance: f64) -> Side {
    let holds = |number: f64| goal.comparison.holds(number, goal.value);
    // No metric is negative: what should be zero and was not is missed, whatever the interval.
    if goal.value == 0.0 && estimate.estimate.is_some_and(|value| value > 0.0 && !holds(value)) {
        return Side::Outside;
    }
    let (Some(value), Some(low), Some(high)) = (estimate.estimate, estimate.low, estimate.high) else { return Side::Open };
    let (least, most) = (goal.value * (1.0 - tolerance), goal.value * (1.0 + tolerance));
    match (holds(low), holds(high)) {
        (true, true) => Side::Inside,
        (false, false) if !(low < goal.value && goal.value < high) => Side::Outside,
        _ if least <= low && high <= most => {
            if holds(value) {
                Side::NearlyInside
            } else {
                Side::NearlyOutside
            }
        }
        _ => Side::Open,
    }
}

/// What a budget leaves open.
fn by_value(gathered: &Gathered, goal: &Goal, error: f64) -> Side {
    let value = gathered.estimate(&goal.metric, 1.0 - error).and_then(|estimate| estimate.estimate);
    match value {
        Some(value) if goal.comparison.holds(value, goal.value) => Side::NearlyInside,
        _ => Side::NearlyOutside,
    }
}

/// Whether a share is zero because too little was looked at.
fn nothing_seen_yet(gathered: &Gathered, estimate: &Estimate, goal: &Goal) -> bool {
    let created: u64 = gathered.replicates().iter().map(|replicate| replicate.created).sum();
    goal.metric.ends_with(".ratio")
        && estimate.estimate == Some(0.0)
        && goal.value > 0.0
        && created as f64 * goal.value < EXPECTED
}

/// The same part with replications that are no longer than they need be. Where the user may have meant a duration to hold what is slower than
/// messages (phases, clients, faults, profiles), it stays.
fn brief(part: &Model) -> Model {
    let mut model = part.clone();
    model.plan.replications = 10;
    let fast = |arrivals: &Arrivals| match arrivals {
        Arrivals::Poisson { .. } | Arrivals::Renewal { .. } => true,
        Arrivals::Batch { arrivals, .. } => matches!(**arrivals, Arrivals::Poisson { .. } | Arrivals::Renewal { .. }),
        _ => false,
    };
    let rates = part.producers.iter().map(|producer| producer.arrivals.mean_rate());
    let slowest = rates.clone().fold(f64::INFINITY, f64::min);
    if part.is_plain() && steady(part) && part.producers.iter().all(|producer| fast(&producer.arrivals)) && slowest > 0.0 {
        // A rare producer has to be seen as well.
        let enough = Span::from_secs_f64(MESSAGES / rates.sum::<f64>()).0.max(Span::from_secs_f64(MESSAGES / 20.0 / slowest).0);
        model.plan.duration = model.plan.duration.map(|duration| Span(duration.0.min(enough)));
    }
    model
}
