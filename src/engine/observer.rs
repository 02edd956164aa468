//! The only way out of the engine: an observer that is told of every transition.
//!
//! There is one method, and the engine is compiled for the observer that it is given. Every call names its transition, so
//! that an observer's `match` is resolved at compile time; one that records nothing costs nothing.

use super::message::{Message, MessageSlot};
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
    /// It was ready for longer than the queue's time to live.
    Expired,
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

/// Something that happened; `producer`, `queue` and `pool` are positions in the model, `slot` names the message for as long
/// as it is in the system.
#[expect(missing_docs, reason = "the fields of a transition are told by its line")]
#[derive(Debug, Clone, Copy)]
pub enum Transition<'a> {
    /// A producer made a message.
    Created { producer: u32, slot: MessageSlot },
    /// A message was published to a queue, whatever becomes of it there.
    Published { queue: u32 },
    /// It became ready: no consumer had credit for it.
    Stored { queue: u32 },
    /// It was dispatched to a consumer with a buffer after `waited`; `stored` when it was ready before. `refill`: it takes the
    /// place of one that was acknowledged at this instant, so that the consumer holds as many as before.
    Dispatched { queue: u32, waited: Span, stored: bool, refill: bool },
    /// A worker began with it, `waited` after it entered the queue. `resumed`: the worker finished another at this instant.
    Started { pool: u32, queue: u32, slot: MessageSlot, waited: Span, from: Origin, resumed: bool },
    /// A worker finished it, and its consumer acknowledged it; `sojourn` is from entering the queue, `service` from the start.
    /// `resumes`: the worker begins with the next at this instant. `refilled`: another is dispatched in its place.
    Finished { pool: u32, queue: u32, service: Span, sojourn: Span, resumes: bool, refilled: bool },
    /// A queue lost it, `waited` after it entered; `stored` when it was ready.
    Lost { queue: u32, outcome: Outcome, waited: Span, stored: bool },
    /// It left the system.
    Ended { producer: u32, slot: MessageSlot, outcome: Outcome, message: &'a Message },
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
