//! M/M/c in which a message that has waited for a fixed time goes unserved: a queue with a time to live before exponential work.
//!
//! F. Baccelli and G. Hebuterne 1981, "On queues with impatient customers", Performance '81: the virtual wait V of a message
//! that would not go has the density v(x) = λ p(c-1) exp(-(c μ - λ) x) up to the time to live D, and v(D) exp(-c μ (x - D)) beyond;
//! below c messages the states are those of M/M/c. The load may be anything.

use super::answer::{Law, Solution, Times, percentiles};
use super::exponential::erlang_b;
use super::root;

const SOURCE: &str = "F. Baccelli and G. Hebuterne, On queues with impatient customers, Performance '81 (1981)";

/// The solution for Poisson arrivals of `rate`, `workers` of `service_rate` each, and a time to live of `ttl` seconds.
pub fn expiring(rate: f64, service_rate: f64, workers: u32, ttl: f64) -> Solution {
    let capacity = f64::from(workers) * service_rate;
    let drift = capacity - rate;
    // All masses are multiplied by exp(-shift), so that the largest is of order one when the queue is overloaded.
    let shift = (-drift * ttl).max(0.0);
    // Idle mass over p(c-1) is 1 / B(c-1, a); both are multiplied by B, which may vanish.
    let blocked = erlang_b(workers - 1, rate / service_rate);
    let density = blocked * rate;
    let idle = (-shift).exp();
    let late = density * (-drift * ttl - shift).exp() / capacity;
    let moment = |k: i32| density * ttl.powi(k + 1) * power_integral(k, drift * ttl, shift);
    let (waiting, first, second) = (moment(0), moment(1), moment(2));
    let total = idle + waiting + late;
    let served = idle + waiting;
    let mean = first / served;
    // P(t < W <= D) of those served.
    let beyond = |t: f64| {
        let rest = ttl - t;
        if rest <= 0.0 {
            return 0.0;
        }
        density * rest * (-drift * t - shift + ln_mean_exponential(drift * rest)).exp() / served
    };
    let variance = (second / served - mean * mean).max(0.0);
    Solution {
        wait: Times { mean: Some(mean), sd: Some(variance.sqrt()), percentiles: percentiles(|q| root::quantile(beyond, q, ttl)) },
        sojourn: Times {
            mean: Some(mean + 1.0 / service_rate),
            sd: Some((variance + 1.0 / (service_rate * service_rate)).sqrt()),
            percentiles: Vec::new(),
        },
        waited: Some(waiting / served),
        ready: Some(rate * (first + ttl * late) / total),
        lost: Some(late / total),
        ..Solution::by(Law::exact(format!("M/M/{workers} with a time to live"), SOURCE))
    }
}

/// ln of (1 - exp(-z)) / z, the mean of exp(-z u) over u from 0 to 1.
fn ln_mean_exponential(z: f64) -> f64 {
    if z.abs() < 1e-9 {
        -0.5 * z
    } else if z > 0.0 {
        (-(-z).exp_m1() / z).ln()
    } else {
        // (exp(-z) - 1) / -z = exp(-z) (1 - exp(z)) / -z.
        -z + (z.exp_m1() / z).ln()
    }
}

/// exp(-shift) times the integral of u^k exp(-z u) over u from 0 to 1, for k = 0, 1, 2.
fn power_integral(k: i32, z: f64, shift: f64) -> f64 {
    if z.abs() < 2.0 {
        let (mut term, mut sum) = (1.0, 0.0);
        for j in 0..60 {
            sum += term / f64::from(k + j + 1);
            term *= -z / f64::from(j + 1);
        }
        return sum * (-shift).exp();
    }
    let (start, end) = ((-shift).exp(), (-z - shift).exp());
    match k {
        0 => (start - end) / z,
        1 => (start - end * (1.0 + z)) / (z * z),
        _ => (2.0 * start - end * (z * z + 2.0 * z + 2.0)) / (z * z * z),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::exponential::mmc;

    #[test]
    fn a_long_time_to_live_is_none() {
        let (found, exact) = (expiring(80.0, 100.0, 1, 10.0), mmc(80.0, 100.0, 1));
        assert!((found.wait.mean.unwrap() / exact.wait.mean.unwrap() - 1.0).abs() < 1e-12);
        assert!((found.wait.percentiles[4] / exact.wait.percentiles[4] - 1.0).abs() < 1e-12);
        assert!(found.lost.unwrap() < 1e-80);
    }

    /// Overload by 25 %: a fifth is lost as the time to live grows, and those served wait nearly all of it.
    #[test]
    fn overload_loses_its_excess() {
        for ttl in [1.0, 100.0, 1e5] {
            let found = expiring(125.0, 100.0, 1, ttl);
            assert!((found.lost.unwrap() - 0.2).abs() < 1e-6, "{ttl}: {found:?}");
            assert!((found.wait.mean.unwrap() - (ttl - 0.04)).abs() < 1e-6 * ttl, "{ttl}: {found:?}");
        }
        let large = expiring(10_100.0, 1.0, 10_000, 0.5);
        assert!(large.lost.unwrap() > 0.0 && large.wait.percentiles.len() == 7, "{large:?}");
    }

    #[test]
    fn integrals_join_where_the_series_ends() {
        for k in 0..3 {
            for z in [-2.0f64, 2.0] {
                let (inside, outside) = (power_integral(k, z * (1.0 - 1e-12), 0.0), power_integral(k, z * (1.0 + 1e-12), 0.0));
                assert!((inside / outside - 1.0).abs() < 1e-10, "{k} {z}: {inside} {outside}");
            }
        }
    }
}
