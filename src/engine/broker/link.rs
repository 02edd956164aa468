//! Links: one way of a connection, which takes time and keeps the order of what is sent (as TCP does).

use super::Parcel;
use crate::engine::agenda::Phase;
use crate::engine::handlers::mixed;
use crate::engine::message::MessageSlot;
use crate::engine::observer::Observer;
use crate::engine::world::World;
use crate::random::{Distribution, Stream};
use crate::units::{Span, Time};
use std::collections::VecDeque;

/// One way of a connection.
#[derive(Debug)]
pub(in crate::engine) struct Link {
    delay: Delay,
    /// Nanoseconds that a byte takes to be put on the line.
    per_byte: f64,
    /// When the last byte is.
    busy_until: Time,
    /// What is on its way and arrives first, and what comes behind it: mostly nothing.
    first: Option<(Time, Parcel)>,
    behind: VecDeque<(Time, Parcel)>,
    /// When the last of them arrives, or has arrived.
    last: Time,
    /// What arrives first at an instant: what is given back, or what comes anew.
    phase: Phase,
}

#[derive(Debug)]
enum Delay {
    Constant(Span),
    Random { delay: Distribution, stream: Stream },
}

/// Whose random numbers a parcel gets: those of a message of a producer, travelling for the `time`-th time.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct About {
    pub producer: u32,
    pub index: u64,
    pub time: u32,
}

impl Link {
    pub fn new(delay: &Distribution, bandwidth: Option<f64>, stream: Stream, phase: Phase) -> Link {
        let delay = match delay {
            Distribution::Constant { value } => Delay::Constant(Span(*value as u64)),
            other => Delay::Random { delay: other.clone(), stream },
        };
        let per_byte = bandwidth.map_or(0.0, |bandwidth| 1e9 / bandwidth);
        Link { delay, per_byte, busy_until: Time::ZERO, first: None, behind: VecDeque::new(), last: Time::ZERO, phase }
    }

    /// Whether all consumers of a pool can share it: nothing that one sends delays what another does.
    pub fn can_be_shared(delay: &Distribution, bandwidth: Option<f64>) -> bool {
        bandwidth.is_none() && matches!(delay, Distribution::Constant { .. })
    }

    /// What is on its way.
    pub fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.first.iter().chain(&self.behind).map(|(_, parcel)| parcel)
    }
}

impl World {
    /// Whose random numbers what is sent of a message gets.
    #[inline(always)]
    pub(super) fn about(&self, slot: MessageSlot) -> About {
        let message = &self.messages[slot];
        let time = self.brokers.extras[slot.0 as usize].deliveries;
        About { producer: message.producer, index: message.index, time }
    }

    /// Sends a parcel of so many bytes; `about`: whose random numbers it gets, where there are any.
    #[inline(always)]
    pub(super) fn ship<O: Observer>(
        &mut self,
        at: u32,
        about: impl FnOnce(&World) -> About,
        bytes: u32,
        parcel: Parcel,
        observer: &mut O,
    ) {
        let now = self.now;
        let (mut link, mut delay) = (&mut self.brokers.links[at as usize], Span::ZERO);
        match link.delay {
            Delay::Constant(constant) => delay = constant,
            Delay::Random { .. } => {
                let about = about(self);
                let sender = self.producers[about.producer as usize].messages;
                link = &mut self.brokers.links[at as usize];
                if let Delay::Random { delay: random, stream } = &link.delay {
                    delay = random.draw(stream.of(sender).at(mixed(about.index, u64::from(about.time))));
                }
            }
        }
        let mut from = now;
        if link.per_byte > 0.0 {
            from = now.max(link.busy_until) + Span((f64::from(bytes) * link.per_byte + 0.5) as u64);
            link.busy_until = from;
        }
        // Nothing overtakes what is on the line already.
        let arrival = (from + delay).max(link.last).min(Time::LATEST);
        if link.first.is_some() {
            link.last = arrival;
            return link.behind.push_back((arrival, parcel));
        }
        if arrival == now {
            return self.arrives(parcel, observer);
        }
        link.last = arrival;
        link.first = Some((arrival, parcel));
        let phase = link.phase;
        self.pending.set(self.brokers.slot + at as usize, arrival, phase);
    }

    /// Takes all publications off a link.
    pub(super) fn empty_link(&mut self, at: usize) -> Vec<(u32, MessageSlot)> {
        let link = &mut self.brokers.links[at];
        let mut taken = Vec::new();
        link.behind.extend(link.first.take());
        // What was first has been put behind all others.
        link.behind.rotate_right(1);
        link.behind.retain(|(_, parcel)| {
            if let Parcel::Publish { publisher, slot } = parcel {
                taken.push((*publisher, *slot));
            }
            !matches!(parcel, Parcel::Publish { .. })
        });
        link.last = link.behind.back().map_or(Time::ZERO, |(last, _)| *last);
        link.first = link.behind.pop_front();
        match &link.first {
            Some((next, _)) => self.pending.set(self.brokers.slot + at, *next, link.phase),
            None => self.pending.clear(self.brokers.slot + at),
        }
        taken
    }

    /// The first parcel on a link arrives.
    #[inline(always)]
    pub(in crate::engine) fn link_fires<O: Observer>(&mut self, slot: usize, observer: &mut O) {
        let link = &mut self.brokers.links[slot - self.brokers.slot];
        let Some((_, parcel)) = link.first else { unreachable!("a link fires on which nothing is under way") };
        if link.behind.is_empty() {
            link.first = None;
        } else {
            link.first = link.behind.pop_front();
            if let Some((next, _)) = link.first {
                self.pending.set(slot, next, link.phase);
            }
        }
        self.act(parcel, observer);
    }
}
