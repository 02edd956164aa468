//! Offered load: what the rates and times say before anything is simulated, from the solution of the traffic equations.
//!
//! Times without waiting are the least, so that utilizations are lower bounds where handlers call.

use super::demand::product;
use super::traffic::{Traffic, carries, taken, waits};
use super::{Handler, HostId, Model, Producer};

/// Offered load of everything, in the order of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// One for each producer.
    pub producers: Vec<ProducerLoad>,
    /// One for each queue.
    pub queues: Vec<QueueLoad>,
    /// One for each pool.
    pub pools: Vec<PoolLoad>,
    /// One for each service.
    pub services: Vec<ServiceLoad>,
    /// One for each host.
    pub hosts: Vec<HostLoad>,
    /// One for each lock.
    pub locks: Vec<LockLoad>,
}

/// What a producer sends.
#[derive(Debug, Clone, PartialEq)]
pub struct ProducerLoad {
    /// Messages a second while it sends; of one whose senders wait for answers, no more than this.
    pub rate: f64,
    /// The highest rate by plan.
    pub peak_rate: f64,
    /// Mean time of its handler in seconds while nothing waits.
    pub response: f64,
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
    /// The highest rate by plan (rate profiles): what comes while all producers send at their highest, and is passed on by those before.
    pub peak_rate: f64,
}

/// What a pool is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolLoad {
    /// Messages a second that come to this pool while all producers send.
    pub rate: f64,
    /// Mean time in seconds for which a message holds a worker while nothing waits; `None` when no message reaches the pool.
    pub mean_service: Option<f64>,
    /// Messages that can be in work at a time.
    pub workers: u32,
    /// Offered load per worker: 1 is all that it can do.
    pub utilization: f64,
}

/// What a service is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceLoad {
    /// Requests a second while all producers send, each asked for once.
    pub rate: f64,
    /// Of these, what comes from producers whose senders wait for their answers, or that end: nothing that could pile up.
    pub bounded: f64,
    /// Mean time in seconds for which a request holds a worker while nothing waits; `None` when no request reaches it.
    pub mean_service: Option<f64>,
    /// Mean time in seconds from its start to its answer.
    pub response: f64,
    /// Requests that can be in work at a time.
    pub workers: u32,
    /// Requests a second that all workers can work off.
    pub capacity: f64,
    /// The highest rate by plan: what comes while all producers send at their highest, and is passed on by those before.
    pub peak_rate: f64,
    /// Offered load per worker: 1 is all that it can do.
    pub utilization: f64,
}

/// What a host is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct HostLoad {
    /// Seconds of processor time a second.
    pub demand: f64,
    /// Of this, what comes in the long run whatever became of what came before.
    pub steady: f64,
    /// Offered load per core: 1 is all that it can do.
    pub utilization: f64,
}

/// How much a lock is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LockLoad {
    /// Times a second that it is asked for.
    pub rate: f64,
    /// Permits that are held on average, if there are enough: the rate times the mean time for which one is held, while nothing
    /// waits. A lease that ends sooner is not reckoned with.
    pub demand: f64,
    /// Of this, what comes in the long run whatever became of what came before.
    pub steady: f64,
    /// Offered load per permit: 1 is all that there is.
    pub utilization: f64,
}

impl LockLoad {
    /// Mean seconds from getting it to giving it back; `None` where nobody asks.
    pub fn hold(&self) -> Option<f64> {
        (self.rate > 0.0).then(|| self.demand / self.rate)
    }
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

impl ServiceLoad {
    /// Requests a second in the long run that come whatever became of those before.
    pub fn steady(&self) -> f64 {
        (self.rate - self.bounded).max(0.0)
    }
}

impl Load {
    /// Solves the traffic equations.
    pub fn of(model: &Model) -> Load {
        let mut traffic = Traffic::of(model);
        traffic.solve();
        let mut peak = Traffic::of(model);
        let rises = peak.rise();
        if rises {
            peak.solve();
        }
        traffic.load(if rises { &peak } else { &traffic })
    }
}

impl Traffic<'_> {
    /// What flows where; `peak` is the same while all producers send at their highest rate.
    fn load(&self, peak: &Traffic<'_>) -> Load {
        let model = self.model;
        let ends = |producer: &Producer| producer.messages.is_some();
        let producers: Vec<ProducerLoad> = model
            .producers
            .iter()
            .zip(self.rates.iter().zip(&peak.rates))
            .map(|(producer, (&rate, &peak_rate))| ProducerLoad {
                rate,
                peak_rate,
                response: self.times(&producer.handler, None, &[]).response,
            })
            .collect();
        let peak = |place: usize| -> f64 { peak.flow[place].iter().sum() };
        let mut capacities = vec![0.0; model.queues.len()];
        model.pools.iter().zip(&self.pools).for_each(|(pool, own)| capacities[pool.queue.0 as usize] += own.capacity);
        let queues: Vec<QueueLoad> = (0..model.queues.len())
            .map(|at| QueueLoad {
                rate: self.flow[at].iter().sum(),
                passing: self.part(at, ends),
                capacity: capacities[at],
                peak_rate: peak(at),
            })
            .collect();
        let pools: Vec<PoolLoad> = model
            .pools
            .iter()
            .zip(&self.pools)
            .map(|(pool, own)| {
                let queue = pool.queue.0 as usize;
                let rate = queues[queue].rate * taken(own.capacity, capacities[queue]);
                let mean = own.known.then_some(own.times.hold);
                let workers = pool.workers();
                PoolLoad {
                    rate,
                    mean_service: mean,
                    workers,
                    utilization: mean.map_or(0.0, |mean| product(rate, mean) / f64::from(workers)),
                }
            })
            .collect();
        let services = (0..model.services.len()).map(|at| self.service_load(at, peak(model.queues.len() + at)));
        let services: Vec<ServiceLoad> = services.collect();
        let hosts = (0..model.hosts.len()).map(|at| self.host_load(HostId(at as u32), &queues, &pools, &services)).collect();
        let locks = self.lock_loads(&queues, &pools, &services);
        Load { producers, queues, pools, services, hosts, locks }
    }

    /// What comes to a place from some of the producers.
    fn part(&self, place: usize, of: impl Fn(&Producer) -> bool) -> f64 {
        self.model.producers.iter().zip(&self.flow[place]).filter(|(producer, _)| of(producer)).map(|(_, part)| part).sum()
    }

    fn service_load(&self, at: usize, peak_rate: f64) -> ServiceLoad {
        let known = &self.model.services[at];
        let place = self.model.queues.len() + at;
        let rate: f64 = self.flow[place].iter().sum();
        let (times, workers) = (self.services[at], known.count * known.concurrency);
        let mean_service = (rate > 0.0 || !carries(&known.handler)).then_some(times.hold);
        ServiceLoad {
            rate,
            bounded: self.part(place, |producer| producer.messages.is_some() || waits(producer)),
            mean_service,
            response: times.response,
            workers,
            capacity: self.capacity(at),
            peak_rate,
            utilization: mean_service.map_or(0.0, |mean| product(rate, mean) / f64::from(workers)),
        }
    }

    fn lock_loads(&self, queues: &[QueueLoad], pools: &[PoolLoad], services: &[ServiceLoad]) -> Vec<LockLoad> {
        let model = self.model;
        let mut locks = vec![LockLoad::default(); model.locks.len()];
        let mut add = |handler: &Handler, host: Option<HostId>, flow: &[f64], all: f64, lasting: f64| {
            for lock in handler.locks() {
                let (asked, held) = self.held(handler, host, flow, lock);
                let own = &mut locks[lock.0 as usize];
                own.rate += product(asked, all);
                own.demand += product(held, all);
                own.steady += product(held, lasting);
            }
        };
        for (producer, &rate) in model.producers.iter().zip(&self.rates) {
            let lasting = if producer.messages.is_some() || waits(producer) { 0.0 } else { rate };
            add(&producer.handler, None, &[], rate, lasting);
        }
        for ((pool, load), own) in model.pools.iter().zip(pools).zip(&self.pools) {
            let queue = &queues[pool.queue.0 as usize];
            let lasting = if queue.rate > 0.0 { load.rate * queue.steady() / queue.rate } else { 0.0 };
            let flow = &self.flow[pool.queue.0 as usize];
            add(&pool.handler, pool.host, flow, load.rate.min(own.capacity), lasting.min(own.capacity));
        }
        for (at, (service, load)) in model.services.iter().zip(services).enumerate() {
            let flow = &self.flow[model.queues.len() + at];
            add(&service.handler, service.host, flow, load.rate.min(load.capacity), load.steady().min(load.capacity));
        }
        for (load, lock) in locks.iter_mut().zip(&model.locks) {
            load.utilization = load.demand / f64::from(lock.permits);
        }
        locks
    }

    fn host_load(&self, host: HostId, queues: &[QueueLoad], pools: &[PoolLoad], services: &[ServiceLoad]) -> HostLoad {
        let (mut demand, mut steady) = (0.0, 0.0);
        // What cannot be worked off by its workers does not come to the processors.
        let mut add = |all: f64, lasting: f64, capacity: f64, work: f64| {
            demand += product(all.min(capacity), work);
            steady += product(lasting.min(capacity), work);
        };
        for ((pool, load), own) in
            self.model.pools.iter().zip(pools).zip(&self.pools).filter(|((pool, _), _)| pool.host == Some(host))
        {
            let queue = &queues[pool.queue.0 as usize];
            let lasting = if queue.rate > 0.0 { load.rate * queue.steady() / queue.rate } else { 0.0 };
            add(load.rate, lasting, own.capacity, own.times.work);
        }
        for ((service, load), times) in self.model.services.iter().zip(services).zip(&self.services) {
            if service.host == Some(host) {
                add(load.rate, load.steady(), load.capacity, times.work);
            }
        }
        HostLoad { demand, steady, utilization: demand / f64::from(self.model.hosts[host.0 as usize].cores) }
    }
}
