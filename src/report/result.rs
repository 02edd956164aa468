//! The JSON result of `run`, which every renderer reads. Its names are a contract; see `schema_version`.

use super::system::System;
use crate::experiment::{Reached, Summary};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Changes when a name or a meaning in the result changes.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything about one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Version of this layout.
    pub schema_version: u32,
    /// Name of the scenario: the stem of its file.
    pub name: String,
    /// The document's title.
    pub title: Option<String>,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// The queues through which the messages of each producer may go, by the name of the producer.
    #[serde(default)]
    pub routes: IndexMap<String, Vec<String>>,
    /// Who sends what to whom.
    #[serde(default)]
    pub system: System,
    /// What goes wrong, by the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultNote>,
    /// The numbers.
    #[serde(flatten)]
    pub summary: Summary,
    /// The brokers whose absolute numbers rest on a preset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presets: Vec<RestsOn>,
    /// What theory says about some of the metrics, by full name; it stands beside the numbers and replaces none.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub theory: IndexMap<String, TheoryValue>,
    /// How well the numbers are known, where a precision was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub precision: Option<Reached>,
    /// The goals and how they fared.
    pub goals: Vec<GoalResult>,
    /// Advice.
    pub warnings: Vec<Warning>,
}

impl RunResult {
    /// The producers whose messages meet those of another: what queues and pools measure there is a mixture of them.
    pub fn meeting_producers(&self) -> Vec<&str> {
        let meets = |queue: &String| self.routes.values().filter(|other| other.contains(queue)).count() > 1;
        self.routes.iter().filter(|(_, route)| route.iter().any(meets)).map(|(name, _)| name.as_str()).collect()
    }

    /// The producers for whose answers somebody waits: those that do more than to publish.
    pub fn callers(&self) -> Vec<&str> {
        let waits = |name: &&str| {
            let longest = self.summary.metrics.get(&format!("producers.{name}.response.max"));
            longest.and_then(|reading| reading.value.estimate).is_some_and(|longest| longest > 0.0)
        };
        self.routes.keys().map(String::as_str).filter(waits).collect()
    }
}

/// All that is needed to get the same bytes again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version.
    pub program: String,
    /// The platform it ran on.
    pub target: String,
    /// The whole document.
    pub scenario: String,
    /// SHA-256 of the document.
    pub scenario_sha256: String,
    /// `--set` values, as typed.
    pub overrides: Vec<String>,
    /// Seed of the run.
    pub seed: u64,
    /// Number of replications.
    pub replications: u32,
    /// Confidence of the intervals, as a fraction.
    pub confidence: f64,
    /// Measured seconds of a replication; absent where a run goes on until all is done.
    pub duration: Option<f64>,
    /// Unmeasured seconds before them.
    pub warmup: f64,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultNote {
    /// A few words for a chart: `db is slow`.
    pub name: String,
    /// A sentence: ``from 1min to 2min `db` takes 5 times as long``.
    pub what: String,
    /// Seconds from the start of the run to its beginning; absent where it comes again and again, at random.
    pub from: Option<f64>,
    /// Seconds from the start of the run to its end; absent where it lasts for ever, or comes again and again.
    pub until: Option<f64>,
}

/// A broker whose parameters were measured or documented by somebody else, on other hardware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestsOn {
    /// The user's name for it.
    pub broker: String,
    /// The row of the table of presets.
    pub preset: String,
    /// Of three, those of its least trusted number; 0: some of it is assumed.
    pub stars: u8,
    /// What it was measured on.
    pub hardware: Vec<String>,
    /// The keys of the numbers that nobody measured.
    pub assumed: Vec<String>,
}

/// A number of theory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TheoryValue {
    /// In SI units.
    pub value: f64,
    /// The law behind it.
    pub law: String,
    /// Whether it is exact for the model; `false`: an approximation, or a ceiling.
    pub exact: bool,
    /// The metric cannot be above it, and may be far below; absent where that is not so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ceiling: bool,
}

/// A goal and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoalResult {
    /// The user's name for it.
    pub name: String,
    /// As the user wrote it.
    pub expression: String,
    /// Full name of its metric.
    pub metric: String,
    /// How it fared.
    pub verdict: Verdict,
}

/// How a goal fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds on the bound of the interval that hurts.
    Met,
    /// It fails even on the bound that helps.
    Missed,
    /// The interval has the goal's value inside, or there is no interval.
    Inconclusive,
}

/// Something that the user should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// A word for programs: `overloaded`, `few-samples`, `never-consumed` ...
    pub kind: String,
    /// A sentence for people, with advice.
    pub message: String,
}
