//! Partial moments: what the lengths up to a bound contribute to total probability, mean and second moment.
//!
//! They are what a truncated distribution needs. Each comes from its closed form; atoms count where they lie at or below the bound.
//! Limits: a Weibull shape below 0.02 or a lognormal sigma above 18 overflows, as the second moment of the whole does.

use super::pinned::{exp, exp_m1, ln, ln_gamma, pow};
use super::{Distribution, gamma, normal, phase_type};

/// P(X <= m), E(X; X <= m) and E(X^2; X <= m).
type Partial = [f64; 3];

impl Distribution {
    /// Probability, mean and second moment of the part up to `max`.
    pub(super) fn moments_up_to(&self, max: f64) -> Partial {
        match self {
            Distribution::Constant { value } => atom(*value, max),
            Distribution::Exponential { mean } => gamma_part(1.0, *mean, max),
            Distribution::Gamma { shape, scale } => gamma_part(*shape, *scale, max),
            Distribution::Erlang { stages, mean } => gamma_part(f64::from(*stages), mean / f64::from(*stages), max),
            Distribution::Hyperexponential { branches } => {
                weighted(branches.iter().map(|branch| (branch.probability, gamma_part(1.0, branch.mean, max))))
            }
            Distribution::Uniform { min, max: end } => uniform_part(*min, *end, max),
            Distribution::Triangular { min, mode, max: end } => triangular_part(*min, *mode, *end, max),
            Distribution::Normal { mean, sd } => normal_part(*mean, *sd, max),
            Distribution::Lognormal { mu, sigma } if *sigma == 0.0 => atom(exp(*mu), max),
            Distribution::Lognormal { mu, sigma } => {
                let z = (ln(max) - mu) / sigma;
                [0.0, 1.0, 2.0].map(|n| exp(n * mu + 0.5 * n * n * sigma * sigma) * normal::cdf(z - n * sigma))
            }
            Distribution::Weibull { shape, scale } => {
                let x = pow(max / scale, *shape);
                [0.0, 1.0, 2.0].map(|n| {
                    let a = 1.0 + n / shape;
                    pow(*scale, n) * exp(ln_gamma(a)) * gamma::cdf(a, x)
                })
            }
            Distribution::Pareto { minimum, .. } if max <= *minimum => [0.0; 3],
            Distribution::Pareto { minimum, shape } => [0.0, 1.0, 2.0].map(|n| {
                let log = ln(max / minimum);
                let d = n - shape;
                // The integral of x^(d - 1) from 1 to max/minimum.
                let integral = if d == 0.0 { log } else { exp_m1(d * log) / d };
                shape * pow(*minimum, n) * integral
            }),
            Distribution::PhaseType { initial, rates } => phase_type_part(initial, rates, max),
            Distribution::Empirical { values, smooth: true } if values.len() > 1 => {
                let weight = 1.0 / (values.len() - 1) as f64;
                weighted(values.windows(2).map(|pair| (weight, uniform_part(pair[0], pair[1], max))))
            }
            Distribution::Empirical { values, .. } => {
                let weight = 1.0 / values.len() as f64;
                weighted(values.iter().map(|value| (weight, atom(*value, max))))
            }
            Distribution::Discrete { values } => weighted(values.iter().map(|part| (part.weight, atom(part.of, max)))),
            Distribution::Mixture { parts } => weighted(parts.iter().map(|part| (part.weight, part.of.moments_up_to(max)))),
            Distribution::Shifted { by, of } => {
                let [p, first, second] = of.moments_up_to(max - by);
                [p, by * p + first, by * by * p + 2.0 * by * first + second]
            }
            Distribution::Truncated { max: cut, of } => {
                let whole = of.cdf(*cut);
                of.moments_up_to(max.min(*cut)).map(|moment| moment / whole)
            }
        }
    }
}

fn weighted(parts: impl Iterator<Item = (f64, Partial)>) -> Partial {
    parts.fold([0.0; 3], |sum, (weight, part)| [0, 1, 2].map(|n| sum[n] + weight * part[n]))
}

fn atom(value: f64, max: f64) -> Partial {
    if value <= max { [1.0, value, value * value] } else { [0.0; 3] }
}

/// E(X^n; X <= m) = scale^n Γ(shape + n)/Γ(shape) P(shape + n, m/scale).
fn gamma_part(shape: f64, scale: f64, max: f64) -> Partial {
    let p = |n: f64| gamma::cdf(shape + n, max / scale);
    let mean = shape * scale;
    [p(0.0), mean * p(1.0), mean * (mean + scale) * p(2.0)]
}

fn uniform_part(min: f64, end: f64, max: f64) -> Partial {
    if min == end || max <= min {
        return if min == end { atom(min, max) } else { [0.0; 3] };
    }
    let to = end.min(max);
    let p = (to - min) / (end - min);
    [p, p * 0.5 * (min + to), p * (min * min + min * to + to * to) / 3.0]
}

/// On each side of the mode the density is a straight line, so that Simpson's rule is exact up to the second moment.
fn triangular_part(min: f64, mode: f64, end: f64, max: f64) -> Partial {
    if min == end {
        return atom(min, max);
    }
    let top = 2.0 / (end - min);
    let rising = |x: f64| if mode > min { top * (x - min) / (mode - min) } else { top };
    let falling = |x: f64| if end > mode { top * (end - x) / (end - mode) } else { top };
    let piece = |from: f64, to: f64, density: &dyn Fn(f64) -> f64| {
        let to = to.min(max);
        if to <= from {
            return [0.0; 3];
        }
        let nodes = [(from, 1.0), (0.5 * (from + to), 4.0), (to, 1.0)];
        weighted(nodes.map(|(x, weight)| ((to - from) / 6.0 * weight * density(x), [1.0, x, x * x])).into_iter())
    };
    weighted([(1.0, piece(min, mode, &rising)), (1.0, piece(mode, end, &falling))].into_iter())
}

/// By E(Z; a < Z <= b) = φ(a) - φ(b) and E(Z^2; a < Z <= b) = P(a < Z <= b) + a φ(a) - b φ(b).
fn normal_part(mean: f64, sd: f64, max: f64) -> Partial {
    if sd == 0.0 {
        return atom(mean, max);
    }
    if max <= 0.0 {
        return [0.0; 3];
    }
    let (a, b) = (-mean / sd, (max - mean) / sd);
    let (at_a, at_b) = (normal::density(a), normal::density(b));
    let zeroth = normal::cdf(-a) - normal::cdf(-b);
    let first = at_a - at_b;
    let second = zeroth + a * at_a - b * at_b;
    let whole = normal::cdf(-a);
    [zeroth, mean * zeroth + sd * first, mean * mean * zeroth + 2.0 * mean * sd * first + sd * sd * second].map(|m| m / whole)
}

/// All moments less those above `max`: a chain that is not absorbed by then starts anew from where it is.
fn phase_type_part(initial: &[f64], rates: &[Vec<f64>], max: f64) -> Partial {
    if max <= 0.0 {
        return [0.0; 3];
    }
    let (mean, square) = phase_type::moments(initial, rates);
    let there = phase_type::after(initial, rates, max);
    let left: f64 = there.iter().sum();
    let (mean_left, square_left) = phase_type::moments(&there, rates);
    [1.0 - left, mean - (max * left + mean_left), square - (max * max * left + 2.0 * max * mean_left + square_left)]
}
