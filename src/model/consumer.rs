//! Who takes messages from queues.

use super::{Handler, HostId, Plain, QueueId};
use crate::random::Distribution;
use crate::units::Span;

/// A pool of equal consumers on one queue.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumerPool {
    /// The user's name for it.
    pub name: String,
    /// Where its messages come from.
    pub queue: QueueId,
    /// Number of consumers, each with its own buffer; at least 1.
    pub count: u32,
    /// Messages that one consumer works on at a time; at least 1.
    pub concurrency: u32,
    /// How many unacknowledged messages one consumer may hold.
    pub prefetch: Prefetch,
    /// When its messages are acknowledged.
    pub ack: Ack,
    /// What is done for a message.
    pub handler: Handler,
    /// Where its work is done; `None`: each worker has a processor of its own.
    pub host: Option<HostId>,
    /// How it deals with its broker.
    pub session: Session,
}

/// How a consumer deals with its broker beyond the textbook's; the default is the textbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// One acknowledgement for so many messages, of the last and all before (AMQP `multiple`, STOMP `client`); at least 1.
    pub ack_every: u32,
    /// It is sent after so long at the latest; `None`: only when there are as many.
    pub ack_within: Option<Span>,
    /// After each message, before the next in its buffer can begin.
    pub overhead: Option<Distribution>,
    /// What the work of each consumer is multiplied with; empty: 1. As many as there are consumers otherwise.
    pub slowness: Vec<f64>,
    /// Which deliveries fail.
    pub failure: Failure,
    /// What is done with those that do.
    pub on_failure: OnFailure,
    /// A consumer of higher priority is served first as long as it has credit.
    pub priority: i32,
    /// Frames are sent every half of this, and a connection is dead after two that are missing; `None`: a dead connection
    /// closes at once.
    pub heartbeat: Option<Span>,
    /// It cannot send heartbeats while it works.
    pub blocking: bool,
    /// Round trips of an acknowledgement; 2 for MQTT QoS 2, else 1.
    pub trips: u32,
    /// Shares its connection, and what blocks it, with all of this name.
    pub connection: Option<String>,
}

impl Default for Session {
    fn default() -> Session {
        Session {
            ack_every: 1,
            ack_within: None,
            overhead: None,
            slowness: Vec::new(),
            failure: Failure::Never,
            on_failure: OnFailure::Reject,
            priority: 0,
            heartbeat: None,
            blocking: false,
            trips: 1,
            connection: None,
        }
    }
}

/// Which deliveries fail, after the work is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Failure {
    /// None, but for what a handler's steps let fail.
    Never,
    /// Each with this probability.
    Deliveries(f64),
    /// All deliveries of a message that is poison, which each is with this probability.
    Messages(f64),
    /// As many of each message as its trace says.
    Carried,
}

/// What a consumer does with a message that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Rejects it for good: it is dead-lettered, or lost.
    Reject,
    /// Rejects it with `requeue`: it comes back, and that counts for the delivery limit.
    Requeue,
    /// Nacks it with `requeue`: it comes back, and that does not count (quorum queues of RabbitMQ 4.3).
    Nack,
    /// Publishes it again to the tail of its queue after a delay and acknowledges it; rejects it after so many deliveries.
    Retry {
        /// Deliveries in all; at least 1.
        max_attempts: u32,
        /// Before it is published again.
        delay: Span,
    },
}

/// When a message is acknowledged: what becomes of it when its consumer crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// After it is done: in a crash it goes back to its queue.
    Manual,
    /// When it is dispatched: in a crash it is lost.
    Auto,
}

impl ConsumerPool {
    /// Its handler as a plain server on processors of its own, if it is one.
    pub fn plain(&self) -> Option<Plain<'_>> {
        if self.host.is_some() { None } else { self.handler.plain() }
    }

    /// The time that a message needs of a worker, where that is all there is to its handler but for a publication.
    pub fn work(&self) -> Option<&Work> {
        self.plain().map(|plain| plain.work)
    }

    /// Messages that the whole pool can work on at a time: what its credit and its threads allow.
    pub fn workers(&self) -> u32 {
        let per_consumer = match self.prefetch {
            Prefetch::Unlimited => self.concurrency,
            Prefetch::Limit(limit) => self.concurrency.min(limit),
        };
        self.count * per_consumer
    }
}

/// How many unacknowledged messages one consumer may hold, those in work included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefetch {
    /// At least 1.
    Limit(u32),
    /// `prefetch = 0`, as in AMQP.
    Unlimited,
}

/// The time that a message needs of a worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Drawn for each message.
    Drawn(Distribution),
    /// What the message's trace says, and a constant on top.
    Carried {
        /// The constant in nanoseconds.
        plus: u64,
    },
}
