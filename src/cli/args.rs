//! What can be typed.

use crate::units::{Ratio, UnitError};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// A discrete-event simulator for message queues and asynchronous back ends.
///
/// Describe producers, queues and consumers in a TOML file; get latencies, throughput, CSV files and charts.
#[derive(Debug, Parser)]
#[command(name = "queuelab", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:\n  \
    queuelab new > first.toml && queuelab run first.toml\n  \
    queuelab run scenarios/mm3.toml --set consumers.workers.count=4\n\n\
    Exit status: 0 ran and no goal is missed; 1 a goal is missed; 2 bad usage or scenario;\n\
    3 input or output failed; 101 a bug of ours; 130 interrupted, partial results written.")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate scenarios; print a table, write CSV files, charts and result.json
    #[command(after_help = "Examples:\n  \
        queuelab run scenarios/mm3.toml\n  \
        queuelab run scenarios/mm3.toml --set producers.web.arrivals.poisson=280/s --format json\n  \
        queuelab run scenarios/            every scenario of a folder\n  \
        cat mine.toml | queuelab run -     from standard input")]
    Run(Run),
    /// Validate scenarios; draw the topology and predict the load, without simulating
    #[command(after_help = "Examples:\n  \
        queuelab check scenarios/*.toml\n  \
        queuelab check scenarios/mm3.toml --set consumers.workers.count=2")]
    Check(Check),
    /// Print a commented scenario to start from
    #[command(after_help = "Examples:\n  \
        queuelab new > first.toml\n  \
        queuelab new --template pipeline --out pipeline.toml")]
    New(New),
    /// Print the JSON Schema of scenarios, for editors
    #[command(after_help = "Examples:\n  \
        queuelab schema > scenario.schema.json\n  \
        then put  #:schema ./scenario.schema.json  on the first line of a scenario")]
    Schema,
    /// Print a completion script for a shell
    #[command(after_help = "Examples:\n  \
        queuelab completions bash > /etc/bash_completion.d/queuelab\n  \
        queuelab completions zsh > ~/.zfunc/_queuelab")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = "Examples:\n  \
        queuelab man | man -l -\n  \
        queuelab man > /usr/local/share/man/man1/queuelab.1")]
    Man,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The number that all randomness comes from (instead of run.seed)
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Change a value of the scenario, such as consumers.workers.count=4; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Independent repetitions (instead of run.replications)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replications: Option<u32>,
    /// Add replications until intervals are so narrow, such as 2% (instead of run.precision)
    #[arg(long, value_name = "SHARE", conflicts_with = "replications", value_parser = precision)]
    pub precision: Option<f64>,
    /// Where the files go; of several scenarios, each to a folder in it [default: output/NAME]
    #[arg(long, value_name = "DIR", conflicts_with = "no_files")]
    pub out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print only, write no files
    #[arg(long)]
    pub no_files: bool,
    /// Also write messages.csv: one row for each message of the first replication
    #[arg(long, conflicts_with = "no_files")]
    pub journal: bool,
    /// Also write trace.json (Perfetto) and spans.json (Jaeger): the first N messages of the first replication as traces
    #[arg(long, value_name = "N", conflicts_with = "no_files", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub trace: Option<u32>,
    /// Also write metrics.txt: what happened over time, for Prometheus
    #[arg(long, conflicts_with = "no_files")]
    pub openmetrics: bool,
    /// Threads to use; the results do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Half the width of an interval over its estimate.
fn precision(text: &str) -> Result<f64, String> {
    let share: Ratio = text.parse().map_err(|error: UnitError| format!("{}: {}", error.cause, error.cure.unwrap_or_default()))?;
    if share.0 > 0.0 && share.0 <= 0.5 { Ok(share.0) } else { Err("a precision is above 0% and at most 50%".to_owned()) }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Scenario files, folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change a value of the scenario, such as consumers.workers.count=4; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
}

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct New {
    /// Which template
    #[arg(long, value_name = "NAME", default_value = "work-queue")]
    pub template: String,
    /// Write to this file, which must not exist, and the data that the template reads beside it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// List the templates
    #[arg(long)]
    pub list: bool,
}

/// What `run` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for a terminal
    Text,
    /// One JSON document
    Json,
    /// The metrics as CSV
    Csv,
    /// Tables for a document
    Markdown,
    /// Nothing but errors
    Quiet,
}

/// What `check` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A drawing and tables
    Text,
    /// One JSON document
    Json,
}
