//! HOW time passes: the agenda, the world, one file a noun for the transitions, the loop, and the observer.
//!
//! ```text
//!            arrive            publish             dispatch            finish
//! producer ---------> message ---------> queue ------------> consumer --------> next queue, or end
//!    ^ slot                              ^ slot (expiry)       ^ slot (each worker)
//!    +------------------------------- agenda: (time, phase, sequence) -------------------------------+
//! ```
//! Nothing leaves but through the [`Observer`], and the loop stands in `run.rs` alone. Where things are:
//!
//! - plain queues: `producer.rs`, `queue.rs`, `consumer.rs`, on `line.rs`, `fifo.rs` and `message.rs`
//! - time: `agenda.rs` and `arrivals.rs`; beyond plain queues `pending.rs` is the agenda, and `timers.rs` and `wake.rs` share one slot of it
//! - handlers of steps: `program.rs` compiles them, `task.rs` and `branches.rs` run them, `caller.rs` and `handlers.rs` hold who runs what for whom
//! - calls: `frame.rs` has the layers around a call, `attempt.rs` its way to the service and back, `service.rs` the other end; the
//!   layers' own state is in `backoff.rs`, `breaker.rs`, `bucket.rs` and `budget.rs`, a service's in `balance.rs` and `codel.rs`
//! - what handlers share: `resource.rs`, on `permits.rs` (locks), `store.rs` and `popularity.rs` (caches), `processors.rs` (hosts)
//! - brokers: `broker/`, where queues are more than plain
//! - what goes wrong: `fault.rs`, `deadlock.rs`
//! - from outside: `build.rs` makes a world of a model, `world.rs` holds and audits it, `presence.rs` says who is where

mod agenda;
mod arrivals;
mod attempt;
mod backoff;
mod balance;
mod branches;
mod breaker;
mod broker;
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
mod pending;
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
