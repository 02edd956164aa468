//! The names of everything that is measured: one list for tables, files, goals and comparisons.

use super::{Handler, Model, PoolId, ProducerId, ServiceId, Target};

/// A quantity that is measured on one entity, such as `consumers.workers.wait`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The dotted name without statistic.
    pub name: String,
    /// What kind of number it is: fixes unit and statistics.
    pub quantity: Quantity,
}

/// Kinds of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A time per message, in seconds: mean, spread, extremes, percentiles.
    Latency,
    /// A number of messages over time: mean, maximum, percentiles over time.
    Level,
    /// Bytes over time: like a level.
    Weight,
    /// Something per second.
    Rate,
    /// A fraction.
    Ratio,
    /// A number of messages a replication.
    Count,
    /// One length of time a replication, in seconds.
    Length,
}

/// One number out of a distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Arithmetic mean; for levels over time.
    Mean,
    /// Standard deviation.
    Deviation,
    /// Smallest.
    Minimum,
    /// Largest.
    Maximum,
    /// The quantile of this order, between 0 and 1.
    Quantile(f64),
}

/// The statistics of a latency, by suffix.
const LATENCY: &[(&str, Statistic)] = &[
    ("mean", Statistic::Mean),
    ("sd", Statistic::Deviation),
    ("min", Statistic::Minimum),
    ("max", Statistic::Maximum),
    ("p50", Statistic::Quantile(0.5)),
    ("p75", Statistic::Quantile(0.75)),
    ("p90", Statistic::Quantile(0.9)),
    ("p95", Statistic::Quantile(0.95)),
    ("p99", Statistic::Quantile(0.99)),
    ("p999", Statistic::Quantile(0.999)),
    ("p9999", Statistic::Quantile(0.9999)),
];

/// The statistics of a level, by suffix.
const LEVEL: &[(&str, Statistic)] = &[
    ("mean", Statistic::Mean),
    ("max", Statistic::Maximum),
    ("p50", Statistic::Quantile(0.5)),
    ("p75", Statistic::Quantile(0.75)),
    ("p90", Statistic::Quantile(0.9)),
    ("p95", Statistic::Quantile(0.95)),
    ("p99", Statistic::Quantile(0.99)),
    ("p999", Statistic::Quantile(0.999)),
    ("p9999", Statistic::Quantile(0.9999)),
];

impl Quantity {
    /// The suffixes that a metric of this kind takes, with their meaning; empty where the name stands alone.
    pub fn statistics(self) -> &'static [(&'static str, Statistic)] {
        match self {
            Quantity::Latency => LATENCY,
            Quantity::Level | Quantity::Weight => LEVEL,
            Quantity::Rate | Quantity::Ratio | Quantity::Count | Quantity::Length => &[],
        }
    }

    /// The SI unit of its numbers: `s`, `1/s`, `messages`, or `1` for fractions.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Latency | Quantity::Length => "s",
            Quantity::Level | Quantity::Count => "messages",
            Quantity::Weight => "bytes",
            Quantity::Rate => "1/s",
            Quantity::Ratio => "1",
        }
    }
}

impl Metric {
    /// The full names: with every statistic, or the name alone.
    pub fn full_names(&self) -> Vec<String> {
        match self.quantity.statistics() {
            [] => vec![self.name.clone()],
            statistics => statistics.iter().map(|(suffix, _)| format!("{}.{suffix}", self.name)).collect(),
        }
    }
}

/// The entity that a metric is measured on: `consumers.workers` for `consumers.workers.wait.p99`. Names have no dots.
pub fn entity_of(metric: &str) -> &str {
    let end = metric.match_indices('.').nth(1).map_or(metric.len(), |(at, _)| at);
    &metric[..end]
}

const PRODUCER: &[(&str, Quantity)] = &[
    ("offered.rate", Quantity::Rate),
    ("offered.count", Quantity::Count),
    ("completion", Quantity::Latency),
    ("wait", Quantity::Latency),
    ("failed.count", Quantity::Count),
    ("failed.ratio", Quantity::Ratio),
    ("response", Quantity::Latency),
    ("timeout.count", Quantity::Count),
    ("timeout.ratio", Quantity::Ratio),
    ("retries.rate", Quantity::Rate),
    ("goodput.rate", Quantity::Rate),
];

/// What is measured of the calls on behalf of a producer's messages, where there is anybody to call.
const CALLS: &[(&str, Quantity)] = &[
    ("fallbacks.rate", Quantity::Rate),
    ("open.rate", Quantity::Rate),
    ("full.rate", Quantity::Rate),
    ("limited.rate", Quantity::Rate),
];

/// What is measured of a producer, a pool or a service whose calls have circuit breakers.
const BREAKERS: &[(&str, Quantity)] = &[("open.ratio", Quantity::Ratio)];

/// What is measured of a producer whose requests may have to wait until a caller is free.
const OBSERVER: &[(&str, Quantity)] = &[("observed", Quantity::Latency)];

const QUEUE: &[(&str, Quantity)] = &[
    ("published.rate", Quantity::Rate),
    ("published.count", Quantity::Count),
    ("delivered.rate", Quantity::Rate),
    ("acked.rate", Quantity::Rate),
    ("ready", Quantity::Level),
    ("unacked", Quantity::Level),
    ("backlog", Quantity::Level),
    ("wait", Quantity::Latency),
    ("dropped.count", Quantity::Count),
    ("dropped.ratio", Quantity::Ratio),
    ("rejected.count", Quantity::Count),
    ("rejected.ratio", Quantity::Ratio),
    ("expired.count", Quantity::Count),
    ("expired.ratio", Quantity::Ratio),
    ("redelivered.count", Quantity::Count),
    ("redelivered.ratio", Quantity::Ratio),
    ("dead_lettered.count", Quantity::Count),
    ("dead_lettered.ratio", Quantity::Ratio),
    ("drain", Quantity::Length),
];

/// What is measured of a producer beside that, where there are brokers.
const PUBLISHER: &[(&str, Quantity)] = &[
    ("confirm", Quantity::Latency),
    ("confirmed.rate", Quantity::Rate),
    ("nacked.count", Quantity::Count),
    ("nacked.ratio", Quantity::Ratio),
    ("returned.count", Quantity::Count),
    ("unroutable.count", Quantity::Count),
    ("not_sent.count", Quantity::Count),
    ("unconfirmed", Quantity::Level),
    ("buffered", Quantity::Level),
    ("blocked.ratio", Quantity::Ratio),
];

/// What is measured of a queue beside that, where there are brokers.
const BROKER_QUEUE: &[(&str, Quantity)] = &[
    ("returned.count", Quantity::Count),
    ("lost.count", Quantity::Count),
    ("lost.ratio", Quantity::Ratio),
    ("consumer_capacity", Quantity::Ratio),
];

/// What is measured of a pool beside that, where there are brokers.
const BROKER_POOL: &[(&str, Quantity)] = &[("duplicates.count", Quantity::Count), ("duplicates.ratio", Quantity::Ratio)];

const BROKER: &[(&str, Quantity)] = &[
    ("utilization", Quantity::Ratio),
    ("disk.utilization", Quantity::Ratio),
    ("memory", Quantity::Weight),
    ("alarm.ratio", Quantity::Ratio),
];

const POOL: &[(&str, Quantity)] = &[
    ("utilization", Quantity::Ratio),
    ("busy", Quantity::Level),
    ("throughput", Quantity::Rate),
    ("wait", Quantity::Latency),
    ("waited.ratio", Quantity::Ratio),
    ("buffer_wait", Quantity::Latency),
    ("service", Quantity::Latency),
    ("sojourn", Quantity::Latency),
    ("slowest_wait.ratio", Quantity::Ratio),
    ("failed.count", Quantity::Count),
    ("failed.ratio", Quantity::Ratio),
];

const SERVICE: &[(&str, Quantity)] = &[
    ("offered.rate", Quantity::Rate),
    ("offered.count", Quantity::Count),
    ("utilization", Quantity::Ratio),
    ("busy", Quantity::Level),
    ("waiting", Quantity::Level),
    ("throughput", Quantity::Rate),
    ("wait", Quantity::Latency),
    ("waited.ratio", Quantity::Ratio),
    ("service", Quantity::Latency),
    ("sojourn", Quantity::Latency),
    ("slowest_wait.ratio", Quantity::Ratio),
    ("failed.count", Quantity::Count),
    ("failed.ratio", Quantity::Ratio),
    ("rejected.count", Quantity::Count),
    ("rejected.ratio", Quantity::Ratio),
    ("shed.count", Quantity::Count),
    ("shed.ratio", Quantity::Ratio),
    ("wasted.count", Quantity::Count),
    ("wasted.ratio", Quantity::Ratio),
    ("drain", Quantity::Length),
];

const HOST: &[(&str, Quantity)] = &[("utilization", Quantity::Ratio)];

const LOCK: &[(&str, Quantity)] = &[
    ("wait", Quantity::Latency),
    ("hold", Quantity::Latency),
    ("held", Quantity::Level),
    ("waiting", Quantity::Level),
    ("expired.count", Quantity::Count),
    ("refused.count", Quantity::Count),
    ("lost_update.count", Quantity::Count),
];

const CACHE: &[(&str, Quantity)] = &[("lookups.rate", Quantity::Rate), ("hit.ratio", Quantity::Ratio)];

/// Everything that a run of this model measures, in the order in which it is shown.
pub fn metrics(model: &Model) -> Vec<Metric> {
    let of = |table: &str, name: &str, kinds: &[(&str, Quantity)]| -> Vec<Metric> {
        kinds.iter().map(|&(kind, quantity)| Metric { name: format!("{table}.{name}.{kind}"), quantity }).collect()
    };
    let mut all = Vec::new();
    let brokers = model.has_brokers();
    for producer in &model.producers {
        all.extend(of("producers", &producer.name, PRODUCER));
        if !model.services.is_empty() {
            all.extend(of("producers", &producer.name, CALLS));
        }
        if producer.handler.breakers() > 0 {
            all.extend(of("producers", &producer.name, BREAKERS));
        }
        if producer.callers.is_some() {
            all.extend(of("producers", &producer.name, OBSERVER));
        }
        if brokers {
            all.extend(of("producers", &producer.name, PUBLISHER));
        }
    }
    for queue in &model.queues {
        all.extend(of("queues", &queue.name, QUEUE));
        if brokers {
            all.extend(of("queues", &queue.name, BROKER_QUEUE));
        }
    }
    for pool in &model.pools {
        all.extend(of("consumers", &pool.name, POOL));
        if pool.handler.breakers() > 0 {
            all.extend(of("consumers", &pool.name, BREAKERS));
        }
        if brokers {
            all.extend(of("consumers", &pool.name, BROKER_POOL));
        }
    }
    for service in &model.services {
        all.extend(of("services", &service.name, SERVICE));
        if service.handler.breakers() > 0 {
            all.extend(of("services", &service.name, BREAKERS));
        }
    }
    all.extend(model.hosts.iter().flat_map(|host| of("hosts", &host.name, HOST)));
    all.extend(model.locks.iter().flat_map(|lock| of("locks", &lock.name, LOCK)));
    all.extend(model.caches.iter().flat_map(|cache| of("caches", &cache.name, CACHE)));
    all.extend(model.brokers.iter().flat_map(|broker| of("brokers", &broker.name, BROKER)));
    all
}

/// Every handler whose calls have circuit breakers, and how many: producers, consumers, services.
pub fn breakers(model: &Model) -> Vec<(Target, u32)> {
    fn with<'a, T>(all: &'a [T], id: fn(u32) -> Target, of: fn(&T) -> &Handler) -> impl Iterator<Item = (Target, u32)> + 'a {
        all.iter().enumerate().map(move |(at, one)| (id(at as u32), of(one).breakers())).filter(|(_, many)| *many > 0)
    }
    let producers = with(&model.producers, |at| Target::Producer(ProducerId(at)), |producer| &producer.handler);
    let pools = with(&model.pools, |at| Target::Pool(PoolId(at)), |pool| &pool.handler);
    let services = with(&model.services, |at| Target::Service(ServiceId(at)), |service| &service.handler);
    producers.chain(pools).chain(services).collect()
}
