//! The names of everything that is followed over time: one list for series, charts and alerts.

use super::{Model, Quantity, Target, breakers};

/// A quantity that is followed over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Its dotted name.
    pub name: String,
    /// What kind of number it is.
    pub quantity: Quantity,
    /// SI unit.
    pub unit: &'static str,
    /// What a gain in a bin is multiplied with, after division by the width of the bin in nanoseconds.
    pub scale: f64,
}

impl Gauge {
    fn new(name: String, quantity: Quantity) -> Gauge {
        let scale = if quantity == Quantity::Rate { 1e9 } else { 1.0 };
        Gauge { name, quantity, unit: quantity.unit(), scale }
    }

    /// A share of so many workers that are busy.
    fn busy(name: String, workers: u32) -> Gauge {
        Gauge { scale: 1.0 / f64::from(workers), ..Gauge::new(name, Quantity::Ratio) }
    }

    /// Whether it counts all messages at one place, so that the sum over all places is what is in the system.
    pub fn is_backlog(&self) -> bool {
        // Names have no dots. Who waits for a lock is in work somewhere else.
        let waits = self.name.ends_with(".waiting") && !self.name.starts_with("locks.");
        self.name.ends_with(".backlog") || waits
    }
}

/// The quantities that are followed over time, in the order in which the recorder is read.
pub fn gauges(model: &Model) -> Vec<Gauge> {
    let mut all = Vec::new();
    for producer in &model.producers {
        all.push(Gauge::new(format!("producers.{}.offered.rate", producer.name), Quantity::Rate));
    }
    for queue in &model.queues {
        all.push(Gauge::new(format!("queues.{}.backlog", queue.name), Quantity::Level));
        all.push(Gauge::new(format!("queues.{}.lost.rate", queue.name), Quantity::Rate));
    }
    for pool in &model.pools {
        all.push(Gauge::new(format!("consumers.{}.throughput", pool.name), Quantity::Rate));
        all.push(Gauge::busy(format!("consumers.{}.utilization", pool.name), pool.workers()));
    }
    for producer in model.producers.iter().filter(|producer| producer.calls()) {
        all.push(Gauge::new(format!("producers.{}.goodput.rate", producer.name), Quantity::Rate));
    }
    for service in &model.services {
        all.push(Gauge::new(format!("services.{}.offered.rate", service.name), Quantity::Rate));
        all.push(Gauge::new(format!("services.{}.waiting", service.name), Quantity::Level));
        all.push(Gauge::new(format!("services.{}.throughput", service.name), Quantity::Rate));
        all.push(Gauge::busy(format!("services.{}.utilization", service.name), service.workers()));
    }
    for host in &model.hosts {
        all.push(Gauge::busy(format!("hosts.{}.utilization", host.name), host.cores));
    }
    for lock in &model.locks {
        all.push(Gauge::new(format!("locks.{}.waiting", lock.name), Quantity::Level));
    }
    for (target, many) in breakers(model) {
        let entity = match target {
            Target::Producer(id) => format!("producers.{}", model.producers[id.0 as usize].name),
            Target::Pool(id) => format!("consumers.{}", model.pools[id.0 as usize].name),
            Target::Service(id) => format!("services.{}", model.service(id).name),
            Target::Host(_) | Target::Queue(_) | Target::Broker(_) => unreachable!("only handlers have breakers"),
        };
        all.push(Gauge::busy(format!("{entity}.open.ratio"), many));
    }
    if model.has_brokers() {
        brokers(model, &mut all);
    }
    all
}

/// Of a publisher, what the management page of RabbitMQ shows of it.
const PUBLISHER: [(&str, Quantity); 4] = [
    ("confirmed.rate", Quantity::Rate),
    ("returned.rate", Quantity::Rate),
    ("unconfirmed", Quantity::Level),
    ("buffered", Quantity::Level),
];

/// The same of a queue.
const QUEUE: [(&str, Quantity); 9] = [
    ("ready", Quantity::Level),
    ("unacked", Quantity::Level),
    ("published.rate", Quantity::Rate),
    ("delivered.rate", Quantity::Rate),
    ("acked.rate", Quantity::Rate),
    ("redelivered.rate", Quantity::Rate),
    ("returned.rate", Quantity::Rate),
    ("dead_lettered.rate", Quantity::Rate),
    ("consumer_capacity", Quantity::Ratio),
];

fn brokers(model: &Model, all: &mut Vec<Gauge>) {
    let mut add = |table: &str, name: &str, kinds: &[(&str, Quantity)]| {
        all.extend(kinds.iter().map(|&(kind, quantity)| Gauge::new(format!("{table}.{name}.{kind}"), quantity)));
    };
    model.producers.iter().for_each(|producer| add("producers", &producer.name, &PUBLISHER));
    model.queues.iter().for_each(|queue| add("queues", &queue.name, &QUEUE));
    model.brokers.iter().for_each(|broker| add("brokers", &broker.name, &[("memory", Quantity::Weight)]));
    for broker in &model.brokers {
        let cores = broker.cpu.map_or(1, |cpu| cpu.cores);
        all.push(Gauge::busy(format!("brokers.{}.utilization", broker.name), broker.nodes * cores));
        all.push(Gauge::busy(format!("brokers.{}.disk.utilization", broker.name), broker.nodes));
    }
}
