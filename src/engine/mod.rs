//! HOW time passes: the agenda, the world, one file a noun for the transitions, the loop, and the observer.
//!
//! ```text
//!            arrive            publish             dispatch            finish
//! producer ---------> message ---------> queue ------------> consumer --------> next queue, or end
//!    ^ slot                              ^ slot (expiry)       ^ slot (each worker)
//!    +------------------------------- agenda: (time, phase, sequence) -------------------------------+
//! ```
//! State changes only in `producer.rs`, `queue.rs` and `consumer.rs`; the loop stands in `run.rs` alone; nothing leaves but
//! through the [`Observer`].

mod agenda;
mod arrivals;
mod consumer;
mod fifo;
mod line;
mod message;
mod observer;
mod presence;
mod producer;
mod queue;
mod run;
mod world;

pub use message::{Message, MessageSlot};
pub use observer::{Observer, Origin, Outcome, Silent, Transition};
pub use presence::{AtPool, AtQueue, Crowd, Presence};
pub use run::Halt;
pub use world::{Tally, World};
