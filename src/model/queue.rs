//! Where messages wait.

use super::{BrokerId, Outlet, Storage};
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
    /// What makes it a real broker's queue.
    pub semantics: Semantics,
}

/// What a broker's queue does beyond the textbook's; the default is the textbook.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Semantics {
    /// Where it is; `None`: at a broker that costs nothing.
    pub broker: Option<BrokerId>,
    /// Where its messages are kept.
    pub storage: Storage,
    /// The most bytes of ready messages that it holds; `None`: no limit.
    pub max_bytes: Option<u64>,
    /// Where messages go that are rejected, expired or too many; `None`: they are lost.
    pub dead_letter: Option<DeadLetter>,
    /// A message that a full queue refuses is dead-lettered as well (`reject-publish-dlx`).
    pub dead_letter_refused: bool,
    /// A message that failed more often than this is dead-lettered; `None`: it comes back for ever.
    pub delivery_limit: Option<u32>,
    /// Only one consumer gets messages at a time.
    pub single_active: bool,
    /// Where a message stands that comes back.
    pub returns: Returns,
    /// When it is heard what became of a message.
    pub settlements: Settlements,
}

/// When a queue acts on what a consumer says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Settlements {
    /// As soon as it comes.
    #[default]
    AtOnce,
    /// As soon as a majority of its members has it, like a message: an acknowledgement, a return and a rejection are commands of the log
    /// (quorum queues). They ride along with the messages of a write, and weigh nothing.
    Logged,
}

/// Where dead letters go.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// The queue or the exchange.
    pub to: Outlet,
    /// The routing key; `None`: the message's own.
    pub key: Option<String>,
}

/// Where a message stands that comes back to its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Returns {
    /// Where it stood (classic queues).
    #[default]
    Position,
    /// In front of all that have not been delivered yet, behind others that came back (quorum queues).
    First,
    /// At the tail.
    Last,
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
