//! Moments of values, and Student's t bent for their skewness.

/// Mean, spread and skewness of some values.
pub(super) struct Moments {
    /// Arithmetic mean.
    pub mean: f64,
    /// Unbiased variance.
    pub variance: f64,
    /// Adjusted skewness; 0 where there is none.
    pub skewness: f64,
}

/// The moments of at least two values.
pub(super) fn moments(values: &[f64]) -> Moments {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (mut second, mut third) = (0.0, 0.0);
    for value in values {
        let off = value - mean;
        second += off * off;
        third += off * off * off;
    }
    let (second, third) = (second / n, third / n);
    let variance = second * n / (n - 1.0);
    let skewness = third / (second * second.sqrt()) * (n * (n - 1.0)).sqrt() / (n - 2.0);
    Moments { mean, variance, skewness: if skewness.is_finite() { skewness } else { 0.0 } }
}

/// The skewness-adjusted quantile (Willink 2005, after Johnson and Hall).
pub(super) fn bent(t: f64, bend: f64) -> f64 {
    if bend.abs() < 1e-3 { t } else { ((1.0 + 6.0 * bend * (t - bend)).cbrt() - 1.0) / (2.0 * bend) }
}

/// How many standard errors an interval reaches down and up, for a mean whose own skewness is six times `bend`: never less than
/// Student's t, which is what few values tell too little to go below.
pub(super) fn reach(t: f64, bend: f64) -> (f64, f64) {
    (bent(t, bend).max(t), (-bent(-t, bend)).max(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_books() {
        // Deviations -2, -1, -1, 0, 4: variance 22/4; central moments 22/5 and 54/5.
        let found = moments(&[1.0, 2.0, 2.0, 3.0, 7.0]);
        assert_eq!((found.mean, found.variance), (3.0, 5.5));
        let skewness = 10.8 / 4.4f64.powf(1.5) * 20.0f64.sqrt() / 3.0;
        assert!((found.skewness - skewness).abs() < 1e-12);
        assert_eq!(moments(&[2.0; 5]).skewness, 0.0);
    }

    #[test]
    fn bending_moves_both_quantiles_to_the_same_side() {
        assert_eq!(bent(2.0, 0.0), 2.0);
        assert!(bent(2.0, 0.05) < 2.0 && bent(-2.0, 0.05) < -2.0);
        assert!((bent(2.0, 1.1e-3) - 2.0).abs() < 0.01);
    }
}
