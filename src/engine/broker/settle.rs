//! What a broker does when it hears what became of a message: the consumer has credit again, and the message is gone, comes
//! back, or is a dead letter.

use super::dead_letter::Reason;
use super::storage::Command;
use super::{Extra, Parcel};
use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::model::Returns;
use crate::units::Span;

/// What a consumer says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Settlement {
    /// It is done.
    Ack,
    /// All of which the consumer had not said so are done.
    AckSeveral,
    /// The first half of an acknowledgement in two round trips (PUBREC of MQTT's QoS 2).
    Received,
    /// It is to come back; whether that counts for the delivery limit.
    Requeue { counts: bool },
    /// It is not wanted.
    Reject,
}

impl super::Brokers {
    /// The processor that hears a consumer.
    pub(super) fn processor_of(&self, consumer: u32) -> u32 {
        self.queues[self.clients[consumer as usize].home as usize].processor
    }
}

impl World {
    /// The broker hears what a consumer has to say of a message.
    #[inline(always)]
    pub(super) fn settle<O: Observer>(&mut self, consumer: u32, life: u32, slot: MessageSlot, how: Settlement, observer: &mut O) {
        let client = &self.brokers.clients[consumer as usize];
        // A session that was closed has nothing to say: what it held has come back already.
        if client.life != life {
            return;
        }
        let home = client.home;
        if how == Settlement::Received {
            return self.ask_for_release(consumer, life, slot);
        }
        if self.brokers.queues[home as usize].logs {
            return self.replicate(home, slot, Command::Settle { consumer, life, slot, how }, observer);
        }
        if how == Settlement::Ack {
            self.acknowledged(home, consumer, slot, observer);
            return self.serve(home, observer);
        }
        self.apply_settlement(consumer, life, slot, how, observer);
    }

    /// A queue acts on what a consumer has said of a message.
    #[inline(never)]
    pub(super) fn apply_settlement<O: Observer>(
        &mut self,
        consumer: u32,
        life: u32,
        slot: MessageSlot,
        how: Settlement,
        observer: &mut O,
    ) {
        let client = &self.brokers.clients[consumer as usize];
        if client.life != life {
            return;
        }
        let home = client.home;
        match how {
            Settlement::Received => {}
            Settlement::Ack => self.acknowledged(home, consumer, slot, observer),
            Settlement::AckSeveral => {
                let mut at = client.first;
                while at != NONE {
                    let Extra { behind, said, .. } = self.brokers.extras[at as usize];
                    if said {
                        self.acknowledged(home, consumer, MessageSlot(at), observer);
                    }
                    at = behind;
                }
            }
            Settlement::Requeue { counts } => {
                self.take_back(consumer, slot, false, observer);
                self.come_back(home, slot, counts, observer);
                self.give_credit(consumer);
            }
            Settlement::Reject => {
                self.take_back(consumer, slot, false, observer);
                self.give_credit(consumer);
                self.give_up_custody(home, slot, observer);
                self.die(home, slot, Reason::Rejected, observer);
            }
        }
        self.serve(home, observer);
    }

    #[inline(always)]
    fn acknowledged<O: Observer>(&mut self, home: u32, consumer: u32, slot: MessageSlot, observer: &mut O) {
        self.take_back(consumer, slot, true, observer);
        self.give_up_custody(home, slot, observer);
        self.leave(slot, Outcome::Completed, observer);
        self.give_credit(consumer);
    }

    /// A consumer does not hold a message any more.
    #[inline(always)]
    pub(super) fn take_back<O: Observer>(&mut self, consumer: u32, slot: MessageSlot, acked: bool, observer: &mut O) {
        let (home, dispatched) = self.drop_from_list(consumer, slot);
        let queue = self.brokers.queues[home as usize].queue;
        let (record, held) = (self.queues[queue as usize].record, self.now - dispatched);
        observer.record(self.now, Transition::Settled { queue: record, slot, held, acked });
    }

    /// A consumer may hold one message more.
    #[inline(always)]
    fn give_credit(&mut self, consumer: u32) {
        let holder = &mut self.consumers[consumer as usize];
        holder.held -= 1;
        if holder.held.checked_add(1) == Some(holder.limit) {
            self.offer_credit(consumer);
        }
    }

    /// A message comes back to its queue, or has done so too often.
    pub(super) fn come_back<O: Observer>(&mut self, home: u32, slot: MessageSlot, counts: bool, observer: &mut O) {
        let now = self.now;
        let extra = self.extra(slot);
        extra.redelivered = true;
        extra.returns += u32::from(counts);
        let (returns, since, size) = (extra.returns, extra.since, u64::from(extra.size));
        let state = &mut self.brokers.queues[home as usize];
        if returns > state.delivery_limit {
            self.give_up_custody(home, slot, observer);
            return self.die(home, slot, Reason::DeliveryLimit, observer);
        }
        state.ready_bytes += size;
        let (rule, queue) = (state.returns, state.queue);
        let message = &mut self.messages[slot];
        message.entered = now;
        let (priority, age) = (message.priority, (since, message.index));
        let (messages, extras) = (&self.messages, &self.brokers.extras);
        let place = &mut self.queues[queue as usize];
        let record = place.record;
        observer.record(now, Transition::Returned { queue: record });
        match rule {
            Returns::Position => {
                place.line.put_back(slot, priority, |other| (extras[other.0 as usize].since, messages[other].index) < age);
            }
            Returns::First => place.line.put_back(slot, priority, |other| extras[other.0 as usize].redelivered),
            Returns::Last => place.line.push(slot, priority),
        }
        // Its time to live went on while it was held.
        self.look_at_head(home, observer);
    }

    /// PUBREL goes to the consumer and PUBCOMP comes back: as long as a delivery and an acknowledgement take.
    fn ask_for_release(&mut self, consumer: u32, life: u32, slot: MessageSlot) {
        let about = self.about(slot);
        let home = self.brokers.clients[consumer as usize].home;
        let broker = self.brokers.queues[home as usize].broker;
        let delay = if broker == NONE { Span::ZERO } else { self.brokers.states[broker as usize].release_delay(about, self) };
        self.set_timer(self.now + delay, Phase::Completion, Wake::Release { consumer, life, slot: slot.0 });
    }

    /// PUBCOMP has come.
    pub(in crate::engine) fn release_completes<O: Observer>(&mut self, consumer: u32, life: u32, slot: u32, observer: &mut O) {
        let parcel = Parcel::Settle { consumer, life, slot: MessageSlot(slot), how: Settlement::Ack };
        self.arrives(parcel, observer);
    }
}
