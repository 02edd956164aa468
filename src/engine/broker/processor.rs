//! Processors of a node: a batch loop. An idle one is woken up, takes all that has come, is done with all of it at the same
//! time, and goes on without another wake-up for as long as there is something; so that a node that has much to do pays few
//! wake-ups, and one that has little pays one for each message.
//!
//! Who publishes and who consumes share it evenly, as processes of a node do that are scheduled in turn: while there is something to deliver
//! or to settle, a batch takes no more publications than take as long as that, and one at least. Otherwise a node that publishers keep busy would
//! let its consumers starve.

use super::Parcel;
use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Transition};
use crate::engine::world::World;
use crate::model::{Costs, Wakeup};
use crate::random::pinned;
use crate::units::{Span, Time};
use std::collections::VecDeque;

/// A processor of a node.
#[derive(Debug)]
pub(in crate::engine) struct Processor {
    costs: Costs,
    /// Its broker, for the observer.
    broker: u32,
    /// What it works on.
    batch: Vec<Parcel>,
    /// What has come since: publications, and all else.
    publications: VecDeque<Parcel>,
    pending: Vec<Parcel>,
    busy: bool,
    /// It is being woken up, and has not looked at what has come.
    waking: bool,
    idle_since: Time,
}

impl Processor {
    pub fn new(costs: Costs, broker: u32) -> Processor {
        let (batch, pending, publications) = Default::default();
        Processor { costs, broker, batch, publications, pending, busy: false, waking: false, idle_since: Time::ZERO }
    }

    /// The broker that it belongs to.
    pub fn broker(&self) -> u32 {
        self.broker
    }

    /// Takes out what is published and not dealt with.
    pub fn take_publications(&mut self) -> Vec<(u32, MessageSlot)> {
        let mut taken: Vec<Parcel> = self.batch.extract_if(.., |parcel| matches!(parcel, Parcel::Publish { .. })).collect();
        taken.extend(self.publications.drain(..));
        let of = |parcel| if let Parcel::Publish { publisher, slot } = parcel { Some((publisher, slot)) } else { None };
        taken.into_iter().filter_map(of).collect()
    }
}

impl World {
    /// Gives a processor something to do. Where there is none (`NONE`), whoever has something to be done does it at once.
    #[inline(never)]
    pub(super) fn give_to_processor<O: Observer>(&mut self, at: u32, parcel: Parcel, observer: &mut O) {
        let processor = &mut self.brokers.processors[at as usize];
        if matches!(parcel, Parcel::Publish { .. }) {
            processor.publications.push_back(parcel);
        } else {
            processor.pending.push(parcel);
        }
        if !processor.busy {
            processor.busy = true;
            processor.waking = true;
            let Wakeup { warm, cold, after } = processor.costs.wakeup;
            let mut span = warm;
            if cold.0 > 0 {
                let slept = (self.now - processor.idle_since).0 as f64 / after.0 as f64;
                span = span + Span((cold.0 as f64 * (1.0 - pinned::exp(-slept)) + 0.5) as u64);
            }
            let broker = processor.broker;
            observer.record(self.now, Transition::Processing { broker, busy: true });
            // What comes while it wakes up is in its first batch.
            self.set_timer(self.now + span, Phase::Completion, Wake::Processor(at));
        }
    }

    fn begin_batch(&mut self, at: u32) {
        let super::Brokers { processors, extras, publishers, .. } = &mut self.brokers;
        let processor = &mut processors[at as usize];
        std::mem::swap(&mut processor.batch, &mut processor.pending);
        let costs = &processor.costs;
        let cost = |parcel: &Parcel| {
            let (cost, slot) = match parcel {
                Parcel::Publish { publisher, slot } => {
                    let stores = publishers[*publisher as usize].stores && extras[slot.0 as usize].persistent;
                    (if stores { costs.publish + costs.store } else { costs.publish }, Some(slot))
                }
                Parcel::Confirm { .. } | Parcel::Release { .. } => (costs.confirm, None),
                Parcel::Deliver { slot, .. } => (costs.deliver, Some(slot)),
                Parcel::Settle { .. } => (costs.ack, None),
                Parcel::Append { .. } | Parcel::Appended { .. } => (Span::ZERO, None),
            };
            let bytes = slot.map_or(0, |slot| extras[slot.0 as usize].size);
            cost + Span((f64::from(bytes) * costs.per_byte + 0.5) as u64)
        };
        let (mut span, mut share) = (Span::ZERO, None);
        for parcel in &processor.batch {
            let cost = cost(parcel);
            span = span + cost;
            if matches!(parcel, Parcel::Deliver { .. } | Parcel::Settle { .. }) {
                share = Some(share.unwrap_or(Span::ZERO) + cost);
            }
        }
        let mut published = Span::ZERO;
        while let Some(parcel) = processor.publications.pop_front() {
            published = published + cost(&parcel);
            processor.batch.push(parcel);
            if share.is_some_and(|share| published >= share) {
                break;
            }
        }
        span = span + published;
        self.set_timer(self.now + span, Phase::Completion, Wake::Processor(at));
    }

    /// A processor is done with its batch.
    pub(in crate::engine) fn batch_ends<O: Observer>(&mut self, at: u32, observer: &mut O) {
        let processor = &mut self.brokers.processors[at as usize];
        if std::mem::take(&mut processor.waking) {
            return self.begin_batch(at);
        }
        let mut batch = std::mem::take(&mut processor.batch);
        for parcel in batch.drain(..) {
            self.processed(parcel, observer);
        }
        let processor = &mut self.brokers.processors[at as usize];
        processor.batch = batch;
        if processor.pending.is_empty() && processor.publications.is_empty() {
            (processor.busy, processor.idle_since) = (false, self.now);
            let broker = processor.broker;
            observer.record(self.now, Transition::Processing { broker, busy: false });
        } else {
            self.begin_batch(at);
        }
    }
}
