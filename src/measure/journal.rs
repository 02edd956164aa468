//! One row for each message: the observer behind `--journal`.

use crate::engine::{Message, Observer, Outcome, Subject, Transition};
use crate::model::Model;
use crate::units::Time;
use std::collections::VecDeque;
use std::io::Write;

/// A message that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// When it ended.
    pub ended: Time,
    /// The start of its first work, where it came to that.
    started: Option<Time>,
    outcome: Outcome,
    message: Message,
}

/// Gathers a row for every message that ends, in order of time, until somebody takes them.
#[derive(Debug, Default)]
pub struct Journal {
    /// For each message slot in use: the start of its first work.
    started: Vec<Option<Time>>,
    /// The same for those that are known with all that they cause.
    families: Vec<Option<Time>>,
    rows: VecDeque<Row>,
}

impl Journal {
    fn first_start(&mut self, subject: Subject) -> &mut Option<Time> {
        match subject {
            Subject::Message(slot) => entry(&mut self.started, slot.0),
            Subject::Family(family) => entry(&mut self.families, family),
        }
    }

    /// Rows that nobody has taken yet.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The next row, if its message ended before `time`.
    pub fn take_before(&mut self, time: Time) -> Option<Row> {
        self.rows.front().filter(|row| row.ended < time)?;
        self.rows.pop_front()
    }
}

/// Writes rows as CSV.
///
/// Times are seconds from the start of the run with nine decimals, exact to the nanosecond. `started_s` is the start of its
/// first work, empty if it never came to that.
pub struct Rows<W: Write>(csv::Writer<W>);

const HEADER: [&str; 11] = [
    "producer",
    "index",
    "priority",
    "size_bytes",
    "key",
    "created_s",
    "started_s",
    "ended_s",
    "outcome",
    "waited_s",
    "completion_s",
];

impl<W: Write> Rows<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// What the output says.
    pub fn new(out: W) -> std::io::Result<Rows<W>> {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(HEADER)?;
        Ok(Rows(rows))
    }

    /// Writes what became of a message of this model.
    ///
    /// # Errors
    /// What the output says.
    pub fn write(&mut self, model: &Model, row: &Row) -> std::io::Result<()> {
        let message = &row.message;
        let producer = &model.producers[message.producer as usize];
        let carried = producer.arrivals.trace().map(|trace| &trace.carried);
        let index = message.index as usize;
        let size = carried.and_then(|carried| carried.size.as_ref()).map(|sizes| sizes[index].to_string());
        let key = carried.and_then(|carried| carried.key.as_ref()).map(|keys| keys[index].as_str());
        self.0.write_record([
            producer.name.as_str(),
            &message.index.to_string(),
            &message.priority.to_string(),
            size.as_deref().unwrap_or(""),
            key.unwrap_or(""),
            &seconds(message.born.0),
            &row.started.map(|time| seconds(time.0)).unwrap_or_default(),
            &seconds(row.ended.0),
            outcome_name(row.outcome),
            &seconds(message.waited.0),
            &seconds((row.ended - message.born).0),
        ])?;
        Ok(())
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// How a message ended, as files say it.
pub(super) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::Rejected => "rejected",
        Outcome::Dropped => "dropped",
        Outcome::Expired => "expired",
        Outcome::Failed => "failed",
        Outcome::Recalled => "recalled",
        Outcome::Unroutable => "unroutable",
        Outcome::DeadLettered => "dead-lettered",
    }
}

/// Entry `at` of a list that is as long as it has to be.
fn entry(list: &mut Vec<Option<Time>>, at: u32) -> &mut Option<Time> {
    let at = at as usize;
    if at >= list.len() {
        list.resize(at + 1, None);
    }
    &mut list[at]
}

/// Nanoseconds as seconds, exactly.
fn seconds(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

impl Observer for Journal {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        match transition {
            Transition::Created { slot, .. } => {
                *entry(&mut self.started, slot.0) = None;
            }
            Transition::Founded { family, .. } => {
                *entry(&mut self.families, family) = None;
            }
            Transition::Started { subject, .. } => {
                let started = self.first_start(subject);
                *started = started.or(Some(now));
            }
            Transition::Ended { subject, outcome, message, .. } => {
                let started = *self.first_start(subject);
                self.rows.push_back(Row { ended: now, started, outcome, message: *message });
            }
            _ => {}
        }
    }
}
