//! Who takes messages from queues.

use super::{Handler, HostId, Plain, QueueId};
use crate::random::Distribution;

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
