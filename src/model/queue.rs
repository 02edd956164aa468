//! Where messages wait.

use crate::units::Span;

/// A broker's queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// The user's name for it.
    pub name: String,
    /// Which ready message is delivered next.
    pub discipline: Discipline,
    /// The most ready messages that it holds; messages that consumers hold do not count. `None`: no limit.
    pub max_length: Option<u64>,
    /// What happens to a message too many.
    pub overflow: Overflow,
    /// A ready message older than this (since it entered the queue) expires.
    pub ttl: Option<Span>,
}

/// Which ready message is delivered next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discipline {
    /// The oldest.
    Fifo,
    /// The youngest.
    Lifo,
    /// The youngest while more than a number wait, otherwise the oldest (Maurer 2015, "Fail at scale"); only of services.
    AdaptiveLifo {
        /// A queue that is longer than this is a backlog.
        above: u64,
    },
    /// Any, each as likely as the other.
    Random,
    /// The oldest of the highest priority; priorities above `max_priority` count as `max_priority`.
    Priority {
        /// The highest priority that is told apart.
        max_priority: u8,
    },
}

/// What happens to a message too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// The message at the head goes (the default of RabbitMQ).
    DropHead,
    /// The new message is refused.
    RejectPublish,
}
