//! Distribution functions and their inverses; they serve reports, checks and the solving of parameters, not the loop.
//!
//! Where no closed inverse exists, the inverse is the smallest floating-point number at which the distribution function reaches q,
//! found by bisection on the bits of the number: some 60 evaluations, correct for jumps as well.

use super::pinned::{exp, exp_m1, ln, ln_1p, pow};
use super::sample::{at_rank, normal_above_zero, triangular};
use super::{Distribution, bisection, gamma, normal, phase_type};

impl Distribution {
    /// P(X <= x), x in nanoseconds.
    pub fn cdf(&self, x: f64) -> f64 {
        match self {
            Distribution::Constant { value } => step(x >= *value),
            Distribution::Discrete { values } => {
                values.iter().filter(|part| part.of <= x).map(|part| part.weight).sum::<f64>().min(1.0)
            }
            Distribution::Mixture { parts } => parts.iter().map(|part| part.weight * part.of.cdf(x)).sum::<f64>().min(1.0),
            Distribution::Shifted { by, of } => of.cdf(x - by),
            Distribution::Truncated { max, of } => (of.cdf(x.min(*max)) / of.cdf(*max)).min(1.0),
            Distribution::Empirical { values, smooth } => share_below(values, *smooth, x),
            _ if x <= 0.0 => 0.0,
            _ if x.is_infinite() => 1.0,
            Distribution::Exponential { mean } => -exp_m1(-x / mean),
            Distribution::Uniform { min, max } if min == max => step(x >= *max),
            Distribution::Uniform { min, max } => ((x - min) / (max - min)).clamp(0.0, 1.0),
            Distribution::Triangular { min, mode, max } => {
                if x <= *min {
                    step(min == max && x == *min)
                } else if x >= *max {
                    1.0
                } else if x < *mode {
                    (x - min) * (x - min) / ((max - min) * (mode - min))
                } else {
                    1.0 - (max - x) * (max - x) / ((max - min) * (max - mode))
                }
            }
            Distribution::Normal { mean, sd } if *sd == 0.0 => step(x >= *mean),
            // Both in the upper tail, which is exact however far below zero the mean lies.
            Distribution::Normal { mean, sd } => 1.0 - normal::cdf((mean - x) / sd) / normal::cdf(mean / sd),
            Distribution::Lognormal { mu, sigma } if *sigma == 0.0 => step(ln(x) >= *mu),
            Distribution::Lognormal { mu, sigma } => normal::cdf((ln(x) - mu) / sigma),
            Distribution::Gamma { shape, scale } => gamma::cdf(*shape, x / scale),
            Distribution::Erlang { stages, mean } => gamma::cdf(f64::from(*stages), f64::from(*stages) * x / mean),
            Distribution::Weibull { shape, scale } => -exp_m1(-pow(x / scale, *shape)),
            Distribution::Pareto { minimum, .. } if x <= *minimum => 0.0,
            Distribution::Pareto { minimum, shape } => -exp_m1(shape * ln(minimum / x)),
            Distribution::Hyperexponential { branches } => {
                branches.iter().map(|b| -b.probability * exp_m1(-x / b.mean)).sum::<f64>().min(1.0)
            }
            Distribution::PhaseType { initial, rates } => phase_type::cdf(initial, rates, x),
        }
    }

    /// The shortest length that is not exceeded with probability `q`, in nanoseconds; infinite for q = 1 where there is no longest.
    pub fn quantile(&self, q: f64) -> f64 {
        let q = q.clamp(0.0, 1.0);
        match self {
            Distribution::Constant { value } => *value,
            Distribution::Exponential { mean } => -ln_1p(-q) * mean,
            Distribution::Uniform { min, max } => min + (max - min) * q,
            Distribution::Triangular { min, mode, max } => triangular(*min, *mode, *max, q),
            Distribution::Normal { mean, sd } => normal_above_zero(*mean, *sd, 1.0 - q),
            Distribution::Lognormal { mu, sigma } if *sigma == 0.0 => exp(*mu),
            Distribution::Lognormal { mu, sigma } => exp(mu + sigma * normal::quantile(q)),
            Distribution::Weibull { shape, scale } => scale * pow(-ln_1p(-q), 1.0 / shape),
            Distribution::Pareto { minimum, shape } => minimum * exp(-ln_1p(-q) / shape),
            Distribution::Empirical { values, smooth: true } => at_rank(values, true, q),
            Distribution::Shifted { by, of } => by + of.quantile(q),
            Distribution::Truncated { max, of } => of.quantile(q * of.cdf(*max)).min(*max),
            Distribution::Gamma { .. }
            | Distribution::Erlang { .. }
            | Distribution::Hyperexponential { .. }
            | Distribution::PhaseType { .. }
                if q == 1.0 =>
            {
                f64::INFINITY
            }
            Distribution::Mixture { parts } if q == 1.0 => parts.iter().map(|part| part.of.quantile(1.0)).fold(0.0, f64::max),
            _ => self.first_reaching(q),
        }
    }

    /// The smallest number at which the distribution function is at least `q`.
    fn first_reaching(&self, q: f64) -> f64 {
        let reached = |x: f64| self.cdf(x) >= q;
        if reached(0.0) {
            return 0.0;
        }
        let mean = self.mean();
        // Doubling from the mean keeps clear of lengths at which a phase-type distribution is costly.
        let mut above = if mean.is_finite() && mean > 0.0 { mean } else { 1.0 };
        while !reached(above) {
            above *= 2.0;
            if above.is_infinite() {
                return f64::INFINITY;
            }
        }
        bisection::first(0.0, above, reached)
    }
}

fn step(reached: bool) -> f64 {
    f64::from(u8::from(reached))
}

/// The share of recorded values up to `x`, or with `smooth` the position of `x` on the lines between neighbours.
fn share_below(values: &[f64], smooth: bool, x: f64) -> f64 {
    let up_to = values.partition_point(|value| *value <= x);
    if up_to == values.len() {
        return 1.0;
    }
    if !smooth {
        return up_to as f64 / values.len() as f64;
    }
    if up_to == 0 {
        return 0.0;
    }
    let (below, above) = (values[up_to - 1], values[up_to]);
    ((up_to - 1) as f64 + (x - below) / (above - below)) / (values.len() - 1) as f64
}
