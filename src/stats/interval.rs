//! Intervals from independent replications.
//!
//! Means and ratios: Student t, reaching further to the side that the skewness of the values speaks for (Johnson 1978; Willink
//! 2005): ten means of skewed data are themselves skewed, and what they miss lies on that side. (For ratios of sums on the linearised residuals, the delta method: Law, "Simulation Modeling
//! and Analysis", section 9.5.) Standard deviations: that of the pooled data, with the spread of the replications'
//! around it (sectioning: Asmussen and Glynn 2007, "Stochastic Simulation", III.5a).

use super::Estimate;
use super::moments::{moments, reach};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Why one replication alone gives no interval.
pub const ONE_REPLICATION: &str = "one replication has no spread to judge by: run more";

/// Why one run whose batches are alike gives no interval.
pub const DEPENDENT_BATCHES: &str =
    "the batches of this one run are too short to be independent: lengthen it, or run replications";

/// Fewer values tell too little of their skewness.
pub(super) const LEAST_FOR_SKEWNESS: usize = 5;

/// The quantile of Student's t distribution that leaves (1 - confidence)/2 above it.
pub fn student_t(confidence: f64, degrees: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees as f64) {
        Ok(t) => t.inverse_cdf(0.5 + confidence / 2.0),
        Err(_) => f64::NAN,
    }
}

/// The mean of independent values.
pub fn mean(values: &[f64], confidence: f64) -> Estimate {
    let pairs: Vec<(f64, f64)> = values.iter().map(|&value| (value, 1.0)).collect();
    ratio(&pairs, confidence)
}

/// The ratio of two sums, from independent pairs of addends.
pub fn ratio(pairs: &[(f64, f64)], confidence: f64) -> Estimate {
    let n = pairs.len() as f64;
    let numerator: f64 = pairs.iter().map(|pair| pair.0).sum();
    let denominator: f64 = pairs.iter().map(|pair| pair.1).sum();
    if denominator <= 0.0 {
        return Estimate::absent("nothing was observed");
    }
    let ratio = numerator / denominator;
    if pairs.len() < 2 {
        return Estimate::alone(ratio, ONE_REPLICATION);
    }
    let residuals: Vec<f64> = pairs.iter().map(|pair| pair.0 - ratio * pair.1).collect();
    let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
    let error = (squares / (n - 1.0) / n).sqrt() / (denominator / n);
    let t = student_t(confidence, pairs.len() - 1);
    let skewness = if pairs.len() < LEAST_FOR_SKEWNESS || error == 0.0 { 0.0 } else { moments(&residuals).skewness };
    let bend = skewness / (6.0 * n.sqrt());
    let (down, up) = reach(t, bend);
    let (low, high) = (ratio - down * error, ratio + up * error);
    Estimate { estimate: Some(ratio), low: Some(low), high: Some(high), ..Estimate::default() }
}

/// A value of the pooled data with the spread of the same value in each replication around it.
pub fn section(pooled: f64, parts: &[f64], confidence: f64) -> Estimate {
    if parts.len() < 2 {
        return Estimate::alone(pooled, ONE_REPLICATION);
    }
    let n = parts.len() as f64;
    let spread: f64 = parts.iter().map(|part| (part - pooled).powi(2)).sum();
    let error = (spread / (n - 1.0) / n).sqrt();
    Estimate::around(pooled, student_t(confidence, parts.len() - 1) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of Student's t: t(.975, 9) = 2.262157163, t(.975, 1) = 12.70620474, t(.995, 19) = 2.860934606.
    #[test]
    fn student_t_is_that_of_the_tables() {
        for (confidence, degrees, value) in [(0.95, 9, 2.262157163), (0.95, 1, 12.70620474), (0.99, 19, 2.860934606)] {
            assert!((student_t(confidence, degrees) - value).abs() < 1e-7);
        }
    }

    #[test]
    fn an_interval_is_student_t_around_the_mean() {
        // Mean 3, standard deviation 1.5811, standard error 0.70711, t(.975, 4) = 2.776445.
        let found = mean(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95);
        assert_eq!(found.estimate, Some(3.0));
        assert!((found.high.unwrap() - 4.963243).abs() < 1e-5, "{found:?}");
        assert!((found.low.unwrap() - 1.036757).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        assert_eq!(mean(&[], 0.95).estimate, None);
        let alone = mean(&[2.0], 0.95);
        assert_eq!((alone.estimate, alone.low, alone.high), (Some(2.0), None, None));
        assert!(alone.reason.is_some());
        assert_eq!(ratio(&[(0.0, 0.0), (0.0, 0.0)], 0.95).estimate, None);
        assert_eq!(section(4.0, &[4.0, 4.0], 0.95), Estimate::around(4.0, 0.0));
    }
}
