//! What a recorder says about every metric of a model, and about every quantity that is followed over time.

use super::census::Census;
use super::histogram::Histogram;
use super::level::Level;
use super::recorder::Recorder;
use super::records::PoolRecord;
use crate::engine::Outcome;
use crate::model::{Model, PoolId, ProducerId, QueueId, ServiceId, Target, breakers};
use crate::units::Span;

/// What one replication says about one metric, from which estimates are made.
#[derive(Debug, Clone)]
pub enum Source {
    /// All observations of a latency.
    Latency(Histogram),
    /// A level, and the nanoseconds over which it was measured.
    Level(Level, u64),
    /// A rate or a share: something divided by something, in SI units.
    Ratio(f64, f64),
    /// A plain number, absent where it was not to be had.
    Value(Option<f64>),
}

impl Source {
    /// The distribution of what came after an earlier state of the same source, or of everything; empty where there is none.
    pub fn census_since(&self, earlier: Option<&Source>) -> Census {
        match (self, earlier) {
            (Source::Latency(now), Some(Source::Latency(earlier))) => now.census_since(earlier),
            (Source::Level(now, _), Some(Source::Level(earlier, _))) => now.census_since(earlier),
            (Source::Latency(now), _) => now.census(),
            (Source::Level(now, _), _) => now.census(),
            (Source::Ratio(..) | Source::Value(_), _) => Census::default(),
        }
    }
}

/// What a replication says about every metric, in the order of [`crate::model::metrics`]; `measured` is the measured time.
pub fn sources(model: &Model, recorder: &Recorder, measured: Span) -> Vec<Source> {
    let seconds = measured.as_secs_f64();
    let rate = |count: u64| Source::Ratio(count as f64, seconds);
    let count = |count: u64| Source::Value(Some(count as f64));
    let level = |level: Level| Source::Level(level, measured.0);
    let share = |((target, many), (_, open)): ((Target, u32), &(Target, Level))| {
        (target, Source::Ratio(open.integral() as f64 / 1e9, f64::from(many) * seconds))
    };
    let mut open = breakers(model).into_iter().zip(&recorder.breakers).map(share).peekable();
    let mut opened = |target: Target| open.next_if(|(of, _)| *of == target).map(|(_, share)| share);
    let mut all = Vec::new();
    for at in 0..model.producers.len() {
        let record = recorder.producer(at);
        let ended: u64 = record.ended.iter().sum();
        // Where somebody waits for an answer, what he hears decides; elsewhere what becomes of the message.
        let (failed, ended) = if model.producers[at].calls() {
            (record.failures, record.responses)
        } else {
            (ended - record.ended[Outcome::Completed as usize], ended)
        };
        all.extend([rate(record.created), count(record.created)]);
        all.extend([Source::Latency(record.completion), Source::Latency(record.wait)]);
        all.extend([count(failed), Source::Ratio(failed as f64, ended as f64)]);
        let timeouts = Source::Ratio(record.timeouts as f64, record.responses as f64);
        all.extend([Source::Latency(record.response), count(record.timeouts), timeouts, rate(record.retries)]);
        // Where nobody waits, what comes to a good end is what is worked off.
        let good = record.ended[Outcome::Completed as usize];
        all.push(rate(if model.producers[at].calls() { record.responses - record.failures } else { good }));
        if !model.services.is_empty() {
            all.extend([record.fallbacks, record.open, record.full, record.limited].map(rate));
        }
        all.extend(opened(Target::Producer(ProducerId(at as u32))));
        if model.producers[at].callers.is_some() {
            all.push(Source::Latency(record.observed));
        }
        if recorder.brokered {
            let said = record.confirm.count();
            all.extend([Source::Latency(record.confirm), rate(said), count(record.nacked)]);
            all.push(Source::Ratio(record.nacked as f64, said as f64));
            all.extend([record.returned, record.unroutable, record.not_sent].map(count));
            all.extend([level(record.unconfirmed), level(record.buffered)]);
            all.push(Source::Ratio(record.blocked.integral() as f64 / 1e9, seconds));
        }
    }
    for at in 0..model.queues.len() {
        let record = recorder.queue(at, model.pools_on(QueueId(at as u32)).map(|(id, _)| id));
        let (drain, backlog, delivered) = (record.drain(), record.backlog(), record.wait.count());
        all.extend([rate(record.published), count(record.published), rate(record.wait.count()), rate(record.acked)]);
        all.extend([level(record.ready), level(record.unacked), level(backlog), Source::Latency(record.wait)]);
        for outcome in [Outcome::Dropped, Outcome::Rejected, Outcome::Expired] {
            let lost = record.lost[outcome as usize];
            all.extend([count(lost), Source::Ratio(lost as f64, record.published as f64)]);
        }
        let share = |part: u64, whole: u64| Source::Ratio(part as f64, whole as f64);
        all.extend([count(record.redelivered), share(record.redelivered, delivered)]);
        all.extend([count(record.dead_lettered), share(record.dead_lettered, record.published)]);
        all.push(Source::Value(drain.map(Span::as_secs_f64)));
        if recorder.brokered {
            all.extend([count(record.returned), count(record.lost_in_crash), share(record.lost_in_crash, record.published)]);
            all.push(Source::Ratio(record.free.integral() as f64 / 1e9, seconds));
        }
    }
    for (at, pool) in model.pools.iter().enumerate() {
        let record = recorder.pool(at);
        let slowest = slowest(&record);
        let capacity = f64::from(pool.workers()) * seconds;
        all.push(Source::Ratio(record.busy.integral() as f64 / 1e9, capacity));
        all.extend([level(record.busy), rate(record.finished)]);
        let waited = Source::Ratio(record.wait.positive() as f64, record.wait.count() as f64);
        all.extend([Source::Latency(record.wait), waited]);
        all.extend([record.buffer_wait, record.service, record.sojourn].map(Source::Latency));
        all.push(slowest);
        all.extend([count(record.failed), Source::Ratio(record.failed as f64, record.finished as f64)]);
        all.extend(opened(Target::Pool(PoolId(at as u32))));
        if recorder.brokered {
            all.extend([count(record.duplicated), Source::Ratio(record.duplicated as f64, record.finished as f64)]);
        }
    }
    for (at, service) in model.services.iter().enumerate() {
        let queue = &recorder.queues[model.queues.len() + at];
        let record = recorder.pool(model.pools.len() + at);
        let slowest = slowest(&record);
        let capacity = f64::from(service.workers()) * seconds;
        let share = |part: u64, whole: u64| Source::Ratio(part as f64, whole as f64);
        all.extend([rate(queue.published), count(queue.published)]);
        all.push(Source::Ratio(record.busy.integral() as f64 / 1e9, capacity));
        all.extend([level(record.busy), level(queue.ready.clone()), rate(record.finished)]);
        let waited = share(record.wait.positive(), record.wait.count());
        all.extend([Source::Latency(record.wait), waited]);
        all.extend([record.service, record.sojourn].map(Source::Latency));
        all.push(slowest);
        all.extend([count(record.failed), share(record.failed, record.finished + record.broken)]);
        let (rejected, shed) = (queue.lost[Outcome::Rejected as usize], queue.lost[Outcome::Expired as usize]);
        all.extend([count(rejected), share(rejected, queue.published), count(shed), share(shed, queue.published)]);
        all.extend([count(record.wasted), share(record.wasted, record.finished)]);
        all.push(Source::Value(queue.drain().map(Span::as_secs_f64)));
        all.extend(opened(Target::Service(ServiceId(at as u32))));
    }
    for (host, cores) in model.hosts.iter().zip(&recorder.hosts) {
        all.push(Source::Ratio(cores.integral() as f64 / 1e9, f64::from(host.cores) * seconds));
    }
    for lock in &recorder.locks {
        all.extend([
            Source::Latency(lock.wait.clone()),
            Source::Latency(lock.hold.clone()),
            level(lock.held.clone()),
            level(lock.waiting.clone()),
        ]);
        all.extend([lock.expired, lock.refused, lock.lost_updates].map(count));
    }
    for cache in &recorder.caches {
        all.extend([rate(cache.lookups), Source::Ratio(cache.hits as f64, cache.lookups as f64)]);
    }
    for (broker, record) in model.brokers.iter().zip(&recorder.brokers) {
        let cores = f64::from(broker.cpu.map_or(1, |cpu| cpu.cores));
        let share = |level: &Level, of: f64| Source::Ratio(level.integral() as f64 / 1e9, of * seconds);
        all.push(share(&record.processing, f64::from(broker.nodes) * cores));
        all.push(share(&record.writing, f64::from(broker.nodes)));
        all.extend([level(record.memory.clone()), share(&record.alarm, 1.0)]);
    }
    all
}

/// The waiting share of the slowest.
fn slowest(record: &PoolRecord) -> Source {
    let (waiting, whole) = record.slowest();
    Source::Ratio(waiting, whole)
}

/// How far each quantity of [`crate::model::gauges`] has got since the recorder was last restarted.
pub fn reading(model: &Model, recorder: &Recorder) -> Vec<u128> {
    let mut all = Vec::new();
    all.extend(recorder.producers.iter().map(|producer| u128::from(producer.created)));
    for (at, queue) in recorder.queues.iter().enumerate().take(model.queues.len()) {
        let pools = model.pools_on(QueueId(at as u32)).map(|(id, _)| id);
        all.push(queue.ready.integral() + recorder.held(at, pools));
        all.push(u128::from(queue.lost.iter().sum::<u64>()));
    }
    for pool in recorder.pools.iter().take(model.pools.len()) {
        all.push(u128::from(pool.finished));
        all.push(pool.busy.integral());
    }
    for (record, _) in recorder.producers.iter().zip(&model.producers).filter(|(_, producer)| producer.calls()) {
        all.push(u128::from(record.responses - record.failures));
    }
    for at in 0..model.services.len() {
        let pool = &recorder.pools[model.pools.len() + at];
        all.push(u128::from(recorder.queues[model.queues.len() + at].published));
        all.push(recorder.queues[model.queues.len() + at].ready.integral());
        all.extend([u128::from(pool.finished), pool.busy.integral()]);
    }
    all.extend(recorder.hosts.iter().map(Level::integral));
    all.extend(recorder.locks.iter().map(|lock| lock.waiting.integral()));
    all.extend(recorder.breakers.iter().map(|(_, open)| open.integral()));
    if recorder.brokered {
        brokers(model, recorder, &mut all);
    }
    all
}

/// What the management page of a broker shows.
fn brokers(model: &Model, recorder: &Recorder, all: &mut Vec<u128>) {
    for record in &recorder.producers {
        let counts = [record.confirm.count(), record.returned].map(u128::from);
        all.extend(counts.into_iter().chain([record.unconfirmed.integral(), record.buffered.integral()]));
    }
    for record in recorder.queues.iter().take(model.queues.len()) {
        all.extend([record.ready.integral(), record.unacked.integral()]);
        let (delivered, dead) = (record.wait.count(), record.dead_lettered);
        let rates = [record.published, delivered, record.acked, record.redelivered, record.returned, dead];
        all.extend(rates.map(u128::from));
        all.push(record.free.integral());
    }
    all.extend(recorder.brokers.iter().map(|record| record.memory.integral()));
    all.extend(recorder.brokers.iter().flat_map(|record| [record.processing.integral(), record.writing.integral()]));
}
