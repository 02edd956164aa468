//! The observer that turns transitions into numbers.
//!
//! Nothing is recorded twice: what is equal by construction (a queue's wait and its consumers' wait where no consumer has a
//! buffer, a producer's completion and its only pool's sojourn, or the response of callers after whose answer nothing goes on) is
//! recorded once and read under both names.

use super::equal::{credit, ends_answered, sole_pools};
use super::histogram::Histogram;
use super::level::Level;
use super::records::{BrokerRecord, CacheRecord, LockRecord, PoolRecord, ProducerRecord, QueueRecord};
use crate::engine::{Observer, Origin, Outcome, Transition, Verdict};
use crate::model::{Model, PoolId, Prefetch, QueueId, Target, breakers};
use crate::units::{Span, Time};

/// Everything that is measured in one replication.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorder {
    pub(super) producers: Vec<ProducerRecord>,
    pub(super) queues: Vec<QueueRecord>,
    pub(super) pools: Vec<PoolRecord>,
    pub(super) hosts: Vec<Level>,
    pub(super) locks: Vec<LockRecord>,
    pub(super) caches: Vec<CacheRecord>,
    pub(super) brokers: Vec<BrokerRecord>,
    /// Of each handler that has circuit breakers: how many of them are open.
    pub(super) breakers: Vec<(Target, Level)>,
    /// All queues are those of brokers.
    pub(super) brokered: bool,
}

impl Recorder {
    /// A recorder for a system that is empty.
    pub fn new(model: &Model) -> Recorder {
        let brokered = model.has_brokers();
        let unbuffered = |prefetch: Prefetch, concurrency: u32| matches!(prefetch, Prefetch::Limit(limit) if limit <= concurrency && !brokered);
        let pools: Vec<PoolRecord> = model
            .pools
            .iter()
            .map(|pool| {
                let unbuffered = unbuffered(pool.prefetch, pool.concurrency);
                let lean = unbuffered && model.pools_on(pool.queue).count() == 1 && !model.may_crash(pool);
                PoolRecord { unbuffered, lean, ..PoolRecord::default() }
            })
            .chain(model.services.iter().map(|_| PoolRecord { unbuffered: true, lean: true, ..PoolRecord::default() }))
            .collect();
        let queues = (0..model.queues.len())
            .map(|at| QueueRecord {
                credit: credit(model, QueueId(at as u32)),
                whole: (brokered || model.pools_on(QueueId(at as u32)).any(|(_, pool)| model.may_crash(pool))).then(Box::default),
                brokered,
                free: Level::starting_at(u64::from(brokered && model.pools_on(QueueId(at as u32)).next().is_some())),
                unbuffered: model.pools_on(QueueId(at as u32)).all(|(id, _)| pools[id.0 as usize].unbuffered),
                lean: model.pools_on(QueueId(at as u32)).any(|(id, _)| pools[id.0 as usize].lean),
                ..QueueRecord::default()
            })
            .chain(model.services.iter().map(|_| QueueRecord { unbuffered: true, lean: true, ..QueueRecord::default() }))
            .collect();
        let producers = (0..model.producers.len())
            .map(|at| ProducerRecord {
                completes_at: sole_pools(model, at),
                completes_answered: ends_answered(model, &model.producers[at]),
                publishes: !model.producers[at].calls(),
                observes: model.producers[at].callers.is_some(),
                ..ProducerRecord::default()
            })
            .collect();
        Recorder {
            producers,
            queues,
            pools,
            hosts: vec![Level::default(); model.hosts.len()],
            locks: vec![LockRecord::default(); model.locks.len()],
            caches: vec![CacheRecord::default(); model.caches.len()],
            brokers: vec![BrokerRecord::default(); model.brokers.len()],
            breakers: breakers(model).into_iter().map(|(target, _)| (target, Level::default())).collect(),
            brokered,
        }
    }

    /// Books all levels up to now; must be called before anything is read.
    pub fn book(&mut self, now: Time) {
        self.levels().for_each(|level| level.book(now));
    }

    /// Forgets the past: the measurement begins now, with the system as it is.
    pub fn restart(&mut self, now: Time) {
        self.levels().for_each(|level| level.restart(now));
        for producer in &mut self.producers {
            let ProducerRecord { publishes, observes, completes_at, completes_answered, unconfirmed, buffered, blocked, .. } =
                std::mem::take(producer);
            let fresh = ProducerRecord { publishes, observes, completes_at, completes_answered, ..ProducerRecord::default() };
            *producer = ProducerRecord { unconfirmed, buffered, blocked, ..fresh };
        }
        for queue in &mut self.queues {
            let QueueRecord { ready, unacked, free, whole, credit, unbuffered, lean, brokered, .. } = std::mem::take(queue);
            *queue = QueueRecord { ready, unacked, free, whole, credit, unbuffered, lean, brokered, ..QueueRecord::default() };
            queue.drain.peak_at = now;
        }
        for lock in &mut self.locks {
            let LockRecord { held, waiting, .. } = std::mem::take(lock);
            *lock = LockRecord { held, waiting, ..LockRecord::default() };
        }
        self.caches.fill(CacheRecord::default());
        for pool in &mut self.pools {
            let PoolRecord { busy, unbuffered, lean, .. } = std::mem::take(pool);
            *pool = PoolRecord { busy, unbuffered, lean, ..PoolRecord::default() };
        }
    }

    /// Messages that a producer has made.
    pub fn created(&self, producer: usize) -> u64 {
        self.producers[producer].created
    }

    /// Nanoseconds of work that a pool has done on finished messages, and their number.
    pub fn work(&self, pool: usize) -> (u128, u128) {
        self.pools[pool].service.totals()
    }

    fn levels(&mut self) -> impl Iterator<Item = &mut Level> {
        let queues = self.queues.iter_mut().flat_map(|queue| {
            [&mut queue.ready, &mut queue.unacked, &mut queue.free].into_iter().chain(queue.whole.as_deref_mut())
        });
        let shared = self.hosts.iter_mut().chain(self.locks.iter_mut().flat_map(|lock| [&mut lock.held, &mut lock.waiting]));
        let publishers = self.producers.iter_mut();
        let publishers = publishers.flat_map(|record| [&mut record.unconfirmed, &mut record.buffered, &mut record.blocked]);
        let brokers = self.brokers.iter_mut();
        let brokers =
            brokers.flat_map(|record| [&mut record.processing, &mut record.writing, &mut record.memory, &mut record.alarm]);
        let breakers = self.breakers.iter_mut().map(|(_, open)| open);
        let pools = self.pools.iter_mut().map(|pool| &mut pool.busy);
        queues.chain(pools).chain(shared).chain(publishers).chain(brokers).chain(breakers)
    }

    /// The histograms that hold what a producer's callers wait, or the completions of one whose messages nobody waits for.
    pub(super) fn answers(&self, at: usize, calls: bool) -> Vec<&Histogram> {
        let producer = &self.producers[at];
        match (calls, producer.completes_at.as_slice()) {
            (true, _) => vec![&producer.response],
            (false, []) => vec![&producer.completion],
            (false, pools) => pools.iter().map(|pool| &self.pools[pool.0 as usize].sojourn).collect(),
        }
    }

    /// A producer's record, completed by what stands elsewhere.
    pub(super) fn producer(&self, at: usize) -> ProducerRecord {
        let mut record = self.producers[at].clone();
        for pool in &record.completes_at {
            record.completion.merge(&self.pools[pool.0 as usize].sojourn);
        }
        if record.completes_answered {
            record.completion = record.response.clone();
        }
        if record.publishes {
            record.responses = record.created;
            record.response = Histogram::zeros(record.created);
        }
        record
    }

    /// Messages of a queue that were acknowledged; `pools` are those that take from it.
    pub(super) fn acked(&self, at: usize, pools: impl Iterator<Item = PoolId>) -> u64 {
        let record = &self.queues[at];
        // A broker hears of each; elsewhere what is finished is acknowledged.
        if record.brokered { record.acked } else { pools.map(|id| self.pools[id.0 as usize].finished).sum() }
    }

    /// A queue's record, completed by what stands elsewhere; `pools` are those that take from it.
    pub(super) fn queue(&self, at: usize, pools: impl Iterator<Item = PoolId>) -> QueueRecord {
        let mut record = self.queues[at].clone();
        for pool in pools.map(|pool| &self.pools[pool.0 as usize]) {
            if !record.brokered {
                record.acked += pool.finished;
            }
            if record.unbuffered {
                record.wait.merge(&pool.wait);
            }
            if record.lean {
                record.unacked = pool.busy.clone();
            }
        }
        record
    }

    /// Sum in nanoseconds and count of a producer's completions.
    pub(super) fn completion(&self, at: usize) -> (u128, u128) {
        let producer = &self.producers[at];
        if producer.completes_answered {
            return producer.response.totals();
        }
        let elsewhere = producer.completes_at.iter().map(|pool| self.pools[pool.0 as usize].sojourn.totals());
        elsewhere.fold(producer.completion.totals(), both)
    }

    /// Sum in nanoseconds and count of the waits in a queue; `pools` are those that take from it.
    pub(super) fn queue_wait(&self, at: usize, pools: impl Iterator<Item = PoolId>) -> (u128, u128) {
        let queue = &self.queues[at];
        let elsewhere = pools.filter(|_| queue.unbuffered).map(|pool| self.pools[pool.0 as usize].wait.totals());
        elsewhere.fold(queue.wait.totals(), both)
    }

    /// Sum in nanoseconds and count of the waits in the buffers of a pool.
    pub(super) fn buffer_wait(&self, pool: PoolId) -> (u128, u128) {
        let record = &self.pools[pool.0 as usize];
        if record.unbuffered { (0, record.wait.totals().1) } else { record.buffer_wait.totals() }
    }

    /// The messages that consumers of a queue have held, in message-nanoseconds.
    pub(super) fn held(&self, at: usize, mut pools: impl Iterator<Item = PoolId>) -> u128 {
        match pools.next() {
            Some(pool) if self.queues[at].lean => self.pools[pool.0 as usize].busy.integral(),
            _ => self.queues[at].unacked.integral(),
        }
    }

    /// A worker took a message from the queue itself: where other pools or buffers are about, the queue keeps its own record.
    #[inline(always)]
    fn taken(&mut self, pool: u32, queue: u32, now: Time, waited: Span, resumed: bool) {
        if self.pools[pool as usize].lean {
            return;
        }
        let record = &mut self.queues[queue as usize];
        if !resumed {
            record.unacked.rise(now);
            record.settle(now);
        }
        if !record.unbuffered {
            record.wait.record(waited.0);
        }
    }

    /// The record of a producer, unless it was a step of some handler that published.
    #[inline(always)]
    fn publisher(&mut self, producer: u32) -> Option<&mut ProducerRecord> {
        self.producers.get_mut(producer as usize)
    }

    /// A pool's record, completed by what is known without recording.
    pub(super) fn pool(&self, at: usize) -> PoolRecord {
        let mut record = self.pools[at].clone();
        if record.unbuffered {
            record.buffer_wait = Histogram::zeros(record.wait.count());
        }
        record
    }
}

#[inline(always)]
fn step(level: &mut Level, now: Time, up: bool) {
    if up { level.rise(now) } else { level.fall(now) }
}

fn both(one: (u128, u128), other: (u128, u128)) -> (u128, u128) {
    (one.0 + other.0, one.1 + other.1)
}

impl Observer for Recorder {
    #[inline(always)]
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        match transition {
            Transition::Created { producer, .. } => self.producers[producer as usize].created += 1,
            Transition::Published { queue, .. } => self.queues[queue as usize].published += 1,
            Transition::Stored { queue } => self.queues[queue as usize].store(now),
            Transition::Dispatched { queue, waited, stored, refill, .. } => {
                let record = &mut self.queues[queue as usize];
                if stored {
                    record.take(now);
                }
                if !refill {
                    record.unacked.rise(now);
                    record.settle(now);
                }
                record.wait.record(waited.0);
            }
            Transition::Started { pool, queue, waited, from, resumed, .. } => {
                let record = &mut self.pools[pool as usize];
                if !resumed {
                    record.busy.rise(now);
                }
                record.wait.record(waited.0);
                match from {
                    Origin::Buffer(buffered) => record.buffer_wait.record(buffered.0),
                    Origin::Queue => {
                        self.queues[queue as usize].take(now);
                        self.taken(pool, queue, now, waited, resumed);
                    }
                    Origin::Publisher => self.taken(pool, queue, now, waited, resumed),
                }
            }
            Transition::Finished { pool, queue, service, sojourn, resumes, refilled, .. } => {
                let record = &mut self.pools[pool as usize];
                record.finished += 1;
                if !resumes {
                    record.busy.fall(now);
                }
                record.service.record(service.0);
                record.sojourn.record(sojourn.0);
                record.tail.record(sojourn.0, service.0);
                if !record.lean && !refilled {
                    let record = &mut self.queues[queue as usize];
                    record.unacked.fall(now);
                    record.settle(now);
                }
            }
            Transition::BrokenOff { pool, queue, service, sojourn, resumes, refilled, .. } => {
                let record = &mut self.pools[pool as usize];
                record.broken += 1;
                record.broken_service += u128::from(service.0);
                record.broken_sojourn += u128::from(sojourn.0);
                if !resumes {
                    record.busy.fall(now);
                }
                if !record.lean && !refilled {
                    let record = &mut self.queues[queue as usize];
                    record.unacked.fall(now);
                    record.settle(now);
                }
            }
            Transition::Withdrawn { queue, sojourn, buffered, .. } => {
                let record = &mut self.queues[queue as usize];
                record.unacked.fall(now);
                record.settle(now);
                record.withdrawn += 1;
                record.withdrawn_sojourn += u128::from(sojourn.0);
                record.withdrawn_buffered += u128::from(buffered.0);
            }
            Transition::Returned { queue } => {
                let record = &mut self.queues[queue as usize];
                record.returned += 1;
                record.store(now);
            }
            Transition::Failed { pool, .. } => self.pools[pool as usize].failed += 1,
            Transition::Wasted { pool, .. } => self.pools[pool as usize].wasted += 1,
            Transition::FellBack { producer, .. } => self.producers[producer as usize].fallbacks += 1,
            Transition::Refused { producer, by, .. } => {
                let record = &mut self.producers[producer as usize];
                match by {
                    Verdict::Open => record.open += 1,
                    Verdict::Full => record.full += 1,
                    _ => record.limited += 1,
                }
            }
            Transition::Breaker { caller, open } => {
                let known = self.breakers.iter_mut().find(|(target, _)| *target == caller);
                known.into_iter().for_each(|(_, level)| step(level, now, open));
            }
            Transition::Retried { producer, .. } => self.producers[producer as usize].retries += 1,
            Transition::Responded { producer, response, observed, verdict, .. } => {
                let record = &mut self.producers[producer as usize];
                record.responses += 1;
                record.response.record(response.0);
                if record.observes {
                    record.observed.record(observed.0);
                }
                record.failures += u64::from(verdict != Verdict::Ok);
                record.timeouts += u64::from(verdict == Verdict::Timeout);
            }
            Transition::Founded { .. } | Transition::Caused { .. } | Transition::Heard { .. } => {}
            Transition::Settled { queue, held, acked, .. } => {
                let record = &mut self.queues[queue as usize];
                record.unacked.fall(now);
                record.settle(now);
                record.held += u128::from(held.0);
                record.acked += u64::from(acked);
                record.given_back += u64::from(!acked);
            }
            Transition::Capacity { queue, free } => step(&mut self.queues[queue as usize].free, now, free),
            Transition::Redelivered { queue } => self.queues[queue as usize].redelivered += 1,
            Transition::DeadLettered { queue, .. } => self.queues[queue as usize].dead_lettered += 1,
            Transition::LostInCrash { queue } => self.queues[queue as usize].lost_in_crash += 1,
            Transition::Duplicated { pool } => self.pools[pool as usize].duplicated += 1,
            Transition::Processing { broker, busy } => step(&mut self.brokers[broker as usize].processing, now, busy),
            Transition::Writing { broker, busy } => step(&mut self.brokers[broker as usize].writing, now, busy),
            Transition::Weighs { broker, bytes } => self.brokers[broker as usize].memory.set(now, bytes),
            Transition::Alarm { broker, on } => step(&mut self.brokers[broker as usize].alarm, now, on),
            Transition::Buffered { producer, more } => {
                if let Some(record) = self.publisher(producer) {
                    step(&mut record.buffered, now, more);
                }
            }
            Transition::Unconfirmed { producer, more } => {
                if let Some(record) = self.publisher(producer) {
                    step(&mut record.unconfirmed, now, more);
                }
            }
            Transition::Blocked { producer, blocked } => {
                if let Some(record) = self.publisher(producer) {
                    step(&mut record.blocked, now, blocked);
                }
            }
            Transition::NotSent { producer } => {
                if let Some(record) = self.publisher(producer) {
                    record.not_sent += 1;
                }
            }
            Transition::Confirmed { producer, after, refused, .. } => {
                if let Some(record) = self.publisher(producer) {
                    record.confirm.record(after.0);
                    record.nacked += u64::from(refused);
                }
            }
            Transition::Unroutable { producer, returned } => {
                if let Some(record) = self.publisher(producer) {
                    record.unroutable += 1;
                    record.returned += u64::from(returned);
                }
            }
            Transition::AtLock { lock, more } => step(&mut self.locks[lock as usize].waiting, now, more),
            Transition::Locked { lock, waited } => {
                let record = &mut self.locks[lock as usize];
                record.wait.record(waited.0);
                record.held.rise(now);
            }
            Transition::Unlocked { lock, held } => {
                let record = &mut self.locks[lock as usize];
                record.hold.record(held.0);
                record.held.fall(now);
            }
            Transition::LeaseEnded { lock } => self.locks[lock as usize].expired += 1,
            Transition::StaleWrite { lock, refused: true } => self.locks[lock as usize].refused += 1,
            Transition::StaleWrite { lock, refused: false } => self.locks[lock as usize].lost_updates += 1,
            Transition::Looked { cache, hit } => {
                let record = &mut self.caches[cache as usize];
                record.lookups += 1;
                record.hits += u64::from(hit);
            }
            Transition::Cores { host, busy } => {
                self.hosts[host as usize].set(now, u64::from(busy));
            }
            Transition::Lost { queue, outcome, waited, stored, .. } => {
                let record = &mut self.queues[queue as usize];
                record.lost[outcome as usize] += 1;
                record.lost_wait += u128::from(waited.0);
                if stored {
                    record.take(now);
                }
            }
            Transition::Ended { producer, outcome, message, .. } => {
                let record = &mut self.producers[producer as usize];
                record.ended[outcome as usize] += 1;
                if outcome == Outcome::Completed {
                    record.wait.record(message.waited.0);
                    if record.completes_at.is_empty() && !record.completes_answered {
                        record.completion.record((now - message.born).0);
                    }
                } else {
                    record.lost_after += u128::from((now - message.born).0);
                }
            }
        }
    }
}
