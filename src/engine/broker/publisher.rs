//! Publishers: they send to a broker within their window, and keep what they may not send yet.

use super::{Extra, Parcel};
use crate::engine::agenda::Phase;
use crate::engine::fifo::Fifo;
use crate::engine::handlers::Wake;
use crate::engine::message::{Message, MessageSlot};
use crate::engine::observer::{Observer, Outcome, Transition};
use crate::engine::slab::NONE;
use crate::engine::task::Waits;
use crate::engine::timers::TimerId;
use crate::engine::world::World;
use crate::model::{Batching, Flow, Lifetime, OnFull, Size, Until};
use crate::random::{Distribution, Stream};
use crate::units::Span;
use std::sync::Arc;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Target {
    Queue(u32),
    Exchange(u32),
}

/// One who publishes: a producer, or a step of a handler.
#[derive(Debug)]
pub(in crate::engine) struct Publisher {
    pub target: Target,
    /// The key of its messages; `NONE`: that of the message that causes it.
    pub key: u32,
    /// It is told to the observer what it sends and hears; `NONE`: not.
    pub producer: u32,
    pub window: u32,
    /// Sent and not confirmed.
    pub outstanding: u32,
    /// It hears what became of its messages.
    pub hears: bool,
    pub trips: u32,
    pub mandatory: bool,
    /// Some queue that gets its messages keeps them on disk.
    pub stores: bool,
    pub flow: Option<Flow>,
    /// Sent and not dealt with, where the flow is limited, and whether that has stopped it.
    pub undealt: u32,
    pub stopped: bool,
    /// What waits to be sent.
    pub line: Fifo,
    pub room: usize,
    pub on_full: OnFull,
    pub batch: Option<Batching>,
    pub linger: Option<TimerId>,
    /// Of what waits, so many may be sent, because their batch is full or has waited long enough.
    pub due: usize,
    /// Messages in a transaction; 0: it has none. What the broker has of the one that is not committed.
    pub transaction: u32,
    pub begun: u32,
    pub uncommitted: Vec<MessageSlot>,
    pub connection: u32,
    /// What blocks it blocks no other on its connection.
    pub own_link: bool,
    /// The ways there and back.
    pub link: u32,
    pub back: u32,
    pub processor: u32,
    pub broker: u32,
    /// It is sending what waits.
    pub flushing: bool,
    /// What the observer was last told: whether its connection or its broker stops it.
    pub blocked: bool,
}

/// What a producer's messages are like.
#[derive(Debug)]
pub(in crate::engine) struct Makes {
    pub size: Size,
    pub sizes: Stream,
    pub carried_size: Option<Arc<[u64]>>,
    pub ttl: Lifetime,
    pub ttls: Stream,
    pub carried_ttl: Option<Arc<[Span]>>,
    pub persistent: bool,
    pub keys: MakesKeys,
    pub key_draws: Stream,
    /// What is known of each of them, where all are alike.
    pub alike: Option<Extra>,
}

impl Makes {
    /// What is known of each message, where nothing of that is drawn or recorded.
    pub fn all_alike(&self) -> Option<Extra> {
        let Size::Constant(size) = self.size else { return None };
        let ttl = match self.ttl {
            Lifetime::Endless => super::FOREVER,
            Lifetime::Drawn(Distribution::Constant { value }) => Span(value as u64),
            Lifetime::Drawn(_) | Lifetime::Carried => return None,
        };
        let MakesKeys::One(key) = self.keys else { return None };
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        Some(Extra { size, key, ttl, persistent: self.persistent, ..Extra::NOTHING })
    }
}

/// Where a producer's routing keys come from; all are numbers of the key space.
#[derive(Debug)]
pub(in crate::engine) enum MakesKeys {
    One(u32),
    /// Cumulative shares.
    Chosen(Vec<(f64, u32)>),
    /// The number of the message's key.
    Numbered,
    Carried(Arc<[u32]>),
}

/// What publishers and consumers of the same connection share.
#[derive(Debug, Default)]
pub(in crate::engine) struct Connection {
    pub publishers: Vec<u32>,
    /// How many of them have stopped it.
    pub stopped: u32,
    /// What waits is being sent.
    pub flushing: bool,
    /// What its consumers have to say, while nobody listens: when each was said is of no interest any more.
    pub withheld: Vec<(u32, super::link::About, Parcel)>,
}

impl World {
    /// A producer that does nothing but publish has made a message.
    #[inline(always)]
    pub(in crate::engine) fn publish_made<O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        self.describe(slot);
        self.submit(at, slot, observer);
    }

    /// Says what a message is like that its producer has just made.
    #[inline(always)]
    pub(in crate::engine) fn describe(&mut self, slot: MessageSlot) {
        let &Message { index, producer, .. } = &self.messages[slot];
        let Some(makes) = self.brokers.makes.get(producer as usize) else { return };
        if let Some(alike) = makes.alike {
            return self.keep_extra(slot, alike);
        }
        let size = match &makes.size {
            Size::Constant(size) => *size,
            Size::Uniform { min, max } => {
                let u = makes.sizes.at(index).uniform();
                min + ((u * (max - min + 1) as f64) as u64).min(max - min)
            }
            Size::Carried => makes.carried_size.as_ref().map_or(0, |sizes| sizes[index as usize]),
        };
        let ttl = match &makes.ttl {
            Lifetime::Endless => super::FOREVER,
            Lifetime::Drawn(Distribution::Constant { value }) => Span(*value as u64),
            Lifetime::Drawn(ttl) => ttl.draw(makes.ttls.at(index)),
            Lifetime::Carried => makes.carried_ttl.as_ref().map_or(super::FOREVER, |ttls| ttls[index as usize]),
        };
        let key = match &makes.keys {
            MakesKeys::One(key) => *key,
            MakesKeys::Chosen(keys) => {
                let u = makes.key_draws.at(index).uniform();
                keys.iter().find(|(sum, _)| u < *sum).or(keys.last()).map_or(NONE, |(_, key)| *key)
            }
            MakesKeys::Numbered => {
                let state = self.handlers.keys[producer as usize].as_ref();
                super::routes::numbered(state.and_then(|keys| keys.of(index)).unwrap_or(0))
            }
            MakesKeys::Carried(keys) => keys[index as usize],
        };
        let persistent = makes.persistent;
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        self.keep_extra(slot, Extra { size, key, ttl, persistent, ..Extra::NOTHING });
    }

    /// A message is to be sent: at once, or as soon as that may be.
    #[inline(always)]
    pub(in crate::engine) fn submit<O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        let publisher = &self.brokers.publishers[at as usize];
        if publisher.line.is_empty() && publisher.batch.is_none() && self.may_send(publisher) {
            self.brokers.outbound += 1;
            return self.send_out(at, slot, observer);
        }
        let publisher = &mut self.brokers.publishers[at as usize];
        if publisher.line.len() >= publisher.room && publisher.on_full != OnFull::Block {
            let outcome = if publisher.on_full == OnFull::Drop { Outcome::Dropped } else { Outcome::Failed };
            self.refuse_to_send(at, slot, outcome, observer);
            return;
        }
        publisher.line.push(slot.0);
        let producer = publisher.producer;
        self.brokers.outbound += 1;
        observer.record(self.now, Transition::Buffered { producer, more: true });
        if let Some(batch) = publisher.batch {
            let waiting = publisher.line.len() - publisher.due;
            if waiting >= batch.messages as usize {
                publisher.due = publisher.line.len();
                self.stop_lingering(at);
                self.flush(at, observer);
            } else if publisher.linger.is_none() {
                let timer = self.set_timer(self.now + batch.linger, Phase::Arrival, Wake::Linger(at));
                self.brokers.publishers[at as usize].linger = Some(timer);
            }
        }
    }

    /// A message that cannot even wait at its sender.
    fn refuse_to_send<O: Observer>(&mut self, at: u32, slot: MessageSlot, outcome: Outcome, observer: &mut O) {
        let producer = self.brokers.publishers[at as usize].producer;
        observer.record(self.now, Transition::NotSent { producer });
        let receipt = std::mem::replace(&mut self.extra(slot).receipt, NONE);
        self.leave(slot, outcome, observer);
        if receipt != NONE {
            self.brokers.receipts[receipt].refused = outcome == Outcome::Failed;
            self.settle_receipt(receipt, observer);
        }
    }

    fn stop_lingering(&mut self, at: u32) {
        if let Some(timer) = self.brokers.publishers[at as usize].linger.take() {
            self.cancel_timer(timer);
        }
    }

    /// The first message of a batch has waited long enough.
    pub(in crate::engine) fn linger_ends<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let publisher = &mut self.brokers.publishers[at as usize];
        publisher.linger = None;
        publisher.due = publisher.line.len();
        self.flush(at, observer);
    }

    /// Whether a publisher may send one message more.
    #[inline(always)]
    fn may_send(&self, publisher: &Publisher) -> bool {
        if publisher.outstanding >= publisher.window || publisher.stopped {
            return false;
        }
        if publisher.transaction > 0 && publisher.begun == publisher.transaction {
            return false;
        }
        let blocked = !publisher.own_link && self.brokers.connections[publisher.connection as usize].stopped > 0;
        !blocked && (publisher.broker == NONE || self.brokers.states[publisher.broker as usize].takes_more())
    }

    /// Sends what waits, as far as that may be.
    pub(in crate::engine) fn flush<O: Observer>(&mut self, at: u32, observer: &mut O) {
        if self.brokers.publishers[at as usize].line.is_empty() {
            return;
        }
        // What is confirmed on the way makes room for more: the loop sees that, and nothing calls itself.
        if std::mem::replace(&mut self.brokers.publishers[at as usize].flushing, true) {
            return;
        }
        loop {
            let publisher = &self.brokers.publishers[at as usize];
            let due = publisher.batch.is_none() || publisher.due > 0;
            if publisher.line.is_empty() || !due || !self.may_send(publisher) {
                break;
            }
            self.send_first(at, observer);
        }
        self.brokers.publishers[at as usize].flushing = false;
    }

    /// Sends a message.
    #[inline(always)]
    fn send_out<O: Observer>(&mut self, at: u32, slot: MessageSlot, observer: &mut O) {
        let publisher = &mut self.brokers.publishers[at as usize];
        let (link, producer, hears) = (publisher.link, publisher.producer, publisher.hears);
        if publisher.transaction > 0 {
            publisher.begun += 1;
        }
        if hears {
            publisher.outstanding += 1;
            observer.record(self.now, Transition::Unconfirmed { producer, more: true });
        }
        let mut stops = false;
        if let Some(flow) = publisher.flow {
            publisher.undealt += 1;
            stops = publisher.undealt >= flow.limit && !publisher.stopped;
            publisher.stopped |= stops;
        }
        let awaited = hears || publisher.flow.is_some();
        let Extra { receipt, size, .. } = self.brokers.extras[slot.0 as usize];
        if awaited && receipt == NONE {
            let receipt = self.new_receipt(at, slot);
            self.extra(slot).receipt = receipt;
        }
        if stops {
            self.stop_connection(at, observer);
        }
        self.ship(link, |world| world.about(slot), size, Parcel::Publish { publisher: at, slot }, observer);
    }

    fn stop_connection<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let &Publisher { connection, own_link, .. } = &self.brokers.publishers[at as usize];
        if own_link {
            return self.tell_blocked(at, observer);
        }
        self.brokers.connections[connection as usize].stopped += 1;
        self.tell_blocked_on(connection, observer);
    }

    /// Tells the observer whether a publisher is stopped by its link, its connection or an alarm of its broker, where that has changed.
    pub(super) fn tell_blocked<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let publisher = &self.brokers.publishers[at as usize];
        let by_connection = !publisher.own_link && self.brokers.connections[publisher.connection as usize].stopped > 0;
        let by_alarm = publisher.broker != NONE && self.brokers.states[publisher.broker as usize].alarm;
        let blocked = publisher.stopped || by_connection || by_alarm;
        let producer = publisher.producer;
        if blocked == std::mem::replace(&mut self.brokers.publishers[at as usize].blocked, blocked) || producer == NONE {
            return;
        }
        // A producer that publishes in several steps is stopped while one of them is.
        let stopped = &mut self.brokers.blocked[producer as usize];
        let before = *stopped;
        *stopped = if blocked { before + 1 } else { before - 1 };
        if (before > 0) != (*stopped > 0) {
            observer.record(self.now, Transition::Blocked { producer, blocked });
        }
    }

    fn tell_blocked_on<O: Observer>(&mut self, connection: u32, observer: &mut O) {
        for at in 0..self.brokers.connections[connection as usize].publishers.len() {
            self.tell_blocked(self.brokers.connections[connection as usize].publishers[at], observer);
        }
    }

    /// The broker has dealt with a message of a publisher, whose flow may be limited.
    #[inline(always)]
    pub(super) fn dealt_with<O: Observer>(&mut self, at: u32, observer: &mut O) {
        if let Some(flow) = self.brokers.publishers[at as usize].flow {
            self.dealt_with_within(flow, at, observer);
        }
    }

    #[inline(never)]
    fn dealt_with_within<O: Observer>(&mut self, flow: Flow, at: u32, observer: &mut O) {
        let publisher = &mut self.brokers.publishers[at as usize];
        publisher.undealt -= 1;
        if !publisher.stopped || publisher.undealt > flow.limit - flow.refill {
            return;
        }
        publisher.stopped = false;
        let (connection, own_link) = (publisher.connection, publisher.own_link);
        if own_link {
            self.tell_blocked(at, observer);
            return self.flush(at, observer);
        }
        let state = &mut self.brokers.connections[connection as usize];
        state.stopped -= 1;
        if state.stopped == 0 {
            for (link, about, parcel) in std::mem::take(&mut state.withheld) {
                self.ship(link, |_| about, 0, parcel, observer);
            }
            self.tell_blocked_on(connection, observer);
            self.flush_connection(connection, observer);
        }
    }

    /// Sends what the publishers of a connection have waiting, as far as that may be: what was made first goes first, whoever made it, since all
    /// of them write to one socket.
    pub(super) fn flush_connection<O: Observer>(&mut self, connection: u32, observer: &mut O) {
        if let [only] = self.brokers.connections[connection as usize].publishers[..] {
            return self.flush(only, observer);
        }
        // What goes on meanwhile is seen by the loop, as in `flush`.
        if std::mem::replace(&mut self.brokers.connections[connection as usize].flushing, true) {
            return;
        }
        loop {
            let waiting = |&&at: &&u32| {
                let publisher = &self.brokers.publishers[at as usize];
                let due = publisher.batch.is_none() || publisher.due > 0;
                due && !publisher.flushing && self.may_send(publisher)
            };
            let publishers = &self.brokers.connections[connection as usize].publishers;
            let first = |at: u32| {
                self.brokers.publishers[at as usize].line.front().map(|slot| (self.messages[MessageSlot(slot)].entered, at))
            };
            let Some((_, at)) = publishers.iter().filter(waiting).filter_map(|&at| first(at)).min() else { break };
            self.send_first(at, observer);
        }
        self.brokers.connections[connection as usize].flushing = false;
    }

    /// Sends the first message that waits at a publisher.
    fn send_first<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let publisher = &mut self.brokers.publishers[at as usize];
        if publisher.batch.is_some() {
            publisher.due -= 1;
        }
        let producer = publisher.producer;
        if let Some(slot) = publisher.line.pop() {
            observer.record(self.now, Transition::Buffered { producer, more: false });
            self.send_out(at, MessageSlot(slot), observer);
        }
    }

    /// A step publishes a message, over a way from somewhere on which it may be lost; whether its task has to wait for what
    /// becomes of it.
    pub(in crate::engine) fn send_from_step<O: Observer>(
        &mut self,
        at: u32,
        slot: MessageSlot,
        way: (crate::model::Target, u64),
        until: Until,
        task: u32,
        observer: &mut O,
    ) -> bool {
        if self.handlers.endangered && self.lost_on_the_way_to(way.0, at, way.1) {
            self.leave(slot, Outcome::Failed, observer);
            return false;
        }
        let key = self.brokers.publishers[at as usize].key;
        if key != NONE {
            self.extra(slot).key = key;
        }
        if until != Until::Sent {
            let receipt = self.new_receipt(at, slot);
            let state = &mut self.brokers.receipts[receipt];
            (state.waiter, state.reply) = (task, until == Until::Replied);
            self.handlers.tasks[task].waits = Waits::Receipt(receipt);
            if until == Until::Confirmed {
                self.extra(slot).receipt = receipt;
            } else {
                self.extra(slot).reply = receipt;
            }
        }
        self.submit(at, slot, observer);
        until != Until::Sent
    }

    /// A message that failed is published again after a delay; for its producer it is the same message.
    pub(super) fn publish_again<O: Observer>(&mut self, pool: u32, slot: MessageSlot, delay: Span, observer: &mut O) {
        let publisher = self.session(pool).publisher;
        let (message, extra) = (self.messages[slot], *self.extra(slot));
        let again = self.messages.insert::<false>(self.now, message.producer, message.index, message.priority);
        self.messages[again] = Message { entered: self.now, ..message };
        self.keep_extra(again, Extra { deliveries: extra.deliveries, reply: extra.reply, ..extra.inherited() });
        observer.record(self.now, Transition::Caused { parent: slot, slot: again, called: None });
        // What is left behind is a shade.
        self.messages[slot].family = NONE;
        let old = self.extra(slot);
        if old.done {
            self.extra(again).done = true;
        } else {
            old.done = true;
        }
        (self.extra(slot).reply, self.brokers.shades) = (NONE, self.brokers.shades + 1);
        if delay.0 == 0 {
            return self.submit(publisher, again, observer);
        }
        self.brokers.outbound += 1;
        self.set_timer(self.now + delay, Phase::Arrival, Wake::Again { publisher, slot: again.0 });
    }

    /// The delay before a message is published again is over.
    pub(in crate::engine) fn publish_after_delay<O: Observer>(&mut self, publisher: u32, slot: u32, observer: &mut O) {
        self.brokers.outbound -= 1;
        self.submit(publisher, MessageSlot(slot), observer);
    }
}
