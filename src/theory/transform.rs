//! Laplace transforms and third moments of the distributions.
//!
//! What queues need is the transform of the equilibrium distribution (the rest of a length that is looked at in its midst):
//! E(s) = (1 - B(s)) / (s m), with the density P(X > x) / m (Cox 1962, "Renewal Theory", chapter 5). Closed forms are written so
//! that they do not cancel for small s; the others are integrated by Gauss and Legendre's rule on panels that are narrow where the
//! distribution lives and nowhere wider than the waves of exp(-s x) allow.

use super::complex::{Complex, solve};
use super::inversion::{Grid, TERMS};
use crate::random::Distribution;
use statrs::function::gamma::ln_gamma;

/// Nodes and weights of the Gauss-Legendre rule with 16 points on (-1, 1), one half (Abramowitz and Stegun, table 25.4).
const GAUSS: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// Panels between zero and the end of the range.
const PANELS: usize = 48;

/// Whether the distribution has no atoms, so that waits behind it have a law smooth enough to be inverted numerically.
pub fn is_smooth(of: &Distribution) -> bool {
    match of {
        Distribution::Constant { .. } | Distribution::Discrete { .. } | Distribution::Empirical { .. } => false,
        Distribution::Uniform { min, max } | Distribution::Triangular { min, max, .. } => min < max,
        Distribution::Normal { sd, .. } => *sd > 0.0,
        Distribution::Lognormal { sigma, .. } => *sigma > 0.0,
        Distribution::Mixture { parts } => parts.iter().all(|part| is_smooth(&part.of)),
        Distribution::Shifted { of, .. } | Distribution::Truncated { of, .. } => is_smooth(of),
        _ => true,
    }
}

/// How much one evaluation costs beyond that of a formula: phases are solved for, in the third power of their number, and under a cut
/// their distribution function is needed at thousands of points.
pub fn cost(of: &Distribution) -> f64 {
    match of {
        Distribution::PhaseType { initial, .. } => (initial.len() as f64).powi(3),
        Distribution::Mixture { parts } => parts.iter().map(|part| cost(&part.of)).sum(),
        Distribution::Shifted { of, .. } => cost(of),
        Distribution::Truncated { of, .. } => 3000.0 * cost(of),
        _ => 0.0,
    }
}

/// The transform of the equilibrium distribution at the points of a grid; times of the grid and the distribution both in ns.
pub fn equilibrium(of: &Distribution, grid: Grid) -> Vec<Complex> {
    let mean = of.mean();
    let closed = |at: &dyn Fn(Complex) -> Complex| grid.points().map(at).collect();
    match of {
        Distribution::Constant { value } => closed(&|s| equilibrium_of_atom(s, *value)),
        Distribution::Exponential { mean } => closed(&|s| Complex::ONE / (Complex::ONE + s.scale(*mean))),
        Distribution::Hyperexponential { branches } => closed(&|s| {
            branches.iter().fold(Complex::ZERO, |sum, b| {
                sum + Complex::new(b.probability * b.mean / mean, 0.0) / (Complex::ONE + s.scale(b.mean))
            })
        }),
        // (1 - (1 + s θ)^-k) / (s k θ), from the logarithm.
        Distribution::Gamma { shape, scale } => closed(&|s| power(s, *shape, *scale)),
        Distribution::Erlang { stages, mean } => closed(&|s| power(s, f64::from(*stages), mean / f64::from(*stages))),
        Distribution::PhaseType { initial, rates } => closed(&|s| phases(s, initial, rates, mean)),
        Distribution::Discrete { values } => closed(&|s| {
            values.iter().fold(Complex::ZERO, |sum, v| sum + equilibrium_of_atom(s, v.of).scale(v.weight * v.of / mean))
        }),
        Distribution::Mixture { parts } => {
            let mut sum = vec![Complex::ZERO; TERMS];
            for part in parts {
                let share = part.weight * part.of.mean() / mean;
                sum.iter_mut().zip(equilibrium(&part.of, grid)).for_each(|(sum, value)| *sum = *sum + value.scale(share));
            }
            sum
        }
        Distribution::Shifted { by, of } => {
            let inner = equilibrium(of, grid);
            let first = by / mean;
            let join = |(s, value): (Complex, Complex)| {
                equilibrium_of_atom(s, *by).scale(first) + ((-s.scale(*by)).exp() * value).scale(1.0 - first)
            };
            grid.points().zip(inner).map(join).collect()
        }
        other => integrated(other, grid, mean),
    }
}

/// (1 - exp(-s d)) / (s d).
fn equilibrium_of_atom(s: Complex, length: f64) -> Complex {
    if length <= 0.0 {
        return Complex::ONE;
    }
    let x = s.scale(length);
    -(-x).exp_m1() / x
}

fn power(s: Complex, shape: f64, scale: f64) -> Complex {
    let x = s.scale(scale);
    -(-x.ln_1p().scale(shape)).exp_m1() / x.scale(shape)
}

/// With the phases of the rest of a length, a (-T)^-1 / m: their way to the end is (s - T)^-1 times the rates of ending
/// (Neuts 1981, "Matrix-Geometric Solutions", section 2.2). Here as (1/m) a (s - T)^-1 1, which is the same.
fn phases(s: Complex, initial: &[f64], rates: &[Vec<f64>], mean: f64) -> Complex {
    let reached = solve(resolvent(s, rates), vec![Complex::ONE; initial.len()]);
    initial.iter().zip(reached).fold(Complex::ZERO, |sum, (start, y)| sum + y.scale(*start)).scale(1.0 / mean)
}

/// s - T.
fn resolvent(s: Complex, rates: &[Vec<f64>]) -> Vec<Vec<Complex>> {
    let entry = |i: usize, j: usize| if i == j { s } else { Complex::ZERO } - Complex::new(rates[i][j], 0.0);
    (0..rates.len()).map(|i| (0..rates.len()).map(|j| entry(i, j)).collect()).collect()
}

/// The integral of exp(-s x) P(X > x) / m, for all points of the grid at once: exp(-s x) turns by the same angle from each to the next.
fn integrated(of: &Distribution, grid: Grid, mean: f64) -> Vec<Complex> {
    // Beyond, exp(-Re(s) x) is below 1e-16.
    let end = (37.0 / grid.decay()).min(of.quantile(1.0 - 1e-16));
    let mut corners = corners(of);
    corners.retain(|corner| *corner > 0.0 && *corner < end);
    let mut edges = vec![0.0];
    // Widths grow from a small part of the mean to what the waves allow.
    let widest = (37.0 / grid.decay()) / PANELS as f64;
    let mut width = (mean / 256.0).min(widest);
    while let Some(&last) = edges.last().filter(|last| **last < end) {
        let next = corners.iter().copied().filter(|corner| *corner > last).fold(end, f64::min);
        edges.push((last + width).min(next));
        width = (width * 1.5).min(widest);
    }
    let mut values = vec![Complex::ZERO; TERMS];
    for pair in edges.windows(2) {
        let (middle, half) = (0.5 * (pair[0] + pair[1]), 0.5 * (pair[1] - pair[0]));
        for (node, weight) in GAUSS.into_iter().flat_map(|(node, weight)| [(-node, weight), (node, weight)]) {
            let x = middle + half * node;
            let size = weight * half * (1.0 - of.cdf(x)) * (-grid.decay() * x).exp();
            let turn = Complex::new((grid.step() * x).cos(), -(grid.step() * x).sin());
            let mut wave = Complex::new(size / mean, 0.0);
            for value in &mut values {
                *value = *value + wave;
                wave = wave * turn;
            }
        }
    }
    values
}

/// Where the distribution function has corners, which no panel may cross.
fn corners(of: &Distribution) -> Vec<f64> {
    match of {
        Distribution::Uniform { min, max } => vec![*min, *max],
        Distribution::Triangular { min, mode, max } => vec![*min, *mode, *max],
        Distribution::Pareto { minimum, .. } => vec![*minimum],
        Distribution::Truncated { max, of } => corners(of).into_iter().chain([*max]).collect(),
        Distribution::Shifted { by, of } => corners(of).into_iter().map(|corner| corner + by).chain([*by]).collect(),
        Distribution::Mixture { parts } => parts.iter().flat_map(|part| corners(&part.of)).collect(),
        _ => Vec::new(),
    }
}

/// A distribution ready for its transform E exp(-s X) at real s >= 0 (per ns).
#[derive(Debug)]
pub struct Laplace<'a> {
    of: &'a Distribution,
    /// Lengths and weights that stand for a distribution without closed transform; empty otherwise.
    nodes: Vec<(f64, f64)>,
}

impl<'a> Laplace<'a> {
    /// Prepares it.
    pub fn of(of: &'a Distribution) -> Laplace<'a> {
        let nodes = if is_closed(of) { Vec::new() } else { quantile_nodes(of) };
        Laplace { of, nodes }
    }

    /// E exp(-s X).
    pub fn at(&self, s: f64) -> f64 {
        if self.nodes.is_empty() { closed(self.of, s) } else { self.nodes.iter().map(|(x, w)| w * (-s * x).exp()).sum() }
    }

    /// E X exp(-s X), minus the derivative.
    pub fn slope_at(&self, s: f64) -> f64 {
        let step = 1e-5 * (s + 1.0 / self.of.mean());
        (self.at(s - step.min(s)) - self.at(s + step)) / (step.min(s) + step)
    }
}

fn is_closed(of: &Distribution) -> bool {
    match of {
        Distribution::Constant { .. }
        | Distribution::Exponential { .. }
        | Distribution::Erlang { .. }
        | Distribution::Gamma { .. }
        | Distribution::Hyperexponential { .. }
        | Distribution::PhaseType { .. }
        | Distribution::Discrete { .. }
        | Distribution::Empirical { smooth: false, .. } => true,
        Distribution::Uniform { min, max } => min < max,
        Distribution::Mixture { parts } => parts.iter().all(|part| is_closed(&part.of)),
        Distribution::Shifted { of, .. } => is_closed(of),
        _ => false,
    }
}

fn closed(of: &Distribution, s: f64) -> f64 {
    match of {
        Distribution::Constant { value } => (-s * value).exp(),
        Distribution::Exponential { mean } => 1.0 / (1.0 + s * mean),
        Distribution::Erlang { stages, mean } => (-f64::from(*stages) * (s * mean / f64::from(*stages)).ln_1p()).exp(),
        Distribution::Gamma { shape, scale } => (-shape * (s * scale).ln_1p()).exp(),
        Distribution::Hyperexponential { branches } => branches.iter().map(|b| b.probability / (1.0 + s * b.mean)).sum(),
        Distribution::PhaseType { initial, rates } => {
            let mean = of.mean();
            1.0 - s * mean * phases(Complex::new(s, 0.0), initial, rates, mean).re
        }
        Distribution::Discrete { values } => values.iter().map(|v| v.weight * (-s * v.of).exp()).sum(),
        Distribution::Empirical { values, .. } => {
            values.iter().map(|value| (-s * value).exp()).sum::<f64>() / values.len() as f64
        }
        Distribution::Uniform { min, max } => {
            let x = s * (max - min);
            (-s * min).exp() * if x > 0.0 { -(-x).exp_m1() / x } else { 1.0 }
        }
        Distribution::Mixture { parts } => parts.iter().map(|part| part.weight * closed(&part.of, s)).sum(),
        Distribution::Shifted { by, of } => (-s * by).exp() * closed(of, s),
        _ => f64::NAN,
    }
}

/// Lengths and weights for means over the distribution: the tanh-sinh rule over the orders of quantiles (Takahasi and Mori 1974,
/// "Double exponential formulas for numerical integration"), which bears the ends where quantiles rise without bound.
pub fn quantile_nodes(of: &Distribution) -> Vec<(f64, f64)> {
    let step = 1.0 / 16.0;
    let mut nodes: Vec<(f64, f64)> = (-64..=64)
        .filter_map(|k| {
            let y = std::f64::consts::FRAC_PI_2 * (f64::from(k) * step).sinh();
            let slope = std::f64::consts::FRAC_PI_2 * (f64::from(k) * step).cosh();
            // u = (1 + tanh y) / 2 and its derivative.
            let u = 1.0 / (1.0 + (-2.0 * y).exp());
            let weight = step * 0.5 * slope / (y.cosh() * y.cosh());
            let x = of.quantile(u);
            (u > 0.0 && u < 1.0 && x.is_finite()).then_some((x, weight))
        })
        .collect();
    let sum: f64 = nodes.iter().map(|node| node.1).sum();
    nodes.iter_mut().for_each(|node| node.1 /= sum);
    nodes
}

/// E X^3 in cubic nanoseconds; infinite where it is, and not a number where it is not known (Johnson, Kotz and Balakrishnan 1994/95, "Continuous Univariate Distributions").
pub fn third_moment(of: &Distribution) -> f64 {
    match of {
        Distribution::Constant { value } => value.powi(3),
        Distribution::Exponential { mean } => 6.0 * mean.powi(3),
        Distribution::Uniform { min, max } => cube_between(*min, *max),
        Distribution::Triangular { min: a, mode: b, max: c } => {
            let cubes = a.powi(3) + b.powi(3) + c.powi(3);
            (cubes + a * a * (b + c) + b * b * (a + c) + c * c * (a + b) + a * b * c) / 10.0
        }
        Distribution::Lognormal { mu, sigma } => (3.0 * mu + 4.5 * sigma * sigma).exp(),
        Distribution::Gamma { shape, scale } => scale.powi(3) * shape * (shape + 1.0) * (shape + 2.0),
        Distribution::Erlang { stages, mean } => {
            let k = f64::from(*stages);
            mean.powi(3) * (1.0 + 1.0 / k) * (1.0 + 2.0 / k)
        }
        Distribution::Weibull { shape, scale } => scale.powi(3) * ln_gamma(1.0 + 3.0 / shape).exp(),
        Distribution::Pareto { minimum, shape } if *shape > 3.0 => shape * minimum.powi(3) / (shape - 3.0),
        Distribution::Pareto { .. } => f64::INFINITY,
        Distribution::Hyperexponential { branches } => branches.iter().map(|b| 6.0 * b.probability * b.mean.powi(3)).sum(),
        Distribution::PhaseType { initial, rates } => {
            let power = (0..3).fold(vec![Complex::ONE; initial.len()], |y, _| solve(resolvent(Complex::ZERO, rates), y));
            6.0 * initial.iter().zip(power).map(|(start, y)| start * y.re).sum::<f64>()
        }
        Distribution::Empirical { values, smooth: true } if values.len() > 1 => {
            values.windows(2).map(|pair| cube_between(pair[0], pair[1])).sum::<f64>() / (values.len() - 1) as f64
        }
        Distribution::Empirical { values, .. } => values.iter().map(|value| value.powi(3)).sum::<f64>() / values.len() as f64,
        Distribution::Discrete { values } => values.iter().map(|v| v.weight * v.of.powi(3)).sum(),
        Distribution::Mixture { parts } => parts.iter().map(|part| part.weight * third_moment(&part.of)).sum(),
        Distribution::Shifted { by, of } => {
            let (first, second) = (of.mean(), second_moment(of));
            by.powi(3) + 3.0 * by * by * first + 3.0 * by * second + third_moment(of)
        }
        // Not known within a reasonable time.
        Distribution::Truncated { .. } if cost(of) > 3e6 => f64::NAN,
        Distribution::Normal { .. } | Distribution::Truncated { .. } => {
            quantile_nodes(of).into_iter().map(|(x, weight)| weight * x.powi(3)).sum()
        }
    }
}

/// E X^2 in square nanoseconds; infinite where it is.
pub fn second_moment(of: &Distribution) -> f64 {
    let mean = of.mean();
    (1.0 + of.scv()) * mean * mean
}

/// E X^3 of a uniform length.
fn cube_between(a: f64, b: f64) -> f64 {
    (a * a + b * b) * (a + b) / 4.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{self, Branch, Part, hyperexponential, mixture, phase_type, truncated};

    fn all() -> Vec<Distribution> {
        let branches = vec![Branch { probability: 0.3, mean: 4.0 }, Branch { probability: 0.7, mean: 0.5 }];
        let uniform = Distribution::Uniform { min: 0.4, max: 2.0 };
        let parts =
            vec![Part { weight: 0.5, of: Distribution::Exponential { mean: 1.0 } }, Part { weight: 0.5, of: uniform.clone() }];
        vec![
            Distribution::Exponential { mean: 1.3 },
            Distribution::Erlang { stages: 4, mean: 2.0 },
            Distribution::Gamma { shape: 0.7, scale: 1.5 },
            hyperexponential(branches).unwrap(),
            phase_type(vec![0.4, 0.6], vec![vec![-2.0, 1.5], vec![0.0, -0.8]]).unwrap(),
            uniform,
            Distribution::Triangular { min: 0.1, mode: 0.5, max: 3.0 },
            Distribution::Normal { mean: 1.0, sd: 0.4 },
            random::lognormal_mean_cv(1.0, 1.2).unwrap(),
            random::weibull_mean_cv(1.0, 0.6).unwrap(),
            mixture(parts).unwrap(),
            Distribution::Shifted { by: 0.5, of: Box::new(Distribution::Exponential { mean: 1.0 }) },
            truncated(2.0, Distribution::Exponential { mean: 1.0 }).unwrap(),
        ]
    }

    /// By inversion the tail of the equilibrium distribution must be 1 - the integral of P(X > x) / m.
    #[test]
    fn transforms_are_those_of_the_equilibrium_distribution() {
        for of in all() {
            let mean = of.mean();
            for t in [0.3, 1.1, 2.7] {
                let grid = Grid { t };
                let values = equilibrium(&of, grid);
                let found = grid.invert(grid.points().zip(values).map(|(s, e)| (Complex::ONE - e) / s));
                let steps = 200_000;
                let width = t / f64::from(steps);
                let below: f64 = (0..steps).map(|k| (1.0 - of.cdf((f64::from(k) + 0.5) * width)) * width / mean).sum();
                // Uniform and triangular corners leave kinks, which the inversion smooths a little.
                assert!((found - (1.0 - below)).abs() < 3e-5, "{of:?} {t}: {found} {}", 1.0 - below);
            }
        }
    }

    #[test]
    fn real_transforms_and_third_moments_agree_with_integrals() {
        for of in all() {
            let nodes = quantile_nodes(&of);
            let laplace = Laplace::of(&of);
            let integral: f64 = nodes.iter().map(|(x, w)| w * (-0.7 * x).exp()).sum();
            // The rule over quantiles is for smooth ones; a mixture with corners loses digits.
            assert!((laplace.at(0.7) / integral - 1.0).abs() < 1e-4, "{of:?}: {} {integral}", laplace.at(0.7));
            let slope: f64 = nodes.iter().map(|(x, w)| w * x * (-0.7 * x).exp()).sum();
            assert!((laplace.slope_at(0.7) / slope - 1.0).abs() < 1e-3, "{of:?}: {} {slope}", laplace.slope_at(0.7));
            let cube: f64 = nodes.iter().map(|(x, w)| w * x * x * x).sum();
            assert!((third_moment(&of) / cube - 1.0).abs() < 1e-3, "{of:?}: {} {cube}", third_moment(&of));
        }
    }
}
