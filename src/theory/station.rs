//! The recogniser of one station: a queue and its only pool, none of whose consumers holds a buffer.

use super::answer::{Law, Solution, Times, percentiles};
use super::general::{self, General, Order};
use super::order::{self, Class};
use super::{approximate, batch, bounded, constant, exponential, finite, modulated, patience, renewal};
use crate::model::{ConsumerPool, Discipline, MmppPhase, Overflow, Prefetch, Priority, Producer, Queue, QueueId, Work};
use crate::random::{Counts, Distribution};

/// A load that misses 1 by less than the rounding of rates and means is 1.
const SLACK: f64 = 1e-9;

/// What flows into a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow<'a> {
    /// Messages a second of each producer of the model.
    pub rates: Vec<f64>,
    /// What is known of it.
    pub kind: FlowKind<'a>,
}

/// What is known of a flow beside its rates.
#[derive(Debug, Clone, PartialEq)]
pub enum FlowKind<'a> {
    /// A Poisson process; with `marked` each message is of any producer independently of all others.
    Poisson { marked: bool },
    /// Batches in a Poisson stream.
    Batches { size: &'a Counts },
    /// Independent gaps.
    Renewal { gap: std::borrow::Cow<'a, Distribution> },
    /// A Poisson process whose rate depends on a phase.
    Modulated { phases: &'a [MmppPhase] },
    /// Stationary, and nothing more.
    Stationary,
}

impl Flow<'_> {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.rates.iter().sum()
    }
}

/// A station as the laws see it.
#[derive(Debug, Clone, Copy)]
pub struct Station<'a> {
    /// Where messages wait.
    pub queue: &'a Queue,
    /// Who serves them.
    pub pool: &'a ConsumerPool,
    /// Their work, in nanoseconds.
    pub service: &'a Distribution,
}

impl<'a> Station<'a> {
    /// The station of a queue and its only pool; `None` where work is not drawn or takes no time.
    pub fn of(queue: &'a Queue, pool: &'a ConsumerPool) -> Option<Station<'a>> {
        let Some(Work::Drawn(service)) = pool.work() else { return None };
        (service.mean() > 0.0 && service.mean().is_finite()).then_some(Station { queue, pool, service })
    }

    /// Where its messages go on to.
    pub fn onward(self) -> Option<QueueId> {
        self.pool.plain().and_then(|plain| plain.publish)
    }

    /// Mean work in seconds.
    pub fn mean_service(self) -> f64 {
        self.service.mean() / 1e9
    }

    /// Messages in work at a time, at most.
    pub fn workers(self) -> u32 {
        self.pool.workers()
    }

    /// Whether messages wait in the queue alone, so that the next worker that is idle takes the next message.
    pub fn is_unbuffered(self) -> bool {
        matches!(self.pool.prefetch, Prefetch::Limit(limit) if limit <= self.pool.concurrency)
    }

    /// Whether it may lose messages.
    pub fn loses(self) -> bool {
        self.queue.max_length.is_some() || self.queue.ttl.is_some()
    }

    /// Offered load of a worker.
    pub fn load(self, rate: f64) -> f64 {
        rate * self.mean_service() / f64::from(self.workers())
    }

    /// Whether it keeps up with so many messages a second.
    pub fn is_stable(self, rate: f64) -> bool {
        self.load(rate) < 1.0 - SLACK
    }

    /// Whether work is exponential.
    pub fn is_exponential(self) -> bool {
        matches!(self.service, Distribution::Exponential { .. })
    }

    /// The order of service as far as these producers can tell.
    pub fn order(self, flow: &Flow, producers: &[Producer]) -> Order {
        match self.queue.discipline {
            Discipline::Fifo => Order::Fifo,
            Discipline::Lifo => Order::Lifo,
            Discipline::Random => Order::Random,
            Discipline::AdaptiveLifo { .. } => Order::Classes,
            Discipline::Priority { max_priority } => {
                // Of one priority alone, the oldest is next.
                let alike = levels(flow, producers, max_priority).is_some_and(|levels| {
                    let mut used = levels.into_iter().flatten();
                    let first = used.next();
                    used.all(|level| Some(level) == first)
                });
                if alike { Order::Fifo } else { Order::Classes }
            }
        }
    }

    /// What is known of the steady state; `None` where nothing is.
    pub fn solve(self, flow: &Flow, producers: &[Producer]) -> Option<Solution> {
        let rate = flow.rate();
        if !self.is_unbuffered() || rate <= 0.0 {
            return None;
        }
        let order = self.order(flow, producers);
        if self.loses() {
            return self.with_losses(flow, order);
        }
        if !self.is_stable(rate) {
            return None;
        }
        match &flow.kind {
            FlowKind::Poisson { .. } => self.poisson(rate, order),
            FlowKind::Batches { size } => self.batches(rate, size, order),
            FlowKind::Renewal { gap } if self.is_exponential() => {
                renewal::gim(gap, 1.0 / self.mean_service(), self.workers()).map(|solution| in_any_order(solution, order))
            }
            FlowKind::Renewal { gap } => self.approximation(rate, gap.scv()),
            FlowKind::Modulated { phases } if self.is_exponential() => {
                modulated::mmpp(phases, 1.0 / self.mean_service(), self.workers()).map(|solution| in_any_order(solution, order))
            }
            FlowKind::Modulated { .. } => None,
            FlowKind::Stationary => None,
        }
    }

    fn poisson(self, rate: f64, order: Order) -> Option<Solution> {
        let (workers, mean) = (self.workers(), self.mean_service());
        if self.is_exponential() {
            let service_rate = 1.0 / mean;
            return Some(match order {
                Order::Fifo => exponential::mmc(rate, service_rate, workers),
                other => order::mmc(rate, service_rate, workers, other),
            });
        }
        let is_constant = matches!(self.service, Distribution::Constant { .. });
        if workers == 1 {
            let mut solution = general::mg1(General { rate, service: self.service }, &self.letter(), order)?;
            if let Some(exact) = (is_constant && order == Order::Fifo).then(|| constant::mdc(rate, mean, 1)).flatten() {
                solution.wait.percentiles = exact.wait.percentiles;
                solution.sojourn.percentiles = exact.sojourn.percentiles;
            }
            return Some(solution);
        }
        let exact = if is_constant { constant::mdc(rate, mean, workers) } else { None };
        exact.map(|solution| in_any_order(solution, order)).or_else(|| self.approximation(rate, 1.0))
    }

    fn batches(self, rate: f64, size: &Counts, order: Order) -> Option<Solution> {
        let by_states =
            if self.is_exponential() { batch::mxm(rate, size, 1.0 / self.mean_service(), self.workers()) } else { None };
        let by_moments = || if self.workers() == 1 { batch::mxg(rate, size, self.service) } else { None };
        by_states.or_else(by_moments).map(|solution| in_any_order(solution, order))
    }

    fn approximation(self, rate: f64, gap_scv: f64) -> Option<Solution> {
        approximate::mean_wait(rate, self.mean_service(), self.workers(), gap_scv, self.service.scv())
    }

    /// Length limits and times to live, before Poisson arrivals.
    fn with_losses(self, flow: &Flow, order: Order) -> Option<Solution> {
        let FlowKind::Poisson { .. } = flow.kind else { return None };
        let (rate, workers, mean) = (flow.rate(), self.workers(), self.mean_service());
        match (self.queue.max_length, self.queue.ttl) {
            (Some(0), _) => Some(exponential::loss(rate, mean, workers, !self.is_exponential())),
            (Some(limit), None) if self.is_exponential() => {
                let refused = self.queue.overflow == Overflow::RejectPublish;
                bounded::mmck(rate, 1.0 / mean, workers, limit, refused, order == Order::Fifo)
            }
            (Some(limit), None) if workers == 1 => {
                let refused = self.queue.overflow == Overflow::RejectPublish;
                finite::mg1k(rate, self.service, &self.letter(), limit, refused)
            }
            (None, Some(ttl)) if ttl.0 == 0 => Some(exponential::loss(rate, mean, workers, !self.is_exponential())),
            (None, Some(ttl)) if order == Order::Fifo && self.is_exponential() => {
                Some(patience::expiring(rate, 1.0 / mean, workers, ttl.as_secs_f64()))
            }
            (None, Some(ttl)) if order == Order::Fifo && workers == 1 && self.is_stable(rate) => {
                general::expiring(General { rate, service: self.service }, &self.letter(), ttl.as_secs_f64())
            }
            _ => None,
        }
    }

    /// The letter of the work in Kendall's notation.
    fn letter(self) -> String {
        match self.service {
            Distribution::Constant { .. } => "D".to_owned(),
            Distribution::Exponential { .. } => "M".to_owned(),
            Distribution::Erlang { stages, .. } => format!("E{stages}"),
            Distribution::Hyperexponential { branches } => format!("H{}", branches.len()),
            Distribution::PhaseType { .. } => "PH".to_owned(),
            _ => "G".to_owned(),
        }
    }

    /// What each producer's messages wait under priorities: the mean, and percentiles for the highest class. `None` where no law
    /// covers it: arrivals must be Poisson with independent marks, and work exponential or the worker alone.
    pub fn class_waits(self, flow: &Flow, producers: &[Producer]) -> Option<(Law, Vec<Option<Times>>)> {
        let Discipline::Priority { max_priority } = self.queue.discipline else { return None };
        let (rate, workers) = (flow.rate(), self.workers());
        if flow.kind != (FlowKind::Poisson { marked: true }) || self.loses() || !self.is_unbuffered() || !self.is_stable(rate) {
            return None;
        }
        let levels = levels(flow, producers, max_priority)?;
        let mut used: Vec<u8> = levels.iter().copied().flatten().collect();
        used.sort_unstable_by(|a, b| b.cmp(a));
        used.dedup();
        let rate_of =
            |level: u8| levels.iter().zip(&flow.rates).filter(|(own, _)| **own == Some(level)).map(|(_, r)| r).sum::<f64>();
        let classes: Vec<Class> =
            used.iter().map(|&level| Class { rate: rate_of(level), load: self.load(rate_of(level)) }).collect();
        let general = General { rate, service: self.service };
        let (mean, highest) = if self.is_exponential() {
            let all = exponential::mmc_wait(rate, 1.0 / self.mean_service(), workers);
            let highest = order::highest_class(rate, 1.0 / self.mean_service(), workers, classes[0].rate);
            (all.mean(), percentiles(|q| Some(highest.quantile(q))))
        } else if workers == 1 {
            (general.mean(), general::highest_class(general, classes[0].load))
        } else {
            return None;
        };
        if !mean.is_finite() {
            return None;
        }
        let means = order::class_means(&classes, mean * (1.0 - self.load(rate)));
        let law = Law::exact(
            format!("M/{}/{workers} with priorities (Cobham)", self.letter()),
            "A. Cobham, Oper. Res. 2 (1954); O. Kella and U. Yechiali, Naval Res. Logistics 32 (1985)",
        );
        let times = |level: &Option<u8>| {
            let class = used.iter().position(|used| Some(*used) == *level)?;
            let percentiles = if class == 0 { highest.clone() } else { Vec::new() };
            Some(Times { mean: Some(means[class]), sd: None, percentiles })
        };
        Some((law, levels.iter().map(times).collect()))
    }
}

/// The level of each producer that has a part in the flow; `None` where one draws its priorities or carries them.
fn levels(flow: &Flow, producers: &[Producer], max_priority: u8) -> Option<Vec<Option<u8>>> {
    let level = |(producer, rate): (&Producer, &f64)| match producer.priority {
        _ if *rate <= 0.0 => Some(None),
        Priority::Constant(priority) => Some(Some(priority.min(max_priority))),
        Priority::Drawn(_) | Priority::Carried => None,
    };
    producers.iter().zip(&flow.rates).map(level).collect()
}

/// What a law for first in first out says under another order: the number ready and the mean wait are the same (no message is
/// chosen for the length of its work), the spread is not known.
fn in_any_order(mut solution: Solution, order: Order) -> Solution {
    if order != Order::Fifo {
        solution.law.name.push_str(general::order_name(order));
        for times in [&mut solution.wait, &mut solution.sojourn] {
            (times.sd, times.percentiles) = (None, Vec::new());
        }
    }
    solution
}
