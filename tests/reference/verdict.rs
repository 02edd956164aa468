//! Whether a whole set of estimates can be right.
//!
//! One 95 % interval in twenty misses, so that a single miss says nothing; what counts is their number and their size:
//! - The number of intervals that miss, at a level of 0.1 %. Values of one instance come from the same runs and miss together, so
//!   that the number spreads about twice as far as the binomial distribution has it (measured over six seeds: 8 instead of 4).
//!   Too many is therefore judged as if all values of an instance missed together or not at all, which spreads it as far as can
//!   be; a failure is one whatever the correlation. Too few is judged by the binomial distribution, which is strict.
//! - The number of instances with at least one miss, at the same level. Instances are independent. That of n values of an
//!   instance at least one misses has a probability of at most 1 - 0.95^n when they are positively correlated, as they are here;
//!   with these chances the test is lenient, and a failure is one whatever the correlation within an instance.
//! - The distance of every estimate in units of its standard error, against Student's t, so that all of them together pass with
//!   99.9 % (Bonferroni; for the question whether any is too far Holm says the same).
//! - Intervals that are too wide to mean something.

use super::chance::{at_least, at_most, successes, together};
use super::measure::{Found, Outcome};
use super::values::Kind;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::BTreeMap;

/// Chance that a correct interval misses.
const MISS: f64 = 0.05;
/// Chance that a correct program fails a test.
const LEVEL: f64 = 1e-3;
/// The widest relative half-width of a mean that still means something.
const WEAK: f64 = 0.02;
/// The highest load at which means must be that narrow.
const HIGHEST_LOAD: f64 = 0.9;
/// Relative resolution of a histogram.
const RESOLUTION: f64 = 1e-3;
/// Relative error of sums and divisions in floating point.
const ROUNDING: f64 = 1e-12;

/// What a set of outcomes says.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Intervals that were judged.
    pub judged: usize,
    /// Of these, the exact value lies above.
    pub above: usize,
    /// Of these, the exact value lies below.
    pub below: usize,
    /// Numbers without chance that are right.
    pub certain: usize,
    /// Values for which the program gives no interval.
    pub silent: Vec<String>,
    /// The largest distance in standard errors, with its sign.
    pub worst: f64,
    /// Relative half-widths of means, in ascending order.
    pub widths: Vec<f64>,
    /// One line about every interval that misses.
    pub misses: Vec<String>,
    /// The tests in words.
    pub tests: Vec<String>,
    /// What is not plausible; empty when all is well.
    pub problems: Vec<String>,
}

impl Verdict {
    /// The number of misses to be expected.
    pub fn expected(&self) -> f64 {
        MISS * self.judged as f64
    }
}

/// Judges a whole set.
pub fn judge(outcomes: &[Outcome]) -> Verdict {
    let mut verdict = Verdict::default();
    // For each instance: values judged, and misses among them.
    let mut instances: BTreeMap<&str, (i32, usize)> = BTreeMap::new();
    let judged = outcomes.iter().filter(|outcome| matches!(outcome.found, Found::Interval { .. })).count();
    for outcome in outcomes {
        let (row, value) = (&outcome.row, outcome.row.value);
        match outcome.found {
            Found::Interval { estimate, error, degrees, half_width } => {
                let z = (estimate - value) / error;
                let missed = (estimate - value).abs() > half_width;
                let (count, misses) = instances.entry(&outcome.instance).or_default();
                (*count, *misses) = (*count + 1, *misses + usize::from(missed));
                verdict.judged += 1;
                if z.abs() > verdict.worst.abs() {
                    verdict.worst = z;
                }
                let off = (estimate / value - 1.0) * 100.0;
                let line = format!("{}: {estimate:.6e} for {value:.6e}, off by {off:+.2} %, z = {z:+.2}", row.id);
                if far(z, degrees, judged) {
                    verdict.problems.push(format!("too far for chance: {line}"));
                }
                if missed {
                    *(if z < 0.0 { &mut verdict.above } else { &mut verdict.below }) += 1;
                    verdict.misses.push(line);
                }
                if row.metric.ends_with(".mean") {
                    let width = half_width / value;
                    verdict.widths.push(width);
                    if width > WEAK && row.load <= HIGHEST_LOAD {
                        let width = width * 100.0;
                        verdict.problems.push(format!("weak: the interval of {} is {width:.2} % to either side", row.id));
                    }
                }
            }
            Found::Constant(number) | Found::Number(number) => {
                let right = match row.kind {
                    Kind::Histogram => (number - value).abs() <= RESOLUTION * value,
                    // Seconds of a single message: whole nanoseconds.
                    Kind::Exact if row.metric.ends_with(".max") => (number - value).abs() < 5e-10,
                    Kind::Exact | Kind::Interval => (number - value).abs() <= ROUNDING * value,
                };
                verdict.certain += usize::from(right);
                if !right {
                    verdict.problems.push(format!("not exact: {} is {number:e}, should be {value:e}", row.id));
                }
            }
            Found::Nothing(ref reason) => verdict.silent.push(format!("{}: {reason}", row.id)),
        }
    }
    verdict.widths.sort_by(f64::total_cmp);
    count(&mut verdict, &instances);
    verdict
}

/// Whether a distance is beyond what the largest of so many may be.
fn far(z: f64, degrees: usize, among: usize) -> bool {
    let t = StudentsT::new(0.0, 1.0, degrees as f64).expect("there are two replications at least");
    2.0 * t.sf(z.abs()) < LEVEL / among as f64
}

/// Judges the numbers of misses.
fn count(verdict: &mut Verdict, instances: &BTreeMap<&str, (i32, usize)>) {
    let (misses, judged) = (verdict.misses.len(), verdict.judged);
    let chances = successes(&vec![MISS; judged]);
    let (many, few) = (at_least(misses, &chances), at_most(misses, &chances));
    let expected = verdict.expected();
    verdict.tests.push(format!(
        "{misses} of {judged} intervals miss ({} of these lie too low, {} too high), {expected:.1} are expected; as many or more: {many:.4}, as many or fewer: {few:.4}",
        verdict.above, verdict.below
    ));
    let by_instance: Vec<f64> = instances.values().map(|&(values, _)| 1.0 - (1.0 - MISS).powi(values)).collect();
    let with_miss = instances.values().filter(|&&(_, misses)| misses > 0).count();
    let chance = at_least(with_miss, &successes(&by_instance));
    verdict.tests.push(format!(
        "{with_miss} of {} instances have a miss, at most {:.1} are expected; as many or more: {chance:.4}",
        instances.len(),
        by_instance.iter().sum::<f64>()
    ));
    let sizes: Vec<usize> = instances.values().map(|&(values, _)| values as usize).collect();
    if at_least(misses, &together(&sizes, MISS)) < LEVEL / 2.0 {
        verdict.problems.push(format!("{misses} misses among {judged} intervals are too many"));
    }
    if few < LEVEL / 2.0 {
        verdict.problems.push(format!("{misses} misses among {judged} intervals are too few: the intervals are too wide"));
    }
    if chance < LEVEL {
        verdict.problems.push(format!("{with_miss} instances with a miss among {} are too many", instances.len()));
    }
}
