//! Distributions of a length of time.
//!
//! Every length is an `f64` in nanoseconds: a parameter such as `8ms` is exact, and a draw is rounded once, to the nearest
//! nanosecond, by [`Distribution::draw`]. Variates are drawn by inversion wherever that is cheap (monotone in the uniform
//! number, which common random numbers need); a sampler that rejects uses further draws of its own message only.

use super::Draws;
use super::pinned::ln_uniform;
use crate::units::Span;
use std::sync::Arc;

/// A distribution of a length of time; all lengths in nanoseconds. Valid once built by the functions in `solve`
/// or by a document that was checked.
// A tag of its own instead of a niche in one of the fields: it is read for every draw, and a niche takes more instructions.
#[repr(u8)]
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always the same length.
    Constant {
        /// The length.
        value: f64,
    },
    /// Exponential with this mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// Uniform between two lengths.
    Uniform {
        /// The shortest length.
        min: f64,
        /// The longest length.
        max: f64,
    },
    /// Triangular.
    Triangular {
        /// The shortest length.
        min: f64,
        /// The most likely length.
        mode: f64,
        /// The longest length.
        max: f64,
    },
    /// Normal with these parameters, on the condition that it is not negative.
    Normal {
        /// Mean before the cut at zero; not below minus 30 standard deviations, where nothing is left.
        mean: f64,
        /// Standard deviation before the cut at zero.
        sd: f64,
    },
    /// The logarithm of the length in nanoseconds is normal with mean `mu` and standard deviation `sigma`.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm; up to 18.
        sigma: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape: 1 / cv^2.
        shape: f64,
        /// Scale: mean / shape.
        scale: f64,
    },
    /// The sum of `stages` exponentials; `mean` is that of the sum.
    Erlang {
        /// How many exponentials; at least 1.
        stages: u32,
        /// Mean of the sum.
        mean: f64,
    },
    /// Weibull: P(X > x) = exp(-(x/scale)^shape).
    Weibull {
        /// Shape: below 1 the tail is heavier than that of an exponential.
        shape: f64,
        /// Scale: the length that a share of 1/e exceeds.
        scale: f64,
    },
    /// Pareto: P(X > x) = (minimum/x)^shape for x above the minimum.
    Pareto {
        /// The shortest length.
        minimum: f64,
        /// Shape: the mean is infinite up to 1, the variance up to 2.
        shape: f64,
    },
    /// One of several exponentials.
    Hyperexponential {
        /// The exponentials.
        branches: Vec<Branch>,
    },
    /// The time to absorption of a Markov chain: starts in phase i with `initial[i]`; `rates[i][j]` (per nanosecond, j other
    /// than i) leads on, and `rates[i][i]` is minus the whole rate of leaving i, so that the rest is absorbed.
    PhaseType {
        /// Probabilities of the first phase; they sum to 1.
        initial: Vec<f64>,
        /// The generator, per nanosecond, row by row.
        rates: Vec<Vec<f64>>,
    },
    /// One of the recorded lengths (sorted), or with `smooth` linear between neighbours.
    Empirical {
        /// The recorded lengths, the shortest first.
        values: Arc<[f64]>,
        /// Whether lengths between the recorded ones can be drawn.
        smooth: bool,
    },
    /// One of several lengths; weights sum to 1.
    Discrete {
        /// The lengths.
        values: Vec<Part<f64>>,
    },
    /// One of several distributions; weights sum to 1.
    Mixture {
        /// The distributions.
        parts: Vec<Part<Distribution>>,
    },
    /// Another distribution and a constant.
    Shifted {
        /// The constant.
        by: f64,
        /// The distribution that it is added to.
        of: Box<Distribution>,
    },
    /// Another distribution on the condition that it does not exceed `max`.
    Truncated {
        /// The longest length.
        max: f64,
        /// The distribution that is cut.
        of: Box<Distribution>,
    },
}

/// A branch of a hyperexponential: taken with `probability`, exponential with `mean`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Branch {
    /// How often this branch is taken; all of a distribution sum to 1.
    pub probability: f64,
    /// Mean in nanoseconds.
    pub mean: f64,
}

/// Something with a weight; the weights of all parts sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<T> {
    /// Share of the whole.
    pub weight: f64,
    /// What is taken with this weight.
    pub of: T,
}

impl Distribution {
    /// Draws a length for one message, rounded to the nearest nanosecond.
    #[inline(always)]
    pub fn draw(&self, mut draws: Draws) -> Span {
        let nanos = match self {
            Distribution::Exponential { mean } => -ln_uniform(draws.uniform()) * mean,
            Distribution::Constant { value } => *value,
            other => other.sample(&mut draws),
        };
        debug_assert!(nanos >= 0.0, "{self:?} gave {nanos}");
        nearest(nanos)
    }
}

/// 2^52: above it every `f64` is whole, and below it adding it leaves the nearest whole number in the lowest bits.
const WHOLE: f64 = (1u64 << 52) as f64;

/// The nearest whole number of nanoseconds (half goes to the even one, as IEEE 754 rounds); a length beyond the range becomes
/// the longest there is, more than a run may last.
#[inline(always)]
fn nearest(nanos: f64) -> Span {
    if nanos < WHOLE { Span((nanos + WHOLE).to_bits() - WHOLE.to_bits()) } else { Span(nanos as u64) }
}
