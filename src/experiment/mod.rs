//! Many runs: replications in parallel, and what they say together.

mod along;
mod controls;
mod gathered;
mod pool;
mod precision;
mod replication;
mod shape;
mod study;
mod summary;

pub use along::Along;
pub use precision::{Reached, StopReason};
pub use replication::{Replication, Schedule, journal, simulate};
pub use study::{Cut, Progress, Stopped, Study, run};
pub use summary::{Column, Reading, Replicate, Series, Shape, Summary};
