//! Numbers to people: table, CSV, JSON, Markdown and charts, all from one [`RunResult`].

mod advice;
mod block;
mod brokers;
pub mod chart;
mod comparison;
mod csv;
mod describe;
mod feeds;
mod folder;
mod hoarding;
mod json;
mod layout;
mod markdown;
mod preamble;
pub mod quantity;
mod read;
mod result;
mod services;
mod stability;
mod steps;
mod style;
mod table;
mod theory;
mod topology;
mod verdict;

pub use advice::advice;
pub use comparison::{
    Comparison, Difference, Finding, Measured, Side, Sought, compare, comparison_csv, comparison_markdown, comparison_text,
    difference, headline, prepare_comparison, write_comparison,
};
pub use csv::{csv, percentiles_csv, series_csv};
pub use folder::{FileError, Folder, prepare, prepare_for};
pub use json::{json, pretty};
pub use markdown::markdown;
pub use read::{ReadResultError, is_result, read_result};
pub use result::{GoalResult, Provenance, RunResult, SCHEMA_VERSION, TheoryValue, Verdict, Warning};
pub use style::Style;
pub use table::table;
pub use theory::{known, theory, theory_json};
pub use topology::{check_json, topology};
pub use verdict::judge;
