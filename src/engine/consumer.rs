//! What a consumer does: takes messages into its buffer, works on them, acknowledges, and publishes on.
//!
//! A consumer's buffer is invisible to all others: what was dispatched to it waits for it, whoever else is idle.

use super::agenda::Phase;
use super::build::BROKERED;
use super::frame::Verdict;
use super::handlers::Family;
use super::message::{Message, MessageSlot};
use super::observer::{Observer, Origin, Outcome, Subject, Transition};
use super::slab::{NONE, Slab};
use super::world::{Onward, Pool, Producer, WorkSource, World};
use crate::units::{Span, Time};

/// The time that a message needs of a worker of this pool: a function of both, whenever it is asked.
#[inline(always)]
pub(super) fn work(pool: &Pool, producers: &[Producer], families: &Slab<Family>, message: &Message) -> Span {
    let producer = &producers[message.producer as usize];
    match &pool.work {
        WorkSource::Drawn(distribution) => distribution.draw(pool.services.of(producer.messages).at(message.index)),
        WorkSource::Carried { plus } => {
            let root = if message.family == NONE { message.index } else { families[message.family].index };
            producer.carried_work.as_ref().map_or(*plus, |work| work[root as usize] + *plus)
        }
    }
}

impl World {
    /// A message comes to a consumer with a buffer: into work if a worker is idle, else into the buffer.
    #[inline(never)]
    pub(super) fn receive<const PLAIN: bool, const STORED: bool, O: Observer>(
        &mut self,
        queue: u32,
        consumer: u32,
        slot: MessageSlot,
        observer: &mut O,
    ) {
        let record = self.queues[queue as usize].record;
        let waited = if STORED { self.now - self.messages[slot].entered } else { Span::ZERO };
        observer.record(self.now, Transition::Dispatched { queue: record, slot, waited, stored: STORED, refill: false });
        let holder = &mut self.consumers[consumer as usize];
        holder.held += 1;
        if holder.held < holder.limit {
            self.queues[queue as usize].takers.push(self.workers.len() as u32 + consumer);
        }
        let message = &mut self.messages[slot];
        (message.dispatched, message.returned) = (self.now, false);
        let worker = holder.idle;
        if worker == NONE {
            holder.buffer.push(slot.0);
        } else {
            holder.idle = self.workers[worker as usize].next_idle;
            self.start::<PLAIN, O>(worker as usize, slot, Origin::Buffer(Span::ZERO), false, observer);
        }
    }

    /// A worker begins with a message; `resumed` when it finished another at this instant.
    #[inline(always)]
    pub(super) fn start<const PLAIN: bool, O: Observer>(
        &mut self,
        at: usize,
        slot: MessageSlot,
        from: Origin,
        resumed: bool,
        observer: &mut O,
    ) {
        let now = self.now;
        let worker = &mut self.workers[at];
        worker.message = slot.0;
        worker.started = now;
        let pool = worker.pool;
        let place = &self.pools[pool as usize];
        let message = &mut self.messages[slot];
        let waited = now - message.entered;
        message.waited = Span(message.waited.0.wrapping_add(waited.0));
        let subject = if PLAIN { Subject::Message(slot) } else { message.subject(slot) };
        let (pool, queue, worker) = (place.record, place.records_at, at as u32);
        observer.record(now, Transition::Started { pool, queue, slot, worker, subject, waited, from, resumed });
        if !PLAIN && place.program != NONE {
            let program = place.program;
            return self.begin(at, slot, pool, program, observer);
        }
        // Drawn beforehand where that was possible.
        let service = if from == Origin::Queue && place.alone {
            message.work
        } else {
            work(place, &self.producers, &self.handlers.families, message)
        };
        // A heavy tail gives work of centuries: it is not done before the end of time.
        let (slot, until) = (self.producers.len() + at, (now + service).min(Time::LATEST));
        self.arm::<PLAIN>(slot, until, Phase::Completion);
    }

    /// A plain worker finishes its message, which goes on or ends; that of a program goes on with it.
    #[inline(always)]
    pub(super) fn finish<const PLAIN: bool, O: Observer>(&mut self, at: usize, observer: &mut O) {
        let worker = self.workers[at];
        let slot = MessageSlot(worker.message);
        let place = &self.pools[worker.pool as usize];
        if !PLAIN && place.program != NONE {
            return if place.program == BROKERED { self.client_fires(at, observer) } else { self.wake_worker(at) };
        }
        let (onward, record) = (place.onward, place.record);
        self.release::<PLAIN, true, O>(at, observer);
        match onward {
            Onward::Publish(onward) => {
                let message = &mut self.messages[slot];
                message.entered = self.now;
                if !PLAIN {
                    message.returned = false;
                }
                self.publish::<PLAIN, O>(onward, slot, observer);
            }
            Onward::End => self.end::<PLAIN, O>(slot, Outcome::Completed, observer),
            Onward::Answer if PLAIN => unreachable!("there are no services"),
            Onward::Answer => self.end_request(slot, Verdict::Ok, None, record, observer),
        }
    }

    /// A worker lets go of its message, `DONE` with it or broken off: its consumer acknowledges it and takes the next.
    #[inline(always)]
    pub(super) fn release<const PLAIN: bool, const DONE: bool, O: Observer>(&mut self, at: usize, observer: &mut O) {
        let now = self.now;
        let worker = self.workers[at];
        let place = &self.pools[worker.pool as usize];
        let (queue, record, records_at) = (place.queue, place.record, place.records_at);
        if worker.consumer != NONE {
            return self.release_before_buffer::<PLAIN, O>(at, queue, DONE, observer);
        }
        let next = self.take_ready::<PLAIN, O>(queue, observer);
        let slot = MessageSlot(worker.message);
        let (service, sojourn) = (now - worker.started, now - self.messages[slot].entered);
        let (resumes, refilled) = (next.is_some(), next.is_some());
        observer.record(
            now,
            if DONE {
                Transition::Finished { pool: record, queue: records_at, slot, service, sojourn, resumes, refilled }
            } else {
                Transition::BrokenOff { pool: record, queue: records_at, slot, service, sojourn, resumes, refilled }
            },
        );
        if let Some(next) = next {
            self.start::<PLAIN, O>(at, next, Origin::Queue, true, observer);
        } else {
            self.workers[at].message = NONE;
            self.disarm::<PLAIN>(self.producers.len() + at);
            self.queues[queue as usize].takers.push(at as u32);
        }
    }

    /// The same for a worker whose consumer has a buffer. The buffer comes first, then the credit that the acknowledgement
    /// gives back: a message from the queue stands behind those that the consumer holds already.
    #[inline(never)]
    fn release_before_buffer<const PLAIN: bool, O: Observer>(&mut self, at: usize, queue: u32, done: bool, observer: &mut O) {
        let now = self.now;
        let worker = self.workers[at];
        let place = &self.pools[worker.pool as usize];
        let (pool, records_at) = (place.record, place.records_at);
        let holder = &mut self.consumers[worker.consumer as usize];
        let had_credit = holder.held < holder.limit;
        let buffered = holder.buffer.pop().map(MessageSlot);
        let refill = if had_credit { None } else { self.take_ready::<PLAIN, O>(queue, observer) };
        let holder = &mut self.consumers[worker.consumer as usize];
        let slot = MessageSlot(worker.message);
        let (service, sojourn) = (now - worker.started, now - self.messages[slot].entered);
        let (resumes, refilled) = (buffered.is_some() || refill.is_some(), refill.is_some());
        observer.record(
            now,
            if done {
                Transition::Finished { pool, queue: records_at, slot, service, sojourn, resumes, refilled }
            } else {
                Transition::BrokenOff { pool, queue: records_at, slot, service, sojourn, resumes, refilled }
            },
        );
        match refill {
            Some(refill) => {
                let message = &mut self.messages[refill];
                (message.dispatched, message.returned) = (now, false);
                let waited = now - message.entered;
                let (queue, slot) = (records_at, refill);
                observer.record(now, Transition::Dispatched { queue, slot, waited, stored: true, refill: true });
                if buffered.is_some() {
                    holder.buffer.push(refill.0);
                }
            }
            None => {
                holder.held -= 1;
                if !had_credit {
                    self.queues[queue as usize].takers.push(self.workers.len() as u32 + worker.consumer);
                }
            }
        }
        match buffered.or(refill) {
            Some(next) => {
                let waited = now - self.messages[next].dispatched;
                self.start::<PLAIN, O>(at, next, Origin::Buffer(waited), true, observer);
            }
            None => {
                self.workers[at].message = NONE;
                self.workers[at].next_idle = holder.idle;
                holder.idle = at as u32;
                self.disarm::<PLAIN>(self.producers.len() + at);
            }
        }
    }
}
