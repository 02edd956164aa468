//! Who is called and answers, and what pools share.

use super::{Discipline, Handler, HostId};
use crate::random::Distribution;
use crate::units::Span;

/// A pool of workers that are called and answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The user's name for it.
    pub name: String,
    /// Number of instances; at least 1.
    pub count: u32,
    /// Requests that one instance works on at a time; at least 1.
    pub concurrency: u32,
    /// How an instance is chosen for a request. `None`: all instances share one queue.
    pub balance: Option<Balance>,
    /// Requests that may wait at one queue; one more is rejected. `None`: no limit.
    pub queue_limit: Option<u64>,
    /// Which waiting request is next.
    pub discipline: Discipline,
    /// Which waiting requests are given up.
    pub shed: Option<Shed>,
    /// What is done for a request.
    pub handler: Handler,
    /// Where its work is done; `None`: each worker has a processor of its own.
    pub host: Option<HostId>,
    /// One-way delay between a caller and it.
    pub network: Option<Distribution>,
}

impl Service {
    /// Requests that it works on at a time, over all instances.
    pub fn workers(&self) -> u32 {
        self.count * self.concurrency
    }
}

/// How an instance is chosen for a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Balance {
    /// One after another.
    RoundRobin,
    /// Any.
    Random,
    /// The one with the fewest requests, waiting or in work; among equals any.
    LeastConnections,
    /// The best of so many different ones that are picked at random (Mitzenmacher 2001); at least 2.
    Choices(u32),
    /// By the key of the request, on a ring (Karger 1997).
    ConsistentHash {
        /// Places of each instance on the ring; at least 1.
        points: u32,
        /// An instance takes no more than this times the mean load (Mirrokni, Thorup, Zadimoghaddam 2018); more than 1.
        bound: Option<f64>,
    },
}

/// Which waiting requests are given up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shed {
    /// Those whose caller has given up, or has no time left, when a worker would begin with them.
    Deadline,
    /// By the time that they have waited (CoDel, RFC 8289).
    CoDel {
        /// A wait that is fine.
        target: Span,
        /// How long all waits may be above it.
        interval: Span,
    },
}

/// Processors that pools share.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// The user's name for it.
    pub name: String,
    /// Number of processors; at least 1.
    pub cores: u32,
    /// How they are shared.
    pub scheduling: Scheduling,
    /// Work of 1 s takes 1/speed seconds on an idle core; more than zero.
    pub speed: f64,
}

/// How the cores of a host are shared by what is to be done on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduling {
    /// All at once, each at the same speed, none faster than one core.
    ProcessorSharing,
    /// One after another, in order of coming.
    Fifo,
}

/// A lock, or a number of permits.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// The user's name for it.
    pub name: String,
    /// So many may hold it at a time; at least 1.
    pub permits: u32,
    /// After so long it is taken from the holder, who does not know.
    pub lease: Option<Span>,
    /// Whether what a holder writes is refused when another has got the lock since (Kleppmann 2016).
    pub fencing: bool,
}

/// A cache in front of steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Cache {
    /// The user's name for it.
    pub name: String,
    /// What it holds.
    pub contents: Contents,
    /// The time that a lookup takes.
    pub lookup: Option<Distribution>,
    /// Whether those who miss what another is getting already wait for that.
    pub single_flight: bool,
}

/// What a cache holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contents {
    /// A lookup hits with this probability, whatever was there before.
    HitRatio(f64),
    /// The entries that were used last (LRU), by the key of the message.
    Lru {
        /// The most entries; at least 1.
        capacity: u32,
        /// An entry is stale after so long.
        ttl: Option<Span>,
    },
}
