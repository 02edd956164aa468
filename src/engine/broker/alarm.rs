//! What a broker as a whole looks at: how much its messages weigh, and whether that stops those who publish.

use super::Publisher;
use super::link::About;
use crate::engine::agenda::Phase;
use crate::engine::handlers::{Wake, mixed};
use crate::engine::observer::{Observer, Transition};
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::model::Network;
use crate::random::Stream;
use crate::units::{Span, Time};

/// A broker.
#[derive(Debug)]
pub(in crate::engine) struct BrokerState {
    pub network: Network,
    pub delays: Stream,
    /// Timers of expiry are late by this, and the end of a connection is noticed after this.
    pub expiry_lag: Span,
    pub close_lag: Span,
    /// Looks in vain until a silent connection is given up; `None`: two missing frames.
    pub heartbeat_checks: Option<u32>,
    pub memory_limit: u64,
    pub disk_limit: u64,
    pub check: Span,
    /// Bytes of messages in memory and on disk.
    pub memory: u64,
    pub on_disk: u64,
    /// Publishers are stopped.
    pub alarm: bool,
    /// It is looked at the next time at an instant that is known.
    pub watched: bool,
    /// Its nodes, how many of them are down, and whether all are.
    pub nodes: u32,
    pub dead: u32,
    pub down: bool,
    /// The first of its disks; `NONE`: writing takes no time.
    pub first_disk: u32,
    /// How long a replicated queue is without a leader.
    pub election: Span,
    pub publishers: Vec<u32>,
    /// Its number for the observer.
    pub record: u32,
}

impl BrokerState {
    /// Whether it takes what is published.
    pub fn takes_more(&self) -> bool {
        !self.alarm && !self.down
    }

    fn draw(&self, of: &crate::random::Distribution, about: About, world: &World, way: u64) -> Span {
        let sender = world.producers[about.producer as usize].messages;
        of.draw(self.delays.of(sender).at(mixed(about.index, way)))
    }

    /// How long an answer takes back to whoever asked: to the broker like an acknowledgement, and on like a delivery.
    pub fn reply_delay(&self, about: About, world: &World) -> Span {
        self.draw(&self.network.ack, about, world, 1) + self.draw(&self.network.deliver, about, world, 2)
    }

    /// How long it takes a consumer to be asked once more, and to answer.
    pub fn release_delay(&self, about: About, world: &World) -> Span {
        self.draw(&self.network.deliver, about, world, 3) + self.draw(&self.network.ack, about, world, 4)
    }

    fn too_much(&self) -> bool {
        self.memory > self.memory_limit || self.on_disk > self.disk_limit
    }
}

impl World {
    /// The messages of a broker weigh more, or less.
    #[inline(always)]
    pub(super) fn weigh<O: Observer>(&mut self, broker: u32, bytes: i64, on_disk: bool, observer: &mut O) {
        if broker == NONE {
            return;
        }
        let state = &mut self.brokers.states[broker as usize];
        if bytes != 0 {
            state.memory = state.memory.wrapping_add_signed(bytes);
            if on_disk {
                state.on_disk = state.on_disk.wrapping_add_signed(bytes);
            }
            debug_assert!(state.memory.max(state.on_disk) < 1 << 63, "messages weigh less than nothing");
            observer.record(self.now, Transition::Weighs { broker: state.record, bytes: state.memory });
        }
        // It is looked at now and then, and only where something would be seen.
        if state.too_much() != state.alarm && !state.watched {
            self.watch_alarm(broker);
        }
    }

    #[inline(never)]
    fn watch_alarm(&mut self, broker: u32) {
        let state = &mut self.brokers.states[broker as usize];
        state.watched = true;
        let every = state.check.0.max(1);
        let next = Time((self.now.0 / every + 1) * every);
        self.set_timer(next, Phase::Expiry, Wake::Alarm(broker));
    }

    /// A broker looks at what its messages weigh.
    pub(in crate::engine) fn check_alarm<O: Observer>(&mut self, broker: u32, observer: &mut O) {
        let state = &mut self.brokers.states[broker as usize];
        state.watched = false;
        let alarm = state.too_much();
        if alarm == state.alarm {
            return;
        }
        state.alarm = alarm;
        let record = state.record;
        observer.record(self.now, Transition::Alarm { broker: record, on: alarm });
        for at in 0..self.brokers.states[broker as usize].publishers.len() {
            self.tell_blocked(self.brokers.states[broker as usize].publishers[at], observer);
        }
        if !alarm {
            self.flush_all(broker, observer);
        }
    }

    /// All publishers of a broker may send again.
    pub(super) fn flush_all<O: Observer>(&mut self, broker: u32, observer: &mut O) {
        for at in 0..self.brokers.states[broker as usize].publishers.len() {
            let publisher = self.brokers.states[broker as usize].publishers[at];
            let &Publisher { own_link, connection, .. } = &self.brokers.publishers[publisher as usize];
            if own_link {
                self.flush(publisher, observer);
            } else {
                self.flush_connection(connection, observer);
            }
        }
    }
}
