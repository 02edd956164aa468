//! Observers that turn transitions into numbers: histograms of latencies, levels over time, series, a journal, and spans of a few messages.

mod census;
mod equal;
mod gained;
mod histogram;
mod journal;
mod laws;
mod level;
mod recorder;
mod records;
mod series;
mod source;
mod sums;
mod tail;
mod tracer;
mod traces;

pub use census::Census;
pub use gained::{Gained, Gains, edges, followed};
pub use histogram::Histogram;
pub use journal::{Journal, Row, Rows};
pub use laws::{Violation, laws};
pub use level::Level;
pub use recorder::Recorder;
pub use series::Series;
pub use source::{Source, reading, sources};
pub use sums::sums;
pub use tracer::Tracer;
pub use traces::{MessageTrace, SpanKind, TraceSpan};
