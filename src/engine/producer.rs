//! What a producer does: sends, and knows when it sends next.

use super::agenda::Phase;
use super::message::MessageSlot;
use super::observer::{Observer, Transition};
use super::run::MESSAGES_IN_SYSTEM;
use super::slab::NONE;
use super::world::World;
use crate::model::Priority;

impl World {
    /// Sets the producer's slot to its next arrival, or clears it when there is none.
    #[inline(always)]
    pub(super) fn arm_producer<const PLAIN: bool>(&mut self, at: usize) {
        let producer = &mut self.producers[at];
        let next = if producer.next_message < producer.limit {
            producer.clock.next(self.now, producer.next_arrival, producer.arrivals)
        } else {
            None
        };
        match next {
            Some(time) if time < self.arrivals_end => self.arm::<PLAIN>(at, time, Phase::Arrival),
            _ => self.disarm::<PLAIN>(at),
        }
    }

    /// A producer's arrival: makes its message or batch, publishes it, and arms the next.
    #[inline(always)]
    pub(super) fn arrive<const PLAIN: bool, O: Observer>(&mut self, at: usize, observer: &mut O) {
        let producer = &mut self.producers[at];
        let size = producer.clock.size(producer.next_arrival, producer.sizes);
        producer.next_arrival += 1;
        self.send::<PLAIN, O>(at, observer);
        for _ in 1..size {
            // One batch can fill the machine within one event; the loop stops the run as soon as this one is over.
            if self.in_system() > MESSAGES_IN_SYSTEM {
                break;
            }
            self.send::<PLAIN, O>(at, observer);
        }
        self.arm_producer::<PLAIN>(at);
    }

    #[inline(always)]
    fn send<const PLAIN: bool, O: Observer>(&mut self, at: usize, observer: &mut O) {
        let producer = &self.producers[at];
        let (publish, index) = (producer.publish, producer.next_message);
        let Some(slot) = self.make::<PLAIN, O>(at, index, observer) else { return };
        if !PLAIN && publish == NONE {
            return self.find_caller(at, slot, observer);
        }
        self.publish::<PLAIN, O>(publish, slot, observer);
    }

    /// Makes message number `index` of a producer; `None` when it has made all.
    #[inline(always)]
    pub(super) fn make<const PLAIN: bool, O: Observer>(
        &mut self,
        at: usize,
        index: u64,
        observer: &mut O,
    ) -> Option<MessageSlot> {
        let producer = &mut self.producers[at];
        if producer.next_message >= producer.limit {
            return None;
        }
        producer.next_message += 1;
        let priority = match &producer.priority {
            Priority::Constant(priority) => *priority,
            Priority::Drawn(counts) => counts.draw(&mut producer.priorities.at(index)).min(255) as u8,
            Priority::Carried => producer.carried_priority.as_ref().map_or(0, |carried| carried[index as usize]),
        };
        let slot = self.messages.insert::<PLAIN>(self.now, at as u32, index, priority);
        self.tally.created += 1;
        observer.record(self.now, Transition::Created { producer: at as u32, index, slot });
        Some(slot)
    }
}
