//! Recordings of real brokers beside what the program says of them: shared by `tests/real.rs` and `examples/real.rs`.
//!
//! ```text
//! meta.json --parameters--> Parameters --scenario--> NAME.toml --replay--> predicted ─┐
//! messages.csv.gz --raw--> NAME.csv.gz, runs.csv --recordings--> measured ────────────┴─ table --> text
//! ```

pub mod figures;
pub mod parameters;
pub mod raw;
pub mod recordings;
pub mod replay;
pub mod scenario;
pub mod table;
pub mod window;
