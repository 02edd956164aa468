//! Drawing a length of time.
//!
//! Inversion wherever it is cheap, always so that a small uniform number gives a long time: two variants of a system that
//! share their random numbers then get long times for the same messages, whatever the distributions. Gamma (and Erlang with
//! many stages), phase-type and truncated distributions take as many further numbers of their own message as they need.

use super::pinned::{exp, ln_uniform, sqrt};
use super::{Distribution, Draws, Part, gamma, normal, phase_type};

// Powers are written as e^(y ln x), which costs a third of `pow` and is exact enough for a random number.

/// Up to this many stages an Erlang variate is the logarithm of a product: at least 2^-53 to the power of 16, a normal number.
const MOST_STAGES_BY_PRODUCT: u32 = 16;

/// A truncated distribution gives up rejecting after so many draws and inverts, which gives the same distribution at more cost.
const MOST_TRIES: u32 = 100;

impl Distribution {
    /// Draws a length in nanoseconds, not rounded.
    #[inline(never)]
    pub fn sample(&self, draws: &mut Draws) -> f64 {
        match self {
            Distribution::Constant { value } => *value,
            Distribution::Exponential { mean } => exponential(*mean, draws),
            Distribution::Uniform { min, max } => max - (max - min) * draws.uniform(),
            Distribution::Triangular { min, mode, max } => triangular(*min, *mode, *max, 1.0 - draws.uniform()),
            Distribution::Normal { mean, sd } => normal_above_zero(*mean, *sd, draws.uniform()),
            Distribution::Lognormal { mu, sigma } => exp(mu - sigma * normal::quantile(draws.uniform())),
            Distribution::Gamma { shape, scale } => scale * gamma::sample(*shape, draws),
            Distribution::Erlang { stages, mean } => erlang(*stages, *mean, draws),
            Distribution::Weibull { shape, scale } => scale * exp(ln_uniform(-ln_uniform(draws.uniform())) / shape),
            Distribution::Pareto { minimum, shape } => minimum * exp(-ln_uniform(draws.uniform()) / shape),
            Distribution::Hyperexponential { branches } => {
                let chosen = choose(branches.iter().map(|branch| branch.probability), 1.0 - draws.uniform());
                exponential(branches[chosen].mean, draws)
            }
            Distribution::PhaseType { initial, rates } => phase_type::sample(initial, rates, draws),
            Distribution::Empirical { values, smooth } => at_rank(values, *smooth, 1.0 - draws.uniform()),
            Distribution::Discrete { values } => *pick(values, draws),
            Distribution::Mixture { parts } => pick(parts, draws).sample(draws),
            Distribution::Shifted { by, of } => by + of.sample(draws),
            Distribution::Truncated { max, of } => {
                for _ in 0..MOST_TRIES {
                    let length = of.sample(draws);
                    if length <= *max {
                        return length;
                    }
                }
                of.quantile((1.0 - draws.uniform()) * of.cdf(*max)).min(*max)
            }
        }
    }
}

/// An exponential variate.
pub(super) fn exponential(mean: f64, draws: &mut Draws) -> f64 {
    -ln_uniform(draws.uniform()) * mean
}

fn erlang(stages: u32, mean: f64, draws: &mut Draws) -> f64 {
    let scale = mean / f64::from(stages);
    if stages > MOST_STAGES_BY_PRODUCT {
        return scale * gamma::sample(f64::from(stages), draws);
    }
    let product = (0..stages).fold(1.0, |product, _| product * draws.uniform());
    -ln_uniform(product) * scale
}

/// The length that a triangular distribution exceeds with probability 1 - q.
pub(super) fn triangular(min: f64, mode: f64, max: f64, q: f64) -> f64 {
    let width = max - min;
    if q * width < mode - min { min + sqrt(q * width * (mode - min)) } else { max - sqrt((1.0 - q) * width * (max - mode)) }
}

/// The length that a normal distribution cut at zero exceeds with probability `upper`.
pub(super) fn normal_above_zero(mean: f64, sd: f64, upper: f64) -> f64 {
    if sd == 0.0 {
        return mean;
    }
    (mean - sd * normal::quantile(upper * normal::cdf(mean / sd))).max(0.0)
}

/// The quantile q of recorded values: the value of that rank, or with `smooth` a point on the line between neighbours.
pub(super) fn at_rank(values: &[f64], smooth: bool, q: f64) -> f64 {
    let last = values.len() - 1;
    if !smooth {
        return values[((q * values.len() as f64) as usize).min(last)];
    }
    let position = q * last as f64;
    let below = (position as usize).min(last);
    let above = (below + 1).min(last);
    values[below] + (values[above] - values[below]) * (position - below as f64)
}

/// Takes one of several things by weight.
pub(super) fn pick<'a, T>(parts: &'a [Part<T>], draws: &mut Draws) -> &'a T {
    &parts[choose(parts.iter().map(|part| part.weight), 1.0 - draws.uniform())].of
}

/// The first index at which the sum of the weights exceeds `v`; the last one with a weight where rounding leaves none.
pub(super) fn choose(weights: impl Iterator<Item = f64>, mut v: f64) -> usize {
    let mut last = 0;
    for (i, weight) in weights.enumerate() {
        if v < weight {
            return i;
        }
        v -= weight;
        if weight > 0.0 {
            last = i;
        }
    }
    last
}
