//! One metric of one design against the baseline, with an interval: paired where both had the same random numbers.

use super::super::result::{RunResult, Warning};
use super::words;
use super::{COMPARISON_VERSION, Comparison, Sought};
use crate::experiment::{Reading, Summary};
use crate::stats::{Between, Estimate};
use serde::{Deserialize, Serialize};

/// Parts of the data that values are kept of; see [`crate::experiment::Summary::values`].
const MOST_PARTS: usize = 64;

/// Independent parts that the interval of one long run counts for: rather too few than too many.
const BATCHES: usize = 20;

/// How a design differs from the baseline in one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Full name of the metric.
    pub metric: String,
    /// The design that the other is compared with.
    pub baseline: String,
    /// The other.
    pub design: String,
    /// Value of the design minus that of the baseline.
    #[serde(flatten)]
    pub change: Estimate,
    /// SI unit of the change.
    pub unit: String,
    /// The same as a share of the baseline's value: -0.25 is a quarter less; absent where that value cannot be told from zero.
    pub relative: Estimate,
    /// Whether replication k of both had the same random numbers.
    pub paired: bool,
    /// How many times wider the interval would be if the two had had random numbers of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrower: Option<f64>,
    /// A difference of this size (in the unit of the metric) would have been found nine times in ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<f64>,
    /// What that says.
    pub finding: Finding,
}

/// What an interval says of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The design has less.
    Lower,
    /// The design has more.
    Higher,
    /// The interval has zero inside.
    NoDifference,
    /// The same number in every replication.
    Same,
    /// There is no interval to tell by.
    Unknown,
    /// Only the baseline has this metric.
    OnlyInBaseline,
    /// Only the design has this metric.
    OnlyInDesign,
}

impl Finding {
    /// Which is told before others.
    fn rank(self) -> u8 {
        match self {
            Finding::Lower | Finding::Higher => 0,
            Finding::NoDifference => 1,
            Finding::Same => 2,
            Finding::OnlyInBaseline | Finding::OnlyInDesign => 3,
            Finding::Unknown => 4,
        }
    }
}

impl Difference {
    /// Whether both designs have the metric.
    pub fn is_compared(&self) -> bool {
        !matches!(self.finding, Finding::OnlyInBaseline | Finding::OnlyInDesign)
    }
}

/// One of two designs, as far as differences are concerned.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its numbers.
    pub summary: &'a Summary,
    /// Where its random numbers come from.
    pub seed: u64,
    /// Confidence of the intervals of its numbers.
    pub confidence: f64,
}

impl Side<'_> {
    /// The side of a result.
    pub fn of(result: &RunResult) -> Side<'_> {
        let RunResult { name, summary, provenance, .. } = result;
        Side { name, summary, seed: provenance.seed, confidence: provenance.confidence }
    }
}

/// Compares every design with the first one. The intervals of all differences hold together with the confidence of the first.
///
/// # Panics
/// Without designs.
pub fn compare(designs: Vec<RunResult>, metrics: Vec<String>, precision: Option<Sought>) -> Comparison {
    let (base, others) = designs.split_first().expect("there is something to compare");
    let both = |metric: &String, other: &RunResult| has(base, metric) && has(other, metric);
    let many = metrics.iter().flat_map(|metric| others.iter().filter(move |other| both(metric, other))).count();
    let confidence = base.provenance.confidence;
    let each = 1.0 - (1.0 - confidence) / many.max(1) as f64;
    let pairs = metrics.iter().flat_map(|metric| others.iter().map(move |other| (metric, other)));
    let found = |(metric, other): (&String, &RunResult)| difference(&Side::of(base), &Side::of(other), metric, each);
    let differences: Vec<Difference> = pairs.filter_map(found).collect();
    // What differs comes first: it is what was asked.
    let mut told: Vec<&Difference> = differences.iter().collect();
    told.sort_by_key(|found| found.finding.rank());
    let findings = told.into_iter().filter_map(|found| words::sentence(found, base, others)).collect();
    let warnings = warnings(base, others, &differences);
    Comparison {
        comparison_version: COMPARISON_VERSION,
        baseline: base.name.clone(),
        confidence,
        each,
        metrics,
        findings,
        differences,
        precision,
        warnings,
        designs,
    }
}

fn has(design: &RunResult, metric: &str) -> bool {
    design.summary.metrics.contains_key(metric)
}

/// One metric of one design against the baseline, with an interval of this confidence; `None` where neither has it.
pub fn difference(base: &Side<'_>, other: &Side<'_>, metric: &str, confidence: f64) -> Option<Difference> {
    let (first, second) = (base.summary.metrics.get(metric), other.summary.metrics.get(metric));
    let mut found = Difference {
        metric: metric.to_owned(),
        baseline: base.name.to_owned(),
        design: other.name.to_owned(),
        change: Estimate::default(),
        unit: first.or(second)?.unit.clone(),
        relative: Estimate::default(),
        paired: false,
        narrower: None,
        visible: None,
        finding: Finding::Unknown,
    };
    let (first, second) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (None, _) => return Some(Difference { finding: Finding::OnlyInDesign, ..found }),
        (_, None) => return Some(Difference { finding: Finding::OnlyInBaseline, ..found }),
    };
    let (Some(a), Some(b)) = (first.value.estimate, second.value.estimate) else {
        found.change = Estimate::absent(why(first, second));
        return Some(found);
    };
    let parts = [base, other].map(|side| side.summary.replications(metric));
    // One long run is as good as its batches.
    let fewest = parts.into_iter().map(|parts| if parts == 1 { BATCHES } else { parts }).min().unwrap_or(BATCHES);
    let values = [values(base, metric, first), values(other, metric, second)];
    let same_numbers = base.seed == other.seed && parts[0] == parts[1];
    let (first_whole, second_whole) = (widened(&first.value), widened(&second.value));
    let between = match &values {
        _ if is_whole(metric, &first.unit) => {
            Between::Ends((&first_whole, base.confidence), (&second_whole, other.confidence), fewest)
        }
        [Some(one), Some(two)] if same_numbers && one.len() == two.len() => Between::Paired(one, two),
        [Some(one), Some(two)] => Between::Apart(one, two),
        _ => Between::Ends((&first.value, base.confidence), (&second.value, other.confidence), fewest),
    };
    found.paired = matches!(between, Between::Paired(..));
    // The mean of the values is the estimate but for its last bits.
    found.change = Estimate { estimate: Some(b - a), ..between.difference(confidence) };
    let (Some(low), Some(high)) = (found.change.low, found.change.high) else {
        found.paired = false;
        found.change.reason = Some(why(first, second));
        return Some(found);
    };
    let ratio = between.ratio(confidence);
    let less_one = |value: Option<f64>| value.map(|value| value - 1.0);
    let estimate = ratio.estimate.map(|_| b / a - 1.0);
    found.relative = match found.change.low == Some(0.0) && found.change.high == Some(0.0) {
        // Exactly so, where a search for the ends leaves the last bits of a number.
        true if a > 0.0 => Estimate { estimate: Some(0.0), low: Some(0.0), high: Some(0.0), ..ratio },
        _ => Estimate { estimate, low: less_one(ratio.low), high: less_one(ratio.high), ..ratio },
    };
    found.visible = between.visible(confidence);
    if let Between::Paired(one, two) = between
        && let (Some(apart_low), Some(apart_high)) = ends(&Between::Apart(one, two).difference(confidence))
    {
        found.narrower = (high > low).then(|| (apart_high - apart_low) / (high - low));
    }
    found.finding = match (low, high) {
        (0.0, 0.0) if a == b => Finding::Same,
        (low, _) if low > 0.0 => Finding::Higher,
        (_, high) if high < 0.0 => Finding::Lower,
        _ => Finding::NoDifference,
    };
    Some(found)
}

/// Whether a metric is a percentile of a level: a whole number, which jumps, so that its parts tell nothing of how far it may be off.
fn is_whole(metric: &str, unit: &str) -> bool {
    let statistic = metric.rsplit('.').next().unwrap_or("");
    unit == "messages" && statistic.strip_prefix('p').is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// A whole number and its interval, with the one more or less that chance may turn it to.
fn widened(value: &Estimate) -> Estimate {
    Estimate { low: value.low.map(|low| low - 1.0), high: value.high.map(|high| high + 1.0), ..value.clone() }
}

fn ends(estimate: &Estimate) -> (Option<f64>, Option<f64>) {
    (estimate.low, estimate.high)
}

/// The values of the parts behind a metric. What is known exactly is the same in all of them.
fn values(side: &Side<'_>, metric: &str, reading: &Reading) -> Option<Vec<f64>> {
    let parts = side.summary.replications(metric).min(MOST_PARTS);
    let constant = reading.value.low.is_some() && reading.value.low == reading.value.high && parts >= 2;
    let kept = side.summary.values.get(metric).filter(|values| values.len() >= 2).cloned();
    kept.or_else(|| reading.value.estimate.filter(|_| constant).map(|value| vec![value; parts]))
}

/// Why there is no interval: what is said of the baseline, or of the other.
fn why(first: &Reading, second: &Reading) -> String {
    let reason = |reading: &Reading| reading.value.reason.clone();
    reason(first).or_else(|| reason(second)).unwrap_or_else(|| "one of the two has no interval".to_owned())
}

/// What to do about results that cannot be paired.
const SCENARIOS: &str = "compare the scenarios themselves";

/// What is to be known of how designs were brought together.
fn warnings(base: &RunResult, others: &[RunResult], differences: &[Difference]) -> Vec<Warning> {
    let mut found = Vec::new();
    for other in others {
        let apart = |difference: &&Difference| {
            let known = difference.change.low.is_some() && !is_whole(&difference.metric, &difference.unit);
            difference.design == other.name && !difference.paired && known
        };
        if !differences.iter().any(|difference| apart(&difference)) {
            continue;
        }
        let (name, of_base, of_other) = (&other.name, &base.provenance, &other.provenance);
        let (why, cure) = if of_base.seed != of_other.seed {
            (format!("{} has seed {} and {name} has seed {}", base.name, of_base.seed, of_other.seed), SCENARIOS)
        } else if of_base.replications != of_other.replications {
            let (one, two) = (of_base.replications, of_other.replications);
            (format!("{} has {one} replications and {name} has {two}", base.name), SCENARIOS)
        } else if of_base.replications == 1 {
            ("there is one replication of each, and nothing to be paired".to_owned(), "run several replications")
        } else {
            (format!("{} or {name} was written without the values of its replications", base.name), SCENARIOS)
        };
        let message = format!("{why}: the intervals of the difference are not paired, and wider than they need be; {cure}");
        found.push(Warning { kind: "not-paired".to_owned(), message });
    }
    // The same reason for several designs is told once.
    found.dedup();
    let of = |result: &RunResult| result.provenance.program.clone();
    if let Some(other) = others.iter().find(|other| of(other) != of(base)) {
        let message =
            format!("{} is of {} and {} of {}: what differs may be the program", base.name, of(base), other.name, of(other));
        found.push(Warning { kind: "program".to_owned(), message });
    }
    found
}
