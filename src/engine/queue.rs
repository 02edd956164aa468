//! What a queue does: takes messages in, dispatches them to consumers with credit, and loses them by its rules.

use super::agenda::Phase;
use super::consumer::work;
use super::frame::Verdict;
use super::message::{Asker, MessageSlot};
use super::observer::{Observer, Origin, Outcome, Subject, Transition};
use super::slab::NONE;
use super::world::{Queue, World};
use crate::units::Time;

impl Queue {
    /// Takes the ready message that is delivered next, if there is one.
    #[inline(always)]
    pub(super) fn next_ready(&mut self) -> Option<MessageSlot> {
        let (picks, picked) = (self.picks, &mut self.picked);
        self.line.pop(|n| {
            *picked += 1;
            ((picks.at(*picked).uniform() * n as f64) as usize).min(n - 1)
        })
    }
}

impl World {
    /// A message comes to a queue: dispatched at once, stored, refused, or stored at the cost of the head.
    #[inline(always)]
    pub(super) fn publish<const PLAIN: bool, O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        let queue = &mut self.queues[at as usize];
        observer.record(self.now, Transition::Published { queue: queue.record, slot: Some(slot) });
        if let Some(taker) = queue.takers.pop() {
            let workers = self.workers.len() as u32;
            if taker < workers {
                self.start::<PLAIN, O>(taker as usize, slot, Origin::Publisher, false, observer);
            } else {
                self.receive::<PLAIN, false, O>(at, taker - workers, slot, observer);
            }
            return;
        }
        let bounded = queue.max_length != usize::MAX;
        let ghosts = if PLAIN { 0 } else { queue.ghosts };
        if bounded && queue.line.len() - ghosts >= queue.max_length && !queue.drop_head {
            self.lose(at, slot, Outcome::Rejected, false, observer);
            return;
        }
        let message = &mut self.messages[slot];
        queue.line.push(slot, message.priority);
        let overfull = bounded && queue.drop_head && queue.line.len() > queue.max_length;
        let (expires, record) = (queue.expires, queue.record);
        if queue.sole_pool != NONE {
            // Drawn while it waits, and not when a worker waits for it: the same number, off the critical path.
            message.work = work(&self.pools[queue.sole_pool as usize], &self.producers, &self.handlers.families, message);
        }
        if !overfull || self.drop_head(at, slot, observer) {
            observer.record(self.now, Transition::Stored { queue: record });
        }
        if expires {
            self.arm_expiry::<PLAIN>(at);
        }
    }

    /// The head goes for the sake of `newest`, which stands in the line already; whether `newest` stays. The loss is told
    /// before the new message is, so that nobody sees more messages ready than there may be.
    #[cold]
    fn drop_head<O: Observer>(&mut self, at: u32, newest: MessageSlot, observer: &mut O) -> bool {
        match self.queues[at as usize].line.pop_head() {
            Some(head) => {
                let stays = head != newest;
                self.lose(at, head, Outcome::Dropped, stays, observer);
                stays
            }
            None => true,
        }
    }

    /// Arms the timer for the oldest ready message, unless it is armed: it never shows later than that message expires, and
    /// looks again when it fires.
    #[cold]
    #[inline(never)]
    fn arm_expiry<const PLAIN: bool>(&mut self, at: u32) {
        let slot = self.queues[at as usize].expiry_slot;
        if self.armed::<PLAIN>(slot) {
            return;
        }
        let (messages, queue) = (&self.messages, &mut self.queues[at as usize]);
        if let Some(oldest) = queue.line.oldest(|slot| messages[slot].since().0) {
            // What was given back late, in a line without order, is seen late.
            let expiry = (messages[oldest].since() + queue.ttl).max(self.now).min(Time::LATEST);
            self.arm::<PLAIN>(slot, expiry, Phase::Expiry);
        }
    }

    /// The expiry timer fires: every message whose time is over goes.
    #[cold]
    #[inline(never)]
    pub(super) fn expire<const PLAIN: bool, O: Observer>(&mut self, at: u32, observer: &mut O) {
        loop {
            let messages = &self.messages;
            let queue = &mut self.queues[at as usize];
            let age = |slot: MessageSlot| messages[slot].since().0;
            let over = queue.line.oldest(age).is_some_and(|oldest| messages[oldest].since() + queue.ttl <= self.now);
            if !over {
                break;
            }
            if let Some(oldest) = queue.line.pop_oldest(age) {
                self.lose(at, oldest, Outcome::Expired, true, observer);
            }
        }
        self.disarm::<PLAIN>(self.queues[at as usize].expiry_slot);
        self.arm_expiry::<PLAIN>(at);
    }

    #[inline(never)]
    pub(super) fn lose<O: Observer>(&mut self, at: u32, slot: MessageSlot, outcome: Outcome, stored: bool, observer: &mut O) {
        let waited = self.now - self.messages[slot].entered;
        let queue = self.queues[at as usize].record;
        observer.record(self.now, Transition::Lost { queue, slot: Some(slot), outcome, waited, stored });
        if self.messages[slot].asker == Asker::NOBODY {
            return self.end::<false, O>(slot, outcome, observer);
        }
        // What is lost of a request is not lost for good: its caller hears of it.
        self.answer(slot, if outcome == Outcome::Expired { Verdict::Shed } else { Verdict::Rejected }, observer);
        self.end::<false, O>(slot, Outcome::Completed, observer);
    }

    /// Takes the ready message that is delivered next, if there is one that is wanted.
    #[inline(always)]
    pub(super) fn take_ready<const PLAIN: bool, O: Observer>(&mut self, at: u32, observer: &mut O) -> Option<MessageSlot> {
        let queue = &mut self.queues[at as usize];
        if !PLAIN && queue.picky {
            return self.take_wanted(at, observer);
        }
        let record = queue.record;
        let slot = queue.next_ready()?;
        if !PLAIN && self.messages[slot].returned {
            observer.record(self.now, Transition::Redelivered { queue: record });
        }
        Some(slot)
    }

    /// A message leaves the system.
    #[inline(always)]
    pub(super) fn end<const PLAIN: bool, O: Observer>(&mut self, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let message = &self.messages[slot];
        if !PLAIN && message.family != NONE {
            return self.leave_family(slot, outcome, observer);
        }
        observer.record(
            self.now,
            Transition::Ended { producer: message.producer, subject: Subject::Message(slot), outcome, message },
        );
        if outcome == Outcome::Completed {
            self.tally.finished += 1;
        } else {
            self.tally.lost += 1;
        }
        self.messages.remove(slot);
    }
}
