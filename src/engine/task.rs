//! Runs of programs: a task goes on until it has to wait, and is woken when it can go on.
//!
//! Nothing here calls itself: whoever can go on stands in a line, and the line is worked off before time passes.

use super::agenda::Phase;
use super::frame::Verdict;
use super::handlers::{Wake, mixed};
use super::message::{Asker, MessageSlot, Waiting};
use super::observer::{Observer, Outcome, Transition};
use super::program::{Code, Op};
use super::slab::NONE;
use super::timers::TimerId;
use super::world::{WorkSource, World};
use crate::model::DEEPEST_LOOPS;
use crate::random::{Draws, Stream};
use crate::units::{Span, Time};

/// A run of a program.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// The next instruction.
    pub at: u32,
    /// The message that it is about.
    pub message: MessageSlot,
    pub owner: Owner,
    /// The pool whose workers it is done by; `NONE`: a producer.
    pub pool: u32,
    pub waits: Waits,
    /// Why it fails.
    pub verdict: Verdict,
    /// Where it goes on when the call or the fork that it waits for fails; `NONE`: nowhere.
    pub otherwise: u32,
    /// How often each loop is still to be done.
    pub loops: [u32; DEEPEST_LOOPS],
    /// Grows with every turn of a loop, so that the same step draws anew.
    pub visit: u64,
    /// Branches of a fork: those that run, those that must still succeed; the first, and for a branch its neighbours.
    pub running: u32,
    pub needed: u32,
    pub child: u32,
    pub previous: u32,
    pub next: u32,
    /// The first of what it holds.
    pub held: u32,
    /// The next of those that wait for the same key.
    pub peer: u32,
    /// When it began to wait for a lock.
    pub since: Time,
    /// Its caller has been answered, and did not wait for that any more.
    pub replied: bool,
    pub in_vain: bool,
    /// When what it does now is over; in a pause, what is left of it in nanoseconds. Whether that is work.
    pub until: Time,
    pub left: f64,
    pub working: bool,
    /// When it began.
    pub began: Time,
    /// Calls end at this instant.
    pub deadline: Time,
}

impl Task {
    /// No task.
    const NOBODY: Task = Task {
        at: 0,
        message: MessageSlot(NONE),
        owner: Owner::Worker(NONE),
        pool: NONE,
        waits: Waits::Nothing,
        verdict: Verdict::Ok,
        otherwise: NONE,
        loops: [0; DEEPEST_LOOPS],
        visit: 0,
        running: 0,
        needed: 0,
        child: NONE,
        previous: NONE,
        next: NONE,
        held: NONE,
        peer: NONE,
        since: Time::ZERO,
        replied: false,
        in_vain: false,
        until: Time::ZERO,
        left: 0.0,
        working: false,
        began: Time::ZERO,
        deadline: Time::LATEST,
    };
}

/// On whose behalf a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A worker.
    Worker(u32),
    /// A client of a closed producer, or any caller of another.
    Caller { producer: u32, client: u32 },
    /// A task that waits for its branches.
    Branch(u32),
}

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// Nothing: it stands in the line of those that can go on.
    Turn,
    /// The agenda slot of its worker.
    Worker,
    /// A timer.
    Timer(TimerId),
    /// A call.
    Call(u32),
    /// The answer to a request that came to this queue, with nothing in between.
    Answer { request: MessageSlot, queue: u32 },
    /// Its branches.
    Branches,
    /// A lock.
    Lock(u32),
    /// Another task that gets the same key for a cache; it then goes on at `hit`.
    Flight { cache: u32, key: u32, hit: u32 },
    /// The processors of a host.
    Host(u32),
    /// A broker's confirm, or an answer over queues.
    Receipt(u32),
    /// The end of a pause in the middle of work or waiting.
    Suspended,
    /// The end of a pause; it could go on otherwise.
    Pause,
    /// It is over, and only its place in the line is left.
    Nothing,
}

impl World {
    /// A worker of a pool with a program begins with a message.
    #[inline(never)]
    pub(super) fn begin<O: Observer>(&mut self, worker: usize, slot: MessageSlot, pool: u32, program: u32, observer: &mut O) {
        let (mut entry, mut deadline) = (program, Time::LATEST);
        let message = &self.messages[slot];
        match message.asker.kind() {
            Waiting::Task(_) => {}
            Waiting::Frame(frame) => {
                let frame = &self.handlers.frames[frame];
                deadline = frame.deadline;
                let other = self.handlers.code.calls[frame.call as usize].handler;
                entry = if other == NONE { entry } else { other };
            }
            Waiting::Nobody if message.family == NONE => self.found_family(slot, observer),
            Waiting::Nobody => {}
        }
        let task = self.new_task(entry, slot, Owner::Worker(worker as u32), pool, deadline);
        self.workers[worker].task = task;
        // Where nobody else has a turn before it, it begins with its work at once: nothing that happens until its turn could meet it.
        let place = &self.pools[pool as usize];
        if self.handlers.calm
            && self.handlers.runnable.is_done()
            && place.host == NONE
            && let Op::Work { work: WorkSource::Drawn(length), stream } = &self.handlers.code.ops[entry as usize]
        {
            let message = &self.messages[slot];
            let sender = self.producers[message.producer as usize].messages;
            let span = length.draw(stream.of(sender).at(message.index));
            self.handlers.tasks[task].at += 1;
            return self.work_until(task, worker, span);
        }
        self.first_turn(task);
    }

    /// A worker of its own works for a task, at full speed.
    #[inline(always)]
    fn work_until(&mut self, id: u32, worker: usize, span: Span) {
        // A heavy tail gives work of centuries: it is not over before the end of time.
        let until = (self.now + span).min(Time::LATEST);
        let task = &mut self.handlers.tasks[id];
        (task.waits, task.working, task.until) = (Waits::Worker, true, until);
        self.pending.set(self.producers.len() + worker, until, Phase::Completion);
    }

    /// A task that can go on at this instant.
    #[inline]
    pub(super) fn task(&mut self, at: u32, message: MessageSlot, owner: Owner, pool: u32, deadline: Time) -> u32 {
        let id = self.new_task(at, message, owner, pool, deadline);
        self.first_turn(id);
        id
    }

    /// A task that has not got its first turn.
    #[inline(always)]
    fn new_task(&mut self, at: u32, message: MessageSlot, owner: Owner, pool: u32, deadline: Time) -> u32 {
        let id = self.handlers.tasks.reuse(|| Task::NOBODY);
        let task = &mut self.handlers.tasks[id];
        // Field by field: what is not here is set before it is looked at.
        (task.at, task.message, task.owner, task.pool) = (at, message, owner, pool);
        (task.waits, task.verdict, task.otherwise) = (Waits::Turn, Verdict::Ok, NONE);
        (task.visit, task.child, task.previous, task.next) = (0, NONE, NONE, NONE);
        (task.held, task.peer) = (NONE, NONE);
        (task.replied, task.in_vain, task.working) = (false, false, false);
        (task.began, task.deadline) = (self.now, deadline);
        id
    }

    #[inline(always)]
    fn first_turn(&mut self, id: u32) {
        if self.handlers.endangered {
            self.wake(id);
        } else {
            self.handlers.runnable.push(id);
        }
    }

    /// A task can go on.
    #[inline]
    pub(super) fn wake(&mut self, id: u32) {
        let task = &mut self.handlers.tasks[id];
        if self.handlers.endangered && task.pool != NONE && self.pools[task.pool as usize].pauses > 0 {
            task.waits = Waits::Pause;
            return;
        }
        task.waits = Waits::Turn;
        self.handlers.runnable.push(id);
    }

    /// What a task has waited for has ended like this.
    #[inline]
    pub(super) fn resume(&mut self, id: u32, verdict: Verdict) {
        let task = &mut self.handlers.tasks[id];
        if verdict != Verdict::Ok {
            task.verdict = verdict;
            task.at = if task.otherwise == NONE { Code::FAILED } else { task.otherwise };
        }
        self.wake(id);
    }

    /// Lets everyone go on who can.
    #[inline(always)]
    pub(super) fn run_tasks<O: Observer>(&mut self, code: &Code, observer: &mut O) {
        while let Some(task) = self.handlers.runnable.pop() {
            match self.handlers.tasks[task].waits {
                Waits::Turn => self.go_on(task, code, observer),
                Waits::Nothing => self.handlers.tasks.remove(task),
                other => unreachable!("a task in line waits for {other:?}"),
            }
        }
    }

    /// The worker of a task has held out for its time: the task goes on.
    #[inline(always)]
    pub(super) fn wake_worker(&mut self, worker: usize) {
        let task = self.workers[worker].task;
        self.handlers.tasks[task].waits = Waits::Turn;
        self.handlers.runnable.push(task);
    }

    /// Executes a task until it has to wait. What most handlers consist of is done here, all other instructions elsewhere.
    #[inline(always)]
    fn go_on<O: Observer>(&mut self, id: u32, code: &Code, observer: &mut O) {
        loop {
            let task = &mut self.handlers.tasks[id];
            match &code.ops[task.at as usize] {
                Op::Work { work: WorkSource::Drawn(length), stream } => {
                    task.at += 1;
                    let message = &self.messages[task.message];
                    let sender = self.producers[message.producer as usize].messages;
                    let span = length.draw(stream.of(sender).at(identity(message.index, task.visit)));
                    let Owner::Worker(worker) = task.owner else { return self.work_for(id, span, observer) };
                    let place = &self.pools[task.pool as usize];
                    if place.slowdown != 1.0 || place.host != NONE {
                        return self.work_for(id, span, observer);
                    }
                    return self.work_until(id, worker as usize, span);
                }
                Op::Ask { queue, key, otherwise, .. } if task.deadline == Time::LATEST => {
                    task.at += 1;
                    task.otherwise = *otherwise;
                    let (parent, visit) = (task.message, task.visit);
                    let identity = mixed(mixed(self.messages[parent].index, visit), *key);
                    let called = Some(self.queues[*queue as usize].record);
                    let request = self.child(parent, identity, Asker::task(id), called, observer);
                    self.handlers.tasks[id].waits = Waits::Answer { request, queue: *queue };
                    return self.publish::<false, O>(*queue, request, observer);
                }
                Op::End => return self.conclude(id, Verdict::Ok, observer),
                _ if self.run(id, code, observer) => {}
                _ => return,
            }
        }
    }

    /// Executes a task until it comes to an instruction that is done elsewhere (`true`) or has to wait. A program that never waits is
    /// finite: its loops are counted.
    #[inline(never)]
    fn run<O: Observer>(&mut self, id: u32, code: &Code, observer: &mut O) -> bool {
        let verdict = loop {
            let task = &mut self.handlers.tasks[id];
            let op = &code.ops[task.at as usize];
            task.at += 1;
            match op {
                Op::Work { work: WorkSource::Carried { plus }, .. } => {
                    let message = &self.messages[task.message];
                    let carried = &self.producers[message.producer as usize].carried_work;
                    let root = self.handlers.families[message.family].index as usize;
                    let span = carried.as_ref().map_or(*plus, |work| work[root] + *plus);
                    self.work_for(id, span, observer);
                    return false;
                }
                Op::Ask { call, otherwise, .. } if task.deadline < Time::LATEST => {
                    task.otherwise = *otherwise;
                    self.call(id, *call, observer);
                    return false;
                }
                Op::Work { .. } | Op::Ask { .. } | Op::End => {
                    task.at -= 1;
                    return true;
                }
                Op::Wait { length, stream } => {
                    let span = length.draw(self.draws(id, *stream));
                    self.handlers.tasks[id].working = false;
                    self.hold(id, span);
                    return false;
                }
                Op::Call { call, otherwise } => {
                    task.otherwise = *otherwise;
                    self.call(id, *call, observer);
                    return false;
                }
                Op::Publish { queue, key, from } => {
                    let parent = task.message;
                    let identity = mixed(identity(self.messages[parent].index, task.visit), *key);
                    let child = self.child(parent, identity, Asker::NOBODY, None, observer);
                    if self.handlers.endangered && self.lost_on_the_way(*from, *queue, identity) {
                        self.end::<false, O>(child, Outcome::Failed, observer);
                    } else {
                        self.publish::<false, O>(*queue, child, observer);
                    }
                }
                Op::Send { publisher, key, from, until } => {
                    task.otherwise = NONE;
                    let (parent, visit) = (task.message, task.visit);
                    let identity = mixed(identity(self.messages[parent].index, visit), *key);
                    let child = self.child(parent, identity, Asker::NOBODY, None, observer);
                    let sender = &code.senders[*publisher as usize];
                    if let Some(priority) = sender.priority {
                        self.messages[child].priority = priority;
                    }
                    if let Some(size) = sender.size {
                        self.extra(child).size = size;
                    }
                    if self.send_from_step(*publisher, child, (*from, identity), *until, id, observer) {
                        return false;
                    }
                }
                Op::Fork { branches, join, otherwise } => {
                    task.otherwise = *otherwise;
                    task.waits = Waits::Branches;
                    (task.running, task.needed) = (branches.len() as u32, *join);
                    branches.iter().for_each(|&entry| self.branch(id, entry));
                    return false;
                }
                Op::FallBack => {
                    let slot = task.message;
                    let producer = self.messages[slot].producer;
                    observer.record(self.now, Transition::FellBack { producer, slot });
                }
                Op::Jump(to) => task.at = *to,
                Op::Choose { ways, stream } => {
                    let u = self.draws(id, *stream).uniform();
                    // The last share is infinite.
                    self.handlers.tasks[id].at = ways.iter().find(|(sum, _)| u < *sum).map_or(Code::FAILED, |(_, to)| *to);
                }
                Op::Loop { count, register, stream, past } => {
                    let times = count.draw(&mut self.draws(id, *stream));
                    let task = &mut self.handlers.tasks[id];
                    task.loops[*register as usize] = times;
                    if times == 0 {
                        task.at = *past;
                    }
                }
                Op::Again { register, back } => {
                    let left = &mut task.loops[*register as usize];
                    *left -= 1;
                    if *left > 0 {
                        task.visit += 1;
                        task.at = *back;
                    }
                }
                Op::Fail { probability, stream } => {
                    if self.draws(id, *stream).uniform() < *probability {
                        break Verdict::Error;
                    }
                }
                Op::Reply => {
                    let slot = task.message;
                    let whole = self.whole(id);
                    let in_vain = self.messages[slot].asker == Asker::NOBODY;
                    let task = &mut self.handlers.tasks[whole];
                    if !std::mem::replace(&mut task.replied, true) {
                        task.in_vain = in_vain;
                        self.answer(slot, Verdict::Ok, observer);
                    }
                }
                Op::Look { cache, stream, hit } => {
                    if !self.look(id, *cache, *stream, *hit, observer) {
                        return false;
                    }
                }
                Op::Store { cache } => self.store(id, *cache),
                Op::Acquire { lock } => {
                    if !self.acquire(id, *lock, observer) {
                        return false;
                    }
                }
                Op::Release { lock } => {
                    if !self.unlock(id, *lock, observer) {
                        break Verdict::Error;
                    }
                }
                Op::Failed => break task.verdict,
            }
        };
        self.conclude(id, verdict, observer);
        false
    }

    /// The random numbers of a task in one of its steps.
    #[inline(always)]
    pub(super) fn draws(&self, id: u32, stream: Stream) -> Draws {
        let task = &self.handlers.tasks[id];
        let message = &self.messages[task.message];
        stream.of(self.producers[message.producer as usize].messages).at(identity(message.index, task.visit))
    }

    /// A task waits for so long.
    #[inline(always)]
    pub(super) fn hold(&mut self, id: u32, span: Span) {
        // A heavy tail gives waits of centuries: they are not over before the end of time.
        let until = (self.now + span).min(Time::LATEST);
        self.handlers.tasks[id].until = until;
        if let Owner::Worker(worker) = self.handlers.tasks[id].owner {
            self.pending.set(self.producers.len() + worker as usize, until, Phase::Completion);
            self.handlers.tasks[id].waits = Waits::Worker;
        } else {
            let timer = self.set_timer(until, Phase::Completion, Wake::Task(id));
            self.handlers.tasks[id].waits = Waits::Timer(timer);
        }
    }

    /// Processor time for a task.
    #[inline(always)]
    fn work_for<O: Observer>(&mut self, id: u32, span: Span, observer: &mut O) {
        let pool = self.handlers.tasks[id].pool;
        if pool == NONE {
            return self.hold(id, span);
        }
        let place = &self.pools[pool as usize];
        // Exact while nothing is slow.
        let span = if place.slowdown == 1.0 { span } else { Span((span.0 as f64 * place.slowdown + 0.5) as u64) };
        if place.host != NONE {
            let host = place.host;
            return self.compute(id, host, span, observer);
        }
        self.handlers.tasks[id].working = true;
        self.hold(id, span);
    }

    /// A task has come to its end.
    #[inline(always)]
    fn conclude<O: Observer>(&mut self, id: u32, verdict: Verdict, observer: &mut O) {
        self.let_go(id, false, observer);
        let Task { message, owner, replied, in_vain, began, .. } = self.handlers.tasks[id];
        match owner {
            Owner::Branch(parent) => self.join(parent, id, verdict, observer),
            Owner::Worker(worker) => {
                self.handlers.tasks.remove(id);
                let answered = replied.then_some(!in_vain);
                self.complete(worker as usize, message, verdict, answered, observer);
            }
            Owner::Caller { producer, client } => {
                self.handlers.tasks.remove(id);
                self.respond(producer, client, message, began, verdict, observer);
            }
        }
    }
}

/// Which random numbers a message gets in a step that it comes to for the `visit`-th time.
fn identity(index: u64, visit: u64) -> u64 {
    if visit == 0 { index } else { mixed(index, visit) }
}
