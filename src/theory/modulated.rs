//! MMPP/M/c: Poisson arrivals whose rate depends on a phase that changes at random, before exponential work, in order of arrival.
//!
//! A quasi-birth-death process (Neuts 1981, "Matrix-Geometric Solutions in Stochastic Models", chapter 3; Latouche and Ramaswami
//! 1999): with n messages the phases have the probabilities π(n), π(n+1) = π(n) R(n), and R(n) is the same R from c on. R comes from
//! Latouche and Ramaswami's logarithmic reduction (1993), the others from R backwards. An arriving message finds n messages with
//! probability proportional to π(n) times the rates of the phases, and then waits as `places` says.
//!
//! R(n) itself is found by way of G(n), the phases at the first passage down: then the matrices to be inverted have row sums that are known
//! without subtraction (Grassmann, Taksar and Heyman 1985), while the recursion for R alone loses everything in a large pool.

use super::answer::{Law, Solution};
use super::places::Places;
use crate::model::MmppPhase;

const SOURCE: &str = "M. F. Neuts, Matrix-Geometric Solutions in Stochastic Models (1981), chapter 3";
/// Probabilities below it, in proportion, are left out.
const TINY: f64 = 1e-18;
/// More states than this are not solved.
const MOST: usize = 2_000_000;

type Matrix = Vec<Vec<f64>>;

/// MMPP/M/c for a load below 1; `None` where it would take too long.
pub fn mmpp(phases: &[MmppPhase], service_rate: f64, workers: u32) -> Option<Solution> {
    let m = phases.len();
    let c = workers as usize;
    if m * m * c > MOST || m > 40 {
        return None;
    }
    let rates: Vec<f64> = phases.iter().map(|phase| phase.rate.0).collect();
    let generator: Matrix = phases.iter().enumerate().map(|(i, phase)| row(i, phase)).collect();
    let capacity = f64::from(workers) * service_rate;
    let mut passage = first_passage(&generator, &rates, capacity)?;
    let up = |inverse: &Matrix| build(m, |i, j| rates[i] * inverse[i][j]);
    let tail = up(&inverse(below_level(&generator, &rates, &passage, capacity))?);
    // R(n) for n = c - 1 down to 0.
    let mut steps = Vec::new();
    for n in (0..c).rev() {
        let leave = (n + 1) as f64 * service_rate;
        let inverse = inverse(below_level(&generator, &rates, &passage, leave))?;
        steps.push(up(&inverse));
        passage = inverse.into_iter().map(normalised).collect();
    }
    let mut level = stationary(&below_level(&generator, &rates, &passage, 0.0))?;
    let mut found: Vec<f64> = Vec::new();
    let mut next = steps.pop();
    let mut sum = 0.0;
    loop {
        let here: f64 = level.iter().zip(&rates).map(|(p, rate)| p * rate).sum();
        found.push(here);
        sum += here;
        if found.len() > c && here < TINY * sum {
            break;
        }
        if found.len() * m * m > 50 * MOST || !sum.is_finite() {
            return None;
        }
        let step = next.as_ref().unwrap_or(&tail);
        level = (0..m).map(|j| (0..m).map(|i| level[i] * step[i][j]).sum()).collect();
        next = steps.pop();
        if level.iter().any(|p| *p > 1e200) {
            level.iter_mut().chain(&mut found).for_each(|p| *p *= 1e-200);
            sum *= 1e-200;
        }
    }
    let idle = found[..c].iter().sum::<f64>() / sum;
    let probabilities: Vec<f64> = std::iter::once(idle).chain(found[c..].iter().map(|p| p / sum)).collect();
    let places = Places::new(capacity, &probabilities);
    let rate: f64 = crate::model::stationary(phases).iter().zip(&rates).map(|(share, rate)| share * rate).sum();
    let mut solution = Solution::by(Law::exact(format!("MMPP/M/{workers} (matrix-geometric)"), SOURCE));
    solution.wait = places.times();
    solution.sojourn.mean = Some(places.mean() + 1.0 / service_rate);
    solution.sojourn.sd = Some(places.sd().hypot(1.0 / service_rate));
    solution.waited = Some(places.waited());
    solution.ready = Some(rate * places.mean());
    Some(solution)
}

/// A row of the generator of the phases: a stay may end in the same phase again.
fn row(at: usize, phase: &MmppPhase) -> Vec<f64> {
    let leave = 1.0 / phase.stay.as_secs_f64();
    phase.next.iter().enumerate().map(|(to, p)| if to == at { (p - 1.0) * leave } else { p * leave }).collect()
}

fn diagonal(i: usize, j: usize, value: f64) -> f64 {
    if i == j { value } else { 0.0 }
}

fn build(size: usize, entry: impl Fn(usize, usize) -> f64) -> Matrix {
    (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect()
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    build(a.len(), |i, j| a[i].iter().zip(b).map(|(x, row)| x * row[j]).sum())
}

fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    build(a.len(), |i, j| a[i][j] + b[i][j])
}

/// By Gauss and Jordan's elimination with partial pivots; `None` where there is none.
fn inverse(mut a: Matrix) -> Option<Matrix> {
    let size = a.len();
    let mut b = build(size, |i, j| diagonal(i, j, 1.0));
    for column in 0..size {
        let pivot = (column..size).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()))?;
        a.swap(column, pivot);
        b.swap(column, pivot);
        let head = a[column][column];
        if head == 0.0 || !head.is_finite() {
            return None;
        }
        for value in a[column].iter_mut().chain(&mut b[column]) {
            *value /= head;
        }
        let (source_a, source_b) = (a[column].clone(), b[column].clone());
        for row in (0..size).filter(|row| *row != column) {
            let factor = a[row][column];
            a[row].iter_mut().zip(&source_a).for_each(|(x, y)| *x -= factor * y);
            b[row].iter_mut().zip(&source_b).for_each(|(x, y)| *x -= factor * y);
        }
    }
    Some(b)
}

/// Minus the generator of the phases as they are seen while a level is not left downwards: from phase i to j by itself, or by way of
/// an arrival and the passage back; each row sums to `leave`.
fn below_level(generator: &Matrix, rates: &[f64], passage: &Matrix, leave: f64) -> Matrix {
    let moves = |i: usize, j: usize| generator[i][j] + rates[i] * passage[i][j];
    let all = |i: usize| (0..rates.len()).filter(|j| *j != i).map(|j| moves(i, j)).sum::<f64>();
    build(rates.len(), |i, j| if i == j { leave + all(i) } else { -moves(i, j) })
}

fn normalised(row: Vec<f64>) -> Vec<f64> {
    let sum: f64 = row.iter().sum();
    row.into_iter().map(|p| p / sum).collect()
}

/// G, the phases at the first passage to the level below, for the levels from c on.
fn first_passage(generator: &Matrix, rates: &[f64], capacity: f64) -> Option<Matrix> {
    let m = rates.len();
    let stay = inverse(build(m, |i, j| diagonal(i, j, capacity + rates[i]) - generator[i][j]))?;
    let mut up = build(m, |i, j| stay[i][j] * rates[j]);
    let mut down = build(m, |i, j| stay[i][j] * capacity);
    let (mut g, mut climbed) = (down.clone(), up.clone());
    for _ in 0..64 {
        let around = sum(&product(&up, &down), &product(&down, &up));
        let back = inverse(build(m, |i, j| diagonal(i, j, 1.0) - around[i][j]))?;
        (up, down) = (product(&back, &product(&up, &up)), product(&back, &product(&down, &down)));
        g = sum(&g, &product(&climbed, &down));
        climbed = product(&climbed, &up);
        if climbed.iter().flatten().all(|p| p.abs() < 1e-17) {
            break;
        }
    }
    Some(g.into_iter().map(normalised).collect())
}

/// The vector x with x A = 0 and a sum of 1: the last equation gives way to the sum.
fn stationary(a: &Matrix) -> Option<Vec<f64>> {
    let last = a.len() - 1;
    // Columns of A are equations: x times column j is zero.
    let equations = inverse(build(a.len(), |i, j| if i == last { 1.0 } else { a[j][i] }))?;
    Some(equations.iter().map(|row| row[last].max(0.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::exponential::mmc;
    use crate::units::{Rate, Span};

    fn phase(rate: f64, next: Vec<f64>) -> MmppPhase {
        MmppPhase { rate: Rate(rate), stay: Span::from_secs_f64(0.7), next }
    }

    /// Phases of equal rates are no phases.
    #[test]
    fn equal_rates_are_mmc() {
        for (rate, workers) in [(0.8, 1), (2.4, 3), (95.0, 100), (0.99, 1), (1900.0, 2000)] {
            let phases = [phase(rate, vec![0.0, 1.0]), phase(rate, vec![0.4, 0.6])];
            let (found, exact) = (mmpp(&phases, 1.0, workers).unwrap(), mmc(rate, 1.0, workers));
            assert!((found.wait.mean.unwrap() / exact.wait.mean.unwrap() - 1.0).abs() < 1e-8, "{workers}: {found:?} {exact:?}");
            assert!((found.waited.unwrap() / exact.waited.unwrap() - 1.0).abs() < 1e-8, "{workers}");
        }
    }
}
