//! Delivery: a queue gives its ready messages to consumers that have credit, and they travel there.

use super::settle::Settlement;
use super::storage::Stored;
use super::{Extra, Parcel};
use crate::engine::fifo::Fifo;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Origin, Transition};
use crate::engine::slab::NONE;
use crate::engine::timers::TimerId;
use crate::engine::world::World;
use crate::model::Returns;
use crate::units::{Span, Time};

use super::publisher::Target;

/// What a broker's queue has beside its line and its takers, which stand with those of all queues.
#[derive(Debug)]
pub(in crate::engine) struct BrokerQueue {
    /// Its number among all queues.
    pub queue: u32,
    /// `NONE`: one that costs nothing.
    pub broker: u32,
    /// The node of the broker that it is on, or its leader.
    pub node: u32,
    pub processor: u32,
    pub stored: Stored,
    pub ttl: Span,
    pub max_bytes: u64,
    pub ready_bytes: u64,
    pub dead: Option<DeadRoute>,
    pub dead_refused: bool,
    pub delivery_limit: u32,
    pub returns: Returns,
    /// What consumers say is a command of its log.
    pub logs: bool,
    pub single_active: bool,
    /// Consumers differ in priority.
    pub ranked: bool,
    /// Its number among those with dead letters.
    pub bit: u32,
    /// Whether any message in it may expire, and the timer for its head.
    pub expires: bool,
    pub timer: Option<TimerId>,
    pub timed: Time,
    /// Until its node is back, nothing is delivered.
    pub down: bool,
    /// What the observer was last told: whether some consumer has credit.
    pub free: bool,
    /// All consumers on it.
    pub consumers: Vec<u32>,
    /// Of these, the one that gets messages where only one does.
    pub active: u32,
}

/// Where dead letters go.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct DeadRoute {
    pub target: Target,
    /// `NONE`: the message's own.
    pub key: u32,
}

impl World {
    /// The consumer that gets the next message, taken out of the ring; `None`: nobody has credit.
    #[inline(always)]
    pub(super) fn next_taker(&mut self, home: u32) -> Option<u32> {
        let state = &self.brokers.queues[home as usize];
        if state.down {
            return None;
        }
        let workers = self.workers.len() as u32;
        let takers: &mut Fifo = &mut self.queues[state.queue as usize].takers;
        if !state.ranked {
            return takers.pop().map(|taker| taker - workers);
        }
        self.next_ranked(home)
    }

    /// The same where consumers differ in priority.
    #[inline(never)]
    fn next_ranked(&mut self, home: u32) -> Option<u32> {
        let workers = self.workers.len() as u32;
        let takers: &mut Fifo = &mut self.queues[self.brokers.queues[home as usize].queue as usize].takers;
        let clients = &self.brokers.clients;
        let best = takers.iter().map(|taker| clients[(taker - workers) as usize].priority).max()?;
        let mut chosen = None;
        takers.retain(|taker| {
            let first = chosen.is_none() && clients[(taker - workers) as usize].priority == best;
            if first {
                chosen = Some(taker - workers);
            }
            !first
        });
        chosen
    }

    /// A consumer has credit again, and joins the ring at its tail.
    #[inline(always)]
    pub(super) fn offer_credit(&mut self, consumer: u32) {
        let client = &self.brokers.clients[consumer as usize];
        let state = &self.brokers.queues[client.home as usize];
        if state.single_active && state.active != consumer {
            return;
        }
        let taker = self.workers.len() as u32 + consumer;
        self.queues[state.queue as usize].takers.push(taker);
    }

    /// Tells the observer whether some consumer has credit, where that has changed. Whatever has changed the ring at this
    /// instant is over by then: a consumer that is taken out and put back was never gone.
    #[inline(always)]
    pub(super) fn tell_capacity<O: Observer>(&mut self, home: u32, observer: &mut O) {
        let state = &mut self.brokers.queues[home as usize];
        let place = &self.queues[state.queue as usize];
        let free = !place.takers.is_empty();
        if free != state.free {
            state.free = free;
            observer.record(self.now, Transition::Capacity { queue: place.record, free });
        }
    }

    /// Gives out ready messages for as long as somebody has credit.
    #[inline(always)]
    pub(super) fn serve<O: Observer>(&mut self, home: u32, observer: &mut O) {
        let place = &self.queues[self.brokers.queues[home as usize].queue as usize];
        if place.line.len() > 0 && !place.takers.is_empty() {
            self.give_out(home, observer);
        }
        self.tell_capacity(home, observer);
    }

    #[inline(never)]
    fn give_out<O: Observer>(&mut self, home: u32, observer: &mut O) {
        loop {
            let at = self.brokers.queues[home as usize].queue as usize;
            if self.queues[at].line.len() == 0 || self.queues[at].takers.is_empty() {
                break;
            }
            let Some(consumer) = self.next_taker(home) else { break };
            let Some(slot) = self.queues[at].next_ready() else { break };
            self.take_off(home, slot);
            self.dispatch(home, consumer, slot, true, observer);
            self.look_at_head(home, observer);
        }
    }

    /// A message is no longer ready.
    #[inline(always)]
    pub(super) fn take_off(&mut self, home: u32, slot: MessageSlot) {
        let size = u64::from(self.extra(slot).size);
        self.brokers.queues[home as usize].ready_bytes -= size;
    }

    /// A message is dispatched to a consumer that was taken out of the ring for it; `stored` when it was ready before.
    #[inline(always)]
    pub(super) fn dispatch<O: Observer>(&mut self, home: u32, consumer: u32, slot: MessageSlot, stored: bool, observer: &mut O) {
        let now = self.now;
        let state = &self.brokers.queues[home as usize];
        let (record, processor) = (self.queues[state.queue as usize].record, state.processor);
        let waited = if stored { now - self.messages[slot].entered } else { Span::ZERO };
        observer.record(now, Transition::Dispatched { queue: record, slot, waited, stored, refill: false });
        let client = &mut self.brokers.clients[consumer as usize];
        let last = std::mem::replace(&mut client.last, slot.0);
        if last == NONE {
            client.first = slot.0;
        } else {
            self.brokers.extras[last as usize].behind = slot.0;
        }
        let (life, auto, link) = (client.life, client.auto, client.deliver);
        let extra = &mut self.brokers.extras[slot.0 as usize];
        (extra.before, extra.behind, extra.dispatched) = (last, NONE, now);
        (extra.settled, extra.worked, extra.said) = (auto, false, false);
        let again = extra.deliveries > 0;
        extra.deliveries += 1;
        let size = extra.size;
        if again {
            observer.record(now, Transition::Redelivered { queue: record });
        }
        let holder = &mut self.consumers[consumer as usize];
        if auto {
            // It is acknowledged by being sent, and costs no credit.
            observer.record(now, Transition::Settled { queue: record, slot, held: Span::ZERO, acked: true });
            self.give_up_custody(home, slot, observer);
            self.offer_credit(consumer);
        } else {
            holder.held += 1;
            if holder.held < holder.limit {
                self.offer_credit(consumer);
            }
        }
        let parcel = Parcel::Deliver { consumer, life, slot };
        match processor {
            NONE => self.ship(link, |world| world.about(slot), size, parcel, observer),
            at => self.give_to_processor(at, parcel, observer),
        }
    }

    /// A delivery leaves the broker.
    #[inline(always)]
    pub(super) fn send_delivery<O: Observer>(&mut self, parcel: Parcel, consumer: u32, slot: MessageSlot, observer: &mut O) {
        let link = self.brokers.clients[consumer as usize].deliver;
        let size = self.extra(slot).size;
        self.ship(link, |world| world.about(slot), size, parcel, observer);
    }

    /// A message is the broker's no more: it weighs nothing, and nobody writes it any more.
    #[inline(always)]
    pub(super) fn give_up_custody<O: Observer>(&mut self, home: u32, slot: MessageSlot, observer: &mut O) {
        let Extra { size, persistent, write, .. } = *self.extra(slot);
        if write != NONE {
            self.acknowledged_unwritten(write, observer);
        }
        let state = &self.brokers.queues[home as usize];
        let (broker, stored) = (state.broker, matches!(state.stored, Stored::Disk(_)));
        self.weigh(broker, -i64::from(size), persistent && stored, observer);
    }

    /// A message has come to its consumer: into work if a worker is idle, else into the buffer.
    #[inline(always)]
    pub(super) fn received<O: Observer>(&mut self, consumer: u32, life: u32, slot: MessageSlot, observer: &mut O) {
        let client = &self.brokers.clients[consumer as usize];
        // Nobody is there any more: the broker will notice, and knows what it has sent.
        if client.life != life || !client.up {
            return;
        }
        if self.brokers.extras[slot.0 as usize].done && self.session(client.pool).trips > 1 {
            // Exactly once: who has done it already only answers again (MQTT 5, 4.3.3).
            return self.speak(consumer, life, slot, Settlement::Ack, 2, observer);
        }
        let holder = &mut self.consumers[consumer as usize];
        self.messages[slot].dispatched = self.now;
        let worker = holder.idle;
        if worker == NONE {
            return holder.buffer.push(slot.0);
        }
        holder.idle = self.workers[worker as usize].next_idle;
        self.begin_delivery(worker as usize, slot, Origin::Buffer(Span::ZERO), false, observer);
    }

    /// Takes a message out of the list of those that a consumer holds; gives its queue, and since when the consumer had it.
    #[inline(always)]
    pub(super) fn drop_from_list(&mut self, consumer: u32, slot: MessageSlot) -> (u32, Time) {
        let Extra { before, behind, dispatched, .. } = *self.extra(slot);
        let client = &mut self.brokers.clients[consumer as usize];
        let home = client.home;
        if before == NONE {
            client.first = behind;
        } else {
            self.brokers.extras[before as usize].behind = behind;
        }
        if behind == NONE {
            client.last = before;
        } else {
            self.brokers.extras[behind as usize].before = before;
        }
        (home, dispatched)
    }
}
