//! The state of a running system: flat arrays with dense ids, built from the model.

use super::agenda::Agenda;
use super::arrivals::Clock;
use super::fifo::Fifo;
use super::line::Line;
use super::message::Messages;
use crate::model::{Model, Prefetch, Priority, QueueId, Work};
use crate::random::{Distribution, Stream};
use crate::units::{Span, Time};
use std::sync::Arc;

/// Everything that changes while time passes, and what the transitions need to know of the model.
#[derive(Debug)]
pub struct World {
    pub(super) now: Time,
    pub(super) agenda: Agenda,
    pub(super) messages: Messages,
    pub(super) producers: Vec<Producer>,
    pub(super) queues: Vec<Queue>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) workers: Vec<Worker>,
    pub(super) pools: Vec<Pool>,
    /// Queues with a time to live, in the order of their slots.
    pub(super) expiring: Vec<u32>,
    /// Producers fall silent at this instant.
    pub(super) arrivals_end: Time,
    pub(super) tally: Tally,
}

/// Counts of the whole run, from its first event on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events simulated.
    pub events: u64,
    /// Messages made by producers.
    pub created: u64,
    /// Of these, finished.
    pub finished: u64,
    /// Of these, rejected, dropped or expired.
    pub lost: u64,
    /// Hash over (time, phase, slot) of all events, in order.
    pub fingerprint: u64,
}

/// A producer, and what its messages bring with them.
#[derive(Debug)]
pub(super) struct Producer {
    pub clock: Clock,
    pub publish: u32,
    pub priority: Priority,
    pub carried_priority: Option<Arc<[u8]>>,
    pub carried_work: Option<Arc<[Span]>>,
    /// Number of its next message, and of its next arrival (which may bring several).
    pub next_message: u64,
    pub next_arrival: u64,
    /// The number of messages after which it ends.
    pub limit: u64,
    pub arrivals: Stream,
    pub sizes: Stream,
    pub priorities: Stream,
    /// Makes the draws of its messages at other entities differ from those of other producers' messages.
    pub messages: Stream,
}

/// A queue: its ready messages, and the consumers that have credit.
#[derive(Debug)]
pub(super) struct Queue {
    pub line: Line,
    /// Who can take a message, the next to be served in front: workers of consumers without a buffer by their number, other
    /// consumers by their number plus the number of workers. Messages wait only while it is empty.
    pub takers: Fifo,
    /// The only pool that takes from it; `NONE` where there are several or none.
    pub sole_pool: u32,
    pub max_length: usize,
    pub drop_head: bool,
    pub ttl: Span,
    /// The slot of its expiry timer; meaningless without a time to live.
    pub expiry_slot: usize,
    pub expires: bool,
    /// For the random discipline: the stream, and the number of picks so far.
    pub picks: Stream,
    pub picked: u64,
}

/// A consumer with a buffer: holds up to `limit` unacknowledged messages, some in its buffer, some in work.
#[derive(Debug)]
pub(super) struct Consumer {
    pub limit: u32,
    pub held: u32,
    /// The first of its idle workers, `NONE` when all are busy.
    pub idle: u32,
    pub buffer: Fifo,
}

/// No worker, no consumer, no message.
pub(super) const NONE: u32 = u32::MAX;

/// A worker: works on one message at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    pub pool: u32,
    /// The consumer whose buffer it works off; `NONE` where its consumer may hold no more than it works on, so that the
    /// worker takes messages from the queue itself.
    pub consumer: u32,
    /// The message in work, `NONE` while idle.
    pub message: u32,
    /// While idle: the next idle worker of the same consumer.
    pub next_idle: u32,
    pub started: Time,
}

/// What all consumers of a pool share.
#[derive(Debug)]
pub(super) struct Pool {
    pub queue: u32,
    /// No other pool takes from its queue: the work of a ready message is drawn beforehand.
    pub alone: bool,
    pub work: WorkSource,
    pub publish: Option<u32>,
    pub services: Stream,
}

/// Where the work of a message comes from.
#[derive(Debug)]
pub(super) enum WorkSource {
    Drawn(Distribution),
    Carried { plus: Span },
}

impl World {
    /// Builds the system, empty and at time zero, for one replication of a model. Producers fall silent at `arrivals_end`.
    pub fn new(model: &Model, seed: u64, replication: u32, arrivals_end: Time) -> World {
        let arrivals_end = arrivals_end.min(Time::LATEST);
        // Of an antithetic pair the second has the numbers of the first, mirrored.
        let (number, second) =
            if model.plan.antithetic { (replication & !1, replication & 1 == 1) } else { (replication, false) };
        let stream = |table: &str, name: &str, purpose: &str| {
            let stream = Stream::named(seed, number, &format!("{table}.{name}"), purpose);
            if second { stream.mirrored() } else { stream }
        };
        let producers: Vec<Producer> = model
            .producers
            .iter()
            .map(|p| {
                let carried = p.arrivals.trace().map(|trace| trace.carried.clone()).unwrap_or_default();
                Producer {
                    clock: Clock::new(&p.arrivals, stream("producers", &p.name, "phase"), arrivals_end),
                    publish: p.publish.0,
                    priority: p.priority.clone(),
                    carried_priority: carried.priority,
                    carried_work: carried.work,
                    next_message: 0,
                    next_arrival: 0,
                    limit: p.messages.unwrap_or(u64::MAX),
                    arrivals: stream("producers", &p.name, "arrivals"),
                    sizes: stream("producers", &p.name, "batch sizes"),
                    priorities: stream("producers", &p.name, "priorities"),
                    messages: stream("producers", &p.name, "messages"),
                }
            })
            .collect();
        let (consumers, workers, takers) = staff(model);
        let mut expiring = Vec::new();
        let first_expiry = producers.len() + workers.len();
        let queues: Vec<Queue> = model
            .queues
            .iter()
            .zip(takers)
            .enumerate()
            .map(|(at, (queue, takers))| {
                let expiry_slot = first_expiry + expiring.len();
                if queue.ttl.is_some() {
                    expiring.push(at as u32);
                }
                Queue {
                    line: Line::new(queue.discipline),
                    takers,
                    sole_pool: sole_pool(model, QueueId(at as u32)).unwrap_or(NONE),
                    max_length: queue.max_length.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)),
                    drop_head: queue.overflow == crate::model::Overflow::DropHead,
                    ttl: queue.ttl.unwrap_or_default(),
                    expiry_slot,
                    expires: queue.ttl.is_some(),
                    picks: stream("queues", &queue.name, "picks"),
                    picked: 0,
                }
            })
            .collect();
        let pools = model
            .pools
            .iter()
            .map(|pool| Pool {
                queue: pool.queue.0,
                alone: sole_pool(model, pool.queue).is_some(),
                work: match &pool.service {
                    Work::Drawn(distribution) => WorkSource::Drawn(distribution.clone()),
                    Work::Carried { plus } => WorkSource::Carried { plus: Span(*plus) },
                },
                publish: pool.publish.map(|queue| queue.0),
                services: stream("consumers", &pool.name, "service"),
            })
            .collect();
        let agenda = Agenda::new(first_expiry + expiring.len());
        let mut world = World {
            now: Time::ZERO,
            agenda,
            messages: Messages::default(),
            producers,
            queues,
            consumers,
            workers,
            pools,
            expiring,
            arrivals_end,
            tally: Tally::default(),
        };
        for producer in 0..world.producers.len() {
            world.arm_producer(producer);
        }
        world
    }

    /// The instant of the last event that was simulated; zero before the first.
    pub fn last_event(&self) -> Time {
        self.now
    }

    /// Counts since the start.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Messages that are somewhere in the system.
    pub fn in_system(&self) -> u64 {
        self.messages.live() as u64
    }

    /// Checks from the outside that no message was lost track of; gives what is wrong.
    pub fn audit(&self) -> Result<(), String> {
        let ready: usize = self.queues.iter().map(|queue| queue.line.len()).sum();
        let buffered: usize = self.consumers.iter().map(|consumer| consumer.buffer.len()).sum();
        let busy = self.workers.iter().filter(|worker| worker.message != NONE).count();
        let behind_buffers = self.workers.iter().filter(|worker| worker.message != NONE && worker.consumer != NONE).count();
        let held: usize = self.consumers.iter().map(|consumer| consumer.held as usize).sum();
        let live = self.messages.live();
        if self.tally.created != self.tally.finished + self.tally.lost + live as u64 {
            return Err(format!("{:?}, but {live} messages are in the system", self.tally));
        }
        if live != ready + buffered + busy || held != buffered + behind_buffers {
            return Err(format!(
                "{live} messages in the system: {ready} ready, {held} held, {buffered} buffered, {busy} in work"
            ));
        }
        if let Some(at) = self.queues.iter().position(|queue| queue.line.len() > 0 && !queue.takers.is_empty()) {
            return Err(format!("queue number {at} has a ready message and a consumer with credit"));
        }
        Ok(())
    }
}

/// The pool on a queue, if there is exactly one.
fn sole_pool(model: &Model, queue: QueueId) -> Option<u32> {
    let mut pools = model.pools_on(queue);
    pools.next().filter(|_| pools.next().is_none()).map(|(id, _)| id.0)
}

/// The consumers with a buffer, all workers, and who stands ready at each queue.
///
/// A consumer that may hold no more than its workers can work on has no use for a buffer: its workers take messages
/// themselves, one by one round the consumers.
fn staff(model: &Model) -> (Vec<Consumer>, Vec<Worker>, Vec<Fifo>) {
    let mut consumers = Vec::new();
    let mut workers: Vec<Worker> = Vec::new();
    let mut takers: Vec<Vec<(bool, u32)>> = vec![Vec::new(); model.queues.len()];
    for (at, pool) in model.pools.iter().enumerate() {
        let takers = &mut takers[pool.queue.0 as usize];
        let worker = |consumer| Worker { pool: at as u32, consumer, message: NONE, next_idle: NONE, started: Time::ZERO };
        match pool.prefetch {
            Prefetch::Limit(limit) if limit <= pool.concurrency => {
                for _ in 0..limit * pool.count {
                    takers.push((false, workers.len() as u32));
                    workers.push(worker(NONE));
                }
            }
            prefetch => {
                let limit = if let Prefetch::Limit(limit) = prefetch { limit } else { u32::MAX };
                for _ in 0..pool.count {
                    let consumer = consumers.len() as u32;
                    takers.push((true, consumer));
                    let mut idle = NONE;
                    for _ in 0..pool.concurrency {
                        workers.push(Worker { next_idle: idle, ..worker(consumer) });
                        idle = workers.len() as u32 - 1;
                    }
                    consumers.push(Consumer { limit, held: 0, idle, buffer: Fifo::new() });
                }
            }
        }
    }
    let first_consumer = workers.len() as u32;
    let takers = takers.iter().map(|takers| {
        let mut line = Fifo::new();
        takers.iter().for_each(|&(buffered, id)| line.push(if buffered { first_consumer + id } else { id }));
        line
    });
    let takers = takers.collect();
    (consumers, workers, takers)
}
