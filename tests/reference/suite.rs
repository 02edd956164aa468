//! The exact reference values beside what the program says: shared by `tests/reference.rs` and `examples/validate.rs`.
//!
//! ```text
//! values.csv --values--> rows --measure--> outcomes --verdict--> problems, or none --table--> text
//! ```

pub mod chance;
pub mod measure;
pub mod table;
pub mod values;
pub mod verdict;
