//! What a broker does with a message that has come: it routes it, and each queue takes it in, or refuses it.

use super::dead_letter::Reason;
use super::delivery::BrokerQueue;
use super::storage::{Command, Stored};
use super::{Extra, FOREVER};
use crate::engine::handlers::mixed;
use crate::engine::message::{Asker, MessageSlot};
use crate::engine::observer::{Observer, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::units::Time;

impl World {
    /// A message has come from its publisher.
    #[inline(always)]
    pub(super) fn admit<O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        let publisher = &mut self.brokers.publishers[at as usize];
        if publisher.transaction > 0 {
            publisher.uncommitted.push(slot);
            if publisher.uncommitted.len() < publisher.transaction as usize {
                return;
            }
            // The last one brings the commit with it.
            let mut messages = std::mem::take(&mut publisher.uncommitted);
            messages.drain(..).for_each(|slot| self.route_in(at, slot, observer));
            self.brokers.publishers[at as usize].uncommitted = messages;
            return;
        }
        if publisher.trips > 1 {
            // Kept until the publisher lets go of the packet identifier.
            let receipt = self.extra(slot).receipt;
            self.brokers.receipts[receipt].slot = slot.0;
            let processor = self.brokers.publishers[at as usize].processor;
            return self.confirm(processor, receipt, observer);
        }
        self.route_in(at, slot, observer);
    }

    /// Routes a message to the queues that get it.
    #[inline(always)]
    pub(super) fn route_in<O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        self.brokers.outbound -= 1;
        let publisher = &self.brokers.publishers[at as usize];
        let (target, mandatory, producer) = (publisher.target, publisher.mandatory, publisher.producer);
        if let super::Target::Queue(queue) = target {
            return self.enqueue(queue, slot, observer);
        }
        self.route_by_exchange(target, mandatory, producer, slot, observer);
    }

    #[inline(never)]
    fn route_by_exchange<O: Observer>(
        &mut self,
        target: super::Target,
        mandatory: bool,
        producer: u32,
        slot: MessageSlot,
        observer: &mut O,
    ) {
        let mut queues = std::mem::take(&mut self.brokers.found);
        queues.clear();
        self.find_queues(target, slot, &mut queues);
        if queues.is_empty() {
            observer.record(self.now, Transition::Unroutable { producer, returned: mandatory });
            let receipt = std::mem::replace(&mut self.extra(slot).receipt, NONE);
            self.leave(slot, Outcome::Unroutable, observer);
            if receipt != NONE {
                self.brokers.receipts[receipt].refused |= mandatory;
                self.safe(receipt, observer);
            }
        } else {
            self.enqueue_in_all(&queues, slot, observer);
        }
        self.brokers.found = queues;
    }

    /// A message comes to several queues: a copy to each.
    pub(super) fn enqueue_in_all<O: Observer>(&mut self, queues: &[u32], slot: MessageSlot, observer: &mut O) {
        let receipt = self.extra(slot).receipt;
        if receipt != NONE {
            self.brokers.receipts[receipt].queues = queues.len() as u32;
        }
        if let [queue] = queues {
            return self.enqueue(*queue, slot, observer);
        }
        if !self.extra(slot).done && self.messages[slot].family == NONE {
            self.found_family(slot, observer);
        }
        let copies: Vec<MessageSlot> = queues[1..].iter().map(|&queue| self.copy(slot, u64::from(queue), observer)).collect();
        self.enqueue(queues[0], slot, observer);
        for (&queue, copy) in queues[1..].iter().zip(copies) {
            self.enqueue(queue, copy, observer);
        }
    }

    /// Another message with the same contents, which belongs to the same family.
    fn copy<O: Observer>(&mut self, slot: MessageSlot, key: u64, observer: &mut O) -> MessageSlot {
        let (message, extra) = (self.messages[slot], *self.extra(slot));
        let identity = mixed(message.index, key);
        let copy = if message.family == NONE {
            let copy = self.messages.insert::<false>(self.now, message.producer, identity, message.priority);
            self.messages[copy].born = message.born;
            self.brokers.shades += usize::from(extra.done);
            observer.record(self.now, Transition::Caused { parent: slot, slot: copy, called: None });
            copy
        } else {
            self.child(slot, identity, Asker::NOBODY, None, observer)
        };
        self.keep_extra(copy, Extra { reply: NONE, ..extra });
        copy
    }

    /// A message comes to a queue: at once, or when enough replicas have it.
    #[inline(always)]
    fn enqueue<O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        let home = self.queues[at as usize].broker;
        if let Stored::Replicas { .. } = &self.brokers.queues[home as usize].stored {
            self.brokers.outbound += 1;
            return self.replicate(home, slot, Command::Take(slot), observer);
        }
        self.take_in(home, slot, observer);
    }

    /// A queue takes a message in, by its limits.
    #[inline(always)]
    pub(super) fn take_in<O: Observer>(&mut self, home: u32, slot: MessageSlot, observer: &mut O) {
        let now = self.now;
        let state = &mut self.brokers.queues[home as usize];
        let place = &self.queues[state.queue as usize];
        observer.record(now, Transition::Published { queue: place.record, slot: Some(slot) });
        let extra = &mut self.brokers.extras[slot.0 as usize];
        let size = u64::from(extra.size);
        let room = place.line.len() < place.max_length && state.ready_bytes + size <= state.max_bytes;
        let idle = !place.takers.is_empty() && place.line.len() == 0;
        if !room && !idle && !place.drop_head {
            return self.refuse(home, slot, observer);
        }
        let ttl = state.ttl.min(extra.ttl);
        state.expires |= ttl != FOREVER;
        let (broker, written) = (state.broker, extra.persistent && matches!(state.stored, Stored::Disk(_)));
        (extra.since, extra.returns, extra.redelivered) = (now, 0, false);
        extra.expires = if ttl == FOREVER { Time::LATEST } else { (now + ttl).min(Time::LATEST) };
        // Whoever waits for the write is told when it is done.
        let receipt = if written { NONE } else { std::mem::replace(&mut extra.receipt, NONE) };
        self.messages[slot].entered = now;
        self.weigh(broker, size as i64, written, observer);
        if written {
            self.write(home, slot, observer);
        } else {
            self.safe(receipt, observer);
        }
        if idle && let Some(consumer) = self.next_taker(home) {
            self.dispatch(home, consumer, slot, false, observer);
            return self.tell_capacity(home, observer);
        }
        self.make_ready(home, slot, observer);
        self.drop_heads(home, observer);
        self.watch_head(home);
    }

    /// A message becomes ready at the tail of a queue.
    #[inline(always)]
    fn make_ready<O: Observer>(&mut self, home: u32, slot: MessageSlot, observer: &mut O) {
        let size = u64::from(self.extra(slot).size);
        let state = &mut self.brokers.queues[home as usize];
        state.ready_bytes += size;
        let place = &mut self.queues[state.queue as usize];
        place.line.push(slot, self.messages[slot].priority);
        let record = place.record;
        observer.record(self.now, Transition::Stored { queue: record });
    }

    /// Heads go for as long as a queue holds too much.
    fn drop_heads<O: Observer>(&mut self, home: u32, observer: &mut O) {
        loop {
            let BrokerQueue { queue, ready_bytes, max_bytes, .. } = self.brokers.queues[home as usize];
            let place = &mut self.queues[queue as usize];
            if place.line.len() <= place.max_length && ready_bytes <= max_bytes {
                return;
            }
            let Some(head) = place.line.pop_head() else { return };
            self.take_off(home, head);
            self.fall_out(home, head, Reason::MaxLength, true, observer);
        }
    }

    /// A queue refuses a message: its publisher hears of it.
    fn refuse<O: Observer>(&mut self, home: u32, slot: MessageSlot, observer: &mut O) {
        let receipt = std::mem::replace(&mut self.extra(slot).receipt, NONE);
        if receipt != NONE {
            self.brokers.receipts[receipt].refused = true;
        }
        self.safe(receipt, observer);
        self.fall_out(home, slot, Reason::Refused, false, observer);
    }
}
