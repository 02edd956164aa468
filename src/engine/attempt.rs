//! An attempt of a call on its way: it connects, travels to the service, is there, and travels back.

use super::frame::{Frame, State, Verdict};
use super::handlers::mixed;
use super::message::{Asker, MessageSlot, Waiting};
use super::observer::Observer;
use super::slab::NONE;
use super::world::World;
use crate::units::Span;

impl World {
    /// An attempt sets up its connection, if it has to.
    pub(super) fn connect<O: Observer>(&mut self, id: u32, observer: &mut O) {
        let Frame { call, identity, .. } = self.handlers.frames[id];
        let site = &self.handlers.code.calls[call as usize];
        let Some(connect) = &site.call.connect else { return self.depart(id, observer) };
        let span = connect.draw(site.connect.at(identity));
        self.handlers.frames[id].state = State::Connects;
        self.set_frame_timer(id, self.now + span);
    }

    /// An attempt leaves for the service.
    pub(super) fn depart<O: Observer>(&mut self, id: u32, observer: &mut O) {
        if self.goes_astray(id, 2) {
            return;
        }
        match self.delay(id, 0) {
            None => self.arrive_at_service(id, observer),
            Some(span) => {
                self.handlers.frames[id].state = State::Goes;
                self.set_frame_timer(id, self.now + span);
            }
        }
    }

    /// The time on the way to the service (0) or back (1); `None`: none.
    fn delay(&self, id: u32, way: u64) -> Option<Span> {
        let Frame { call, identity, .. } = self.handlers.frames[id];
        let site = &self.handlers.code.calls[call as usize];
        let own = site.call.network.as_ref();
        let network = own.or(self.handlers.services[site.call.service.0 as usize].network.as_ref())?;
        Some(network.draw(site.network.at(mixed(identity, way))))
    }

    /// A service answers a request, if its caller still waits for it.
    #[inline]
    pub(super) fn answer<O: Observer>(&mut self, slot: MessageSlot, verdict: Verdict, observer: &mut O) {
        match std::mem::replace(&mut self.messages[slot].asker, Asker::NOBODY).kind() {
            Waiting::Nobody => {}
            Waiting::Task(task) => self.resume(task, verdict),
            Waiting::Frame(id) => self.answer_frame(id, verdict, observer),
        }
    }

    /// The same where the call has a frame.
    #[inline(never)]
    pub(super) fn answer_frame<O: Observer>(&mut self, id: u32, verdict: Verdict, observer: &mut O) {
        self.handlers.frames[id].request = NONE;
        self.send_back(id, verdict, observer);
    }

    /// An answer leaves for the caller.
    pub(super) fn send_back<O: Observer>(&mut self, id: u32, verdict: Verdict, observer: &mut O) {
        if self.goes_astray(id, 3) {
            return;
        }
        match self.delay(id, 1) {
            None => self.end_frame(id, verdict, observer),
            Some(span) => {
                let frame = &mut self.handlers.frames[id];
                (frame.state, frame.verdict) = (State::Returns, verdict);
                self.set_frame_timer(id, self.now + span);
            }
        }
    }
}
