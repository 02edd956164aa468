//! Replays what real brokers did, and prints what was measured beside what is predicted, as Markdown.
//!
//! ```text
//! cargo run --release --example real                                    # the shipped recordings
//! cargo run --release --example real -- R5 R6                           # only these
//! cargo run --release --example real -- --recordings FOLDER             # raw recordings in any folder
//! ```
//! A raw recording is a folder with `meta.json` (its parameters) and `messages.csv.gz` (one row for each attempt of a message; `docs/validation.md`
//! explains the columns). For each of them a scenario is written to `--out`, from its parameters and the delays that hold for all, which
//! `queuelab run` takes as well. `docs/validation.md` holds a recorded result.

#[path = "../tests/real/suite.rs"]
mod suite;

use clap::Parser;
use rayon::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;
use suite::recordings::{Converted, convert, recordings};
use suite::table::{Comparison, Kind, dealt_out, distance, table, windows, words};
use suite::window::points;

/// Compares the program with real brokers.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only recordings whose names begin so
    names: Vec<String>,
    /// A folder of raw recordings, instead of those that are shipped
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// Where their scenarios and compact tables are written to
    #[arg(long, value_name = "FOLDER", default_value = "output/real")]
    out: PathBuf,
}

fn main() -> ExitCode {
    let Arguments { names, recordings: raw, out } = Arguments::parse();
    let chosen = |name: &str| names.is_empty() || names.iter().any(|part| name.starts_with(part.as_str()));
    let found = match &raw {
        Some(raw) => convert(raw, &out, &names),
        None => Ok(Converted {
            recordings: recordings().into_iter().filter(|recording| chosen(&recording.name)).collect(),
            windows: if chosen("R10_window") { points() } else { Vec::new() },
            ..Converted::default()
        }),
    };
    let Converted { recordings, windows: measured, notes, mut troubles } = match found {
        Ok(found) => found,
        Err(trouble) => {
            eprintln!("error: {trouble}");
            return ExitCode::from(2);
        }
    };
    notes.iter().for_each(|note| eprintln!("note: {note}"));
    let mut comparisons = Vec::new();
    for comparison in recordings.into_par_iter().map(Comparison::of).collect::<Vec<_>>() {
        match comparison {
            Ok(comparison) => comparisons.push(comparison),
            Err(trouble) => troubles.push(trouble),
        }
    }
    for (title, kind) in [("Waits", Kind::Replay), ("Round trips", Kind::Requests), ("Paths", Kind::Path)] {
        if comparisons.iter().any(|comparison| comparison.recording.kind() == kind) {
            println!("{title}, in milliseconds\n\n{}", table(&comparisons, kind));
        }
    }
    if comparisons.iter().any(|comparison| comparison.recording.kind() == Kind::Replay) {
        print!("{}", words("as the scenarios are", distance(&comparisons, false)));
        print!("{}", words("at the speed of the machine", distance(&comparisons, true)));
        println!("{}", dealt_out(&comparisons));
    }
    if !measured.is_empty() {
        print!("Messages a second over the window of unconfirmed messages\n\n{}", windows(&measured));
    }
    troubles.iter().for_each(|trouble| eprintln!("error: {trouble}"));
    if troubles.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
