//! What a report costs: `cargo bench --bench report`. A result is read back, and all its files are written, several times; shown
//! are the median time on all cores and the bytes.
//!
//! A large system must have a page that one can still send and open; a long run must cost no more than a short one.

use queuelab::report;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[path = "../tests/report/large.rs"]
mod large;

/// How often the files are written.
const ROUNDS: usize = 7;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    println!("{:<44} {:>10} {:>12} {:>12} {:>12}", "", "messages", "all files", "report.html", "all files");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/mm3.toml");
    let text = fs::read_to_string(shipped).expect("it is part of the repository");
    // 2.4 messages a second.
    for (name, seconds) in [("M/M/3, short", 4_167), ("M/M/3, long", 4_166_667)] {
        measure(folder.path(), name, &text, &["--set", &format!("run.duration={seconds}s"), "--replications", "1"]);
    }
    measure(folder.path(), "50 queues, 100 pools", &large::scenario(600), &[]);
}

/// Simulates a scenario, and prints what its files cost.
fn measure(folder: &Path, name: &str, scenario: &str, options: &[&str]) {
    let file = folder.join("case.toml");
    fs::write(&file, scenario).expect("a temporary file can be written");
    let out = folder.join("out");
    let program = env!("CARGO_BIN_EXE_queuelab");
    let run = Command::new(program).args(["run", "--format", "quiet", "--out"]).arg(&out).arg(&file).args(options).status();
    assert!(run.is_ok_and(|status| status.success()), "{name} cannot be run");
    let text = fs::read_to_string(out.join("result.json")).expect("every run has one");
    let result = report::read_result(&text).expect("it was just written");
    let messages: u64 = result.summary.replicates.iter().map(|replicate| replicate.created).sum();
    let place = report::prepare(&out).expect("it was just written to");
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            place.write(&result).expect("it was just written");
            started.elapsed()
        })
        .collect();
    times.sort();
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let all: u64 = fs::read_dir(&out).expect("it is there").map(|file| size(&file.expect("it is there").path())).sum();
    let kilobytes = |bytes: u64| format!("{} kB", bytes / 1000);
    println!(
        "{name:<44} {messages:>10} {:>9.0} ms {:>12} {:>12}",
        times[ROUNDS / 2].as_secs_f64() * 1e3,
        kilobytes(size(&out.join("report.html"))),
        kilobytes(all)
    );
}
