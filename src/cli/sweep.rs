//! `queuelab sweep`: a grid of values, point by point, with a journal from which a killed sweep goes on.

use super::args::{Format, Sweep};
use super::grid::Grid;
use super::output::refuse_results_of_another;
use super::progress::{Points, interrupted, watch_for_interrupts};
use super::run::{not_written, style};
use super::{Failure, Status, complain, print};
use crate::experiment::each_point;
use crate::report::{self, Folder, Journal, JournalError, Plan, Point};
use crate::scenario;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

/// More points than these are asked about.
const MOST_WITHOUT_ASKING: u64 = 10_000;

/// Simulates what is missing, and writes the files when all points are there.
///
/// # Errors
/// What is wrong with scenario, grid or folder, and what the machine refuses.
pub fn sweep(arguments: &Sweep) -> Result<Status, Failure> {
    watch_for_interrupts();
    let grid = Grid::read(arguments)?;
    let known = report::known_metrics(grid.first());
    for name in &arguments.metric {
        refuse_unknown(name, &known)?;
    }
    let (k, n) = arguments.shard.unwrap_or((1, 1));
    let threads = arguments.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    grid.ask_about_size(MOST_WITHOUT_ASKING, grid.points().div_ceil(n), threads)?;
    grid.check()?;
    let place = arguments.out.clone().unwrap_or_else(|| place_of(grid.name(), arguments.shard));
    refuse_results_of_another(&place, "sweep")?;
    let folder = report::prepare_sweep(&place).map_err(not_written)?;
    let journal = Journal::open(folder.path(), &grid.plan())?;
    // The lock on the journal is ours.
    folder.remove_parts().map_err(not_written)?;
    if journal.mended {
        complain("note: the last record was cut off; its point is simulated again\n");
    }
    let missing: Vec<u64> = journal.missing().into_iter().filter(|point| point % n == k - 1).collect();
    let started = Instant::now();
    let journal = simulate(&grid, journal, &missing, threads, arguments.format != Format::Quiet)?;
    if interrupted() {
        let (done, all) = (journal.count(), grid.points());
        complain(&format!(
            "interrupted: {done} of {all} points are in {}; the same command goes on from there\n",
            place.display()
        ));
        return Ok(Status::Interrupted);
    }
    journal.put_in_order()?;
    if !journal.missing().is_empty() {
        let words = format!(
            "shard {k}/{n}: {} of {} points are in {}; `queuelab merge` puts the shards together\n",
            journal.count(),
            grid.points(),
            place.display()
        );
        if arguments.format == Format::Text {
            print(&words)?;
        } else {
            complain(&words);
        }
        return Ok(Status::Success);
    }
    let took = (!missing.is_empty()).then(|| started.elapsed());
    finish(&folder, &arguments.metric, arguments.format, took)
}

/// Where a sweep goes when nobody says.
pub(super) fn place_of(name: &str, shard: Option<(u64, u64)>) -> PathBuf {
    let own = shard.map_or("sweep".to_owned(), |(k, n)| format!("sweep-{k}-of-{n}"));
    Path::new("output").join(name).join(own)
}

/// A metric that nothing measures.
pub(super) fn refuse_unknown(name: &str, known: &[String]) -> Result<(), Failure> {
    if known.iter().any(|metric| metric == name) {
        return Ok(());
    }
    let help = scenario::suggestion(name, known);
    Err(Failure::Usage(format!("nothing is measured as `{name}`\n  = help: {help}")))
}

/// Simulates some points; gives the journal back with those that were finished.
fn simulate(grid: &Grid<'_>, journal: Journal, missing: &[u64], threads: usize, show: bool) -> Result<Journal, Failure> {
    let plan: Plan = journal.plan().clone();
    let bar = Points::new(grid.name(), missing.len() as u64, show);
    let journal = Mutex::new(journal);
    each_point::<Failure>(missing, threads, &|point| grid.model(point), &|| !interrupted(), &|point, model, outcome| {
        let record = Point::of(&plan, point, model, &outcome);
        journal.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).append(&record)?;
        bar.one();
        Ok(())
    })?;
    Ok(journal.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// Writes and prints a sweep that is complete.
pub(super) fn finish(
    folder: &Folder,
    metrics: &[String],
    format: Format,
    took: Option<std::time::Duration>,
) -> Result<Status, Failure> {
    let journal = Journal::read(folder.path())?;
    let shown = if metrics.is_empty() { journal.plan().shown.clone() } else { metrics.to_vec() };
    let sweep = report::Sweep::of(&journal, &shown)?;
    let written = report::write_sweep(folder, &journal, &sweep).map_err(not_written)?;
    let to_output = |source| Failure::Machine { doing: "write", path: "standard output".into(), source };
    match format {
        Format::Text => {
            let place = format!("wrote {} files to {}\n", written.len(), folder.path().display());
            print(&format!("{}\n{place}", report::sweep_table(&sweep, style(), took)))
        }
        Format::Markdown => print(&report::sweep_markdown(&sweep)),
        Format::Json | Format::Csv => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            let done = match format {
                Format::Json => report::sweep_json(&journal, &sweep, &mut out),
                _ => report::sweep_csv(&journal, &mut out),
            };
            match done.and_then(|()| out.flush()) {
                // A reader that has gone away (`| head`) is no failure.
                Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => Err(to_output(source)),
                _ => Ok(Status::Success),
            }
        }
        Format::Quiet => Ok(Status::Success),
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        match error {
            JournalError::Machine { path, source } => Failure::Machine { doing: "use", path, source },
            refused => Failure::Usage(refused.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(source: std::io::Error) -> Failure {
        Failure::Machine { doing: "start", path: "threads".into(), source }
    }
}
