//! M/D/c: constant work, first in first out.
//!
//! What is ready at time t + D is what was ready at t, and what has come since, less c (Crommelin 1932): a random walk with steps
//! Poisson(λ D) - c that cannot go below zero. By Spitzer's identity (1956) the number ready is compound Poisson with the weights
//! b(k) = sum over n of P(S(n) = k) / n, which Panjer's recursion (1981) turns into probabilities; and the law of the wait
//! follows by G. J. Franx 2001, "A simple solution for the M/D/c waiting time distribution", Oper. Res. Letters 29. Every sum has
//! positive terms only, so that nothing cancels (Erlang's own series for M/D/1 alternates, and is useless at high loads).

use super::answer::{Law, Solution, Times, percentiles};
use super::places::{ln_factorial, poisson_mean};
use super::root;

const SOURCE: &str = "C. D. Crommelin, Post Office Electr. Eng. J. 25 (1932); G. J. Franx, Oper. Res. Letters 29 (2001)";

/// More steps of the recursions than this are not taken: the load is too close to 1.
const MOST: f64 = 1e8;
/// Probabilities below it are left out.
const TINY: f64 = 1e-17;

/// M/D/c for a load below 1, in order of arrival; `None` where the load is so high that it would take too long.
pub fn mdc(rate: f64, service: f64, workers: u32) -> Option<Solution> {
    let load = rate * service;
    let below = if workers == 1 { ready_before_one(load)? } else { ready_up_to(load, workers)? };
    // Moments of the number ready, from P(ready > j).
    let (mut first, mut factorial) = (0.0, 0.0);
    for (j, below) in below.iter().enumerate() {
        first += 1.0 - below;
        factorial += 2.0 * j as f64 * (1.0 - below);
    }
    // The number ready is Poisson with a mean of λ W (Haji and Newell 1971), so that E L (L - 1) = λ^2 E W^2.
    let mean = first / rate;
    let variance = (factorial / (rate * rate) - mean * mean).max(0.0);
    let beyond = |t: f64| wait_beyond(&below, rate, service, workers, t);
    let law = Law::exact(format!("M/D/{workers} (Crommelin, Franx)"), SOURCE);
    let wait = percentiles(|q| root::quantile(beyond, q, mean.max(0.1 * service / f64::from(workers))));
    Some(Solution {
        sojourn: Times {
            mean: Some(mean + service),
            sd: Some(variance.sqrt()),
            percentiles: wait.iter().map(|wait| wait + service).collect(),
        },
        wait: Times { mean: Some(mean), sd: Some(variance.sqrt()), percentiles: wait },
        waited: Some(beyond(0.0)),
        ready: Some(first),
        ..Solution::by(law)
    })
}

/// P(ready <= j) before one worker, from the number in the system at departures: the flow across the line between j and j + 1 is
/// p(j+1) P(A = 0) = p(0) P(A > j) + sum over i from 1 to j of p(i) P(A > j + 1 - i), A the arrivals during a service (Neuts 1989,
/// "Structured Stochastic Matrices of M/G/1 Type", chapter 1). Far fewer steps than the random walk needs at high loads.
fn ready_before_one(load: f64) -> Option<Vec<f64>> {
    let reach = (-TINY.ln() / decay(load, 1.0)).ceil() + 10.0;
    if reach > 1e6 {
        return None;
    }
    let mut pmf = vec![(-load).exp()];
    while pmf.len() < 3 || pmf[pmf.len() - 1] > 1e-25 {
        pmf.push(pmf[pmf.len() - 1] * load / pmf.len() as f64);
    }
    let mut more: Vec<f64> = pmf
        .iter()
        .rev()
        .scan(0.0, |sum, p| {
            let above = *sum;
            *sum += p;
            Some(above)
        })
        .collect();
    more.reverse();
    let mut states = vec![1.0 - load];
    for j in 0..reach as usize {
        let first = more.get(j).map_or(0.0, |above| states[0] * above);
        let span = more.len().min(j + 1);
        let rest: f64 = (1..span).map(|back| states[j + 1 - back] * more[back]).sum();
        states.push((first + rest) / pmf[0]);
    }
    // One of those in the system is with the worker.
    let mut sum = states[0];
    Some(
        states[1..]
            .iter()
            .map(|p| {
                sum += p;
                sum.min(1.0)
            })
            .collect(),
    )
}

/// P(ready <= j) for j = 0, 1, 2 ... until nothing is left.
fn ready_up_to(load: f64, workers: u32) -> Option<Vec<f64>> {
    let c = f64::from(workers);
    let gap = c - load;
    // P(S(n) > 0) falls like exp(-n I) with Cramér's I, and the number ready like exp(-θ k), θ the root of load (e^θ - 1) = c θ.
    let cramer = c * (c / load).ln() - gap;
    let steps = (-TINY.ln() / cramer).ceil();
    let decay = decay(load, c);
    let reach = (-TINY.ln() / decay + 4.0 * load.sqrt()).ceil();
    if !(steps * (4.0 * (steps * load).sqrt() + 20.0).min(reach) + reach * reach / 4.0 < MOST && reach < 1e5) {
        return None;
    }
    let size = reach as usize + 10;
    let mut weights = vec![0.0; size];
    for n in 1..=steps as usize + 1 {
        add_step(&mut weights, n, n as f64 * load, n as u64 * u64::from(workers));
    }
    let empty = (-weights.iter().sum::<f64>()).exp();
    let mut states = vec![empty];
    for k in 1..size {
        let sum: f64 = (1..=k).map(|j| j as f64 * weights[j] * states[k - j]).sum();
        states.push(sum / k as f64);
    }
    let mut sum = 0.0;
    Some(
        states
            .into_iter()
            .map(|p| {
                sum += p;
                f64::min(sum, 1.0)
            })
            .collect(),
    )
}

/// Adds P(S(n) = k) / n for k >= 1, where S(n) + `taken` is Poisson with mean x.
fn add_step(weights: &mut [f64], n: usize, x: f64, taken: u64) {
    let start = taken as usize + 1;
    let mut p = (start as f64 * x.ln() - x - ln_factorial(start)).exp() / n as f64;
    for (k, weight) in weights.iter_mut().enumerate().skip(1) {
        *weight += p;
        p *= x / (taken as usize + k + 1) as f64;
        if p < 1e-25 {
            break;
        }
    }
}

/// The positive root of load (e^θ - 1) = c θ, by halving.
fn decay(load: f64, c: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while load * f64::exp_m1(high) < c * high {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if load * f64::exp_m1(middle) < c * middle { low = middle } else { high = middle }
    }
    high
}

/// P(W > t): for (k - 1) D <= t < k D, P(W <= t) is the Poisson(λ (k D - t)) mean of P(ready <= k c - 1 - j).
fn wait_beyond(below: &[f64], rate: f64, service: f64, workers: u32, t: f64) -> f64 {
    let k = (t / service).floor() + 1.0;
    let last = k as usize * workers as usize - 1;
    let x = rate * (k * service - t);
    // As a sum over what is above, for the sake of small tails: 1 - sum = P(Poisson > last) + sum of P(ready > last - j).
    let beyond: Vec<f64> = (0..=last).map(|j| 1.0 - below.get(last - j).copied().unwrap_or(1.0)).collect();
    let reach = last + 40 + (10.0 * x.sqrt()) as usize;
    let above: Vec<f64> = beyond.into_iter().chain(std::iter::repeat_n(1.0, reach - last)).collect();
    poisson_mean(&above, x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/D/1 at load 0.8 with work of 1: mean 2, and P(W <= t) by Erlang's series where it still works.
    #[test]
    fn one_worker_is_erlangs_series() {
        let found = mdc(0.8, 1.0, 1).unwrap();
        assert!((found.wait.mean.unwrap() - 2.0).abs() < 1e-10, "{found:?}");
        assert!((found.waited.unwrap() - 0.8).abs() < 1e-12);
        // E W^2 = 2 W^2 + λ b3 / (3 (1 - ρ)) = 8 + 4/3.
        assert!((found.wait.sd.unwrap() - (16.0f64 / 3.0).sqrt()).abs() < 1e-8);
        let series = |t: f64| -> f64 {
            (0..=t as u32)
                .map(|k| {
                    let x = 0.8 * (f64::from(k) - t);
                    0.2 * x.powi(k as i32) / ln_factorial(k as usize).exp() * (-x).exp()
                })
                .sum()
        };
        for (at, q) in [(0, 0.5), (2, 0.9), (3, 0.95)] {
            assert!((series(found.wait.percentiles[at]) - q).abs() < 1e-10, "{q}: {found:?}");
        }
    }

    #[test]
    fn high_loads_are_solved_or_left() {
        let high = mdc(0.999, 1.0, 1).unwrap();
        assert!((high.wait.mean.unwrap() / (0.999 / 0.002) - 1.0).abs() < 1e-8, "{high:?}");
        assert!(mdc(1.999_99, 1.0, 2).is_none());
        assert!(mdc(0.001, 1.0, 1).is_some());
        assert!(mdc(5.0, 1.0, 1000).is_some());
    }
}
