//! The answer of `size`; its names are a contract.

use crate::experiment::{Reading, Side};
use crate::model::{Comparison, Goal};
use crate::report::quantity::{Kind, plainly, sentence};
use crate::report::result::Verdict;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Everything about one sizing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// Version of this layout.
    pub schema_version: u32,
    /// Name of the scenario: the stem of its file.
    pub name: String,
    /// The document's title.
    pub title: Option<String>,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// The path that is sized; of several the first.
    pub path: String,
    /// The smallest value that meets every goal; `null` where none in the range does. Of several paths that of the first.
    pub value: Option<serde_json::Value>,
    /// The value of every path, as written; empty where none will do.
    pub values: IndexMap<String, String>,
    /// What that costs, where the scenario says what one costs.
    pub cost: Option<f64>,
    /// Why there is no value.
    pub reason: Option<String>,
    /// What would help.
    pub advice: Option<String>,
    /// The answer in words.
    pub sentence: String,
    /// Whether the answer is sure: otherwise a goal lies within the tolerance at it, or at the next smaller one.
    pub sure: bool,
    /// The goals at the answer, or at the largest value that was tried where there is none.
    pub goals: Vec<GoalFound>,
    /// What one more would bring, for each path.
    pub one_more: Vec<Neighbour>,
    /// What one less would do, for each path.
    pub one_less: Vec<Neighbour>,
    /// Every value that was tried, in the order of the range.
    pub tried: Vec<Tried>,
}

/// All that is needed to get the same answer again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version.
    pub program: String,
    /// The whole document.
    pub scenario: String,
    /// SHA-256 of the document.
    pub scenario_sha256: String,
    /// `--set` values, as typed.
    pub overrides: Vec<String>,
    /// The values of each path, from first to last.
    pub ranges: IndexMap<String, Vec<String>>,
    /// What one of each costs, where the scenario says it.
    pub costs: IndexMap<String, f64>,
    /// Seed of all runs.
    pub seed: u64,
    /// Confidence of the answer, as a fraction.
    pub confidence: f64,
    /// Half the width of the indifference zone over a goal: within it a goal counts as met or missed by its middle.
    pub tolerance: f64,
    /// Events that were simulated.
    pub events: u64,
}

/// A goal and how it fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoalFound {
    /// The user's name for it.
    pub name: String,
    /// As the user wrote it.
    pub expression: String,
    /// Full name of its metric.
    pub metric: String,
    /// What is wanted, in SI units.
    pub wanted: f64,
    /// What was found; absent where nothing was simulated.
    #[serde(flatten)]
    pub reading: Option<Reading>,
    /// How far inside the goal, as a share of it; negative outside.
    pub margin: Option<f64>,
    /// How it fared; `inconclusive` within the tolerance.
    pub verdict: Verdict,
}

/// A value beside the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The path that has one more or one less.
    pub path: String,
    /// Its value, as written.
    pub value: String,
    /// Why it was not simulated: it is unstable.
    pub unstable: Option<String>,
    /// Whether it meets every goal.
    pub met: bool,
    /// The goals there.
    pub goals: Vec<GoalFound>,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It meets every goal.
    Met,
    /// It does so within the tolerance.
    NearlyMet,
    /// It misses a goal, by no more than the tolerance.
    NearlyMissed,
    /// It misses a goal.
    Missed,
    /// It cannot keep up, which needs no simulation.
    Unstable,
}

/// A value that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The value of every path, as written.
    pub values: IndexMap<String, String>,
    /// Which value each path has, from 0.
    pub positions: Vec<usize>,
    /// What it costs.
    pub cost: Option<f64>,
    /// What became of it.
    pub fate: Fate,
    /// Why it cannot keep up.
    pub unstable: Option<String>,
    /// The goals there.
    pub goals: Vec<GoalFound>,
    /// What theory says of the goals' metrics, by name, where it knows them exactly.
    pub theory: IndexMap<String, f64>,
    /// Replications that it took.
    pub replications: u32,
    /// Events that it took.
    pub events: u64,
    /// How often its intervals were judged.
    pub looks: u32,
}

/// How far inside a goal a value lies, as a share of the goal; `None` for goals of zero and of equality.
pub fn margin(goal: &Goal, value: f64) -> Option<f64> {
    let inside = match goal.comparison {
        Comparison::Less | Comparison::LessOrEqual => goal.value - value,
        Comparison::Greater | Comparison::GreaterOrEqual => value - goal.value,
        Comparison::Equal => return None,
    };
    Some(inside / goal.value).filter(|margin| margin.is_finite())
}

impl GoalFound {
    /// A goal at a model with these numbers.
    pub fn of(goal: &Goal, side: Side, reading: Option<&Reading>) -> GoalFound {
        let verdict = match side {
            Side::Inside => Verdict::Met,
            Side::Outside => Verdict::Missed,
            Side::NearlyInside | Side::NearlyOutside | Side::Open => Verdict::Inconclusive,
        };
        GoalFound {
            name: goal.name.clone(),
            expression: goal.expression.clone(),
            metric: goal.metric.clone(),
            wanted: goal.value,
            reading: reading.cloned(),
            margin: reading.and_then(|reading| margin(goal, reading.value.estimate?)),
            verdict,
        }
    }

    /// What was found, in words.
    pub fn found(&self) -> String {
        self.reading.as_ref().map_or("not known".to_owned(), |reading| sentence(&reading.value, Kind::of(&reading.unit)))
    }

    /// How far inside or outside, in words.
    pub fn distance(&self) -> String {
        match self.margin {
            Some(margin) if margin >= 0.0 => format!("{} inside", plainly(margin, Kind::Share)),
            Some(margin) => format!("{} outside", plainly(-margin, Kind::Share)),
            None => String::new(),
        }
    }
}

impl Neighbour {
    /// The goal that it misses by the most, or that it is nearest to missing.
    pub fn tightest(&self) -> Option<&GoalFound> {
        tightest(&self.goals)
    }
}

/// The goal with the least margin; those without a margin come first.
pub fn tightest(goals: &[GoalFound]) -> Option<&GoalFound> {
    goals.iter().filter(|goal| goal.reading.is_some()).min_by(|one, other| {
        let of = |goal: &GoalFound| goal.margin.unwrap_or(f64::INFINITY);
        of(one).total_cmp(&of(other))
    })
}
