//! Phase-type distributions: the time to absorption of a Markov chain with the generator T (absorption left out) that starts in
//! phase i with probability a(i).
//!
//! E X = a (-T)^-1 1 and E X^2 = 2 a (-T)^-2 1 (Neuts 1981, "Matrix-Geometric Solutions in Stochastic Models", chapter 2),
//! by Gaussian elimination. P(X > x) = a exp(T x) 1 by uniformisation (Jensen 1953): every term is positive, so that
//! nothing cancels. For long x the exponential is that of x / 2^s, squared s times.

use super::Draws;
use super::pinned::exp;
use super::sample::{choose, exponential};

type Matrix = Vec<Vec<f64>>;

/// Draws a variate by walking through the phases.
pub fn sample(initial: &[f64], rates: &[Vec<f64>], draws: &mut Draws) -> f64 {
    let mut phase = choose(initial.iter().copied(), 1.0 - draws.uniform());
    let mut length = 0.0;
    loop {
        let leaving = -rates[phase][phase];
        length += exponential(1.0 / leaving, draws);
        let mut left = draws.uniform() * leaving;
        let next = rates[phase].iter().enumerate().filter(|(to, _)| *to != phase).find(|(_, rate)| {
            let taken = left < **rate;
            left -= **rate;
            taken
        });
        match next {
            Some((to, _)) => phase = to,
            None => return length,
        }
    }
}

/// Mean and second moment.
pub fn moments(initial: &[f64], rates: &[Vec<f64>]) -> (f64, f64) {
    let negative: Matrix = rates.iter().map(|row| row.iter().map(|rate| -rate).collect()).collect();
    let first = solve(negative.clone(), vec![1.0; initial.len()]);
    let second = solve(negative, first.clone());
    (dot(initial, &first), 2.0 * dot(initial, &second))
}

/// P(X <= x).
pub fn cdf(initial: &[f64], rates: &[Vec<f64>], x: f64) -> f64 {
    (1.0 - after(initial, rates, x).iter().sum::<f64>()).clamp(0.0, 1.0)
}

/// The probabilities of the phases at time `x`; what is missing to 1 has been absorbed.
pub fn after(initial: &[f64], rates: &[Vec<f64>], x: f64) -> Vec<f64> {
    if x <= 0.0 {
        return initial.to_vec();
    }
    let fastest = (0..rates.len()).map(|i| -rates[i][i]).fold(0.0, f64::max);
    if !(fastest * x).is_finite() {
        return vec![0.0; initial.len()];
    }
    let (mut part, mut squarings) = (x, 0);
    while fastest * part > 1.0 {
        part *= 0.5;
        squarings += 1;
    }
    let mut there = exponential_of(rates, fastest, part);
    for _ in 0..squarings {
        there = product(&there, &there);
    }
    (0..initial.len()).map(|j| initial.iter().zip(&there).map(|(start, row)| start * row[j]).sum()).collect()
}

/// exp(T x) by uniformisation at the rate `fastest`; fastest * x is at most 1.
fn exponential_of(rates: &[Vec<f64>], fastest: f64, x: f64) -> Matrix {
    let size = rates.len();
    let identity = |i: usize, j: usize| f64::from(u8::from(i == j));
    let step: Matrix = (0..size).map(|i| (0..size).map(|j| identity(i, j) + rates[i][j] / fastest).collect()).collect();
    let mut power: Matrix = (0..size).map(|i| (0..size).map(|j| identity(i, j)).collect()).collect();
    let mut poisson = exp(-fastest * x);
    let mut sum: Matrix = power.iter().map(|row| row.iter().map(|p| p * poisson).collect()).collect();
    let mut n = 0.0;
    while poisson > 1e-18 {
        n += 1.0;
        poisson *= fastest * x / n;
        power = product(&power, &step);
        for (row, powers) in sum.iter_mut().zip(&power) {
            for (cell, p) in row.iter_mut().zip(powers) {
                *cell += p * poisson;
            }
        }
    }
    sum
}

/// Solves A y = b by Gaussian elimination with partial pivots; A is regular because absorption is certain.
fn solve(mut a: Matrix, mut b: Vec<f64>) -> Vec<f64> {
    let size = b.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|i, j| a[*i][column].abs().total_cmp(&a[*j][column].abs())).unwrap_or(column);
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..size {
            let factor = a[row][column] / a[column][column];
            let (above, below) = a.split_at_mut(row);
            for (entry, pivot) in below[0].iter_mut().zip(&above[column]) {
                *entry -= factor * pivot;
            }
            b[row] -= factor * b[column];
        }
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| a[row][k] * b[k]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}

/// Row by row, so that memory is read in order; chains of stages are mostly zeros, which are skipped.
fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let mut result = vec![vec![0.0; b.len()]; a.len()];
    for (sums, row) in result.iter_mut().zip(a) {
        for (x, others) in row.iter().zip(b).filter(|(x, _)| **x != 0.0) {
            for (sum, y) in sums.iter_mut().zip(others) {
                *sum += x * y;
            }
        }
    }
    result
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
