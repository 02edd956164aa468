//! Weights and probabilities that belong together.

use super::diagnostic::{Place, Problem};

/// How far from 1 a sum of probabilities may be: three digits after the point in each of a few is what people write.
const TOLERANCE: f64 = 1e-6;

/// Probabilities scaled to a sum of exactly 1; `None` and a problem when they are not close to it.
pub(super) fn probabilities(given: &[f64], place: Place, what: &str, log: &mut Vec<Problem>) -> Option<Vec<f64>> {
    let sum: f64 = given.iter().sum();
    if (sum - 1.0).abs() > TOLERANCE {
        let sum = (sum * 1e6).round() / 1e6;
        log.push(Problem::error(place, format!("{what} sum to {sum}, not to 1")).help("make them sum to 1, or to 100%"));
        return None;
    }
    Some(given.iter().map(|p| p / sum).collect())
}

/// Weights scaled to a sum of 1; `None` and a problem when they weigh nothing.
pub(super) fn shares(given: &[f64], place: Place, log: &mut Vec<Problem>) -> Option<Vec<f64>> {
    let largest = given.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        log.push(Problem::error(place, "all weights are 0, so that nothing can be drawn").help("give at least one a weight"));
        return None;
    }
    // Divided by the largest first: a sum of huge weights would overflow.
    let sum: f64 = given.iter().map(|weight| weight / largest).sum();
    Some(given.iter().map(|weight| weight / largest / sum).collect())
}
