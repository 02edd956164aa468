//! What one run of a handler asks for on average, while nothing waits for anything: how often it comes to each queue and service,
//! how long it takes, and how much of that is work of its own.
//!
//! Expectations step by step: the ways of a choice by their weights, loops by their mean number of rounds, the steps of a miss as
//! often as a cache misses (`cached`). What follows a `fail` is done by those who came through. A participant of a two-phase
//! commit is asked twice, to prepare and to commit. Left out, because
//! they depend on what is yet to be simulated: timeouts, retries, hedges, fallbacks, waits for locks, failed calls, and the time to live of
//! what is cached. Of branches that are joined, the time is that of the mean times, which is a lower bound
//! where all are waited for.

use super::cached::missing;
use super::{Call, Handler, LockId, Model, Producer, QueueId, ServiceId, Step, TwoPhaseCommit, Way, Work};
use crate::random::Distribution;

/// A place where messages or requests come to: all queues, and then all services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub usize);

impl Place {
    pub fn queue(id: QueueId) -> Place {
        Place(id.0 as usize)
    }

    pub fn service(model: &Model, id: ServiceId) -> Place {
        Place(model.queues.len() + id.0 as usize)
    }
}

/// How often a run of a handler publishes and calls, on average.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visits {
    /// Each queue once.
    pub queues: Vec<(QueueId, f64)>,
    /// Each service once.
    pub services: Vec<(ServiceId, f64)>,
}

impl Visits {
    /// What a handler of this model does by itself.
    pub fn of(model: &Model, handler: &Handler) -> Visits {
        let mut found = Visits::default();
        for (place, often) in visits(model, handler) {
            match place.0.checked_sub(model.queues.len()) {
                Some(service) => found.services.push((ServiceId(service as u32), often)),
                None => found.queues.push((QueueId(place.0 as u32), often)),
            }
        }
        found
    }

    /// How often this queue is published to.
    pub fn queue(&self, id: QueueId) -> f64 {
        self.queues.iter().find(|(queue, _)| *queue == id).map_or(0.0, |(_, often)| *often)
    }

    /// How often this service is called.
    pub fn service(&self, id: ServiceId) -> f64 {
        self.services.iter().find(|(service, _)| *service == id).map_or(0.0, |(_, often)| *often)
    }
}

/// How often a run of this handler comes to each place, each place once.
pub(super) fn visits(model: &Model, handler: &Handler) -> Vec<(Place, f64)> {
    let mut found: Vec<(Place, f64)> = Vec::new();
    walk(model, handler, &handler.0, 1.0, &mut |place, often, _| match found.iter_mut().find(|(known, _)| *known == place) {
        Some((_, sum)) => *sum += often,
        None => found.push((place, often)),
    });
    found.retain(|(_, often)| *often > 0.0);
    found
}

/// Of these visits, those that a participant of a two-phase commit is asked to commit by, and what it does for that.
pub(super) fn commits<'a>(model: &Model, handler: &'a Handler) -> Vec<(Place, f64, &'a Work)> {
    let mut found = Vec::new();
    walk(model, handler, &handler.0, 1.0, &mut |place, often, commit| found.extend(commit.map(|work| (place, often, work))));
    found
}

/// Is told of a visit: where to, how often, and what is done there instead of the place's own handler.
type See<'s, 'a> = dyn FnMut(Place, f64, Option<&'a Work>) + 's;

/// Visits of a list of steps by so many; how many come through.
fn walk<'a>(model: &Model, handler: &Handler, steps: &'a [Step], many: f64, see: &mut See<'_, 'a>) -> f64 {
    let mut many = many;
    for step in steps {
        many = match step {
            Step::Work(_) | Step::Wait(_) | Step::Reply => many,
            Step::Fail { probability } => many * (1.0 - probability),
            Step::Call(call) => {
                see(Place::service(model, call.service), many, None);
                many
            }
            Step::Publish(queue) => {
                see(Place::queue(*queue), many, None);
                many
            }
            Step::Send(send) => {
                let (mut keys, headers) = model.keys_at(handler);
                if let Some(key) = &send.key {
                    keys = vec![(key.clone(), 1.0)];
                }
                model
                    .copies(send.to, &keys, &headers)
                    .into_iter()
                    .for_each(|(queue, often)| see(Place::queue(queue), many * often, None));
                many
            }
            Step::TwoPhaseCommit(commit) => {
                for place in commit.participants.iter().map(|service| Place::service(model, *service)) {
                    see(place, many, None);
                    see(place, many, Some(&commit.commit));
                }
                many
            }
            Step::Parallel { branches, join } => {
                let through: Vec<f64> =
                    branches.iter().map(|branch| share(walk(model, handler, branch, many, see), many)).collect();
                many * at_least(&through, *join)
            }
            Step::Choose(ways) => {
                shares(ways).zip(ways).map(|(share, way)| walk(model, handler, &way.steps, many * share, see)).sum::<f64>()
            }
            Step::Repeat { count, steps } => {
                // How many come through a round is known only after one was gone; it changes no visit on the way.
                let through = share(walk(model, handler, steps, many, &mut |_, _, _| ()), many);
                walk(model, handler, steps, many * rounds(count.mean(), through), see);
                many * through.powf(count.mean())
            }
            Step::Cache { cache, miss } => {
                let missed = many * missing(model, model.caches[cache.0 as usize].contents);
                many - missed + walk(model, handler, miss, missed, see)
            }
            Step::Lock { steps, .. } => walk(model, handler, steps, many, see),
        };
    }
    many
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 1.0 }
}

/// The shares of the ways of a choice.
fn shares(ways: &[Way]) -> impl Iterator<Item = f64> + '_ {
    let sum: f64 = ways.iter().map(|way| way.weight).sum();
    ways.iter().map(move |way| way.weight / sum)
}

/// How many rounds are begun of so many, when each is come through with this probability.
fn rounds(count: f64, through: f64) -> f64 {
    if through >= 1.0 { count } else { (1.0 - through.powf(count)) / (1.0 - through) }
}

/// The probability that at least so many of independent events with these probabilities happen.
fn at_least(probabilities: &[f64], least: u32) -> f64 {
    // By number of events among those seen so far.
    let mut exactly = vec![0.0; probabilities.len() + 1];
    exactly[0] = 1.0;
    for p in probabilities {
        for number in (0..probabilities.len()).rev() {
            exactly[number + 1] += exactly[number] * p;
            exactly[number] *= 1.0 - p;
        }
    }
    exactly[(least as usize).min(probabilities.len())..].iter().sum::<f64>().min(1.0)
}

/// Mean times in seconds of one run of a handler.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Times {
    /// From start to end.
    pub hold: f64,
    /// From start to the answer: where `reply` stands, otherwise the end.
    pub response: f64,
    /// Of that, processor time of its own.
    pub work: f64,
    /// How often it asks for the lock in question, and for how long it holds it in all.
    pub asked: f64,
    pub held: f64,
}

/// What the times of a handler depend on beside its steps.
pub(super) struct Means<'a> {
    pub model: &'a Model,
    /// Mean work that messages carry here.
    pub carried: f64,
    /// Speed of the processor.
    pub speed: f64,
    /// Mean time from request to answer of each service, by itself.
    pub responses: &'a [f64],
    /// Whose handler it is, where it is a producer's.
    pub producer: Option<&'a Producer>,
    /// How many requests over queues wait for this one.
    pub depth: u32,
    /// The lock in question.
    pub lock: Option<LockId>,
}

/// How far a handler has come.
#[derive(Clone, Copy)]
struct Progress {
    /// The share of those who came here.
    alive: f64,
    /// Of these, those whose caller has its answer.
    answered: f64,
}

impl Means<'_> {
    /// The mean times of a handler.
    pub fn of(&self, handler: &Handler) -> Times {
        let mut times = Times::default();
        self.run(&handler.0, Progress { alive: 1.0, answered: 0.0 }, &mut times);
        times
    }

    fn run(&self, steps: &[Step], from: Progress, times: &mut Times) -> Progress {
        let mut at = from;
        for step in steps {
            at = self.step(step, at, times);
        }
        at
    }

    fn step(&self, step: &Step, at: Progress, times: &mut Times) -> Progress {
        let mut passes = |length: f64| {
            times.hold += product(at.alive, length);
            times.response += product(at.alive * (1.0 - at.answered), length);
        };
        match step {
            Step::Work(work) => {
                let work = self.work(work) / self.speed;
                passes(work);
                times.work += product(at.alive, work);
                at
            }
            Step::Wait(time) => {
                passes(seconds(time));
                at
            }
            Step::Call(call) => {
                passes(self.call(call));
                at
            }
            Step::TwoPhaseCommit(commit) => {
                let length = self.commit(commit);
                passes(length);
                times.work += product(at.alive, seconds(&commit.decide) / self.speed);
                let asked = commit.locks.iter().filter(|lock| self.lock == Some(**lock)).count() as f64;
                times.asked += at.alive * asked;
                times.held += product(at.alive * asked, length);
                at
            }
            Step::Publish(_) => at,
            Step::Send(send) => {
                passes(self.heard(send));
                at
            }
            Step::Fail { probability } => Progress { alive: at.alive * (1.0 - probability), ..at },
            Step::Reply => Progress { answered: 1.0, ..at },
            Step::Lock { lock, steps } => {
                let before = times.hold;
                let after = self.run(steps, at, times);
                if self.lock == Some(*lock) && at.alive > 0.0 {
                    times.asked += at.alive;
                    times.held += times.hold - before;
                }
                after
            }
            Step::Choose(ways) => self.choose(ways, at, times),
            Step::Cache { cache, miss } => {
                let cache = &self.model.caches[cache.0 as usize];
                passes(cache.lookup.as_ref().map_or(0.0, seconds));
                let missed = missing(self.model, cache.contents);
                let through = self.run(miss, Progress { alive: at.alive * missed, ..at }, times);
                Progress {
                    alive: at.alive * (1.0 - missed) + through.alive,
                    answered: at.answered * (1.0 - missed) + through.answered * missed,
                }
            }
            Step::Repeat { count, steps } => {
                let mut once = Times::default();
                let through = self.run(steps, Progress { alive: 1.0, ..at }, &mut once);
                let rounds = at.alive * rounds(count.mean(), through.alive);
                times.hold += product(rounds, once.hold);
                times.response += product(rounds, once.response);
                times.work += product(rounds, once.work);
                times.asked += rounds * once.asked;
                times.held += product(rounds, once.held);
                Progress { alive: at.alive * through.alive.powf(count.mean()), answered: through.answered }
            }
            Step::Parallel { branches, join } => {
                let mut each = Vec::with_capacity(branches.len());
                let mut after = at;
                let mut through = Vec::with_capacity(branches.len());
                for branch in branches {
                    let mut own = Times::default();
                    let end = self.run(branch, Progress { alive: 1.0, ..at }, &mut own);
                    after.answered = after.answered.max(end.answered);
                    through.push(end.alive);
                    times.work += product(at.alive, own.work);
                    times.asked += at.alive * own.asked;
                    times.held += product(at.alive, own.held);
                    each.push(own);
                }
                times.hold += product(at.alive, nth(each.iter().map(|own| own.hold), *join));
                times.response += product(at.alive, nth(each.iter().map(|own| own.response), *join));
                Progress { alive: at.alive * at_least(&through, *join), ..after }
            }
        }
    }

    fn choose(&self, ways: &[Way], at: Progress, times: &mut Times) -> Progress {
        let mut after = Progress { alive: 0.0, answered: 0.0 };
        for (share, way) in shares(ways).zip(ways) {
            let through = self.run(&way.steps, Progress { alive: at.alive * share, ..at }, times);
            after.alive += through.alive;
            after.answered += share * through.answered;
        }
        after
    }

    /// From before the connection to the answer.
    fn call(&self, call: &Call) -> f64 {
        call.connect.as_ref().map_or(0.0, seconds) + self.asked(call.service, call.network.as_ref())
    }

    /// From sending a request to its answer.
    fn asked(&self, id: ServiceId, network: Option<&Distribution>) -> f64 {
        self.ways(id, network) + self.responses[id.0 as usize]
    }

    /// There and back.
    fn ways(&self, id: ServiceId, network: Option<&Distribution>) -> f64 {
        2.0 * network.or(self.model.service(id).network.as_ref()).map_or(0.0, seconds)
    }

    /// Until all have prepared, the decision is written, and all have done what it says.
    fn commit(&self, commit: &TwoPhaseCommit) -> f64 {
        let longest = |of: &dyn Fn(ServiceId) -> f64| commit.participants.iter().map(|&service| of(service)).fold(0.0, f64::max);
        let prepared = longest(&|service| self.asked(service, None));
        let done = longest(&|service| {
            let speed = self.model.service(service).host.map_or(1.0, |host| self.model.hosts[host.0 as usize].speed);
            self.ways(service, None) + self.work(&commit.commit) / speed
        });
        prepared + seconds(&commit.decide) / self.speed + done
    }

    pub(super) fn work(&self, work: &Work) -> f64 {
        match work {
            Work::Drawn(distribution) => seconds(distribution),
            Work::Carried { plus } => self.carried + *plus as f64 / 1e9,
        }
    }
}

/// What takes so long, so often; nothing where it never happens, even if it would take for ever.
pub(super) fn product(often: f64, time: f64) -> f64 {
    if often == 0.0 { 0.0 } else { often * time }
}

/// The n-th smallest, from 1.
pub(super) fn nth(values: impl Iterator<Item = f64>, n: u32) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(n as usize - 1).copied().unwrap_or(0.0)
}

pub(super) fn seconds(distribution: &Distribution) -> f64 {
    distribution.mean() / 1e9
}
