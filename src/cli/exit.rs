//! How a command ends.

use crate::report::{GoalResult, Verdict};
use crate::scenario::{Problems, ReadError};
use std::path::PathBuf;
use std::process::ExitCode;
use thiserror::Error;

/// The exit status: a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It ran, and all goals are met; or inconclusive, unless that is asked to fail.
    Success = 0,
    /// It ran, and a goal is missed; or inconclusive, where that is asked to fail.
    GoalMissed = 1,
    /// Bad usage or a bad scenario.
    Refused = 2,
    /// Input or output failed.
    Machine = 3,
    /// Interrupted; partial results are written.
    Interrupted = 130,
}

impl Status {
    /// That of a run with these goals; `strict`: an inconclusive goal counts as missed.
    pub fn of_goals<'a>(goals: impl IntoIterator<Item = &'a GoalResult>, strict: bool) -> Status {
        let fails = |goal: &GoalResult| goal.verdict == Verdict::Missed || (strict && goal.verdict == Verdict::Inconclusive);
        if goals.into_iter().any(fails) { Status::GoalMissed } else { Status::Success }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

/// Why a command could not do its work. A bug of ours is none of these: it panics, and the process ends with 101.
#[derive(Debug, Error)]
pub enum Failure {
    /// The user's document.
    #[error("{0}")]
    Document(String),
    /// A request that makes no sense.
    #[error("error: {0}")]
    Usage(String),
    /// The machine: a file that cannot be read or written.
    #[error("error: cannot {doing} {path}: {source}", path = path.display())]
    Machine {
        /// What was tried: `read`, `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The user interrupted before there was anything to write.
    #[error("interrupted before the first replication was done: nothing is written")]
    Interrupted,
}

impl Failure {
    /// The status that this ends with.
    pub fn status(&self) -> Status {
        match self {
            Failure::Document(_) | Failure::Usage(_) => Status::Refused,
            Failure::Machine { .. } => Status::Machine,
            Failure::Interrupted => Status::Interrupted,
        }
    }

    /// A document with these problems.
    pub fn problems(problems: &Problems) -> Failure {
        Failure::Document(problems.render(super::stderr_has_color()).trim_end().to_owned())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        match error {
            ReadError::Io { path, source } => Failure::Machine { doing: "read", path, source },
            ReadError::Problem(problems) => Failure::problems(&problems),
        }
    }
}
