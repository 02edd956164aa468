//! As many replications as a precision needs.
//!
//! Twenty to begin with, of at least 20,000 messages each; then as many more as the widths so far ask for, at least a quarter and at
//! most as many as there are, with a test after each round: who looks often stops where the data look narrow by chance. The
//! confidence is split among the metrics of a part of the model (Bonferroni), and a relative half-width must be g/(1 + g) to be g of the true mean
//! (Law, "Simulation Modeling and Analysis", section 9.4). Replications that are there are not run again. They get longer only
//! where the first round shows that they are too short: for their warm-up, for how slowly their queues forget, or for a percentile that
//! is asked for.
//!
//! A round is judged when all of it is done, and the budget counts events: the same run stops at the same place anywhere.

use super::gathered::Gathered;
use super::replication::steady;
use super::study::{Course, Cut, News, Stopped, Studied, Watch, settle, two_digits};
use crate::model::Model;
use crate::stats::Estimate;
use crate::units::{Span, Time};
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

/// Replications of the first round, or pairs of them. Ten tell their own spread so badly that a search that ends with them ends where it looks
/// small (`docs/coverage.md`, "Where a search begins").
const FIRST: u32 = 20;
/// A round adds at least this share of what is there.
const LEAST_GROWTH: f64 = 0.25;
/// And at most this: the widths that it follows are themselves estimated.
const MOST_GROWTH: f64 = 1.0;
/// It adds so much where a metric has no interval yet.
const BLIND_GROWTH: f64 = 0.5;
/// More would not fit the numbering of replications.
const MOST: u32 = 1_000_000;
/// Messages that a replication of the steady state should have at least.
const MESSAGES: f64 = 20_000.0;
/// And where work is heavy-tailed: the means of shorter ones are so skewed that a search ends where there was no long job.
const HEAVY_MESSAGES: f64 = 100_000.0;
/// Excursions of a queue that it should have at least, for the same reason: what is offered nearly as much as it can do is seldom where it is
/// on average.
const EXCURSIONS: f64 = 150.0;
/// By so much a round is made longer for that at most: how long an excursion is is itself estimated.
const MOST_FOR_EXCURSIONS: f64 = 10.0;
/// Observations that it should have beyond a percentile: twice what its printing needs.
const BEYOND: f64 = 20.0;

/// How much longer than needed replications are made, so that chance does not make them too short again.
const SLACK: f64 = 1.1;
/// How often they are made longer: what is still too short then, such as an overloaded pool, will always be.
pub(super) const LENGTHENINGS: u32 = 4;

/// How a search for precision ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The relative half-width that was asked for.
    pub asked: f64,
    /// The widest that was reached; absent where a metric has no interval.
    pub reached: Option<f64>,
    /// Replications that it took; of several parts of a model the most.
    pub replications: u32,
    /// Events that it took, those of replications that turned out too short included.
    pub events: u64,
    /// How often the intervals were judged; of several parts the most.
    pub looks: u32,
    /// The relative half-width of every metric at its share of the confidence; absent where there is no interval.
    pub metrics: IndexMap<String, Option<f64>>,
    /// Why it ended.
    pub stopped: StopReason,
}

/// Why a search for precision ended, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// Every interval is narrow enough.
    Reached,
    /// The next round would exceed the budget.
    Budget,
    /// The user asked to stop.
    Interrupted,
}

/// What was seen when intervals were judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// How often they have been judged, this time included.
    pub number: u32,
    /// Replications that are done.
    pub replications: u32,
    /// How many there will be at the next look; as many as now where the search ends.
    pub next: u32,
    /// The relative half-width that is asked for, and the widest that there is; absent where a metric has no interval.
    pub asked: f64,
    /// See `asked`.
    pub reached: Option<f64>,
    /// Events that it took so far.
    pub events: u64,
}

/// Runs replications until the named metrics of the plan are known to `relative`.
pub(super) fn run(model: &Model, relative: f64, watch: Watch<'_>) -> Result<Studied, Stopped> {
    let names = &model.plan.precision.metrics;
    let begin = first(model);
    let (model, mut gathered, warmup, spent) = first_round(model, names, begin, watch)?;
    let confidence = 1.0 - (1.0 - model.plan.confidence) / names.len().max(1) as f64;
    let enough = relative / (1.0 + relative);
    let mut looks = 0;
    let mut stopped = StopReason::Interrupted;
    let mut complete = gathered.replicates().len() == begin as usize;
    let mut widths: IndexMap<String, Option<f64>> = IndexMap::new();
    while complete {
        looks += 1;
        let width = |name: &String| gathered.estimate(name, confidence).and_then(|estimate| relative_width(&estimate));
        widths = names.iter().map(|name| (name.clone(), width(name))).collect();
        let known = widths.values().all(|width| width.is_some_and(|width| width <= enough));
        let done = gathered.replicates().len() as u32;
        let used = spent + events(&gathered);
        let more = growth(&widths, enough);
        let next = if known { done } else { next(&model, done, more, [used, events(&gathered)]) };
        let look = Look { number: looks, replications: done, next, asked: relative, reached: widest(&widths), events: used };
        watch(News::Judged(look));
        if next == done {
            stopped = if known { StopReason::Reached } else { StopReason::Budget };
            break;
        }
        complete = gathered.extend(next, watch)?;
    }
    let replications = gathered.replicates().len() as u32;
    let course = Course { warmup, duration: model.plan.duration, replications, planned: replications };
    let reached = Reached {
        asked: relative,
        reached: widest(&widths),
        replications,
        events: spent + events(&gathered),
        looks,
        metrics: widths,
        stopped,
    };
    Ok(Studied { summary: gathered.summarise(), course, precision: Some(reached) })
}

/// So many more, as a share of what is there, or as many as the budget still allows; whole pairs. `used` are the events of the whole
/// search so far and of the replications that are there.
fn next(model: &Model, done: u32, growth: f64, [used, of_these]: [u64; 2]) -> u32 {
    let each = (of_these / u64::from(done)).max(1);
    let affordable = model.plan.precision.budget.saturating_sub(used) / each;
    let wanted = (f64::from(done) * (1.0 + growth)).ceil() as u32;
    let pairs = if model.plan.antithetic { 2 } else { 1 };
    let next = wanted.min(MOST).min(done.saturating_add(affordable.min(u64::from(MOST)) as u32));
    (next / pairs * pairs).max(done)
}

/// The widest; `None` where one has no interval, or there is none at all.
fn widest(widths: &IndexMap<String, Option<f64>>) -> Option<f64> {
    widths.values().copied().reduce(|one, other| Some(one?.max(other?))).flatten()
}

impl Reached {
    /// How the search ended in all parts of a model together: as well as the worst of them, at the cost of all.
    pub(super) fn and(mut self, other: Reached) -> Reached {
        self.reached = self.reached.zip(other.reached).map(|(one, other)| one.max(other));
        self.replications = self.replications.max(other.replications);
        self.events += other.events;
        self.looks = self.looks.max(other.looks);
        self.metrics.extend(other.metrics);
        self.stopped = self.stopped.max(other.stopped);
        self
    }
}

/// How much a round adds, as a share of what is there: widths fall with the root of the number of replications.
pub(super) fn growth(widths: &IndexMap<String, Option<f64>>, needed: f64) -> f64 {
    let known = widths.values().copied().collect::<Option<Vec<f64>>>();
    known.map_or(BLIND_GROWTH, |widths| {
        let widest = widths.into_iter().fold(0.0, f64::max);
        ((widest / needed).powi(2) - 1.0).clamp(LEAST_GROWTH, MOST_GROWTH)
    })
}

/// Replications of the first round of a search.
pub(super) fn first(model: &Model) -> u32 {
    or_pairs(model, FIRST)
}

/// So many replications, or pairs of them where the plan has pairs.
pub(super) fn or_pairs(model: &Model, replications: u32) -> u32 {
    if model.plan.antithetic { 2 * replications } else { replications }
}

/// The first replications, so many and long enough; also the model with their length, and the events of those that were too short.
pub(super) fn first_round(
    model: &Model,
    names: &[String],
    replications: u32,
    watch: Watch<'_>,
) -> Result<(Model, Gathered, Cut, u64), Stopped> {
    let mut model = model.clone();
    let mut spent = 0;
    let mut lengthened = 0;
    loop {
        let (gathered, cut) = settle(&model, replications, watch)?;
        let round = events(&gathered);
        // Only the steady state gains by longer runs; what the user wants to see from its start lasts as long as it lasts.
        let factor = if steady(&model) { lacking(&gathered, cut, names) } else { 1.0 };
        let longer = model.plan.duration.and_then(|duration| longer(duration, factor));
        let affordable = affordable([spent, round], factor, model.plan.precision.budget);
        let complete = gathered.replicates().len() == replications as usize;
        if factor <= 1.0 || longer.is_none() || !affordable || !complete || lengthened == LENGTHENINGS {
            return Ok((model, gathered, cut, spent));
        }
        spent += round;
        lengthened += 1;
        model.plan.duration = longer;
    }
}

/// A duration that is longer by this factor, and a little more; absent where that is beyond what can be simulated.
pub(super) fn longer(duration: Span, factor: f64) -> Option<Span> {
    let longer = two_digits(Span((duration.0 as f64 * factor * SLACK) as u64));
    (longer.0 < Time::LATEST.0 / 4).then_some(longer)
}

/// Whether a round that is longer by this factor is within the budget; `spent` events before this round, and `round` in it.
pub(super) fn affordable([spent, round]: [u64; 2], factor: f64, budget: u64) -> bool {
    spent as f64 + round as f64 * (1.0 + factor * SLACK) <= budget as f64
}

/// The metrics that should be known: named, those of the goals, or the mean sojourn of every pool.
pub(super) fn names(model: &Model) -> Vec<String> {
    let named = &model.plan.precision.metrics;
    let extreme = |name: &str| name.ends_with(".max") || name.ends_with(".min");
    let goals = model.goals.iter().map(|goal| goal.metric.clone()).filter(|name| !extreme(name));
    let mut names: Vec<String> = if named.is_empty() { goals.collect() } else { named.clone() };
    if names.is_empty() {
        names = model.pools.iter().map(|pool| format!("consumers.{}.sojourn.mean", pool.name)).collect();
    }
    // A metric of two goals counts once.
    names.into_iter().collect::<IndexSet<String>>().into_iter().collect()
}

pub(super) fn events(gathered: &Gathered) -> u64 {
    gathered.replicates().iter().map(|replicate| replicate.events).sum()
}

/// How many times longer replications should be; 1 where they are long enough.
pub(super) fn lacking(gathered: &Gathered, cut: Cut, names: &[String]) -> f64 {
    let replications = gathered.replicates().len() as f64;
    let created: u64 = gathered.replicates().iter().map(|replicate| replicate.created).sum();
    if created == 0 {
        return 1.0;
    }
    let each = created as f64 / replications;
    let mut factor = (if gathered.has_heavy_tails() { HEAVY_MESSAGES } else { MESSAGES }) / each;
    factor = factor.max((EXCURSIONS * gathered.longest_excursion(names) / each).min(MOST_FOR_EXCURSIONS));
    if matches!(cut, Cut::Unsure(_)) {
        factor = factor.max(2.0);
    }
    for (count, q) in names.iter().filter_map(|name| gathered.observations(name)) {
        let beyond = count as f64 / replications * (1.0 - q);
        // Nothing seen yet tells nothing but that it is far too short.
        factor = factor.max((BEYOND / beyond).min(100.0));
    }
    factor
}

/// The longer half of an interval over its estimate; `None` without an interval.
fn relative_width(estimate: &Estimate) -> Option<f64> {
    let (value, low, high) = (estimate.estimate?, estimate.low?, estimate.high?);
    let half = (value - low).max(high - value);
    // Something that is zero for certain is known.
    Some(if half == 0.0 { 0.0 } else { half / value.abs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half-widths go with the root of the number of replications: 1.2 times too wide needs 1.44 times as many.
    #[test]
    fn a_round_adds_what_the_widest_interval_asks_for() {
        let of = |widths: &[Option<f64>]| {
            growth(&widths.iter().enumerate().map(|(at, width)| (at.to_string(), *width)).collect(), 0.02)
        };
        assert!((of(&[Some(0.024), Some(0.01)]) - 0.44).abs() < 1e-9);
        // Never a look for a handful more, never far beyond what a few replications tell.
        assert_eq!((of(&[Some(0.0201)]), of(&[Some(0.2)])), (LEAST_GROWTH, MOST_GROWTH));
        assert_eq!(of(&[Some(0.024), None]), BLIND_GROWTH);
    }
}
