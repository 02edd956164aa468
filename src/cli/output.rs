//! Standard output and standard error.

use super::{Failure, Status};
use crate::report;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a text to standard output. A reader that has gone away (`| head`) is no failure.
///
/// # Errors
/// When it cannot be written.
pub fn print(text: &str) -> Result<Status, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Machine { doing: "write", path: "standard output".into(), source })
        }
        _ => Ok(Status::Success),
    }
}

/// Writes a text to standard error. Where that cannot be written there is nobody left to tell (`eprint!` would panic); the
/// exit status still says what happened.
pub fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Refuses a folder that has results of another command than `own`, before anything is written to it.
///
/// # Errors
/// It has.
pub(super) fn refuse_results_of_another(place: &Path, own: &str) -> Result<(), Failure> {
    let Some((other, file)) = report::results_of_another(place, own) else { return Ok(()) };
    Err(Failure::Usage(format!(
        "{} is from `queuelab {other}`, whose report.html `queuelab {own}` would write over\n  \
         = help: choose another folder with --out, or remove {}",
        file.display(),
        place.display()
    )))
}
