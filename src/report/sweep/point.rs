//! What a sweep keeps of one point: the record of its journal, and an entry of `points` in `sweep.json`.

use super::plan::Plan;
use crate::experiment::stability::Verdict as Kept;
use crate::experiment::{Outcome, Reading, Summary};
use crate::model::{Model, metrics};
use crate::report::result::GoalResult;
use crate::report::verdict::judge;
use crate::stats::Estimate;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// One point of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its number in the grid, from 0.
    pub point: u64,
    /// What each path is set to.
    pub values: IndexMap<String, String>,
    /// Seed of the run.
    pub seed: u64,
    /// Replications that were done; of several parts of the model the most.
    pub replications: u32,
    /// Events of these.
    pub events: u64,
    /// Every estimate by its full name.
    pub metrics: IndexMap<String, Sampled>,
    /// The goals and how they fared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<GoalResult>,
    /// Whether the pools kept up, by name.
    pub stability: IndexMap<String, Kept>,
    /// Why there are no numbers: a replication had to be stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// An estimate, its unit, and how much is behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// The number and its interval.
    #[serde(flatten)]
    pub reading: Reading,
    /// Observations of a latency; of anything else replications.
    pub samples: u64,
}

impl Point {
    /// What became of a point of this plan.
    pub fn of(plan: &Plan, point: u64, model: &Model, outcome: &Outcome) -> Point {
        let mut record = Point {
            point,
            values: plan.values(point),
            seed: model.plan.seed,
            replications: 0,
            events: 0,
            metrics: IndexMap::new(),
            goals: Vec::new(),
            stability: IndexMap::new(),
            stopped: None,
        };
        match outcome {
            Outcome::Done(study) => {
                let summary = &study.summary;
                record.replications = summary.replicates.len() as u32;
                record.events = summary.replicates.iter().map(|replicate| replicate.events).sum();
                record.metrics =
                    summary.metrics.iter().map(|(name, reading)| (name.clone(), sampled(summary, name, reading))).collect();
                record.goals = judge(&model.goals, &summary.metrics);
                record.stability = summary.stability.iter().map(|seen| (seen.pool.clone(), seen.verdict)).collect();
            }
            Outcome::Stopped(stopped) => {
                let absent = || Estimate::absent("a replication was stopped");
                record.metrics = metrics(model)
                    .iter()
                    .flat_map(|metric| metric.full_names().into_iter().map(|name| (name, metric.quantity.unit())))
                    .map(|(name, unit)| {
                        (name, Sampled { reading: Reading { value: absent(), unit: unit.to_owned() }, samples: 0 })
                    })
                    .collect();
                record.stopped = Some(stopped.to_string());
            }
        }
        record
    }

    /// What is wrong with it in a word or two; nothing where all is well.
    pub fn state(&self) -> Option<String> {
        if self.stopped.is_some() {
            return Some("stopped".to_owned());
        }
        let named = |kept: Kept, word: &str| {
            let pools: Vec<&str> =
                self.stability.iter().filter(|(_, found)| **found == kept).map(|(pool, _)| pool.as_str()).collect();
            (!pools.is_empty()).then(|| format!("{word}: {}", pools.join(", ")))
        };
        let all =
            [named(Kept::Overloaded, "overloaded"), named(Kept::Saturated, "saturated"), named(Kept::Undecided, "undecided")];
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn sampled(summary: &Summary, name: &str, reading: &Reading) -> Sampled {
    let observed = name.rsplit_once('.').and_then(|(metric, _)| summary.distributions.get(metric));
    let samples = observed.map_or(summary.replications(name) as u64, |shape| shape.count);
    // Without a number there is nothing behind it.
    let samples = if reading.value.estimate.is_none() && observed.is_none() { 0 } else { samples };
    Sampled { reading: reading.clone(), samples }
}
