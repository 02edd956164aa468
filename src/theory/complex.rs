//! Complex numbers, as far as Laplace transforms need them.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// 0.
    pub const ZERO: Complex = Complex { re: 0.0, im: 0.0 };
    /// 1.
    pub const ONE: Complex = Complex { re: 1.0, im: 0.0 };

    /// re + i im.
    pub fn new(re: f64, im: f64) -> Complex {
        Complex { re, im }
    }

    /// The product with a real number.
    pub fn scale(self, by: f64) -> Complex {
        Complex::new(self.re * by, self.im * by)
    }

    /// Its distance from zero.
    pub fn norm(self) -> f64 {
        self.re.hypot(self.im)
    }

    /// exp(z).
    pub fn exp(self) -> Complex {
        let size = self.re.exp();
        Complex::new(size * self.im.cos(), size * self.im.sin())
    }

    /// exp(z) - 1 without cancellation near zero.
    pub fn exp_m1(self) -> Complex {
        let half = (0.5 * self.im).sin();
        Complex::new(self.re.exp_m1() * self.im.cos() - 2.0 * half * half, self.re.exp() * self.im.sin())
    }

    /// ln(1 + z) without cancellation near zero; principal branch.
    pub fn ln_1p(self) -> Complex {
        let square = 2.0 * self.re + self.re * self.re + self.im * self.im;
        Complex::new(0.5 * square.ln_1p(), self.im.atan2(1.0 + self.re))
    }

    /// The square root with a real part that is not negative.
    pub fn sqrt(self) -> Complex {
        let size = self.norm();
        let re = (0.5 * (size + self.re)).max(0.0).sqrt();
        let im = (0.5 * (size - self.re)).max(0.0).sqrt();
        Complex::new(re, if self.im < 0.0 { -im } else { im })
    }
}

impl Add for Complex {
    type Output = Complex;
    fn add(self, other: Complex) -> Complex {
        Complex::new(self.re + other.re, self.im + other.im)
    }
}

impl Sub for Complex {
    type Output = Complex;
    fn sub(self, other: Complex) -> Complex {
        Complex::new(self.re - other.re, self.im - other.im)
    }
}

impl Neg for Complex {
    type Output = Complex;
    fn neg(self) -> Complex {
        Complex::new(-self.re, -self.im)
    }
}

impl Mul for Complex {
    type Output = Complex;
    fn mul(self, other: Complex) -> Complex {
        Complex::new(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)
    }
}

impl Div for Complex {
    type Output = Complex;
    /// By Smith's method (1962), which does not overflow where the quotient does not.
    fn div(self, other: Complex) -> Complex {
        if other.re.abs() >= other.im.abs() {
            let ratio = other.im / other.re;
            let size = other.re + other.im * ratio;
            Complex::new((self.re + self.im * ratio) / size, (self.im - self.re * ratio) / size)
        } else {
            let ratio = other.re / other.im;
            let size = other.re * ratio + other.im;
            Complex::new((self.re * ratio + self.im) / size, (self.im * ratio - self.re) / size)
        }
    }
}

/// Solves A y = b by Gaussian elimination with partial pivots; the entries are not finite where A is singular.
pub fn solve(mut a: Vec<Vec<Complex>>, mut b: Vec<Complex>) -> Vec<Complex> {
    let size = b.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|&i, &j| a[i][column].norm().total_cmp(&a[j][column].norm())).unwrap_or(column);
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..size {
            let factor = a[row][column] / a[column][column];
            let (above, below) = a.split_at_mut(row);
            for (entry, pivot) in below[0].iter_mut().zip(&above[column]).skip(column) {
                *entry = *entry - factor * *pivot;
            }
            b[row] = b[row] - factor * b[column];
        }
    }
    for row in (0..size).rev() {
        let known = (row + 1..size).fold(Complex::ZERO, |sum, k| sum + a[row][k] * b[k]);
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Complex, b: Complex) {
        assert!((a - b).norm() < 1e-14 * (1.0 + b.norm()), "{a:?} {b:?}");
    }

    #[test]
    fn functions_undo_each_other() {
        for (re, im) in [(0.3, 0.4), (-0.5, 2.0), (3.0, -1.0), (1e-9, 1e-9), (2.0, 0.0)] {
            let z = Complex::new(re, im);
            near(z.sqrt() * z.sqrt(), z);
            near(z.ln_1p().exp_m1(), z);
            near(z.exp() - Complex::ONE, z.exp_m1());
            near((z / Complex::new(0.2, -7.0)) * Complex::new(0.2, -7.0), z);
        }
    }

    #[test]
    fn linear_equations_are_solved() {
        let one = Complex::ONE;
        let i = Complex::new(0.0, 1.0);
        // y = (1, i): rows 0 1 | 1 i.
        let y = solve(vec![vec![Complex::ZERO, one], vec![one, i]], vec![i, one + i * i]);
        near(y[0], one);
        near(y[1], i);
    }
}
