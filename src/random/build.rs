//! Distributions made of parts or of records: weights are made to sum to 1, and what has no meaning is refused.

use super::refusal::{digits, length, positive_length};
use super::{Branch, Distribution, Part, SolveError};
use std::sync::Arc;

/// A cut that leaves less of a distribution than this is refused: what remains says little about what was meant.
const LEAST_SHARE: f64 = 1e-3;
/// How far a sum may be from what it should be, in proportion: written numbers are rounded.
const ROUNDING: f64 = 1e-9;

/// `of` on the condition that it does not exceed `max` (nanoseconds).
///
/// # Errors
/// When `max` is not positive, or `of` is that short in less than one case of a thousand.
pub fn truncated(max: f64, of: Distribution) -> Result<Distribution, SolveError> {
    positive_length("the max of a truncated distribution", max)?;
    let share = of.cdf(max);
    if share.is_nan() || share < LEAST_SHARE {
        return Err(SolveError::new(
            format!(
                "a cut at {} keeps {} % of this distribution ({of}); at least 0.1 % must be left",
                length(max),
                digits(100.0 * share)
            ),
            format!("write a max of {} or more", length(of.quantile(2.0 * LEAST_SHARE))),
        ));
    }
    Ok(Distribution::Truncated { max, of: Box::new(of) })
}

/// One of several distributions, by weight; the weights are any positive numbers.
///
/// # Errors
/// When there is none, or a weight is not a positive number.
pub fn mixture(mut parts: Vec<Part<Distribution>>) -> Result<Distribution, SolveError> {
    normalise("mixture", &mut parts)?;
    Ok(Distribution::Mixture { parts })
}

/// One of several lengths (nanoseconds), by weight; the weights are any positive numbers.
///
/// # Errors
/// When there is none, a weight is not a positive number, or a length is negative.
pub fn discrete(mut values: Vec<Part<f64>>) -> Result<Distribution, SolveError> {
    normalise("discrete", &mut values)?;
    match values.iter().find(|part| !(part.of >= 0.0 && part.of.is_finite())) {
        Some(part) => Err(SolveError::new(
            format!("a value of a discrete distribution must be a length of time, not {}", length(part.of)),
            "write something like `{ value = \"10ms\", weight = 3 }`",
        )),
        None => Ok(Distribution::Discrete { values }),
    }
}

/// One of several exponentials (means in nanoseconds); the probabilities are any positive numbers and made to sum to 1.
///
/// # Errors
/// When there is none, or a probability or a mean is not a positive number.
pub fn hyperexponential(branches: Vec<Branch>) -> Result<Distribution, SolveError> {
    let mut parts: Vec<Part<f64>> = branches.iter().map(|branch| Part { weight: branch.probability, of: branch.mean }).collect();
    normalise("hyperexponential", &mut parts)?;
    for part in &parts {
        positive_length("the mean of a branch", part.of)?;
    }
    let branches = parts.iter().map(|part| Branch { probability: part.weight, mean: part.of }).collect();
    Ok(Distribution::Hyperexponential { branches })
}

/// Recorded lengths (nanoseconds, in any order), drawn again each with the same probability; with `smooth` everything
/// between neighbours as well.
///
/// # Errors
/// When there is none, or one is negative or not a number.
pub fn empirical(mut values: Vec<f64>, smooth: bool) -> Result<Distribution, SolveError> {
    if values.is_empty() {
        return Err(SolveError::new("an empirical distribution has no values", "give at least one recorded length"));
    }
    if let Some(at) = values.iter().position(|value| !(*value >= 0.0 && value.is_finite())) {
        return Err(SolveError::new(
            format!("recorded value {} is {}, which is no length of time", at + 1, length(values[at])),
            "leave the value out or mend it: lengths are not negative",
        ));
    }
    values.sort_by(f64::total_cmp);
    Ok(Distribution::Empirical { values: Arc::from(values), smooth })
}

/// Exponential stages one after another: after a stage with mean `stages[i].0` (nanoseconds) the next follows with
/// probability `stages[i].1`, which is 0 for the last.
///
/// # Errors
/// When there is no stage, a mean is not positive, a probability is not between 0 and 1, or the last is not 0.
pub fn coxian(stages: &[(f64, f64)]) -> Result<Distribution, SolveError> {
    let Some((_, last)) = stages.last() else {
        return Err(SolveError::new("a coxian distribution has no stages", "give at least one stage"));
    };
    for (i, (mean, onward)) in stages.iter().enumerate() {
        positive_length(&format!("the mean of stage {}", i + 1), *mean)?;
        if !(0.0..=1.0).contains(onward) {
            return Err(SolveError::new(
                format!("stage {} goes on with probability {onward}, which is not between 0 and 1", i + 1),
                "write a probability between 0 and 1",
            ));
        }
    }
    if *last != 0.0 {
        return Err(SolveError::new(
            format!("the last stage goes on with probability {last}, but no stage follows it"),
            "write 0 for the last stage, or add a stage",
        ));
    }
    let size = stages.len();
    let mut initial = vec![0.0; size];
    initial[0] = 1.0;
    let mut rates = vec![vec![0.0; size]; size];
    for (i, (mean, onward)) in stages.iter().enumerate() {
        rates[i][i] = -1.0 / mean;
        if i + 1 < size {
            rates[i][i + 1] = onward / mean;
        }
    }
    phase_type(initial, rates)
}

/// The time to absorption of a Markov chain; see [`Distribution::PhaseType`] for the parameters (rates per nanosecond). Phases
/// that are never reached are left out.
///
/// # Errors
/// When the sizes do not fit, the initial probabilities do not sum to 1, a rate has the wrong sign, a row sums to more than 0,
/// or a phase that can be reached has no way to the end.
pub fn phase_type(initial: Vec<f64>, rates: Vec<Vec<f64>>) -> Result<Distribution, SolveError> {
    check_phases(&initial, &rates)?;
    let size = initial.len();
    let leads = |from: usize, to: usize| from != to && rates[from][to] > 0.0;
    let reached = spread((0..size).filter(|i| initial[*i] > 0.0).collect(), size, leads);
    let ends = (0..size).filter(|i| rates[*i].iter().sum::<f64>() < ROUNDING * rates[*i][*i]).collect();
    let finished = spread(ends, size, |from, to| leads(to, from));
    let kept: Vec<usize> = (0..size).filter(|i| reached[*i]).collect();
    if let Some(stuck) = kept.iter().find(|i| !finished[**i]) {
        return Err(SolveError::new(
            format!("from phase {} the end is never reached", stuck + 1),
            "let the rates of some phase on the way sum to less than 0: what is missing to 0 is the rate of ending",
        ));
    }
    let sum: f64 = initial.iter().sum();
    let initial = kept.iter().map(|i| initial[*i] / sum).collect();
    let rates = kept.iter().map(|i| kept.iter().map(|j| rates[*i][*j]).collect()).collect();
    Ok(Distribution::PhaseType { initial, rates })
}

/// Makes the weights sum to 1.
fn normalise<T>(name: &str, parts: &mut [Part<T>]) -> Result<(), SolveError> {
    if parts.is_empty() {
        return Err(SolveError::new(format!("a {name} distribution has no parts"), "give at least one part"));
    }
    if let Some(part) = parts.iter().find(|part| !(part.weight > 0.0 && part.weight.is_finite())) {
        return Err(SolveError::new(
            format!("a weight of a {name} distribution is {}: it must be a positive number", part.weight),
            "write a positive weight, or leave the part out; the weights need not sum to 1",
        ));
    }
    let sum: f64 = parts.iter().map(|part| part.weight).sum();
    if sum.is_infinite() {
        return Err(SolveError::new(format!("the weights of a {name} distribution are too large"), "write smaller weights"));
    }
    for part in parts {
        part.weight /= sum;
    }
    Ok(())
}

/// Sizes, signs and sums of a phase-type distribution.
fn check_phases(initial: &[f64], rates: &[Vec<f64>]) -> Result<(), SolveError> {
    let size = initial.len();
    if size == 0 {
        return Err(SolveError::new("a phase-type distribution has no phases", "give at least one phase"));
    }
    if rates.len() != size || rates.iter().any(|row| row.len() != size) {
        return Err(SolveError::new(
            format!("{size} initial probabilities need {size} rows of {size} rates each"),
            "give one row of rates for each phase, with one rate for each phase",
        ));
    }
    if let Some(p) = initial.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(SolveError::new(format!("an initial probability is {p}"), "write probabilities between 0 and 1"));
    }
    let sum: f64 = initial.iter().sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(SolveError::new(
            format!("the initial probabilities sum to {}, not 1", digits(sum)),
            "write probabilities that sum to 1",
        ));
    }
    for (i, row) in rates.iter().enumerate() {
        let wrong =
            row.iter().enumerate().find(|(j, rate)| !rate.is_finite() || if i == *j { **rate >= 0.0 } else { **rate < 0.0 });
        if let Some((j, rate)) = wrong {
            let should = if i == j { "negative: minus the whole rate of leaving the phase" } else { "0 or a positive rate" };
            return Err(SolveError::new(
                format!("row {}, column {} of the rates is {rate}", i + 1, j + 1),
                format!("this entry must be {should}"),
            ));
        }
        let sum: f64 = row.iter().sum();
        if sum > -ROUNDING * row[i] {
            return Err(SolveError::new(
                format!("row {} of the rates sums to more than 0", i + 1),
                "the entry on the diagonal is minus the sum of all rates of leaving, that of ending among them",
            ));
        }
    }
    Ok(())
}

/// Everything that can be reached from `start` by `leads`.
fn spread(start: Vec<usize>, size: usize, leads: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let mut reached = vec![false; size];
    let mut open = start;
    while let Some(from) = open.pop() {
        if !std::mem::replace(&mut reached[from], true) {
            open.extend((0..size).filter(|to| leads(from, *to)));
        }
    }
    reached
}
