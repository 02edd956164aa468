//! M/M/c/K: a queue with a length limit before exponential work.

use super::answer::{Law, Solution};
use super::places::Places;

const SOURCE: &str = "L. Kleinrock, Queueing Systems 1 (1975), section 3.6; \
                      D. Gross and C. M. Harris, Fundamentals of Queueing Theory (1998), section 2.5";
/// Systems that hold more are not solved state by state.
const MOST: u64 = 4_000_000;

/// The steady state of a system of at most `workers` + `waiting` messages: probabilities of 0, 1, 2 ... messages.
///
/// Birth and death: p(n) = p(n-1) λ / (min(n, c) μ). Weights are logarithms until the largest is known, so that nothing overflows.
fn states(rate: f64, service_rate: f64, workers: u32, waiting: u64) -> Vec<f64> {
    let load = (rate / service_rate).ln();
    let mut logs = vec![0.0];
    let mut last = 0.0;
    for n in 1..=u64::from(workers) + waiting {
        last += load - (n.min(u64::from(workers)) as f64).ln();
        logs.push(last);
    }
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - top).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// M/M/c with room for `waiting` ready messages; a message too many is refused (`refused`) or the oldest dropped for it.
///
/// The number of messages is the same either way; what is served is not, so that only a refusing queue tells waits: under any
/// order their mean, under first in first out (`in_order`) their law. `None` for a system too large.
pub fn mmck(rate: f64, service_rate: f64, workers: u32, waiting: u64, refused: bool, in_order: bool) -> Option<Solution> {
    if u64::from(workers).saturating_add(waiting) > MOST {
        return None;
    }
    let states = states(rate, service_rate, workers, waiting);
    let c = workers as usize;
    let lost = *states.last()?;
    let ready: f64 = states.iter().enumerate().skip(c).map(|(n, p)| (n - c) as f64 * p).sum();
    let kind = if refused { "" } else { ", head dropped" };
    let law = Law::exact(format!("M/M/{workers}/{}{kind}", u64::from(workers) + waiting), SOURCE);
    let mut solution = Solution { ready: Some(ready), lost: Some(lost), ..Solution::by(law) };
    if refused {
        // Of the messages that get in: those that find a worker idle, and those with k messages to leave before them.
        let accepted: f64 = states[..states.len() - 1].iter().sum();
        let idle: f64 = states[..c].iter().sum();
        let behind = states[c..states.len() - 1].iter();
        let probabilities: Vec<f64> = std::iter::once(&idle).chain(behind).map(|p| p / accepted).collect();
        let places = Places::new(f64::from(workers) * service_rate, &probabilities);
        solution.waited = Some(places.waited());
        solution.wait.mean = Some(places.mean());
        if in_order {
            solution.wait = places.times();
            solution.sojourn.sd = Some(places.sd().hypot(1.0 / service_rate));
        }
        solution.sojourn.mean = Some(places.mean() + 1.0 / service_rate);
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/1/K: 5.08 % at load 0.9 and K = 10, 16.67 % at load 1.2 and K = 100: (1 - ρ) ρ^K / (1 - ρ^(K+1)).
    #[test]
    fn loss_of_one_worker() {
        for (load, k, lost) in [(0.9f64, 10, 0.0508), (1.2, 100, 0.1667)] {
            let found = mmck(load, 1.0, 1, k - 1, true, true).unwrap().lost.unwrap();
            let exact = (1.0 - load) * load.powi(k as i32) / (1.0 - load.powi(k as i32 + 1));
            assert!((found - lost).abs() < 5e-5 && (found / exact - 1.0).abs() < 1e-12, "{found}");
            let dropped = mmck(load, 1.0, 1, k - 1, false, true).unwrap();
            assert_eq!(dropped.lost, Some(found));
            assert_eq!((dropped.wait.mean, dropped.waited), (None, None));
        }
    }

    #[test]
    fn large_systems_stay_finite() {
        let found = mmck(20_000.0, 1.0, 10_000, 1000, true, true).unwrap();
        assert!((found.lost.unwrap() - 0.5).abs() < 1e-3, "{found:?}");
        assert!(found.wait.percentiles.iter().all(|p| p.is_finite()));
        assert_eq!(mmck(1.0, 1.0, 1, u64::MAX, true, true), None);
    }

    /// Without room and with much room it meets Erlang's B and C.
    #[test]
    fn the_ends_are_erlangs_formulas() {
        let none = mmck(8.0, 1.0, 10, 0, true, true).unwrap();
        assert!((none.lost.unwrap() / super::super::exponential::erlang_b(10, 8.0) - 1.0).abs() < 1e-12);
        assert_eq!(none.waited, Some(0.0));
        let much = mmck(8.0, 1.0, 10, 3000, true, true).unwrap();
        assert!((much.waited.unwrap() / super::super::exponential::erlang_c(10, 8.0) - 1.0).abs() < 1e-12);
    }
}
