//! Many runs: replications in parallel, and what they say together.

mod along;
mod columns;
mod controls;
mod excursions;
mod gathered;
mod journal;
mod merge;
mod pool;
mod precision;
mod replication;
mod shape;
pub mod stability;
mod study;
mod summary;
mod trace;

pub use along::Along;
pub use journal::journal;
pub use precision::{Look, Reached, StopReason};
pub use replication::{Replication, Schedule, simulate};
pub use stability::Stability;
pub use study::{Course, Cut, News, Progress, Stopped, Study, run};
pub use summary::{Column, Part, Reading, Replicate, Series, Shape, Summary};
pub use trace::trace;
