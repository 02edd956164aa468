//! Sizing: how much of something is enough, how sure that is, and what one more and one less would do.

mod chart;
mod files;
mod page;
mod reason;
mod result;
mod text;

pub use files::{prepare_size, size_csv, size_json, write_size};
pub use page::size_page;
pub use reason::{below_the_work, too_small};
pub use result::{Fate, GoalFound, Neighbour, Provenance as SizeProvenance, Sizing, Tried, margin};
pub use text::{size_markdown, size_table};
