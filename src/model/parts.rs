//! The connected parts of a model: two entities are in one part where something leads from one to the other, whatever its
//! direction. Nothing in one part can ever depend on another part, so that each is studied by itself.

use super::{
    BrokerId, CacheId, ExchangeId, FaultKind, Handler, HostId, LockId, Model, Outlet, PoolId, QueueId, ServiceId, Step, Target,
    entity_of,
};
use std::collections::BTreeMap;

/// Something of a model that has a name, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entity {
    Producer(u32),
    Queue(QueueId),
    Pool(PoolId),
    Service(ServiceId),
    Host(HostId),
    Lock(LockId),
    Cache(CacheId),
    Broker(BrokerId),
    Exchange(ExchangeId),
}

/// Every two entities of which one can make a difference to the other. Whatever comes to refer to another entity (a dead letter)
/// belongs into this list, and nowhere else.
fn links(model: &Model) -> Vec<(Entity, Entity)> {
    let mut links = Vec::new();
    for (at, producer) in model.producers.iter().enumerate() {
        handler_links(Entity::Producer(at as u32), &producer.handler, &mut links);
    }
    for (at, pool) in model.pools.iter().enumerate() {
        let own = Entity::Pool(PoolId(at as u32));
        links.push((own, Entity::Queue(pool.queue)));
        links.extend(pool.host.map(|host| (own, Entity::Host(host))));
        handler_links(own, &pool.handler, &mut links);
    }
    for (at, service) in model.services.iter().enumerate() {
        let own = Entity::Service(ServiceId(at as u32));
        links.extend(service.host.map(|host| (own, Entity::Host(host))));
        handler_links(own, &service.handler, &mut links);
    }
    for (at, queue) in model.queues.iter().enumerate() {
        let own = Entity::Queue(QueueId(at as u32));
        links.extend(queue.semantics.broker.map(|broker| (own, Entity::Broker(broker))));
        links.extend(queue.semantics.dead_letter.as_ref().map(|dead| (own, outlet(dead.to))));
    }
    for (at, exchange) in model.exchanges.iter().enumerate() {
        let own = Entity::Exchange(ExchangeId(at as u32));
        links.extend(exchange.broker.map(|broker| (own, Entity::Broker(broker))));
        links.extend(exchange.bindings.iter().map(|binding| binding.to).chain(exchange.alternate).map(|to| (own, outlet(to))));
    }
    links.extend(shared_connections(model));
    for fault in &model.faults {
        if let FaultKind::Partition { from, to } = fault.kind {
            links.push((target(from), target(to)));
        }
    }
    links
}

/// Everyone on a connection with the first who is on it.
fn shared_connections(model: &Model) -> Vec<(Entity, Entity)> {
    let producers = model.producers.iter().enumerate();
    let producers = producers.map(|(at, producer)| (&producer.sending.connection, Entity::Producer(at as u32)));
    let pools = model.pools.iter().enumerate().map(|(at, pool)| (&pool.session.connection, Entity::Pool(PoolId(at as u32))));
    let mut first = BTreeMap::new();
    let shared = producers.chain(pools).filter_map(|(name, own)| name.as_ref().map(|name| (name, own)));
    shared.map(|(name, own)| (*first.entry(name).or_insert(own), own)).collect()
}

fn handler_links(own: Entity, handler: &Handler, links: &mut Vec<(Entity, Entity)>) {
    handler.visit(&mut |step| match step {
        Step::Publish(queue) => links.push((own, Entity::Queue(*queue))),
        Step::Send(send) => links.push((own, outlet(send.to))),
        Step::Call(call) => links.push((own, Entity::Service(call.service))),
        Step::Cache { cache, .. } => links.push((own, Entity::Cache(*cache))),
        Step::Lock { lock, .. } => links.push((own, Entity::Lock(*lock))),
        Step::TwoPhaseCommit(commit) => {
            links.extend(commit.participants.iter().map(|service| (own, Entity::Service(*service))));
            links.extend(commit.locks.iter().map(|lock| (own, Entity::Lock(*lock))));
        }
        _ => {}
    });
}

/// Where a message goes.
fn outlet(to: Outlet) -> Entity {
    match to {
        Outlet::Queue(id) => Entity::Queue(id),
        Outlet::Exchange(id) => Entity::Exchange(id),
    }
}

/// What a fault befalls.
fn target(target: Target) -> Entity {
    match target {
        Target::Pool(id) => Entity::Pool(id),
        Target::Service(id) => Entity::Service(id),
        Target::Host(id) => Entity::Host(id),
        Target::Queue(id) => Entity::Queue(id),
        Target::Producer(id) => Entity::Producer(id.0),
        Target::Broker(id) => Entity::Broker(id),
    }
}

/// The targets of a fault.
fn targets(kind: &mut FaultKind) -> Vec<&mut Target> {
    match kind {
        FaultKind::Crash { target, .. }
        | FaultKind::Pause { target }
        | FaultKind::Slow { target, .. }
        | FaultKind::Loss { target, .. }
        | FaultKind::DiskStall { target, .. } => vec![target],
        FaultKind::Partition { from, to } => vec![from, to],
    }
}

/// The entities of a whole dealt out to its parts, and where each stands in its own.
struct Moved([Vec<u32>; 9]);

impl Moved {
    fn at(&self, entity: Entity) -> u32 {
        let (kind, at) = entity.kind();
        self.0[kind][at]
    }

    fn handler(&self, handler: &mut Handler) {
        handler.change(&mut |step| match step {
            Step::Publish(queue) => queue.0 = self.at(Entity::Queue(*queue)),
            Step::Send(send) => self.outlet(&mut send.to),
            Step::Call(call) => call.service.0 = self.at(Entity::Service(call.service)),
            Step::Cache { cache, .. } => cache.0 = self.at(Entity::Cache(*cache)),
            Step::Lock { lock, .. } => lock.0 = self.at(Entity::Lock(*lock)),
            Step::TwoPhaseCommit(commit) => {
                commit.participants.iter_mut().for_each(|service| service.0 = self.at(Entity::Service(*service)));
                commit.locks.iter_mut().for_each(|lock| lock.0 = self.at(Entity::Lock(*lock)));
            }
            _ => {}
        });
    }

    fn outlet(&self, to: &mut Outlet) {
        let at = self.at(outlet(*to));
        match to {
            Outlet::Queue(id) => id.0 = at,
            Outlet::Exchange(id) => id.0 = at,
        }
    }

    fn broker(&self, broker: &mut Option<BrokerId>) {
        broker.iter_mut().for_each(|broker| broker.0 = self.at(Entity::Broker(*broker)));
    }

    fn host(&self, host: &mut Option<HostId>) {
        host.iter_mut().for_each(|host| host.0 = self.at(Entity::Host(*host)));
    }

    fn target(&self, hit: &mut Target) {
        let at = self.at(target(*hit));
        match hit {
            Target::Pool(id) => id.0 = at,
            Target::Service(id) => id.0 = at,
            Target::Host(id) => id.0 = at,
            Target::Queue(id) => id.0 = at,
            Target::Producer(id) => id.0 = at,
            Target::Broker(id) => id.0 = at,
        }
    }
}

impl Entity {
    /// Which kind it is, and where it stands among its kind.
    fn kind(self) -> (usize, usize) {
        let (kind, at) = match self {
            Entity::Producer(at) => (0, at),
            Entity::Queue(id) => (1, id.0),
            Entity::Pool(id) => (2, id.0),
            Entity::Service(id) => (3, id.0),
            Entity::Host(id) => (4, id.0),
            Entity::Lock(id) => (5, id.0),
            Entity::Cache(id) => (6, id.0),
            Entity::Broker(id) => (7, id.0),
            Entity::Exchange(id) => (8, id.0),
        };
        (kind, at as usize)
    }
}

impl Model {
    /// The connected parts, each a model of its own with the same plan: its entities, goals, alerts and named metrics are those of the
    /// whole that belong to it, in the same order. Parts come in the order of their first producers, those without one by
    /// their first queues. A model in one piece is its only part, and so is an empty one.
    pub fn parts(&self) -> Vec<Model> {
        let (number, part) = self.numbered();
        if number < 2 {
            return vec![self.clone()];
        }
        let mut plan = self.plan.clone();
        plan.precision.metrics.clear();
        let empty = Model {
            title: self.title.clone(),
            plan,
            producers: Vec::new(),
            brokers: Vec::new(),
            exchanges: Vec::new(),
            queues: Vec::new(),
            pools: Vec::new(),
            services: Vec::new(),
            hosts: Vec::new(),
            locks: Vec::new(),
            caches: Vec::new(),
            faults: Vec::new(),
            goals: Vec::new(),
            alerts: Vec::new(),
        };
        let mut parts = vec![empty; number];
        let mut counts = vec![[0u32; 9]; number];
        let moved = Moved(std::array::from_fn(|kind| {
            let next = |&part: &usize| {
                counts[part][kind] += 1;
                counts[part][kind] - 1
            };
            part[kind].iter().map(next).collect()
        }));
        for (at, one) in self.producers.iter().enumerate() {
            let mut own = one.clone();
            moved.handler(&mut own.handler);
            parts[part[0][at]].producers.push(own);
        }
        for (one, &part) in self.queues.iter().zip(&part[1]) {
            let mut own = one.clone();
            moved.broker(&mut own.semantics.broker);
            own.semantics.dead_letter.iter_mut().for_each(|dead| moved.outlet(&mut dead.to));
            parts[part].queues.push(own);
        }
        for (one, &part) in self.pools.iter().zip(&part[2]) {
            let mut own = one.clone();
            own.queue.0 = moved.at(Entity::Queue(own.queue));
            moved.handler(&mut own.handler);
            moved.host(&mut own.host);
            parts[part].pools.push(own);
        }
        for (one, &part) in self.services.iter().zip(&part[3]) {
            let mut own = one.clone();
            moved.handler(&mut own.handler);
            moved.host(&mut own.host);
            parts[part].services.push(own);
        }
        self.hosts.iter().zip(&part[4]).for_each(|(host, &part)| parts[part].hosts.push(host.clone()));
        self.locks.iter().zip(&part[5]).for_each(|(lock, &part)| parts[part].locks.push(lock.clone()));
        self.caches.iter().zip(&part[6]).for_each(|(cache, &part)| parts[part].caches.push(cache.clone()));
        self.brokers.iter().zip(&part[7]).for_each(|(broker, &part)| parts[part].brokers.push(broker.clone()));
        for (one, &part) in self.exchanges.iter().zip(&part[8]) {
            let mut own = one.clone();
            moved.broker(&mut own.broker);
            own.bindings.iter_mut().map(|binding| &mut binding.to).chain(&mut own.alternate).for_each(|to| moved.outlet(to));
            parts[part].exchanges.push(own);
        }
        for fault in &self.faults {
            let mut own = fault.clone();
            let home = targets(&mut own.kind).first().map(|hit| target(**hit).kind());
            targets(&mut own.kind).into_iter().for_each(|hit| moved.target(hit));
            home.into_iter().for_each(|(kind, at)| parts[part[kind][at]].faults.push(own.clone()));
        }
        let named = parts.iter().map(Model::entities).enumerate();
        let home: BTreeMap<String, usize> = named.flat_map(|(at, names)| names.into_iter().map(move |name| (name, at))).collect();
        for goal in &self.goals {
            home.get(entity_of(&goal.metric)).into_iter().for_each(|&at| parts[at].goals.push(goal.clone()));
        }
        for alert in &self.alerts {
            home.get(entity_of(&alert.metric)).into_iter().for_each(|&at| parts[at].alerts.push(alert.clone()));
        }
        for metric in &self.plan.precision.metrics {
            home.get(entity_of(metric)).into_iter().for_each(|&at| parts[at].plan.precision.metrics.push(metric.clone()));
        }
        parts
    }

    /// The names of all entities as their metrics begin with them: `producers.web`, `queues.jobs`, `consumers.workers`.
    pub fn entities(&self) -> Vec<String> {
        let producers = self.producers.iter().map(|producer| format!("producers.{}", producer.name));
        let queues = self.queues.iter().map(|queue| format!("queues.{}", queue.name));
        let pools = self.pools.iter().map(|pool| format!("consumers.{}", pool.name));
        let services = self.services.iter().map(|service| format!("services.{}", service.name));
        let hosts = self.hosts.iter().map(|host| format!("hosts.{}", host.name));
        let locks = self.locks.iter().map(|lock| format!("locks.{}", lock.name));
        let caches = self.caches.iter().map(|cache| format!("caches.{}", cache.name));
        let brokers = self.brokers.iter().map(|broker| format!("brokers.{}", broker.name));
        let exchanges = self.exchanges.iter().map(|exchange| format!("exchanges.{}", exchange.name));
        let shared = hosts.chain(locks).chain(caches).chain(brokers).chain(exchanges);
        producers.chain(queues).chain(pools).chain(services).chain(shared).collect()
    }

    /// How many parts there are, and for each kind of entity the part that each of them belongs to.
    fn numbered(&self) -> (usize, [Vec<usize>; 9]) {
        let sizes = [
            self.producers.len(),
            self.queues.len(),
            self.pools.len(),
            self.services.len(),
            self.hosts.len(),
            self.locks.len(),
            self.caches.len(),
            self.brokers.len(),
            self.exchanges.len(),
        ];
        let place = |entity: Entity| {
            let (kind, at) = entity.kind();
            sizes[..kind].iter().sum::<usize>() + at
        };
        // Each entity stands below another of its part, or below itself: the first of its part.
        let mut above: Vec<usize> = (0..sizes.iter().sum()).collect();
        for (one, other) in links(self) {
            let (one, other) = (first(&mut above, place(one)), first(&mut above, place(other)));
            above[one.max(other)] = one.min(other);
        }
        let mut number = 0;
        let mut parts = vec![0; above.len()];
        for at in 0..above.len() {
            let first = first(&mut above, at);
            if first == at {
                (parts[at], number) = (number, number + 1);
            } else {
                parts[at] = parts[first];
            }
        }
        let mut rest = parts.into_iter();
        (number, sizes.map(|size| rest.by_ref().take(size).collect()))
    }
}

/// The first entity of a part; the way up gets shorter with every use.
fn first(above: &mut [usize], mut at: usize) -> usize {
    while above[at] != at {
        above[at] = above[above[at]];
        at = above[at];
    }
    at
}
