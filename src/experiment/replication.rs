//! One replication: the world, the recorder that watches it, and the series, from an empty system to the end.

use super::alert;
use super::along::Along;
use crate::engine::{Halt, Presence, Tally, World};
use crate::measure::{self, Gains, Recorder, Series, reading};
use crate::model::{FaultTimes, Model, Stop, gauges};
use crate::units::{Span, Time};

/// Bins that a series is meant to have.
const BINS: u64 = 200;
/// Bins beyond which neighbours are joined, in a run whose length is not known beforehand.
const MOST_BINS: usize = 500;
/// The same where the user fixed the width: a run that lasts for years must not fill the memory with seconds.
const MOST_FIXED_BINS: usize = 200_000;
/// With more bins than these latencies are not followed over time: each bin would have too few of them.
const MOST_FOLLOWED: u64 = 4_000;
/// Bin width at the start of such a run.
const FIRST_BIN: Span = Span(1_000);

/// What is simulated and what of it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Simulated first and not measured.
    pub warmup: Span,
    /// Measured after it; `None`: until all is done.
    pub duration: Option<Span>,
    /// Whether messages in the system at the end are still worked off, and measured.
    pub drain: bool,
    /// Width of the bins of the series, where the user or the length of the run fixes it.
    pub bin: Option<Span>,
    /// Whether the run is looked at along its course, because it is to give intervals by itself.
    pub along: bool,
}

/// What one replication gives.
#[derive(Debug)]
pub struct Replication {
    /// All that was measured.
    pub recorder: Recorder,
    /// What happened over time, from the start.
    pub series: Series,
    /// The measured time looked at along its course, where the schedule wants that.
    pub along: Option<Along>,
    /// Counts from the start.
    pub tally: Tally,
    /// Messages in the system at the end.
    pub in_system: u64,
    /// The measured time.
    pub measured: Span,
    /// The instant of the end.
    pub end: Time,
}

impl Schedule {
    /// The schedule of a model with this warm-up.
    pub fn new(model: &Model, warmup: Span) -> Schedule {
        Schedule::lasting(model, warmup, model.plan.duration)
    }

    /// The same, where another time than that of the plan is measured.
    pub fn lasting(model: &Model, warmup: Span, duration: Option<Span>) -> Schedule {
        let plan = &model.plan;
        let whole = duration.map(|duration| warmup + duration);
        Schedule {
            warmup,
            duration,
            drain: plan.stop == Stop::Drained,
            along: model.plan.replications == 1 && steady(model),
            bin: plan
                .bin
                .or_else(|| [whole.map(|whole| round_width(whole.0 / BINS)), alert::bin(model)].into_iter().flatten().min()),
        }
    }

    /// When producers fall silent.
    pub(super) fn arrivals_end(&self) -> Time {
        self.duration.map_or(Time::LATEST, |duration| Time::ZERO + self.warmup + duration)
    }
}

/// Whether a model has a steady state to be measured: no plan over time, no end of arrivals, no start that matters.
pub fn steady(model: &Model) -> bool {
    let faults = model.faults.iter().any(|fault| matches!(fault.times, FaultTimes::At { .. }));
    let planned =
        faults || model.producers.iter().any(|producer| producer.arrivals.varies_by_plan() || producer.messages.is_some());
    !(model.plan.terminating || planned || model.plan.stop == Stop::Drained)
}

/// The next wider of 1, 2 and 5 times a power of ten.
fn round_width(nanos: u64) -> Span {
    let mut power = 1u64;
    loop {
        for step in [1, 2, 5] {
            if step * power >= nanos {
                return Span(step * power);
            }
        }
        power *= 10;
    }
}

/// Simulates one replication; `progress` is told the simulated time at every bin and every million events, and ends the
/// replication with nothing by answering `false`.
///
/// # Errors
/// When the run had to be stopped.
///
/// # Panics
/// When a message was lost track of, or the numbers break a law: a bug of ours.
pub fn simulate(
    model: &Model,
    schedule: Schedule,
    replication: u32,
    progress: &dyn Fn(Time) -> bool,
) -> Result<Option<Replication>, Halt> {
    let seed = model.plan.seed;
    let mut world = World::new(model, seed, replication, schedule.arrivals_end());
    let mut recorder = Recorder::new(model);
    let width = schedule.bin.unwrap_or(FIRST_BIN);
    let most = if schedule.bin.is_some() { MOST_FIXED_BINS } else { MOST_BINS };
    let mut series = Series::new(width.0, gauges(model).len(), most);
    let followed = schedule.bin.zip(schedule.duration);
    let followed = followed.is_none_or(|(bin, duration)| (schedule.warmup + duration).0 / bin.0.max(1) <= MOST_FOLLOWED);
    let mut gains = followed.then(Gains::default);
    let max_events = model.plan.max_events.unwrap_or(u64::MAX);
    let begin = Time::ZERO + schedule.warmup;
    let mut begun = schedule.warmup == Span::ZERO;
    let mut there = Presence::default();
    let end = schedule.arrivals_end();
    let mut along = schedule.duration.filter(|_| schedule.along).map(|duration| Along::new(model, begin, duration));
    loop {
        // The warm-up and the run end where they end, not where a bin does.
        let edge = Time(series.next_edge());
        let mut until = if begun { edge } else { edge.min(begin) };
        if let Some(along) = along.as_ref().filter(|_| begun) {
            until = until.min(along.next_edge());
        }
        if !schedule.drain {
            until = until.min(end);
        }
        // A bin of a long run holds many events: whoever asks to stop should not wait for its end.
        while !world.advance_a_while(until, max_events, &mut recorder)? {
            if !progress(world.last_event()) {
                return Ok(None);
            }
        }
        let over = schedule.drain && world.is_over();
        let now = if over { world.last_event() } else { until };
        recorder.book(now);
        series.collect(reading(model, &recorder));
        if let Some(along) = along.as_mut().filter(|along| begun && now >= along.next_edge()) {
            along.collect(model, &recorder, now);
        }
        if !progress(now) {
            return Ok(None);
        }
        let done = over || (!schedule.drain && now >= end);
        let closes = now >= edge || done;
        let restarts = !begun && now >= begin;
        if let Some(gains) = gains.as_mut().filter(|_| closes || restarts) {
            series.collect_gained(gains.read(model, &recorder));
        }
        if closes {
            series.close();
        }
        if restarts {
            recorder.restart(now);
            series.reset();
            gains.iter_mut().for_each(Gains::reset);
            there = world.presence(now);
            begun = true;
        }
        if done {
            audit(model, &world, &recorder, [there, world.presence(now)], replication);
            let measured = now - begin.min(now);
            let (tally, in_system) = (world.tally(), world.in_system());
            return Ok(Some(Replication { recorder, series, along, tally, in_system, measured, end: now }));
        }
    }
}

/// Every message that was created is finished, lost, or still in the system, and what was recorded keeps the laws.
fn audit(model: &Model, world: &World, recorder: &Recorder, [begin, end]: [Presence; 2], replication: u32) {
    let laws = || measure::laws(model, recorder, &begin, &end).map_err(|violation| violation.to_string());
    if let Err(what) = world.audit().and_then(|()| laws()) {
        panic!("{what} (replication {replication}, seed {})", model.plan.seed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Precision, Queue, RunPlan, Warmup};

    /// What the program says before it ends with 101: the law, the place, both numbers, and how to repeat it.
    #[test]
    #[should_panic(
        expected = "the conservation of messages does not hold at queues.jobs: 3 messages were there or were published, but 0 \
                    were acknowledged or lost or are still there (replication 4, seed 17)"
    )]
    fn a_broken_law_ends_the_run() {
        let plan = RunPlan {
            duration: Some(Span(1)),
            warmup: Warmup::None,
            replications: 1,
            seed: 17,
            stop: Stop::Duration,
            max_events: None,
            confidence: 0.95,
            bin: None,
            terminating: true,
            precision: Precision::default(),
            controls: true,
            antithetic: false,
        };
        let jobs = Queue {
            name: "jobs".to_owned(),
            discipline: crate::model::Discipline::Fifo,
            max_length: None,
            overflow: crate::model::Overflow::DropHead,
            ttl: None,
            semantics: crate::model::Semantics::default(),
        };
        let model = Model {
            title: None,
            plan,
            producers: vec![],
            brokers: vec![],
            exchanges: vec![],
            queues: vec![jobs],
            pools: vec![],
            services: vec![],
            hosts: vec![],
            locks: vec![],
            caches: vec![],
            faults: vec![],
            goals: vec![],
            alerts: vec![],
        };
        let world = World::new(&model, 17, 4, Time::LATEST);
        let mut begin = world.presence(Time::ZERO);
        begin.queues[0].ready.messages = 3;
        audit(&model, &world, &Recorder::new(&model), [begin, world.presence(Time::ZERO)], 4);
    }
}
