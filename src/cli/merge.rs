//! `queuelab merge`: the shards of a sweep, put together into what one run would have written.

use super::args::Merge;
use super::output::refuse_results_of_another;
use super::run::{PROGRAM, not_written};
use super::sweep::{finish, place_of, refuse_unknown};
use super::{Failure, Status};
use crate::report::{self, JOURNAL, Journal};

/// Puts shards together.
///
/// # Errors
/// They do not belong together, leave points out, or cannot be read; and what the machine refuses.
pub fn merge(arguments: &Merge) -> Result<Status, Failure> {
    let shards: Vec<Journal> = arguments.folders.iter().map(|folder| Journal::read(folder)).collect::<Result<_, _>>()?;
    for (shard, folder) in shards.iter().zip(&arguments.folders) {
        let other = &shard.plan().program;
        if other != PROGRAM {
            let cause = format!(
                "this shard is by {other}, this is {PROGRAM}\n --> {}\n  = help: merge it with {other}, or run it again",
                folder.join(JOURNAL).display()
            );
            return Err(Failure::Usage(cause));
        }
    }
    let Some(first) = shards.first() else { return Err(Failure::Usage("there is nothing to merge".to_owned())) };
    if let Some(point) = first.points().next() {
        let known: Vec<String> = point?.metrics.keys().cloned().collect();
        for name in &arguments.metric {
            refuse_unknown(name, &known)?;
        }
    }
    let place = arguments.out.clone().unwrap_or_else(|| place_of(&first.plan().name, None));
    refuse_results_of_another(&place, "sweep")?;
    let folder = report::prepare_sweep(&place).map_err(not_written)?;
    Journal::merge(&shards, folder.path())?;
    finish(&folder, &arguments.metric, arguments.format, None)
}
