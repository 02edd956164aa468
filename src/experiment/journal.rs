//! The journal of the first replication: the same events once more, with an observer that keeps a row for each message.

use super::replication::Schedule;
use super::study::Course;
use crate::engine::World;
use crate::measure::{Journal, Rows};
use crate::model::Model;
use crate::units::{Span, Time};
use std::io::{Error, ErrorKind, Result, Write};

/// Rows that a step is meant to give: many enough to cost nothing, few enough to be held.
const ROWS: std::ops::RangeInclusive<usize> = 1_000..=10_000;
/// The first step.
const FIRST_STEP: Span = Span(1_000_000);

/// A part of the model on its way.
struct Run<'m> {
    model: &'m Model,
    world: World,
    journal: Journal,
    /// Where it ends.
    until: Time,
    /// Everything before this instant has happened.
    seen: Time,
    /// How far it goes next.
    step: Span,
    over: bool,
}

/// Writes the journal of the first replication, all parts of the model in order of time; `courses` is how a study went.
/// `progress` is told the simulated time now and then, and ends the journal early by answering `false`.
///
/// # Errors
/// What the output says; [`ErrorKind::Interrupted`] when it was ended early.
pub fn journal(model: &Model, courses: &[Course], out: impl Write, progress: &dyn Fn(Time) -> bool) -> Result<()> {
    let parts = model.parts();
    let mut runs: Vec<Run<'_>> = parts.iter().zip(courses).map(|(part, course)| Run::new(part, *course)).collect();
    let mut rows = Rows::new(out)?;
    // Whoever is furthest behind goes on, a step at a time: so all stay close together, and few rows wait for the others.
    while let Some(last) = runs.iter_mut().filter(|run| !run.over).min_by_key(|run| run.seen) {
        last.advance()?;
        if !progress(last.seen) {
            return Err(ErrorKind::Interrupted.into());
        }
        let seen = runs.iter().filter(|run| !run.over).map(|run| run.seen).min().unwrap_or(Time(u64::MAX));
        let mut ready = Vec::new();
        for run in &mut runs {
            ready.extend(std::iter::from_fn(|| run.journal.take_before(seen)).map(|row| (run.model, row)));
        }
        ready.sort_by_key(|(_, row)| row.ended);
        ready.iter().try_for_each(|(model, row)| rows.write(model, row))?;
    }
    rows.finish()
}

/// The world of the first replication as a study saw it, and where it ends.
pub(super) fn first(model: &Model, course: Course) -> (World, Time) {
    let schedule = Schedule::lasting(model, course.warmup.span(), course.duration);
    let end = schedule.arrivals_end();
    (World::new(model, model.plan.seed, 0, end), if schedule.drain { Time::LATEST } else { end })
}

impl<'m> Run<'m> {
    fn new(model: &'m Model, course: Course) -> Run<'m> {
        let (world, until) = first(model, course);
        Run { model, world, journal: Journal::default(), until, seen: Time::ZERO, step: FIRST_STEP, over: false }
    }

    fn advance(&mut self) -> Result<()> {
        let max_events = self.model.plan.max_events.unwrap_or(u64::MAX);
        let (target, before) = (self.until.min(self.seen + self.step), self.journal.rows());
        let there = self.world.advance_a_while(target, max_events, &mut self.journal).map_err(Error::other)?;
        self.seen = if there { target } else { self.world.last_event() };
        self.over = self.world.is_over() || self.seen >= self.until;
        let rows = self.journal.rows() - before;
        if rows < *ROWS.start() {
            self.step = Span(self.step.0.saturating_mul(2).min(Time::LATEST.0));
        } else if rows > *ROWS.end() {
            self.step = Span((self.step.0 / 2).max(1));
        }
        Ok(())
    }
}
