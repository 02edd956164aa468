//! Several designs beside each other, and what differs between them: a [`Comparison`] is `compare.json`, and table, Markdown, CSV
//! and charts are made of it and of nothing else.

mod csv;
mod difference;
mod files;
mod markdown;
mod page;
mod text;
mod words;

pub use csv::comparison_csv;
pub use difference::{Difference, Finding, Side, compare, difference};
pub use files::{prepare_comparison, write_comparison};
pub use markdown::comparison_markdown;
pub use page::comparison_page;
pub use text::comparison_text;
pub(super) use words::relative;

use super::preamble;
use super::quantity::{Kind, plainly, significant, trimmed};
use super::result::{RunResult, Warning};
use super::style::shortened;
use crate::model::entity_of;
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

/// Changes when a name or a meaning in `compare.json` changes.
pub const COMPARISON_VERSION: u32 = 1;

/// Pairing that makes no interval narrower by more than this factor is not spoken of.
const WORTH_SAYING: f64 = 1.05;

/// Two or more designs and what differs between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of this layout.
    pub comparison_version: u32,
    /// Name of the design that the others are compared with: the first.
    pub baseline: String,
    /// Confidence with which the intervals of all differences hold together.
    pub confidence: f64,
    /// Confidence of each of them by itself, so that they do (Bonferroni).
    pub each: f64,
    /// Full names of the metrics that are compared.
    pub metrics: Vec<String>,
    /// What is to be said, in sentences: one for each difference, what differs first.
    pub findings: Vec<String>,
    /// Every other design against the baseline, for every metric.
    pub differences: Vec<Difference>,
    /// How well the differences are known, where a precision was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Sought>,
    /// What the user should know of the comparison; that of each design stands with it.
    pub warnings: Vec<Warning>,
    /// The designs, each with all its numbers, the baseline first.
    pub designs: Vec<RunResult>,
}

/// How a search for precision of the differences ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sought {
    /// Half the width of an interval over the baseline's value that was asked for.
    pub asked: f64,
    /// The widest that was reached; absent where a difference has no interval.
    pub reached: Option<f64>,
    /// For each metric.
    pub metrics: IndexMap<String, Option<f64>>,
}

impl Comparison {
    /// A design by its name.
    pub fn design(&self, name: &str) -> Option<&RunResult> {
        self.designs.iter().find(|design| design.name == name)
    }

    /// The differences of one metric.
    fn of_metric(&self, metric: &str) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.metric == metric)
    }

    /// `mm3 against fourth-worker, faster-work`, as far as it fits.
    pub(super) fn title(&self) -> String {
        let others: Vec<&str> = self.designs.iter().skip(1).map(|design| design.name.as_str()).collect();
        shortened(&format!("{} against {}", self.baseline, others.join(", ")), 90)
    }

    /// What each design is: its name, and its title or what was set.
    pub(super) fn descriptions(&self) -> Vec<(&str, String)> {
        let of = |design: &RunResult| {
            let sets: Vec<&str> = design.provenance.overrides.iter().map(String::as_str).collect();
            design.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or_else(|| sets.join(", "))
        };
        self.designs.iter().map(|design| (design.name.as_str(), of(design))).collect()
    }

    /// What was simulated: one line where all designs are alike in that, otherwise one for each.
    pub(super) fn plans(&self) -> Vec<String> {
        let plans: IndexSet<String> = self.designs.iter().map(preamble::plan).collect();
        if plans.len() == 1 {
            return vec![format!("each {}", plans[0])];
        }
        self.designs.iter().map(|design| format!("{}: {}", design.name, preamble::plan(design))).collect()
    }

    /// What the brackets behind differences are.
    pub(super) fn brackets(&self) -> Option<String> {
        let many = self.differences.iter().filter(|difference| difference.is_compared()).count();
        let any = self.differences.iter().any(|difference| difference.change.low.is_some());
        let share = plainly(self.confidence, Kind::Share);
        let exactly = |share: f64| trimmed(&significant(100.0 * share, 4));
        match many {
            0 => None,
            _ if !any => None,
            1 => Some(format!("[ ] is a {share} interval of the difference")),
            _ => Some(format!(
                "[ ] are intervals of {many} differences, together {share} (Bonferroni, each {} %)",
                exactly(self.each)
            )),
        }
    }

    /// What the same random numbers gained.
    pub(super) fn pairing(&self) -> Option<String> {
        let apart = self.differences.iter().filter(|difference| difference.is_compared() && !difference.paired).count();
        let most = self.differences.iter().filter_map(|difference| difference.narrower).fold(0.0, f64::max);
        match apart {
            _ if most >= WORTH_SAYING => {
                let times = significant(most, 2);
                Some(format!("intervals are up to {times} times narrower because all designs have the same random numbers"))
            }
            0 => None,
            _ if most == 0.0 => {
                Some("no interval is paired: the designs have no random numbers replication by replication in common".to_owned())
            }
            _ => None,
        }
    }

    /// What was asked for and reached, where a precision was.
    pub(super) fn sought(&self) -> Option<String> {
        let sought = self.precision.as_ref()?;
        let share = |share: f64| plainly(share, Kind::Share);
        let reached = sought.reached.map_or_else(|| "no interval".to_owned(), |reached| format!("{} reached", share(reached)));
        Some(format!("precision of the differences: {} asked, {reached}", share(sought.asked)))
    }

    /// The warnings of the comparison and of its designs, the names of those before it that have it.
    pub(super) fn all_warnings(&self) -> Vec<Warning> {
        let mut all: IndexMap<(&str, &str), Vec<&str>> = IndexMap::new();
        for design in &self.designs {
            for warning in &design.warnings {
                all.entry((&warning.kind, &warning.message)).or_default().push(&design.name);
            }
        }
        let of = |((kind, message), names): ((&str, &str), Vec<&str>)| Warning {
            kind: kind.to_owned(),
            message: if names.len() == self.designs.len() {
                format!("all: {message}")
            } else {
                format!("{}: {message}", names.join(", "))
            },
        };
        self.warnings.iter().cloned().chain(all.into_iter().map(of)).collect()
    }
}

/// What is known of a design before it is simulated.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// The metrics of its goals.
    pub goals: Vec<String>,
    /// The full names of all that is measured.
    pub known: Vec<String>,
    /// The producers whose callers wait for an answer.
    pub callers: Vec<String>,
}

/// What is compared unless the user says otherwise: the metrics of all goals; without goals what callers wait, the time until all
/// is done, and the waits of pools.
pub fn headline(designs: &[Measured]) -> Vec<String> {
    let goals: IndexSet<&String> = designs.iter().flat_map(|design| &design.goals).collect();
    if !goals.is_empty() {
        return goals.into_iter().cloned().collect();
    }
    let known: IndexSet<&String> = designs.iter().flat_map(|design| &design.known).collect();
    let entities: IndexSet<&str> = known.iter().map(|name| entity_of(name)).collect();
    let answers = |producer: &str| designs.iter().any(|design| design.callers.iter().any(|caller| caller == producer));
    let mut found = Vec::new();
    for entity in entities {
        let endings: &[&str] = match entity.split_once('.') {
            Some(("producers", name)) if answers(name) => &["response.mean", "response.p99", "completion.mean", "completion.p99"],
            Some(("producers", _)) => &["completion.mean", "completion.p99"],
            Some(("consumers", _)) => &["wait.mean", "wait.p99"],
            _ => &[],
        };
        found.extend(endings.iter().map(|ending| format!("{entity}.{ending}")).filter(|name| known.contains(name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_the_headline_or_else_what_people_wait_for() {
        let names = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<String>>();
        let known = names(
            "producers.web.response.mean producers.web.completion.mean producers.bot.response.mean producers.bot.completion.p99 \
             queues.jobs.wait.mean consumers.workers.wait.p99",
        );
        let open = Measured { known, callers: names("web"), ..Measured::default() };
        let wanted =
            "producers.web.response.mean producers.web.completion.mean producers.bot.completion.p99 consumers.workers.wait.p99";
        assert_eq!(headline(std::slice::from_ref(&open)), names(wanted));
        let judged = Measured { goals: names("queues.jobs.wait.mean"), ..open.clone() };
        assert_eq!(headline(&[open, judged.clone(), judged]), names("queues.jobs.wait.mean"));
    }
}
