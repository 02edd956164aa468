//! The state of a running system: flat arrays with dense ids, built from the model.

use super::agenda::Agenda;
use super::arrivals::Clock;
use super::broker::Brokers;
use super::build;
use super::fifo::Fifo;
use super::handlers::Handlers;
use super::line::Line;
use super::message::Messages;
use super::pending::Pending;
use super::service::Shedding;
use super::slab::NONE;
use crate::model::{Ack, Model, Priority};
use crate::random::{Distribution, Stream};
use crate::units::{Span, Time};
use std::sync::Arc;

/// Everything that changes while time passes, and what the transitions need to know of the model.
#[derive(Debug)]
pub struct World {
    pub(super) now: Time,
    /// There are no handlers, services or faults: queues, and who sends to them and works them off.
    pub(super) plain: bool,
    /// What happens next in a plain world, and in any other.
    pub(super) agenda: Agenda,
    pub(super) pending: Pending,
    pub(super) messages: Messages,
    pub(super) producers: Vec<Producer>,
    pub(super) queues: Vec<Queue>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) workers: Vec<Worker>,
    pub(super) pools: Vec<Pool>,
    /// What is more than a plain server does.
    pub(super) handlers: Handlers,
    /// What is more than a plain queue does.
    pub(super) brokers: Brokers,
    /// Queues with a time to live, in the order of their slots.
    pub(super) expiring: Vec<u32>,
    /// Producers fall silent at this instant.
    pub(super) arrivals_end: Time,
    pub(super) tally: Tally,
}

/// Counts of the whole run, from its first event on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events simulated.
    pub events: u64,
    /// Messages made by producers.
    pub created: u64,
    /// Of these, finished.
    pub finished: u64,
    /// Of these, rejected, dropped or expired.
    pub lost: u64,
    /// Hash over (time, phase, slot) of all events, in order.
    pub fingerprint: u64,
}

/// A producer, and what its messages bring with them.
#[derive(Debug)]
pub(super) struct Producer {
    pub clock: Clock,
    /// The queue that it publishes to, where that is all it does and the queue is plain.
    pub publish: u32,
    /// As whom it publishes to a broker, where that is all it does; otherwise `NONE`.
    pub publisher: u32,
    /// Who runs its handler, where it has more of one.
    pub callers: Callers,
    pub priority: Priority,
    pub carried_priority: Option<Arc<[u8]>>,
    pub carried_work: Option<Arc<[Span]>>,
    /// Number of its next message, and of its next arrival (which may bring several).
    pub next_message: u64,
    pub next_arrival: u64,
    /// The number of messages after which it ends.
    pub limit: u64,
    pub arrivals: Stream,
    pub sizes: Stream,
    pub priorities: Stream,
    /// Makes the draws of its messages at other entities differ from those of other producers' messages.
    pub messages: Stream,
}

/// A queue: its ready messages, and the consumers that have credit.
#[derive(Debug)]
pub(super) struct Queue {
    pub line: Line,
    /// Who can take a message, the next to be served in front: workers of consumers without a buffer by their number, other
    /// consumers by their number plus the number of workers. Messages wait only while it is empty.
    pub takers: Fifo,
    /// Its number among the observer's queues.
    pub record: u32,
    /// What it is as a broker's queue; `NONE`: a plain one.
    pub broker: u32,
    /// Not every ready message is wanted.
    pub picky: bool,
    /// Which of them it gives up.
    pub shed: Shedding,
    /// Messages in its line that were called back.
    pub ghosts: usize,
    /// The only pool that takes from it; `NONE` where there are several or none.
    pub sole_pool: u32,
    pub max_length: usize,
    pub drop_head: bool,
    pub ttl: Span,
    /// The slot of its expiry timer; meaningless without a time to live.
    pub expiry_slot: usize,
    pub expires: bool,
    /// For the random discipline: the stream, and the number of picks so far.
    pub picks: Stream,
    pub picked: u64,
}

/// A consumer with a buffer: holds up to `limit` unacknowledged messages, some in its buffer, some in work.
#[derive(Debug)]
pub(super) struct Consumer {
    pub limit: u32,
    pub held: u32,
    /// The first of its idle workers, `NONE` when all are busy.
    pub idle: u32,
    pub buffer: Fifo,
}

/// A worker: works on one message at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    pub pool: u32,
    /// The consumer whose buffer it works off; `NONE` where its consumer may hold no more than it works on, so that the
    /// worker takes messages from the queue itself.
    pub consumer: u32,
    /// Not crashed.
    pub up: bool,
    /// The message in work, `NONE` while idle.
    pub message: u32,
    /// What it runs, in a pool with a program.
    pub task: u32,
    /// While idle: the next idle worker of the same consumer.
    pub next_idle: u32,
    pub started: Time,
}

/// What all consumers of a pool share.
#[derive(Debug)]
pub(super) struct Pool {
    pub queue: u32,
    /// No other pool takes from its queue: the work of a ready message is drawn beforehand.
    pub alone: bool,
    pub work: WorkSource,
    /// What becomes of a message that was worked on.
    pub onward: Onward,
    /// Where the program of its workers begins; `NONE`: they are plain servers.
    pub program: u32,
    /// The host of its workers; `NONE`: each has a processor of its own.
    pub host: u32,
    /// What becomes of its messages when a worker crashes.
    pub ack: Ack,
    /// By how much its work is slower now, and how many faults let it stand still.
    pub slowdown: f64,
    pub pauses: i32,
    /// Its number among the observer's pools, and that of its queue among the observer's queues.
    pub record: u32,
    pub records_at: u32,
    pub services: Stream,
}

impl Pool {
    /// Work done in a unit of time.
    pub fn speed(&self) -> f64 {
        if self.pauses > 0 { 0.0 } else { 1.0 / self.slowdown }
    }
}

/// What becomes of a message that was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onward {
    /// All is done.
    End,
    /// It goes on to a queue.
    Publish(u32),
    /// It was a request, and is answered.
    Answer,
}

/// Who runs a producer's handler.
#[derive(Debug)]
pub(super) enum Callers {
    /// Nobody: it only publishes.
    Nobody,
    /// Anyone, whenever there is a message.
    Any { program: u32 },
    /// A few, one message each; the others wait.
    Few { program: u32, free: u32, line: Fifo },
    /// Clients that think before each; `sent`: what each has sent so far.
    Clients { program: u32, think: Distribution, thoughts: Stream, sent: Vec<u64> },
}

/// Where the work of a message comes from.
#[derive(Debug, Clone)]
pub(super) enum WorkSource {
    Drawn(Distribution),
    Carried { plus: Span },
}

impl World {
    /// Builds the system, empty and at time zero, for one replication of a model. Producers fall silent at `arrivals_end`.
    pub fn new(model: &Model, seed: u64, replication: u32, arrivals_end: Time) -> World {
        build::world(model, seed, replication, arrivals_end.min(Time::LATEST))
    }

    /// The instant of the last event that was simulated; zero before the first.
    pub fn last_event(&self) -> Time {
        self.now
    }

    /// Counts since the start.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Messages that are somewhere in the system.
    pub fn in_system(&self) -> u64 {
        (self.handlers.roots(&self.messages) - self.brokers.shades) as u64
    }

    /// Checks from the outside that no message was lost track of; gives what is wrong.
    pub fn audit(&self) -> Result<(), String> {
        let ready: usize = self.queues.iter().map(|queue| queue.line.len()).sum();
        let buffered: usize = self.consumers.iter().map(|consumer| consumer.buffer.len()).sum();
        let busy = self.workers.iter().filter(|worker| worker.message != NONE).count();
        let behind_buffers = self.workers.iter().filter(|worker| worker.message != NONE && worker.consumer != NONE).count();
        let held: usize = self.consumers.iter().map(|consumer| consumer.held as usize).sum();
        let calling = self.handlers.calling();
        let waiting: usize = self.producers.iter().map(|producer| producer.callers.waiting()).sum();
        let (live, roots) = (self.messages.live(), self.in_system());
        if self.tally.created != self.tally.finished + self.tally.lost + roots {
            return Err(format!("messages went astray: {:?}, but {roots} are in the system", self.tally));
        }
        if self.brokers.active {
            return self.audit_brokers(live, ready, calling + waiting);
        }
        if live != ready + buffered + busy + calling + waiting || held != buffered + behind_buffers {
            return Err(format!(
                "messages went astray: {live} in the system, {ready} ready, {held} held, {buffered} buffered, {busy} in work, \
                 {calling} of callers, {waiting} waiting for a caller"
            ));
        }
        if let Some(at) = self.queues.iter().position(|queue| queue.line.len() > queue.ghosts && !queue.takers.is_empty()) {
            return Err(format!("queue number {at} has a ready message and a consumer with credit"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Silent;
    use crate::model::{
        Arrivals, ConsumerPool, Discipline, Handler, Overflow, Precision, Prefetch, Producer as Sender, Queue as Place, QueueId,
        RunPlan, Semantics, Sending, Session, Stop, Warmup, Work,
    };
    use crate::units::Rate;

    /// One worker that is asked for twice what it can do.
    fn flooded() -> World {
        let plan = RunPlan {
            duration: None,
            warmup: Warmup::None,
            replications: 1,
            seed: 1,
            stop: Stop::Duration,
            max_events: None,
            confidence: 0.95,
            bin: None,
            terminating: true,
            precision: Precision::default(),
            controls: true,
            antithetic: false,
        };
        let web = Sender {
            name: "web".to_owned(),
            arrivals: Arrivals::Poisson { rate: Rate(200.0) },
            callers: None,
            handler: Handler::publishing(QueueId(0)),
            priority: Priority::Constant(0),
            keys: None,
            messages: None,
            sending: Sending::default(),
        };
        let jobs = Place {
            name: "jobs".to_owned(),
            discipline: Discipline::Fifo,
            max_length: None,
            overflow: Overflow::DropHead,
            ttl: None,
            semantics: Semantics::default(),
        };
        let worker = ConsumerPool {
            name: "worker".to_owned(),
            queue: QueueId(0),
            count: 1,
            concurrency: 1,
            prefetch: Prefetch::Limit(1),
            ack: Ack::Manual,
            handler: Handler::working(Work::Drawn(Distribution::Exponential { mean: 1e7 }), None),
            host: None,
            session: Session::default(),
        };
        let model = Model {
            title: None,
            plan,
            producers: vec![web],
            brokers: Vec::new(),
            exchanges: Vec::new(),
            queues: vec![jobs],
            pools: vec![worker],
            services: Vec::new(),
            hosts: Vec::new(),
            locks: Vec::new(),
            caches: Vec::new(),
            faults: Vec::new(),
            goals: Vec::new(),
            alerts: Vec::new(),
        };
        let mut world = World::new(&model, 1, 0, Time(1_000_000_000));
        world.advance(Time(1_000_000_000), u64::MAX, &mut Silent).expect("a second is not long");
        world
    }

    #[test]
    fn a_message_that_the_engine_loses_is_missed() {
        let mut world = flooded();
        assert!(world.audit().is_ok() && world.in_system() > 20);
        // Off the line, and nowhere else.
        let lost = world.queues[0].line.pop(|_| 0).expect("messages are ready");
        assert!(world.audit().is_err_and(|what| what.starts_with("messages went astray")));
        // Out of the store as well, but not by any of the ways to end.
        world.messages.remove(lost);
        assert!(world.audit().is_err_and(|what| what.starts_with("messages went astray")));
    }
}
