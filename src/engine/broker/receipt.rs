//! Receipts: what a publisher is told of its publications, and callers of their requests.

use super::Parcel;
use super::link::About;
use crate::engine::agenda::Phase;
use crate::engine::frame::Verdict;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::units::Time;

/// A publication of which somebody is to hear.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Receipt {
    pub publisher: u32,
    /// When its message was made.
    pub since: Time,
    /// Queues that do not have it safe yet.
    pub queues: u32,
    /// One of them has refused it, or none was there.
    pub refused: bool,
    /// The task that waits for this; `NONE`: nobody.
    pub waiter: u32,
    /// It is the reply that is waited for.
    pub reply: bool,
    /// Round trips that are left.
    pub trips: u32,
    /// Of two round trips: the message that waits for the second.
    pub slot: u32,
    about: About,
}

impl World {
    /// A receipt for a message that a publisher sends.
    #[inline(always)]
    pub(in crate::engine) fn new_receipt(&mut self, publisher: u32, slot: MessageSlot) -> u32 {
        let trips = self.brokers.publishers[publisher as usize].trips;
        let message = &self.messages[slot];
        let time = self.brokers.extras[slot.0 as usize].deliveries;
        let about = About { producer: message.producer, index: message.index, time };
        self.brokers.receipts.insert(Receipt {
            publisher,
            since: message.entered,
            queues: 1,
            refused: false,
            waiter: NONE,
            reply: false,
            trips,
            slot: NONE,
            about,
        })
    }

    /// One of the queues of a publication has it safe, or has refused it.
    #[inline(always)]
    pub(super) fn safe<O: Observer>(&mut self, receipt: u32, observer: &mut O) {
        if receipt == NONE {
            return;
        }
        let state = &mut self.brokers.receipts[receipt];
        state.queues -= 1;
        if state.queues > 0 {
            return;
        }
        let &mut Receipt { publisher, waiter, about, .. } = state;
        let sender = &self.brokers.publishers[publisher as usize];
        let (processor, back, limited) = (sender.processor, sender.back, sender.flow.is_some());
        if !sender.hears && waiter == NONE {
            self.brokers.receipts.remove(receipt);
        } else if processor == NONE {
            self.ship(back, |_| about, 0, Parcel::Confirm { receipt }, observer);
        } else {
            self.give_to_processor(processor, Parcel::Confirm { receipt }, observer);
        }
        if limited {
            self.dealt_with(publisher, observer);
        }
    }

    /// A publisher is to hear of its message, as soon as the processor that says so has time.
    #[inline(always)]
    pub(super) fn confirm<O: Observer>(&mut self, processor: u32, receipt: u32, observer: &mut O) {
        match processor {
            NONE => self.send_confirm(receipt, observer),
            at => self.give_to_processor(at, Parcel::Confirm { receipt }, observer),
        }
    }

    /// A confirm leaves the broker.
    #[inline(always)]
    pub(super) fn send_confirm<O: Observer>(&mut self, receipt: u32, observer: &mut O) {
        let publisher = self.brokers.receipts[receipt].publisher;
        let back = self.brokers.publishers[publisher as usize].back;
        let about = |world: &World| world.brokers.receipts[receipt].about;
        self.ship(back, about, 0, Parcel::Confirm { receipt }, observer);
    }

    /// A confirm has come to the publisher: the first half of two round trips, or the end.
    #[inline(always)]
    pub(super) fn confirmed<O: Observer>(&mut self, receipt: u32, observer: &mut O) {
        let state = &mut self.brokers.receipts[receipt];
        let (publisher, about) = (state.publisher, state.about);
        if state.trips > 1 {
            state.trips -= 1;
            let link = self.brokers.publishers[publisher as usize].link;
            return self.ship(link, |_| about, 0, Parcel::Release { receipt }, observer);
        }
        let &mut Receipt { since, refused, .. } = state;
        let sender = &mut self.brokers.publishers[publisher as usize];
        if sender.hears {
            let producer = sender.producer;
            sender.outstanding -= 1;
            observer.record(self.now, Transition::Unconfirmed { producer, more: false });
            let (index, after) = (about.index, self.now - since);
            observer.record(self.now, Transition::Confirmed { producer, index, after, refused });
        }
        if sender.transaction > 0 && sender.outstanding == 0 && sender.begun == sender.transaction {
            sender.begun = 0;
        }
        // Whoever waits for this goes on later, so that nothing joins the line meanwhile.
        let sends = !sender.line.is_empty();
        self.settle_receipt(receipt, observer);
        if sends {
            self.flush(publisher, observer);
        }
    }

    /// Nothing more will be heard of a publication: whoever waits for it goes on.
    #[inline(always)]
    pub(in crate::engine) fn settle_receipt<O: Observer>(&mut self, receipt: u32, observer: &mut O) {
        let Receipt { waiter, refused, since, reply, .. } = self.brokers.receipts[receipt];
        self.brokers.receipts.remove(receipt);
        if waiter != NONE {
            let slot = self.handlers.tasks[waiter].message;
            observer.record(self.now, Transition::Heard { slot, since, reply, refused });
            self.resume(waiter, if refused { Verdict::Rejected } else { Verdict::Ok });
        }
    }

    /// The second half of a publication in two round trips has come: now it is routed.
    pub(super) fn released<O: Observer>(&mut self, receipt: u32, observer: &mut O) {
        let Receipt { publisher, slot, .. } = self.brokers.receipts[receipt];
        self.route_in(publisher, MessageSlot(slot), observer);
    }

    /// A request has been worked on, or cannot be: its answer goes back the way that a message and its delivery take.
    pub(super) fn reply<O: Observer>(&mut self, receipt: u32, worked: bool, observer: &mut O) {
        let Receipt { publisher, about, .. } = self.brokers.receipts[receipt];
        self.brokers.receipts[receipt].refused = !worked;
        let broker = self.brokers.publishers[publisher as usize].broker;
        if broker == NONE || !worked {
            return self.settle_receipt(receipt, observer);
        }
        let delay = self.brokers.states[broker as usize].reply_delay(about, self);
        self.set_timer(self.now + delay, Phase::Completion, Wake::Reply(receipt));
    }
}
