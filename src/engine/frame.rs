//! Calls under way. Each layer around a call is a frame while something is inside it, and each attempt is the innermost frame
//! of its branch: connects, travels to the service, is there, and travels back.
//!
//! What ends inside a layer comes to its frame ([`World::ended_inside`]), which passes it on or tries again; a layer that loses
//! patience abandons what is inside ([`World::abandon`]): work that has reached a service goes on there unless it is recalled.

use super::agenda::Phase;
use super::backoff;
use super::breaker::{Circuit, Pass};
use super::bucket::{Admission, Bucket};
use super::budget::Budget;
use super::handlers::{Wake, mixed};
use super::message::{Asker, MessageSlot};
use super::observer::{Observer, Transition};
use super::slab::NONE;
use super::task::Waits;
use super::timers::TimerId;
use super::world::World;
use crate::model::{Layer, RetryOn};
use crate::units::{Span, Time};
use std::collections::VecDeque;

/// How a call, a branch or a handler ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Well.
    Ok,
    /// The service's handler failed, or the service broke down while it worked.
    Error,
    /// It took too long.
    Timeout,
    /// Nothing was there to take the request, or its queue was full.
    Rejected,
    /// The service gave the waiting request up.
    Shed,
    /// A circuit breaker was open.
    Open,
    /// A bulkhead was full.
    Full,
    /// A rate limit was reached.
    Limited,
}

/// The layer of a deadline that a caller further up has set, around all others.
const DEADLINE: u8 = u8::MAX;

/// The state that all calls of one place share in one of its layers.
#[derive(Debug)]
pub(super) enum Guard {
    /// Its layer needs none.
    Nothing,
    Retry(Option<Budget>),
    Breaker(Circuit),
    Bulkhead(Places),
    RateLimit(Bucket),
}

/// The places of a bulkhead, and the frames that wait for one.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub inside: u32,
    pub waiting: VecDeque<u32>,
}

/// A layer with something inside, or an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Which call it is.
    pub call: u32,
    /// Which of its layers; their number: an attempt.
    pub layer: u8,
    pub state: State,
    pub parent: Parent,
    /// The first of what is inside, and its neighbour inside the parent.
    pub child: u32,
    pub next: u32,
    /// The task that calls.
    pub task: u32,
    pub timer: Option<TimerId>,
    /// Attempts or copies so far.
    pub count: u32,
    /// Copies that are still under way.
    pub running: u32,
    /// The last pause before a retry.
    pub pause: Span,
    pub entered: Time,
    /// What is inside should end by then, as far as it is told.
    pub deadline: Time,
    /// Which request it is: what the service draws depends on it.
    pub identity: u64,
    /// The request, while it is at the service; `NONE`: it is not. Where it came to there.
    pub request: u32,
    pub queue: u32,
    pub verdict: Verdict,
    /// What a breaker has let it in with.
    pub pass: Pass,
}

/// What a frame is told of when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    /// The task that called.
    Task(u32),
    /// The layer around it.
    Frame(u32),
}

/// What a frame is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Waits for what is inside.
    Inside,
    /// Waits until it may go inside.
    Outside,
    /// An attempt sets up its connection.
    Connects,
    /// It is on its way.
    Goes,
    /// It is at the service.
    There,
    /// The answer is on its way.
    Returns,
    /// It was lost on the way, and nobody knows.
    Astray,
}

/// A frame that nothing has happened to yet.
#[inline(always)]
fn frame(now: Time, call: u32, parent: Parent, task: u32, identity: u64, deadline: Time) -> Frame {
    Frame {
        call,
        layer: 0,
        state: State::Inside,
        parent,
        child: NONE,
        next: NONE,
        task,
        timer: None,
        count: 1,
        running: 1,
        pause: Span::ZERO,
        entered: now,
        deadline,
        identity,
        request: NONE,
        queue: NONE,
        verdict: Verdict::Ok,
        pass: Pass(0),
    }
}

impl World {
    /// A task calls.
    pub(super) fn call<O: Observer>(&mut self, task: u32, call: u32, observer: &mut O) {
        let caller = &self.handlers.tasks[task];
        let site = &self.handlers.code.calls[call as usize];
        let identity = mixed(mixed(self.messages[caller.message].index, caller.visit), site.key);
        let deadline = caller.deadline;
        // Until a frame is there.
        self.handlers.tasks[task].waits = Waits::Call(NONE);
        if deadline <= self.now {
            return self.resume(task, Verdict::Timeout);
        }
        let mut parent = Parent::Task(task);
        if deadline < Time::LATEST {
            let id = self.link(Frame { layer: DEADLINE, ..frame(self.now, call, parent, task, identity, deadline) });
            self.set_frame_timer(id, deadline);
            parent = Parent::Frame(id);
        }
        self.enter(call, 0, parent, task, identity, deadline, observer);
    }

    /// Goes inside a layer, or makes an attempt when none is left.
    #[expect(clippy::too_many_arguments, reason = "they are the frame to be")]
    fn enter<O: Observer>(
        &mut self,
        call: u32,
        layer: usize,
        parent: Parent,
        task: u32,
        identity: u64,
        deadline: Time,
        observer: &mut O,
    ) {
        let now = self.now;
        let frame = Frame { layer: layer as u8, ..frame(now, call, parent, task, identity, deadline) };
        let code = std::rc::Rc::clone(&self.handlers.code);
        let Some(kind) = code.calls[call as usize].call.layers.get(layer) else {
            let id = self.link(frame);
            return self.connect(id, observer);
        };
        match kind {
            Layer::Timeout(timeout) => {
                let after = now + timeout.after;
                let id = self.link(Frame { deadline: if timeout.propagate { after.min(deadline) } else { deadline }, ..frame });
                self.set_frame_timer(id, after);
                self.inside(id, identity, observer);
            }
            Layer::Retry(_) => {
                if let Guard::Retry(Some(budget)) = &mut self.handlers.guards[call as usize][layer] {
                    budget.request();
                }
                let id = self.link(frame);
                self.inside(id, identity, observer);
            }
            Layer::Hedge(hedge) => {
                let id = self.link(frame);
                self.set_frame_timer(id, now + hedge.after);
                self.inside(id, identity, observer);
            }
            Layer::Breaker(_) => {
                let Guard::Breaker(breaker) = &mut self.handlers.guards[call as usize][layer] else { unreachable!() };
                let was_open = breaker.is_open();
                let Some(pass) = breaker.admit(now) else { return self.refused(parent, task, Verdict::Open, observer) };
                if was_open {
                    observer.record(now, Transition::Breaker { caller: code.calls[call as usize].caller, open: false });
                }
                let id = self.link(Frame { pass, ..frame });
                self.inside(id, identity, observer);
            }
            Layer::Bulkhead(bulkhead) => {
                let Guard::Bulkhead(places) = &mut self.handlers.guards[call as usize][layer] else { unreachable!() };
                if places.inside < bulkhead.max {
                    places.inside += 1;
                    let id = self.link(frame);
                    return self.inside(id, identity, observer);
                }
                if places.waiting.len() >= bulkhead.queue as usize {
                    return self.refused(parent, task, Verdict::Full, observer);
                }
                let id = self.link(Frame { state: State::Outside, ..frame });
                let Guard::Bulkhead(places) = &mut self.handlers.guards[call as usize][layer] else { unreachable!() };
                places.waiting.push_back(id);
                if let Some(wait) = bulkhead.wait {
                    self.set_frame_timer(id, now + wait);
                }
            }
            Layer::RateLimit(_) => {
                let Guard::RateLimit(bucket) = &mut self.handlers.guards[call as usize][layer] else { unreachable!() };
                match bucket.take(now) {
                    Admission::Now => self.enter(call, layer + 1, parent, task, identity, deadline, observer),
                    Admission::At(time) => {
                        let id = self.link(Frame { state: State::Outside, ..frame });
                        self.set_frame_timer(id, time);
                    }
                    Admission::Refused => self.refused(parent, task, Verdict::Limited, observer),
                }
            }
        }
    }

    /// A layer does not let a call through.
    fn refused<O: Observer>(&mut self, parent: Parent, task: u32, by: Verdict, observer: &mut O) {
        self.tell_refused(task, by, observer);
        self.ended(parent, by, observer);
    }

    fn tell_refused<O: Observer>(&mut self, task: u32, by: Verdict, observer: &mut O) {
        let slot = self.handlers.tasks[task].message;
        let producer = self.messages[slot].producer;
        observer.record(self.now, Transition::Refused { producer, slot, by });
    }

    /// Takes a frame in, below its parent.
    fn link(&mut self, frame: Frame) -> u32 {
        let frames = &mut self.handlers.frames;
        match frame.parent {
            Parent::Task(task) => {
                let id = frames.insert(frame);
                self.handlers.tasks[task].waits = Waits::Call(id);
                id
            }
            Parent::Frame(parent) => {
                let next = frames[parent].child;
                let id = frames.insert(Frame { next, ..frame });
                frames[parent].child = id;
                id
            }
        }
    }

    /// Takes a frame away from its parent.
    fn unlink(&mut self, id: u32) {
        let frames = &mut self.handlers.frames;
        let Frame { parent, next, .. } = frames[id];
        if let Parent::Frame(parent) = parent {
            if frames[parent].child == id {
                frames[parent].child = next;
            } else {
                let mut at = frames[parent].child;
                while frames[at].next != id {
                    at = frames[at].next;
                }
                frames[at].next = next;
            }
        }
        frames.remove(id);
    }

    pub(super) fn set_frame_timer(&mut self, id: u32, at: Time) {
        let timer = self.set_timer(at, Phase::Expiry, Wake::Frame(id));
        self.handlers.frames[id].timer = Some(timer);
    }

    fn clear_frame_timer(&mut self, id: u32) {
        if let Some(timer) = self.handlers.frames[id].timer.take() {
            self.cancel_timer(timer);
        }
    }

    /// Goes from a frame into what is inside it.
    fn inside<O: Observer>(&mut self, id: u32, identity: u64, observer: &mut O) {
        let Frame { call, layer, task, deadline, .. } = self.handlers.frames[id];
        self.enter(call, usize::from(layer.wrapping_add(1)), Parent::Frame(id), task, identity, deadline, observer);
    }

    /// Tells the parent of a frame that is no more how it ended.
    fn ended<O: Observer>(&mut self, parent: Parent, verdict: Verdict, observer: &mut O) {
        match parent {
            Parent::Task(task) => self.resume(task, verdict),
            Parent::Frame(frame) => self.ended_inside(frame, verdict, observer),
        }
    }

    /// A frame ends like this.
    pub(super) fn end_frame<O: Observer>(&mut self, id: u32, verdict: Verdict, observer: &mut O) {
        self.clear_frame_timer(id);
        let parent = self.handlers.frames[id].parent;
        self.unlink(id);
        self.ended(parent, verdict, observer);
    }

    /// Something inside a layer has ended.
    fn ended_inside<O: Observer>(&mut self, id: u32, verdict: Verdict, observer: &mut O) {
        let now = self.now;
        let Frame { call, layer, entered, .. } = self.handlers.frames[id];
        let code = std::rc::Rc::clone(&self.handlers.code);
        match code.calls[call as usize].call.layers.get(layer as usize) {
            None | Some(Layer::Timeout(_) | Layer::RateLimit(_)) => {}
            Some(Layer::Retry(retry)) => {
                let frame = &mut self.handlers.frames[id];
                let Guard::Retry(budget) = &mut self.handlers.guards[call as usize][layer as usize] else { unreachable!() };
                let worth = match retry.on {
                    RetryOn::Any => verdict != Verdict::Ok,
                    RetryOn::Timeout => verdict == Verdict::Timeout,
                    RetryOn::Error => !matches!(verdict, Verdict::Ok | Verdict::Timeout),
                };
                match (verdict, budget.as_mut()) {
                    (Verdict::Ok, Some(budget)) => budget.success(),
                    (_, Some(budget)) => budget.failure(),
                    _ => {}
                }
                let again = worth && frame.count < retry.max_attempts && now < frame.deadline;
                if again && budget.as_mut().is_none_or(|budget| budget.allow()) {
                    let jitter = code.calls[call as usize].jitter;
                    let mut draws = jitter.at(mixed(frame.identity, u64::from(frame.count)));
                    frame.pause = backoff::pause(retry, frame.count, frame.pause, &mut draws);
                    frame.count += 1;
                    let pause = frame.pause;
                    let slot = self.handlers.tasks[frame.task].message;
                    let producer = self.messages[slot].producer;
                    observer.record(now, Transition::Retried { producer, slot });
                    return self.set_frame_timer(id, now + pause);
                }
            }
            Some(Layer::Breaker(_)) => {
                let Guard::Breaker(state) = &mut self.handlers.guards[call as usize][layer as usize] else { unreachable!() };
                let pass = self.handlers.frames[id].pass;
                if state.report(now, pass, verdict == Verdict::Ok, now - entered) {
                    observer.record(now, Transition::Breaker { caller: code.calls[call as usize].caller, open: true });
                }
            }
            Some(Layer::Bulkhead(_)) => self.leave_bulkhead(call, layer),
            Some(Layer::Hedge(hedge)) => {
                let frame = &mut self.handlers.frames[id];
                frame.running -= 1;
                if verdict != Verdict::Ok {
                    if frame.count < hedge.max {
                        // What failed is not waited for (gRPC proposal A6).
                        return self.send_copy(id, hedge.max, hedge.after, observer);
                    }
                    if frame.running > 0 {
                        return;
                    }
                }
                self.abandon_inside(id, hedge.cancel, observer);
            }
        }
        self.end_frame(id, verdict, observer);
    }

    /// One more copy of a hedged request.
    fn send_copy<O: Observer>(&mut self, id: u32, max: u32, after: Span, observer: &mut O) {
        self.clear_frame_timer(id);
        let frame = &mut self.handlers.frames[id];
        let identity = mixed(frame.identity, u64::from(frame.count));
        frame.count += 1;
        frame.running += 1;
        if frame.count < max {
            self.set_frame_timer(id, self.now + after);
        }
        self.inside(id, identity, observer);
    }

    /// Someone leaves a bulkhead: the first that waits goes in.
    fn leave_bulkhead(&mut self, call: u32, layer: u8) {
        let Guard::Bulkhead(places) = &mut self.handlers.guards[call as usize][layer as usize] else { unreachable!() };
        match places.waiting.pop_front() {
            None => places.inside -= 1,
            Some(next) => {
                // It goes in at this instant, but not from here: what is refused at once would leave the place to the next, and
                // that one to another, as deep as the line is long.
                self.clear_frame_timer(next);
                self.handlers.frames[next].state = State::Inside;
                self.set_frame_timer(next, self.now);
            }
        }
    }

    /// The timer of a frame fires.
    pub(super) fn frame_fires<O: Observer>(&mut self, id: u32, observer: &mut O) {
        let frame = &mut self.handlers.frames[id];
        frame.timer = None;
        let Frame { call, layer, state, identity, count, parent, task, deadline, .. } = *frame;
        match state {
            State::Connects => return self.depart(id, observer),
            State::Goes => return self.arrive_at_service(id, observer),
            State::Returns => {
                let verdict = frame.verdict;
                return self.end_frame(id, verdict, observer);
            }
            State::Inside | State::Outside => {}
            State::There | State::Astray => unreachable!("an attempt in {state:?} has no timer"),
        }
        let code = std::rc::Rc::clone(&self.handlers.code);
        let Some(kind) = code.calls[call as usize].call.layers.get(layer as usize) else {
            self.abandon_inside(id, false, observer);
            return self.end_frame(id, Verdict::Timeout, observer);
        };
        match kind {
            Layer::Timeout(timeout) => {
                self.abandon_inside(id, timeout.cancel, observer);
                self.end_frame(id, Verdict::Timeout, observer);
            }
            Layer::Retry(_) => self.inside(id, mixed(identity, u64::from(count)), observer),
            Layer::Hedge(hedge) => self.send_copy(id, hedge.max, hedge.after, observer),
            Layer::Bulkhead(_) if state == State::Inside => self.inside(id, identity, observer),
            Layer::Bulkhead(_) => {
                let Guard::Bulkhead(places) = &mut self.handlers.guards[call as usize][layer as usize] else { unreachable!() };
                places.waiting.retain(|&waiting| waiting != id);
                self.tell_refused(task, Verdict::Full, observer);
                self.end_frame(id, Verdict::Full, observer);
            }
            Layer::RateLimit(_) => {
                self.unlink(id);
                self.enter(call, layer as usize + 1, parent, task, identity, deadline, observer);
            }
            Layer::Breaker(_) => unreachable!("a breaker has no timer"),
        }
    }

    /// Gives up all that is inside a frame.
    fn abandon_inside<O: Observer>(&mut self, id: u32, recall: bool, observer: &mut O) {
        loop {
            let child = self.handlers.frames[id].child;
            if child == NONE {
                return;
            }
            self.abandon(child, recall, observer);
        }
    }

    /// Gives up a frame and all that is inside it; `recall`: what has reached a service is called back.
    pub(super) fn abandon<O: Observer>(&mut self, id: u32, recall: bool, observer: &mut O) {
        self.clear_frame_timer(id);
        let Frame { call, layer, state, request, queue, pass, .. } = self.handlers.frames[id];
        if request != NONE {
            let slot = MessageSlot(request);
            self.messages[slot].asker = Asker::NOBODY;
            if recall {
                self.recall(slot, queue, observer);
            }
        }
        match self.handlers.guards[call as usize].get_mut(layer as usize) {
            Some(Guard::Breaker(breaker)) => breaker.forget(pass),
            Some(Guard::Bulkhead(places)) if state == State::Outside => places.waiting.retain(|&waiting| waiting != id),
            Some(Guard::Bulkhead(_)) => self.leave_bulkhead(call, layer),
            _ => {}
        }
        self.abandon_inside(id, recall, observer);
        self.unlink(id);
    }
}
