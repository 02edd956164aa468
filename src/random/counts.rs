//! Distributions of whole numbers: batch sizes and priorities.

use super::pinned::{ln_1p, ln_uniform};
use super::sample::pick;
use super::{Draws, Part};

/// A distribution of a whole number.
#[derive(Debug, Clone, PartialEq)]
pub enum Counts {
    /// Always the same.
    Constant(u32),
    /// Every number from `min` to `max`, each as likely.
    Uniform {
        /// The smallest number.
        min: u32,
        /// The largest number, at least `min`.
        max: u32,
    },
    /// 1, 2, 3 ... with P(n) = p (1 - p)^(n - 1), p = 1 / mean.
    Geometric {
        /// The mean, at least 1.
        mean: f64,
    },
    /// One of several numbers; weights sum to 1.
    Discrete {
        /// The numbers.
        values: Vec<Part<u32>>,
    },
}

impl Counts {
    /// Draws a number for one message.
    pub fn draw(&self, draws: &mut Draws) -> u32 {
        match self {
            Counts::Constant(value) => *value,
            Counts::Uniform { min, max } => {
                let size = u128::from(max - min) + 1;
                // The high word of the product: below `size`.
                max - ((u128::from(draws.bits()) * size) >> 64) as u32
            }
            // By inversion: P(n > k) = (1 - p)^k; a number beyond the range becomes the largest.
            Counts::Geometric { mean } => 1u32.saturating_add((ln_uniform(draws.uniform()) / ln_1p(-1.0 / mean)) as u32),
            Counts::Discrete { values } => *pick(values, draws),
        }
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        match self {
            Counts::Constant(value) => f64::from(*value),
            Counts::Uniform { min, max } => 0.5 * (f64::from(*min) + f64::from(*max)),
            Counts::Geometric { mean } => *mean,
            Counts::Discrete { values } => values.iter().map(|part| part.weight * f64::from(part.of)).sum(),
        }
    }

    /// The variance.
    pub fn variance(&self) -> f64 {
        match self {
            Counts::Constant(_) => 0.0,
            Counts::Uniform { min, max } => {
                let size = f64::from(max - min) + 1.0;
                (size * size - 1.0) / 12.0
            }
            Counts::Geometric { mean } => mean * (mean - 1.0),
            Counts::Discrete { values } => {
                let mean = self.mean();
                values.iter().map(|part| part.weight * (f64::from(part.of) - mean) * (f64::from(part.of) - mean)).sum()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    fn all() -> Vec<Counts> {
        let part = |weight, of| Part { weight, of };
        vec![
            Counts::Constant(3),
            Counts::Uniform { min: 0, max: 9 },
            Counts::Uniform { min: 0, max: u32::MAX },
            Counts::Geometric { mean: 1.0 },
            Counts::Geometric { mean: 5.5 },
            Counts::Discrete { values: vec![part(0.9, 1), part(0.1, 7)] },
        ]
    }

    #[test]
    fn samples_have_the_stated_mean_and_variance() {
        let n = 100_000u64;
        for counts in all() {
            let stream = Stream::named(1, 0, "counts", "test");
            let sample: Vec<f64> = (0..n).map(|k| f64::from(counts.draw(&mut stream.at(k)))).collect();
            let mean = sample.iter().sum::<f64>() / n as f64;
            let moment = |power: i32| sample.iter().map(|x| (x - counts.mean()).powi(power)).sum::<f64>() / n as f64;
            let (variance, fourth) = (moment(2), moment(4));
            assert!((mean - counts.mean()).abs() <= 5.0 * (counts.variance() / n as f64).sqrt(), "{counts:?}: mean {mean}");
            let error = ((fourth - variance * variance).max(0.0) / n as f64).sqrt();
            assert!((variance - counts.variance()).abs() <= 5.0 * error + 1e-12, "{counts:?}: variance {variance}");
        }
    }

    #[test]
    fn the_shares_of_a_uniform_and_a_geometric_number_are_right() {
        let n = 100_000u64;
        let geometric = |k: u32| 0.25 * 0.75f64.powi(k as i32 - 1);
        let uniform = |k: u32| if (2..=5).contains(&k) { 0.25 } else { 0.0 };
        let cases: [(Counts, &dyn Fn(u32) -> f64); 2] =
            [(Counts::Geometric { mean: 4.0 }, &geometric), (Counts::Uniform { min: 2, max: 5 }, &uniform)];
        for (counts, share) in cases {
            let stream = Stream::named(2, 0, "counts", "test");
            let sample: Vec<u32> = (0..n).map(|k| counts.draw(&mut stream.at(k))).collect();
            for k in 1..12 {
                let expected = share(k) * n as f64;
                let found = sample.iter().filter(|x| **x == k).count() as f64;
                assert!((found - expected).abs() <= 5.0 * expected.sqrt(), "{counts:?} {k}: {found} for {expected}");
            }
        }
    }
}
