//! What a sweep goes over, and all that its numbers hang on: two of one plan give the same numbers, and their points can be put together.

use crate::report::result::SCHEMA_VERSION;
use crate::units::Written;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A sweep before anything is simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the layout of the files.
    pub schema_version: u32,
    /// Name of the scenario: the stem of its file.
    pub name: String,
    /// The document's title.
    pub title: Option<String>,
    /// Program and version.
    pub program: String,
    /// The whole document.
    pub scenario: String,
    /// SHA-256 of the document.
    pub scenario_sha256: String,
    /// SHA-256 of the model, with the recorded data that it reads.
    pub model_sha256: String,
    /// `--set` values, as typed.
    pub overrides: Vec<String>,
    /// What is varied; the last one changes fastest.
    pub grid: Vec<Varied>,
    /// The metrics that table and charts show, where nobody names others.
    pub shown: Vec<String>,
    /// The goals, for the charts.
    pub goals: Vec<Aim>,
    /// Seed of all points, unless it is varied: they share their randomness.
    pub seed: u64,
    /// Replications of each point, unless a precision decides.
    pub replications: u32,
    /// The precision that is sought at each point.
    pub precision: Option<f64>,
    /// Confidence of the intervals, as a fraction.
    pub confidence: f64,
}

/// A goal as a chart shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aim {
    /// The user's name for it.
    pub name: String,
    /// Full name of its metric.
    pub metric: String,
    /// What it should not pass, in SI units.
    pub value: f64,
}

/// A path and the values that it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Varied {
    /// With dots, as `--set` takes it.
    pub path: String,
    /// As `--set` takes them.
    pub values: Vec<String>,
    /// SI unit of the numbers: `s`, `1/s`, `1` for shares, empty for plain numbers; absent where a value is none.
    pub unit: Option<String>,
    /// The values in SI units; empty where one is no number.
    pub numbers: Vec<f64>,
}

impl Varied {
    /// A path with its values, and what they are in numbers where all are.
    pub fn new(path: String, values: Vec<String>, numbers: Option<&[Written]>) -> Varied {
        let unit = numbers.and_then(|numbers| numbers.first()).map(|number| match number {
            Written::Time(_) => "s",
            Written::Rate(_) => "1/s",
            Written::Share(_) => "1",
            Written::Number(_) => "",
        });
        let numbers = numbers.unwrap_or_default().iter().map(|number| number.value()).collect();
        Varied { path, values, unit: unit.map(str::to_owned), numbers }
    }

    /// The last part of the path, which says enough in a head: `count`; of `producers.web.arrivals.poisson` `web.poisson`.
    pub fn label(&self) -> String {
        let parts: Vec<&str> = self.path.split('.').collect();
        match parts[..] {
            [table, name, .., last] if table != "run" => format!("{name}.{last}"),
            _ => self.path.clone(),
        }
    }

    /// Whether more of it is more work for the system: a rate of arrivals, or a number of clients.
    pub fn is_load(&self) -> bool {
        let producer = self.path.starts_with("producers.");
        let rate = self.unit.as_deref() == Some("1/s");
        producer && !self.numbers.is_empty() && (rate || self.path.ends_with(".clients"))
    }
}

impl Plan {
    /// Points of the grid.
    pub fn points(&self) -> u64 {
        points(self.grid.iter().map(|varied| varied.values.len()))
    }

    /// Which value each path has at a point.
    pub fn positions(&self, point: u64) -> Vec<usize> {
        positions(point, &self.grid.iter().map(|varied| varied.values.len()).collect::<Vec<_>>())
    }

    /// The values at a point by path.
    pub fn values(&self, point: u64) -> IndexMap<String, String> {
        let of = |(varied, at): (&Varied, usize)| (varied.path.clone(), varied.values[at].clone());
        self.grid.iter().zip(self.positions(point)).map(of).collect()
    }

    /// In what another plan differs, in words; nothing where it gives the same numbers.
    pub fn differences(&self, other: &Plan) -> Vec<String> {
        let paths = |plan: &Plan| {
            let of = |varied: &Varied| format!("{}={} values", varied.path, varied.values.len());
            plan.grid.iter().map(of).collect::<Vec<_>>().join(", ")
        };
        let mut found = Vec::new();
        let mut note = |differ: bool, what: String| {
            if differ {
                found.push(what)
            }
        };
        note(self.schema_version != other.schema_version, "the layout of its files is that of another version".to_owned());
        note(self.program != other.program, format!("it is by {}, this is {}", other.program, self.program));
        let texts = self.scenario != other.scenario;
        note(
            texts,
            format!(
                "its scenario is another text (`{}`, SHA-256 {:.12}, here `{}`, {:.12})",
                other.name, other.scenario_sha256, self.name, self.scenario_sha256
            ),
        );
        note(self.overrides != other.overrides, format!("its --set values are {:?}, here {:?}", other.overrides, self.overrides));
        // What the options say is part of the model, too.
        let options = |plan: &Plan| (plan.seed, plan.replications, plan.precision, plan.confidence);
        let same_text = !texts && self.overrides == other.overrides && options(self) == options(other);
        note(
            same_text && self.model_sha256 != other.model_sha256,
            "the recorded data that the scenario reads have changed".to_owned(),
        );
        let grids = self.grid != other.grid;
        note(grids && paths(self) != paths(other), format!("its grid is {}, here {}", paths(other), paths(self)));
        note(grids && paths(self) == paths(other), "its grid has other values".to_owned());
        note(self.seed != other.seed, format!("its seed is {}, here {}", other.seed, self.seed));
        note(
            self.replications != other.replications,
            format!("it has {} replications, here {}", other.replications, self.replications),
        );
        note(self.precision != other.precision, "it seeks another precision".to_owned());
        note(self.confidence != other.confidence, "its confidence is another".to_owned());
        if found.is_empty() && self != other {
            found.push("its name or title is another".to_owned());
        }
        found
    }

    /// The layout that this program writes.
    pub const LAYOUT: u32 = SCHEMA_VERSION;
}

/// Points of a grid with so many values on each axis; at most `u64::MAX`.
pub fn points(lengths: impl Iterator<Item = usize>) -> u64 {
    lengths.fold(1, |all, length| all.saturating_mul(length as u64))
}

/// Which value each axis of a grid has at a point: the last changes fastest.
pub fn positions(point: u64, lengths: &[usize]) -> Vec<usize> {
    let mut rest = point;
    let mut found: Vec<usize> = lengths
        .iter()
        .rev()
        .map(|&length| {
            let at = rest % length as u64;
            rest /= length as u64;
            at as usize
        })
        .collect();
    found.reverse();
    found
}
