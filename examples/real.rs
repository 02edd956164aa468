//! Replays what real brokers did, and prints what was measured beside what is predicted, as Markdown.
//!
//! ```text
//! cargo run --release --example real
//! cargo run --release --example real -- R5 R6      # only these
//! ```
//! `docs/validation.md` holds a recorded result.

#[path = "../tests/real/suite.rs"]
mod suite;

use rayon::prelude::*;
use suite::recordings::recordings;
use suite::table::{Comparison, Kind, dealt_out, distance, table, windows, words};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.starts_with(part.as_str()));
    let comparisons: Vec<Comparison> =
        recordings().into_par_iter().filter(|recording| chosen(&recording.name)).map(Comparison::of).collect();
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
    if chosen("R10_window") {
        print!("Messages a second over the window of unconfirmed messages\n\n{}", windows());
    }
}
