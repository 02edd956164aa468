//! Quantities with units: time in whole nanoseconds, rates, sizes and ratios.
//!
//! Each type parses the way people write it (`"8ms"`, `"240/s"`, `"4KiB"`, `"2%"`) and prints itself back.
//! Nothing here knows about queues.

mod bytes;
mod quantity;
mod range;
mod rate;
mod ratio;
mod time;

pub use bytes::Bytes;
pub use quantity::UnitError;
pub use range::{Written, range};
pub use rate::Rate;
pub use ratio::Ratio;
pub use time::{Span, Time};
