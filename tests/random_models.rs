//! Random valid models under a checker that watches the engine from outside and keeps its own books, and the recorder
//! against those books. The model is printed where anything disagrees.

#[path = "random_models/checker.rs"]
mod checker;
#[path = "random_models/models.rs"]
mod models;
#[path = "random_models/simple.rs"]
mod simple;

use checker::{Checker, SEED};
use models::{model, simple};
use proptest::prelude::*;
use queuelab::engine::{Halt, Observer, Silent, Transition, World};
use queuelab::measure::{Recorder, Source, laws, sources};
use queuelab::model::{Arrivals, Discipline, Handler, Model, Overflow, Prefetch, Priority, Work, metrics};
use queuelab::random::{Counts, Distribution, Part};
use queuelab::units::{Rate, Span, Time};

/// Checker and recorder, told the same.
struct Both<'m> {
    checker: Checker<'m>,
    recorder: Recorder,
}

impl Observer for Both<'_> {
    fn record(&mut self, now: Time, transition: Transition<'_>) {
        self.checker.record(now, transition);
        self.recorder.record(now, transition);
    }
}

const SECOND: u64 = 1_000_000_000;

/// Runs a model, restarts the measurement in between as after a warm-up, and compares everything at the end.
fn watch(model: &Model, events: u64) {
    let mut world = World::new(model, SEED, 0, Time(4 * SECOND));
    let mut both = Both { checker: Checker::new(model), recorder: Recorder::new(model) };
    let begun = advance(&mut world, Time(SECOND), events / 2, &mut both);
    both.recorder.book(begun);
    both.recorder.restart(begun);
    both.checker.restart(begun);
    let there = world.presence(begun);
    let end = advance(&mut world, Time(5 * SECOND), events, &mut both);
    both.recorder.book(end);
    both.checker.finish(end);
    world.audit().unwrap();
    laws(model, &both.recorder, &there, &world.presence(end)).unwrap_or_else(|broken| panic!("{broken}"));
    let tally = world.tally();
    assert_eq!((tally.created, tally.finished, tally.lost), both.checker.counts(), "the books of the world");
    assert_eq!(world.in_system(), both.checker.in_system());
    compare(model, &both, Span(end.0 - begun.0));
}

/// As far as the number of events allows; gives the instant that was reached.
fn advance(world: &mut World, until: Time, events: u64, both: &mut Both<'_>) -> Time {
    match world.advance(until, events, both) {
        Ok(()) => until,
        Err(Halt::TooManyEvents { at, .. }) => at,
        Err(other) => panic!("{other}"),
    }
}

/// The recorder's numbers against those of the checker.
fn compare(model: &Model, both: &Both<'_>, measured: Span) {
    let found = sources(model, &both.recorder, measured);
    let names = metrics(model);
    assert_eq!(found.len(), names.len());
    let mut compared = 0;
    for (metric, source) in names.iter().zip(&found) {
        let name = metric.name.as_str();
        match source {
            Source::Level(level, nanos) => {
                let naive = &both.checker.levels()[name];
                assert_eq!(*nanos, measured.0);
                assert_eq!(level.integral(), naive.integral(), "integral of {name}");
                assert_eq!(level.max(), naive.max, "maximum of {name}");
                for q in [0.1, 0.5, 0.9, 0.95, 0.99, 1.0] {
                    let (found, exact) = (level.quantile(q), naive.quantile(q));
                    let close = found.zip(exact).is_some_and(|(a, b)| b >= 1024.0 && (a / b - 1.0).abs() <= 1.0 / 512.0);
                    assert!(found == exact || close, "quantile {q} of {name}: {found:?} for {exact:?}");
                }
                compared += 1;
            }
            Source::Latency(histogram) => {
                let naive = both.checker.latencies().get(name).cloned().unwrap_or_default();
                assert_eq!(histogram.count(), naive.len() as u64, "number of {name}");
                assert_eq!(histogram.sum(), naive.iter().map(|&x| u128::from(x)).sum::<u128>() as f64, "sum of {name}");
                assert_eq!(histogram.range(), naive.iter().min().copied().zip(naive.iter().max().copied()), "range of {name}");
                compared += 1;
            }
            Source::Value(Some(value)) if name.ends_with(".count") => {
                let naive = both.checker.counters().get(name).copied().unwrap_or(0);
                assert_eq!(*value, naive as f64, "{name}");
                compared += 1;
            }
            Source::Ratio(numerator, denominator) => {
                if let Some((over, under)) = both.checker.ratio(name, measured) {
                    assert!((*numerator - over).abs() <= 1e-9 * over.abs() && *denominator == under, "{name}: {source:?}");
                    compared += 1;
                }
            }
            Source::Value(_) => {}
        }
    }
    assert!(compared >= 7 * model.producers.len() + 12 * model.queues.len(), "only {compared} metrics were compared");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_model_keeps_the_rules(model in model()) {
        watch(&model, 4000);
    }
}

/// Zero service times with batches: the clock moves with the arrivals, and nothing hangs.
#[test]
fn work_that_takes_no_time_is_done() {
    let mut model = simple();
    model.producers[0].arrivals = Arrivals::Batch {
        arrivals: Box::new(Arrivals::Constant { rate: Rate(100.0) }),
        size: Counts::Uniform { min: 1, max: 50 },
    };
    model.pools[0].handler = Handler::working(Work::Drawn(Distribution::Constant { value: 0.0 }), None);
    for prefetch in [Prefetch::Limit(1), Prefetch::Limit(7), Prefetch::Unlimited] {
        model.pools[0].prefetch = prefetch;
        watch(&model, 50_000);
    }
}

/// A producer that always sends at once never lets the clock move: the run is refused, and does not hang.
#[test]
fn a_clock_that_stands_still_is_noticed() {
    let mut model = simple();
    model.producers[0].arrivals = Arrivals::Renewal { gap: Distribution::Constant { value: 0.0 } };
    model.queues[0].max_length = Some(3);
    let mut world = World::new(&model, SEED, 0, Time(SECOND));
    let halt = world.advance(Time(SECOND), u64::MAX, &mut Silent).unwrap_err();
    assert_eq!(halt, Halt::Standstill { at: Time::ZERO });
    world.audit().unwrap();
}

/// Constant gaps of several producers meet at the same instants, with completions and expiries between them.
#[test]
fn ties_across_producers_are_settled() {
    let mut model = simple();
    model.producers[0].arrivals = Arrivals::Constant { rate: Rate(100.0) };
    for (name, rate) in [("b", 100.0), ("c", 50.0), ("d", 25.0)] {
        let mut other = model.producers[0].clone();
        other.name = name.to_owned();
        other.arrivals = Arrivals::Constant { rate: Rate(rate) };
        other.priority = Priority::Constant(255);
        model.producers.push(other);
    }
    model.pools[0].handler = Handler::working(Work::Drawn(Distribution::Constant { value: 1e7 }), None);
    for discipline in [Discipline::Fifo, Discipline::Lifo, Discipline::Random, Discipline::Priority { max_priority: 255 }] {
        for (ttl, max_length) in [(None, None), (Some(Span(10_000_000)), None), (Some(Span::ZERO), Some(2)), (None, Some(0))] {
            for overflow in [Overflow::DropHead, Overflow::RejectPublish] {
                model.queues[0] = queuelab::model::Queue { discipline, ttl, max_length, overflow, ..model.queues[0].clone() };
                watch(&model, 20_000);
            }
        }
    }
}

/// With no time to live and no consumer free, a message is gone at the instant of its arrival; with no room it is refused.
#[test]
fn nothing_waits_where_nothing_may() {
    for (ttl, max_length) in [(Some(Span::ZERO), None), (None, Some(0))] {
        let mut model = simple();
        model.queues[0].ttl = ttl;
        model.queues[0].max_length = max_length;
        let mut world = World::new(&model, 3, 0, Time(SECOND));
        let mut recorder = Recorder::new(&model);
        world.advance(Time(SECOND), u64::MAX, &mut recorder).unwrap();
        assert!(world.tally().lost > 0 && world.tally().finished > 0);
        recorder.book(Time(SECOND));
        let found = sources(&model, &recorder, Span(SECOND));
        let at = metrics(&model).iter().position(|metric| metric.name == "queues.q0.ready").unwrap();
        let Source::Level(ready, _) = &found[at] else { panic!("ready is a level") };
        assert_eq!(ready.integral(), 0);
    }
}

/// Instants next to the end of time, work of centuries, and the fastest rates: no panic, no overflow, no event in the past.
#[test]
fn the_ends_of_the_range_hold() {
    let century = Distribution::Pareto { minimum: 1e9, shape: 0.01 };
    let never = Distribution::Constant { value: 1e300 };
    let years = Distribution::Constant { value: 3e16 };
    for work in [century, never, years] {
        for prefetch in [Prefetch::Limit(1), Prefetch::Unlimited] {
            let mut model = simple();
            model.producers[0].arrivals = Arrivals::Poisson { rate: Rate(1e-7) };
            model.producers[0].messages = Some(50);
            model.queues[0].ttl = Some(Span(Time::LATEST.0));
            model.pools[0].prefetch = prefetch;
            model.pools[0].handler = Handler::working(Work::Drawn(work.clone()), None);
            let mut world = World::new(&model, SEED, 0, Time(u64::MAX));
            let mut checker = Checker::new(&model);
            world.advance(Time(u64::MAX), 100_000, &mut checker).unwrap();
            assert!(world.is_over() && world.last_event() < Time::LATEST);
            world.audit().unwrap();
        }
    }
    let fastest = [
        Arrivals::Poisson { rate: Rate(1e9) },
        Arrivals::Constant { rate: Rate(1e9) },
        Arrivals::Batch { arrivals: Box::new(Arrivals::Poisson { rate: Rate(1e9) }), size: Counts::Constant(3) },
    ];
    for arrivals in fastest {
        let mut model = simple();
        model.producers[0].arrivals = arrivals;
        model.pools[0].handler = Handler::working(Work::Drawn(Distribution::Exponential { mean: 1.0 }), None);
        watch(&model, 20_000);
    }
    // An instant that is next to the last, from a trace; and gaps so long that the second never comes.
    for arrivals in [
        models::trace(vec![Time(Time::LATEST.0 - 1); 3], Some(vec![Span(u64::MAX), Span(1), Span(0)])),
        Arrivals::Constant { rate: Rate(1e-10) },
        Arrivals::Renewal { gap: Distribution::Constant { value: 2e18 } },
    ] {
        let mut model = simple();
        model.producers[0].arrivals = arrivals;
        model.pools[0].handler = Handler::working(Work::Carried { plus: 5 }, None);
        let mut world = World::new(&model, SEED, 0, Time::LATEST);
        let mut checker = Checker::new(&model);
        world.advance(Time::LATEST, 1000, &mut checker).unwrap();
        world.audit().unwrap();
    }
}

/// Priorities up to 255 in a queue that tells them all apart, some of them, or none.
#[test]
fn the_highest_priorities_go_first() {
    for max_priority in [0, 1, 64, 254, 255] {
        let mut model = simple();
        model.queues[0].discipline = Discipline::Priority { max_priority };
        let part = |of| Part { weight: 0.25, of };
        for (name, priority) in [("b", 255), ("c", 254), ("d", 64)] {
            let mut other = model.producers[0].clone();
            other.name = name.to_owned();
            other.priority = Priority::Constant(priority);
            model.producers.push(other);
        }
        watch(&model, 20_000);
        model.producers[0].priority =
            Priority::Drawn(Counts::Discrete { values: vec![part(0), part(255), part(300), part(u32::MAX)] });
        watch(&model, 20_000);
    }
}
