//! M/G/1 and its disciplines: Pollaczek and Khinchine, priorities, last in first out, random order; and its relatives with a time to
//! live, for several workers without waiting room see `exponential`.
//!
//! E(s) is the transform of the rest of a service time that is looked at in its midst (see `transform`).

use super::answer::{Law, Solution, Times, percentiles};
use super::complex::Complex;
use super::inversion::Grid;
use super::root;
use super::transform::{cost, equilibrium, is_smooth, second_moment, third_moment};
use crate::random::Distribution;

const POLLACZEK: &str = "F. Pollaczek (1930); A. Khinchine (1932); L. Kleinrock, Queueing Systems 1 (1975), section 5.7";

/// A Poisson stream and the work of its messages; times in seconds, the distribution in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct General<'a> {
    /// Messages a second.
    pub rate: f64,
    /// Work of a message in nanoseconds.
    pub service: &'a Distribution,
}

impl General<'_> {
    fn mean_service(self) -> f64 {
        self.service.mean() / 1e9
    }

    fn load(self) -> f64 {
        self.rate * self.mean_service()
    }

    /// Whether transforms can be inverted: work without atoms, and not of too many phases.
    fn has_law(self) -> bool {
        is_smooth(self.service) && cost(self.service) < 3e4
    }

    /// W = λ b2 / (2 (1 - ρ)).
    pub fn mean(self) -> f64 {
        self.rate * second_moment(self.service) / 1e18 / (2.0 * (1.0 - self.load()))
    }

    /// E W^2 = 2 W^2 + λ b3 / (3 (1 - ρ)), first in first out (Kleinrock 1975, exercise 5.24; Takács 1962).
    fn square(self) -> f64 {
        let mean = self.mean();
        2.0 * mean * mean + self.rate * third_moment(self.service) / 1e27 / (3.0 * (1.0 - self.load()))
    }

    /// P(W > t), of which the transform is ρ (1 - E(s)) / (s (1 - ρ' E(s))); ρ' is the load `ahead` that may overtake the message
    /// while it waits, all of it under first in first out. For ρ' below ρ it is the wait of the highest priority.
    fn survivor(self, ahead: f64, t: f64) -> f64 {
        self.inverted(t, |s, e| {
            let above = (Complex::ONE - e).scale(self.load());
            above / (s * (Complex::ONE - e.scale(ahead)))
        })
    }

    /// A function of time from its transform, given as a function of s (per second) and E(s).
    fn inverted(self, t: f64, transform: impl Fn(Complex, Complex) -> Complex) -> f64 {
        if t <= 0.0 {
            return self.load();
        }
        let values = equilibrium(self.service, Grid { t: t * 1e9 });
        let grid = Grid { t };
        grid.invert(grid.points().zip(values).map(|(s, e)| transform(s, e)))
    }

    /// All about the wait under first in first out; percentiles where the service times have no atoms.
    fn wait(self) -> Times {
        let (mean, square) = (self.mean(), self.square());
        Times { mean: Some(mean), sd: finite(deviation(mean, square)), percentiles: self.percentiles(self.load(), mean) }
    }

    fn percentiles(self, ahead: f64, scale: f64) -> Vec<f64> {
        if !self.has_law() || !scale.is_finite() {
            return Vec::new();
        }
        percentiles(|q| root::quantile(|t| self.survivor(ahead, t), q, scale))
    }

    /// P(W + S > t): the transform is (1 - W(s) B(s)) / s with W(s) = (1 - ρ) / (1 - ρ E(s)) and B(s) = 1 - s m E(s).
    fn sojourn(self) -> Times {
        let (load, m) = (self.load(), self.mean_service());
        let mean = self.mean() + m;
        let beyond = |t: f64| {
            if t <= 0.0 {
                return 1.0;
            }
            self.inverted(t, |s, e| {
                let wait = Complex::new(1.0 - load, 0.0) / (Complex::ONE - e.scale(load));
                // (1 - W B) / s = (1 - W) / s + m W E, of which the first part is that of the wait.
                (Complex::ONE - e).scale(load) / (s * (Complex::ONE - e.scale(load))) + (wait * e).scale(m)
            })
        };
        let percentiles =
            if self.has_law() && mean.is_finite() { percentiles(|q| root::quantile(beyond, q, mean)) } else { Vec::new() };
        let variance = self.square() - self.mean().powi(2) + self.service.scv() * m * m;
        Times { mean: finite(mean), sd: finite(root_of(variance)), percentiles }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn deviation(mean: f64, square: f64) -> f64 {
    root_of(square - mean * mean)
}

/// The square root of a variance that rounding may have made negative; what is not known stays so.
fn root_of(variance: f64) -> f64 {
    if variance.is_nan() { variance } else { variance.max(0.0).sqrt() }
}

/// In which order a single pool takes messages, as far as these laws tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Fifo,
    Lifo,
    Random,
    /// By classes: the mean over all is that of any order, the rest is not told here.
    Classes,
}

/// By how much E W^2 differs from that of first in first out (D. Fuhrmann 1985; L. Takács 1963, "Delay distributions for one line
/// with Poisson input, general holding times, and various orders of service", BSTJ 42): 1/(1 - ρ) for last in first out, 2/(2 - ρ)
/// for random order. The same holds for M/M/c with ρ the load of a worker.
pub fn square_factor(order: Order, load: f64) -> Option<f64> {
    match order {
        Order::Fifo => Some(1.0),
        Order::Lifo => Some(1.0 / (1.0 - load)),
        Order::Random => Some(2.0 / (2.0 - load)),
        Order::Classes => None,
    }
}

/// What an order is called behind the name of a law.
pub fn order_name(order: Order) -> &'static str {
    match order {
        Order::Fifo => "",
        Order::Lifo => ", last in first out",
        Order::Random => ", random order",
        Order::Classes => ", priorities",
    }
}

/// M/G/1 for a load below 1, with work of finite variance. `name` is the letter of the work: `G`, `D`, `E4`.
pub fn mg1(of: General, name: &str, order: Order) -> Option<Solution> {
    let (mean, load) = (of.mean(), of.load());
    if !mean.is_finite() {
        return None;
    }
    let law = Law::exact(format!("M/{name}/1 (Pollaczek-Khinchine){}", order_name(order)), POLLACZEK);
    let mut solution = Solution { waited: Some(load), ready: Some(of.rate * mean), ..Solution::by(law) };
    if order == Order::Fifo {
        (solution.wait, solution.sojourn) = (of.wait(), of.sojourn());
    } else {
        let sd = square_factor(order, load).and_then(|factor| finite(deviation(mean, factor * of.square())));
        solution.wait = Times { mean: Some(mean), sd, percentiles: Vec::new() };
        solution.sojourn.mean = Some(mean + of.mean_service());
    }
    Some(solution)
}

/// The wait of the highest class of M/G/1 with priorities, none of which interrupts: see [`General::survivor`]; `own` is the load
/// of the class (Kleinrock 1976, "Queueing Systems 2", section 3.6; Kella and Yechiali 1988 for the form).
pub fn highest_class(of: General, own: f64) -> Vec<f64> {
    of.percentiles(own, of.mean())
}

/// M/G/1 in which a message that has waited for `ttl` seconds goes unserved, first in first out, load below 1.
///
/// Up to `ttl` the virtual wait V has the density of that of M/G/1 but for a factor; with W the distribution function of the wait
/// in M/G/1, P(V <= t) = W(t) / (1 - ρ + ρ W(ttl)), and the served are those with V <= ttl (Barrer 1957, "Queuing with impatient
/// customers and ordered service", Oper. Res. 5; Takács 1962, "Introduction to the Theory of Queues"; Stanford 1979 for this form).
pub fn expiring(of: General, name: &str, ttl: f64) -> Option<Solution> {
    if !of.has_law() || !of.mean().is_finite() {
        return None;
    }
    let load = of.load();
    let below = |t: f64| 1.0 - of.survivor(load, t);
    let at_ttl = below(ttl);
    let served = at_ttl / (1.0 - load + load * at_ttl);
    // The integral of P(W > t) up to the ttl: the transform of P(W > t), divided by s.
    let late = of.inverted(ttl, |s, e| (Complex::ONE - e).scale(load) / (s * s * (Complex::ONE - e.scale(load))));
    let wait = ttl - (ttl - late) / at_ttl;
    let lost = 1.0 - served;
    let source = "D. Y. Barrer, Oper. Res. 5 (1957); L. Takács, Introduction to the Theory of Queues (1962)";
    let law = Law::exact(format!("M/{name}/1 with a time to live"), source);
    let beyond = |t: f64| if t >= ttl { 0.0 } else { 1.0 - below(t) / at_ttl };
    Some(Solution {
        wait: Times { mean: Some(wait), sd: None, percentiles: percentiles(|q| root::quantile(beyond, q, ttl)) },
        sojourn: Times { mean: Some(wait + of.mean_service()), ..Times::default() },
        waited: Some(1.0 - (1.0 - load) / at_ttl),
        ready: Some(of.rate * (served * wait + lost * ttl)),
        lost: Some(lost),
        ..Solution::by(law)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{self, gamma_mean_cv};

    /// Load 0.8 of work of 10 ms: the mean wait is 20 ms (constant), 40 ms (exponential), 100 ms (cv^2 = 4).
    #[test]
    fn variance_of_work_makes_the_wait() {
        let constant = Distribution::Constant { value: 1e7 };
        let exponential = Distribution::Exponential { mean: 1e7 };
        let spread = gamma_mean_cv(1e7, 2.0).unwrap();
        for (service, wait) in [(constant, 0.02), (exponential, 0.04), (spread, 0.1)] {
            let found = mg1(General { rate: 80.0, service: &service }, "G", Order::Fifo).unwrap();
            assert!((found.wait.mean.unwrap() / wait - 1.0).abs() < 1e-12, "{found:?}");
        }
    }

    /// With exponential work everything must be that of M/M/1.
    #[test]
    fn exponential_work_is_mm1() {
        let service = Distribution::Exponential { mean: 1e7 };
        for rate in [20.0, 80.0, 99.0, 99.9] {
            let general = mg1(General { rate, service: &service }, "M", Order::Fifo).unwrap();
            let exact = super::super::exponential::mmc(rate, 100.0, 1);
            for (a, b) in [(&general.wait, &exact.wait), (&general.sojourn, &exact.sojourn)] {
                assert!((a.mean.unwrap() / b.mean.unwrap() - 1.0).abs() < 1e-10);
                assert!((a.sd.unwrap() / b.sd.unwrap() - 1.0).abs() < 1e-10);
                for (x, y) in a.percentiles.iter().zip(&b.percentiles) {
                    assert!((x - y).abs() <= 2e-7 * y, "{rate}: {x} {y}");
                }
            }
        }
    }

    #[test]
    fn infinite_moments_give_no_numbers() {
        let heavy = Distribution::Pareto { minimum: 1e6, shape: 2.5 };
        let found = mg1(General { rate: 100.0, service: &heavy }, "G", Order::Fifo).unwrap();
        assert!(found.wait.mean.is_some() && found.wait.sd.is_none(), "{found:?}");
        let heavier = Distribution::Pareto { minimum: 1e6, shape: 1.5 };
        assert_eq!(mg1(General { rate: 100.0, service: &heavier }, "G", Order::Fifo), None);
        // Forty phases under a cut would take too long: the mean alone.
        let chain: Vec<(f64, f64)> = (0..40).map(|at| (1e5, if at < 39 { 0.9 } else { 0.0 })).collect();
        let cut = random::truncated(4e6, random::coxian(&chain).unwrap()).unwrap();
        let found = mg1(General { rate: 100.0, service: &cut }, "G", Order::Fifo).unwrap();
        assert!(found.wait.mean.is_some() && found.wait.sd.is_none() && found.wait.percentiles.is_empty(), "{found:?}");
    }
}
