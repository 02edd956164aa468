//! Numbers to people: table, CSV, JSON, Markdown and charts, all from one [`RunResult`].

mod advice;
mod block;
pub mod chart;
mod csv;
mod describe;
mod folder;
mod hoarding;
mod json;
mod layout;
mod markdown;
mod preamble;
pub mod quantity;
mod result;
mod rows;
mod services;
mod size;
mod stability;
mod steps;
mod style;
mod sweep;
mod table;
mod theory;
mod topology;
mod verdict;

pub use advice::advice;
pub use csv::{csv, percentiles_csv, series_csv};
pub use folder::{FileError, Folder, prepare};
pub use json::json;
pub use markdown::markdown;
pub use result::{GoalResult, Provenance, RunResult, SCHEMA_VERSION, TheoryValue, Verdict, Warning};
pub use size::{
    Fate, GoalFound, Neighbour, SizeProvenance, Sizing, Tried, below_the_work, margin, prepare_size, size_csv, size_json,
    size_markdown, size_table, too_small, write_size,
};
pub use stability::unstable_model;
pub use style::Style;
pub use sweep::{
    Aim, JOURNAL, Journal, JournalError, Knee, MOST_POINTS, Plan, Point, Sampled, Seen, Sweep, Varied, default_metrics,
    known_metrics, points, positions, prepare_sweep, sweep_csv, sweep_json, sweep_markdown, sweep_table, write_sweep,
};
pub use table::table;
pub use theory::{known, theory, theory_json};
pub use topology::{check_json, topology};
pub use verdict::judge;
