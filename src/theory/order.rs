//! M/M/c whose queue is not first in first out: last in first out, random order, and priorities that interrupt nobody.
//!
//! The number ready, the share that waits and the mean wait are those of M/M/c; the spread is not.

use super::answer::{Law, Solution, Times, percentiles};
use super::complex::Complex;
use super::exponential::{Exponential, mmc_wait};
use super::general::{Order, order_name, square_factor};
use super::inversion::Grid;
use super::places::poisson_mean;
use super::root;

/// More work than this is not done for the random order: the load is too close to 1.
const MOST: f64 = 1e8;
/// Below the share of messages beyond the highest percentile.
const LEAST_SHARE: f64 = 8e-5;

/// M/M/c under this order, for a load below 1.
pub fn mmc(rate: f64, service_rate: f64, workers: u32, order: Order) -> Solution {
    let fifo = mmc_wait(rate, service_rate, workers);
    let capacity = f64::from(workers) * service_rate;
    let square = 2.0 * fifo.waited / (fifo.rate * fifo.rate);
    let sd = square_factor(order, rate / capacity).map(|factor| (factor * square - fifo.mean().powi(2)).max(0.0).sqrt());
    let percentiles = match order {
        Order::Lifo => percentiles(|q| root::quantile(|t| fifo.waited * busy_beyond(rate, capacity, t), q, 1.0 / fifo.rate)),
        Order::Random => random_order(fifo, rate, capacity),
        Order::Fifo | Order::Classes => Vec::new(),
    };
    let source = "L. Kleinrock, Queueing Systems 2 (1976), chapter 3; D. Gross and C. M. Harris (1998), section 3.4";
    let name = if workers == 1 { "M/M/1" } else { &format!("M/M/{workers} (Erlang C)") };
    let law = Law::exact(format!("{name}{}", order_name(order)), source);
    Solution {
        wait: Times { mean: Some(fifo.mean()), sd, percentiles },
        sojourn: Times {
            mean: Some(fifo.mean() + 1.0 / service_rate),
            sd: sd.map(|sd| sd.hypot(1.0 / service_rate)),
            percentiles: Vec::new(),
        },
        waited: Some(fifo.waited),
        ready: Some(rate * fifo.mean()),
        ..Solution::by(law)
    }
}

/// P(busy period > t) of M/M/1, which is the wait of a message that is overtaken by all that come: the transform of the busy
/// period is (λ + θ + s - sqrt((λ + θ + s)^2 - 4 λ θ)) / (2 λ) (Kleinrock 1975, section 5.8).
fn busy_beyond(rate: f64, capacity: f64, t: f64) -> f64 {
    if t <= 0.0 {
        return 1.0;
    }
    let grid = Grid { t };
    grid.invert(grid.points().map(|s| {
        let b = s + Complex::new(rate + capacity, 0.0);
        let root = (b * b - Complex::new(4.0 * rate * capacity, 0.0)).sqrt();
        // The smaller root of λ G^2 - b G + θ = 0, from the larger, so that it does not cancel.
        let busy = Complex::new(2.0 * capacity, 0.0) / (b + root);
        (Complex::ONE - busy) / s
    }))
}

/// Percentiles under random order: a waiting message among n others leaves next with probability 1/(n+1).
///
/// The chain (n others; arrivals λ, departures θ) is uniformised: at each of the Poisson(λ + θ) instants a message comes with
/// probability λ/(λ+θ), else one leaves. `left[k]` is the chance to be still there after k instants; the start is geometric
/// (Palm 1957, "Waiting times with random served queue", Tele 1). Positive terms only.
fn random_order(fifo: Exponential, rate: f64, capacity: f64) -> Vec<f64> {
    if fifo.waited <= 0.0 {
        return percentiles(|_| Some(0.0));
    }
    let load = rate / capacity;
    let size = (-39.0 / load.ln()).ceil() + 2.0;
    if size > 1e5 {
        return Vec::new();
    }
    let size = size as usize;
    let most = (MOST / size as f64) as usize;
    let (up, down) = (rate / (rate + capacity), capacity / (rate + capacity));
    let mut stay = vec![1.0; size];
    let start: Vec<f64> = (0..size).map(|n| (1.0 - load) * load.powi(n as i32)).collect();
    let mass: f64 = start.iter().sum();
    let mut left: Vec<f64> = Vec::new();
    let mut next = stay.clone();
    // Until less is left than the highest percentile asks for, and as far beyond as Poisson numbers stray.
    let (mut end, mut reached) = (most, false);
    while left.len() < end {
        left.push(start.iter().zip(&stay).map(|(p, s)| p * s).sum::<f64>() / mass);
        if !reached && fifo.waited * left[left.len() - 1] < LEAST_SHARE {
            reached = true;
            end = most.min(left.len() + 12 * (left.len() as f64).sqrt() as usize + 60);
        }
        for n in 0..size {
            let more = stay[(n + 1).min(size - 1)];
            let fewer = if n == 0 { 0.0 } else { n as f64 / (n + 1) as f64 * stay[n - 1] };
            next[n] = up * more + down * fewer;
        }
        std::mem::swap(&mut stay, &mut next);
    }
    if !reached {
        return Vec::new();
    }
    percentiles(|q| root::quantile(|t| fifo.waited * poisson_mean(&left, t * (rate + capacity)), q, 1.0 / fifo.rate))
}

/// A class of messages with one priority: its Poisson rate and the load of a worker that it brings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// Messages a second.
    pub rate: f64,
    /// Its part of the load of a worker.
    pub load: f64,
}

/// Mean waits of the classes, the highest first, where no class interrupts another and all have work of one law: with `delay` the
/// mean wait of first in first out times 1 - ρ, W(k) = delay / ((1 - σ(k-1)) (1 - σ(k))), σ(k) the load of classes 1 to k.
///
/// A. Cobham 1954, "Priority assignment in waiting line problems", Oper. Res. 2, for M/G/1 and M/M/c; O. Kella and U. Yechiali 1985.
pub fn class_means(classes: &[Class], delay: f64) -> Vec<f64> {
    let mut above = 0.0;
    let wait = |class: &Class| {
        let up_to = above + class.load;
        let wait = delay / ((1.0 - above) * (1.0 - up_to));
        above = up_to;
        wait
    };
    classes.iter().map(wait).collect()
}

/// The wait of the highest class of M/M/c with priorities: it waits as often as all, and then only for its own kind.
pub fn highest_class(rate: f64, service_rate: f64, workers: u32, own: f64) -> Exponential {
    let all = mmc_wait(rate, service_rate, workers);
    Exponential { waited: all.waited, rate: f64::from(workers) * service_rate - own }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The percentiles must have the mean and the spread that the closed forms say: integrate the survivor by parts of quantiles.
    #[test]
    fn orders_keep_the_mean() {
        for order in [Order::Lifo, Order::Random] {
            let found = mmc(0.8, 1.0, 1, order);
            let fifo = mmc_wait(0.8, 1.0, 1);
            assert_eq!(found.wait.mean, Some(fifo.mean()));
            assert!(found.wait.sd.unwrap() > fifo.sd());
            assert_eq!(found.wait.percentiles.len(), 7, "{order:?}");
            assert!(found.wait.percentiles[0] < fifo.quantile(0.5) && found.wait.percentiles[5] > fifo.quantile(0.999));
        }
        // The mean of the busy period is 1 / (θ - λ): the integral of its tail.
        let width = 0.01;
        let mean: f64 = (0..20_000).map(|k| busy_beyond(0.5, 1.0, (f64::from(k) + 0.5) * width) * width).sum();
        assert!((mean - 2.0).abs() < 1e-4, "{mean}");
    }

    /// Work is conserved: the load-weighted mean of the classes' waits is that of one class (Kleinrock 1965).
    #[test]
    fn classes_share_the_wait() {
        let classes = [0.2, 0.3, 0.4].map(|load| Class { rate: load, load });
        let fifo = mmc_wait(0.9, 1.0, 1);
        let means = class_means(&classes, fifo.mean() * 0.1);
        let shared: f64 = classes.iter().zip(&means).map(|(class, wait)| class.load * wait).sum::<f64>() / 0.9;
        assert!((shared / fifo.mean() - 1.0).abs() < 1e-12, "{means:?}");
        assert!(means[0] < means[1] && means[1] < means[2]);
    }
}
