//! Spans of the first messages of the first replication: the same events once more, with an observer that follows a few.

use super::journal::first;
use super::study::Course;
use crate::measure::{MessageTrace, Tracer};
use crate::model::Model;
use crate::units::{Span, Time};
use std::io::{Error, ErrorKind, Result};

/// How far a run goes before it is asked whether that was enough; then twice as far.
const FIRST_STEP: Span = Span(1_000_000);

/// The first `limit` messages of each connected part that are born in its measured time, in order of birth; `courses` is how a study
/// went. A run goes on until all of them are done. `progress` is told the simulated time now and then, and ends it early by
/// answering `false`.
///
/// # Errors
/// Why the run had to be stopped; [`ErrorKind::Interrupted`] when it was ended early.
pub fn trace(model: &Model, courses: &[Course], limit: usize, progress: &dyn Fn(Time) -> bool) -> Result<Vec<MessageTrace>> {
    let mut all = Vec::new();
    for (part, course) in model.parts().iter().zip(courses) {
        all.extend(trace_part(part, *course, limit, progress)?);
    }
    // Of messages that are born together, those of the part that comes first.
    all.sort_by_key(|trace| trace.spans[0].start);
    Ok(all)
}

fn trace_part(model: &Model, course: Course, limit: usize, progress: &dyn Fn(Time) -> bool) -> Result<Vec<MessageTrace>> {
    let (mut world, until) = first(model, course);
    let begin = Time::ZERO + course.warmup.span();
    let mut tracer = Tracer::new(model, begin, limit);
    let max_events = model.plan.max_events.unwrap_or(u64::MAX);
    let (mut target, mut step) = (begin.min(until), FIRST_STEP);
    loop {
        let there = world.advance_a_while(target, max_events, &mut tracer).map_err(Error::other)?;
        if !progress(world.last_event()) {
            return Err(ErrorKind::Interrupted.into());
        }
        if tracer.is_done() || world.is_over() || there && target >= until {
            break;
        }
        if there {
            target = until.min(target + step);
            step = Span(step.0.saturating_mul(2).min(Time::LATEST.0));
        }
    }
    // A run that goes on until all is done ends with its last event.
    let end = if until == Time::LATEST { world.last_event() } else { until };
    Ok(tracer.finish(end))
}
