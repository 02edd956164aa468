//! Offered load: what the rates and service times say before anything is simulated.
//!
//! Traffic equations of an acyclic network: the flow into a queue is what producers publish there and what pools pass on.
//! A pool works off at most its capacity (workers / mean service time); pools on one queue share its flow by capacity.

use super::{Arrivals, Model, PoolId, QueueId, Work};

/// Offered load of every queue and pool, in the order of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// One for each queue.
    pub queues: Vec<QueueLoad>,
    /// One for each pool.
    pub pools: Vec<PoolLoad>,
}

/// What flows into a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueLoad {
    /// Messages a second while all producers send.
    pub rate: f64,
    /// Of these, what comes from producers that end after a number of messages: nothing in the long run.
    pub passing: f64,
    /// Messages a second that all pools on it together can work off; 0 without a pool.
    pub capacity: f64,
    /// The highest rate by plan of what is published here directly (rate profiles), passed-on flow at its mean.
    pub peak_rate: f64,
}

/// What a pool is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolLoad {
    /// Messages a second that come to this pool while all producers send.
    pub rate: f64,
    /// Mean work of a message in seconds; `None` when no message reaches the pool.
    pub mean_service: Option<f64>,
    /// Messages that can be in work at a time.
    pub workers: u32,
    /// Offered load per worker: 1 is all that it can do.
    pub utilization: f64,
}

impl QueueLoad {
    /// Messages a second in the long run.
    pub fn steady(&self) -> f64 {
        (self.rate - self.passing).max(0.0)
    }

    /// Messages a second by which an unbounded backlog grows; 0 when the pools keep up.
    pub fn growth(&self) -> f64 {
        (self.steady() - self.capacity).max(0.0)
    }
}

impl Load {
    /// Solves the traffic equations.
    pub fn of(model: &Model) -> Load {
        let queues = model.queues.len();
        // Flow by producer, because recorded work belongs to the producer whose trace carries it.
        let mut flow = vec![vec![0.0; model.producers.len()]; queues];
        let mut peak = vec![0.0; queues];
        for (at, producer) in model.producers.iter().enumerate() {
            for queue in producer.handler.queues() {
                flow[queue.0 as usize][at] += producer.arrivals.mean_rate();
                peak[queue.0 as usize] += producer.arrivals.peak_rate();
            }
        }
        let mut load = Load {
            queues: vec![QueueLoad { rate: 0.0, passing: 0.0, capacity: 0.0, peak_rate: 0.0 }; queues],
            pools: model
                .pools
                .iter()
                .map(|pool| PoolLoad { rate: 0.0, mean_service: None, workers: pool.workers(), utilization: 0.0 })
                .collect(),
        };
        for queue in downstream_order(model) {
            let at = queue.0 as usize;
            let rate: f64 = flow[at].iter().sum();
            let capacities: Vec<(PoolId, f64, Option<f64>)> = model
                .pools_on(queue)
                .map(|(id, pool)| {
                    let mean = pool.work().and_then(|work| mean_work(model, work, &flow[at]));
                    let capacity =
                        mean.map_or(0.0, |mean| if mean > 0.0 { f64::from(pool.workers()) / mean } else { f64::INFINITY });
                    (id, capacity, mean)
                })
                .collect();
            let capacity: f64 = capacities.iter().map(|(_, capacity, _)| capacity).sum();
            let ends = model.producers.iter().map(|producer| producer.messages.is_some());
            let passing = flow[at].iter().zip(ends).filter(|(_, ends)| *ends).map(|(part, _)| part).sum();
            load.queues[at] = QueueLoad { rate, passing, capacity, peak_rate: peak[at] };
            let served = rate.min(capacity);
            for &(id, own, mean) in &capacities {
                let share = if capacity.is_infinite() {
                    if own.is_infinite() { 1.0 } else { 0.0 }
                } else if capacity > 0.0 {
                    own / capacity
                } else {
                    0.0
                };
                let pool = &mut load.pools[id.0 as usize];
                pool.rate = rate * share;
                pool.mean_service = mean;
                pool.utilization = mean.map_or(0.0, |mean| pool.rate * mean / f64::from(pool.workers));
                for next in model.pools[id.0 as usize].handler.queues() {
                    let passed = served * share;
                    let share = if rate > 0.0 { passed / rate } else { 0.0 };
                    let onward: Vec<f64> = flow[at].iter().map(|part| part * share).collect();
                    flow[next.0 as usize].iter_mut().zip(onward).for_each(|(sum, part)| *sum += part);
                    peak[next.0 as usize] += passed;
                }
            }
        }
        load
    }
}

/// Queues so that every queue comes after all that feed it. The document was refused if there is a cycle.
fn downstream_order(model: &Model) -> Vec<QueueId> {
    let mut feeders = vec![0usize; model.queues.len()];
    for pool in &model.pools {
        for next in pool.handler.queues() {
            feeders[next.0 as usize] += 1;
        }
    }
    let mut order: Vec<QueueId> = (0..feeders.len()).filter(|&at| feeders[at] == 0).map(|at| QueueId(at as u32)).collect();
    let mut done = 0;
    while done < order.len() {
        let queue = order[done];
        done += 1;
        for (_, pool) in model.pools_on(queue) {
            for next in pool.handler.queues() {
                feeders[next.0 as usize] -= 1;
                if feeders[next.0 as usize] == 0 {
                    order.push(next);
                }
            }
        }
    }
    assert_eq!(order.len(), model.queues.len(), "a cycle of `publish` reached the model");
    order
}

/// Mean work in seconds for this mix of producers; `None` when nothing flows.
fn mean_work(model: &Model, work: &Work, flow: &[f64]) -> Option<f64> {
    match work {
        Work::Drawn(distribution) => Some(distribution.mean() / 1e9),
        Work::Carried { plus } => {
            let total: f64 = flow.iter().sum();
            if total <= 0.0 {
                return None;
            }
            let sum: f64 = model.producers.iter().zip(flow).map(|(producer, rate)| rate * mean_carried(&producer.arrivals)).sum();
            Some(sum / total + *plus as f64 / 1e9)
        }
    }
}

fn mean_carried(arrivals: &Arrivals) -> f64 {
    let work = arrivals.trace().and_then(|trace| trace.carried.work.as_ref());
    work.map_or(0.0, |work| work.iter().map(|span| span.as_secs_f64()).sum::<f64>() / work.len() as f64)
}
