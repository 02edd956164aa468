//! Stations whose wait is zero or exponential: M/M/c, GI/M/c, the highest class of M/M/c with priorities. And Erlang's formulas.

use super::answer::{Law, Solution, Times, percentiles};
use super::root;

const ERLANG: &str = "A. K. Erlang (1917); L. Kleinrock, Queueing Systems 1 (1975), section 3.5";

/// Erlang's B: the share of a Poisson stream of `load` Erlangs that finds all of `workers` busy, none may wait.
///
/// B(k) = a B(k-1) / (k + a B(k-1)): every step is stable (Jagerman 1974, "Some properties of the Erlang loss function", BSTJ 53(3)).
pub fn erlang_b(workers: u32, load: f64) -> f64 {
    (1..=workers).fold(1.0, |blocked, k| load * blocked / (f64::from(k) + load * blocked))
}

/// Erlang's C: the share that must wait, for a load below `workers`. C = B / (1 - ρ (1 - B)) (Kleinrock 1975, section 3.5).
pub fn erlang_c(workers: u32, load: f64) -> f64 {
    let blocked = erlang_b(workers, load);
    blocked / (1.0 - load / f64::from(workers) * (1.0 - blocked))
}

/// A wait that is positive with probability `waited`, and then exponential with `rate`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    /// P(W > 0).
    pub waited: f64,
    /// Of the exponential part, per second.
    pub rate: f64,
}

impl Exponential {
    /// E W = waited / rate.
    pub fn mean(self) -> f64 {
        self.waited / self.rate
    }

    /// E W^2 = 2 waited / rate^2.
    pub fn sd(self) -> f64 {
        (self.waited * (2.0 - self.waited)).max(0.0).sqrt() / self.rate
    }

    /// P(W > t) = waited exp(-rate t), solved for t.
    pub fn quantile(self, q: f64) -> f64 {
        ((self.waited / (1.0 - q)).ln() / self.rate).max(0.0)
    }

    /// P(W + S > t) for work S that is exponential with `service_rate` and independent of W:
    /// exp(-μt) + waited μ ∫ exp(-μ(t-u) - rate u) du over u from 0 to t, in a form that loses nothing where the rates are equal.
    fn sojourn_beyond(self, service_rate: f64, t: f64) -> f64 {
        let (slow, apart) = (self.rate.min(service_rate), (self.rate - service_rate).abs());
        let integral = (-slow * t).exp() * if apart * t > 1e-12 { -(-apart * t).exp_m1() / apart } else { t };
        (-service_rate * t).exp() + self.waited * service_rate * integral
    }

    /// All about the wait.
    pub fn times(self) -> Times {
        Times { mean: Some(self.mean()), sd: Some(self.sd()), percentiles: percentiles(|q| Some(self.quantile(q))) }
    }

    /// All about wait and work together.
    pub fn sojourn(self, service_rate: f64) -> Times {
        let mean = self.mean() + 1.0 / service_rate;
        Times {
            mean: Some(mean),
            sd: Some(self.sd().hypot(1.0 / service_rate)),
            percentiles: percentiles(|q| root::quantile(|t| self.sojourn_beyond(service_rate, t), q, mean)),
        }
    }
}

/// The wait in M/M/c: it is positive with Erlang's C, and then exponential with the rate c μ - λ (FIFO).
pub fn mmc_wait(rate: f64, service_rate: f64, workers: u32) -> Exponential {
    Exponential { waited: erlang_c(workers, rate / service_rate), rate: f64::from(workers) * service_rate - rate }
}

/// M/M/c, first in first out, for a load below 1.
pub fn mmc(rate: f64, service_rate: f64, workers: u32) -> Solution {
    let wait = mmc_wait(rate, service_rate, workers);
    let name = if workers == 1 { "M/M/1".to_owned() } else { format!("M/M/{workers} (Erlang C)") };
    Solution {
        wait: wait.times(),
        sojourn: wait.sojourn(service_rate),
        waited: Some(wait.waited),
        ready: Some(rate * wait.mean()),
        ..Solution::by(Law::exact(name, ERLANG))
    }
}

/// M/G/c/c: no message waits, and a share of Erlang's B is lost, whatever the shape of the service times
/// (B. A. Sevastyanov 1957, "An ergodic theorem for Markov processes and its application to telephone systems with refusals").
pub fn loss(rate: f64, mean_service: f64, workers: u32, general: bool) -> Solution {
    let name = format!("M/{}/{workers}/{workers} (Erlang B)", if general { "G" } else { "M" });
    let none = Times { mean: Some(0.0), sd: Some(0.0), percentiles: percentiles(|_| Some(0.0)) };
    let law = Law::exact(name, "A. K. Erlang (1917); B. A. Sevastyanov, Theory Probab. Appl. 2 (1957)");
    Solution {
        wait: none,
        sojourn: Times { mean: Some(mean_service), ..Times::default() },
        waited: Some(0.0),
        ready: Some(0.0),
        lost: Some(erlang_b(workers, rate * mean_service)),
        ..Solution::by(law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/1: time in system over service time is 2, 5, 10, 20, 100 at loads of .5, .8, .9, .95, .99.
    #[test]
    fn mm1_at_round_loads() {
        for (load, times) in [(0.5, 2.0), (0.8, 5.0), (0.9, 10.0), (0.95, 20.0), (0.99, 100.0)] {
            let found = mmc(load, 1.0, 1).sojourn.mean.unwrap();
            assert!((found / times - 1.0).abs() < 1e-12, "{load}: {found}");
        }
    }

    /// 100/s of 50 ms each: P(wait), mean wait and its p99 in ms for 6, 7, 8 and 10 workers.
    #[test]
    fn mmc_as_pools_are_sized_by() {
        for (workers, waited, mean, p99) in
            [(6, 0.5875, 29.4, 204.0), (7, 0.3241, 8.10, 87.0), (8, 0.1673, 2.79, 47.0), (10, 0.0361, 0.36, 12.8)]
        {
            let wait = mmc_wait(100.0, 20.0, workers);
            assert!((wait.waited - waited).abs() < 5e-5, "{workers}: {}", wait.waited);
            assert!((wait.mean() * 1e3 / mean - 1.0).abs() < 5e-3, "{workers}: {}", wait.mean());
            assert!((wait.quantile(0.99) * 1e3 / p99 - 1.0).abs() < 5e-3, "{workers}: {}", wait.quantile(0.99));
        }
    }

    #[test]
    fn large_pools_and_high_loads_stay_finite() {
        let wait = mmc_wait(9990.0, 1.0, 10_000);
        assert!(wait.waited > 0.8 && wait.waited < 1.0 && wait.mean() > 0.0, "{wait:?}");
        let idle = mmc_wait(1.0, 1.0, 10_000);
        assert_eq!((idle.waited, idle.mean(), idle.quantile(0.9999)), (0.0, 0.0, 0.0));
        let busy = mmc(0.999, 1.0, 1);
        assert!((busy.wait.mean.unwrap() / 999.0 - 1.0).abs() < 1e-12);
        assert_eq!(busy.sojourn.percentiles.len(), 7);
        // Sojourn of M/M/1 is exponential with rate μ - λ: p99 = ln(100) / 0.001.
        assert!((busy.sojourn.percentiles[4] / (100f64.ln() * 1000.0) - 1.0).abs() < 1e-10);
    }

    /// B(2, 1) = (1/2) / (1 + 1 + 1/2) = 0.2, B(1, a) = a/(1 + a).
    #[test]
    fn loss_of_small_systems() {
        assert!((erlang_b(2, 1.0) - 0.2).abs() < 1e-15);
        assert!((erlang_b(1, 3.0) - 0.75).abs() < 1e-15);
        assert!((erlang_c(2, 1.0) - 1.0 / 3.0).abs() < 1e-15);
    }
}
