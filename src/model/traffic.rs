//! The traffic equations: the flow to a queue or a service is what producers, pools and services send there, each as often as its
//! handler does on average (`demand`). A pool or a service passes on at most what it can work off: its workers over the
//! mean time for which one is held, calls of others included, while nothing waits. Pools on one queue share its flow by capacity.
//!
//! A chain of handlers that leads back to its start (feedback) makes the equations simultaneous: they are iterated from no flow
//! at all, which converges upwards to the least solution, because every handler causes less than one more of its kind.

use super::demand::{Means, Place, Times, commits, product, visits};
use super::{Arrivals, Handler, HostId, LockId, Model, Producer, Step, Work};

/// So often the equations are gone through at most; a chain of feedback that has not converged by then is next to saturated.
const MOST_SWEEPS: usize = 100_000;
/// So many terms are summed at most, over all sweeps.
const MOST_TERMS: usize = 200_000_000;
/// A change by less than this share is none.
const SLACK: f64 = 1e-12;

/// Whether every message causes less than one more of its kind on average, so that whatever begins ends.
pub fn settles(model: &Model) -> bool {
    Traffic::of(model).settles()
}

/// What is known of a pool for the messages that come to it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PoolState {
    pub times: Times,
    /// Messages a second that it can work off.
    pub capacity: f64,
    /// Whether the times are known: where work is carried, only once messages come.
    pub known: bool,
}

/// Who sends something on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender {
    Pool(usize),
    Service(usize),
}

/// Requests to commit, of those that come to a service.
#[derive(Debug, Clone, Copy)]
struct Commits<'a> {
    /// The pool or service that sends them, or the producer.
    sender: Result<Sender, usize>,
    /// How often, for each message of the sender.
    often: f64,
    /// What is done for them.
    work: &'a Work,
}

/// The traffic equations and their solution so far. Flow is held by producer, because recorded work belongs to the producer whose
/// trace carries it.
pub(super) struct Traffic<'a> {
    pub model: &'a Model,
    /// The pools on each queue.
    takers: Vec<Vec<usize>>,
    /// Mean work in seconds that the messages of each producer carry.
    carried: Vec<f64>,
    /// What comes to each place: from which sender, how often for each message of it.
    pub incoming: Vec<Vec<(Sender, f64)>>,
    /// What producers send to each place: which, and how often for each message of it.
    pub sources: Vec<Vec<(usize, f64)>>,
    /// Of both, by place, those that are served otherwise.
    commits: Vec<Vec<Commits<'a>>>,
    /// Places, as far as possible behind those that feed them.
    order: Vec<usize>,
    /// Messages a second of each producer.
    pub rates: Vec<f64>,
    /// Messages a second that come to each place, by producer.
    pub flow: Vec<Vec<f64>>,
    /// Of what comes to its place, the share that a pool or a service works off.
    pool_share: Vec<f64>,
    service_share: Vec<f64>,
    pub pools: Vec<PoolState>,
    pub services: Vec<Times>,
    responses: Vec<f64>,
    /// Whether times depend on who sends.
    mixed: bool,
}

impl<'a> Traffic<'a> {
    pub fn of(model: &'a Model) -> Traffic<'a> {
        let places = model.queues.len() + model.services.len();
        let mut incoming = vec![Vec::new(); places];
        let mut sources = vec![Vec::new(); places];
        let mut leaving = vec![Vec::new(); places];
        let mut committed = vec![Vec::new(); places];
        let mut commit = |sender: Result<Sender, usize>, handler: &'a Handler| {
            let found = commits(model, handler).into_iter();
            found.for_each(|(to, often, work)| committed[to.0].push(Commits { sender, often, work }));
        };
        model.producers.iter().enumerate().for_each(|(at, producer)| commit(Err(at), &producer.handler));
        model.pools.iter().enumerate().for_each(|(at, pool)| commit(Ok(Sender::Pool(at)), &pool.handler));
        model.services.iter().enumerate().for_each(|(at, service)| commit(Ok(Sender::Service(at)), &service.handler));
        for (at, producer) in model.producers.iter().enumerate() {
            visits(model, &producer.handler).into_iter().for_each(|(to, often)| sources[to.0].push((at, often)));
        }
        let mut takers = vec![Vec::new(); model.queues.len()];
        for (at, pool) in model.pools.iter().enumerate() {
            takers[pool.queue.0 as usize].push(at);
            for (to, often) in visits(model, &pool.handler) {
                incoming[to.0].push((Sender::Pool(at), often));
                leaving[Place::queue(pool.queue).0].push(to.0);
            }
        }
        for (at, service) in model.services.iter().enumerate() {
            for (to, often) in visits(model, &service.handler) {
                incoming[to.0].push((Sender::Service(at), often));
                leaving[model.queues.len() + at].push(to.0);
            }
        }
        let handlers = model.pools.iter().map(|pool| &pool.handler).chain(model.services.iter().map(|service| &service.handler));
        let mut traffic = Traffic {
            model,
            takers,
            carried: model.producers.iter().map(|producer| mean_carried(&producer.arrivals)).collect(),
            incoming,
            sources,
            mixed: handlers.into_iter().any(carries) || committed.iter().any(|some| !some.is_empty()),
            commits: committed,
            order: downstream(&leaving),
            rates: model.producers.iter().map(|producer| producer.arrivals.mean_rate()).collect(),
            flow: vec![vec![0.0; model.producers.len()]; places],
            pool_share: vec![0.0; model.pools.len()],
            service_share: vec![0.0; model.services.len()],
            pools: vec![PoolState::default(); model.pools.len()],
            services: vec![Times::default(); model.services.len()],
            responses: vec![0.0; model.services.len()],
        };
        traffic.service_times();
        traffic.bound_rates();
        traffic
    }

    fn is_service(&self, place: usize) -> Option<usize> {
        place.checked_sub(self.model.queues.len())
    }

    /// Times of all services, those that are called before those that call.
    fn service_times(&mut self) {
        for _ in 0..MOST_SWEEPS {
            let mut moved = false;
            for at in 0..self.order.len() {
                let place = self.order[self.order.len() - 1 - at];
                let Some(service) = self.is_service(place) else { continue };
                let known = &self.model.services[service];
                let times = self.times(&known.handler, known.host, &self.flow[place]);
                let asked = self.with_commits(place, times);
                moved |= differs(times.response, self.responses[service]) || differs(asked.hold, self.services[service].hold);
                self.responses[service] = times.response;
                self.services[service] = asked;
            }
            if !moved {
                break;
            }
        }
    }

    /// The times of all requests to a service, of which these are those of its own handler. Before any flow is known all who send
    /// are taken to send as much.
    fn with_commits(&self, place: usize, own: Times) -> Times {
        let (Some(service), false) = (self.is_service(place), self.commits[place].is_empty()) else { return own };
        let flow = &self.flow[place];
        let all: f64 = flow.iter().sum();
        let (all, known) = if all > 0.0 {
            (all, true)
        } else {
            let incoming = self.incoming[place].iter().map(|(_, often)| often);
            (incoming.chain(self.sources[place].iter().map(|(_, often)| often)).sum(), false)
        };
        let sent = |commits: &Commits<'_>| match commits.sender {
            _ if !known => commits.often,
            Err(producer) => self.rates[producer] * commits.often,
            Ok(sender) => {
                let (from, share) = self.sent(sender);
                self.flow[from].iter().sum::<f64>() * share * commits.often
            }
        };
        let known = &self.model.services[service];
        let means = self.means(&known.handler, known.host, flow);
        let (mut committing, mut work) = (0.0, 0.0);
        for commits in &self.commits[place] {
            let share = (sent(commits) / all).min(1.0);
            committing += share;
            work += product(share, means.work(commits.work) / means.speed);
        }
        let rest = (1.0 - committing).max(0.0);
        let mixed = |own: f64| product(rest, own) + work;
        Times { hold: mixed(own.hold), response: mixed(own.response), work: mixed(own.work), ..own }
    }

    /// How often a run of a handler asks for a lock, and for how many seconds it holds it in all.
    pub fn held(&self, handler: &Handler, host: Option<HostId>, flow: &[f64], lock: LockId) -> (f64, f64) {
        let times = Means { lock: Some(lock), ..self.means(handler, host, flow) }.of(handler);
        (times.asked, times.held)
    }

    /// The times of a handler for this mix of producers.
    pub fn times(&self, handler: &Handler, host: Option<HostId>, flow: &[f64]) -> Times {
        self.means(handler, host, flow).of(handler)
    }

    /// What the times of a handler depend on.
    fn means(&self, handler: &Handler, host: Option<HostId>, flow: &[f64]) -> Means<'_> {
        let speed = host.map_or(1.0, |host| self.model.hosts[host.0 as usize].speed);
        let carried = if self.mixed { self.mix(flow) } else { 0.0 };
        let producer = self.model.producers.iter().find(|producer| std::ptr::eq(&producer.handler, handler));
        Means { model: self.model, carried, speed, responses: &self.responses, producer, depth: 0, lock: None }
    }

    /// Who waits for answers sends no more than these allow: clients over think time and response (Denning and Buzen 1978), and no
    /// more than any service can work off that is asked for every answer, or than a broker can confirm.
    fn bound_rates(&mut self) {
        for (at, producer) in self.model.producers.iter().enumerate() {
            let response = self.times(&producer.handler, None, &[]).response;
            let bound = match (&producer.arrivals, producer.callers) {
                (Arrivals::Closed { clients, think }, _) => f64::from(*clients) / (think.mean() / 1e9 + response),
                (_, Some(callers)) => f64::from(callers) / response,
                _ => continue,
            };
            let most = self.means(&producer.handler, None, &[]).most(&producer.handler);
            let mut asked = vec![0.0; self.responses.len()];
            for (place, often) in visits(self.model, &producer.handler) {
                if let Some(service) = self.is_service(place.0) {
                    asked[service] += often;
                }
            }
            let least = self.calls(asked).into_iter().enumerate().filter(|(_, often)| *often > 0.0);
            let least = least.map(|(service, often)| self.capacity(service) / often).fold(f64::INFINITY, f64::min);
            self.rates[at] = self.rates[at].min(bound).min(most).min(least);
        }
    }

    /// How often each service is asked, by itself and by those that are asked so often.
    fn calls(&self, first: Vec<f64>) -> Vec<f64> {
        let mut asked = first.clone();
        for _ in 0..MOST_SWEEPS {
            let mut moved = false;
            for &place in &self.order {
                let Some(service) = self.is_service(place) else { continue };
                let others = self.incoming[place].iter().filter_map(|(sender, often)| match sender {
                    Sender::Service(from) => Some(asked[*from] * often),
                    Sender::Pool(_) => None,
                });
                let now = first[service] + others.sum::<f64>();
                moved |= differs(now, asked[service]);
                asked[service] = now;
            }
            if !moved {
                break;
            }
        }
        asked
    }

    /// Requests a second that a service can work off.
    pub fn capacity(&self, service: usize) -> f64 {
        let known = &self.model.services[service];
        f64::from(known.count) * f64::from(known.concurrency) / self.services[service].hold
    }

    /// Lets every producer send at its highest rate, but those who wait for answers; whether that is more for any.
    pub fn rise(&mut self) -> bool {
        let mut rises = false;
        for (rate, producer) in self.rates.iter_mut().zip(&self.model.producers).filter(|(_, producer)| !waits(producer)) {
            let peak = producer.arrivals.peak_rate();
            rises |= peak != *rate;
            *rate = peak;
        }
        rises
    }

    fn terms(&self) -> usize {
        let edges: usize = self.incoming.iter().map(Vec::len).sum();
        (edges + self.order.len()) * self.model.producers.len().max(1)
    }

    pub fn solve(&mut self) {
        let most = MOST_SWEEPS.min(MOST_TERMS / self.terms().max(1)).max(2);
        for _ in 0..most {
            let mut moved = false;
            for at in 0..self.order.len() {
                moved |= self.place(self.order[at]);
            }
            if self.mixed {
                self.service_times();
            }
            if !moved {
                break;
            }
        }
    }

    /// What comes to a place now, and what becomes of it; whether that is something else than before.
    fn place(&mut self, place: usize) -> bool {
        let mut flow = vec![0.0; self.rates.len()];
        for &(producer, often) in &self.sources[place] {
            flow[producer] += self.rates[producer] * often;
        }
        for &(sender, often) in &self.incoming[place] {
            let (from, share) = self.sent(sender);
            if share > 0.0 {
                flow.iter_mut().zip(&self.flow[from]).for_each(|(sum, part)| *sum += part * share * often);
            }
        }
        let rate: f64 = flow.iter().sum();
        let moved = differs(rate, self.flow[place].iter().sum());
        self.flow[place] = flow;
        match self.is_service(place) {
            Some(service) => self.service_share[service] = passed(rate, self.capacity(service)),
            None => self.queue_shares(place, rate),
        }
        moved
    }

    /// Where a sender gets its messages, and the share of those that it works off.
    pub fn sent(&self, sender: Sender) -> (usize, f64) {
        match sender {
            Sender::Pool(pool) => (self.model.pools[pool].queue.0 as usize, self.pool_share[pool]),
            Sender::Service(service) => (self.model.queues.len() + service, self.service_share[service]),
        }
    }

    fn queue_shares(&mut self, queue: usize, rate: f64) {
        let takers = std::mem::take(&mut self.takers[queue]);
        for &at in &takers {
            let pool = &self.model.pools[at];
            let times = self.times(&pool.handler, pool.host, &self.flow[queue]);
            let known = rate > 0.0 || !carries(&pool.handler);
            let capacity = if known { f64::from(pool.workers()) / times.hold } else { 0.0 };
            self.pools[at] = PoolState { times, capacity, known };
        }
        let all: f64 = takers.iter().map(|&at| self.pools[at].capacity).sum();
        for &at in &takers {
            self.pool_share[at] = passed(rate, all) * taken(self.pools[at].capacity, all);
        }
        self.takers[queue] = takers;
    }

    /// Mean work in seconds that messages of this mix carry.
    fn mix(&self, flow: &[f64]) -> f64 {
        let total: f64 = flow.iter().sum();
        if total > 0.0 { self.carried.iter().zip(flow).map(|(carried, rate)| carried * rate).sum::<f64>() / total } else { 0.0 }
    }

    /// Whether one message at every place, and all that these cause, are a finite number. Pools share as far as is known.
    pub fn settles(mut self) -> bool {
        for queue in 0..self.model.queues.len() {
            self.queue_shares(queue, 1.0);
        }
        let mut caused = vec![1.0; self.order.len()];
        let most = MOST_SWEEPS.min(MOST_TERMS / self.terms().max(1)).max(100);
        for _ in 0..most {
            let mut moved = false;
            for &place in &self.order {
                let (mut sum, mut own) = (1.0, 0.0);
                for &(sender, often) in &self.incoming[place] {
                    let (from, often) = match sender {
                        Sender::Pool(pool) => {
                            let queue = self.model.pools[pool].queue.0 as usize;
                            let all = self.takers[queue].iter().map(|&at| self.pools[at].capacity).sum();
                            (queue, often * taken(self.pools[pool].capacity, all))
                        }
                        Sender::Service(service) => (self.model.queues.len() + service, often),
                    };
                    if from == place { own += often } else { sum += caused[from] * often }
                }
                if own >= 1.0 {
                    return false;
                }
                let now = sum / (1.0 - own);
                moved |= (now - caused[place]).abs() > 1e-9 * now;
                caused[place] = now;
            }
            if !moved {
                return true;
            }
        }
        false
    }
}

/// Whether a producer sends no more before it has its answers.
pub(super) fn waits(producer: &Producer) -> bool {
    producer.callers.is_some() || matches!(producer.arrivals, Arrivals::Closed { .. })
}

fn differs(now: f64, before: f64) -> bool {
    if now.is_finite() && before.is_finite() {
        (now - before).abs() > SLACK * now.abs().max(before.abs())
    } else {
        now.is_finite() != before.is_finite()
    }
}

/// Of what comes, the share that is worked off.
fn passed(rate: f64, capacity: f64) -> f64 {
    if rate > capacity { capacity / rate } else { 1.0 }
}

/// The share that one with this capacity takes of what all together take.
pub(super) fn taken(own: f64, all: f64) -> f64 {
    match (own.is_infinite(), all.is_infinite()) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => {
            if all > 0.0 {
                own / all
            } else {
                0.0
            }
        }
    }
}

/// Whether a handler works as long as a message says.
pub(super) fn carries(handler: &Handler) -> bool {
    let mut found = false;
    handler.visit(&mut |step| found |= matches!(step, Step::Work(Work::Carried { .. })));
    found
}

/// Places so that each comes after all that feed it, as far as there is no feedback: the reverse of the order in which a search
/// depth first leaves them.
fn downstream(leaving: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; leaving.len()];
    let mut left = Vec::with_capacity(leaving.len());
    for root in (0..leaving.len()).rev() {
        if seen[root] {
            continue;
        }
        seen[root] = true;
        let mut frames = vec![(root, 0)];
        while let Some((place, taken)) = frames.last_mut() {
            match leaving[*place].get(*taken) {
                Some(&next) => {
                    *taken += 1;
                    if !seen[next] {
                        seen[next] = true;
                        frames.push((next, 0));
                    }
                }
                None => {
                    left.push(*place);
                    frames.pop();
                }
            }
        }
    }
    left.reverse();
    left
}

/// Mean work in seconds that these messages carry.
fn mean_carried(arrivals: &Arrivals) -> f64 {
    let work = arrivals.trace().and_then(|trace| trace.carried.work.as_ref());
    work.map_or(0.0, |work| work.iter().map(|span| span.as_secs_f64()).sum::<f64>() / work.len() as f64)
}
