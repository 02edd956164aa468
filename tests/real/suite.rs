//! Recordings of real brokers beside what the program says of them: shared by `tests/real.rs` and `examples/real.rs`.
//!
//! ```text
//! NAME.csv.gz, runs.csv --recordings--> measured ─┐
//! NAME.toml --replay--> predicted ────────────────┴─ table --> text
//! ```

pub mod figures;
pub mod recordings;
pub mod replay;
pub mod table;
pub mod window;
