//! Runs the exact reference values of `tests/data/reference` and says whether the program can be right.
//!
//! ```text
//! cargo run --release --example validate -- full --seed 1 --markdown
//! ```
//! `docs/validation.md` holds a recorded result.

#[path = "../tests/reference/suite.rs"]
mod suite;

use clap::{Parser, ValueEnum};
use rayon::prelude::*;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use suite::measure::{Outcome, measure};
use suite::table::table;
use suite::values::{Instance, instances};
use suite::verdict::judge;

/// Compares the program with exact values.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which instances
    #[arg(default_value = "full")]
    which: Which,
    /// Where all random numbers come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print Markdown
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Those of the test suite: seconds
    Quick,
    /// All: minutes
    Full,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen: Vec<Instance> =
        instances().into_iter().filter(|instance| arguments.which == Which::Full || instance.quick).collect();
    let done = AtomicUsize::new(0);
    let outcomes: Vec<Outcome> = chosen
        .par_iter()
        .flat_map(|instance| {
            let outcomes = measure(instance, arguments.seed);
            let number = done.fetch_add(1, Ordering::Relaxed) + 1;
            eprintln!("{number} of {}: {}", chosen.len(), instance.name);
            outcomes
        })
        .collect();
    print!("{}", table(&chosen, &outcomes, arguments.markdown));
    if judge(&outcomes).problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
