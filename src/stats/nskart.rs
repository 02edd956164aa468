//! N-Skart: an interval for the mean of one long, correlated series.
//!
//! Tafazzoli, Steiger and Wilson 2011, "N-Skart: a nonsequential skewness- and autoregression-adjusted batch-means procedure
//! for simulation analysis", IEEE Transactions on Automatic Control 56(2). In short: batches grow until their means, a spacer
//! of some batches between each two, pass von Neumann's test of independence; the spacer is skipped at the start as warm-up;
//! the interval is Student's, widened for the correlation of adjacent batch means and bent for their skewness.
//!
//! A series that is too short for its correlation is refused: that is the point of the method.

use super::Estimate;
use super::interval::student_t;
use super::moments::{Moments, bent, moments};
use thiserror::Error;

/// Batches at the start, and the fewest observations of a series.
pub const LEAST: usize = 1280;
/// Batches that the interval is made of, where there are enough observations.
const FINAL: usize = 1024;
/// The normal quantile of the two-sided test of independence at level 0.2.
const TEST_QUANTILE: f64 = 1.281_551_565_545;
/// Residuals smaller than this share of their numerator are errors of rounding.
const ROUNDING: f64 = 1e-12;

/// Why a series gives no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Fewer observations than the method starts from.
    #[error("one run gives an interval from {LEAST} slots of time on, and this has {0}: lengthen it, or run replications")]
    TooFew(usize),
    /// Batches of the whole series are still correlated.
    #[error("the run is too short for how slowly its values change: lengthen it, or run replications")]
    Correlated,
}

/// An interval for a mean; not symmetric, because skewed data say more about one side than about the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skart {
    /// Mean of what is left after the skipped start.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Observations skipped at the start.
    pub skipped: usize,
    /// Observations that lie between nearly independent ones.
    pub memory: usize,
}

/// The interval for the mean of a series of equally spaced observations.
///
/// # Errors
/// The series is too short.
pub fn nskart(series: &[f64], confidence: f64) -> Result<Skart, Refusal> {
    let n = series.len();
    if n < LEAST {
        return Err(Refusal::TooFew(n));
    }
    if series.iter().all(|value| *value == series[0]) {
        return Ok(Skart { mean: series[0], low: series[0], high: series[0], skipped: 0, memory: 1 });
    }
    let spacing = independent_spacing(series)?;
    let Spacing { mut batch, batches, kept, grown, spacer } = spacing;
    // Step 5: skip the spacer as warm-up, and use all that is left.
    let mut skipped = spacer * batch;
    let left = n - skipped;
    let mut count = ((kept as f64 / 0.9f64.powi(grown)).ceil() as usize).min(batches);
    let factor = (left as f64 / (count * batch) as f64).sqrt();
    if ((factor * count as f64) as usize) < FINAL {
        count = (factor * count as f64) as usize;
        batch = (factor * batch as f64) as usize;
    } else {
        count = FINAL;
        batch = left / FINAL;
    }
    let memory = spacing.batch * (spacer + 1);
    skipped += left - count * batch;
    // Steps 6 and 7.
    let means = means_of(&series[skipped..], batch);
    let Moments { mean, variance, .. } = moments(&means);
    let lagged: f64 = means.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let correlation = lagged / ((count - 1) as f64 * variance);
    let adjustment = ((1.0 + correlation) / (1.0 - correlation)).max(0.0);
    let between = (spacer * spacing.batch).div_ceil(batch);
    let spaced: Vec<f64> = means.iter().copied().step_by(between + 1).collect();
    let bend = moments(&spaced).skewness / (6.0 * (spaced.len() as f64).sqrt());
    let t = student_t(confidence, spaced.len().max(2) - 1);
    let half = (adjustment * variance / count as f64).sqrt();
    Ok(Skart { mean, low: mean - bent(t, bend) * half, high: mean - bent(-t, bend) * half, skipped, memory })
}

/// The number of slots within which a run forgets: those between nearly independent ones.
///
/// # Errors
/// The run is too short to tell.
pub fn memory(slots: &[(f64, f64)]) -> Result<usize, Refusal> {
    Ok(nskart(&residuals(slots), 0.95)?.memory)
}

/// Numerator minus ratio times denominator in each slot.
fn residuals(slots: &[(f64, f64)]) -> Vec<f64> {
    let (above, below) = slots.iter().fold((0.0, 0.0), |sums, slot| (sums.0 + slot.0, sums.1 + slot.1));
    let ratio = above / below;
    let residual = |&(above, below): &(f64, f64)| {
        let residual = above - ratio * below;
        if residual.abs() <= ROUNDING * above.abs() { 0.0 } else { residual }
    };
    slots.iter().map(residual).collect()
}

/// The ratio of two sums along one run, from their gains in equal slots of time.
///
/// The interval is that of the mean of the residuals, numerator minus ratio times denominator, over the mean denominator (the
/// delta method); the value is that of the whole run.
pub fn one_run(slots: &[(f64, f64)], confidence: f64) -> Estimate {
    let numerator: f64 = slots.iter().map(|slot| slot.0).sum();
    let denominator: f64 = slots.iter().map(|slot| slot.1).sum();
    if denominator <= 0.0 {
        return Estimate::absent("nothing was observed");
    }
    let ratio = numerator / denominator;
    let scale = denominator / slots.len() as f64;
    match nskart(&residuals(slots), confidence) {
        Err(refusal) => Estimate::alone(ratio, refusal.to_string()),
        // What was skipped may shift the interval; the value of the whole run is part of it nevertheless.
        Ok(skart) => Estimate {
            estimate: Some(ratio),
            low: Some(ratio + (skart.low / scale).min(0.0)),
            high: Some(ratio + (skart.high / scale).max(0.0)),
            ..Estimate::default()
        },
    }
}

/// Batches that are independent with some of them left out between each two.
struct Spacing {
    /// Observations in a batch.
    batch: usize,
    /// Batches of the series.
    batches: usize,
    /// Batches left when the spacers are taken out.
    kept: usize,
    /// Times that batches have grown.
    grown: i32,
    /// Batches left out between each two.
    spacer: usize,
}

/// Steps 1 to 4.
fn independent_spacing(series: &[f64]) -> Result<Spacing, Refusal> {
    let n = series.len();
    let wild = moments(&series[n / 5..]).skewness.abs() > 4.0;
    let mut batch = if wild { 16.min(n / LEAST) } else { 1 };
    let mut batches = LEAST;
    let mut most = None;
    let mut grown = 0;
    loop {
        let means = means_of(&series[..batches * batch], batch);
        let most = *most.get_or_insert_with(|| if moments(&means[batches / 5..]).skewness.abs() > 0.5 { 3 } else { 10 });
        for spacer in 0..=most {
            let spaced: Vec<f64> = means.iter().copied().skip(spacer).step_by(spacer + 1).collect();
            if independent(&spaced, TEST_QUANTILE) {
                return Ok(Spacing { batch, batches, kept: spaced.len(), grown, spacer });
            }
        }
        batch = (std::f64::consts::SQRT_2 * batch as f64).ceil() as usize;
        batches = (0.9 * batches as f64).ceil() as usize;
        grown += 1;
        if batch * batches > n {
            return Err(Refusal::Correlated);
        }
    }
}

/// Von Neumann's test: whether the mean squared step from one value to the next is what independent values give.
pub fn independent(values: &[f64], quantile: f64) -> bool {
    let k = values.len() as f64;
    let mean = values.iter().sum::<f64>() / k;
    let spread: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let steps: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum();
    // Values that do not differ say nothing.
    spread > 0.0 && (1.0 - steps / (2.0 * spread)).abs() <= quantile * ((k - 2.0) / (k * k - 1.0)).sqrt()
}

fn means_of(series: &[f64], batch: usize) -> Vec<f64> {
    series.chunks_exact(batch).map(|values| values.iter().sum::<f64>() / batch as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    /// Experiments in a study here, and the band of hits that a true 95 % interval leaves once in a thousand studies.
    const EXPERIMENTS: u64 = 200;
    const BAND: std::ops::RangeInclusive<u64> = 178..=199;

    fn exponential(rng: &mut StdRng) -> f64 {
        -(1.0 - rng.random::<f64>()).ln()
    }

    /// Hits and refusals of the intervals for this mean, over series that a generator makes.
    fn study(truth: f64, mut series: impl FnMut(&mut StdRng) -> Vec<f64>) -> (u64, u64) {
        let (mut hits, mut refused) = (0, 0);
        for seed in 0..EXPERIMENTS {
            match nskart(&series(&mut StdRng::seed_from_u64(seed)), 0.95) {
                Ok(found) => hits += u64::from(found.low <= truth && truth <= found.high),
                Err(_) => refused += 1,
            }
        }
        (hits, refused)
    }

    #[test]
    fn independent_values_are_covered() {
        let (hits, refused) = study(1.0, |rng| (0..4000).map(|_| exponential(rng)).collect());
        assert!(BAND.contains(&hits) && refused == 0, "{hits} hits, {refused} refused");
    }

    /// A first-order autoregression with correlation 0.9 around 100, from a start that is far off.
    #[test]
    fn an_autoregression_is_covered() {
        let (hits, refused) = study(100.0, |rng| {
            let mut value = 110.0;
            (0..20_000)
                .map(|_| {
                    let noise: f64 = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
                    value = 100.0 + 0.9 * (value - 100.0) + noise;
                    value
                })
                .collect()
        });
        assert!(BAND.contains(&hits) && refused == 0, "{hits} hits, {refused} refused");
    }

    /// Waits of M/M/1 at load 0.8 from empty (Lindley's recursion); the mean is 4 service times. The interval is known to be a
    /// little wide: 97 % in the paper.
    #[test]
    fn waits_before_a_busy_server_are_covered() {
        let (hits, refused) = study(4.0, |rng| lindley(rng, 0.8, 100_000));
        assert!((178..=200).contains(&hits) && refused < 4, "{hits} hits, {refused} refused");
    }

    fn lindley(rng: &mut StdRng, load: f64, count: usize) -> Vec<f64> {
        let mut wait: f64 = 0.0;
        (0..count)
            .map(|_| {
                let now = wait;
                wait = (wait + exponential(rng) - exponential(rng) / load).max(0.0);
                now
            })
            .collect()
    }

    /// The fault that this method is for: as if independent, the same series would be covered by fewer than one in two.
    #[test]
    fn as_if_independent_the_waits_would_not_be_covered() {
        let mut hits = 0;
        for seed in 0..50 {
            let series = lindley(&mut StdRng::seed_from_u64(seed), 0.8, 20_000);
            let found = super::super::interval::mean(&series, 0.95);
            hits += u64::from(found.low <= Some(4.0) && Some(4.0) <= found.high);
        }
        assert!(hits < 25, "{hits}");
    }

    #[test]
    fn a_short_series_is_refused() {
        assert_eq!(nskart(&vec![1.0; 1279], 0.95), Err(Refusal::TooFew(1279)));
        let mut rng = StdRng::seed_from_u64(1);
        let slow = lindley(&mut rng, 0.99, 10_000);
        assert_eq!(nskart(&slow, 0.95), Err(Refusal::Correlated));
        let drifting: Vec<f64> = (0..50_000).map(f64::from).collect();
        assert_eq!(nskart(&drifting, 0.95), Err(Refusal::Correlated));
    }

    #[test]
    fn a_constant_has_no_spread() {
        let found = nskart(&vec![3.0; 2000], 0.95).unwrap();
        assert_eq!((found.mean, found.low, found.high), (3.0, 3.0, 3.0));
        let slots: Vec<(f64, f64)> = (0..2000).map(|at| (f64::from(at % 7) * 0.3, f64::from(at % 7))).collect();
        let found = one_run(&slots, 0.95);
        assert!((found.estimate.unwrap() - 0.3).abs() < 1e-12 && found.low == found.high, "{found:?}");
    }
}
