//! Timers of handlers: one slot of the agenda stands for the first of them.

use super::agenda::{Agenda, Phase};
use super::handlers::Wake;
use super::observer::Observer;
use super::timers::TimerId;
use super::world::World;
use crate::units::Time;

impl World {
    /// Sets a timer.
    pub(super) fn set_timer(&mut self, at: Time, phase: Phase, wake: Wake) -> TimerId {
        let id = self.handlers.timers.set(Agenda::key(at.min(Time::LATEST), phase), wake);
        self.arm_timers();
        id
    }

    /// Cancels a timer that has not fired.
    pub(super) fn cancel_timer(&mut self, id: TimerId) {
        self.handlers.timers.cancel(id);
        self.arm_timers();
    }

    /// Lets the agenda know of the first timer.
    fn arm_timers(&mut self) {
        let slot = self.handlers.slot;
        match self.handlers.timers.next_key() {
            Some(key) => self.pending.set_key(slot, key),
            None => self.pending.clear(slot),
        }
    }

    /// The first timer fires.
    #[inline(never)]
    pub(super) fn fire<O: Observer>(&mut self, observer: &mut O) {
        let wake = self.handlers.timers.pop();
        match wake {
            Wake::Task(task) => self.wake(task),
            Wake::Frame(frame) => self.frame_fires(frame, observer),
            Wake::Lease { holding } => self.lease_ends(holding, observer),
            Wake::Fault(fault) => self.fault_fires(fault, observer),
            Wake::Host(host) => self.host_fires(host, observer),
            Wake::Client { producer, client } => self.client_sends(producer, client, observer),
            Wake::Processor(at) => self.batch_ends(at, observer),
            Wake::Disk(at) => self.write_ends(at, observer),
            Wake::Linger(publisher) => self.linger_ends(publisher, observer),
            Wake::Acknowledge(consumer) => self.acknowledge_late(consumer, observer),
            Wake::Head(queue) => self.head_expires(queue, observer),
            Wake::Alarm(broker) => self.check_alarm(broker, observer),
            Wake::Reply(receipt) => self.settle_receipt(receipt, observer),
            Wake::Release { consumer, life, slot } => self.release_completes(consumer, life, slot, observer),
            Wake::Notice { consumer, life } => self.notice_death(consumer, life, observer),
            Wake::Silence { consumer, life, since } => self.silence_ends(consumer, life, since, observer),
            Wake::Elected { queue } => self.elected(queue, observer),
            Wake::Again { publisher, slot } => self.publish_after_delay(publisher, slot, observer),
        }
        self.arm_timers();
    }
}
