//! Things that go wrong.

use super::{BrokerId, HostId, PoolId, QueueId, ServiceId};
use crate::random::Distribution;
use crate::units::{Span, Time};

/// Something that goes wrong at a time, or again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// When.
    pub times: FaultTimes,
    /// What.
    pub kind: FaultKind,
}

/// When something goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultTimes {
    /// Once.
    At {
        /// The instant.
        at: Time,
        /// How long; `None`: for ever.
        length: Option<Span>,
    },
    /// Again and again: a time without the fault, then a time with it.
    Every {
        /// From the end of one (or the start of the run) to the start of the next: time between failures.
        between: Distribution,
        /// From the start of one to its end: time to repair.
        length: Distribution,
    },
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FaultKind {
    /// So many of its workers (`None`: all) are gone until the end of the fault, and what they had in work is broken off: a
    /// request fails, a message is lost or goes back to its queue as the consumer's acknowledgement says. Calls of a service
    /// of which nothing is left fail at once.
    Crash {
        /// Whose.
        target: Target,
        /// How many consumers, instances or nodes.
        count: Option<u32>,
        /// No socket is closed: others notice by missing heartbeats.
        silent: bool,
    },
    /// Its workers stand still, and go on afterwards.
    Pause {
        /// Whose.
        target: Target,
    },
    /// All its work takes so many times as long.
    Slow {
        /// Whose.
        target: Target,
        /// More than zero.
        factor: f64,
    },
    /// Of what is sent to it, this share is lost on the way, requests and answers alike.
    Loss {
        /// On the way to whom.
        target: Target,
        /// Between 0 and 1.
        probability: f64,
    },
    /// Disks of its nodes stand still: what is being written, and what should be, waits until the end of the fault.
    DiskStall {
        /// Whose: a broker's.
        target: Target,
        /// How many of its nodes, from the first on; `None`: all.
        count: Option<u32>,
    },
    /// Nothing comes through between the two.
    Partition {
        /// One side.
        from: Target,
        /// The other.
        to: Target,
    },
}

/// What a fault befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A pool of consumers.
    Pool(PoolId),
    /// A service.
    Service(ServiceId),
    /// A host, with all pools and services on it.
    Host(HostId),
    /// A queue: the way to it.
    Queue(QueueId),
    /// A producer: one side of a partition.
    Producer(super::ProducerId),
    /// All nodes of a broker, or so many of them.
    Broker(BrokerId),
}
