//! How messages and calls flow from name to name: chains that never end, and work that nobody carries.

use super::diagnostic::{Place, Problem};
use super::document::Scenario;
use super::names;
use super::pools::{PoolLinks, ProducerLinks};
use super::resolve::{Resolver, list};
use super::steps::{Edge, Links};
use crate::model::{Arrivals, Load, Model, settles};

/// How everything is connected.
pub(super) struct Connections {
    pub producers: Vec<ProducerLinks>,
    pub pools: Vec<PoolLinks>,
    pub services: Vec<Links>,
}

/// A way from one place to another. Places are all queues, and then all services.
#[derive(Debug, Clone, Copy)]
struct Way {
    from: usize,
    to: usize,
    /// Whose handler leads there; `None`: that of the service `from`.
    pool: Option<usize>,
    is_call: bool,
    edge: Edge,
}

/// For each place, which producers' messages can reach it.
pub(super) struct Reach {
    pub queues: Vec<Vec<usize>>,
    pub services: Vec<Vec<usize>>,
}

impl Connections {
    /// The links of everyone who has a handler, with the name of the table and the number in it.
    pub fn links(&self) -> impl Iterator<Item = (&'static str, usize, &Links)> {
        let producers = self.producers.iter().enumerate().map(|(at, known)| ("producers", at, &known.links));
        let pools = self.pools.iter().enumerate().map(|(at, known)| ("consumers", at, &known.links));
        producers.chain(pools).chain(self.services.iter().enumerate().map(|(at, links)| ("services", at, links)))
    }

    /// Everything that leads on from a queue or a service.
    fn ways(&self, queues: usize) -> Vec<Way> {
        let mut ways = Vec::new();
        let mut add = |from: usize, pool: Option<usize>, links: &Links| {
            let publishes = links.publishes.iter().map(|&edge| Way { from, to: edge.to, pool, is_call: false, edge });
            let calls = links.calls.iter().map(|&edge| Way { from, to: queues + edge.to, pool, is_call: true, edge });
            ways.extend(publishes.chain(calls));
        };
        for (at, pool) in self.pools.iter().enumerate() {
            if let Some(queue) = pool.queue {
                add(queue, Some(at), &pool.links);
            }
        }
        self.services.iter().enumerate().for_each(|(at, links)| add(queues + at, None, links));
        ways
    }
}

impl Resolver<'_> {
    /// Checks the connections as a whole.
    pub(super) fn flow(&mut self, scenario: &Scenario, model: &Model, connections: &Connections) {
        let queues = model.queues.len();
        let ways = connections.ways(queues);
        let places = queues + model.services.len();
        let sure: Vec<Way> = ways.iter().copied().filter(|way| way.edge.always).collect();
        for cycle in cycles(places, &sure) {
            let problem = endless(model, &cycle, "never end");
            let calls = cycle.iter().all(|way| way.is_call);
            let help = if calls {
                "remove one `call` of the cycle, or let it be one way of a `choose`"
            } else {
                "remove one `publish` of the cycle, so that messages leave the system"
            };
            self.log.extend(problem.map(|problem| problem.help(help)));
        }
        self.locked_out(model, connections);
        let reach = Reach::of(model, connections, &ways);
        self.carried_work(scenario, model, connections, &reach);
        self.unused_carry(scenario, connections, &reach);
        self.priorities(scenario, model, connections, &reach);
        self.feedback(scenario, model, places, &ways);
    }

    /// Services that can never answer, because they need the lock that their caller holds.
    fn locked_out(&mut self, model: &Model, connections: &Connections) {
        for (_, _, links) in connections.links() {
            for (lock, call) in &links.calls_under {
                let known = &model.locks[*lock];
                if known.permits > 1 || known.lease.is_some() {
                    continue;
                }
                if let Some(taken) = takes(&connections.services, call.to, *lock) {
                    let service = &model.services[call.to].name;
                    let message =
                        format!("`{service}` can never answer here: it waits for `{}`, which its caller holds", known.name);
                    let problem = Problem::error(call.place, message).related(taken, "taken here, to answer");
                    self.log.push(problem.help("call it before the lock is taken or after it is given back"));
                }
            }
        }
    }

    /// Cycles that are not gone every time: whether they end, and whether time passes in them.
    fn feedback(&mut self, scenario: &Scenario, model: &Model, places: usize, ways: &[Way]) {
        // The mean numbers of a model with stand-ins would say nothing.
        if self.log.iter().any(|problem| problem.severity == super::diagnostic::Severity::Error) {
            return;
        }
        let cycle = cycles(places, ways).into_iter().next();
        if let Some(cycle) = cycle.filter(|_| !settles(model)) {
            let help = "make the way back less likely, so that each message causes less than one more on average";
            let problem = endless(model, &cycle, "become no fewer").map(|problem| problem.help(help));
            self.log.extend(problem);
            return;
        }
        let timeless = |arrivals: &Arrivals| matches!(arrivals, Arrivals::Closed { think, .. } if think.mean() <= 0.0);
        if !model.producers.iter().any(|producer| timeless(&producer.arrivals)) {
            return;
        }
        let load = Load::of(model);
        for ((producer, load), named) in model.producers.iter().zip(&load.producers).zip(list(&scenario.producers)) {
            if timeless(&producer.arrivals)
                && load.response <= 0.0
                && let Some(clients) = named.entity.as_ref().and_then(|at| at.value.clients.given())
            {
                let problem = Problem::error(clients.place, "these clients have their answers in no time, and do not think");
                self.log.push(
                    problem.help(
                        "let them `think` for a while, or wait for confirms that take time: without it time would never pass",
                    ),
                );
            }
        }
    }

    /// Who works as long as the message says needs messages that say so.
    fn carried_work(&mut self, scenario: &Scenario, model: &Model, connections: &Connections, reach: &Reach) {
        for (table, at, links) in connections.links() {
            let Some(&place) = links.carried.first() else { continue };
            let own = [at];
            let (name, producers) = match table {
                "producers" => (&model.producers[at].name, &own[..]),
                "consumers" => match connections.pools[at].queue {
                    Some(queue) => (&model.pools[at].name, reach.queues[queue].as_slice()),
                    None => continue,
                },
                _ => (&model.services[at].name, reach.services[at].as_slice()),
            };
            for &producer in producers.iter().filter(|&&producer| connections.producers[producer].sound) {
                self.carries_no_work(scenario, model, producer, name, place);
            }
        }
    }

    fn carries_no_work(&mut self, scenario: &Scenario, model: &Model, producer: usize, for_whom: &str, place: Place) {
        let known = &model.producers[producer];
        if known.arrivals.trace().is_some_and(|trace| trace.carried.work.is_some()) {
            return;
        }
        let message = format!("the messages of `{}` carry no work for `{for_whom}`", known.name);
        let mut problem = Problem::error(place, message).label("drawn from what each message carries");
        let form = list(&scenario.producers)[producer].entity.as_ref().map(|at| &at.value);
        if let Some(arrivals) = form.and_then(|form| form.arrivals.given()) {
            problem = problem.related(arrivals.place, "nothing is carried from here");
        }
        let help = match known.arrivals {
            Arrivals::Trace(_) => "name the column in the trace: carry = { work = \"service_s\" }",
            _ => "only a trace carries work; give `service` a distribution, or the producer a trace",
        };
        self.log.push(problem.help(help));
    }
}

/// Where a service takes a lock for every request, by itself or through others that it calls each time.
fn takes(services: &[Links], service: usize, lock: usize) -> Option<Place> {
    let mut seen = vec![service];
    let mut at = 0;
    while let Some(&here) = seen.get(at) {
        if let Some(taken) = services[here].locks.iter().find(|edge| edge.always && edge.before_reply && edge.to == lock) {
            return Some(taken.place);
        }
        for edge in services[here].calls.iter().filter(|edge| edge.always && edge.before_reply) {
            if !seen.contains(&edge.to) {
                seen.push(edge.to);
            }
        }
        at += 1;
    }
    None
}

/// The cycles among places, each as the ways that close it.
fn cycles(places: usize, ways: &[Way]) -> Vec<Vec<Way>> {
    let plain: Vec<(usize, usize)> = ways.iter().map(|way| (way.from, way.to)).collect();
    names::cycles(places, &plain).into_iter().map(|cycle| cycle.into_iter().map(|way| ways[way]).collect()).collect()
}

/// A problem with a cycle, at the place that closes it.
fn endless(model: &Model, ways: &[Way], how: &str) -> Option<Problem> {
    let (first, last) = (ways.first()?, ways.last()?);
    let name = |place: usize| match place.checked_sub(model.queues.len()) {
        Some(service) => &model.services[service].name,
        None => &model.queues[place].name,
    };
    let mut text = format!("`{}`", name(first.from));
    for way in ways.iter().take(20) {
        if let Some(pool) = way.pool {
            text += &format!(" -> {}", model.pools[pool].name);
        }
        text += &format!(" -> `{}`", name(way.to));
    }
    let what = if ways.iter().all(|way| way.is_call) { "calls" } else { "messages" };
    let problem = Problem::error(last.edge.place, format!("{what} {how}: {text}"));
    let others = ways.iter().rev().skip(1).take(5);
    Some(others.fold(problem, |problem, way| problem.related(way.edge.place, "part of the cycle")))
}

impl Reach {
    fn of(model: &Model, connections: &Connections, ways: &[Way]) -> Reach {
        let queues = model.queues.len();
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); queues + model.services.len()];
        for way in ways {
            leaving[way.from].push(way.to);
        }
        let mut reached: Vec<Vec<usize>> = vec![Vec::new(); leaving.len()];
        for (producer, known) in connections.producers.iter().enumerate() {
            let publishes = known.links.publishes.iter().map(|edge| edge.to);
            let mut open: Vec<usize> = publishes.chain(known.links.calls.iter().map(|edge| queues + edge.to)).collect();
            while let Some(place) = open.pop() {
                // Producers come in order, so that the last entry tells whether this one was here.
                if reached[place].last() != Some(&producer) {
                    reached[place].push(producer);
                    open.extend(&leaving[place]);
                }
            }
        }
        let services = reached.split_off(queues);
        Reach { queues: reached, services }
    }
}
