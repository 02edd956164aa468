//! One row for each message: the observer behind `--journal`.

use crate::engine::{Observer, Outcome, Subject, Transition};
use crate::model::Model;
use crate::units::Time;
use std::io::Write;

/// Writes a CSV row for every message that ends.
///
/// Times are seconds from the start of the run with nine decimals, exact to the nanosecond. `started_s` is the start of its
/// first work, empty if it never came to that.
pub struct Journal<'m, W: Write> {
    model: &'m Model,
    rows: csv::Writer<W>,
    /// For each message slot in use: the start of its first work.
    started: Vec<Option<Time>>,
    /// The same for those that are known with all that they cause.
    families: Vec<Option<Time>>,
    /// The first error of the output; nothing is written after it.
    failed: Option<csv::Error>,
}

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

impl<'m, W: Write> Journal<'m, W> {
    /// A journal that writes to `out`; writes the header.
    pub fn new(model: &'m Model, out: W) -> Journal<'m, W> {
        let mut rows = csv::Writer::from_writer(out);
        let failed = rows.write_record(HEADER).err();
        Journal { model, rows, started: Vec::new(), families: Vec::new(), failed }
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// The first error that the output gave.
    pub fn finish(mut self) -> std::io::Result<()> {
        match self.failed.take() {
            Some(error) => Err(error.into()),
            None => self.rows.flush(),
        }
    }

    fn first_start(&mut self, subject: Subject) -> &mut Option<Time> {
        match subject {
            Subject::Message(slot) => entry(&mut self.started, slot.0),
            Subject::Family(family) => entry(&mut self.families, family),
        }
    }

    #[inline(never)]
    fn write(&mut self, now: Time, started: Option<Time>, outcome: Outcome, message: &crate::engine::Message) {
        if self.failed.is_some() {
            return;
        }
        let producer = &self.model.producers[message.producer as usize];
        let carried = producer.arrivals.trace().map(|trace| &trace.carried);
        let index = message.index as usize;
        let size = carried.and_then(|carried| carried.size.as_ref()).map(|sizes| sizes[index].to_string());
        let key = carried.and_then(|carried| carried.key.as_ref()).map(|keys| keys[index].as_str());
        let outcome = match outcome {
            Outcome::Completed => "completed",
            Outcome::Rejected => "rejected",
            Outcome::Dropped => "dropped",
            Outcome::Expired => "expired",
            Outcome::Failed => "failed",
            Outcome::Recalled => "recalled",
        };
        self.failed = self
            .rows
            .write_record([
                producer.name.as_str(),
                &message.index.to_string(),
                &message.priority.to_string(),
                size.as_deref().unwrap_or(""),
                key.unwrap_or(""),
                &seconds(message.born.0),
                &started.map(|time| seconds(time.0)).unwrap_or_default(),
                &seconds(now.0),
                outcome,
                &seconds(message.waited.0),
                &seconds((now - message.born).0),
            ])
            .err();
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

impl<W: Write> Observer for Journal<'_, W> {
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
                self.write(now, started, outcome, message);
            }
            _ => {}
        }
    }
}
