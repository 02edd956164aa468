//! Processors of a node: a batch loop. An idle one is woken up, takes all that has come, is done with all of it at the same
//! time, and goes on without another wake-up for as long as there is something; so that a node that has much to do pays few
//! wake-ups, and one that has little pays one for each message.

use super::Parcel;
use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::message::MessageSlot;
use crate::engine::observer::{Observer, Transition};
use crate::engine::world::World;
use crate::model::{Costs, Wakeup};
use crate::random::pinned;
use crate::units::{Span, Time};

/// A processor of a node.
#[derive(Debug)]
pub(in crate::engine) struct Processor {
    costs: Costs,
    /// Its broker, for the observer.
    broker: u32,
    /// What it works on.
    batch: Vec<Parcel>,
    /// What has come since.
    pending: Vec<Parcel>,
    busy: bool,
    /// It is being woken up, and has not looked at what has come.
    waking: bool,
    idle_since: Time,
}

impl Processor {
    pub fn new(costs: Costs, broker: u32) -> Processor {
        Processor { costs, broker, batch: Vec::new(), pending: Vec::new(), busy: false, waking: false, idle_since: Time::ZERO }
    }

    /// The broker that it belongs to.
    pub fn broker(&self) -> u32 {
        self.broker
    }

    /// Takes out what is published and not dealt with.
    pub fn take_publications(&mut self) -> Vec<(u32, MessageSlot)> {
        let mut taken = Vec::new();
        for parcels in [&mut self.batch, &mut self.pending] {
            parcels.retain(|parcel| {
                if let Parcel::Publish { publisher, slot } = parcel {
                    taken.push((*publisher, *slot));
                }
                !matches!(parcel, Parcel::Publish { .. })
            });
        }
        taken
    }
}

impl World {
    /// Gives a processor something to do. Where there is none (`NONE`), whoever has something to be done does it at once.
    #[inline(never)]
    pub(super) fn give_to_processor<O: Observer>(&mut self, at: u32, parcel: Parcel, observer: &mut O) {
        let processor = &mut self.brokers.processors[at as usize];
        processor.pending.push(parcel);
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
        let mut span = Span::ZERO;
        for parcel in &processor.batch {
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
            span = span + cost + Span((f64::from(bytes) * costs.per_byte + 0.5) as u64);
        }
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
        if processor.pending.is_empty() {
            (processor.busy, processor.idle_since) = (false, self.now);
            let broker = processor.broker;
            observer.record(self.now, Transition::Processing { broker, busy: false });
        } else {
            self.begin_batch(at);
        }
    }
}
