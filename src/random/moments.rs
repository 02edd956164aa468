//! Means and variances, all by closed forms (Johnson, Kotz and Balakrishnan 1994/95, "Continuous Univariate Distributions").
//!
//! A truncated distribution has the moments of its part below the cut, divided by the probability of that part; the file
//! `partial` has them.

use super::pinned::{exp, exp_m1, ln_gamma};
use super::{Distribution, Part, normal, phase_type};

impl Distribution {
    /// Mean in nanoseconds; infinite for a Pareto distribution of shape 1 or less.
    pub fn mean(&self) -> f64 {
        match self {
            Distribution::Constant { value } => *value,
            Distribution::Exponential { mean } | Distribution::Erlang { mean, .. } => *mean,
            Distribution::Uniform { min, max } => 0.5 * (min + max),
            Distribution::Triangular { min, mode, max } => (min + mode + max) / 3.0,
            Distribution::Normal { mean, sd } => mean + sd * hazard_at_zero(*mean, *sd),
            Distribution::Lognormal { mu, sigma } => exp(mu + 0.5 * sigma * sigma),
            Distribution::Gamma { shape, scale } => shape * scale,
            Distribution::Weibull { shape, scale } => scale * exp(ln_gamma(1.0 + 1.0 / shape)),
            Distribution::Pareto { minimum, shape } if *shape > 1.0 => minimum * shape / (shape - 1.0),
            Distribution::Pareto { .. } => f64::INFINITY,
            Distribution::Hyperexponential { branches } => branches.iter().map(|b| b.probability * b.mean).sum(),
            Distribution::PhaseType { initial, rates } => phase_type::moments(initial, rates).0,
            Distribution::Empirical { values, smooth } => empirical_mean(values, *smooth),
            Distribution::Discrete { values } => values.iter().map(|part| part.weight * part.of).sum(),
            Distribution::Mixture { parts } => parts.iter().map(|part| part.weight * part.of.mean()).sum(),
            Distribution::Shifted { by, of } => by + of.mean(),
            Distribution::Truncated { max, of } => {
                let [probability, first, _] = of.moments_up_to(*max);
                first / probability
            }
        }
    }

    /// Whether long lengths are rare but far longer than all others: the tail falls more slowly than that of any exponential, so that a
    /// sum is long because one of its terms is (subexponential; Embrechts, Klüppelberg and Mikosch 1997, section 1.3).
    pub fn is_heavy_tailed(&self) -> bool {
        match self {
            Distribution::Lognormal { sigma, .. } => *sigma > 0.0,
            Distribution::Pareto { .. } => true,
            Distribution::Weibull { shape, .. } => *shape < 1.0,
            Distribution::Mixture { parts } => parts.iter().any(|part| part.weight > 0.0 && part.of.is_heavy_tailed()),
            Distribution::Shifted { of, .. } => of.is_heavy_tailed(),
            _ => false,
        }
    }

    /// Squared coefficient of variation, variance / mean^2; infinite where the variance is, and 0 for a length of zero.
    pub fn scv(&self) -> f64 {
        match self {
            Distribution::Constant { .. } => 0.0,
            Distribution::Exponential { .. } => 1.0,
            Distribution::Lognormal { sigma, .. } => exp_m1(sigma * sigma),
            Distribution::Gamma { shape, .. } => 1.0 / shape,
            Distribution::Erlang { stages, .. } => 1.0 / f64::from(*stages),
            Distribution::Weibull { shape, .. } => weibull_scv(*shape),
            Distribution::Pareto { shape, .. } if *shape > 2.0 => 1.0 / (shape * (shape - 2.0)),
            Distribution::Pareto { .. } => f64::INFINITY,
            _ => {
                let (mean, variance) = (self.mean(), self.variance());
                if mean == 0.0 || variance.is_infinite() { variance } else { variance / mean / mean }
            }
        }
    }

    /// Variance in square nanoseconds.
    fn variance(&self) -> f64 {
        match self {
            Distribution::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            Distribution::Triangular { min, mode, max } => {
                let (left, right) = (mode - min, max - mode);
                (left * left + left * right + right * right) / 18.0
            }
            Distribution::Normal { mean, sd } => {
                let hazard = hazard_at_zero(*mean, *sd);
                // `hazard` is zero for sd = 0, where the quotient is none.
                if hazard == 0.0 { sd * sd } else { sd * sd * (1.0 - hazard * (hazard + mean / sd)) }
            }
            Distribution::Hyperexponential { branches } => {
                let mean = self.mean();
                let second: f64 = branches.iter().map(|b| b.probability * b.mean * b.mean).sum();
                2.0 * second - mean * mean
            }
            Distribution::PhaseType { initial, rates } => {
                let (first, second) = phase_type::moments(initial, rates);
                second - first * first
            }
            Distribution::Empirical { values, smooth } => empirical_variance(values, *smooth),
            Distribution::Discrete { values } => {
                let mean = self.mean();
                values.iter().map(|part| part.weight * (part.of - mean) * (part.of - mean)).sum()
            }
            Distribution::Mixture { parts } => mixture_variance(parts, self.mean()),
            Distribution::Shifted { of, .. } => of.variance(),
            Distribution::Truncated { max, of } => {
                let [probability, first, second] = of.moments_up_to(*max);
                let mean = first / probability;
                (second / probability - mean * mean).max(0.0)
            }
            Distribution::Constant { .. }
            | Distribution::Exponential { .. }
            | Distribution::Lognormal { .. }
            | Distribution::Gamma { .. }
            | Distribution::Erlang { .. }
            | Distribution::Weibull { .. }
            | Distribution::Pareto { .. } => {
                let scv = self.scv();
                if scv.is_infinite() { scv } else { scv * self.mean() * self.mean() }
            }
        }
    }
}

/// The scv of a Weibull distribution: Γ(1 + 2/k) / Γ(1 + 1/k)^2 - 1.
pub(super) fn weibull_scv(shape: f64) -> f64 {
    exp_m1(ln_gamma(1.0 + 2.0 / shape) - 2.0 * ln_gamma(1.0 + 1.0 / shape))
}

/// Density over survival of the normal distribution at zero, in units of `sd`: what the cut adds to the mean.
fn hazard_at_zero(mean: f64, sd: f64) -> f64 {
    if sd == 0.0 { 0.0 } else { normal::density(mean / sd) / normal::cdf(mean / sd) }
}

fn empirical_mean(values: &[f64], smooth: bool) -> f64 {
    let all: f64 = values.iter().sum();
    if smooth && values.len() > 1 {
        // Trapezoids: the ends count half.
        (all - 0.5 * (values[0] + values[values.len() - 1])) / (values.len() - 1) as f64
    } else {
        all / values.len() as f64
    }
}

fn empirical_variance(values: &[f64], smooth: bool) -> f64 {
    let mean = empirical_mean(values, smooth);
    if smooth && values.len() > 1 {
        let square = |pair: &[f64]| {
            let (a, b) = (pair[0] - mean, pair[1] - mean);
            (a * a + a * b + b * b) / 3.0
        };
        values.windows(2).map(square).sum::<f64>() / (values.len() - 1) as f64
    } else {
        values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / values.len() as f64
    }
}

/// Variance within the parts and between them.
fn mixture_variance(parts: &[Part<Distribution>], mean: f64) -> f64 {
    if mean.is_infinite() {
        return f64::INFINITY;
    }
    let about = |part: &Part<Distribution>| {
        let apart = part.of.mean() - mean;
        part.weight * (part.of.variance() + apart * apart)
    };
    parts.iter().map(about).sum()
}
