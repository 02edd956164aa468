//! What a service does with requests: takes them in at one of its queues, gives up some of those that wait, and lets go of those
//! that are called back.
//!
//! A service is a queue with workers of its own, or one for each instance where requests are spread: the same queues and
//! workers as those of a broker's consumers, but that their messages are requests, and end with an answer.

use super::balance::Balancer;
use super::build::BROKERED;
use super::codel::Codel;
use super::frame::{State, Verdict};
use super::message::{Asker, MessageSlot, Waiting};
use super::observer::{Observer, Outcome, Transition};
use super::slab::NONE;
use super::world::{Onward, Worker, World};
use crate::random::{Distribution, Stream};
use crate::units::Span;

/// What the engine knows of a service.
#[derive(Debug)]
pub(super) struct ServiceState {
    /// The queue of its first instance; those of the others follow.
    pub queue: u32,
    pub instances: u32,
    /// Workers of an instance.
    pub workers: u32,
    pub balance: Option<Balancer>,
    pub network: Option<Distribution>,
    /// Chooses instances.
    pub choices: Stream,
}

/// Whether a pool has a worker that has not crashed.
pub(super) fn workers_up(workers: &[Worker], pool: u32) -> bool {
    workers.iter().any(|worker| worker.pool == pool && worker.up)
}

/// Which waiting requests a queue gives up.
#[derive(Debug)]
pub(super) enum Shedding {
    /// None.
    Nothing,
    /// Those whose caller has given up or has no time left.
    Deadline,
    /// By the time that they have waited.
    CoDel(Codel),
}

impl World {
    /// An attempt has reached its service.
    pub(super) fn arrive_at_service<O: Observer>(&mut self, id: u32, observer: &mut O) {
        let frame = &mut self.handlers.frames[id];
        frame.state = State::There;
        let (task, identity, call) = (frame.task, frame.identity, frame.call);
        let caller = self.handlers.tasks[task].message;
        let service = self.handlers.code.calls[call as usize].call.service.0 as usize;
        let state = &self.handlers.services[service];
        let first = state.queue;
        let only = state.balance.is_none() && !self.handlers.endangered;
        let Some(instance) = (if only { Some(0) } else { self.instance(service, task, identity) }) else {
            // Nobody is there to take it, but it came.
            let record = self.queues[first as usize].record;
            observer.record(self.now, Transition::Published { queue: record, slot: None });
            let (outcome, waited) = (Outcome::Rejected, Span::ZERO);
            observer.record(self.now, Transition::Lost { queue: record, slot: None, outcome, waited, stored: false });
            return self.send_back(id, Verdict::Rejected, observer);
        };
        let queue = first + instance;
        let called = Some(self.queues[queue as usize].record);
        let slot = self.child(caller, identity, Asker::frame(id), called, observer);
        let frame = &mut self.handlers.frames[id];
        (frame.request, frame.queue) = (slot.0, queue);
        self.publish::<false, O>(queue, slot, observer);
    }

    /// The instance that takes a request, where that is a question; `None`: none can.
    #[inline(never)]
    fn instance(&mut self, service: usize, task: u32, identity: u64) -> Option<u32> {
        let endangered = self.handlers.endangered;
        let key = self.routing_key(task);
        let state = &mut self.handlers.services[service];
        let first_pool = self.queues[state.queue as usize].sole_pool;
        let up = |at: usize| !endangered || workers_up(&self.workers, first_pool + at as u32);
        let Some(balancer) = &mut state.balance else { return up(0).then_some(0) };
        let (queues, first, workers) = (&self.queues, state.queue as usize, state.workers as usize);
        let load = |at: usize| {
            let queue = &queues[first + at];
            (queue.line.len() - queue.ghosts + workers - queue.takers.len()) as u32
        };
        let mut draws = state.choices.at(identity);
        balancer.choose(load, up, key, &mut draws).map(|at| at as u32)
    }

    /// A request has been worked on to its end: its caller hears of it, if it still wants to and has not yet. `answered`: it has been
    /// answered before, and whether somebody waited for that.
    #[inline(always)]
    pub(super) fn end_request<O: Observer>(
        &mut self,
        slot: MessageSlot,
        verdict: Verdict,
        answered: Option<bool>,
        record: u32,
        observer: &mut O,
    ) {
        let message = &mut self.messages[slot];
        let asker = std::mem::replace(&mut message.asker, Asker::NOBODY);
        let (family, waited) = (message.family, message.waited);
        match (answered, asker.kind()) {
            (Some(true), _) => {}
            (Some(false), _) | (None, Waiting::Nobody) => observer.record(self.now, Transition::Wasted { pool: record, slot }),
            (None, Waiting::Task(task)) => self.resume(task, verdict),
            (None, Waiting::Frame(frame)) => self.answer_frame(frame, verdict, observer),
        }
        self.messages.remove(slot);
        self.handlers.members -= 1;
        self.shrink_family(family, waited, Outcome::Completed, observer);
    }

    /// The next ready message of a queue that does not want all of them.
    #[inline(never)]
    pub(super) fn take_wanted<O: Observer>(&mut self, at: u32, observer: &mut O) -> Option<MessageSlot> {
        loop {
            let now = self.now;
            let queue = &mut self.queues[at as usize];
            let slot = queue.next_ready()?;
            let message = &self.messages[slot];
            if message.ghost {
                queue.ghosts -= 1;
                queue.picky = queue.ghosts > 0 || !matches!(queue.shed, Shedding::Nothing);
                self.handlers.members -= 1;
                self.messages.remove(slot);
                continue;
            }
            let unwanted = match &mut queue.shed {
                Shedding::Nothing => false,
                Shedding::Deadline => match message.asker.kind() {
                    Waiting::Nobody => true,
                    Waiting::Frame(frame) => self.handlers.frames[frame].deadline <= now,
                    // Whoever has a deadline calls within a frame.
                    Waiting::Task(_) => false,
                },
                Shedding::CoDel(codel) => codel.drop(now, now - message.entered, queue.line.len() == queue.ghosts),
            };
            if !unwanted {
                return Some(slot);
            }
            self.lose(at, slot, Outcome::Expired, true, observer);
        }
    }

    /// A caller calls its request back: it leaves the queue or the worker where it is.
    pub(super) fn recall<O: Observer>(&mut self, slot: MessageSlot, at: u32, observer: &mut O) {
        let queue = &mut self.queues[at as usize];
        let pool = queue.sole_pool;
        let worker = self.workers.iter().position(|worker| worker.message == slot.0 && worker.pool == pool);
        let Some(worker) = worker else {
            // It keeps its place in the line until it comes to the front, and nobody sees it there.
            queue.ghosts += 1;
            queue.picky = true;
            let message = &mut self.messages[slot];
            let waited = self.now - message.entered;
            let (queue, outcome) = (queue.record, Outcome::Recalled);
            observer.record(self.now, Transition::Lost { queue, slot: Some(slot), outcome, waited, stored: true });
            message.ghost = true;
            let (family, waited) = (message.family, message.waited);
            return self.shrink_family(family, waited, Outcome::Completed, observer);
        };
        self.break_off(worker, observer);
        self.end::<false, O>(slot, Outcome::Completed, observer);
    }

    /// A worker stops in the middle of its message.
    fn break_off<O: Observer>(&mut self, worker: usize, observer: &mut O) {
        let task = std::mem::replace(&mut self.workers[worker].task, NONE);
        if task != NONE {
            self.stop(task, true, false, observer);
        }
        self.release::<false, false, O>(worker, observer);
    }

    /// A worker has run its program to the end; `answered`: it has replied, and whether somebody waited for that.
    #[inline(always)]
    pub(super) fn complete<O: Observer>(
        &mut self,
        worker: usize,
        slot: MessageSlot,
        verdict: Verdict,
        answered: Option<bool>,
        observer: &mut O,
    ) {
        let pool = self.workers[worker].pool;
        let place = &self.pools[pool as usize];
        if place.program == BROKERED {
            return self.program_done(worker, slot, verdict, observer);
        }
        let (answers, record) = (place.onward == Onward::Answer, place.record);
        self.workers[worker].task = NONE;
        self.release::<false, true, O>(worker, observer);
        if verdict != Verdict::Ok {
            observer.record(self.now, Transition::Failed { pool: record, slot });
        }
        if !answers {
            let outcome = if verdict == Verdict::Ok { Outcome::Completed } else { Outcome::Failed };
            return self.end::<false, O>(slot, outcome, observer);
        }
        self.end_request(slot, verdict, answered, record, observer);
    }
}
