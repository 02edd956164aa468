//! The gamma distribution with scale 1: its distribution function and its sampler.
//!
//! The distribution function is the regularised incomplete gamma function, by its power series below the mean and by
//! Legendre's continued fraction (in Lentz's form) above; see Press et al., "Numerical Recipes", section 6.2. The relative error is about
//! 1e-14 for shapes of order one, and grows like the shape times 1e-15. From a shape of 10^5 on it is the uniform expansion of
//! Temme 1979 ("The asymptotic expansion of the incomplete gamma functions", SIAM J. Math. Anal. 10(4)) with its first
//! correction, which is exact to about 1e-10 there and takes the same time for every shape. It is written here because what is solved
//! with it reaches the simulation, so that it must be the same on every platform.

use super::Draws;
use super::normal;
use super::pinned::{exp, ln, ln_1p, ln_gamma, ln_uniform, sqrt};
use std::f64::consts::PI;

/// From this shape on the asymptotic expansion is the better one.
const LARGE: f64 = 1e5;

/// P(X <= x) and P(X > x), each exact where it is small.
pub fn both_tails(shape: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    if shape > LARGE {
        return temme(shape, x);
    }
    let front = exp(shape * ln(x) - x - ln_gamma(shape));
    if x < shape + 1.0 {
        let lower = (front * series(shape, x)).min(1.0);
        (lower, 1.0 - lower)
    } else {
        // Where nothing is left above x the fraction may overflow.
        let upper = if front == 0.0 { 0.0 } else { (front * continued_fraction(shape, x)).min(1.0) };
        (1.0 - upper, upper)
    }
}

/// P(X <= x).
pub fn cdf(shape: f64, x: f64) -> f64 {
    both_tails(shape, x).0
}

/// The sum of x^n / (shape (shape + 1) ... (shape + n)).
fn series(shape: f64, x: f64) -> f64 {
    let mut term = 1.0 / shape;
    let mut sum = term;
    let mut n = shape;
    while term > sum * 1e-17 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

/// 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))).
fn continued_fraction(shape: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut value = d;
    let mut i = 0.0;
    loop {
        i += 1.0;
        let a = -i * (i - shape);
        b += 2.0;
        d = a * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + a / c;
        c = if c.abs() < TINY { TINY } else { c };
        let factor = d * c;
        value *= factor;
        // It converges in about the square root of the shape steps; the bound is against a factor that rounds to and fro.
        if (factor - 1.0).abs() < 4e-16 || i > 1e6 {
            return value;
        }
    }
}

/// Both tails for a large shape: a normal distribution in eta, where eta^2 / 2 = m - ln(1 + m) and m = x/shape - 1, and a correction.
fn temme(shape: f64, x: f64) -> (f64, f64) {
    let m = (x - shape) / shape;
    let half_square = (m - ln_1p(m)).max(0.0);
    let eta = sqrt(2.0 * half_square) * m.signum();
    let correction = if eta.abs() < 0.01 {
        // The quotients below cancel here: the start of their series.
        -1.0 / 3.0 + eta * (1.0 / 12.0 + eta * (-2.0 / 135.0 + eta / 864.0))
    } else {
        1.0 / m - 1.0 / eta
    };
    let correction = correction * exp(-shape * half_square) / sqrt(2.0 * PI * shape);
    let z = eta * sqrt(shape);
    ((normal::cdf(z) - correction).clamp(0.0, 1.0), (normal::cdf(-z) + correction).clamp(0.0, 1.0))
}

/// Draws a variate: Marsaglia and Tsang 2000, "A simple method for generating gamma variables", ACM TOMS 26(3), 363-372; for
/// a shape below 1 with the power of a uniform number that the paper gives.
pub fn sample(shape: f64, draws: &mut Draws) -> f64 {
    if shape < 1.0 {
        let boost = exp(ln_uniform(draws.uniform()) / shape);
        return boost * sample(shape + 1.0, draws);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / sqrt(9.0 * d);
    loop {
        // Minus, so that a small uniform number gives a long time, as in every other sampler.
        let z = -normal::quantile(draws.uniform());
        let root = 1.0 + c * z;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if ln_uniform(draws.uniform()) < 0.5 * z * z + d * (1.0 - v + ln_uniform(v)) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incomplete_gamma_function_agrees_with_statrs() {
        for shape in [0.01, 0.3, 1.0, 2.5, 17.0, 400.0, 3e4] {
            for step in 1..60 {
                let x = shape * f64::from(step) / 20.0;
                let (lower, upper) = both_tails(shape, x);
                let theirs = statrs::function::gamma::gamma_lr(shape, x);
                assert!((lower - theirs).abs() < 1e-13 + shape * 1e-14, "{shape} {x}: {lower} {theirs}");
                assert!((lower + upper - 1.0).abs() < 1e-15);
            }
        }
        // P(Erlang-3 > 30) = e^-30 (1 + 30 + 450).
        let upper = both_tails(3.0, 30.0).1;
        assert!((upper / (exp(-30.0) * 481.0) - 1.0).abs() < 1e-13);
        assert_eq!((both_tails(0.5, f64::INFINITY), both_tails(0.5, 1e300)), ((1.0, 0.0), (1.0, 0.0)));
    }

    #[test]
    fn the_expansion_for_large_shapes_joins_the_exact_one() {
        for step in -20..=20 {
            let x = LARGE + f64::from(step) * LARGE.sqrt() / 4.0;
            let (exact, expanded) = (both_tails(LARGE, x), temme(LARGE, x));
            assert!((exact.0 - expanded.0).abs() < 3e-10, "{x}: {exact:?} {expanded:?}");
            assert!((exact.1 - expanded.1).abs() < 3e-10, "{x}: {exact:?} {expanded:?}");
        }
    }
}
