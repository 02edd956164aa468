//! Brokers: what lies between those who publish and those who consume, where that is more than a textbook's queue.
//!
//! ```text
//! publisher ==link==> processor ==> exchange ==> queue ==> processor ==link==> client ==> worker
//!     ^                                            |                              |
//!     +====link==== processor <==== safe <= disk, replicas                        |
//!                                      settled <==== processor <======link========+
//! ```
//! Everything that travels is a [`Parcel`]; links ([`link`]) and processors ([`processor`]) hand parcels on, and the nouns act on
//! them: [`publisher`] sends within its window, [`admit`] routes and takes in, [`storage`] makes safe, [`delivery`] brings to
//! consumers, [`settle`] hears what became of it, [`dead_letter`] and [`expiry`] take out, [`session`] loses connections. No code
//! is named after a product: those are parameters.
//!
//! A message that is done and not yet acknowledged at the broker is a **shade**: it has ended for its producer, and only its
//! place is left, so that it can come back as a duplicate.

mod admit;
mod alarm;
mod build;
mod client;
mod dead_letter;
mod delivery;
mod expiry;
mod link;
mod nodes;
mod processor;
mod publisher;
mod receipt;
mod routes;
mod session;
mod settle;
mod storage;

pub(super) use build::brokers;
pub(super) use publisher::{Publisher, Target};

use super::message::{Message, MessageSlot};
use super::observer::{Observer, Outcome, Subject, Transition};
use super::slab::{NONE, Slab};
use super::world::World;
use crate::units::{Span, Time};
use alarm::BrokerState;
use client::{Client, PoolSession};
use link::Link;
use processor::Processor;
use receipt::Receipt;
use routes::Router;
use settle::Settlement;
use storage::{Commit, DiskState, Write};

/// What travels over a link or through a processor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parcel {
    /// A message on its way from a publisher to the broker.
    Publish {
        publisher: u32,
        slot: MessageSlot,
    },
    /// The second half of a publication in two round trips: the sender lets go of the packet identifier.
    Release {
        receipt: u32,
    },
    /// What became of a publication, on its way back.
    Confirm {
        receipt: u32,
    },
    /// A message on its way to a consumer, in the `life`-th life of its session.
    Deliver {
        consumer: u32,
        life: u32,
        slot: MessageSlot,
    },
    /// What a consumer has to say of a message, or of all up to it.
    Settle {
        consumer: u32,
        life: u32,
        slot: MessageSlot,
        how: Settlement,
    },
    /// A command that is to be stored on a follower, and the follower's word that it is.
    Append {
        commit: u32,
        back: u32,
    },
    Appended {
        commit: u32,
    },
}

/// What a broker knows of a message beside the message itself, by its slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extra {
    /// Bytes.
    pub size: u32,
    /// Its routing key.
    pub key: u32,
    /// Its own time to live.
    pub ttl: Span,
    /// When it expires in the queue where it is.
    pub expires: Time,
    /// When it came to the queue where it is, in the first place.
    pub since: Time,
    /// When it was dispatched.
    pub dispatched: Time,
    /// Of those that the same consumer holds, in the order of their dispatch: the one before and the one behind.
    pub before: u32,
    pub behind: u32,
    /// The publication that its publisher is to hear of, until it is safe here.
    pub receipt: u32,
    /// The request that is answered when it ends.
    pub reply: u32,
    /// Its write to disk, until that is done.
    pub write: u32,
    /// Deliveries that came back and count for the limit, and deliveries in all.
    pub returns: u32,
    pub deliveries: u32,
    /// The queues in which it died since it was last rejected, as bits.
    pub deaths: u128,
    /// To be kept through a crash.
    pub persistent: bool,
    /// It is delivered for at least the second time.
    pub redelivered: bool,
    /// It was acknowledged when it was sent.
    pub settled: bool,
    /// It is a shade.
    pub done: bool,
    /// Its consumer is done with this delivery, and has said so in a word about several.
    pub worked: bool,
    pub said: bool,
}

impl Extra {
    /// Of a message of which nothing is known.
    pub const NOTHING: Extra = Extra {
        size: 0,
        key: NONE,
        ttl: FOREVER,
        expires: Time::LATEST,
        since: Time::ZERO,
        dispatched: Time::ZERO,
        before: NONE,
        behind: NONE,
        receipt: NONE,
        reply: NONE,
        write: NONE,
        returns: 0,
        deliveries: 0,
        deaths: 0,
        persistent: true,
        redelivered: false,
        settled: false,
        done: false,
        worked: false,
        said: false,
    };
}

impl Extra {
    /// What a message that this one causes has of it.
    pub fn inherited(&self) -> Extra {
        Extra { size: self.size, key: self.key, persistent: self.persistent, ..Extra::NOTHING }
    }
}

/// No time to live.
pub(super) const FOREVER: Span = Span(u64::MAX);

/// The state of all brokers, and of those who deal with them.
#[derive(Debug, Default)]
pub(super) struct Brokers {
    /// Whether there are any: then all queues are theirs.
    pub active: bool,
    /// What the messages of each producer are like.
    pub makes: Vec<publisher::Makes>,
    pub links: Vec<Link>,
    /// The slot of the first link in the agenda.
    pub slot: usize,
    pub processors: Vec<Processor>,
    pub disks: Vec<DiskState>,
    pub states: Vec<BrokerState>,
    pub publishers: Vec<Publisher>,
    /// By the number of the producer: how many of its publishers are stopped.
    pub blocked: Vec<u32>,
    pub connections: Vec<publisher::Connection>,
    pub routers: Vec<Router>,
    pub keys: routes::KeySpace,
    pub queues: Vec<delivery::BrokerQueue>,
    /// By the number of the engine's pool, those of services left out.
    pub pools: Vec<PoolSession>,
    /// By the number of the consumer.
    pub clients: Vec<Client>,
    /// By the slot of the message.
    pub extras: Vec<Extra>,
    /// The queues that the last message was routed to: kept for its room.
    pub found: Vec<u32>,
    pub receipts: Slab<Receipt>,
    pub writes: Slab<Write>,
    pub commits: Slab<Commit>,
    /// Messages between a publisher and a queue.
    pub outbound: usize,
    /// Messages that have ended for their producers, but are still here.
    pub shades: usize,
}

impl World {
    /// What a broker knows of a message.
    #[inline(always)]
    pub(super) fn extra(&mut self, slot: MessageSlot) -> &mut Extra {
        &mut self.brokers.extras[slot.0 as usize]
    }

    /// Keeps what a broker knows of a message that is new.
    #[inline]
    pub(super) fn keep_extra(&mut self, slot: MessageSlot, extra: Extra) {
        let at = slot.0 as usize;
        if at >= self.brokers.extras.len() {
            self.brokers.extras.resize(at + 1, Extra::NOTHING);
        }
        self.brokers.extras[at] = extra;
    }

    /// A message ends for its producer, but stays where it is.
    #[inline(always)]
    pub(super) fn become_shade<O: Observer>(&mut self, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let extra = self.extra(slot);
        if std::mem::replace(&mut extra.done, true) {
            if self.messages[slot].family != NONE {
                self.leave_uncounted_family(slot, outcome, observer);
            }
            return;
        }
        let reply = std::mem::replace(&mut extra.reply, NONE);
        self.brokers.shades += 1;
        if reply != NONE {
            self.reply(reply, outcome == Outcome::Completed, observer);
        }
        let message = &mut self.messages[slot];
        let (family, waited) = (std::mem::replace(&mut message.family, NONE), message.waited);
        if family != NONE {
            self.handlers.members -= 1;
            return self.shrink_family(family, waited, outcome, observer);
        }
        self.count_end(slot, outcome, observer);
    }

    /// A message that was done again leaves the family of what that caused.
    #[inline(never)]
    fn leave_uncounted_family<O: Observer>(&mut self, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let message = &mut self.messages[slot];
        let (family, waited) = (std::mem::replace(&mut message.family, NONE), message.waited);
        self.handlers.members -= 1;
        self.brokers.shades += 1;
        self.shrink_family(family, waited, outcome, observer);
    }

    #[inline(always)]
    fn count_end<O: Observer>(&mut self, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let message: &Message = &self.messages[slot];
        let (producer, subject) = (message.producer, Subject::Message(slot));
        observer.record(self.now, Transition::Ended { producer, subject, outcome, message });
        if outcome == Outcome::Completed {
            self.tally.finished += 1;
        } else {
            self.tally.lost += 1;
        }
    }

    /// A message leaves the system for good.
    #[inline(always)]
    pub(super) fn leave<O: Observer>(&mut self, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let Extra { done, write, receipt, .. } = *self.extra(slot);
        if !done || self.messages[slot].family != NONE {
            self.become_shade(slot, outcome, observer);
        }
        if write != NONE {
            self.brokers.writes[write].slot = NONE;
        }
        debug_assert!(receipt == NONE || write != NONE, "a message leaves whose publisher will never hear of it");
        self.brokers.shades -= 1;
        self.messages.remove(slot);
    }

    /// Checks from the outside that no message was lost track of, of so many that are there, are ready, and wait elsewhere.
    pub(super) fn audit_brokers(&self, live: usize, ready: usize, elsewhere: usize) -> Result<(), String> {
        let mut held = 0;
        for client in &self.brokers.clients {
            let mut at = client.first;
            while at != NONE {
                held += 1;
                at = self.brokers.extras[at as usize].behind;
            }
        }
        let served = self.workers.iter().filter(|worker| worker.message != NONE && worker.consumer == NONE).count();
        let outbound = self.brokers.outbound;
        if live != ready + held + served + outbound + elsewhere {
            return Err(format!(
                "messages went astray: {live} in the system, {ready} ready, {held} held by consumers, {served} at services, \
                 {outbound} on their way to a queue, {elsewhere} of callers"
            ));
        }
        let idle = |queue: &&super::world::Queue| queue.broker != NONE && queue.line.len() > 0 && !queue.takers.is_empty();
        if let Some(queue) = self.queues.iter().find(idle).filter(|queue| !self.brokers.queues[queue.broker as usize].down) {
            return Err(format!("queue number {} has a ready message and a consumer with credit", queue.broker));
        }
        Ok(())
    }

    /// Lets a parcel act that has come to the end of its link.
    #[inline(never)]
    pub(super) fn arrives<O: Observer>(&mut self, parcel: Parcel, observer: &mut O) {
        self.act(parcel, observer);
    }

    /// The same, where that is all that happens.
    #[inline(always)]
    pub(super) fn act<O: Observer>(&mut self, parcel: Parcel, observer: &mut O) {
        match parcel {
            Parcel::Publish { publisher, slot } => match self.brokers.publishers[publisher as usize].processor {
                NONE => self.admit(publisher, slot, observer),
                at => self.give_to_processor(at, parcel, observer),
            },
            Parcel::Release { receipt } => {
                let publisher = self.brokers.receipts[receipt].publisher;
                match self.brokers.publishers[publisher as usize].processor {
                    NONE => self.released(receipt, observer),
                    at => self.give_to_processor(at, parcel, observer),
                }
            }
            Parcel::Confirm { receipt } => self.confirmed(receipt, observer),
            Parcel::Deliver { consumer, life, slot } => self.received(consumer, life, slot, observer),
            Parcel::Settle { consumer, life, slot, how } => match self.brokers.processor_of(consumer) {
                NONE => self.settle(consumer, life, slot, how, observer),
                at => self.give_to_processor(at, parcel, observer),
            },
            Parcel::Append { commit, back } => self.append(commit, back, observer),
            Parcel::Appended { commit } => self.vote(commit, observer),
        }
    }

    /// Lets a parcel act that a processor is done with.
    #[inline(never)]
    pub(super) fn processed<O: Observer>(&mut self, parcel: Parcel, observer: &mut O) {
        match parcel {
            Parcel::Publish { publisher, slot } => self.admit(publisher, slot, observer),
            Parcel::Confirm { receipt } => self.send_confirm(receipt, observer),
            Parcel::Release { receipt } => self.released(receipt, observer),
            Parcel::Deliver { consumer, slot, .. } => self.send_delivery(parcel, consumer, slot, observer),
            Parcel::Settle { consumer, life, slot, how } => self.settle(consumer, life, slot, how, observer),
            Parcel::Append { .. } | Parcel::Appended { .. } => self.arrives(parcel, observer),
        }
    }
}
