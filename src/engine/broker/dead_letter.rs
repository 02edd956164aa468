//! Messages that a queue gives up: they go on as dead letters where it has a place for those, and are lost where not.

use super::publisher::Target;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;

/// Why a queue gives a message up: the reasons of RabbitMQ's `x-death`, and a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Reason {
    /// A consumer rejected it.
    Rejected,
    /// It was ready for longer than its time to live.
    Expired,
    /// The queue was too long, and it stood at the head.
    MaxLength,
    /// It came back too often.
    DeliveryLimit,
    /// The queue was full when it came.
    Refused,
}

impl Reason {
    /// How a message ends for which this is the end.
    fn outcome(self) -> Outcome {
        match self {
            Reason::Rejected | Reason::DeliveryLimit => Outcome::Failed,
            Reason::Expired => Outcome::Expired,
            Reason::MaxLength => Outcome::Dropped,
            Reason::Refused => Outcome::Rejected,
        }
    }
}

impl World {
    /// A queue loses a message that no consumer holds; `stored` when it was ready.
    pub(super) fn fall_out<O: Observer>(&mut self, home: u32, slot: MessageSlot, reason: Reason, stored: bool, observer: &mut O) {
        let queue = self.brokers.queues[home as usize].queue;
        let record = self.queues[queue as usize].record;
        let waited = if stored { self.now - self.messages[slot].entered } else { crate::units::Span::ZERO };
        let outcome = reason.outcome();
        observer.record(self.now, Transition::Lost { queue: record, slot: Some(slot), outcome, waited, stored });
        if stored {
            self.give_up_custody(home, slot, observer);
        }
        let refused = reason == Reason::Refused && !self.brokers.queues[home as usize].dead_refused;
        if refused {
            return self.leave(slot, reason.outcome(), observer);
        }
        self.die(home, slot, reason, observer);
    }

    /// A message goes where dead letters of its queue go. What has gone round in a circle of queues without being rejected by
    /// anybody on the way is dropped (RabbitMQ, "Dead letter exchanges").
    pub(super) fn die<O: Observer>(&mut self, home: u32, slot: MessageSlot, reason: Reason, observer: &mut O) {
        let state = &self.brokers.queues[home as usize];
        let (queue, own) = (state.queue, 1u128 << state.bit);
        let Some(dead) = state.dead else { return self.leave(slot, reason.outcome(), observer) };
        let record = self.queues[queue as usize].record;
        observer.record(self.now, Transition::DeadLettered { queue: record, slot });
        let extra = self.extra(slot);
        extra.deaths = if matches!(reason, Reason::Rejected | Reason::DeliveryLimit) { 0 } else { extra.deaths | own };
        let deaths = extra.deaths;
        if dead.key != NONE {
            extra.key = dead.key;
        }
        // The next queue counts anew, and a message's own time to live is taken off, lest it expires at once again.
        (extra.ttl, extra.deliveries) = (super::FOREVER, 0);
        let mut queues = Vec::new();
        match dead.target {
            Target::Queue(queue) => queues.push(queue),
            exchange => self.find_queues(exchange, slot, &mut queues),
        }
        queues.retain(|&queue| {
            let next = &self.brokers.queues[self.queues[queue as usize].broker as usize];
            next.dead.is_none() || deaths & (1u128 << next.bit) == 0
        });
        if queues.is_empty() {
            return self.leave(slot, reason.outcome(), observer);
        }
        // Who waits for an answer will not have one.
        let reply = std::mem::replace(&mut self.extra(slot).reply, NONE);
        if reply != NONE {
            self.reply(reply, false, observer);
        }
        // Where nobody ever takes a message, it has come to its end.
        if queues.iter().all(|&queue| self.is_graveyard(queue)) {
            self.become_shade(slot, Outcome::DeadLettered, observer);
        }
        self.enqueue_in_all(&queues, slot, observer);
    }

    /// Whether nothing ever leaves a queue.
    fn is_graveyard(&self, queue: u32) -> bool {
        let state = &self.brokers.queues[self.queues[queue as usize].broker as usize];
        state.consumers.is_empty() && state.ttl == super::FOREVER
    }
}
