//! Batches that come in a Poisson stream: M^X/M/c state by state, and the mean of M^X/G/1.

use super::answer::{Law, Solution};
use super::places::Places;
use super::transform::second_moment;
use crate::random::{Counts, Distribution};

const SOURCE: &str =
    "D. Gross and C. M. Harris, Fundamentals of Queueing Theory (1998), section 3.1; P. J. Burke, Oper. Res. 23 (1975)";
/// Probabilities below it, in proportion, are left out.
const TINY: f64 = 1e-18;
/// More work than this is not done.
const MOST: f64 = 1e8;

/// Where a message stands in its batch: P(j others before it) = P(X > j) / E X.
#[derive(Debug)]
enum Place {
    /// With a last place.
    List(Vec<f64>),
    /// p (1 - p)^j.
    Geometric(f64),
}

fn place(size: &Counts) -> Option<Place> {
    let mean = size.mean();
    let list = |largest: u32, beyond: &dyn Fn(u32) -> f64| {
        (largest <= 100_000).then(|| Place::List((0..largest).map(|j| beyond(j) / mean).collect()))
    };
    match size {
        Counts::Constant(value) => list(*value, &|_| 1.0),
        Counts::Uniform { min, max } => {
            let values = f64::from(max - min) + 1.0;
            list(*max, &|j| if j < *min { 1.0 } else { f64::from(max - j) / values })
        }
        Counts::Geometric { mean } => Some(Place::Geometric(1.0 / mean)),
        Counts::Discrete { values } => {
            let largest = values.iter().map(|value| value.of).max().unwrap_or(0);
            list(largest, &|j| values.iter().filter(|value| value.of > j).map(|value| value.weight).sum())
        }
    }
}

/// M^X/M/c, first in first out, for a load below 1; `rate` counts messages. `None` where it would take too long.
///
/// Flow across the line between n and n + 1 messages: p(n+1) min(n+1, c) μ = λ a(n), where a(n) is the chance that a message
/// finds n others before it, those of its own batch included: a(n) = sum over k of p(k) P(n - k of its batch before it).
pub fn mxm(rate: f64, size: &Counts, service_rate: f64, workers: u32) -> Option<Solution> {
    let place = place(size)?;
    let longest = match &place {
        Place::List(list) => list.len() as f64,
        Place::Geometric(_) => 1.0,
    };
    let most = (MOST / longest) as usize;
    let (mut states, mut ahead) = (vec![1.0f64], Vec::new());
    let mut sum = 1.0;
    loop {
        let n = states.len() - 1;
        let last = states[n];
        let found: f64 = match &place {
            Place::List(list) => list.iter().zip(states.iter().rev()).map(|(chance, state)| chance * state).sum(),
            Place::Geometric(p) => p * last + (1.0 - p) * ahead.last().copied().unwrap_or(0.0),
        };
        ahead.push(found);
        let next = rate * found / (((n + 1) as f64).min(f64::from(workers)) * service_rate);
        states.push(next);
        sum += next;
        if n > workers as usize && next + found < TINY * sum {
            break;
        }
        if n > most || !sum.is_finite() {
            return None;
        }
        if next > 1e200 {
            // Early states vanish beside these.
            for value in states.iter_mut().chain(&mut ahead) {
                *value *= 1e-200;
            }
            sum *= 1e-200;
        }
    }
    let c = workers as usize;
    let total: f64 = ahead.iter().sum();
    let idle: f64 = ahead[..c.min(ahead.len())].iter().sum::<f64>() / total;
    let behind = ahead.iter().skip(c).map(|p| p / total);
    let probabilities: Vec<f64> = std::iter::once(idle).chain(behind).collect();
    let places = Places::new(f64::from(workers) * service_rate, &probabilities);
    let wait = places.times();
    let mean = places.mean();
    let mut solution = Solution::by(Law::exact(format!("M^X/M/{workers} (state by state)"), SOURCE));
    solution.sojourn.mean = Some(mean + 1.0 / service_rate);
    solution.sojourn.sd = Some(places.sd().hypot(1.0 / service_rate));
    Some(Solution { wait, waited: Some(places.waited()), ready: Some(rate * mean), ..solution })
}

/// M^X/G/1 for a load below 1: W = [λ b2 + b E X(X-1) / E X] / (2 (1 - ρ)) (Burke 1975, "Delays in single-server queues with batch
/// input").
pub fn mxg(rate: f64, size: &Counts, service: &Distribution) -> Option<Solution> {
    let mean_service = service.mean() / 1e9;
    let load = rate * mean_service;
    let mates = size.variance() / size.mean() + size.mean() - 1.0;
    let wait = (rate * second_moment(service) / 1e18 + mean_service * mates) / (2.0 * (1.0 - load));
    if !wait.is_finite() {
        return None;
    }
    let mut solution = Solution::by(Law::exact("M^X/G/1 (Burke)", SOURCE));
    solution.wait.mean = Some(wait);
    solution.sojourn.mean = Some(wait + mean_service);
    solution.ready = Some(rate * wait);
    // Nobody waits but all that do not come first, and those that find the worker busy.
    solution.waited = place(size).map(|place| match place {
        Place::List(list) => 1.0 - (1.0 - load) * list.first().copied().unwrap_or(0.0),
        Place::Geometric(p) => 1.0 - (1.0 - load) * p,
    });
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::exponential::mmc;

    #[test]
    fn batches_of_one_are_mmc() {
        for (rate, workers) in [(0.8, 1), (2.4, 3), (95.0, 100), (0.99, 1), (9500.0, 10_000)] {
            let (found, exact) = (mxm(rate, &Counts::Constant(1), 1.0, workers).unwrap(), mmc(rate, 1.0, workers));
            assert!((found.wait.mean.unwrap() / exact.wait.mean.unwrap() - 1.0).abs() < 1e-8, "{workers}: {found:?} {exact:?}");
            assert!((found.wait.percentiles[5] - exact.wait.percentiles[5]).abs() < 1e-7 * (1.0 + exact.wait.percentiles[5]));
        }
    }

    #[test]
    fn both_ways_to_the_mean_agree() {
        let service = Distribution::Exponential { mean: 1e9 };
        for size in [Counts::Geometric { mean: 3.5 }, Counts::Uniform { min: 0, max: 9 }, Counts::Constant(7)] {
            let (by_states, by_moments) = (mxm(0.7, &size, 1.0, 1).unwrap(), mxg(0.7, &size, &service).unwrap());
            assert!((by_states.wait.mean.unwrap() / by_moments.wait.mean.unwrap() - 1.0).abs() < 1e-10, "{size:?}");
            assert!((by_states.waited.unwrap() - by_moments.waited.unwrap()).abs() < 1e-10, "{size:?}");
        }
    }
}
