//! queuelab: a discrete-event simulator for message queues.
//!
//! A scenario describes producers, queues and consumers; a run of it gives latencies, backlogs, throughput and losses, each
//! with an interval. The program `queuelab` is a thin layer over this library, and this is how data flows through both:
//!
//! ```text
//! text --read--> Document --resolve--> Model --compile--> World --run(observer)--> Recorder --summarise--> RunResult --render--> people
//!       scenario          scenario            engine             engine, measure            experiment              report
//! ```
//!
//! Each arrow is one function, and [`experiment::run`] has the three in the middle. The mean wait of three workers that are
//! busy 80 % of the time, which Erlang's formula puts at 10.787 ms:
//!
//! ```
//! use queuelab::scenario::{Document, resolve};
//!
//! let text = r#"
//!     [run]
//!     duration = "1min"
//!
//!     [producers.web]
//!     arrivals = { poisson = "240/s" }
//!     publish = "jobs"
//!
//!     [queues.jobs]
//!
//!     [consumers.workers]
//!     queue = "jobs"
//!     count = 3
//!     service = { exponential = "10ms" }
//! "#;
//! let document = Document { name: "example".to_owned(), path: None, text: text.to_owned() };
//! let model = resolve(&document, &[])?.model;
//!
//! let study = queuelab::experiment::run(&model, &|_part, _news| true)?;
//! let wait = &study.summary.metrics["consumers.workers.wait.mean"].value;
//! let (low, high) = (wait.low.expect("ten replications have a spread"), wait.high.expect("as above"));
//! println!("mean wait {:?} s, from {low} s to {high} s", wait.estimate);
//! assert!(low < 0.010787 && 0.010787 < high);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rooms, from the ground up; each imports only from those above it, and `report` not from `engine`:
//!
//! - [`units`]: times, rates, bytes and shares
//! - [`stats`]: mathematics on numbers: estimates, intervals, warm-up
//! - [`random`]: streams of random numbers, and distributions
//! - [`model`]: what is simulated, and the names of all that is measured
//! - [`scenario`]: what a user writes, and everything that can be wrong with it
//! - [`theory`]: exact answers where they are known, to stand beside the simulated numbers
//! - [`engine`]: how time passes
//! - [`measure`]: observers that turn what happens into numbers
//! - [`experiment`]: many replications of one model
//! - [`report`]: numbers to people: tables, files, charts, verdicts and advice
//! - [`cli`]: arguments, commands, progress, exit status

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
