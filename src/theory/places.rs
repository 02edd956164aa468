//! Waits behind a number of exponential departures: M/M/c with a length limit, and batches before M/M/c.
//!
//! While all workers are busy, departures are a Poisson process of rate θ = c μ. A message with k departures to wait for waits
//! for an Erlang time, so that P(W > t) = sum over j of Poisson(j; θ t) P(k > j): only positive terms.

use super::answer::{Times, percentiles};
use super::root;

/// How many departures a message has to wait for before it is served.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Departures per second.
    pub rate: f64,
    /// P(k > j) for j = 0, 1, 2 ...; zero beyond the end.
    beyond: Vec<f64>,
}

impl Places {
    /// From the probabilities of 0, 1, 2 ... departures, which sum to 1.
    pub fn new(rate: f64, probabilities: &[f64]) -> Places {
        let mut beyond = vec![0.0; probabilities.len().saturating_sub(1)];
        let mut sum = 0.0;
        for at in (0..beyond.len()).rev() {
            sum += probabilities[at + 1];
            beyond[at] = sum;
        }
        Places { rate, beyond }
    }

    /// Share of messages that wait.
    pub fn waited(&self) -> f64 {
        self.beyond.first().copied().unwrap_or(0.0)
    }

    /// E W = E k / θ.
    pub fn mean(&self) -> f64 {
        self.beyond.iter().sum::<f64>() / self.rate
    }

    /// E W^2 = E k (k + 1) / θ^2, and E k (k + 1) = 2 sum of (j + 1) P(k > j).
    pub fn sd(&self) -> f64 {
        let square: f64 = self.beyond.iter().enumerate().map(|(j, p)| 2.0 * (j + 1) as f64 * p).sum();
        (square / (self.rate * self.rate) - self.mean() * self.mean()).max(0.0).sqrt()
    }

    /// P(W > t).
    pub fn survivor(&self, t: f64) -> f64 {
        poisson_mean(&self.beyond, self.rate * t)
    }

    /// All about the wait.
    pub fn times(&self) -> Times {
        let scale = self.mean().max(1.0 / self.rate);
        Times {
            mean: Some(self.mean()),
            sd: Some(self.sd()),
            percentiles: percentiles(|q| root::quantile(|t| self.survivor(t), q, scale)),
        }
    }
}

/// The sum of Poisson(j; x) values[j]; values beyond the end are zero.
pub fn poisson_mean(values: &[f64], x: f64) -> f64 {
    if x <= 0.0 {
        return values.first().copied().unwrap_or(0.0);
    }
    // Beyond ten standard deviations (and some places, for small x) a Poisson number is never found.
    let reach = 10.0 * x.sqrt() + 40.0;
    let from = (x - reach).max(0.0) as usize;
    if from >= values.len() {
        return 0.0;
    }
    let to = ((x + reach) as usize).min(values.len() - 1);
    // From the mode outwards, so that no factor under- or overflows.
    let mode = (x as usize).clamp(from, to);
    let top = (mode as f64 * x.ln() - x - ln_factorial(mode)).exp();
    let mut sum = top * values[mode];
    let mut weight = top;
    for (j, value) in values.iter().enumerate().take(to + 1).skip(mode + 1) {
        weight *= x / j as f64;
        sum += weight * value;
    }
    weight = top;
    for j in (from..mode).rev() {
        weight *= (j + 1) as f64 / x;
        sum += weight * values[j];
    }
    sum
}

/// ln n!
pub fn ln_factorial(n: usize) -> f64 {
    statrs::function::gamma::ln_gamma(n as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometric_places_are_an_exponential_wait() {
        // P(k > j) = 0.8^(j + 1): W > 0 with 0.8, then exponential with 0.2 θ.
        let probabilities: Vec<f64> = (0..2000).map(|k| 0.2 * 0.8f64.powi(k)).collect();
        let times = Places::new(5.0, &probabilities).times();
        let exact = super::super::exponential::Exponential { waited: 0.8, rate: 1.0 }.times();
        assert!((times.mean.unwrap() / exact.mean.unwrap() - 1.0).abs() < 1e-13);
        assert!((times.sd.unwrap() / exact.sd.unwrap() - 1.0).abs() < 1e-13);
        for (a, b) in times.percentiles.iter().zip(&exact.percentiles) {
            assert!((a - b).abs() < 1e-11 * (1.0 + b), "{a} {b}");
        }
    }

    #[test]
    fn poisson_weights_sum_to_one() {
        for x in [1e-6, 0.3, 5.0, 1000.0, 3e5] {
            let ones = vec![1.0; (x + 20.0 * f64::sqrt(x)) as usize + 60];
            assert!((poisson_mean(&ones, x) - 1.0).abs() < 1e-9, "{x}");
        }
    }
}
