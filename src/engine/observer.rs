//! The only way out of the engine: an observer that is told of every transition.
//!
//! There is one method, and the engine is compiled for the observer that it is given. Every call names its transition, so
//! that an observer's `match` is resolved at compile time; one that records nothing costs nothing.

use super::frame::Verdict;
use super::message::{Message, MessageSlot};
use crate::model::Target;
use crate::units::{Span, Time};

/// Why a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All that it caused is done.
    Completed,
    /// A full queue refused it.
    Rejected,
    /// A full queue dropped it from its head.
    Dropped,
    /// It was ready for longer than the queue's time to live, or than a service bears.
    Expired,
    /// A handler failed with it.
    Failed,
    /// Its caller called it back.
    Recalled,
    /// No queue was bound to its key.
    Unroutable,
    /// It was given up by a queue, and lies where nobody takes it.
    DeadLettered,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 8;
}

/// Which message of a producer something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The one in this slot.
    Message(MessageSlot),
    /// The one that began this family, and what it has caused.
    Family(u32),
}

/// Where a worker takes a message from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From its consumer's buffer, where it has been for so long.
    Buffer(Span),
    /// From the queue, where it was ready: dispatched and started at once.
    Queue,
    /// From the producer or the worker that published it at this instant: dispatched and started at once.
    Publisher,
}

/// Something that happened; `producer`, `queue` and `pool` are positions in the model, where services stand behind the queues
/// as queues, and behind the pools of consumers as pools. `slot` names the message for as long as it is in the system.
#[expect(missing_docs, reason = "the fields of a transition are told by its line")]
#[derive(Debug, Clone, Copy)]
pub enum Transition<'a> {
    /// A producer made message number `index`.
    Created {
        producer: u32,
        index: u64,
        slot: MessageSlot,
    },
    /// The message at `parent` caused another: a request to the service that stands at `called` among the queues; or, with `None`, one
    /// that nobody waits for: what a handler publishes, a copy, the same message once more. Only handlers and brokers do this.
    Caused {
        parent: MessageSlot,
        slot: MessageSlot,
        called: Option<u32>,
    },
    /// A message began a family: from now on it is known with all that it causes.
    Founded {
        slot: MessageSlot,
        family: u32,
    },
    /// A message came to a queue, whatever becomes of it there. A request that finds nobody never has a slot.
    Published {
        queue: u32,
        slot: Option<MessageSlot>,
    },
    /// It became ready: no consumer had credit for it.
    Stored {
        queue: u32,
    },
    /// It was dispatched to a consumer with a buffer after `waited`; `stored` when it was ready before. `refill`: it takes the
    /// place of one that was acknowledged at this instant, so that the consumer holds as many as before.
    Dispatched {
        queue: u32,
        slot: MessageSlot,
        waited: Span,
        stored: bool,
        refill: bool,
    },
    /// A worker began with it, `waited` after it entered the queue. `resumed`: the worker finished another at this instant. `worker` is
    /// its position among those of all pools.
    Started {
        pool: u32,
        queue: u32,
        slot: MessageSlot,
        worker: u32,
        subject: Subject,
        waited: Span,
        from: Origin,
        resumed: bool,
    },
    /// A worker finished it, and its consumer acknowledged it; `sojourn` is from entering the queue, `service` from the start.
    /// `resumes`: the worker begins with the next at this instant. `refilled`: another is dispatched in its place.
    Finished {
        pool: u32,
        queue: u32,
        slot: MessageSlot,
        service: Span,
        sojourn: Span,
        resumes: bool,
        refilled: bool,
    },
    /// A queue lost it, `waited` after it entered; `stored` when it was ready. A slot as above.
    Lost {
        queue: u32,
        slot: Option<MessageSlot>,
        outcome: Outcome,
        waited: Span,
        stored: bool,
    },
    /// A worker broke off with it; all as when it is finished.
    BrokenOff {
        pool: u32,
        queue: u32,
        slot: MessageSlot,
        service: Span,
        sojourn: Span,
        resumes: bool,
        refilled: bool,
    },
    /// It left the buffer of a consumer that crashed, so long after it entered the queue and after it was dispatched.
    Withdrawn {
        queue: u32,
        slot: MessageSlot,
        sojourn: Span,
        buffered: Span,
    },
    /// What was broken off or withdrawn is ready again, as if it had just come.
    Returned {
        queue: u32,
    },
    /// The handler of a worker failed.
    Failed {
        pool: u32,
        slot: MessageSlot,
    },
    /// A worker finished a request whose caller had given up.
    Wasted {
        pool: u32,
        slot: MessageSlot,
    },
    /// A producer's own steps have ended like this, `response` after the birth of the message and `observed` after they began.
    Responded {
        producer: u32,
        slot: MessageSlot,
        response: Span,
        observed: Span,
        verdict: Verdict,
    },
    /// A call on behalf of a producer's message has failed, and what is done instead begins.
    FellBack {
        producer: u32,
        slot: MessageSlot,
    },
    /// A call on behalf of a producer's message, or one of its attempts, was not let through: by an open breaker, a full bulkhead or a
    /// rate limit.
    Refused {
        producer: u32,
        slot: MessageSlot,
        by: Verdict,
    },
    /// A breaker of a handler's calls has opened, or lets something through again.
    Breaker {
        caller: Target,
        open: bool,
    },
    /// A call on behalf of a producer's message is tried again.
    Retried {
        producer: u32,
        slot: MessageSlot,
    },
    /// A task waits for a permit of a lock, or no longer does.
    AtLock {
        lock: u32,
        more: bool,
    },
    /// A task has got a permit of a lock after waiting for it.
    Locked {
        lock: u32,
        waited: Span,
    },
    /// A permit was given back, or its lease is over.
    Unlocked {
        lock: u32,
        held: Span,
    },
    /// A lease was over before its holder gave the permit back.
    LeaseEnded {
        lock: u32,
    },
    /// A holder whose lease was over and whose permit another had got came to its end: its write was refused, or spoiled another's.
    StaleWrite {
        lock: u32,
        refused: bool,
    },
    /// A handler has looked into a cache.
    Looked {
        cache: u32,
        hit: bool,
    },
    /// So many cores of a host are busy.
    Cores {
        host: u32,
        busy: u32,
    },
    /// A consumer has said what became of a message that it held, `held` after it was dispatched; or its session was closed.
    Settled {
        queue: u32,
        slot: MessageSlot,
        held: Span,
        acked: bool,
    },
    /// A queue could give out a message at once, because some consumer has credit; or no longer could.
    Capacity {
        queue: u32,
        free: bool,
    },
    /// A message that was dispatched before is dispatched again.
    Redelivered {
        queue: u32,
    },
    /// A queue has given a message to where its dead letters go.
    DeadLettered {
        queue: u32,
        slot: MessageSlot,
    },
    /// What was acknowledged by being sent is lost with the consumer; or with the node that kept it.
    LostInCrash {
        queue: u32,
    },
    /// A worker has done what was done before.
    Duplicated {
        pool: u32,
    },
    /// A message waits at its publisher, or no longer does. `producer` is `u32::MAX` where a step of a handler publishes.
    Buffered {
        producer: u32,
        more: bool,
    },
    /// A publisher has one unconfirmed message more, or less.
    Unconfirmed {
        producer: u32,
        more: bool,
    },
    /// A publisher hears of message number `index`, so long after it was made.
    Confirmed {
        producer: u32,
        index: u64,
        after: Span,
        refused: bool,
    },
    /// A step that published on behalf of the message in this slot, `since` then, hears of it: that it is safe, or
    /// (`reply`) what came back for it.
    Heard {
        slot: MessageSlot,
        since: Time,
        reply: bool,
        refused: bool,
    },
    /// A message found no queue.
    Unroutable {
        producer: u32,
        returned: bool,
    },
    /// A message could not even wait at its publisher.
    NotSent {
        producer: u32,
    },
    /// A publisher is stopped, by the flow of its connection or an alarm of its broker, or goes on.
    Blocked {
        producer: u32,
        blocked: bool,
    },
    /// A processor of a broker has something to do, or no longer has; its disks likewise.
    Processing {
        broker: u32,
        busy: bool,
    },
    Writing {
        broker: u32,
        busy: bool,
    },
    /// All messages of a broker weigh so much.
    Weighs {
        broker: u32,
        bytes: u64,
    },
    /// A broker stops those who publish, or lets them go on.
    Alarm {
        broker: u32,
        on: bool,
    },
    /// It left the system, with all that it had caused.
    Ended {
        producer: u32,
        subject: Subject,
        outcome: Outcome,
        message: &'a Message,
    },
}

/// Is told of every transition, in order.
pub trait Observer {
    /// `transition` happened at `now`.
    fn record(&mut self, now: Time, transition: Transition<'_>);
}

/// Records nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    #[inline(always)]
    fn record(&mut self, _now: Time, _transition: Transition<'_>) {}
}
