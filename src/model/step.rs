//! What a producer, a consumer or a service does for each message: a list of steps, run in order.

use super::{CacheId, Call, Layer, LockId, Outlet, QueueId, ServiceId, Work};
use crate::random::{Counts, Distribution};

/// Loops may be nested so deep in one handler.
pub const DEEPEST_LOOPS: usize = 4;

/// The steps of a handler, run in order for each message or request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Handler(pub Vec<Step>);

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Hold the worker for a time; on a host it is processor time.
    Work(Work),
    /// Hold the worker for a time without the host.
    Wait(Distribution),
    /// Ask a service and wait for its answer. When it fails after all that its layers try, the handler fails, unless there are
    /// steps to run instead.
    Call(Box<Call>),
    /// Publish to a queue and go on at once.
    Publish(QueueId),
    /// Publish in another way than that: to an exchange, with a key, or waiting for what becomes of it.
    Send(Box<Publication>),
    /// Fork and join.
    Parallel {
        /// What runs at the same time; each is done by the same worker, which waits for them.
        branches: Vec<Vec<Step>>,
        /// So many branches must succeed before the handler goes on; between 1 and their number. What is still running then is
        /// cancelled where it can be, and goes on unheeded where it cannot.
        join: u32,
    },
    /// One of several ways, at random; at least one, their weights are not negative and not all zero.
    Choose(Vec<Way>),
    /// The same steps several times.
    Repeat {
        /// How often; drawn for each message.
        count: Counts,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// The handler fails here with this probability: a consumer's message is lost, a service answers with an error.
    Fail {
        /// Between 0 and 1.
        probability: f64,
    },
    /// A service answers its caller here, and does the rest afterwards.
    Reply,
    /// Look into a cache; on a miss run the steps, and store what they gave.
    Cache {
        /// Where to look.
        cache: CacheId,
        /// What gets the value when it is not there.
        miss: Vec<Step>,
    },
    /// Run steps while holding a lock, or one of its permits.
    Lock {
        /// Which.
        lock: LockId,
        /// What is done under it.
        steps: Vec<Step>,
    },
    /// Prepare on all participants, decide, and commit on all of them.
    TwoPhaseCommit(Box<TwoPhaseCommit>),
}

/// A message that is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Where it goes.
    pub to: Outlet,
    /// Its routing key; `None`: that of the message that caused it.
    pub key: Option<String>,
    /// Its priority; `None`: that of the message that caused it.
    pub priority: Option<u8>,
    /// Its bytes; `None`: as many as the message that caused it has.
    pub size: Option<u32>,
    /// What the step waits for.
    pub until: Until,
}

impl Publication {
    /// Whether what is published is like the message that causes it.
    pub fn inherits(&self) -> bool {
        self.key.is_none() && self.priority.is_none() && self.size.is_none()
    }
}

/// What a publication waits for before the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing.
    Sent,
    /// The broker's confirm; a nack fails the step.
    Confirmed,
    /// The answer of the consumer that worked on it (request and reply over queues); a failure fails the step.
    Replied,
}

/// One of several ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Its share among the weights of all ways.
    pub weight: f64,
    /// What is done on it.
    pub steps: Vec<Step>,
}

/// Two-phase commit (Gray 1978), with the decision forced to the coordinator's log before anyone is told.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoPhaseCommit {
    /// Asked to prepare with the handler of the service, all at the same time; each votes yes unless its handler fails.
    pub participants: Vec<ServiceId>,
    /// The coordinator's forced write of the decision.
    pub decide: Distribution,
    /// What a participant does to commit or to abort.
    pub commit: Work,
    /// Locked on behalf of each participant, from before it prepares until it has committed or aborted; one for each
    /// participant, or none.
    pub locks: Vec<LockId>,
}

/// A handler that is one piece of work, and then at most one message published on: the textbook's server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plain<'a> {
    /// The time that a message needs of a worker.
    pub work: &'a Work,
    /// Where it goes then; `None`: it is finished.
    pub publish: Option<QueueId>,
}

impl Handler {
    /// What a producer does that only publishes.
    pub fn publishing(queue: QueueId) -> Handler {
        Handler(vec![Step::Publish(queue)])
    }

    /// A plain server.
    pub fn working(work: Work, publish: Option<QueueId>) -> Handler {
        Handler(std::iter::once(Step::Work(work)).chain(publish.map(Step::Publish)).collect())
    }

    /// As a plain server, if it is one.
    pub fn plain(&self) -> Option<Plain<'_>> {
        match self.0.as_slice() {
            [Step::Work(work)] => Some(Plain { work, publish: None }),
            [Step::Work(work), Step::Publish(queue)] => Some(Plain { work, publish: Some(*queue) }),
            _ => None,
        }
    }

    /// Where it publishes to, if that is all it does.
    pub fn sends(&self) -> Option<Outlet> {
        match self.0.as_slice() {
            [Step::Publish(queue)] => Some(Outlet::Queue(*queue)),
            [Step::Send(send)] if send.until == Until::Sent && send.inherits() => Some(send.to),
            _ => None,
        }
    }

    /// The queue that it publishes to, if that is all it does.
    pub fn publishes(&self) -> Option<QueueId> {
        match self.0.as_slice() {
            [Step::Publish(queue)] => Some(*queue),
            _ => None,
        }
    }

    /// Visits all steps, those inside others too, outer before inner.
    pub fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Step)) {
        visit(&self.0, see);
    }

    /// The queues that it may publish to, each once.
    pub fn queues(&self) -> Vec<QueueId> {
        let mut found = Vec::new();
        self.visit(&mut |step| {
            if let Step::Publish(queue) = step
                && !found.contains(queue)
            {
                found.push(*queue);
            }
        });
        found
    }

    /// How many circuit breakers its calls have.
    pub fn breakers(&self) -> u32 {
        let mut found = 0;
        self.visit(&mut |step| {
            if let Step::Call(call) = step {
                found += call.layers.iter().filter(|layer| matches!(layer, Layer::Breaker(_))).count() as u32;
            }
        });
        found
    }

    /// The locks that it may ask for, each once.
    pub fn locks(&self) -> Vec<LockId> {
        let mut found = Vec::new();
        self.visit(&mut |step| {
            let asked = match step {
                Step::Lock { lock, .. } => std::slice::from_ref(lock),
                Step::TwoPhaseCommit(commit) => &commit.locks,
                _ => &[],
            };
            for lock in asked {
                if !found.contains(lock) {
                    found.push(*lock);
                }
            }
        });
        found
    }

    /// The services that it may call, each once.
    pub fn services(&self) -> Vec<ServiceId> {
        let mut found = Vec::new();
        self.visit(&mut |step| {
            let called = match step {
                Step::Call(call) => std::slice::from_ref(&call.service),
                Step::TwoPhaseCommit(commit) => &commit.participants,
                _ => &[],
            };
            for service in called {
                if !found.contains(service) {
                    found.push(*service);
                }
            }
        });
        found
    }
}

impl Handler {
    /// Changes all steps, those inside others too.
    pub fn change(&mut self, change: &mut impl FnMut(&mut Step)) {
        self::change(&mut self.0, change);
    }
}

fn change(steps: &mut [Step], with: &mut impl FnMut(&mut Step)) {
    for step in steps {
        with(step);
        step.inner_mut().into_iter().for_each(|steps| change(steps, with));
    }
}

fn visit<'a>(steps: &'a [Step], see: &mut impl FnMut(&'a Step)) {
    for step in steps {
        see(step);
        step.inner().into_iter().for_each(|steps| visit(steps, see));
    }
}

impl Step {
    fn inner_mut(&mut self) -> Vec<&mut [Step]> {
        match self {
            Step::Parallel { branches, .. } => branches.iter_mut().map(Vec::as_mut_slice).collect(),
            Step::Choose(ways) => ways.iter_mut().map(|way| way.steps.as_mut_slice()).collect(),
            Step::Repeat { steps, .. } | Step::Lock { steps, .. } => vec![steps],
            Step::Cache { miss, .. } => vec![miss],
            Step::Call(call) => call.fallback.iter_mut().map(Vec::as_mut_slice).collect(),
            Step::Work(_)
            | Step::Wait(_)
            | Step::Publish(_)
            | Step::Send(_)
            | Step::Fail { .. }
            | Step::Reply
            | Step::TwoPhaseCommit(_) => Vec::new(),
        }
    }

    /// The lists of steps inside this one.
    pub fn inner(&self) -> Vec<&[Step]> {
        match self {
            Step::Parallel { branches, .. } => branches.iter().map(Vec::as_slice).collect(),
            Step::Choose(ways) => ways.iter().map(|way| way.steps.as_slice()).collect(),
            Step::Repeat { steps, .. } | Step::Lock { steps, .. } => vec![steps],
            Step::Cache { miss, .. } => vec![miss],
            Step::Call(call) => call.fallback.iter().map(Vec::as_slice).collect(),
            Step::Work(_)
            | Step::Wait(_)
            | Step::Publish(_)
            | Step::Send(_)
            | Step::Fail { .. }
            | Step::Reply
            | Step::TwoPhaseCommit(_) => Vec::new(),
        }
    }
}
