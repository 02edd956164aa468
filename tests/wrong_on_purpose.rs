//! Faults that are made on purpose, each of which the checks of this house must find. The checks are not copies: they are the
//! very functions that every run and the other tests use, and each is shown to accept what is not broken.
//!
//! | fault | check | also used by |
//! | --- | --- | --- |
//! | an engine whose waits are 3 % longer | `reference::verdict::judge` on exact values | `tests/reference.rs` |
//! | a biased generator | `acceptance::{fill_the_square, follows}` | `src/random/stream.rs`, `src/random/tests/samples.rs` |
//! | a lost message | `measure::laws`; the checker with its own books | every run; `tests/random_models.rs` |
//! | correlated waits taken for independent ones | `coverage::acceptance::accept` | `tests/coverage.rs` |
//! | books that break Little's law or the utilisation law | `measure::laws` | every run |
//!
//! A message that the engine itself loses is in `src/engine/world.rs`, because only that can reach into a world.

#[path = "../src/random/tests/acceptance.rs"]
mod acceptance;
#[expect(dead_code, reason = "the checker's books are compared in tests/random_models.rs")]
#[path = "random_models/checker.rs"]
mod checker;
#[path = "coverage/acceptance.rs"]
mod coverage;
#[path = "../examples/coverage/models.rs"]
mod models;
#[expect(dead_code, reason = "the tables of the suite are printed by tests/reference.rs")]
#[path = "reference/suite.rs"]
mod reference;
#[expect(dead_code, reason = "a part of the study is shown by the example")]
#[path = "../examples/coverage/study.rs"]
mod study;

use checker::{Checker, SEED};
use queuelab::engine::{Observer, Origin, Presence, Transition, World};
use queuelab::experiment;
use queuelab::measure::{Recorder, Violation, laws};
use queuelab::model::{Arrivals, Model, Step, Work};
use queuelab::random::{Distribution, Stream};
use queuelab::scenario::{self, Document};
use queuelab::stats::Estimate;
use queuelab::theory;
use queuelab::units::{Span, Time};
use rayon::prelude::*;
use reference::measure::{Outcome, measure_changed};
use reference::values::{Instance, instances};
use reference::verdict::judge;
use std::panic::{AssertUnwindSafe, catch_unwind};
use study::Row;

// --- an engine whose waits are 3 % longer ---

/// The exact mean wait by theory.
fn known_wait(model: &Model) -> Option<f64> {
    let answers = theory::answers(model);
    answers.into_iter().find(|answer| answer.exact && answer.metric == "consumers.workers.wait.mean").map(|answer| answer.value)
}

fn slow_down(model: &mut Model, factor: f64) {
    for pool in &mut model.pools {
        if let Some(Step::Work(Work::Drawn(Distribution::Exponential { mean }))) = pool.handler.0.first_mut() {
            *mean *= factor;
        }
    }
}

/// By which factor all work must be slower for the mean wait to be longer by `share`: by bisection.
fn slower(model: &Model, share: f64) -> f64 {
    let wait = |factor: f64| {
        let mut slower = model.clone();
        slow_down(&mut slower, factor);
        known_wait(&slower).unwrap_or(f64::INFINITY)
    };
    let (mut low, mut high) = (1.0, 1.0 + share);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if wait(middle) < (1.0 + share) * wait(1.0) { low = middle } else { high = middle }
    }
    low
}

/// Instances whose wait is known to theory as a function of their exponential service times; of their values those of the wait.
fn of_exponential_work() -> Vec<Instance> {
    let suits = |instance: &Instance| {
        let model = scenario::resolve(&scenario::read(&instance.path).unwrap(), &[]).unwrap().model;
        let drawn = model.pools.iter().all(|pool| matches!(pool.work(), Some(Work::Drawn(Distribution::Exponential { .. }))));
        let poisson = model.producers.iter().all(|producer| matches!(producer.arrivals, Arrivals::Poisson { .. }));
        drawn && poisson && known_wait(&model).is_some_and(|wait| wait > 0.0)
    };
    let mut chosen: Vec<Instance> = instances().into_iter().filter(|instance| instance.quick && suits(instance)).collect();
    chosen.iter_mut().for_each(|instance| instance.rows.retain(|row| row.metric.contains(".wait.")));
    chosen.retain(|instance| !instance.rows.is_empty());
    // So many are enough, and the whole suite takes a while.
    chosen.truncate(6);
    chosen
}

#[test]
fn an_engine_whose_waits_are_three_percent_longer_is_found_by_the_exact_values() {
    let chosen = of_exponential_work();
    assert!(chosen.len() >= 5, "only {} instances", chosen.len());
    let outcomes = |share: f64| -> Vec<Outcome> {
        let change = |model: &mut Model| {
            let factor = if share > 0.0 { slower(model, share) } else { 1.0 };
            slow_down(model, factor);
        };
        chosen.par_iter().flat_map(|instance| measure_changed(instance, 1, &change)).collect()
    };
    assert_eq!(judge(&outcomes(0.0)).problems, Vec::<String>::new(), "what is right is accepted");
    let problems = judge(&outcomes(0.03)).problems;
    assert!(problems.iter().any(|problem| problem.contains("too far") || problem.contains("too many")), "{problems:?}");
}

// --- a biased generator ---

/// Numbers between 0 and 1 whose logarithms are 2 % too small: they lie too high, all of them.
fn biased(u: f64) -> f64 {
    u.powf(0.98)
}

#[test]
fn a_biased_generator_is_found_by_the_tests_of_streams_and_samples() {
    let stream = Stream::named(7, 0, "wrong", "on purpose");
    let uniform = |k: u64| stream.at(k).uniform();
    acceptance::fill_the_square(&|k| (uniform(k), uniform(k + 1))).unwrap();
    assert!(acceptance::fill_the_square(&|k| (biased(uniform(k)), biased(uniform(k + 1)))).is_err());
    // One in a hundred numbers is the one before it: the marginal distribution is right, and pairs are not.
    let repeats = |k: u64| uniform(if k % 100 == 1 { k - 1 } else { k });
    assert!(acceptance::fill_the_square(&|k| (repeats(k), repeats(k + 1))).is_err());

    let distribution = Distribution::Exponential { mean: 1e7 };
    let draws = |bias: &dyn Fn(f64) -> f64| {
        let mut values: Vec<f64> = (0..100_000).map(|k| distribution.quantile(1.0 - bias(uniform(k)))).collect();
        values.sort_by(f64::total_cmp);
        acceptance::follows(|x| distribution.cdf(x), &values)
    };
    draws(&|u| u).unwrap();
    assert!(draws(&biased).is_err());
}

// --- books that are not right ---

/// Tells a recorder everything, but changes or withholds what `fault` says.
struct Faulty<F> {
    recorder: Recorder,
    /// Transitions so far.
    count: u64,
    fault: F,
}

impl<F: FnMut(u64, &mut Transition<'_>) -> bool> Observer for Faulty<F> {
    fn record(&mut self, now: Time, mut transition: Transition<'_>) {
        self.count += 1;
        if (self.fault)(self.count, &mut transition) {
            self.recorder.record(now, transition);
        }
    }
}

/// Two pools on one queue, one of which prefetches and passes on to a bounded queue whose messages expire.
const SYSTEM: &str = r#"
[run]
duration = "1min"

[producers.web]
arrivals = { poisson = "100/s" }
publish = "jobs"

[queues.jobs]
[queues.mails]
max_length = 5
ttl = "20ms"

[consumers.quick]
queue = "jobs"
count = 3
service = { exponential = "20ms" }

[consumers.hoarding]
queue = "jobs"
prefetch = 5
service = { exponential = "20ms" }
publish = "mails"

[consumers.mailers]
queue = "mails"
service = { exponential = "50ms" }
"#;

fn system() -> Model {
    let document = Document { name: "system".to_owned(), path: None, text: SYSTEM.to_owned() };
    scenario::resolve(&document, &[]).unwrap_or_else(|problems| panic!("{}", problems.render(false))).model
}

/// What the laws say of a minute after ten seconds; the fault may do harm after these.
fn books(fault: impl FnMut(u64, &mut Transition<'_>) -> bool) -> Result<(), Violation> {
    const BEGIN: Time = Time(10_000_000_000);
    const END: Time = Time(70_000_000_000);
    let model = system();
    let mut world = World::new(&model, SEED, 0, END);
    let mut faulty = Faulty { recorder: Recorder::new(&model), count: 0, fault };
    world.advance(BEGIN, u64::MAX, &mut faulty).unwrap();
    faulty.recorder.book(BEGIN);
    faulty.recorder.restart(BEGIN);
    let there: Presence = world.presence(BEGIN);
    assert!(faulty.count < LATE, "{}", faulty.count);
    world.advance(END, u64::MAX, &mut faulty).unwrap();
    faulty.recorder.book(END);
    laws(&model, &faulty.recorder, &there, &world.presence(END))
}

/// A transition of the measured time.
const LATE: u64 = 12_000;

/// The law that is broken by one change of the first transition of the measured time that `change` changes.
fn broken(mut change: impl FnMut(&mut Transition<'_>) -> Option<bool>) -> Violation {
    let mut done = false;
    let found = books(|count, transition| {
        if count < LATE || done {
            return true;
        }
        match change(transition) {
            Some(told) => {
                done = true;
                told
            }
            None => true,
        }
    });
    assert!(done, "nothing was changed");
    found.expect_err("the fault is found")
}

#[test]
fn right_books_keep_the_laws() {
    books(|_, _| true).unwrap_or_else(|violation| panic!("{violation}"));
}

#[test]
fn waits_that_are_longer_break_littles_law() {
    let found = books(|_, transition| {
        if let Transition::Started { waited, from: Origin::Queue, .. } = transition {
            waited.0 += waited.0 * 3 / 100;
        }
        true
    });
    assert_eq!(found.unwrap_err().law, "Little's law");
    // One message, one nanosecond.
    let found = broken(|transition| match transition {
        Transition::Started { pool: 0, waited, .. } => {
            waited.0 += 1;
            Some(true)
        }
        _ => None,
    });
    assert_eq!((found.law, found.entity.as_str()), ("Little's law", "queues.jobs"));
    assert_eq!(found.numbers[1] - found.numbers[0], 1, "{found}");
}

#[test]
fn a_wait_in_a_buffer_a_sojourn_or_a_lost_wait_that_is_wrong_breaks_littles_law() {
    let buffered = broken(|transition| match transition {
        Transition::Started { from: Origin::Buffer(buffered), .. } => {
            *buffered = Span(buffered.0 + 1);
            Some(true)
        }
        _ => None,
    });
    assert_eq!((buffered.law, buffered.entity.as_str()), ("Little's law", "the buffers of queues.jobs"));
    let sojourn = broken(|transition| match transition {
        Transition::Finished { pool: 2, sojourn, .. } => {
            sojourn.0 -= 1;
            Some(true)
        }
        _ => None,
    });
    assert_eq!((sojourn.law, sojourn.entity.as_str()), ("Little's law", "queues.mails"));
    let lost = broken(|transition| match transition {
        Transition::Lost { waited, stored: true, .. } => {
            waited.0 += 1;
            Some(true)
        }
        _ => None,
    });
    assert_eq!((lost.law, lost.entity.as_str()), ("Little's law", "queues.mails"));
}

#[test]
fn work_that_is_longer_or_a_worker_that_idles_unseen_breaks_the_utilisation_law() {
    let longer = broken(|transition| match transition {
        Transition::Finished { pool: 0, service, .. } => {
            service.0 += 1;
            Some(true)
        }
        _ => None,
    });
    assert_eq!((longer.law, longer.entity.as_str()), ("the utilisation law", "consumers.quick"));
    // The level of busy workers stays up when one becomes idle.
    let idle = broken(|transition| match transition {
        Transition::Finished { pool: 0, resumes, .. } if !*resumes => {
            *resumes = true;
            Some(true)
        }
        _ => None,
    });
    assert!(idle.entity == "the buffers of queues.jobs" || idle.entity == "consumers.quick", "{idle}");
}

#[test]
fn a_completion_that_is_wrong_breaks_littles_law_of_the_system() {
    // The message is born a nanosecond earlier, after the fact.
    struct Older(Recorder, u64);
    impl Observer for Older {
        fn record(&mut self, now: Time, transition: Transition<'_>) {
            self.1 += 1;
            match transition {
                Transition::Ended { producer, subject, outcome, message } if self.1 == LATE => {
                    let mut older = *message;
                    older.born = Time(message.born.0 - 1);
                    self.0.record(now, Transition::Ended { producer, subject, outcome, message: &older });
                }
                Transition::Ended { .. } => self.0.record(now, transition),
                _ => {
                    self.1 -= u64::from(self.1 == LATE);
                    self.0.record(now, transition);
                }
            }
        }
    }
    let model = system();
    let end = Time(70_000_000_000);
    let mut world = World::new(&model, SEED, 0, end);
    let mut older = Older(Recorder::new(&model), 0);
    world.advance(end, u64::MAX, &mut older).unwrap();
    older.0.book(end);
    let found = laws(&model, &older.0, &Presence::default(), &world.presence(end)).unwrap_err();
    assert_eq!((found.law, found.entity.as_str()), ("Little's law", "the whole system"));
    assert_eq!(found.numbers[1] - found.numbers[0], 1, "{found}");
}

// --- a lost message ---

#[test]
fn a_message_that_is_lost_on_its_way_breaks_the_conservation_of_messages() {
    let unfinished = broken(|transition| matches!(transition, Transition::Finished { pool: 2, .. }).then_some(false));
    assert_eq!((unfinished.law, unfinished.entity.as_str()), ("the conservation of messages", "queues.mails"));
    let unpublished = broken(|transition| matches!(transition, Transition::Published { queue: 0, .. }).then_some(false));
    assert_eq!((unpublished.law, unpublished.entity.as_str()), ("the conservation of messages", "queues.jobs"));
    assert_eq!(unpublished.numbers[1] - unpublished.numbers[0], 1, "{unpublished}");
}

/// The same seen by the checker of `tests/random_models.rs`, whose books are its own.
#[test]
fn a_message_that_is_lost_on_its_way_is_found_by_the_checker() {
    struct Deaf<'m>(Checker<'m>, u64, fn(&Transition<'_>) -> bool);
    impl Observer for Deaf<'_> {
        fn record(&mut self, now: Time, transition: Transition<'_>) {
            if (self.2)(&transition) {
                self.1 += 1;
                if self.1 == 100 {
                    return;
                }
            }
            self.0.record(now, transition);
        }
    }
    let model = system();
    let heard = |deaf_to: fn(&Transition<'_>) -> bool| {
        let end = Time(20_000_000_000);
        catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(&model, SEED, 0, end);
            let mut deaf = Deaf(Checker::new(&model), 0, deaf_to);
            world.advance(end, u64::MAX, &mut deaf).unwrap();
            deaf.0.finish(end);
            assert_eq!(world.in_system(), deaf.0.in_system());
        }))
    };
    assert!(heard(|_| false).is_ok());
    assert!(heard(|transition| matches!(transition, Transition::Ended { .. })).is_err());
    assert!(heard(|transition| matches!(transition, Transition::Finished { .. })).is_err());
    assert!(heard(|transition| matches!(transition, Transition::Stored { .. })).is_err());
}

// --- correlated samples taken for independent ones ---

#[test]
fn intervals_of_correlated_waits_taken_for_independent_ones_are_found_by_the_coverage_study() {
    let mut case = models::case("mm1", 0.5).unwrap();
    case.truths.truncate(1);
    let truth = &case.truths[0];
    let (mut right, mut wrong) = (Row::new(&case, truth), Row::new(&case, truth));
    for experiment in 0..100 {
        let mut model = case.model(&format!("duration = \"{}s\"\nreplications = 10", 12e3 / case.rate)).unwrap();
        model.plan.seed = 1000 + experiment;
        let mut summary = experiment::run(&model, &|_, _| true).unwrap().summary;
        right.add(&summary.metrics[&truth.metric].value, 10.0, 120e3);
        // As a beginner does: the standard deviation of all waits over the square root of their number.
        let pool = truth.metric.strip_suffix(".mean").unwrap();
        let deviation = summary.metrics[&format!("{pool}.sd")].value.estimate.unwrap();
        let half = 1.96 * deviation / (summary.distributions[pool].count as f64).sqrt();
        let mean = summary.metrics[&truth.metric].value.estimate.unwrap();
        summary.metrics[&truth.metric].value = Estimate::around(mean, half);
        wrong.add(&summary.metrics[&truth.metric].value, 10.0, 120e3);
    }
    coverage::accept(&right).unwrap();
    let refused = coverage::accept(&wrong).unwrap_err();
    assert!(refused.contains("too few intervals hold the truth"), "{refused}");
}
