//! How often `compare` is right: on pairs of designs without a difference, and on pairs whose difference is known exactly.
//!
//! ```text
//! cargo run --release --example compare -- [--experiments 1000] [--messages 110000] [--case "a fourth worker"]
//! ```
//! Prints Markdown tables. Pair e has the seed 1000 + e. `docs/compare.md` holds a recorded result.

#[path = "../../tests/compare/study.rs"]
mod study;

use clap::Parser;
use study::{cases, study};

/// Counts how often differences between designs are told rightly.
#[derive(Debug, Parser)]
struct Arguments {
    /// Pairs of each case
    #[arg(long, default_value_t = 1000)]
    experiments: u32,
    /// Measured messages of a replication
    #[arg(long, default_value_t = 110_000.0)]
    messages: f64,
    /// Only the cases whose names begin like this
    #[arg(long, default_value = "")]
    case: String,
}

fn main() {
    let arguments = Arguments::parse();
    println!(
        "| pair | quantity | pairs | coverage of the difference | of the ratio | claimed | narrower by pairing | wider by pairing |"
    );
    println!("| --- | --- | --: | --: | --: | --: | --: | --: |");
    let mut claims = Vec::new();
    for case in cases(arguments.messages).iter().filter(|case| case.name.starts_with(&arguments.case)) {
        let found = study(case, arguments.experiments);
        for row in &found.rows {
            let share = |count: u32| format!("{:.1} %", 100.0 * f64::from(count) / f64::from(row.experiments));
            let gain = match row.paired {
                0 => "not paired".to_owned(),
                paired => format!("{:.2} times", row.narrower / f64::from(paired)),
            };
            let (covered, ratios, claimed, wider) = (share(row.covered), share(row.ratios), share(row.claimed), share(row.wider));
            println!(
                "| {} | `{}` | {} | {covered} | {ratios} | {claimed} | {gain} | {wider} |",
                row.case, row.metric, row.experiments
            );
        }
        claims.push((case.name, found.claims));
    }
    println!("\n| pair | pairs with any claim, the metrics together at 95 % |\n| --- | --: |");
    for (name, count) in claims {
        println!("| {name} | {:.1} % |", 100.0 * f64::from(count) / f64::from(arguments.experiments));
    }
}
