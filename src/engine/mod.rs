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
mod attempt;
mod backoff;
mod balance;
mod breaker;
mod bucket;
mod budget;
mod build;
mod caller;
mod chain;
mod codel;
mod consumer;
mod deadlock;
mod fault;
mod fifo;
mod frame;
mod handlers;
mod line;
mod message;
mod observer;
mod permits;
mod popularity;
mod presence;
mod processors;
mod producer;
mod program;
mod queue;
mod resource;
mod run;
mod service;
mod slab;
mod store;
mod task;
mod timers;
mod wake;
mod world;

pub use frame::Verdict;
pub use message::{Message, MessageSlot};
pub use observer::{Observer, Origin, Outcome, Silent, Subject, Transition};
pub use presence::{AtPool, AtQueue, Crowd, Presence};
pub use run::Halt;
pub use world::{Tally, World};
