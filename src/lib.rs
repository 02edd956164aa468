//! queuelab: a discrete-event simulator for message queues and asynchronous back ends.

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod measure;
pub mod model;
pub mod random;
pub mod report;
pub mod scenario;
pub mod stats;
pub mod theory;
pub mod units;
