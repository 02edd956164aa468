//! Handlers as flat programs: what stands in a list of steps, with jumps instead of nesting.
//!
//! All programs of a model stand behind each other in one list. Every random choice has a stream of its own, named after the
//! entity and the kind and number of the step (of calls and publications: among those to the same service or queue), so that
//! another step added to a handler, or a call that becomes a publication, moves no draw of the rest.

use super::slab::NONE;
use super::world::WorkSource;
use crate::model::{self, Handler, Model, Outlet, Service, ServiceId, Step, Target, TwoPhaseCommit, Until, Work};
use crate::random::{Counts, Distribution, Stream};
use crate::units::Span;

/// One instruction. `u32`s named after entities are positions in the model; other numbers are positions in the code.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// Hold the worker for processor time.
    Work { work: WorkSource, stream: Stream },
    /// Hold the worker for a time.
    Wait { length: Distribution, stream: Stream },
    /// Call, and go on when the answer is there; where it fails, at `otherwise`, or nowhere.
    Call { call: u32, otherwise: u32 },
    /// Call a service with nothing in between: no layer, no connection to set up, no way, no choice of an instance, and no fault that
    /// could lose the request. It comes to this queue; `key` as in its call, which stands for it where the caller has a deadline.
    Ask { queue: u32, key: u64, call: u32, otherwise: u32 },
    /// Publish to a queue; `key` tells this publication from others of the same handler.
    Publish { queue: u32, key: u64, from: Target },
    /// Publish through a broker, and go on when what is waited for is known; where that is bad, at `otherwise`, or nowhere.
    Send { publisher: u32, key: u64, from: Target, until: Until },
    /// Run branches and go on when `join` of them are done; when that cannot be any more, at `otherwise`, or nowhere.
    Fork { branches: Box<[u32]>, join: u32, otherwise: u32 },
    /// A call has failed, and what is done instead begins.
    FallBack,
    /// Go on elsewhere.
    Jump(u32),
    /// Go on at one of several places, by cumulative shares.
    Choose { ways: Box<[(f64, u32)]>, stream: Stream },
    /// Draw how often what follows is to be done; not at all: go on at `past`.
    Loop { count: Counts, register: u8, stream: Stream, past: u32 },
    /// Once more from `back`, if it is to be done again.
    Again { register: u8, back: u32 },
    /// Fail with a probability.
    Fail { probability: f64, stream: Stream },
    /// Answer the caller.
    Reply,
    /// Look into a cache; on a hit go on at `hit`.
    Look { cache: u32, stream: Stream, hit: u32 },
    /// Put into a cache what was got.
    Store { cache: u32 },
    /// Go on when the lock is held.
    Acquire { lock: u32 },
    /// Give the lock back.
    Release { lock: u32 },
    /// Nothing is left to do.
    End,
    /// The handler has failed.
    Failed,
}

/// A call as it stands in a handler.
#[derive(Debug, Clone)]
pub(super) struct CallSite {
    pub call: model::Call,
    /// Who calls.
    pub caller: Target,
    /// Distinguishes this call from others of the same handler in the identity of requests.
    pub key: u64,
    /// The program that the service runs for it; `NONE`: its own handler.
    pub handler: u32,
    /// For its connections, its jitter, its delays to and from, and losses.
    pub connect: Stream,
    pub network: Stream,
    pub jitter: Stream,
}

/// All programs of a model.
#[derive(Debug)]
pub(super) struct Code {
    pub ops: Vec<Op>,
    pub calls: Vec<CallSite>,
    /// All who publish to brokers.
    pub senders: Vec<Sender>,
}

/// One who publishes to a broker: a producer that does nothing else, or a step.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub owner: Target,
    pub to: Outlet,
    /// The routing key; `None`: that of the message that causes it.
    pub key: Option<String>,
    /// Likewise its priority and its bytes.
    pub priority: Option<u8>,
    pub size: Option<u32>,
}

impl Sender {
    /// One whose messages are like those that cause them.
    pub fn plain(owner: Target, to: Outlet) -> Sender {
        Sender { owner, to, key: None, priority: None, size: None }
    }
}

impl Code {
    /// Where a handler goes that has failed.
    pub const FAILED: u32 = 0;

    /// No programs yet.
    pub fn new() -> Code {
        Code { ops: vec![Op::Failed], calls: Vec::new(), senders: Vec::new() }
    }

    /// Whether nobody has a program.
    pub fn is_empty(&self) -> bool {
        self.ops.len() == 1
    }
}

/// Builds programs.
pub(super) struct Compiler<'a> {
    pub model: &'a Model,
    /// All queues are those of brokers.
    pub brokered: bool,
    pub code: Code,
    /// Makes the stream of an entity and a purpose.
    pub stream: &'a dyn Fn(&str, &str) -> Stream,
}

/// The kinds of steps of one handler, counted.
#[derive(Debug)]
struct Scope {
    entity: String,
    target: Target,
    works: u32,
    others: Vec<(String, u32)>,
    depth: u8,
}

impl Compiler<'_> {
    /// Adds the program of an entity, such as `services.db`, and gives where it begins.
    pub fn handler(&mut self, entity: &str, target: Target, handler: &Handler) -> u32 {
        let mut scope = Scope { entity: entity.to_owned(), target, works: 0, others: Vec::new(), depth: 0 };
        let entry = self.here();
        self.steps(&handler.0, &mut scope);
        self.code.ops.push(Op::End);
        // The programs of commits stand behind the one that needs them.
        entry
    }

    /// The number of one more who publishes to a broker.
    pub fn sender(&mut self, sender: Sender) -> u32 {
        self.code.senders.push(sender);
        self.code.senders.len() as u32 - 1
    }

    fn here(&self) -> u32 {
        self.code.ops.len() as u32
    }

    fn stream(&self, scope: &mut Scope, kind: &str) -> Stream {
        let nth = match scope.others.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                scope.others.push((kind.to_owned(), 1));
                1
            }
        };
        (self.stream)(&scope.entity, &format!("{kind} {nth}"))
    }

    fn steps(&mut self, steps: &[Step], scope: &mut Scope) {
        steps.iter().for_each(|step| self.step(step, scope));
    }

    fn step(&mut self, step: &Step, scope: &mut Scope) {
        match step {
            Step::Work(work) => {
                // The first has the stream of the short form.
                scope.works += 1;
                let purpose = if scope.works == 1 { "service".to_owned() } else { format!("work {}", scope.works) };
                let stream = (self.stream)(&scope.entity, &purpose);
                self.code.ops.push(Op::Work { work: source(work), stream });
            }
            Step::Wait(length) => {
                let stream = self.stream(scope, "wait");
                self.code.ops.push(Op::Wait { length: length.clone(), stream });
            }
            Step::Call(call) => self.call(call, NONE, scope),
            Step::Publish(queue) => {
                let kind = format!("publish {}", self.model.queue(*queue).name);
                let key = self.stream(scope, &kind).at(0).bits();
                if self.brokered {
                    let publisher = self.sender(Sender::plain(scope.target, Outlet::Queue(*queue)));
                    self.code.ops.push(Op::Send { publisher, key, from: scope.target, until: Until::Sent });
                } else {
                    self.code.ops.push(Op::Publish { queue: queue.0, key, from: scope.target });
                }
            }
            Step::Send(send) => {
                let name = match send.to {
                    Outlet::Queue(queue) => &self.model.queue(queue).name,
                    Outlet::Exchange(id) => &self.model.exchange(id).name,
                };
                let key = self.stream(scope, &format!("publish {name}")).at(0).bits();
                let own = Sender {
                    key: send.key.clone(),
                    priority: send.priority,
                    size: send.size,
                    ..Sender::plain(scope.target, send.to)
                };
                let publisher = self.sender(own);
                self.code.ops.push(Op::Send { publisher, key, from: scope.target, until: send.until });
            }
            Step::Parallel { branches, join } => {
                self.fork(branches.len(), *join, scope, |compiler, at, scope| compiler.steps(&branches[at], scope));
            }
            Step::Choose(ways) => self.choose(ways, scope),
            Step::Repeat { count, steps } => {
                let stream = self.stream(scope, "repeat");
                let register = scope.depth;
                let at = self.code.ops.len();
                self.code.ops.push(Op::Loop { count: count.clone(), register, stream, past: 0 });
                scope.depth += 1;
                self.steps(steps, scope);
                scope.depth -= 1;
                self.code.ops.push(Op::Again { register, back: at as u32 + 1 });
                let end = self.here();
                if let Op::Loop { past, .. } = &mut self.code.ops[at] {
                    *past = end;
                }
            }
            Step::Fail { probability } => {
                let stream = self.stream(scope, "fail");
                self.code.ops.push(Op::Fail { probability: *probability, stream });
            }
            Step::Reply => self.code.ops.push(Op::Reply),
            Step::Cache { cache, miss } => {
                if let Some(lookup) = &self.model.caches[cache.0 as usize].lookup {
                    let stream = self.stream(scope, "lookup");
                    self.code.ops.push(Op::Wait { length: lookup.clone(), stream });
                }
                let stream = self.stream(scope, "hit");
                let at = self.code.ops.len();
                self.code.ops.push(Op::Look { cache: cache.0, stream, hit: 0 });
                self.steps(miss, scope);
                self.code.ops.push(Op::Store { cache: cache.0 });
                let end = self.here();
                if let Op::Look { hit, .. } = &mut self.code.ops[at] {
                    *hit = end;
                }
            }
            Step::Lock { lock, steps } => {
                self.code.ops.push(Op::Acquire { lock: lock.0 });
                self.steps(steps, scope);
                self.code.ops.push(Op::Release { lock: lock.0 });
            }
            Step::TwoPhaseCommit(commit) => self.two_phase_commit(commit, scope),
        }
    }

    /// A call; `handler` is what the service runs for it, `NONE` for its own.
    fn call(&mut self, call: &model::Call, handler: u32, scope: &mut Scope) {
        let site = self.code.calls.len() as u32;
        // Named after the service, so that a call that becomes a publication leaves the others as they were.
        let name = &self.model.service(call.service).name;
        let [key, connect, network, jitter] =
            ["call", "connect", "network", "jitter"].map(|kind| self.stream(scope, &format!("{kind} {name}")));
        let (key, caller) = (key.at(0).bits(), scope.target);
        let way = call.network.as_ref().or(self.model.service(call.service).network.as_ref());
        let direct = call.layers.is_empty() && call.connect.is_none() && way.is_none() && self.model.faults.is_empty();
        let direct = direct && handler == NONE && self.model.service(call.service).balance.is_none();
        self.code.calls.push(CallSite { call: call.clone(), caller, key, handler, connect, network, jitter });
        let at = self.code.ops.len();
        self.code.ops.push(if direct {
            Op::Ask { queue: first_queue(self.model, call.service), key, call: site, otherwise: NONE }
        } else {
            Op::Call { call: site, otherwise: NONE }
        });
        if let Some(fallback) = &call.fallback {
            let (jump, start) = (self.code.ops.len(), self.here() + 1);
            self.code.ops.push(Op::Jump(0));
            self.code.ops.push(Op::FallBack);
            self.steps(fallback, scope);
            self.code.ops[jump] = Op::Jump(self.here());
            if let Op::Call { otherwise, .. } | Op::Ask { otherwise, .. } = &mut self.code.ops[at] {
                *otherwise = start;
            }
        }
    }

    /// Branches, each ended, and a jump over them.
    fn fork(
        &mut self,
        branches: usize,
        join: u32,
        scope: &mut Scope,
        mut branch: impl FnMut(&mut Self, usize, &mut Scope),
    ) -> usize {
        let fork = self.code.ops.len();
        self.code.ops.push(Op::End);
        let jump = self.code.ops.len();
        self.code.ops.push(Op::End);
        let mut entries = Vec::new();
        for at in 0..branches {
            entries.push(self.here());
            branch(self, at, scope);
            self.code.ops.push(Op::End);
        }
        self.code.ops[fork] = Op::Fork { branches: entries.into(), join, otherwise: NONE };
        self.code.ops[jump] = Op::Jump(self.here());
        fork
    }

    fn choose(&mut self, ways: &[model::Way], scope: &mut Scope) {
        let stream = self.stream(scope, "choose");
        let choice = self.code.ops.len();
        self.code.ops.push(Op::End);
        let total: f64 = ways.iter().map(|way| way.weight).sum();
        let (mut sum, mut entries, mut jumps) = (0.0, Vec::new(), Vec::new());
        for way in ways {
            sum += way.weight / total;
            entries.push((sum, self.here()));
            self.steps(&way.steps, scope);
            jumps.push(self.code.ops.len());
            self.code.ops.push(Op::End);
        }
        // Up to rounding the last share is 1; whoever has no weight is never chosen for that.
        let last = ways.iter().rposition(|way| way.weight > 0.0).unwrap_or(0);
        entries[last..].iter_mut().for_each(|entry| entry.0 = f64::INFINITY);
        self.code.ops[choice] = Op::Choose { ways: entries.into(), stream };
        let end = self.here();
        jumps.into_iter().for_each(|jump| self.code.ops[jump] = Op::Jump(end));
    }

    /// Locks, prepares, decides, commits or aborts, and gives the locks back (Gray 1978).
    fn two_phase_commit(&mut self, commit: &TwoPhaseCommit, scope: &mut Scope) {
        // What participants do to commit is a program of its own in front of this one's rest.
        let jump = self.code.ops.len();
        self.code.ops.push(Op::End);
        let mut programs = Vec::new();
        for participant in &commit.participants {
            let entity = format!("services.{}", self.model.service(*participant).name);
            programs.push(self.here());
            let stream = (self.stream)(&entity, "commit");
            self.code.ops.push(Op::Work { work: source(&commit.commit), stream });
            self.code.ops.push(Op::End);
        }
        self.code.ops[jump] = Op::Jump(self.here());
        commit.locks.iter().for_each(|lock| self.code.ops.push(Op::Acquire { lock: lock.0 }));
        let plain = |at: usize| model::Call {
            service: commit.participants[at],
            network: None,
            connect: None,
            layers: Vec::new(),
            fallback: None,
        };
        let everyone = commit.participants.len();
        let all = everyone as u32;
        let prepare = self.fork(everyone, all, scope, |compiler, at, scope| compiler.call(&plain(at), NONE, scope));
        let decision = self.stream(scope, "decide");
        let decide = |compiler: &mut Self| {
            compiler.code.ops.push(Op::Work { work: WorkSource::Drawn(commit.decide.clone()), stream: decision });
        };
        let unlock = |compiler: &mut Self| {
            commit.locks.iter().rev().for_each(|lock| compiler.code.ops.push(Op::Release { lock: lock.0 }));
        };
        let tell = |compiler: &mut Self, scope: &mut Scope| {
            compiler.fork(everyone, all, scope, |compiler, at, scope| compiler.call(&plain(at), programs[at], scope));
        };
        decide(self);
        tell(self, scope);
        unlock(self);
        let over = self.code.ops.len();
        self.code.ops.push(Op::End);
        let abort = self.here();
        if let Op::Fork { otherwise, .. } = &mut self.code.ops[prepare] {
            *otherwise = abort;
        }
        decide(self);
        tell(self, scope);
        unlock(self);
        self.code.ops.push(Op::Fail { probability: 1.0, stream: decision });
        self.code.ops[over] = Op::Jump(self.here());
    }
}

/// Instances of a service that have a queue of their own.
pub(super) fn instances(service: &Service) -> u32 {
    if service.balance.is_some() { service.count } else { 1 }
}

/// The queue of the first instance of a service: they stand behind those of the model.
pub(super) fn first_queue(model: &Model, service: ServiceId) -> u32 {
    let before = &model.services[..service.0 as usize];
    model.queues.len() as u32 + before.iter().map(instances).sum::<u32>()
}

/// Where work comes from.
pub(super) fn source(work: &Work) -> WorkSource {
    match work {
        Work::Drawn(distribution) => WorkSource::Drawn(distribution.clone()),
        Work::Carried { plus } => WorkSource::Carried { plus: Span(*plus) },
    }
}
