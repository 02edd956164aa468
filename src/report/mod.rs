//! Numbers to people: table, CSV, JSON, Markdown and charts, all from one [`RunResult`].

mod advice;
mod alerts;
mod block;
mod brokers;
pub mod chart;
mod chrome;
mod comparison;
mod csv;
mod describe;
mod faults;
mod feeds;
mod folder;
mod hoarding;
mod json;
mod layout;
mod markdown;
mod openmetrics;
mod otlp;
mod page;
mod preamble;
mod presets;
pub mod quantity;
mod read;
mod result;
mod rows;
mod services;
mod size;
mod stability;
mod steps;
mod style;
mod sweep;
mod system;
mod table;
mod theory;
mod topology;
mod verdict;

pub use advice::advice;
pub use chrome::chrome;
pub use comparison::{
    Comparison, Difference, Finding, Measured, Side, Sought, compare, comparison_csv, comparison_markdown, comparison_page,
    comparison_text, difference, headline, prepare_comparison, write_comparison,
};
pub use csv::{csv, percentiles_csv, series_csv};
pub use faults::faults;
pub use folder::{FileError, Folder, prepare, prepare_for, results_of_another};
pub use json::{json, pretty};
pub use markdown::markdown;
pub use openmetrics::openmetrics;
pub use otlp::{EPOCH, otlp};
pub use page::page;
pub use presets::{preset, presets, presets_json, rests_on, rests_on_notes};
pub use read::{ReadResultError, is_result, read_result};
pub use result::{FaultNote, GoalResult, Provenance, RestsOn, RunResult, SCHEMA_VERSION, TheoryValue, Verdict, Warning};
pub use size::{
    Fate, GoalFound, Neighbour, SizeProvenance, Sizing, Tried, below_the_work, margin, prepare_size, size_csv, size_json,
    size_markdown, size_page, size_table, too_small, write_size,
};
pub use stability::unstable_model;
pub use style::Style;
pub use sweep::{
    Aim, JOURNAL, Journal, JournalError, Knee, MOST_POINTS, Plan, Point, Sampled, Seen, Sweep, Varied, default_metrics,
    known_metrics, points, positions, prepare_sweep, sweep_csv, sweep_json, sweep_markdown, sweep_page, sweep_table, write_sweep,
};
pub use system::{Edge, Node, NodeKind, System, system};
pub use table::table;
pub use theory::{known, theory, theory_json};
pub use topology::{check_json, topology};
pub use verdict::judge;
