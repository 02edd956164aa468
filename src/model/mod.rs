//! WHAT is simulated: plain data, valid once built. No text, no clock, no random number is drawn here.

mod alert;
mod answer;
mod broker;
mod brokered;
mod cached;
mod call;
mod consumer;
mod demand;
mod fault;
mod gauge;
mod goal;
mod load;
mod metric;
mod parts;
mod plan;
mod presets;
mod producer;
mod queue;
mod service;
mod step;
mod traffic;

pub use alert::{Alert, Cause};
pub use broker::{Binding, Broker, Costs, Disk, Exchange, ExchangeKind, Flow, Network, Outlet, Storage, Sync, Wakeup};
pub use call::{
    Breaker, BudgetOf, Bulkhead, Call, Hedge, Jitter, Layer, RateLimit, Retry, RetryBudget, RetryOn, Timeout, Window,
};
pub use consumer::{Ack, ConsumerPool, Failure, OnFailure, Prefetch, Session, Work};
pub use demand::Visits;
pub use fault::{Fault, FaultKind, FaultTimes, Target};
pub use gauge::{Gauge, gauges};
pub use goal::{Comparison, Goal};
pub use load::{HostLoad, Load, LockLoad, PoolLoad, ProducerLoad, QueueLoad, ServiceLoad};
pub use metric::{Metric, Quantity, Statistic, breakers, entity_of, metrics};
pub use plan::{Precision, RunPlan, Stop, Warmup};
pub use presets::{Fact, Ground, PRESETS, Preset, Trust};
pub use producer::{
    Arrivals, Batching, Carried, Confirm, Keys, Lifetime, MmppPhase, OnFull, Priority, Producer, RoutingKey, Segment, Sending,
    Size, Trace, stationary,
};
pub use queue::{DeadLetter, Discipline, Overflow, Queue, Returns, Semantics, Settlements};
pub use service::{Balance, Cache, Contents, Host, Lock, Scheduling, Service, Shed};
pub use step::{DEEPEST_LOOPS, Handler, Plain, Publication, Step, TwoPhaseCommit, Until, Way};
pub use traffic::settles;

/// Position of a producer in [`Model::producers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerId(pub u32);
/// Position of a queue in [`Model::queues`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);
/// Position of a pool of consumers in [`Model::pools`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub u32);
/// Position of a service in [`Model::services`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);
/// Position of a host in [`Model::hosts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);
/// Position of a lock in [`Model::locks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockId(pub u32);
/// Position of a cache in [`Model::caches`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheId(pub u32);

/// Position of a broker in [`Model::brokers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerId(pub u32);
/// Position of an exchange in [`Model::exchanges`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u32);

/// One system and how to simulate it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// A line for people.
    pub title: Option<String>,
    /// How long, how often, from which seed.
    pub plan: RunPlan,
    /// Where messages come from, in the order of the document.
    pub producers: Vec<Producer>,
    /// Where queues and exchanges are.
    pub brokers: Vec<Broker>,
    /// What routes messages to queues.
    pub exchanges: Vec<Exchange>,
    /// Where messages wait.
    pub queues: Vec<Queue>,
    /// Who takes messages from queues.
    pub pools: Vec<ConsumerPool>,
    /// Who is called and answers.
    pub services: Vec<Service>,
    /// Processors that pools and services share.
    pub hosts: Vec<Host>,
    /// What handlers hold while they do something.
    pub locks: Vec<Lock>,
    /// What handlers look into.
    pub caches: Vec<Cache>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Service levels to judge.
    pub goals: Vec<Goal>,
    /// Rules of monitoring to watch.
    pub alerts: Vec<Alert>,
}

impl Model {
    /// The queue with this id.
    pub fn queue(&self, id: QueueId) -> &Queue {
        &self.queues[id.0 as usize]
    }

    /// The service with this id.
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.0 as usize]
    }

    /// Whether every producer only publishes and every consumer is a plain server: a network of queues.
    pub fn is_plain(&self) -> bool {
        !self.has_brokers()
            && self.producers.iter().all(|producer| !producer.calls())
            && self.pools.iter().all(|pool| pool.handler.plain().is_some() && pool.host.is_none())
            && self.faults.is_empty()
    }

    /// Whether a fault may take consumers of this pool away.
    pub fn may_crash(&self, pool: &ConsumerPool) -> bool {
        self.faults.iter().any(|fault| match fault.kind {
            FaultKind::Crash { target: Target::Pool(id), .. } => self.pools[id.0 as usize].name == pool.name,
            FaultKind::Crash { target: Target::Host(id), .. } => pool.host == Some(id),
            _ => false,
        })
    }

    /// The pools that take from this queue.
    pub fn pools_on(&self, queue: QueueId) -> impl Iterator<Item = (PoolId, &ConsumerPool)> {
        self.pools.iter().enumerate().filter(move |(_, pool)| pool.queue == queue).map(|(at, pool)| (PoolId(at as u32), pool))
    }

    /// The queues to which a handler publishes, by itself or through the services that it calls, each once.
    pub fn outlets(&self, handler: &Handler) -> Vec<QueueId> {
        let mut found = self.published(handler);
        for service in self.called(handler) {
            for queue in self.published(&self.service(service).handler) {
                if !found.contains(&queue) {
                    found.push(queue);
                }
            }
        }
        found
    }

    /// The queues to which a handler publishes by itself, straight or through exchanges, each once.
    pub fn published(&self, handler: &Handler) -> Vec<QueueId> {
        let mut found = handler.queues();
        handler.visit(&mut |step| {
            if let Step::Send(send) = step {
                for queue in self.reached(send.to) {
                    if !found.contains(&queue) {
                        found.push(queue);
                    }
                }
            }
        });
        found
    }

    /// The services that a handler calls, by itself or through others, each once.
    pub fn called(&self, handler: &Handler) -> Vec<ServiceId> {
        let mut found = handler.services();
        let mut at = 0;
        while let Some(&here) = found.get(at) {
            for next in self.service(here).handler.services() {
                if !found.contains(&next) {
                    found.push(next);
                }
            }
            at += 1;
        }
        found
    }

    /// The queues that what this handler causes may come to, each once: those to which it publishes, and those to which their
    /// pools pass on.
    pub fn route(&self, from: &Handler) -> Vec<QueueId> {
        let mut found = self.outlets(from);
        let mut at = 0;
        while let Some(&here) = found.get(at) {
            let dead = self.queue(here).semantics.dead_letter.iter().flat_map(|dead| self.reached(dead.to));
            for next in self.pools_on(here).flat_map(|(_, pool)| self.outlets(&pool.handler)).chain(dead) {
                if !found.contains(&next) {
                    found.push(next);
                }
            }
            at += 1;
        }
        found
    }
}
