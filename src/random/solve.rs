//! Parameters of distributions from what people know of them: mean and coefficient of variation, or median and 99th percentile.
//!
//! Closed forms where they exist; else bisection, down to the last bit, on a function that is monotone in the one parameter
//! that has no scale. A hyperexponential has two phases with balanced means (each phase carries half of the mean; Morse 1958,
//! "Queues, Inventories and Maintenance").

use super::moments::weibull_scv;
use super::pinned::{exp, ln, ln_1p, ln_gamma, pow, sqrt};
use super::refusal::{check_mean_cv, check_p50_p99, check_ratio, digits};
use super::{Branch, Distribution, SolveError, bisection, normal};
use std::f64::consts::LN_2;

/// The shapes among which a Weibull distribution is sought: cv from 380000 down to 0.0013.
const WEIBULL_SHAPES: (f64, f64) = (0.05, 1000.0);
/// The shapes among which a gamma distribution is sought for two percentiles.
const GAMMA_SHAPES: (f64, f64) = (0.02, 1e8);

/// The lognormal distribution with this mean (nanoseconds) and coefficient of variation.
///
/// # Errors
/// When the mean or the cv is not a positive number.
pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Result<Distribution, SolveError> {
    check_mean_cv("lognormal", mean, cv)?;
    let square = ln_1p(cv * cv);
    Ok(Distribution::Lognormal { mu: ln(mean) - 0.5 * square, sigma: sqrt(square) })
}

/// The lognormal distribution with this median and 99th percentile (nanoseconds).
///
/// # Errors
/// When they are not positive, or p50 is not below p99.
pub fn lognormal_p50_p99(p50: f64, p99: f64) -> Result<Distribution, SolveError> {
    let ratio = check_p50_p99("lognormal", p50, p99)?;
    Ok(Distribution::Lognormal { mu: ln(p50), sigma: ln(ratio) / normal::quantile(0.99) })
}

/// The gamma distribution with this mean (nanoseconds) and coefficient of variation.
///
/// # Errors
/// When the mean or the cv is not a positive number.
pub fn gamma_mean_cv(mean: f64, cv: f64) -> Result<Distribution, SolveError> {
    check_mean_cv("gamma", mean, cv)?;
    let square = cv * cv;
    Ok(Distribution::Gamma { shape: 1.0 / square, scale: mean * square })
}

/// The gamma distribution with this median and 99th percentile (nanoseconds).
///
/// # Errors
/// When they are not positive, p50 is not below p99, or no shape has their ratio.
pub fn gamma_p50_p99(p50: f64, p99: f64) -> Result<Distribution, SolveError> {
    let ratio = check_p50_p99("gamma", p50, p99)?;
    let of = |shape: f64| Distribution::Gamma { shape, scale: 1.0 };
    let (heavy, light) = GAMMA_SHAPES;
    check_ratio("gamma", ratio, ratio_of(&of(light)), ratio_of(&of(heavy)), p50)?;
    let shape = bisection::first(heavy, light, |shape| ratio_of(&of(shape)) <= ratio);
    Ok(Distribution::Gamma { shape, scale: p50 / of(shape).quantile(0.5) })
}

/// The Weibull distribution with this mean (nanoseconds) and coefficient of variation.
///
/// # Errors
/// When the mean or the cv is not a positive number, or no shape has this cv.
pub fn weibull_mean_cv(mean: f64, cv: f64) -> Result<Distribution, SolveError> {
    check_mean_cv("weibull", mean, cv)?;
    let (heavy, light) = WEIBULL_SHAPES;
    let square = cv * cv;
    if square > weibull_scv(heavy) || square < weibull_scv(light) {
        let (least, most) = (sqrt(weibull_scv(light)), sqrt(weibull_scv(heavy)));
        return Err(SolveError::new(
            format!("no weibull distribution is known here with a cv of {cv}"),
            format!("write a cv between {} and {}", digits(least), digits(most)),
        ));
    }
    let shape = bisection::first(heavy, light, |shape| weibull_scv(shape) <= square);
    Ok(Distribution::Weibull { shape, scale: mean * exp(-ln_gamma(1.0 + 1.0 / shape)) })
}

/// The Weibull distribution with this median and 99th percentile (nanoseconds).
///
/// # Errors
/// When they are not positive, or p50 is not below p99.
pub fn weibull_p50_p99(p50: f64, p99: f64) -> Result<Distribution, SolveError> {
    let ratio = check_p50_p99("weibull", p50, p99)?;
    let shape = ln(ln(100.0) / LN_2) / ln(ratio);
    Ok(Distribution::Weibull { shape, scale: p50 * pow(LN_2, -1.0 / shape) })
}

/// The Pareto distribution with this mean (nanoseconds) and coefficient of variation; its shape is above 2.
///
/// # Errors
/// When the mean or the cv is not a positive number.
pub fn pareto_mean_cv(mean: f64, cv: f64) -> Result<Distribution, SolveError> {
    check_mean_cv("pareto", mean, cv)?;
    // 1/cv^2 = shape (shape - 2).
    let shape = 1.0 + sqrt(1.0 + 1.0 / (cv * cv));
    Ok(Distribution::Pareto { minimum: mean * (shape - 1.0) / shape, shape })
}

/// The Pareto distribution with this median and 99th percentile (nanoseconds). From a ratio of 50 on its mean is infinite.
///
/// # Errors
/// When they are not positive, or p50 is not below p99.
pub fn pareto_p50_p99(p50: f64, p99: f64) -> Result<Distribution, SolveError> {
    let ratio = check_p50_p99("pareto", p50, p99)?;
    let shape = ln(50.0) / ln(ratio);
    Ok(Distribution::Pareto { minimum: p50 * exp(-LN_2 / shape), shape })
}

/// The hyperexponential distribution of two phases with balanced means that has this mean (nanoseconds) and coefficient
/// of variation.
///
/// # Errors
/// When the mean is not a positive number, or the cv is below 1.
pub fn hyperexponential_mean_cv(mean: f64, cv: f64) -> Result<Distribution, SolveError> {
    check_mean_cv("hyperexponential", mean, cv)?;
    if cv < 1.0 {
        return Err(SolveError::new(
            format!(
                "a hyperexponential distribution varies at least as much as an exponential one: its cv is 1 or more, not {cv}"
            ),
            "write a cv of 1 or more, or take `gamma`, which can have any",
        ));
    }
    let square = cv * cv;
    // The rarer branch has probability (1 - root)/2; 1 - root without cancellation.
    let root = sqrt((square - 1.0) / (square + 1.0));
    Ok(balanced(mean, 1.0 / ((square + 1.0) * (1.0 + root))))
}

/// The hyperexponential distribution of two phases with balanced means that has this median and 99th percentile
/// (nanoseconds); of two, the one that varies less.
///
/// # Errors
/// When they are not positive, p50 is not below p99, or their ratio is out of reach: below that of an exponential distribution
/// (6.64), or above some 49.
pub fn hyperexponential_p50_p99(p50: f64, p99: f64) -> Result<Distribution, SolveError> {
    let ratio = check_p50_p99("hyperexponential", p50, p99)?;
    let of = |rare: f64| ratio_of(&balanced(1.0, rare));
    let peak = peak(of, 0.005, 0.5);
    check_ratio("hyperexponential", ratio, ln(100.0) / LN_2, of(peak), p50)?;
    let rare = bisection::first(peak, 0.5, |rare| of(rare) <= ratio);
    Ok(balanced(p50 / balanced(1.0, rare).quantile(0.5), rare))
}

/// Two phases, each with half of the mean; the rarer, longer one with probability `rare`.
fn balanced(mean: f64, rare: f64) -> Distribution {
    let branch = |probability: f64| Branch { probability, mean: 0.5 * mean / probability };
    Distribution::Hyperexponential { branches: vec![branch(1.0 - rare), branch(rare)] }
}

/// p99 / p50.
fn ratio_of(distribution: &Distribution) -> f64 {
    distribution.quantile(0.99) / distribution.quantile(0.5)
}

/// Where a function with one peak has it: golden-section search.
fn peak(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = 0.5 * (sqrt(5.0) - 1.0);
    while high - low > 1e-9 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if f(a) < f(b) {
            low = a;
        } else {
            high = b;
        }
    }
    0.5 * (low + high)
}
