//! Sweeps: the plan, the journal that a killed sweep goes on from, and what is made of it for people.

mod chart;
mod files;
mod journal;
mod page;
mod plan;
mod point;
mod seen;
mod text;

pub use files::{prepare_sweep, sweep_csv, sweep_json, write_sweep};
pub use journal::{JOURNAL, Journal, JournalError, MOST_POINTS};
pub use page::sweep_page;
pub use plan::{Aim, Plan, Varied, points, positions};
pub use point::{Point, Sampled};
pub use seen::{Knee, Seen, Sweep, default_metrics, known_metrics};
pub use text::{sweep_markdown, sweep_table};
