//! The journal of the first replication: the same events once more, with an observer that keeps a row for each message.

use super::replication::Schedule;
use super::study::Course;
use crate::engine::World;
use crate::measure::{Journal, Rows};
use crate::model::Model;
use crate::units::Time;
use std::io::{Error, ErrorKind, Result, Write};

/// A part of the model on its way.
struct Run<'m> {
    model: &'m Model,
    world: World,
    journal: Journal,
    /// Where it ends.
    until: Time,
    /// Everything before this instant has happened.
    seen: Time,
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
    // Whoever is furthest behind goes on, a while at a time: so all stay close together, and few rows wait for the others.
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

impl<'m> Run<'m> {
    fn new(model: &'m Model, course: Course) -> Run<'m> {
        let schedule = Schedule::lasting(model, course.warmup.span(), course.duration);
        let end = schedule.arrivals_end();
        let world = World::new(model, model.plan.seed, 0, end);
        let until = if schedule.drain { Time::LATEST } else { end };
        Run { model, world, journal: Journal::default(), until, seen: Time::ZERO, over: false }
    }

    fn advance(&mut self) -> Result<()> {
        let max_events = self.model.plan.max_events.unwrap_or(u64::MAX);
        self.over = self.world.advance_a_while(self.until, max_events, &mut self.journal).map_err(Error::other)?;
        self.seen = self.world.last_event();
        Ok(())
    }
}
