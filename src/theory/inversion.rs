//! Functions of time from their Laplace transforms, numerically.
//!
//! The algorithm EULER of J. Abate and W. Whitt 1995, "Numerical inversion of Laplace transforms of probability distributions",
//! ORSA Journal on Computing 7(1): the Fourier series of the Bromwich integral, its alternating sum accelerated by Euler's method.
//! For a bounded smooth function the error is about 1e-10; where the function has a kink it is larger, and at a jump it is useless.

use super::complex::Complex;

/// Trades the error of the discretisation, about exp(-A), against that of rounding, about 1e-16 exp(A/2).
const A: f64 = 22.0;
/// Terms that are summed as they are.
const PLAIN: usize = 40;
/// Terms that Euler's method averages over.
const AVERAGED: usize = 14;
/// Terms in all.
pub const TERMS: usize = PLAIN + AVERAGED + 1;

/// The points of the complex plane at which a transform is needed for time `t`, in order.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// The time; more than zero.
    pub t: f64,
}

impl Grid {
    /// Real part of all points.
    pub fn decay(self) -> f64 {
        A / (2.0 * self.t)
    }

    /// Distance of the points in the imaginary direction.
    pub fn step(self) -> f64 {
        std::f64::consts::PI / self.t
    }

    /// The points themselves.
    pub fn points(self) -> impl Iterator<Item = Complex> {
        (0..TERMS).map(move |k| Complex::new(self.decay(), k as f64 * self.step()))
    }

    /// The function at `t`, from its transform at the points.
    pub fn invert(self, values: impl Iterator<Item = Complex>) -> f64 {
        let (mut sum, mut averaged, mut sign) = (0.0, 0.0, 1.0);
        // Binomial weights of Euler's average: C(m, j) / 2^m.
        let mut weight = 0.5f64.powi(AVERAGED as i32);
        for (k, value) in values.enumerate() {
            sum += sign * value.re * if k == 0 { 0.5 } else { 1.0 };
            sign = -sign;
            if k >= PLAIN {
                averaged += weight * sum;
                let j = (k - PLAIN) as f64;
                weight *= (AVERAGED as f64 - j) / (j + 1.0);
            }
        }
        (0.5 * A).exp() / self.t * averaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_transforms_are_inverted() {
        for t in [0.01, 0.7, 3.0, 12.0] {
            let grid = Grid { t };
            let exponential = grid.invert(grid.points().map(|s| Complex::ONE / (s + Complex::ONE)));
            assert!((exponential - (-t).exp()).abs() < 5e-10, "{t}: {exponential}");
            // 1 - cos t has (1/s - s/(s^2 + 1)).
            let wave = grid.invert(grid.points().map(|s| Complex::ONE / s - s / (s * s + Complex::ONE)));
            assert!((wave - (1.0 - t.cos())).abs() < 1e-8, "{t}: {wave}");
        }
    }
}
