//! M/G/1/K: a queue with a length limit before one worker.
//!
//! The chain embedded at departures (Keilson 1966, "The ergodic queue length distribution for queueing systems with finite
//! capacity", J. Roy. Statist. Soc. B 28; Cooper 1981, "Introduction to Queueing Theory", section 5.11): with A the arrivals during
//! a service, the flow across the line between j and j + 1 is p(j+1) P(A = 0) = p(0) P(A > j) + sum over i from 1 to j of
//! p(i) P(A > j + 1 - i), for j + 1 < K; all terms are positive. The share lost is 1 - 1/(p(0) + ρ).

use super::answer::{Law, Solution};
use super::transform::quantile_nodes;
use crate::random::Distribution;

const SOURCE: &str =
    "J. Keilson, J. Roy. Statist. Soc. B 28 (1966); R. B. Cooper, Introduction to Queueing Theory (1981), section 5.11";
/// Larger systems are not solved.
const MOST: u64 = 10_000;

/// One worker with room for `waiting` ready messages; `refused` as in `bounded`. Any order of service has these means.
pub fn mg1k(rate: f64, service: &Distribution, letter: &str, waiting: u64, refused: bool) -> Option<Solution> {
    if waiting > MOST {
        return None;
    }
    let capacity = waiting as usize + 1;
    let load = rate * service.mean() / 1e9;
    let arrivals = arrivals_in_service(rate / 1e9, service, capacity);
    let mut below = 0.0;
    let more: Vec<f64> = arrivals
        .iter()
        .map(|p| {
            below += p;
            f64::max(1.0 - below, 0.0)
        })
        .collect();
    let mut states = vec![1.0f64];
    while states.len() < capacity {
        let j = states.len() - 1;
        let rest: f64 = (1..=j).map(|i| states[i] * more[j + 1 - i]).sum();
        let next = (states[0] * more[j] + rest) / arrivals[0];
        if !next.is_finite() {
            return None;
        }
        states.push(next);
        if next > 1e200 {
            states.iter_mut().for_each(|state| *state *= 1e-200);
        }
    }
    let sum: f64 = states.iter().sum();
    let empty = states[0] / sum;
    let lost = 1.0 - 1.0 / (empty + load);
    let kept = 1.0 - lost;
    // In time, n messages are there with p(n) / (p(0) + ρ) for n below K.
    let below: f64 = states.iter().enumerate().map(|(n, p)| n as f64 * p / sum).sum::<f64>() * kept;
    let ready = below + capacity as f64 * lost - load * kept;
    let kind = if refused { "" } else { ", head dropped" };
    let law = Law::exact(format!("M/{letter}/1/{capacity}{kind}"), SOURCE);
    let mut solution = Solution { ready: Some(ready.max(0.0)), lost: Some(lost.max(0.0)), ..Solution::by(law) };
    if refused {
        let wait = ready.max(0.0) / (rate * kept);
        solution.wait.mean = Some(wait);
        solution.sojourn.mean = Some(wait + service.mean() / 1e9);
        solution.waited = Some(1.0 - empty);
    }
    Some(solution)
}

/// P(A = k) for k below `size`, A the arrivals (`rate` per ns) during one service.
fn arrivals_in_service(rate: f64, service: &Distribution, size: usize) -> Vec<f64> {
    match service {
        Distribution::Constant { value } => poisson(rate * value, size),
        Distribution::Exponential { mean } => negative_binomial(1.0, rate * mean, size),
        Distribution::Erlang { stages, mean } => negative_binomial(f64::from(*stages), rate * mean / f64::from(*stages), size),
        Distribution::Gamma { shape, scale } => negative_binomial(*shape, rate * scale, size),
        Distribution::Hyperexponential { branches } => {
            weighted(branches.iter().map(|b| (b.probability, negative_binomial(1.0, rate * b.mean, size))), size)
        }
        Distribution::Discrete { values } => weighted(values.iter().map(|v| (v.weight, poisson(rate * v.of, size))), size),
        Distribution::Mixture { parts } => {
            weighted(parts.iter().map(|part| (part.weight, arrivals_in_service(rate, &part.of, size))), size)
        }
        other => weighted(quantile_nodes(other).into_iter().map(|(x, weight)| (weight, poisson(rate * x, size))), size),
    }
}

fn weighted(parts: impl Iterator<Item = (f64, Vec<f64>)>, size: usize) -> Vec<f64> {
    parts.fold(vec![0.0; size], |mut sum, (weight, part)| {
        sum.iter_mut().zip(part).for_each(|(sum, p)| *sum += weight * p);
        sum
    })
}

/// Poisson probabilities, by logarithms, so that large means do not underflow at the start.
fn poisson(mean: f64, size: usize) -> Vec<f64> {
    let mut log = -mean;
    (0..size)
        .map(|k| {
            if k > 0 {
                log += (mean / k as f64).ln();
            }
            log.exp()
        })
        .collect()
}

/// Arrivals during a gamma time of this shape, `x` expected in a time of its scale.
fn negative_binomial(shape: f64, x: f64, size: usize) -> Vec<f64> {
    let mut log = -shape * x.ln_1p();
    let step = x.ln() - x.ln_1p();
    (0..size)
        .map(|k| {
            if k > 0 {
                log += step + ((shape + k as f64 - 1.0) / k as f64).ln();
            }
            log.exp()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::bounded::mmck;
    use crate::theory::exponential::erlang_b;

    #[test]
    fn exponential_work_is_mm1k() {
        let service = Distribution::Exponential { mean: 1e9 };
        for (rate, waiting) in [(0.9, 9), (1.2, 99), (0.5, 3), (2.0, 3000)] {
            let (found, exact) =
                (mg1k(rate, &service, "M", waiting, true).unwrap(), mmck(rate, 1.0, 1, waiting, true, true).unwrap());
            for (a, b) in [
                (found.lost, exact.lost),
                (found.ready, exact.ready),
                (found.wait.mean, exact.wait.mean),
                (found.waited, exact.waited),
            ] {
                assert!((a.unwrap() / b.unwrap() - 1.0).abs() < 1e-9, "{rate} {waiting}: {found:?} {exact:?}");
            }
        }
        // Without room it is Erlang's B, whatever the work.
        let uniform = Distribution::Uniform { min: 0.0, max: 2e9 };
        let none = mg1k(3.0, &uniform, "G", 0, true).unwrap();
        assert!((none.lost.unwrap() / erlang_b(1, 3.0) - 1.0).abs() < 1e-12, "{none:?}");
    }
}
