//! What a document says and nobody makes use of, and what can hardly be meant: warnings about the connections as a whole.

use super::arrivals_form::ArrivalsShape;
use super::broker_form::ConfirmForm;
use super::brokers::bound_queues;
use super::decode::Field;
use super::diagnostic::{At, Problem};
use super::document::{KeyForm, Scenario};
use super::flow::{Connections, Reach};
use super::headed::ShortOr;
use super::lookup::Kind;
use super::pools::highest;
use super::resolve::{Resolver, list};
use super::service_form::FaultForm;
use super::steps::{Limit, Links};
use crate::model::{
    Balance, Contents, Discipline, FaultKind, HostId, Model, PoolId, Priority, ProducerId, QueueId, RoutingKey, ServiceId, Shed,
    Target,
};

impl Resolver<'_> {
    /// Warns about what nobody uses.
    pub(super) fn usage(&mut self, scenario: &Scenario, model: &Model, connections: &Connections) {
        self.unused_queues(scenario, connections);
        let used = |of: &dyn Fn(&Links) -> Vec<usize>| -> Vec<usize> {
            connections.links().flat_map(|(_, _, links)| of(links)).collect()
        };
        let called = used(&|links| links.calls.iter().map(|edge| edge.to).collect());
        let hosted = used(&|links| links.host.into_iter().collect());
        let locked = used(&|links| links.locks.iter().map(|edge| edge.to).collect());
        let cached = used(&|links| links.caches.clone());
        let services = list(&scenario.services).iter().map(|named| &named.name);
        self.unused(Kind::Service, services, &called, "nothing calls the service", "let someone call = \"{}\", or remove it");
        let hosts = list(&scenario.hosts).iter().map(|named| &named.name);
        self.unused(Kind::Host, hosts, &hosted, "nobody works on the host", "give a consumer or a service host = \"{}\"");
        let locks = list(&scenario.locks).iter().map(|named| &named.name);
        self.unused(Kind::Lock, locks, &locked, "nobody takes the lock", "use it in a step { lock = \"{}\", steps = [...] }");
        let caches = list(&scenario.caches).iter().map(|named| &named.name);
        self.unused(
            Kind::Cache,
            caches,
            &cached,
            "nobody looks into the cache",
            "use it in a step { cache = \"{}\", miss = [...] }",
        );
        self.keys(scenario, model);
        self.unwanted_deadlines(scenario, model, connections);
        self.lost_answers(scenario, model, connections);
        self.unpublished(scenario, connections);
    }

    fn unused<'a>(&mut self, kind: Kind, names: impl Iterator<Item = &'a At<String>>, used: &[usize], message: &str, help: &str) {
        let mut is_used = Vec::new();
        for &at in used {
            if is_used.len() <= at {
                is_used.resize(at + 1, false);
            }
            is_used[at] = true;
        }
        for (at, name) in names.enumerate().filter(|_| !self.unreadable.contains(&kind.table())) {
            if !is_used.get(at).copied().unwrap_or(false) {
                let problem = Problem::warning(name.place, format!("{message} `{}`", name.value));
                self.log.push(problem.help(help.replace("{}", &name.value)));
            }
        }
    }

    fn unused_queues(&mut self, scenario: &Scenario, connections: &Connections) {
        let queues = list(&scenario.queues);
        let (mut entered, mut taken) = (vec![false; queues.len()], vec![false; queues.len()]);
        connections.links().flat_map(|(_, _, links)| &links.publishes).for_each(|edge| entered[edge.to] = true);
        connections.pools.iter().filter_map(|links| links.queue).for_each(|queue| taken[queue] = true);
        let dead = queues.iter().filter_map(|named| named.entity.as_ref()?.value.dead_letter.value());
        for form in dead {
            let name = match form {
                ShortOr::Short(name) => name.as_str(),
                ShortOr::Table(form) => form.to.value().map_or("", String::as_str),
            };
            // Dead letters come there, and may lie there.
            bound_queues(scenario, name).into_iter().for_each(|queue| (entered[queue], taken[queue]) = (true, true));
        }
        for (at, queue) in queues.iter().enumerate() {
            let name = &queue.name.value;
            if !entered[at] {
                let problem = Problem::warning(queue.name.place, format!("nothing is published to the queue `{name}`"));
                self.log.push(problem.help(format!("let a producer or a consumer publish = \"{name}\", or remove it")));
            }
            if !taken[at] {
                let problem = Problem::warning(queue.name.place, format!("nothing takes messages from the queue `{name}`"));
                self.log.push(problem.help(format!("add a consumer with queue = \"{name}\", or remove it")));
            }
        }
    }

    /// Carried work that nobody draws on would silently be ignored.
    pub(super) fn unused_carry(&mut self, scenario: &Scenario, connections: &Connections, reach: &Reach) {
        for (at, named) in list(&scenario.producers).iter().enumerate() {
            let Some(entity) = &named.entity else { continue };
            let Some(ArrivalsShape::Trace(trace)) = entity.value.arrivals.value().map(|arrivals| &arrivals.0) else { continue };
            let Some(carry) = trace.carry.value() else { continue };
            let drawn = connections.links().any(|(table, number, links)| {
                let reached = match table {
                    "producers" => number == at,
                    "consumers" => connections.pools[number].queue.is_some_and(|queue| reach.queues[queue].contains(&at)),
                    _ => reach.services[number].contains(&at),
                };
                reached && !links.carried.is_empty()
            });
            if let (Some(work), false, true) = (carry.work.given(), drawn, connections.producers[at].sound) {
                let problem = Problem::warning(work.place, "no consumer draws on the work that these messages carry");
                self.log.push(problem.help("let one say service = { carried = \"work\" }, or remove `work`"));
            }
            if let (Some(priority), Field::Missing) = (carry.priority.given(), &entity.value.priority) {
                let problem = Problem::warning(priority.place, "the priority that these messages carry is not used");
                self.log.push(problem.help("add priority = { carried = \"priority\" } to the producer, or remove this"));
            }
        }
    }

    /// Priorities that no queue looks at, or that a queue cannot tell apart.
    pub(super) fn priorities(&mut self, scenario: &Scenario, model: &Model, connections: &Connections, reach: &Reach) {
        for (at, named) in list(&scenario.producers).iter().enumerate() {
            let Some(given) = named.entity.as_ref().and_then(|entity| entity.value.priority.given()) else { continue };
            let links = &connections.producers[at].links;
            if (links.publishes.is_empty() && links.calls.is_empty()) || model.producers[at].priority == Priority::Constant(0) {
                continue;
            }
            let queues = model.queues.iter().map(|queue| ("queue", &queue.name, queue.discipline)).zip(&reach.queues);
            let services = model.services.iter().map(|service| ("service", &service.name, service.discipline));
            let reached = queues.chain(services.zip(&reach.services)).filter(|(_, producers)| producers.contains(&at));
            let levels: Vec<(&str, &str, u8)> = reached
                .filter_map(|((noun, name, discipline), _)| match discipline {
                    Discipline::Priority { max_priority } => Some((noun, name.as_str(), max_priority)),
                    _ => None,
                })
                .collect();
            if levels.is_empty() {
                let problem = Problem::warning(given.place, "no queue on the way of these messages looks at their priority");
                self.log.push(problem.help("give the queue discipline = \"priority\", or remove this"));
            }
            let highest = highest(&model.producers[at].priority);
            for (noun, name, most) in levels {
                if highest.is_some_and(|highest| highest > u32::from(most)) {
                    let message = format!("the {noun} `{name}` counts priorities above {most} as {most}");
                    let problem = Problem::warning(given.place, message);
                    self.log.push(problem.help(format!("raise its `max_priority`, or stay at {most} and below")));
                }
            }
        }
    }

    /// Keys that nobody looks at, and those who look at keys that are not there.
    fn keys(&mut self, scenario: &Scenario, model: &Model) {
        let keyed = model.producers.iter().any(|producer| producer.keys.is_some() || producer.sending.key == RoutingKey::Carried);
        let lru = |contents: Contents| matches!(contents, Contents::Lru { .. });
        let ring = |balance: Option<Balance>| matches!(balance, Some(Balance::ConsistentHash { .. }));
        let routed = |form: &KeyForm| matches!(form, KeyForm::Constant(_) | KeyForm::Choose(_) | KeyForm::Carried(_));
        if !keyed {
            for (cache, named) in model.caches.iter().zip(list(&scenario.caches)).filter(|(cache, _)| lru(cache.contents)) {
                let message = format!("no message has a key, so that nothing is found twice in the cache `{}`", cache.name);
                let help = "give the producer key = { zipf = { keys = 10_000 } }, or the cache a `hit_ratio`";
                self.log.push(Problem::warning(named.name.place, message).help(help));
            }
        } else if !model.caches.iter().any(|cache| lru(cache.contents))
            && !model.services.iter().any(|s| ring(s.balance))
            && model.exchanges.is_empty()
        {
            for named in list(&scenario.producers) {
                if let Some(key) = named.entity.as_ref().and_then(|at| at.value.key.given()).filter(|key| !routed(&key.value)) {
                    let problem = Problem::warning(key.place, "nobody looks at the keys of these messages");
                    let help = "a cache with a `capacity` or a service with balance = \"consistent-hash\" would; or remove this";
                    self.log.push(problem.help(help));
                }
            }
        }
    }

    /// Producers that ask for confirms and publish nothing that could be confirmed.
    fn unpublished(&mut self, scenario: &Scenario, connections: &Connections) {
        for (known, named) in connections.producers.iter().zip(list(&scenario.producers)) {
            let Some(form) = named.entity.as_ref().map(|entity| &entity.value) else { continue };
            let asks = form.confirm.given().filter(|confirm| confirm.value != ConfirmForm::Off);
            if let (Some(confirm), true) = (asks, known.links.publishes.is_empty() && !known.links.calls.is_empty()) {
                let problem = Problem::warning(confirm.place, "this producer publishes nothing, so that nothing is confirmed");
                self.log.push(problem.help("remove it, or let the producer `publish` where it calls"));
            }
        }
    }

    /// A service that drops what nobody waits for, where everybody waits for ever.
    fn unwanted_deadlines(&mut self, scenario: &Scenario, model: &Model, connections: &Connections) {
        for (at, (service, named)) in model.services.iter().zip(list(&scenario.services)).enumerate() {
            let Some(shed) = named.entity.as_ref().and_then(|entity| entity.value.shed.given()) else { continue };
            let mut calls = connections.links().flat_map(|(_, _, links)| &links.calls).filter(|edge| edge.to == at).peekable();
            if service.shed == Some(Shed::Deadline) && calls.peek().is_some() && calls.all(|edge| edge.limit == Limit::None) {
                let message = format!("nobody gives up a call of `{}`, so that it sheds nothing", service.name);
                let help = "give the calls a `timeout` or a `deadline`";
                self.log.push(Problem::warning(shed.place, message).help(help));
            }
        }
    }

    /// Callers without a limit of time, where answers can be lost; and partitions that part nobody.
    fn lost_answers(&mut self, scenario: &Scenario, model: &Model, connections: &Connections) {
        let forms = scenario.faults.value().map_or(&[][..], Vec::as_slice);
        for (fault, form) in model.faults.iter().zip(forms) {
            let mut parted = false;
            for (table, at, links) in connections.links() {
                let caller = sides(model, table, at);
                for edge in &links.publishes {
                    parted |= between(fault.kind, &caller, &[Target::Queue(QueueId(edge.to as u32))]);
                }
                for edge in &links.calls {
                    let callee = sides(model, "services", edge.to);
                    let lost = between(fault.kind, &caller, &callee);
                    parted |= lost;
                    // Whoever asks a service for something until a time that the service knows of limits its calls too.
                    let mut asked = connections.links().flat_map(|(_, _, links)| &links.calls).filter(|edge| edge.to == at);
                    let told = table == "services" && asked.all(|edge| edge.limit == Limit::Told);
                    if lost && edge.limit == Limit::None && !told {
                        let message = "an answer that is lost never comes, and this caller waits for ever";
                        let problem = Problem::warning(edge.place, message).related(form.place, "loses it");
                        self.log.push(problem.help("give the call a `timeout`"));
                    }
                }
            }
            for (at, pool) in model.pools.iter().enumerate() {
                parted |= between(fault.kind, &sides(model, "consumers", at), &[Target::Queue(pool.queue)]);
            }
            if let (FaultForm::Partition(partition), false) = (&form.value, parted)
                && let Some(both) = partition.sides.given()
            {
                let problem = Problem::warning(both.place, "nothing passes between these two, so that this parts nobody");
                self.log.push(problem.help("name a caller and its service, or a queue and who publishes to it or takes from it"));
            }
        }
    }
}

/// What a fault has to befall to befall this one.
fn sides(model: &Model, table: &str, at: usize) -> Vec<Target> {
    let id = at as u32;
    let with = |own: Target, host: Option<HostId>| std::iter::once(own).chain(host.map(Target::Host)).collect();
    match table {
        "producers" => vec![Target::Producer(ProducerId(id))],
        "consumers" => with(Target::Pool(PoolId(id)), model.pools[at].host),
        _ => with(Target::Service(ServiceId(id)), model.services[at].host),
    }
}

/// Whether a fault lets something be lost between these two.
fn between(kind: FaultKind, from: &[Target], to: &[Target]) -> bool {
    match kind {
        FaultKind::Loss { target, .. } => to.contains(&target),
        FaultKind::Partition { from: one, to: other } => {
            from.contains(&one) && to.contains(&other) || from.contains(&other) && to.contains(&one)
        }
        FaultKind::Crash { .. } | FaultKind::Pause { .. } | FaultKind::Slow { .. } | FaultKind::DiskStall { .. } => false,
    }
}
