//! Consumers at their end of the connection: they work on what has come, and say what became of it.

use super::settle::Settlement;
use super::{Extra, Parcel};
use crate::engine::agenda::Phase;
use crate::engine::consumer::work;
use crate::engine::frame::Verdict;
use crate::engine::handlers::{Wake, mixed};
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Origin, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::timers::TimerId;
use crate::engine::world::{Worker, World};
use crate::model::{Failure, OnFailure};
use crate::random::{Distribution, Stream};
use crate::units::{Span, Time};
use std::sync::Arc;

/// How the consumers of a pool deal with their broker.
#[derive(Debug)]
pub(in crate::engine) struct PoolSession {
    /// Where the program of its workers begins; `NONE`: they only work.
    pub program: u32,
    pub ack_every: u32,
    pub ack_within: Option<Span>,
    pub overhead: Option<(Distribution, Stream)>,
    pub failure: Failure,
    pub failures: Stream,
    /// For each producer, how many deliveries of each of its messages fail.
    pub carried: Vec<Option<Arc<[u32]>>>,
    pub on_failure: OnFailure,
    pub heartbeat: Option<Span>,
    pub beats: Stream,
    pub blocking: bool,
    pub trips: u32,
    /// Publishes again what is retried.
    pub publisher: u32,
}

/// A consumer's end of its connection.
#[derive(Debug)]
pub(in crate::engine) struct Client {
    /// Its queue among those of brokers.
    pub home: u32,
    pub pool: u32,
    pub priority: i32,
    pub slowness: f64,
    /// It acknowledges by receiving.
    pub auto: bool,
    /// The process is there, and the broker believes that it is.
    pub up: bool,
    pub known: bool,
    /// How often its session began anew: what belongs to an older one is of no interest.
    pub life: u32,
    /// What it holds, in the order of dispatch.
    pub first: u32,
    pub last: u32,
    /// Done, and not acknowledged yet: how many, and the last of them; when it is acknowledged at the latest.
    pub unsaid: u32,
    pub last_done: u32,
    pub timer: Option<TimerId>,
    /// The ways to it and back.
    pub deliver: u32,
    pub ack: u32,
    pub connection: u32,
}

impl World {
    /// A worker begins with a message of its consumer's buffer; `resumed` when it finished another at this instant.
    #[inline(always)]
    pub(super) fn begin_delivery<O: Observer>(
        &mut self,
        at: usize,
        slot: MessageSlot,
        from: Origin,
        resumed: bool,
        observer: &mut O,
    ) {
        let now = self.now;
        let worker = &mut self.workers[at];
        (worker.message, worker.started) = (slot.0, now);
        let (pool, consumer) = (worker.pool, worker.consumer);
        let place = &self.pools[pool as usize];
        let (record, records_at) = (place.record, place.records_at);
        let message = &mut self.messages[slot];
        let waited = now - message.entered;
        message.waited = Span(message.waited.0.wrapping_add(waited.0));
        let subject = message.subject(slot);
        let (queue, worker) = (records_at, at as u32);
        observer.record(now, Transition::Started { pool: record, queue, slot, worker, subject, waited, from, resumed });
        let &PoolSession { blocking, program, .. } = self.session(pool);
        if blocking {
            self.begin_silence(consumer);
        }
        if program != NONE {
            self.pending.clear(self.producers.len() + at);
            return self.begin(at, slot, pool, program, observer);
        }
        let place = &self.pools[pool as usize];
        let span = work(place, &self.producers, &self.handlers.families, &self.messages[slot]);
        let slowness = self.brokers.clients[consumer as usize].slowness;
        let span = if slowness == 1.0 { span } else { Span((span.0 as f64 * slowness + 0.5) as u64) };
        self.pending.set(self.producers.len() + at, (now + span).min(Time::LATEST), Phase::Completion);
    }

    /// How the consumers of this pool deal with their broker.
    pub(super) fn session(&self, pool: u32) -> &PoolSession {
        &self.brokers.pools[pool as usize]
    }

    /// The slot of a worker of a broker's queue fires: its work is done, or it is free again after it.
    #[inline(always)]
    pub(in crate::engine) fn client_fires<O: Observer>(&mut self, at: usize, observer: &mut O) {
        let &Worker { message, task, consumer, .. } = &self.workers[at];
        // Its slot is set or cleared once, by what it does next.
        if message == NONE {
            let client = &self.brokers.clients[consumer as usize];
            if client.up && !client.known && !self.brokers.queues[client.home as usize].down {
                // It worked in vain, and notices only now that its connection is closed: it opens another.
                self.pending.clear(self.producers.len() + at);
                return self.client_returns(consumer, observer);
            }
            return self.next_of_buffer(at, false, observer);
        }
        if task != NONE {
            self.pending.clear(self.producers.len() + at);
            return self.wake(task);
        }
        self.delivery_done(at, MessageSlot(message), Verdict::Ok, observer);
    }

    /// A worker has run its program for a message to the end.
    #[inline(never)]
    pub(in crate::engine) fn program_done<O: Observer>(
        &mut self,
        at: usize,
        slot: MessageSlot,
        verdict: Verdict,
        observer: &mut O,
    ) {
        self.delivery_done(at, slot, verdict, observer);
    }

    /// A worker is done with a message.
    #[inline(always)]
    fn delivery_done<O: Observer>(&mut self, at: usize, slot: MessageSlot, verdict: Verdict, observer: &mut O) {
        let now = self.now;
        let &Worker { pool, consumer, started, .. } = &self.workers[at];
        let place = &self.pools[pool as usize];
        let (record, records_at) = (place.record, place.records_at);
        let (service, sojourn) = (now - started, now - self.messages[slot].entered);
        let session = self.session(pool);
        let (free_at_once, may_fail) = (session.overhead.is_none(), !matches!(session.failure, Failure::Never));
        let resumes = free_at_once && !self.consumers[consumer as usize].buffer.is_empty();
        let refilled = true;
        let queue = records_at;
        observer.record(now, Transition::Finished { pool: record, queue, slot, service, sojourn, resumes, refilled });
        (self.workers[at].message, self.workers[at].task) = (NONE, NONE);
        let failed = verdict != Verdict::Ok || may_fail && self.fails(pool, slot);
        if failed {
            observer.record(now, Transition::Failed { pool: record, slot });
        }
        let Extra { done, settled, .. } = *self.extra(slot);
        if done {
            observer.record(now, Transition::Duplicated { pool: record });
        }
        self.say(pool, consumer, slot, settled, failed, observer);
        if free_at_once {
            return self.next_of_buffer(at, resumes, observer);
        }
        match &self.session(pool).overhead {
            None => {}
            Some((overhead, stream)) => {
                let message = &self.messages[slot];
                let sender = self.producers[message.producer as usize].messages;
                let span = overhead.draw(stream.of(sender).at(message.index));
                self.pending.set(self.producers.len() + at, (now + span).min(Time::LATEST), Phase::Completion);
            }
        }
    }

    /// A worker is free for the next message of its buffer; `resumes` when it finished another at this instant.
    #[inline(always)]
    fn next_of_buffer<O: Observer>(&mut self, at: usize, resumes: bool, observer: &mut O) {
        let consumer = self.workers[at].consumer;
        let holder = &mut self.consumers[consumer as usize];
        match holder.buffer.pop().map(MessageSlot) {
            Some(next) => {
                let buffered = self.now - self.messages[next].dispatched;
                self.begin_delivery(at, next, Origin::Buffer(buffered), resumes, observer);
            }
            None => {
                self.workers[at].next_idle = holder.idle;
                holder.idle = at as u32;
                self.pending.clear(self.producers.len() + at);
            }
        }
    }

    /// Whether this delivery of a message fails, by the rule of the pool.
    fn fails(&self, pool: u32, slot: MessageSlot) -> bool {
        let session = self.session(pool);
        let message = &self.messages[slot];
        let deliveries = self.brokers.extras[slot.0 as usize].deliveries;
        let sender = self.producers[message.producer as usize].messages;
        let draw = |identity: u64| session.failures.of(sender).at(identity).uniform();
        match session.failure {
            Failure::Never => false,
            Failure::Deliveries(share) => draw(mixed(message.index, u64::from(deliveries))) < share,
            Failure::Messages(share) => draw(message.index) < share,
            Failure::Carried => {
                let failures = session.carried[message.producer as usize].as_ref();
                failures.is_some_and(|failures| deliveries <= failures.get(message.index as usize).copied().unwrap_or(0))
            }
        }
    }

    /// A consumer says what became of a message, at once or with others; `settled`: it has been acknowledged by being sent.
    #[inline(always)]
    fn say<O: Observer>(&mut self, pool: u32, consumer: u32, slot: MessageSlot, settled: bool, failed: bool, observer: &mut O) {
        let life = self.brokers.clients[consumer as usize].life;
        let session = self.session(pool);
        let (every, within, trips, on_failure) = (session.ack_every, session.ack_within, session.trips, session.on_failure);
        if settled {
            self.drop_from_list(consumer, slot);
            let outcome = if failed { Outcome::Failed } else { Outcome::Completed };
            return self.leave(slot, outcome, observer);
        }
        if failed {
            let how = match on_failure {
                OnFailure::Reject => Settlement::Reject,
                OnFailure::Requeue => Settlement::Requeue { counts: true },
                OnFailure::Nack => Settlement::Requeue { counts: false },
                OnFailure::Retry { max_attempts, delay } if self.extra(slot).deliveries < max_attempts => {
                    // Published before the old one is acknowledged, so that a crash in between loses nothing.
                    self.publish_again(pool, slot, delay, observer);
                    Settlement::Ack
                }
                OnFailure::Retry { .. } => Settlement::Reject,
            };
            return self.speak(consumer, life, slot, how, 1, observer);
        }
        self.become_shade(slot, Outcome::Completed, observer);
        if every <= 1 {
            return self.speak(consumer, life, slot, Settlement::Ack, trips, observer);
        }
        self.extra(slot).worked = true;
        let client = &mut self.brokers.clients[consumer as usize];
        client.unsaid += 1;
        client.last_done = slot.0;
        if client.unsaid >= every {
            return self.say_all(consumer, observer);
        }
        if let (Some(within), None) = (within, client.timer) {
            let timer = self.set_timer(self.now + within, Phase::Completion, Wake::Acknowledge(consumer));
            self.brokers.clients[consumer as usize].timer = Some(timer);
        }
    }

    /// One acknowledgement for all that a consumer has done.
    pub(in crate::engine) fn say_all<O: Observer>(&mut self, consumer: u32, observer: &mut O) {
        let client = &mut self.brokers.clients[consumer as usize];
        let (life, slot, pool) = (client.life, MessageSlot(client.last_done), client.pool);
        client.unsaid = 0;
        let mut at = client.first;
        if let Some(timer) = client.timer.take() {
            self.cancel_timer(timer);
        }
        while at != NONE {
            let extra = &mut self.brokers.extras[at as usize];
            extra.said |= extra.worked;
            at = extra.behind;
        }
        let trips = self.session(pool).trips;
        self.speak(consumer, life, slot, Settlement::AckSeveral, trips, observer);
    }

    /// The time for an acknowledgement of several messages is over.
    pub(in crate::engine) fn acknowledge_late<O: Observer>(&mut self, consumer: u32, observer: &mut O) {
        self.brokers.clients[consumer as usize].timer = None;
        self.say_all(consumer, observer);
    }

    /// Sends the broker word of a message.
    #[inline(always)]
    pub(super) fn speak<O: Observer>(
        &mut self,
        consumer: u32,
        life: u32,
        slot: MessageSlot,
        how: Settlement,
        trips: u32,
        observer: &mut O,
    ) {
        let client = &self.brokers.clients[consumer as usize];
        let (link, connection) = (client.ack, client.connection);
        let how = if trips > 1 && how == Settlement::Ack { Settlement::Received } else { how };
        let parcel = Parcel::Settle { consumer, life, slot, how };
        if self.brokers.connections[connection as usize].stopped > 0 {
            let about = self.about(slot);
            return self.brokers.connections[connection as usize].withheld.push((link, about, parcel));
        }
        self.ship(link, |world| world.about(slot), 0, parcel, observer);
    }
}
