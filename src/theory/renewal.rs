//! GI/M/c: independent gaps of any law before exponential work, first in first out.
//!
//! With A(s) the transform of the gap and ω the root of ω = A(c μ (1 - ω)) below 1, a message waits with some probability, and
//! then for an exponential time of rate c μ (1 - ω). The probability is Takács's: with φ(j) = A(j μ) and
//! C(j) = product over i <= j of φ(i) / (1 - φ(i)),
//! P(wait) = (1 / (1 - ω)) / [1 / (1 - ω) + sum over j <= c of binomial(c, j) / (C(j) (1 - φ(j))) h(j)],
//! h(j) = (c (1 - φ(j)) - j) / (c (1 - ω) - j). Numerator and denominator of h have the same sign, so that all terms are positive.

use super::answer::{Law, Solution};
use super::exponential::Exponential;
use super::places::ln_factorial;
use super::transform::{Laplace, cost};
use crate::random::Distribution;

const SOURCE: &str =
    "L. Takács, Introduction to the Theory of Queues (1962), chapter 2; D. Gross and C. M. Harris (1998), section 5.3";
/// Larger pools are not solved.
const MOST: u32 = 20_000;

/// GI/M/c for a load below 1: `gap` in nanoseconds, `service_rate` per second.
pub fn gim(gap: &Distribution, service_rate: f64, workers: u32) -> Option<Solution> {
    if workers > MOST || cost(gap) * f64::from(workers + 300) > 1e9 {
        return None;
    }
    let transform = Laplace::of(gap);
    let rate = 1e9 / gap.mean();
    let capacity = f64::from(workers) * service_rate;
    // Per nanosecond, as the gap is.
    let at = |per_second: f64| transform.at(per_second / 1e9);
    let slope = |per_second: f64| transform.slope_at(per_second / 1e9) / 1e9;
    let omega = root(&|x| at(capacity * (1.0 - x)));
    if !(0.0..1.0).contains(&omega) {
        return None;
    }
    let c = f64::from(workers);
    // Logarithms of the terms, because those of a large pool leave the range of numbers.
    let mut product = 0.0;
    let mut logs = vec![-(1.0 - omega).ln()];
    for j in 1..=workers {
        let phi = at(f64::from(j) * service_rate);
        let rest = 1.0 - phi;
        product += phi.ln() - rest.ln();
        let (above, below) = (c * rest - f64::from(j), c * (1.0 - omega) - f64::from(j));
        let quotient = if below.abs() > 1e-6 * c { above / below } else { 1.0 - capacity * slope(f64::from(j) * service_rate) };
        let binomial = ln_factorial(workers as usize) - ln_factorial(j as usize) - ln_factorial((workers - j) as usize);
        logs.push(binomial - product - rest.ln() + quotient.max(1e-300).ln());
    }
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::INFINITY {
        // A term beyond all numbers: nobody ever waits.
        logs[0] = f64::NEG_INFINITY;
    }
    let sum: f64 = logs.iter().map(|log| (log - top).exp()).sum();
    let waited = if top == f64::INFINITY { 0.0 } else { (logs[0] - top).exp() / sum };
    let wait = Exponential { waited, rate: capacity * (1.0 - omega) };
    if !waited.is_finite() {
        return None;
    }
    let letter = if matches!(gap, Distribution::Constant { .. }) { "D" } else { "GI" };
    Some(Solution {
        wait: wait.times(),
        sojourn: wait.sojourn(service_rate),
        waited: Some(waited),
        ready: Some(rate * wait.mean()),
        ..Solution::by(Law::exact(format!("{letter}/M/{workers} (Takács)"), SOURCE))
    })
}

/// The root of f(x) = x below 1, for an f that is convex and rises, with f(1) = 1 and a slope above 1 there.
fn root(f: &dyn Fn(f64) -> f64) -> f64 {
    // f(x) - x is positive below the root and negative between it and 1.
    let mut high = 0.5;
    while f(high) > high && high < 1.0 - 1e-12 {
        high = 0.5 * (1.0 + high);
    }
    let mut low = 0.0;
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if f(middle) > middle {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-16 * high {
            break;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::exponential::mmc;

    #[test]
    fn exponential_gaps_are_mmc() {
        for (rate, workers) in [(0.8, 1), (2.4, 3), (9.5, 10), (950.0, 1000), (9000.0, 10_000)] {
            let gap = Distribution::Exponential { mean: 1e9 / rate };
            let (found, exact) = (gim(&gap, 1.0, workers).unwrap(), mmc(rate, 1.0, workers));
            assert!((found.waited.unwrap() / exact.waited.unwrap() - 1.0).abs() < 1e-8, "{workers}: {found:?} {exact:?}");
            assert!((found.wait.mean.unwrap() / exact.wait.mean.unwrap() - 1.0).abs() < 1e-8, "{workers}");
        }
    }

    /// D/M/1 at load 0.5: ω = exp(-2 (1 - ω)) = 0.203188.
    #[test]
    fn constant_gaps() {
        let found = gim(&Distribution::Constant { value: 2e9 }, 1.0, 1).unwrap();
        assert!((found.waited.unwrap() - 0.203_187_87).abs() < 1e-8, "{found:?}");
    }
}
