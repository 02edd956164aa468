//! Many replications of one model: in parallel, merged in order, with the warm-up that they need.

use super::gathered::Gathered;
use super::merge::merge;
use super::precision::{self, Look, Reached};
use super::replication::{Schedule, steady};
use super::summary::Summary;
use crate::engine::Halt;
use crate::model::{Model, Warmup};
use crate::stats::mser;
use crate::units::{Span, Time};
use rayon::prelude::*;
use thiserror::Error;

/// The least share of a run's duration that an automatic warm-up takes: one tenth of all that is simulated.
const LEAST_WARMUP: u64 = 9;
/// Replications below which a cut is not looked for: in the average of few series a cut follows their chance ups and downs,
/// and what is left is then biased.
const REPLICATIONS_TO_TELL: u32 = 5;
/// Bins below which a cut is not looked for: it could not be told where in a bin it lies.
const BINS_TO_TELL: usize = 50;
/// Values that a cut is looked for in.
const BINS_OF_A_CUT: usize = 150;

/// What a study gives.
#[derive(Debug)]
pub struct Study {
    /// The numbers of all replications.
    pub summary: Summary,
    /// How each connected part of the model was studied, in the order of [`Model::parts`].
    pub courses: Vec<Course>,
    /// How the precision was reached, where one was asked for.
    pub precision: Option<Reached>,
}

/// How a part of a model was studied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// How the warm-up was found.
    pub warmup: Cut,
    /// The measured time of a replication; longer than planned where the precision needed that.
    pub duration: Option<Span>,
    /// Replications that were done.
    pub replications: u32,
    /// Those that should have been done; more only after an interrupt.
    pub planned: u32,
}

/// A part by itself.
#[derive(Debug)]
pub(super) struct Studied {
    pub summary: Summary,
    pub course: Course,
    pub precision: Option<Reached>,
}

/// What was simulated and not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The user said so, or the study begins from an empty system.
    Given(Span),
    /// A tenth of the run: the data show no longer transient, or are those of too few replications or bins to tell.
    Floor(Span),
    /// The data show a transient of this length.
    Found(Span),
    /// A tenth of the run, which is too short to tell how long its transient is.
    Unsure(Span),
}

/// A replication was stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("replication {} was stopped: {halt}", replication + 1)]
pub struct Stopped {
    /// Its number, from 0.
    pub replication: u32,
    /// Why.
    pub halt: Halt,
}

/// What happens while a study runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum News {
    /// A replication, counted from 0, has reached this simulated time.
    Reached {
        /// Its number.
        replication: u32,
        /// How far it is.
        time: Time,
    },
    /// A search for precision has judged its intervals.
    Judged(Look),
}

/// Told of a part of the model, counted from 0 in the order of [`Model::parts`], what happens to it. Called from many threads;
/// answers whether to go on.
pub type Progress<'a> = &'a (dyn Fn(usize, News) -> bool + Sync);

/// The same for one part.
pub(super) type Watch<'a> = &'a (dyn Fn(News) -> bool + Sync);

impl Cut {
    /// Its length.
    pub fn span(self) -> Span {
        let (Cut::Given(span) | Cut::Floor(span) | Cut::Found(span) | Cut::Unsure(span)) = self;
        span
    }
}

/// Simulates all replications of a model on the threads of the current pool and summarises them: as many as the plan says, or
/// as its precision needs. Every connected part is studied as if it were alone. When `progress` asks to stop, the replications
/// that are done are summarised; there may be none.
///
/// # Errors
/// When a replication had to be stopped.
pub fn run(model: &Model, progress: Progress<'_>) -> Result<Study, Stopped> {
    let mut named = model.clone();
    named.plan.precision.metrics = precision::names(model);
    let any = !named.plan.precision.metrics.is_empty();
    let mut parts = named.parts();
    // Where something is named, what holds nothing of it is not searched for.
    for part in parts.iter_mut().filter(|part| any && part.plan.precision.metrics.is_empty()) {
        part.plan.precision.relative = None;
    }
    let of = |(at, part): (usize, &Model)| -> Result<Studied, Stopped> {
        let watch = |news: News| progress(at, news);
        match part.plan.precision.relative {
            Some(relative) => precision::run(part, relative, &watch),
            None => fixed(part, &watch),
        }
    };
    let studied: Vec<Result<Studied, Stopped>> = parts.par_iter().enumerate().map(of).collect();
    let studied = studied.into_iter().collect::<Result<Vec<Studied>, Stopped>>()?;
    Ok(merge(model, &parts, studied))
}

/// As many replications as the plan says.
fn fixed(model: &Model, watch: Watch<'_>) -> Result<Studied, Stopped> {
    let planned = model.plan.replications;
    let (gathered, warmup) = settle(model, planned, watch)?;
    let replications = gathered.replicates().len() as u32;
    let course = Course { warmup, duration: model.plan.duration, replications, planned };
    Ok(Studied { summary: gathered.summarise(), course, precision: None })
}

/// So many replications, with the warm-up that they need.
pub(super) fn settle(model: &Model, replications: u32, watch: Watch<'_>) -> Result<(Gathered, Cut), Stopped> {
    let of = |warmup: Span| -> Result<Gathered, Stopped> {
        let mut gathered = Gathered::new(model, Schedule::new(model, warmup));
        gathered.extend(replications, watch)?;
        Ok(gathered)
    };
    let Some(duration) = needs_warmup(model) else {
        let span = if let Warmup::Fixed(span) = model.plan.warmup { span } else { Span::ZERO };
        return Ok((of(span)?, Cut::Given(span)));
    };
    let floor = two_digits(Span(duration.0 / LEAST_WARMUP));
    let gathered = of(floor)?;
    if replications < REPLICATIONS_TO_TELL {
        return Ok((gathered, Cut::Floor(floor)));
    }
    let (backlog, bin) = gathered.backlog();
    if backlog.len() < BINS_TO_TELL {
        return Ok((gathered, Cut::Floor(floor)));
    }
    // Few values of many bins each: the finer they are, the more a cut follows their chance ups and downs.
    let joined = backlog.len() / BINS_OF_A_CUT;
    let (backlog, bin) = (join(&backlog, joined.max(1)), bin * joined.max(1) as f64);
    match mser(&backlog).map(|bins| Span::from_secs_f64(bins as f64 * bin)) {
        None => Ok((gathered, Cut::Unsure(floor))),
        Some(span) if span <= floor => Ok((gathered, Cut::Floor(floor))),
        Some(longer) => {
            let again = of(longer)?;
            // Asked to stop before a replication was done: the shorter cut is what there is.
            let found = !again.replicates().is_empty();
            Ok(if found { (again, Cut::Found(longer)) } else { (gathered, Cut::Unsure(floor)) })
        }
    }
}

/// The sums of so many neighbours; what is left over at the end is left out.
fn join(values: &[f64], many: usize) -> Vec<f64> {
    values.chunks_exact(many).map(|values| values.iter().sum()).collect()
}

/// The next span with no more than two digits that are not zero: 67 s for 66.667 s.
pub(super) fn two_digits(span: Span) -> Span {
    let digits = span.0.checked_ilog10().unwrap_or(0);
    let step = 10u64.pow(digits.saturating_sub(1));
    Span(span.0.div_ceil(step) * step)
}

/// The duration of a study of the steady state whose warm-up must be found.
fn needs_warmup(model: &Model) -> Option<Span> {
    model.plan.duration.filter(|_| model.plan.warmup == Warmup::Auto && steady(model))
}
