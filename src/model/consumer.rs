//! Who takes messages from queues.

use super::QueueId;
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
    /// What a message needs of a worker.
    pub service: Work,
    /// Where the message goes when it is done here; `None`: it is finished.
    pub publish: Option<QueueId>,
}

impl ConsumerPool {
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
