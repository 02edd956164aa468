//! Time to live: a message whose time is over goes when it stands at the head, and not before (RabbitMQ, "Time-to-live").

use super::dead_letter::Reason;
use crate::engine::agenda::Phase;
use crate::engine::handlers::Wake;
use crate::engine::observer::Observer;
use crate::engine::slab::NONE;
use crate::engine::world::World;
use crate::units::{Span, Time};

impl World {
    /// The head of a queue may be another one: what is over goes, and a timer is set for what will be.
    pub(super) fn look_at_head<O: Observer>(&mut self, home: u32, observer: &mut O) {
        if !self.brokers.queues[home as usize].expires {
            return;
        }
        let mut next;
        loop {
            next = Time::LATEST;
            let queue = self.brokers.queues[home as usize].queue as usize;
            let extras = &self.brokers.extras;
            // Under priorities there is a head for each.
            let first = self.queues[queue].line.heads().min_by_key(|slot| extras[slot.0 as usize].expires);
            let Some(head) = first else { break };
            next = extras[head.0 as usize].expires;
            if next > self.now {
                break;
            }
            self.queues[queue].line.remove_head(head);
            self.take_off(home, head);
            self.fall_out(home, head, Reason::Expired, true, observer);
        }
        self.arm_head(home, next);
    }

    /// A timer is set for the head of a queue, as long as it is not over; what is has a timer already.
    #[inline(always)]
    pub(super) fn watch_head(&mut self, home: u32) {
        let state = &self.brokers.queues[home as usize];
        if !state.expires {
            return;
        }
        let extras = &self.brokers.extras;
        let heads = self.queues[state.queue as usize].line.heads();
        let next = heads.map(|slot| extras[slot.0 as usize].expires).min().unwrap_or(Time::LATEST);
        self.arm_head(home, next);
    }

    fn arm_head(&mut self, home: u32, next: Time) {
        let state = &mut self.brokers.queues[home as usize];
        if next == state.timed {
            return;
        }
        state.timed = next;
        let (timer, broker) = (state.timer.take(), state.broker);
        if let Some(timer) = timer {
            self.cancel_timer(timer);
        }
        if next < Time::LATEST {
            let lag = if broker == NONE { Span::ZERO } else { self.brokers.states[broker as usize].expiry_lag };
            // What was uncovered by others may be over already.
            let timer = self.set_timer((next + lag).max(self.now), Phase::Expiry, Wake::Head(home));
            self.brokers.queues[home as usize].timer = Some(timer);
        }
    }

    /// The timer of a queue's head fires.
    pub(in crate::engine) fn head_expires<O: Observer>(&mut self, home: u32, observer: &mut O) {
        let state = &mut self.brokers.queues[home as usize];
        (state.timer, state.timed) = (None, Time::LATEST);
        self.look_at_head(home, observer);
    }
}
