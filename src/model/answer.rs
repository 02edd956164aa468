//! How long it takes on average until whoever publishes has heard what it waits for, while nothing waits for anything: there,
//! through the broker, and back.
//!
//! Of several members the time is that of their mean times, as for branches that are joined; of several queues that may get a
//! message it is that of the fastest. Left out: windows, flow, batches, prefetch, and what a consumer's consumers do.

use super::demand::{Means, nth, product, seconds};
use super::{Broker, Handler, Outlet, Producer, Publication, QueueId, Size, Step, Storage, Sync, Until};
use crate::units::Span;

/// Requests that wait for requests are followed so deep; what is behind that takes no time here.
const DEEPEST: u32 = 2;

impl Means<'_> {
    /// How long a publication takes before the next step.
    pub(super) fn heard(&self, send: &Publication) -> f64 {
        match send.until {
            Until::Sent => 0.0,
            Until::Confirmed => self.confirmed(send.to),
            Until::Replied => self.replied(send.to),
        }
    }

    /// Messages a second that are heard of at most, of those who wait for that in every run of their handler: what the processor
    /// and the disk in between can do for one queue.
    pub(super) fn most(&self, handler: &Handler) -> f64 {
        let waits = handler.0.iter().filter_map(|step| match step {
            Step::Send(send) if send.until != Until::Sent => Some(send),
            _ => None,
        });
        waits.map(|send| self.most_of(send)).fold(f64::INFINITY, f64::min)
    }

    fn most_of(&self, send: &Publication) -> f64 {
        let Some(broker) = self.broker(send.to) else { return f64::INFINITY };
        let busy = broker.cpu.as_ref().map_or(0.0, |cpu| {
            let confirm = if send.until == Until::Confirmed { cpu.confirm } else { Span::ZERO };
            (cpu.publish + confirm).as_secs_f64() + self.producer.map_or(0.0, size) * cpu.per_byte / 1e9
        });
        let writing = match (send.to, broker.disk.as_ref()) {
            (Outlet::Queue(queue), Some(disk)) if matches!(self.model.queue(queue).semantics.storage, Storage::Quorum { .. }) => {
                let at_once = match disk.sync {
                    Sync::Interval(_) => f64::INFINITY,
                    Sync::Batch => disk.cap.map_or(f64::INFINITY, f64::from),
                    Sync::Always => 1.0,
                };
                seconds(&disk.fsync) / at_once
            }
            _ => 0.0,
        };
        1.0 / busy.max(writing)
    }

    fn broker(&self, to: Outlet) -> Option<&Broker> {
        let broker = match to {
            Outlet::Queue(queue) => self.model.queue(queue).semantics.broker,
            Outlet::Exchange(exchange) => self.model.exchange(exchange).broker,
        };
        broker.map(|broker| &self.model.brokers[broker.0 as usize])
    }

    fn confirmed(&self, to: Outlet) -> f64 {
        let queues = self.model.reached(to);
        let safe = queues.iter().map(|queue| self.safe(*queue)).fold(f64::INFINITY, f64::min);
        let safe = if safe.is_finite() { safe } else { 0.0 };
        let Some(broker) = self.broker(to) else { return safe };
        let stores = queues.iter().any(|queue| self.stores(*queue));
        let cost = |of: fn(&super::Costs) -> Span| broker.cpu.as_ref().map_or(0.0, |cpu| of(cpu).as_secs_f64());
        let trip = seconds(&broker.network.publish) + seconds(&broker.network.confirm);
        let trips = f64::from(self.producer.map_or(1, |producer| producer.sending.trips));
        let store = if stores { cost(|cpu| cpu.store) } else { 0.0 };
        // Between two trips the broker has one more to read, and one more to answer.
        let control = trips * cost(|cpu| cpu.confirm) + (trips - 1.0) * cost(|cpu| cpu.confirm);
        trips * trip + self.carried_in(broker) + cost(|cpu| cpu.publish) + store + control + safe
    }

    /// The time of a message's bytes on the line and in a processor, once.
    fn carried_in(&self, broker: &Broker) -> f64 {
        let bytes = self.producer.map_or(0.0, size);
        let line = broker.bandwidth.map_or(0.0, |bandwidth| bytes / bandwidth);
        line + broker.cpu.as_ref().map_or(0.0, |cpu| cpu.wakeup.warm.as_secs_f64() + bytes * cpu.per_byte / 1e9)
    }

    fn stores(&self, queue: QueueId) -> bool {
        let storage = self.model.queue(queue).semantics.storage;
        let persistent = self.producer.is_none_or(|producer| producer.sending.persistent);
        match storage {
            Storage::Memory | Storage::Replicated { .. } => false,
            Storage::Disk | Storage::Quorum { .. } => persistent,
        }
    }

    /// From the queue's having a message to its having it safe.
    fn safe(&self, queue: QueueId) -> f64 {
        let rules = &self.model.queue(queue).semantics;
        let Some(broker) = rules.broker.map(|broker| &self.model.brokers[broker.0 as usize]) else { return 0.0 };
        let write = broker.disk.as_ref().map_or(0.0, |disk| {
            let fsync = if matches!(disk.sync, Sync::Interval(_)) { 0.0 } else { seconds(&disk.fsync) };
            let bytes = self.producer.map_or(0.0, size);
            fsync + disk.bandwidth.map_or(0.0, |bandwidth| bytes / bandwidth)
        });
        let (members, write) = match rules.storage {
            Storage::Memory => return 0.0,
            Storage::Disk => return if self.stores(queue) { write } else { 0.0 },
            Storage::Quorum { members } => (members, write),
            Storage::Replicated { members } => (members, 0.0),
        };
        let follower = 2.0 * seconds(&broker.between) + write;
        nth(std::iter::once(write).chain((1..members).map(|_| follower)), members / 2 + 1)
    }

    /// To a consumer, whose work it is, and its answer back.
    fn replied(&self, to: Outlet) -> f64 {
        let ways = self.broker(to).map_or(0.0, |broker| {
            let network = &broker.network;
            let cost = broker.cpu.as_ref().map_or(0.0, |cpu| (cpu.publish + cpu.deliver).as_secs_f64());
            let there = seconds(&network.publish) + self.carried_in(broker) + cost + seconds(&network.deliver);
            there + seconds(&network.ack) + seconds(&network.deliver)
        });
        if self.depth == DEEPEST {
            return ways;
        }
        let pools = self.model.reached(to).into_iter().flat_map(|queue| self.model.pools_on(queue));
        let work = pools.map(|(_, pool)| {
            let speed = pool.host.map_or(1.0, |host| self.model.hosts[host.0 as usize].speed);
            Means { speed, producer: None, depth: self.depth + 1, lock: None, ..*self }.of(&pool.handler).hold
        });
        let work = work.fold(f64::INFINITY, f64::min);
        ways + if work.is_finite() { work } else { 0.0 }
    }
}

/// Mean bytes of a producer's messages.
fn size(producer: &Producer) -> f64 {
    match &producer.sending.size {
        Size::Constant(bytes) => *bytes as f64,
        Size::Uniform { min, max } => (*min as f64 + *max as f64) / 2.0,
        Size::Carried => {
            let sizes = producer.arrivals.trace().and_then(|trace| trace.carried.size.as_ref());
            sizes.map_or(0.0, |sizes| product(1.0 / sizes.len().max(1) as f64, sizes.iter().map(|&size| size as f64).sum()))
        }
    }
}
