//! Many runs: replications in parallel, and what they say together.

mod alert;
mod along;
mod columns;
mod controls;
mod excursions;
mod gathered;
mod journal;
mod lately;
mod merge;
mod points;
mod pool;
mod precision;
mod replication;
mod search;
mod shape;
mod spread;
pub mod stability;
mod study;
mod summary;
mod together;
mod trace;
mod trial;

pub use alert::{AlertSeen, CauseSeen};
pub use along::Along;
pub use journal::journal;
pub use points::{Outcome, each_point};
pub use precision::{Look, Reached, StopReason};
pub use replication::{Replication, Schedule, simulate, steady};
pub use search::{Judge, cheapest, smallest};
pub use stability::Stability;
pub use study::{Course, Cut, News, Progress, Stopped, Study, run};
pub use summary::{Column, Lately, Part, Quantiles, Reading, Replicate, Series, Shape, Summary};
pub use together::{Growing, Needed, lengthening, longer, needed};
pub use trace::trace;
pub use trial::{Side, Terms, Trial, trial};
