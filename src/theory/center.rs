//! Service centers of a queueing network: what is called, or takes from a queue, and holds nothing else while it works.
//!
//! A network of such centers has a product form (J. R. Jackson 1963; F. Baskett, K. M. Chandy, R. R. Muntz, F. G. Palacios 1975, "Open,
//! closed, and mixed networks of queues with different classes of customers", JACM 22(2)): exponential work before workers in any
//! order that does not look at the work, work of any shape that shares processors, and delays of any shape. A worker that calls
//! another service holds two centers at a time, and is none.

use super::answer::{Law, Times};
use super::exponential::{self, Exponential, erlang_c};
use crate::model::{Balance, ConsumerPool, Discipline, HostId, Model, Prefetch, Scheduling, Service, Step, Work};
use crate::random::Distribution;

/// Where fewer than this share would ever have to wait, nobody does.
const NEVER: f64 = 1e-9;
/// A load that misses 1 by less than the rounding of rates and means is 1.
const SLACK: f64 = 1e-9;

const JACKSON: &str = "J. R. Jackson, Management Science 10 (1963)";
const BCMP: &str = "F. Baskett, K. M. Chandy, R. R. Muntz, F. G. Palacios, JACM 22 (1975)";
const SHARING: &str = "L. Kleinrock, Queueing Systems 2 (1976), section 4.4";

/// A station of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Center<'a> {
    /// The time that a visit needs, in nanoseconds.
    pub work: &'a Distribution,
    /// Visits in work at a time at one instance.
    pub workers: u32,
    /// Equal parts among which visits are dealt out at random.
    pub instances: u32,
    /// Whose processors the work shares; `None`: each worker has its own.
    pub host: Option<HostId>,
    /// Whether the oldest is next.
    pub in_order: bool,
    /// Share of visits that end in an error.
    pub fails: f64,
}

impl<'a> Center<'a> {
    /// A service that does one piece of work, and may fail after it.
    pub fn of_service(model: &Model, service: &'a Service) -> Option<Center<'a>> {
        let (first, rest) = service.handler.0.split_first()?;
        let fails = match rest {
            [] => 0.0,
            [Step::Fail { probability }] => *probability,
            _ => return None,
        };
        if service.queue_limit.is_some() || service.shed.is_some() {
            return None;
        }
        let (instances, workers) = match service.balance {
            None => (1, service.count * service.concurrency),
            Some(_) if service.count == 1 => (1, service.concurrency),
            Some(Balance::Random) => (service.count, service.concurrency),
            Some(_) => return None,
        };
        let in_order = in_order(service.discipline)?;
        let (work, host) = held(model, first, service.host)?;
        Some(Center { work, workers, instances, host, in_order, fails })
    }

    /// A pool whose handler begins with one piece of work, and the rest of the handler.
    pub fn of_pool(model: &Model, pool: &'a ConsumerPool) -> Option<(Center<'a>, &'a [Step])> {
        let (first, rest) = pool.handler.0.split_first()?;
        let queue = model.queue(pool.queue);
        let unbuffered = matches!(pool.prefetch, Prefetch::Limit(limit) if limit <= pool.concurrency);
        if !unbuffered || queue.max_length.is_some() || queue.ttl.is_some() || model.pools_on(pool.queue).count() > 1 {
            return None;
        }
        let (work, host) = held(model, first, pool.host)?;
        let in_order = in_order(queue.discipline)?;
        Some((Center { work, workers: pool.workers(), instances: 1, host, in_order, fails: 0.0 }, rest))
    }

    /// Mean work of a visit in seconds.
    pub fn mean(self) -> f64 {
        self.work.mean() / 1e9
    }

    /// Whether work is exponential, so that it has a product form before workers of its own.
    pub fn is_exponential(self) -> bool {
        matches!(self.work, Distribution::Exponential { .. })
    }
}

/// The work of a first step, and the host on which it is done.
fn held<'a>(model: &Model, step: &'a Step, host: Option<HostId>) -> Option<(&'a Distribution, Option<HostId>)> {
    let (work, host) = match step {
        Step::Work(Work::Drawn(work)) => (work, host),
        Step::Wait(work) => (work, None),
        _ => return None,
    };
    let shares = |id: HostId| model.hosts[id.0 as usize].scheduling == Scheduling::ProcessorSharing;
    let valid = work.mean() > 0.0 && work.mean().is_finite() && host.is_none_or(shares);
    valid.then_some((work, host))
}

fn in_order(discipline: Discipline) -> Option<bool> {
    match discipline {
        Discipline::Fifo => Some(true),
        Discipline::Lifo | Discipline::Random | Discipline::AdaptiveLifo { .. } => Some(false),
        Discipline::Priority { .. } => None,
    }
}

/// A center in the steady state of an open network.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Whose answers these are.
    pub law: Law,
    /// From coming to the start of work.
    pub wait: Times,
    /// From coming to the end of work.
    pub sojourn: Times,
    /// Share of visits that wait.
    pub waited: f64,
    /// Workers that are busy.
    pub busy: f64,
    /// Workers, wait and service rate of M/M/c, first in first out.
    pub markov: Option<(u32, Exponential, f64)>,
}

/// What all that shares a host asks of it: mean number of cores that are asked for, over the cores there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crowd {
    /// Number of processors.
    pub cores: u32,
    /// Work of 1 s takes 1/speed seconds.
    pub speed: f64,
    /// Offered load in cores.
    pub offered: f64,
}

impl Crowd {
    /// Mean number on the host: M/G/c with processor sharing has as many as M/M/c, whatever the shape of the work.
    pub fn mean(self) -> f64 {
        let load = self.offered / f64::from(self.cores);
        self.offered + erlang_c(self.cores, self.offered) * load / (1.0 - load)
    }

    /// P(at least so many on the host), for as many as there are cores or more: C ρ^(n - c).
    fn at_least(self, n: u32) -> f64 {
        let load = self.offered / f64::from(self.cores);
        erlang_c(self.cores, self.offered) * load.powf(f64::from(n) - f64::from(self.cores))
    }

    /// Whether it keeps up.
    pub fn is_stable(self) -> bool {
        self.offered < f64::from(self.cores) * (1.0 - SLACK)
    }
}

impl Center<'_> {
    /// The steady state with so many visits a second; `None` where there is none, or none with a product form. `alone`: nothing
    /// else is on the host.
    pub fn solve(self, rate: f64, crowd: Option<Crowd>, alone: bool) -> Option<Seen> {
        match crowd {
            Some(crowd) => self.shared(rate, crowd, alone),
            None => self.own(rate / f64::from(self.instances)),
        }
    }

    /// Workers with processors of their own, for the rate at one instance.
    fn own(self, rate: f64) -> Option<Seen> {
        let (mean, workers) = (self.mean(), self.workers);
        let offered = rate * mean;
        if offered >= f64::from(workers) * (1.0 - SLACK) {
            return None;
        }
        let busy = offered * f64::from(self.instances);
        if erlang_c(workers, offered) < NEVER {
            let none = Times { mean: Some(0.0), sd: Some(0.0), percentiles: Vec::new() };
            let spread = self.work.scv().sqrt() * mean;
            let sojourn = Times { mean: Some(mean), sd: Some(spread), percentiles: Vec::new() };
            let law = Law::exact("more workers than are ever needed", BCMP);
            return Some(Seen { law, wait: none, sojourn, waited: 0.0, busy, markov: None });
        }
        if !self.is_exponential() {
            return None;
        }
        let solution = exponential::mmc(rate, 1.0 / mean, workers);
        let wait = exponential::mmc_wait(rate, 1.0 / mean, workers);
        let only_means = |times: Times| if self.in_order { times } else { Times { mean: times.mean, ..Times::default() } };
        Some(Seen {
            law: Law::exact(format!("M/M/{workers} (Jackson)"), JACKSON),
            wait: only_means(solution.wait),
            sojourn: only_means(solution.sojourn),
            waited: wait.waited,
            busy,
            markov: self.in_order.then_some((workers, wait, 1.0 / mean)),
        })
    }

    /// Everyone on the host goes on at the same speed, so that a visit takes in the mean its own work times the number on the host
    /// over what is asked of it. One core and exponential work alone on it: the variance is (2 + ρ) / (2 - ρ) of that of M/M/1
    /// (E. G. Coffman, R. R. Muntz, H. Trotter 1970, "Waiting time distributions for processor-sharing systems", JACM 17(1)).
    fn shared(self, rate: f64, crowd: Crowd, alone: bool) -> Option<Seen> {
        if !crowd.is_stable() || self.workers <= crowd.cores || crowd.at_least(self.workers) > NEVER {
            return None;
        }
        let mean = self.mean() / crowd.speed * crowd.mean() / crowd.offered;
        let load = crowd.offered / f64::from(crowd.cores);
        let is_plain = crowd.cores == 1 && alone && self.is_exponential() && self.instances == 1;
        let sd = is_plain.then(|| mean * ((2.0 + load) / (2.0 - load)).sqrt());
        let letter = if self.is_exponential() { "M" } else { "G" };
        Some(Seen {
            law: Law::exact(format!("M/{letter}/{} with processor sharing", crowd.cores), SHARING),
            wait: Times { mean: Some(0.0), sd: Some(0.0), percentiles: Vec::new() },
            sojourn: Times { mean: Some(mean), sd, percentiles: Vec::new() },
            waited: 0.0,
            busy: rate * mean,
            markov: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/1 by sharing has as many as M/M/1: ρ/(1-ρ); two cores at load 0.5: 1 + C ρ/(1-ρ) = 4/3.
    #[test]
    fn crowds_of_processor_sharing() {
        let crowd = |cores, offered| Crowd { cores, speed: 1.0, offered };
        assert!((crowd(1, 0.8).mean() - 4.0).abs() < 1e-12);
        assert!((crowd(2, 1.0).mean() - 4.0 / 3.0).abs() < 1e-12);
        assert!((crowd(1, 0.5).at_least(10) - 0.5f64.powi(10)).abs() < 1e-15);
    }
}
