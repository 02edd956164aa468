//! From the model to a world at time zero: who has which number, slot and stream.
//!
//! The queues of the model come first, then one for each service, or one for each of its instances where requests are spread;
//! the pools likewise. Slots of the agenda: producers, workers, queues whose messages expire, and one for all timers.

use super::agenda::Agenda;
use super::arrivals::Clock;
use super::balance::Balancer;
use super::broker;
use super::codel::Codel;
use super::fault::{self, Victim, endangered, lossy};
use super::fifo::{Fifo, Turns};
use super::frame::{Guard, Places};
use super::handlers::{Handlers, Names};
use super::line::Line;
use super::message::Messages;
use super::pending::Pending;
use super::permits::Permits;
use super::popularity::Popularity;
use super::processors::Processors;
use super::program::{Code, Compiler, Sender, first_queue, instances, source};
use super::resource::{CacheState, HostState, KeyState, LockState};
use super::service::{ServiceState, Shedding};
use super::slab::{NONE, Slab};
use super::store::Store;
use super::timers::Timers;
use super::world::{Callers, Consumer, Onward, Pool, Producer, Queue, Tally, WorkSource, Worker, World};
use crate::model::{
    self, Ack, Arrivals, Handler, Layer, Model, PoolId, Prefetch, ProducerId, QueueId, ServiceId, Shed, Step, Target,
};
use crate::random::Stream;
use crate::units::{Span, Time};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A system that is empty, at time zero.
pub(super) fn world(model: &Model, seed: u64, replication: u32, arrivals_end: Time) -> World {
    // Of an antithetic pair the second has the numbers of the first, mirrored.
    let (number, second) = if model.plan.antithetic { (replication & !1, replication & 1 == 1) } else { (replication, false) };
    let named = |entity: &str, purpose: &str| {
        let stream = Stream::named(seed, number, entity, purpose);
        if second { stream.mirrored() } else { stream }
    };
    let brokered = model.has_brokers();
    let mut compiler = Compiler { model, brokered, code: Code::new(), stream: &named };
    let producers: Vec<Producer> =
        model.producers.iter().enumerate().map(|(at, it)| self::producer(at, it, &mut compiler, arrivals_end)).collect();
    let mut parts = Parts {
        pools: Vec::new(),
        consumers: Vec::new(),
        workers: Vec::new(),
        takers: Vec::new(),
        victims: Vec::new(),
        programs: Vec::new(),
    };
    parts.takers.resize(model.queues.len(), Vec::new());
    for (at, pool) in model.pools.iter().enumerate() {
        consumer_pool(model, at, pool, &mut parts, &mut compiler);
    }
    let mut services = Vec::new();
    for at in 0..model.services.len() {
        services.push(service(model, at, &mut parts, &mut compiler));
    }
    let Parts { pools, consumers, workers, takers, victims, programs } = parts;
    let takers = takers.into_iter().map(|takers| line(&takers, workers.len()));
    let (mut queues, expiring) = queues(model, &services, takers, producers.len() + workers.len(), &named);
    let slot = producers.len() + workers.len() + expiring.len();
    let brokers = broker::brokers(model, &compiler.code, &programs, &workers, slot + 1, &named);
    // Where only one consumer gets messages, the others do not stand in line.
    for state in brokers.queues.iter().filter(|state| state.single_active) {
        let active = workers.len() as u32 + state.active;
        queues[state.queue as usize].takers.retain(|taker| taker == active);
    }
    let guards = compiler.code.calls.iter().map(|site| site.call.layers.iter().map(guard).collect()).collect();
    let names = names(model, &services);
    let plain = !brokered && compiler.code.is_empty() && model.services.is_empty() && model.faults.is_empty();
    let handlers = Handlers {
        code: Rc::new(compiler.code),
        tasks: Slab::new(),
        frames: Slab::new(),
        families: Slab::new(),
        timers: Timers::new(),
        slot,
        runnable: Turns::new(),
        services,
        guards,
        locks: model.locks.iter().map(lock).collect(),
        caches: model.caches.iter().map(cache).collect(),
        hosts: model.hosts.iter().map(host).collect(),
        keys: keys(model, &named),
        holdings: Slab::new(),
        faults: fault::states(model, &named),
        victims,
        endangered: !model.faults.is_empty(),
        calm: model.faults.is_empty() && !brokered,
        names,
        look_again: 0,
        members: 0,
        uncounted: 0,
    };
    let mut world = World {
        now: Time::ZERO,
        plain,
        agenda: Agenda::new(if plain { slot } else { 0 }),
        pending: Pending::new(if plain { 0 } else { slot + 1 + brokers.links.len() }),
        messages: Messages::default(),
        producers,
        queues,
        consumers,
        workers,
        pools,
        handlers,
        brokers,
        expiring,
        arrivals_end,
        tally: Tally::default(),
    };
    for at in 0..world.producers.len() {
        if plain {
            world.arm_producer::<true>(at)
        } else {
            world.arm_producer::<false>(at)
        }
        world.think_first(at);
    }
    world.foresee_faults();
    world
}

/// What pools and services are made of while they are built.
struct Parts {
    pools: Vec<Pool>,
    consumers: Vec<Consumer>,
    workers: Vec<Worker>,
    /// For each queue, who stands ready: workers, or consumers with a buffer (`true`).
    takers: Vec<Vec<(bool, u32)>>,
    /// Whom faults may befall.
    victims: Vec<Victim>,
    /// The programs of the pools of consumers; `NONE`: they only work.
    programs: Vec<u32>,
}

/// Stands where a program begins, for pools on brokers' queues: what their workers do is told by their sessions.
pub(super) const BROKERED: u32 = NONE - 1;

fn producer(at: usize, producer: &model::Producer, compiler: &mut Compiler, arrivals_end: Time) -> Producer {
    let entity = format!("producers.{}", producer.name);
    let stream = |purpose: &str| (compiler.stream)(&entity, purpose);
    let carried = producer.arrivals.trace().map(|trace| trace.carried.clone()).unwrap_or_default();
    let mut built = Producer {
        clock: Clock::new(&producer.arrivals, stream("phase"), arrivals_end),
        publish: producer.handler.publishes().filter(|_| !compiler.brokered).map_or(NONE, |queue| queue.0),
        publisher: NONE,
        callers: Callers::Nobody,
        priority: producer.priority.clone(),
        carried_priority: carried.priority,
        carried_work: carried.work,
        next_message: 0,
        next_arrival: 0,
        limit: producer.messages.unwrap_or(u64::MAX),
        arrivals: stream("arrivals"),
        sizes: stream("batch sizes"),
        priorities: stream("priorities"),
        messages: stream("messages"),
    };
    let thoughts = stream("think");
    let target = Target::Producer(ProducerId(at as u32));
    let unsure = producer.handler.queues().into_iter().any(|queue| lossy(compiler.model, target, None, queue));
    if let (true, Some(to), false) = (compiler.brokered, producer.handler.sends(), producer.calls() || unsure) {
        built.publisher = compiler.sender(Sender::plain(target, to));
    }
    if producer.calls() || unsure {
        built.publish = NONE;
        let program = compiler.handler(&entity, target, &producer.handler);
        built.callers = match (&producer.arrivals, producer.callers) {
            (Arrivals::Closed { clients, think }, _) => {
                Callers::Clients { program, think: think.clone(), thoughts, sent: vec![0; *clients as usize] }
            }
            (_, Some(free)) => Callers::Few { program, free, line: Fifo::new() },
            (_, None) => Callers::Any { program },
        };
    }
    built
}

/// A pool of consumers and its workers.
///
/// A consumer that may hold no more than its workers can work on has no use for a buffer: its workers take messages
/// themselves, one by one round the consumers.
fn consumer_pool(model: &Model, at: usize, pool: &model::ConsumerPool, parts: &mut Parts, compiler: &mut Compiler) {
    let entity = format!("consumers.{}", pool.name);
    let target = Target::Pool(PoolId(at as u32));
    let host = pool.host.map_or(NONE, |host| host.0);
    let unit = pool.workers() / pool.count;
    let lossy = pool.handler.queues().into_iter().any(|queue| lossy(model, target, pool.host, queue));
    let safe = !endangered(model, target, pool.host) && !lossy;
    let brokered = compiler.brokered;
    let unit = if brokered { pool.concurrency } else { unit };
    // What goes on from a broker's queue is another message: the old one is still to be acknowledged.
    let plain = pool.plain().filter(|plain| safe && !(brokered && plain.publish.is_some()));
    let program = if plain.is_some() { NONE } else { compiler.handler(&entity, target, &pool.handler) };
    parts.programs.push(program);
    parts.victims.push(Victim { target, pools: at as u32..at as u32 + 1, host, unit });
    parts.pools.push(Pool {
        queue: pool.queue.0,
        alone: model.pools_on(pool.queue).count() == 1,
        work: plain.map_or(NO_WORK, |plain| source(plain.work)),
        onward: plain.and_then(|plain| plain.publish).map_or(Onward::End, |queue| Onward::Publish(queue.0)),
        program: if brokered { BROKERED } else { program },
        ack: pool.ack,
        slowdown: 1.0,
        pauses: 0,
        host,
        record: at as u32,
        records_at: pool.queue.0,
        services: (compiler.stream)(&entity, "service"),
    });
    let queue = pool.queue.0 as usize;
    match pool.prefetch {
        Prefetch::Limit(limit) if limit <= pool.concurrency && !brokered => {
            for _ in 0..limit * pool.count {
                parts.takers[queue].push((false, parts.workers.len() as u32));
                parts.workers.push(worker(at, NONE));
            }
        }
        prefetch => {
            let limit = if let Prefetch::Limit(limit) = prefetch { limit } else { u32::MAX };
            for _ in 0..pool.count {
                let consumer = parts.consumers.len() as u32;
                parts.takers[queue].push((true, consumer));
                let mut idle = NONE;
                for _ in 0..pool.concurrency {
                    parts.workers.push(Worker { next_idle: idle, ..worker(at, consumer) });
                    idle = parts.workers.len() as u32 - 1;
                }
                parts.consumers.push(Consumer { limit, held: 0, idle, buffer: Fifo::new() });
            }
        }
    }
}

/// The queues, pools and workers of a service.
fn service(model: &Model, at: usize, parts: &mut Parts, compiler: &mut Compiler) -> ServiceState {
    let service = &model.services[at];
    let entity = format!("services.{}", service.name);
    let target = Target::Service(ServiceId(at as u32));
    let plain = match service.handler.0.as_slice() {
        [Step::Work(work)] if service.host.is_none() && !commits(model, at) && !endangered(model, target, None) => Some(work),
        _ => None,
    };
    let program = if plain.is_some() { NONE } else { compiler.handler(&entity, target, &service.handler) };
    let instances = instances(service);
    let workers = service.count * service.concurrency / instances;
    let queue = parts.takers.len() as u32;
    debug_assert_eq!(queue, first_queue(model, ServiceId(at as u32)), "calls know where the queues of services are");
    let (first, host) = (parts.pools.len() as u32, service.host.map_or(NONE, |host| host.0));
    parts.victims.push(Victim { target, pools: first..first + instances, host, unit: service.concurrency });
    for _ in 0..instances {
        let pool = parts.pools.len();
        parts.pools.push(Pool {
            queue: parts.takers.len() as u32,
            alone: true,
            work: plain.map_or(NO_WORK, source),
            onward: Onward::Answer,
            program,
            ack: Ack::Manual,
            slowdown: 1.0,
            pauses: 0,
            host,
            record: (model.pools.len() + at) as u32,
            records_at: (model.queues.len() + at) as u32,
            services: (compiler.stream)(&entity, "service"),
        });
        let first = parts.workers.len() as u32;
        parts.workers.extend((0..workers).map(|_| worker(pool, NONE)));
        parts.takers.push((first..first + workers).map(|worker| (false, worker)).collect());
    }
    ServiceState {
        queue,
        instances,
        workers,
        balance: service.balance.map(|balance| Balancer::new(balance, instances as usize)),
        network: service.network.clone(),
        choices: (compiler.stream)(&entity, "choices"),
    }
}

/// Whether some handler asks this service to commit.
fn commits(model: &Model, at: usize) -> bool {
    let mut found = false;
    let handlers = model.producers.iter().map(|producer| &producer.handler);
    let handlers = handlers.chain(model.pools.iter().map(|pool| &pool.handler));
    handlers.chain(model.services.iter().map(|service| &service.handler)).for_each(|handler: &Handler| {
        handler.visit(&mut |step| {
            if let Step::TwoPhaseCommit(commit) = step {
                found |= commit.participants.iter().any(|participant| participant.0 as usize == at);
            }
        });
    });
    found
}

/// Stands where a program says what is to be done.
const NO_WORK: WorkSource = WorkSource::Carried { plus: Span::ZERO };

fn worker(pool: usize, consumer: u32) -> Worker {
    Worker { pool: pool as u32, consumer, up: true, message: NONE, task: NONE, next_idle: NONE, started: Time::ZERO }
}

fn line(takers: &[(bool, u32)], workers: usize) -> Fifo {
    let mut line = Fifo::new();
    takers.iter().for_each(|&(buffered, id)| line.push(if buffered { workers as u32 + id } else { id }));
    line
}

/// All queues, and which of them have messages that expire, in the order of their slots.
fn queues(
    model: &Model,
    services: &[ServiceState],
    mut takers: impl Iterator<Item = Fifo>,
    first_slot: usize,
    named: &dyn Fn(&str, &str) -> Stream,
) -> (Vec<Queue>, Vec<u32>) {
    let mut expiring = Vec::new();
    let mut queues = Vec::new();
    let brokered = model.has_brokers();
    for (at, queue) in model.queues.iter().enumerate() {
        let expiry_slot = first_slot + expiring.len();
        let expires = queue.ttl.is_some() && !brokered;
        if expires {
            expiring.push(at as u32);
        }
        queues.push(Queue {
            line: Line::new(queue.discipline),
            takers: takers.next().unwrap_or_else(Fifo::new),
            record: at as u32,
            broker: if brokered { at as u32 } else { NONE },
            picky: false,
            ghosts: 0,
            shed: Shedding::Nothing,
            sole_pool: sole_pool(model, QueueId(at as u32)).unwrap_or(NONE),
            max_length: length(queue.max_length),
            drop_head: queue.overflow == model::Overflow::DropHead,
            ttl: queue.ttl.unwrap_or_default(),
            expiry_slot,
            expires,
            picks: named(&format!("queues.{}", queue.name), "picks"),
            picked: 0,
        });
    }
    let mut pool = model.pools.len() as u32;
    for (at, (service, state)) in model.services.iter().zip(services).enumerate() {
        for _ in 0..state.instances {
            queues.push(Queue {
                line: Line::new(service.discipline),
                takers: takers.next().unwrap_or_else(Fifo::new),
                record: (model.queues.len() + at) as u32,
                broker: NONE,
                picky: service.shed.is_some(),
                ghosts: 0,
                shed: match service.shed {
                    None => Shedding::Nothing,
                    Some(Shed::Deadline) => Shedding::Deadline,
                    Some(Shed::CoDel { target, interval }) => Shedding::CoDel(Codel::new(target, interval)),
                },
                sole_pool: pool,
                max_length: length(service.queue_limit),
                drop_head: false,
                ttl: Span::ZERO,
                expiry_slot: 0,
                expires: false,
                picks: named(&format!("services.{}", service.name), "picks"),
                picked: 0,
            });
            pool += 1;
        }
    }
    (queues, expiring)
}

fn length(limit: Option<u64>) -> usize {
    limit.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// The pool on a queue, if there is exactly one.
fn sole_pool(model: &Model, queue: QueueId) -> Option<u32> {
    let mut pools = model.pools_on(queue);
    pools.next().filter(|_| pools.next().is_none()).map(|(id, _)| id.0)
}

/// What the user calls pools, of which a service may have several, locks and caches.
fn names(model: &Model, services: &[ServiceState]) -> Names {
    let mut pools: Vec<String> = model.pools.iter().map(|pool| format!("consumers.{}", pool.name)).collect();
    for (service, state) in model.services.iter().zip(services) {
        pools.extend((0..state.instances).map(|_| format!("services.{}", service.name)));
    }
    let locks = model.locks.iter().map(|lock| lock.name.clone()).collect();
    Names { pools, locks, caches: model.caches.iter().map(|cache| cache.name.clone()).collect() }
}

fn lock(lock: &model::Lock) -> LockState {
    LockState { permits: Permits::new(lock.permits), lease: lock.lease, fencing: lock.fencing }
}

fn cache(cache: &model::Cache) -> CacheState {
    CacheState { store: Store::new(cache.contents), single_flight: cache.single_flight, flights: BTreeMap::new() }
}

fn host(host: &model::Host) -> HostState {
    HostState { processors: Processors::new(host.cores, host.scheduling, host.speed), timer: None, slowdown: 1.0, pauses: 0 }
}

/// The keys of every producer. Those that a trace carries are numbered as they come, equal ones alike whoever sends them, behind all
/// that are drawn.
fn keys(model: &Model, named: &dyn Fn(&str, &str) -> Stream) -> Vec<Option<KeyState>> {
    let drawn = model.producers.iter().filter_map(|producer| producer.keys).map(|keys| keys.count).max().unwrap_or(0);
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut all = Vec::with_capacity(model.producers.len());
    for producer in &model.producers {
        let carried = producer.arrivals.trace().and_then(|trace| trace.carried.key.as_deref());
        all.push(match (producer.keys, carried) {
            (Some(keys), _) => {
                let stream = named(&format!("producers.{}", producer.name), "keys");
                Some(KeyState::Drawn { popularity: Popularity::new(keys), stream })
            }
            (None, Some(texts)) if producer.sending.key == model::RoutingKey::Carried => {
                let mut recorded = Vec::with_capacity(texts.len());
                for text in texts {
                    let next = drawn + numbers.len() as u32;
                    recorded.push(*numbers.entry(text).or_insert(next));
                }
                Some(KeyState::Recorded(recorded.into()))
            }
            (None, _) => None,
        });
    }
    all
}

/// The state of a layer before anything has happened.
fn guard(layer: &Layer) -> Guard {
    match layer {
        Layer::Timeout(_) | Layer::Hedge(_) => Guard::Nothing,
        Layer::Retry(retry) => Guard::Retry(retry.budget.map(super::budget::Budget::new)),
        Layer::Breaker(breaker) => Guard::Breaker(super::breaker::Circuit::new(*breaker)),
        Layer::Bulkhead(_) => Guard::Bulkhead(Places::default()),
        Layer::RateLimit(limit) => Guard::RateLimit(super::bucket::Bucket::new(*limit)),
    }
}
