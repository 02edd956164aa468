//! Several systems with as many replications each, the same random numbers in replication k of all of them, and as many as
//! their differences need.

use super::gathered::Gathered;
use super::merge::merge;
use super::precision::{self, LENGTHENINGS, affordable, first, growth};
use super::replication::steady;
use super::study::{Course, Cut, Progress, Stopped, Studied, Study, settle};
use crate::model::Model;
use crate::stats::Between;
use crate::units::Span;
use indexmap::IndexMap;
use rayon::prelude::*;

/// A study that can go on.
pub struct Growing {
    model: Model,
    parts: Vec<Model>,
    gathered: Vec<(Gathered, Cut)>,
    planned: u32,
}

/// How many times longer all systems should run, for their warm-up and for the tails that are named, after the first round of
/// replications and so many that were made longer already at a cost of `spent` events each; absent where they are long enough, or
/// where the budget of events does not allow it. All get longer alike, so that message k of one is still message k of the others.
pub fn lengthening(systems: &[Growing], names: &[String], lengthened: u32, spent: u64, budget: u64) -> Option<f64> {
    let lacking = |((gathered, cut), part): (&(Gathered, Cut), &Model)| {
        let own = names.iter().any(|name| gathered.estimate(name, part.plan.confidence).is_some());
        // What the user wants to see from its start lasts as long as it lasts.
        if own && steady(part) { precision::lacking(gathered, *cut, names) } else { 1.0 }
    };
    let factor = systems.iter().flat_map(|system| system.gathered.iter().zip(&system.parts)).map(lacking).fold(1.0, f64::max);
    let round = systems.iter().map(Growing::events).max().unwrap_or(0);
    let possible = systems.iter().all(|system| longer(&system.model, factor).is_some() && system.is_complete());
    let worth = factor > 1.0 && lengthened < LENGTHENINGS && affordable([spent, round], factor, budget);
    (worth && possible).then_some(factor)
}

/// The duration of a system that runs so many times longer.
pub fn longer(model: &Model, factor: f64) -> Option<Span> {
    precision::longer(model.plan.duration?, factor)
}

/// What was seen when differences were judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Needed {
    /// Replications that there should be; as many as there are where no more are needed.
    pub replications: u32,
    /// Half the width of the interval of each metric's difference, relative to the value of the first system: the widest over
    /// all others; absent where there is none.
    pub widths: IndexMap<String, Option<f64>>,
}

impl Growing {
    /// Replications with which a search for precision begins.
    pub fn first(model: &Model) -> u32 {
        first(model)
    }

    /// So many replications of each connected part of a model.
    ///
    /// # Errors
    /// When a replication had to be stopped.
    pub fn begin(model: &Model, replications: u32, progress: Progress<'_>) -> Result<Growing, Stopped> {
        let parts = model.parts();
        let of = |(at, part): (usize, &Model)| settle(part, replications, &|news| progress(at, news));
        let gathered: Vec<Result<(Gathered, Cut), Stopped>> = parts.par_iter().enumerate().map(of).collect();
        let gathered = gathered.into_iter().collect::<Result<_, _>>()?;
        Ok(Growing { model: model.clone(), parts, gathered, planned: replications })
    }

    /// Further replications, until there are so many, with the warm-up of the first.
    ///
    /// # Errors
    /// When a replication had to be stopped.
    pub fn extend(&mut self, replications: u32, progress: Progress<'_>) -> Result<(), Stopped> {
        self.planned = replications;
        let of = |(at, part): (usize, &mut (Gathered, Cut))| part.0.extend(replications, &|news| progress(at, news));
        let done: Vec<Result<bool, Stopped>> = self.gathered.par_iter_mut().enumerate().map(of).collect();
        done.into_iter().try_for_each(|done| done.map(|_| ()))
    }

    /// Replications that are done of every part.
    pub fn replications(&self) -> u32 {
        self.gathered.iter().map(|(part, _)| part.replicates().len() as u32).min().unwrap_or(0)
    }

    /// Whether none is missing: no interrupt came.
    pub fn is_complete(&self) -> bool {
        self.replications() == self.planned
    }

    /// Events that it took so far.
    pub fn events(&self) -> u64 {
        self.gathered.iter().flat_map(|(part, _)| part.replicates()).map(|replicate| replicate.events).sum()
    }

    /// The numbers of all replications that are there.
    pub fn finish(self) -> Study {
        let planned = self.planned;
        let of = |((gathered, warmup), part): ((Gathered, Cut), &Model)| {
            let replications = gathered.replicates().len() as u32;
            let course = Course { warmup, duration: part.plan.duration, replications, planned };
            Studied { summary: gathered.summarise(), course, precision: None }
        };
        let studied = self.gathered.into_iter().zip(&self.parts).map(of).collect();
        merge(&self.model, &self.parts, studied)
    }

    /// The values of the parts of a metric.
    fn values(&self, name: &str) -> Option<Vec<f64>> {
        self.gathered.iter().find_map(|(part, _)| part.values(name))
    }
}

/// How many replications are needed for every difference between the first and any other system to be known, at this confidence
/// each, to a share `relative` of the first system's value, where `budget` events may be spent on each. Metrics that one of
/// them lacks are left aside.
pub fn needed(systems: &[Growing], names: &[String], relative: f64, confidence: f64, budget: u64) -> Needed {
    let Some((base, others)) = systems.split_first() else {
        return Needed { replications: 0, widths: IndexMap::new() };
    };
    let mut widths = IndexMap::new();
    for name in names {
        let known = |system: &&Growing| system.gathered.iter().any(|(part, _)| part.estimate(name, confidence).is_some());
        let others: Vec<&Growing> = others.iter().filter(known).collect();
        if !known(&base) || others.is_empty() {
            continue;
        }
        let first = base.values(name);
        let width = |other: &&Growing| {
            let (first, second) = (first.as_ref()?, other.values(name)?);
            let found = Between::Paired(first, &second).difference(confidence);
            let half = (found.high? - found.low?) / 2.0;
            let value = first.iter().sum::<f64>() / first.len() as f64;
            Some(if half == 0.0 { 0.0 } else { half / value.abs() })
        };
        let widest = others.iter().map(width).reduce(|one, other| Some(one?.max(other?))).flatten();
        widths.insert(name.clone(), widest);
    }
    let done = base.replications();
    let known = widths.values().all(|width| width.is_some_and(|width| width <= relative));
    let dearest = systems.iter().map(Growing::events).max().unwrap_or(0) / u64::from(done.max(1));
    let affordable = u32::try_from(budget / dearest.max(1)).unwrap_or(u32::MAX);
    let wanted = (f64::from(done) * (1.0 + growth(&widths, relative))).ceil() as u32;
    let pairs = if base.model.plan.antithetic { 2 } else { 1 };
    let more = wanted.min(affordable) / pairs * pairs;
    Needed { replications: if known { done } else { more.max(done) }, widths }
}
