//! The state of all handlers that are more than a plain server's: who runs what, who waits for whom.
//!
//! A **task** is a run of a program for a message. A **frame** is a layer of a call under way; frames of a call hang below the
//! task that called, the outermost layer first. A **family** is everything that one message of a producer has caused. None of
//! them is ever moved or allocated in the steady state.

use super::fault::{FaultState, Victim};
use super::fifo::Turns;
use super::frame::{Frame, Guard};
use super::message::{Message, Messages};
use super::observer::Outcome;
use super::permits::Token;
use super::program::Code;
use super::resource::{CacheState, HostState, KeyState, LockState};
use super::service::ServiceState;
use super::slab::Slab;
use super::task::Task;
use super::timers::{TimerId, Timers};
use crate::units::{Span, Time};
use std::rc::Rc;

/// What a timer wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// A task whose time of work or waiting is over.
    Task(u32),
    /// A frame, whatever it waits for.
    Frame(u32),
    /// A client of a closed producer that has thought.
    Client {
        producer: u32,
        client: u32,
    },
    /// A lock whose lease is over.
    Lease {
        holding: u32,
    },
    /// A host on which something is done.
    Host(u32),
    /// A fault that comes or goes.
    Fault(u32),
    /// A processor or a disk of a broker, whose batch is done.
    Processor(u32),
    Disk(u32),
    /// A publisher that waits for more messages to send together.
    Linger(u32),
    /// A consumer that acknowledges what it has done so far.
    Acknowledge(u32),
    /// The head of a broker's queue, whose time is over.
    Head(u32),
    /// A broker that looks at what its messages weigh.
    Alarm(u32),
    /// An answer over queues that has come back.
    Reply(u32),
    /// The second half of an acknowledgement in two round trips.
    Release {
        consumer: u32,
        life: u32,
        slot: u32,
    },
    /// A broker that notices the death of a consumer, and one that has heard nothing of it for too long.
    Notice {
        consumer: u32,
        life: u32,
    },
    Silence {
        consumer: u32,
        life: u32,
        since: Time,
    },
    /// A replicated queue that has a new leader.
    Elected {
        queue: u32,
    },
    /// A message that is published again after a delay.
    Again {
        publisher: u32,
        slot: u32,
    },
}

/// The state of all handlers.
#[derive(Debug)]
pub(super) struct Handlers {
    pub code: Rc<Code>,
    pub tasks: Slab<Task>,
    pub frames: Slab<Frame>,
    pub families: Slab<Family>,
    pub timers: Timers<Wake>,
    /// The slot in the agenda that stands for the first of the timers.
    pub slot: usize,
    /// Tasks that can go on at this instant, in the order in which they could.
    pub runnable: Turns,
    pub services: Vec<ServiceState>,
    /// For each call, one for each of its layers.
    pub guards: Vec<Vec<Guard>>,
    pub locks: Vec<LockState>,
    pub caches: Vec<CacheState>,
    pub hosts: Vec<HostState>,
    /// For each producer, the keys of its messages.
    pub keys: Vec<Option<KeyState>>,
    pub holdings: Slab<Holding>,
    pub faults: Vec<FaultState>,
    /// Whom faults may befall, and whether there are any.
    pub victims: Vec<Victim>,
    pub endangered: bool,
    /// There are neither faults nor brokers: nothing but workers and timers sets what is pending.
    pub calm: bool,
    /// For messages to people.
    pub names: Names,
    /// It is looked for a deadlock after so many events.
    pub look_again: u64,
    /// Messages that belong to a family.
    pub members: usize,
    /// Families of which no producer hears.
    pub uncounted: usize,
}

/// What the user calls things.
#[derive(Debug)]
pub(super) struct Names {
    /// By the engine's pools, with their table.
    pub pools: Vec<String>,
    pub locks: Vec<String>,
    pub caches: Vec<String>,
}

/// Something that a task has to give back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holding {
    pub kind: HoldingKind,
    pub since: Time,
    /// The next that the same task holds.
    pub next: u32,
    /// Its lease is over.
    pub expired: bool,
    /// Its holder is.
    pub gone: bool,
}

/// What a task holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldingKind {
    /// A permit of a lock, until its lease ends.
    Lock { lock: u32, token: Token, lease: Option<TimerId> },
    /// The task to get a key that others wait for.
    Flight { cache: u32, key: u32 },
}

/// Everything that one message of a producer has caused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// When the message was born.
    pub born: Time,
    pub producer: u32,
    /// Its number among its producer's messages.
    pub index: u64,
    pub priority: u8,
    /// Messages that are still somewhere.
    pub members: u32,
    /// How it ends; the first failure counts.
    pub outcome: Outcome,
    /// How long all of them have waited for workers.
    pub waited: Span,
    /// Its producer hears of it: it is not what a message causes that is done again.
    pub counted: bool,
}

impl Family {
    /// A family that begins with this message and does not have it yet.
    pub fn of(message: &Message) -> Family {
        Family {
            born: message.born,
            producer: message.producer,
            index: message.index,
            priority: message.priority,
            members: 0,
            outcome: Outcome::Completed,
            waited: Span::ZERO,
            counted: true,
        }
    }

    /// What an observer is shown of it at its end.
    pub fn as_message(&self) -> Message {
        Message {
            born: self.born,
            waited: self.waited,
            index: self.index,
            producer: self.producer,
            priority: self.priority,
            ..Message::NOBODY
        }
    }
}

impl Handlers {
    /// Messages of producers that are in the system, each counted with all that it has caused as one.
    pub fn roots(&self, messages: &Messages) -> usize {
        messages.live() - self.members + self.families.live() - self.uncounted
    }
}

/// 64 mixed bits of two numbers (the finaliser of SplitMix64): the identity of what one thing causes as its `key`-th.
pub(super) fn mixed(identity: u64, key: u64) -> u64 {
    let mut z =
        identity.rotate_left(23).wrapping_add(key.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0xD1B5_4A32_D192_ED03);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
