//! Ceilings of brokers: what a window, a prefetch or a disk lets through at most, whatever is offered.
//!
//! By Little's law a place that holds at most n messages, each for at least t on average, lets through at most n / t. A window
//! holds a message from its publication to its confirm, a prefetch from its delivery to its acknowledgement, and a write of a disk at
//! most a number of messages for the time of an fsync. Links, processors and disks in between only add to t, so that these are bounds for
//! any distribution, reached where nothing else is in the way.
//!
//! | ceiling | of | at most |
//! | --- | --- | --- |
//! | window | a producer's confirms | window / (publish + broker + confirm) |
//! | prefetch | a pool's throughput | consumers x prefetch / (deliver + service + ack + broker) |
//! | workers | a pool's throughput | workers / (service + overhead) |
//! | group commit | what a quorum queue takes in, and its confirms | cap / fsync |
//!
//! A broker that costs nothing and does nothing but to queue is the textbook's queue, and has the textbook's laws.

use super::answer::{Answer, Law};
use crate::model::{
    Ack, Broker, Costs, Failure, Lifetime, Model, Network, Outlet, Prefetch, Producer, Queue, QueueId, Semantics, Sending,
    Session, Settlements, Size, Storage, Sync, Work,
};
use crate::random::Distribution;
use crate::units::Span;

const LITTLE: &str = "Little 1961";
const PREFETCH: &str = "Little 1961; RabbitMQ, \"Consumer Prefetch\"";
const COMMIT: &str = "DeWitt et al. 1984 (group commit)";

/// The ceilings of a model with brokers, the least first for each metric.
pub fn ceilings(model: &Model) -> Vec<Answer> {
    // What crashes gives its places back before their time.
    if !model.faults.is_empty() {
        return Vec::new();
    }
    let mut all: Vec<Answer> = model.producers.iter().flat_map(|producer| of_producer(model, producer)).collect();
    for (at, queue) in model.queues.iter().enumerate() {
        if let (Storage::Quorum { .. }, Some(rate)) = (queue.semantics.storage, commits(model, queue)) {
            let law = Law::ceiling(format!("group commit of {}", messages_a_write(model, queue)), COMMIT);
            all.push(law.says(format!("queues.{}.published.rate", queue.name), rate));
        }
        for (_, pool) in model.pools_on(QueueId(at as u32)) {
            all.extend(of_pool(model, queue, pool));
        }
    }
    all.retain(|answer| answer.value.is_finite());
    all
}

/// Seconds.
fn mean(distribution: &Distribution) -> f64 {
    distribution.mean() / 1e9
}

fn seconds(span: Span) -> f64 {
    span.as_secs_f64()
}

/// The broker of an outlet.
fn broker_of(model: &Model, to: Outlet) -> Option<&Broker> {
    let id = match to {
        Outlet::Queue(queue) => model.queue(queue).semantics.broker,
        Outlet::Exchange(exchange) => model.exchange(exchange).broker,
    };
    id.map(|id| &model.brokers[id.0 as usize])
}

/// The mean bytes of a message, as far as they are known beforehand.
fn bytes(size: &Size) -> f64 {
    match size {
        Size::Constant(size) => *size as f64,
        Size::Uniform { min, max } => (*min as f64 + *max as f64) / 2.0,
        Size::Carried => 0.0,
    }
}

/// The least mean bytes of the messages that come to a queue.
fn least_bytes(model: &Model, queue: QueueId) -> f64 {
    let all = model.producers.iter().filter(|producer| model.route(&producer.handler).contains(&queue));
    all.map(|producer| bytes(&producer.sending.size)).reduce(f64::min).unwrap_or(0.0)
}

fn of_producer(model: &Model, producer: &Producer) -> Vec<Answer> {
    let sending = &producer.sending;
    let Some(to) = producer.handler.sends().filter(|_| sending.confirms()) else { return Vec::new() };
    let metric = format!("producers.{}.confirmed.rate", producer.name);
    let mut all = Vec::new();
    let none = Network::none();
    let broker = broker_of(model, to);
    let network = broker.map_or(&none, |broker| &broker.network);
    if let (Some(window), None) = (sending.window, sending.transaction) {
        let trips = f64::from(sending.trips);
        let line = broker.and_then(|broker| broker.bandwidth).map_or(0.0, |bandwidth| bytes(&sending.size) / bandwidth);
        let round = trips * (mean(&network.publish) + mean(&network.confirm)) + line;
        let round = round + broker.and_then(|broker| broker.cpu).map_or(0.0, |cpu| publishing(model, to, sending, &cpu));
        let round = round + safe(model, to, sending);
        let law = Law::ceiling(format!("window of {window} / round trip"), LITTLE);
        all.push(law.says(metric.clone(), f64::from(window) / round));
    }
    if let Outlet::Queue(id) = to {
        let queue = model.queue(id);
        // A consumer that is faster than the disk confirms what is not written yet.
        let by_disk = match queue.semantics.storage {
            Storage::Quorum { .. } => true,
            Storage::Disk => sending.persistent && model.pools_on(id).next().is_none(),
            Storage::Memory | Storage::Replicated { .. } => false,
        };
        if let (true, false, Some(rate)) = (by_disk, may_refuse(queue), commits(model, queue)) {
            let law = Law::ceiling(format!("group commit of {}", messages_a_write(model, queue)), COMMIT);
            all.push(law.says(metric, rate));
        }
    }
    all.sort_by(|one, other| one.value.total_cmp(&other.value));
    all
}

/// What a node works on one publication and its confirm, at least.
fn publishing(model: &Model, to: Outlet, sending: &Sending, cpu: &Costs) -> f64 {
    let kept = |queue: &QueueId| matches!(model.queue(*queue).semantics.storage, Storage::Disk | Storage::Quorum { .. });
    let stores = sending.persistent && model.reached(to).iter().any(kept);
    let store = if stores { seconds(cpu.store) } else { 0.0 };
    seconds(cpu.publish) + store + bytes(&sending.size) * cpu.per_byte / 1e9 + f64::from(sending.trips) * seconds(cpu.confirm)
}

/// Whether a publication may be refused, which is quicker than to keep it.
fn may_refuse(queue: &Queue) -> bool {
    (queue.max_length.is_some() || queue.semantics.max_bytes.is_some()) && queue.overflow == crate::model::Overflow::RejectPublish
}

fn constant(distribution: &Distribution) -> Option<f64> {
    matches!(distribution, Distribution::Constant { .. }).then(|| mean(distribution))
}

/// How long a message takes at least until its queue has it safe, where that is known: times that vary are overtaken by one
/// another.
fn safe(model: &Model, to: Outlet, sending: &Sending) -> f64 {
    let (Outlet::Queue(id), Some(broker)) = (to, broker_of(model, to)) else { return 0.0 };
    let queue = model.queue(id);
    let (Some(fsync), Some(between), false) = (fsync(broker), constant(&broker.between), may_refuse(queue)) else { return 0.0 };
    match queue.semantics.storage {
        Storage::Memory => 0.0,
        Storage::Disk if !sending.persistent => 0.0,
        Storage::Disk if model.pools_on(id).next().is_none() => fsync,
        // Or until a consumer has acknowledged it before.
        Storage::Disk => match (constant(&broker.network.deliver), constant(&broker.network.ack)) {
            (Some(deliver), Some(ack)) => fsync.min(deliver + ack),
            _ => 0.0,
        },
        storage @ (Storage::Quorum { .. } | Storage::Replicated { .. }) => majority(storage, fsync, between),
    }
}

/// How long a command of a replicated queue takes at least. A majority of more than one has at least one beside the leader.
fn majority(storage: Storage, fsync: f64, between: f64) -> f64 {
    let to_another = |members: u32| if members > 1 { 2.0 * between } else { 0.0 };
    match storage {
        Storage::Memory | Storage::Disk => 0.0,
        Storage::Quorum { members } => fsync + to_another(members),
        Storage::Replicated { members } => to_another(members),
    }
}

/// How long it takes at least until a queue acts on an acknowledgement, where that is known.
fn settled(queue: &Queue, broker: Option<&Broker>) -> f64 {
    let Some(broker) = broker.filter(|_| queue.semantics.settlements == Settlements::Logged) else { return 0.0 };
    match (fsync(broker), constant(&broker.between)) {
        (Some(fsync), Some(between)) => majority(queue.semantics.storage, fsync, between),
        _ => 0.0,
    }
}

/// How long it takes to force data to the disk of a broker, where that does not vary.
fn fsync(broker: &Broker) -> Option<f64> {
    broker.disk.as_ref().map_or(Some(0.0), |disk| match disk.sync {
        Sync::Interval(_) => Some(0.0),
        Sync::Batch | Sync::Always => constant(&disk.fsync),
    })
}

/// The messages that one write of a queue's disk takes at most.
fn cap(model: &Model, queue: &Queue) -> Option<f64> {
    let disk = model.brokers[queue.semantics.broker?.0 as usize].disk.as_ref()?;
    match disk.sync {
        Sync::Always => Some(1.0),
        Sync::Batch | Sync::Interval(_) => disk.cap.map(f64::from),
    }
}

fn messages_a_write(model: &Model, queue: &Queue) -> String {
    cap(model, queue).map_or("any number".to_owned(), |cap| format!("{cap:.0} / fsync"))
}

/// Messages a second that the disk of a queue can write.
fn commits(model: &Model, queue: &Queue) -> Option<f64> {
    let id = QueueId(model.queues.iter().position(|other| std::ptr::eq(other, queue))? as u32);
    let disk = model.brokers[queue.semantics.broker?.0 as usize].disk.as_ref()?;
    let fsync = if matches!(disk.sync, Sync::Interval(_)) { 0.0 } else { mean(&disk.fsync) };
    let forced = cap(model, queue).map_or(0.0, |cap| fsync / cap);
    let written = disk.bandwidth.map_or(0.0, |bandwidth| least_bytes(model, id) / bandwidth);
    (forced + written > 0.0).then(|| 1.0 / (forced + written))
}

fn of_pool(model: &Model, queue: &Queue, pool: &crate::model::ConsumerPool) -> Option<Answer> {
    let session = &pool.session;
    let work = match pool.work()? {
        Work::Drawn(work) => mean(work),
        Work::Carried { .. } => return None,
    };
    // A broker that closes the connection of one who is silent gives his messages to another.
    if session.blocking {
        return None;
    }
    let none = Network::none();
    let broker = queue.semantics.broker.map(|id| &model.brokers[id.0 as usize]);
    let network = broker.map_or(&none, |broker| &broker.network);
    let size = least_bytes(model, pool.queue);
    let line = broker.and_then(|broker| broker.bandwidth).map_or(0.0, |bandwidth| size / bandwidth);
    let cpu = broker.and_then(|broker| broker.cpu);
    let node = cpu.map_or(0.0, |cpu| seconds(cpu.deliver) + size * cpu.per_byte / 1e9 + seconds(cpu.ack));
    let travel = f64::from(session.trips) * (mean(&network.deliver) + mean(&network.ack)) + line + node;
    let travel = travel + settled(queue, broker);
    let overhead = session.overhead.as_ref().map_or(0.0, mean);
    let consumers = (0..pool.count as usize).map(|at| work * session.slowness.get(at).copied().unwrap_or(1.0));
    let by_work: f64 = consumers.clone().map(|work| f64::from(pool.concurrency) / (work + overhead)).sum();
    let metric = format!("consumers.{}.throughput", pool.name);
    let by_prefetch = match pool.prefetch {
        // What is acknowledged by being sent costs no credit.
        Prefetch::Limit(limit) if pool.ack == Ack::Manual => {
            consumers.map(|work| f64::from(limit) / (travel + work)).sum::<f64>()
        }
        Prefetch::Limit(_) | Prefetch::Unlimited => f64::INFINITY,
    };
    if by_work <= by_prefetch {
        return Some(Law::ceiling("workers / service time", LITTLE).says(metric, by_work));
    }
    // Those that are on their way while all workers are busy.
    let enough = (f64::from(pool.concurrency) * (travel + work) / (work + overhead)).ceil();
    let law = Law::ceiling(format!("prefetch / round trip (a prefetch of {enough:.0} would do)"), PREFETCH);
    Some(law.says(metric, by_prefetch))
}

/// The same model with the textbook's queues, where its brokers cost nothing and do nothing but to queue.
pub fn textbook(model: &Model) -> Option<Model> {
    let free = |broker: &Broker| {
        broker.network == Network::none()
            && broker.bandwidth.is_none()
            && (broker.cpu.is_none(), broker.disk.is_none(), broker.flow.is_none()) == (true, true, true)
            && (broker.memory_limit, broker.disk_limit) == (None, None)
    };
    let plain_queue = |queue: &Queue| {
        let rules = &queue.semantics;
        let kept = matches!(rules.storage, Storage::Memory | Storage::Disk);
        kept && rules.max_bytes.is_none() && rules.dead_letter.is_none() && !rules.single_active
    };
    let plain_pool = |pool: &crate::model::ConsumerPool| {
        let Session { ack_every, overhead, slowness, failure, priority, heartbeat, blocking, trips, .. } = &pool.session;
        let simple = (*ack_every, *failure, *priority, *blocking, *trips) == (1, Failure::Never, 0, false, 1);
        simple
            && overhead.is_none()
            && slowness.is_empty()
            && heartbeat.is_none()
            && pool.ack == Ack::Manual
            && pool.plain().is_some()
    };
    let plain_producer = |producer: &Producer| {
        let Sending { window, batch, transaction, trips, ttl, .. } = &producer.sending;
        let simple = window.is_none() && batch.is_none() && transaction.is_none() && (*trips, ttl) == (1, &Lifetime::Endless);
        simple && producer.handler.publishes().is_some()
    };
    let plain = model.faults.is_empty()
        && model.exchanges.is_empty()
        && model.brokers.iter().all(free)
        && model.queues.iter().all(plain_queue)
        && model.pools.iter().all(plain_pool)
        && model.producers.iter().all(plain_producer);
    if !plain {
        return None;
    }
    let mut same = model.clone();
    same.brokers.clear();
    same.queues.iter_mut().for_each(|queue| queue.semantics = Semantics::default());
    same.pools.iter_mut().for_each(|pool| pool.session = Session::default());
    same.producers.iter_mut().for_each(|producer| producer.sending = Sending::default());
    (!same.has_brokers()).then_some(same)
}
