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
    queuelab run scenarios/mm3.toml --set consumers.workers.count=4\n  \
    queuelab compare scenarios/checkout-sync.toml scenarios/checkout-async.toml\n\n\
    Exit status: 0 ran and no goal is missed; 1 a goal is missed (with --strict: or inconclusive);\n\
    2 bad usage or scenario; 3 input or output failed; 101 a bug of ours; 130 interrupted, partial results written.")]
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
    /// Compare designs: scenarios, a scenario and its variants, or results; differences with intervals
    #[command(after_help = "The first design is the baseline. All are simulated with the same random numbers, replication by\n\
        replication, so that differences are known better than the designs themselves.\n\n\
        Examples:\n  \
        queuelab compare scenarios/checkout-sync.toml scenarios/checkout-async.toml\n  \
        queuelab compare scenarios/mm3.toml              the file and its [variants]\n  \
        queuelab compare scenarios/mm3.toml --metric consumers.workers.wait.mean --precision 1%\n  \
        queuelab compare before/result.json after/result.json --format markdown")]
    Compare(Compare),
    /// Simulate a scenario on a grid of values: tidy CSV, charts, the knee of latency against load
    #[command(after_help = "VALUES are a range or a list: 1..20, 1..100 step 5, 100/s..1000/s step 100/s, a,b,c\n\n\
        A sweep that was interrupted or killed goes on where it was when the same command is given again.\n\n\
        Examples:\n  \
        queuelab sweep scenarios/mm3.toml --vary consumers.workers.count=3..8\n  \
        queuelab sweep scenarios/mm3.toml --vary 'producers.web.arrivals.poisson=30/s..290/s step 20/s'\n  \
        queuelab sweep big.toml --vary ... --shard 1/4 --out part1      one of four machines\n  \
        queuelab merge part1 part2 part3 part4 --out whole")]
    Sweep(Sweep),
    /// Find the smallest value that meets every goal, or the cheapest combination of two or three
    #[command(after_help = "Several paths need [costs] in the scenario: \"consumers.workers.count\" = 1.0\n\n\
        Exit status 0: found; 1: nothing in the range will do.\n\n\
        Examples:\n  \
        queuelab size scenarios/mm3.toml consumers.workers.count\n  \
        queuelab size scenarios/mm3.toml consumers.workers.count --set 'goals.latency=consumers.workers.wait.p99 < 20ms'\n  \
        queuelab size mine.toml consumers.a.count consumers.b.count --range 1..20 --range 1..8")]
    Size(Size),
    /// Put the shards of a sweep together
    #[command(after_help = "Examples:\n  \
        queuelab merge part1 part2 --out whole")]
    Merge(Merge),
    /// Print a commented scenario to start from
    #[command(after_help = "Examples:\n  \
        queuelab new > first.toml\n  \
        queuelab new --template pipeline --out pipeline.toml")]
    New(New),
    /// Print brokers with known parameters, or one with the source of each number
    #[command(after_help = "Examples:\n  \
        queuelab presets\n  \
        queuelab presets rabbitmq-quorum\n  \
        then write  preset = \"rabbitmq-quorum\"  under [brokers.rabbit]")]
    Presets(Presets),
    /// Print the JSON Schema of scenarios, for editors
    #[command(after_help = "Examples:\n  \
        queuelab schema > scenario.schema.json\n  \
        then put  #:schema ./scenario.schema.json  on the first line of a scenario")]
    Schema {
        /// What is printed; the schema is JSON either way
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
    /// Print a completion script for a shell
    #[command(after_help = "Examples:\n  \
        queuelab completions bash > /etc/bash_completion.d/queuelab\n  \
        queuelab completions zsh > ~/.zfunc/_queuelab")]
    Completions {
        /// Which shell
        shell: Shell,
        /// What is printed
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
    /// Print the manual page
    #[command(after_help = "Examples:\n  \
        queuelab man | man -l -\n  \
        queuelab man > /usr/local/share/man/man1/queuelab.1")]
    Man {
        /// What is printed
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
    },
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, folders of them, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The number that all randomness comes from (instead of run.seed)
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Change a value of the scenario, such as consumers.workers.count=4; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Independent repetitions (instead of run.replications)
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
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
    /// Exit with 1 also where a goal is inconclusive
    #[arg(long)]
    pub strict: bool,
    /// Threads to use; the results do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// Scenario files, - for standard input, result.json files, or folders with one; the first is the baseline
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A metric to compare, such as consumers.workers.wait.p99; may be given many times [default: those of all goals]
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// The number that all randomness comes from, for all designs (instead of the baseline's run.seed)
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Change a value of every scenario; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Independent repetitions of every design [default: the largest run.replications]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replications: Option<u32>,
    /// Add replications until half of each difference's interval is such a share of the baseline's value, such as 2%
    #[arg(long, value_name = "SHARE", conflicts_with = "replications", value_parser = precision)]
    pub precision: Option<f64>,
    /// Where the files go [default: output/NAME/compare, NAME being the baseline]
    #[arg(long, value_name = "DIR", conflicts_with = "no_files")]
    pub out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print only, write no files
    #[arg(long)]
    pub no_files: bool,
    /// Exit with 1 also where a goal is inconclusive
    #[arg(long)]
    pub strict: bool,
    /// Threads to use; the results do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Half the width of an interval over its estimate.
fn precision(text: &str) -> Result<f64, String> {
    narrow(text, "a precision")
}

/// How near to a goal both sides of it are as good.
fn tolerance(text: &str) -> Result<f64, String> {
    narrow(text, "a tolerance")
}

fn narrow(text: &str, what: &str) -> Result<f64, String> {
    let share: Ratio = text.parse().map_err(|error: UnitError| format!("{}: {}", error.cause, error.cure.unwrap_or_default()))?;
    if share.0 > 0.0 && share.0 <= 0.5 { Ok(share.0) } else { Err(format!("{what} is above 0% and at most 50%")) }
}

/// A seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct Sweep {
    /// Scenario file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A path and its values; given twice, every pair of values is simulated
    #[arg(long, value_name = "PATH=VALUES", required = true)]
    pub vary: Vec<String>,
    /// The number that all randomness comes from, the same at each point (instead of run.seed)
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Change a value of the scenario at all points; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Independent repetitions of each point (instead of run.replications)
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replications: Option<u32>,
    /// Add replications to each point until intervals are so narrow, such as 2% (instead of run.precision)
    #[arg(long, value_name = "SHARE", conflicts_with = "replications", value_parser = precision)]
    pub precision: Option<f64>,
    /// A metric to show and to draw, such as consumers.workers.wait.p99; may be given many times [default: those of the goals]
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// Only this part of the points: K of N equal ones, for `merge`
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub shard: Option<(u64, u64)>,
    /// Simulate a grid of any size without asking
    #[arg(long)]
    pub yes: bool,
    /// Where the files go [default: output/NAME/sweep]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Threads to use; the results do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// K of N, from 1.
fn shard(text: &str) -> Result<(u64, u64), String> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.trim().parse::<u64>().ok()?, n.trim().parse::<u64>().ok()?)));
    match parts {
        Some((k, n)) if (1..=n).contains(&k) => Ok((k, n)),
        Some((k, n)) => Err(format!("there is no part {k} of {n}: the parts of {n} are 1/{n} to {n}/{n}")),
        None => Err("write K/N, such as 1/4".to_owned()),
    }
}

/// Arguments of `size`.
#[derive(Debug, Args)]
pub struct Size {
    /// Scenario file with [goals], or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What is sized, such as consumers.workers.count; up to three paths
    #[arg(value_name = "PATH", required = true, num_args = 1..=3)]
    pub paths: Vec<String>,
    /// Its values from small to large; of several paths one for each, in their order, or one for all
    #[arg(long, value_name = "VALUES", default_value = "1..64")]
    pub range: Vec<String>,
    /// A goal that is met or missed by less than this counts as either
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = tolerance)]
    pub tolerance: f64,
    /// The number that all randomness comes from (instead of run.seed)
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Change a value of the scenario; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Where the files go [default: output/NAME/size]
    #[arg(long, value_name = "DIR", conflicts_with = "no_files")]
    pub out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print only, write no files
    #[arg(long)]
    pub no_files: bool,
    /// Threads to use; the results do not depend on it [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Folders that `sweep --shard` wrote
    #[arg(required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// A metric to show and to draw; may be given many times [default: those of the goals]
    #[arg(long, value_name = "NAME")]
    pub metric: Vec<String>,
    /// Where the files go [default: output/NAME/sweep]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
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
    /// What is printed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
}

/// Arguments of `presets`.
#[derive(Debug, Args)]
pub struct Presets {
    /// Which one; all unless told otherwise
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// What is printed
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
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

/// What commands print that have no table for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Text for a terminal
    Text,
    /// One JSON document
    Json,
}
