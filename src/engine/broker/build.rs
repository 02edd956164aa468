//! From the model to the brokers at time zero.

use super::alarm::BrokerState;
use super::client::{Client, PoolSession};
use super::delivery::{BrokerQueue, DeadRoute};
use super::link::Link;
use super::processor::Processor;
use super::publisher::{Connection, Makes, MakesKeys, Publisher, Target};
use super::routes::{KeySpace, Router};
use super::storage::{DiskState, Follower, Stored};
use super::{Brokers, FOREVER};
use crate::engine::agenda::Phase;
use crate::engine::fifo::Fifo;
use crate::engine::program::{Code, Sender};
use crate::engine::slab::NONE;
use crate::engine::world::Worker;
use crate::model::{
    Ack, BrokerId, Model, Network, Outlet, Producer, QueueId, RoutingKey, Sending, Settlements, Storage, Target as Whose,
};
use crate::random::Stream;
use crate::units::Time;
use std::collections::BTreeMap;

/// What the parts of a broker are made of while they are built.
struct Builder<'a> {
    model: &'a Model,
    stream: &'a dyn Fn(&str, &str) -> Stream,
    made: Brokers,
    /// The first processor and the first disk of each broker; `NONE`: it has none.
    processors: Vec<u32>,
    disks: Vec<u32>,
    connections: BTreeMap<String, u32>,
    none: Network,
}

/// The brokers of a model, where it has any: links have the agenda's slots from `slot` on. `programs` are those of the pools.
pub(in crate::engine) fn brokers(
    model: &Model,
    code: &Code,
    programs: &[u32],
    workers: &[Worker],
    slot: usize,
    stream: &dyn Fn(&str, &str) -> Stream,
) -> Brokers {
    if !model.has_brokers() {
        return Brokers::default();
    }
    let made = Brokers { active: true, slot, ..Brokers::default() };
    let (processors, disks, connections) = Default::default();
    let mut builder = Builder { model, stream, made, processors, disks, connections, none: Network::none() };
    builder.nodes();
    builder.exchanges();
    builder.queues();
    builder.made.blocked = vec![0; model.producers.len()];
    builder.made.makes = model.producers.iter().map(|producer| builder.makes(producer)).collect();
    for sender in &code.senders {
        builder.publisher(sender);
    }
    builder.made.makes.iter_mut().for_each(|makes| makes.alike = makes.all_alike());
    builder.pools(programs);
    builder.clients(workers);
    builder.made
}

impl Builder<'_> {
    fn link(&mut self, link: Link) -> u32 {
        self.made.links.push(link);
        self.made.links.len() as u32 - 1
    }

    fn nodes(&mut self) {
        for (at, broker) in self.model.brokers.iter().enumerate() {
            let entity = format!("brokers.{}", broker.name);
            self.processors.push(broker.cpu.map_or(NONE, |costs| {
                let first = self.made.processors.len() as u32;
                for _ in 0..broker.nodes * costs.cores {
                    self.made.processors.push(Processor::new(costs, at as u32));
                }
                first
            }));
            self.disks.push(broker.disk.as_ref().map_or(NONE, |disk| {
                let first = self.made.disks.len() as u32;
                for node in 0..broker.nodes {
                    let stream = (self.stream)(&entity, &format!("disk {node}"));
                    self.made.disks.push(DiskState::new(disk.clone(), stream, at as u32));
                }
                first
            }));
            self.made.states.push(BrokerState {
                network: broker.network.clone(),
                delays: (self.stream)(&entity, "delays"),
                expiry_lag: broker.expiry_lag,
                close_lag: broker.close_lag,
                heartbeat_checks: broker.heartbeat_checks,
                memory_limit: broker.memory_limit.unwrap_or(u64::MAX),
                disk_limit: broker.disk_limit.unwrap_or(u64::MAX),
                check: broker.alarm_check,
                memory: 0,
                on_disk: 0,
                alarm: false,
                watched: false,
                nodes: broker.nodes,
                dead: 0,
                down: false,
                first_disk: self.disks[at],
                election: broker.election,
                publishers: Vec::new(),
                record: at as u32,
            });
        }
    }

    fn exchanges(&mut self) {
        let headers = self.model.producers.iter().map(|producer| producer.sending.headers.clone()).collect();
        for exchange in &self.model.exchanges {
            let bindings = exchange.bindings.iter().map(|binding| (target(binding.to), binding.clone())).collect();
            let headers = std::rc::Rc::clone(&headers);
            let alternate = exchange.alternate.map(target);
            self.made.routers.push(Router { kind: exchange.kind, bindings, alternate, headers, turn: 0, known: BTreeMap::new() });
        }
    }

    /// The node of a queue: its broker's queues are dealt out to the nodes in turn.
    fn node(&self, at: usize) -> u32 {
        let queues = &self.model.queues;
        let Some(broker) = queues[at].semantics.broker else { return 0 };
        let before = queues[..at].iter().filter(|queue| queue.semantics.broker == Some(broker)).count() as u32;
        before % self.model.brokers[broker.0 as usize].nodes
    }

    fn queues(&mut self) {
        let mut bit = 0;
        for (at, queue) in self.model.queues.iter().enumerate() {
            let rules = &queue.semantics;
            let broker = rules.broker.map_or(NONE, |broker| broker.0);
            let node = self.node(at);
            let dead = rules.dead_letter.as_ref().map(|dead| DeadRoute {
                target: target(dead.to),
                key: dead.key.as_ref().map_or(NONE, |key| self.made.keys.number(key)),
            });
            let processor = match rules.broker.map(|broker| &self.model.brokers[broker.0 as usize]).and_then(|known| known.cpu) {
                Some(costs) => self.processors[broker as usize] + node * costs.cores + at as u32 % costs.cores,
                None => NONE,
            };
            let ranked = self.model.pools_on(QueueId(at as u32)).any(|(_, pool)| pool.session.priority != 0);
            let stored = self.stored(rules.storage, broker, node, &queue.name);
            self.made.queues.push(BrokerQueue {
                queue: at as u32,
                broker,
                node,
                processor,
                ttl: queue.ttl.unwrap_or(FOREVER),
                max_bytes: rules.max_bytes.unwrap_or(u64::MAX),
                ready_bytes: 0,
                dead,
                dead_refused: rules.dead_letter_refused,
                delivery_limit: rules.delivery_limit.unwrap_or(u32::MAX),
                returns: rules.returns,
                logs: rules.settlements == Settlements::Logged && matches!(stored, Stored::Replicas { .. }),
                stored,
                single_active: rules.single_active,
                ranked,
                bit,
                expires: queue.ttl.is_some(),
                timer: None,
                timed: Time::LATEST,
                down: false,
                free: self.model.pools_on(QueueId(at as u32)).next().is_some(),
                consumers: Vec::new(),
                active: NONE,
            });
            bit += u32::from(dead.is_some());
        }
    }

    fn stored(&mut self, storage: Storage, broker: u32, node: u32, name: &str) -> Stored {
        let (members, disk) = match storage {
            Storage::Memory => return Stored::Memory,
            Storage::Disk if broker == NONE || self.disks[broker as usize] == NONE => return Stored::Disk(NONE),
            Storage::Disk => return Stored::Disk(self.disks[broker as usize] + node),
            Storage::Quorum { members } => (members, true),
            Storage::Replicated { members } => (members, false),
        };
        if broker == NONE {
            return Stored::Memory;
        }
        let known = &self.model.brokers[broker as usize];
        let first = self.disks[broker as usize];
        let disk_of = |node: u32| if disk && first != NONE { first + node % known.nodes } else { NONE };
        let entity = format!("queues.{name}");
        let followers = (1..members)
            .map(|member| {
                let stream = |way: &str| (self.stream)(&entity, &format!("{way} {member}"));
                let (there, back) = (stream("append"), stream("appended"));
                Follower {
                    to: self.link(Link::new(&known.between, None, there, Phase::Completion)),
                    back: self.link(Link::new(&known.between, None, back, Phase::Completion)),
                    disk: disk_of(node + member),
                }
            })
            .collect();
        Stored::Replicas { leader: disk_of(node), followers, needed: members / 2 + 1 }
    }

    fn makes(&self, producer: &Producer) -> Makes {
        let stream = |purpose: &str| (self.stream)(&format!("producers.{}", producer.name), purpose);
        let carried = producer.arrivals.trace().map(|trace| trace.carried.clone()).unwrap_or_default();
        Makes {
            size: producer.sending.size.clone(),
            sizes: stream("sizes"),
            carried_size: carried.size,
            ttl: producer.sending.ttl.clone(),
            ttls: stream("ttl"),
            carried_ttl: carried.ttl,
            persistent: producer.sending.persistent,
            keys: MakesKeys::Numbered,
            key_draws: stream("routing keys"),
            alike: None,
        }
    }

    /// Where a producer's keys come from, in the numbers of the key space.
    fn keys(space: &mut KeySpace, producer: &Producer) -> MakesKeys {
        match &producer.sending.key {
            RoutingKey::Constant(key) => MakesKeys::One(space.number(key)),
            RoutingKey::Numbered => MakesKeys::Numbered,
            RoutingKey::Chosen(keys) => {
                let total: f64 = keys.iter().map(|(_, weight)| weight).sum();
                let mut sum = 0.0;
                let mut cumulative = |(key, weight): &(String, f64)| {
                    sum += weight / total;
                    (sum, space.number(key))
                };
                MakesKeys::Chosen(keys.iter().map(&mut cumulative).collect())
            }
            RoutingKey::Carried => {
                let carried = producer.arrivals.trace().and_then(|trace| trace.carried.key.clone());
                MakesKeys::Carried(carried.iter().flat_map(|keys| keys.iter()).map(|key| space.number(key)).collect())
            }
        }
    }

    /// The number of a connection: that of its name, or a new one.
    fn connection(&mut self, name: Option<&String>) -> u32 {
        let next = self.made.connections.len() as u32;
        let at = match name {
            Some(name) => *self.connections.entry(name.clone()).or_insert(next),
            None => next,
        };
        if at == next {
            self.made.connections.push(Connection::default());
        }
        at
    }

    fn broker_of(&self, to: Outlet) -> Option<BrokerId> {
        match to {
            Outlet::Queue(queue) => self.model.queue(queue).semantics.broker,
            Outlet::Exchange(id) => self.model.exchange(id).broker,
        }
    }

    fn publisher(&mut self, sender: &Sender) {
        let model = self.model;
        let plain = Sending::default();
        let (entity, producer, sending) = match sender.owner {
            Whose::Producer(id) => {
                let known = &model.producers[id.0 as usize];
                let keys = Builder::keys(&mut self.made.keys, known);
                self.made.makes[id.0 as usize].keys = keys;
                (format!("producers.{}", known.name), id.0, &known.sending)
            }
            Whose::Pool(id) => (format!("consumers.{}", model.pools[id.0 as usize].name), NONE, &plain),
            Whose::Service(id) => (format!("services.{}", model.service(id).name), NONE, &plain),
            Whose::Host(_) | Whose::Queue(_) | Whose::Broker(_) => unreachable!("nobody of these publishes"),
        };
        let at = self.made.publishers.len() as u32;
        let broker = self.broker_of(sender.to);
        let known = broker.map(|broker| &model.brokers[broker.0 as usize]);
        let name = match sender.owner {
            Whose::Pool(id) => model.pools[id.0 as usize].session.connection.as_ref(),
            _ => sending.connection.as_ref(),
        };
        // What one entity sends goes over one connection.
        let own = Some(entity.clone()).filter(|_| name.is_none());
        let connection = self.connection(name.or(own.as_ref()));
        self.made.connections[connection as usize].publishers.push(at);
        let stream = |way: &str| (self.stream)(&entity, &format!("{way} {at}"));
        let network = known.map_or(&self.none, |known| &known.network);
        let bandwidth = known.and_then(|known| known.bandwidth);
        let (there, back) = (
            Link::new(&network.publish, bandwidth, stream("publish link"), Phase::Arrival),
            Link::new(&network.confirm, None, stream("confirm link"), Phase::Completion),
        );
        let (link, back) = (self.link(there), self.link(back));
        let processor = match sender.to {
            Outlet::Queue(queue) => self.made.queues[queue.0 as usize].processor,
            Outlet::Exchange(_) => broker.map_or(NONE, |broker| self.processors[broker.0 as usize]),
        };
        if let Some(broker) = broker {
            self.made.states[broker.0 as usize].publishers.push(at);
        }
        self.made.publishers.push(Publisher {
            target: target(sender.to),
            key: sender.key.as_ref().map_or(NONE, |key| self.made.keys.number(key)),
            producer,
            window: sending.window.unwrap_or(u32::MAX),
            outstanding: 0,
            hears: sending.confirms(),
            trips: sending.trips,
            mandatory: sending.mandatory,
            stores: model
                .reached(sender.to)
                .iter()
                .any(|queue| matches!(model.queue(*queue).semantics.storage, Storage::Disk | Storage::Quorum { .. })),
            flow: known.and_then(|known| known.flow),
            undealt: 0,
            stopped: false,
            line: Fifo::new(),
            room: sending.buffer.map_or(usize::MAX, |room| usize::try_from(room).unwrap_or(usize::MAX)),
            on_full: sending.on_full,
            batch: sending.batch,
            linger: None,
            due: 0,
            transaction: sending.transaction.unwrap_or(0),
            begun: 0,
            uncommitted: Vec::new(),
            connection,
            own_link: sending.links,
            link,
            back,
            processor,
            broker: broker.map_or(NONE, |broker| broker.0),
            flushing: false,
            blocked: false,
        });
    }

    fn pools(&mut self, programs: &[u32]) {
        let carried: Vec<_> = self.model.producers.iter().map(|producer| producer.arrivals.trace()).collect();
        let carried: Vec<_> = carried.into_iter().map(|trace| trace.and_then(|trace| trace.carried.failures.clone())).collect();
        for (at, pool) in self.model.pools.iter().enumerate() {
            let stream = |purpose: &str| (self.stream)(&format!("consumers.{}", pool.name), purpose);
            let publisher = self.made.publishers.len() as u32;
            let session = &pool.session;
            self.made.pools.push(PoolSession {
                program: programs[at],
                ack_every: session.ack_every,
                ack_within: session.ack_within,
                overhead: session.overhead.clone().map(|overhead| (overhead, stream("overhead"))),
                failure: session.failure,
                failures: stream("failures"),
                carried: carried.clone(),
                on_failure: session.on_failure,
                heartbeat: session.heartbeat,
                beats: stream("heartbeats"),
                blocking: session.blocking,
                trips: session.trips,
                publisher,
            });
            // Whoever retries publishes to its own queue.
            let owner = Whose::Pool(crate::model::PoolId(at as u32));
            self.publisher(&Sender::plain(owner, Outlet::Queue(pool.queue)));
        }
    }

    fn clients(&mut self, workers: &[Worker]) {
        let mut shared: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        let mut nth: BTreeMap<u32, usize> = BTreeMap::new();
        for worker in workers {
            // The workers of a consumer stand together, and consumers in their order.
            if worker.consumer == NONE || worker.consumer as usize != self.made.clients.len() {
                continue;
            }
            let pool = &self.model.pools[worker.pool as usize];
            let home = pool.queue.0;
            let known = self.model.queue(pool.queue).semantics.broker.map(|broker| &self.model.brokers[broker.0 as usize]);
            let network = known.map_or(&self.none, |known| &known.network).clone();
            let bandwidth = known.and_then(|known| known.bandwidth);
            let entity = format!("consumers.{}", pool.name);
            let number = nth.entry(worker.pool).or_default();
            let stream = |way: &str| (self.stream)(&entity, &format!("{way} {number}"));
            let make = |builder: &mut Self| {
                let deliver = Link::new(&network.deliver, bandwidth, stream("deliver link"), Phase::Completion);
                let ack = Link::new(&network.ack, None, stream("ack link"), Phase::Completion);
                (builder.link(deliver), builder.link(ack))
            };
            let can_share = Link::can_be_shared(&network.deliver, bandwidth) && Link::can_be_shared(&network.ack, None);
            let (deliver, ack) = match shared.get(&worker.pool) {
                Some(links) if can_share => *links,
                _ => make(self),
            };
            shared.insert(worker.pool, (deliver, ack));
            let connection = self.connection(pool.session.connection.as_ref());
            let consumer = worker.consumer;
            self.made.clients.push(Client {
                home,
                pool: worker.pool,
                priority: pool.session.priority,
                slowness: pool.session.slowness.get(*number).copied().unwrap_or(1.0),
                auto: pool.ack == Ack::Auto,
                up: true,
                known: true,
                life: 0,
                first: NONE,
                last: NONE,
                unsaid: 0,
                last_done: NONE,
                timer: None,
                deliver,
                ack,
                connection,
            });
            *number += 1;
            let queue = &mut self.made.queues[home as usize];
            queue.consumers.push(consumer);
            if queue.active == NONE {
                queue.active = consumer;
            }
        }
    }
}

fn target(to: Outlet) -> Target {
    match to {
        Outlet::Queue(queue) => Target::Queue(queue.0),
        Outlet::Exchange(id) => Target::Exchange(id.0),
    }
}
