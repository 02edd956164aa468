//! What every average of a run is made of, as far as the run has got: cheap enough to be read thousands of times.

use super::level::Level;
use super::recorder::Recorder;
use crate::engine::Outcome;
use crate::model::{Model, PoolId, ProducerId, QueueId, ServiceId, Target, breakers};
use crate::units::Span;

/// For every metric, in the order of [`crate::model::metrics`], a numerator and a denominator that only grow, and whose
/// quotient is the mean, rate or share in nanoseconds, messages, per nanosecond, or plain; counts are per nanosecond too.
/// Both are zero for what is no average. `measured` is the time since the recorder was last restarted.
pub fn sums(model: &Model, recorder: &Recorder, measured: Span) -> Vec<(u128, u128)> {
    let time = u128::from(measured.0);
    let rate = |count: u64| (u128::from(count), time);
    let share = |part: u64, all: u64| (u128::from(part), u128::from(all));
    let share_open =
        |((target, many), (_, open)): ((Target, u32), &(Target, Level))| (target, (open.integral(), time * u128::from(many)));
    let mut open = breakers(model).into_iter().zip(&recorder.breakers).map(share_open).peekable();
    let mut opened = |target: Target| open.next_if(|(of, _)| *of == target).map(|(_, share)| share);
    let mut list = Vec::new();
    for (at, record) in recorder.producers.iter().enumerate() {
        let ended: u64 = record.ended.iter().sum();
        // Where somebody waits for an answer, what he hears decides; elsewhere what becomes of the message.
        let (failed, ended) = if model.producers[at].calls() {
            (record.failures, record.responses)
        } else {
            (ended - record.ended[Outcome::Completed as usize], ended)
        };
        list.extend([rate(record.created), rate(record.created), recorder.completion(at), record.wait.totals()]);
        list.extend([rate(failed), share(failed, ended)]);
        let answers = if model.producers[at].calls() { record.responses } else { record.created };
        let response = if model.producers[at].calls() { record.response.totals() } else { (0, u128::from(record.created)) };
        list.extend([response, rate(record.timeouts), share(record.timeouts, answers), rate(record.retries)]);
        let good = record.ended[Outcome::Completed as usize];
        list.push(rate(if model.producers[at].calls() { record.responses - record.failures } else { good }));
        if !model.services.is_empty() {
            list.extend([record.fallbacks, record.open, record.full, record.limited].map(rate));
        }
        list.extend(opened(Target::Producer(ProducerId(at as u32))));
        if model.producers[at].callers.is_some() {
            list.push(record.observed.totals());
        }
        if recorder.brokered {
            let said = record.confirm.count();
            list.extend([record.confirm.totals(), rate(said), rate(record.nacked), share(record.nacked, said)]);
            list.extend([record.returned, record.unroutable, record.not_sent].map(rate));
            list.extend([&record.unconfirmed, &record.buffered, &record.blocked].map(|level| (level.integral(), time)));
        }
    }
    for (at, record) in recorder.queues.iter().enumerate().take(model.queues.len()) {
        let pools = || model.pools_on(QueueId(at as u32)).map(|(id, _)| id);
        let acked = recorder.acked(at, pools());
        let wait = recorder.queue_wait(at, pools());
        let (ready, held) = (record.ready.integral(), recorder.held(at, pools()));
        list.extend([rate(record.published), rate(record.published), (wait.1, time), rate(acked)]);
        list.extend([(ready, time), (held, time), (ready + held, time), wait]);
        for outcome in [Outcome::Dropped, Outcome::Rejected, Outcome::Expired] {
            let lost = record.lost[outcome as usize];
            list.extend([rate(lost), share(lost, record.published)]);
        }
        list.extend([rate(record.redelivered), share(record.redelivered, wait.1 as u64)]);
        list.extend([rate(record.dead_lettered), share(record.dead_lettered, record.published), (0, 0)]);
        if recorder.brokered {
            list.extend([rate(record.returned), rate(record.lost_in_crash), share(record.lost_in_crash, record.published)]);
            list.push((record.free.integral(), time));
        }
    }
    for (at, pool) in model.pools.iter().enumerate() {
        let record = &recorder.pools[at];
        let busy = record.busy.integral();
        list.extend([(busy, time * u128::from(pool.workers())), (busy, time), rate(record.finished)]);
        list.extend([record.wait.totals(), share(record.wait.positive(), record.wait.count())]);
        list.extend([recorder.buffer_wait(PoolId(at as u32)), record.service.totals(), record.sojourn.totals(), (0, 0)]);
        list.extend([rate(record.failed), share(record.failed, record.finished)]);
        list.extend(opened(Target::Pool(PoolId(at as u32))));
        if recorder.brokered {
            list.extend([rate(record.duplicated), share(record.duplicated, record.finished)]);
        }
    }
    for (at, service) in model.services.iter().enumerate() {
        let (queue, record) = (&recorder.queues[model.queues.len() + at], &recorder.pools[model.pools.len() + at]);
        let busy = record.busy.integral();
        list.extend([rate(queue.published), rate(queue.published), (busy, time * u128::from(service.workers())), (busy, time)]);
        list.extend([(queue.ready.integral(), time), rate(record.finished), record.wait.totals()]);
        list.push(share(record.wait.positive(), record.wait.count()));
        list.extend([record.service.totals(), record.sojourn.totals(), (0, 0)]);
        let (rejected, shed) = (queue.lost[Outcome::Rejected as usize], queue.lost[Outcome::Expired as usize]);
        list.extend([rate(record.failed), share(record.failed, record.finished + record.broken)]);
        list.extend([rate(rejected), share(rejected, queue.published), rate(shed), share(shed, queue.published)]);
        list.extend([rate(record.wasted), share(record.wasted, record.finished), (0, 0)]);
        list.extend(opened(Target::Service(ServiceId(at as u32))));
    }
    for (host, cores) in model.hosts.iter().zip(&recorder.hosts) {
        list.push((cores.integral(), time * u128::from(host.cores)));
    }
    for lock in &recorder.locks {
        list.extend([lock.wait.totals(), lock.hold.totals(), (lock.held.integral(), time), (lock.waiting.integral(), time)]);
        list.extend([lock.expired, lock.refused, lock.lost_updates].map(rate));
    }
    for cache in &recorder.caches {
        list.extend([rate(cache.lookups), share(cache.hits, cache.lookups)]);
    }
    for (broker, record) in model.brokers.iter().zip(&recorder.brokers) {
        let nodes = u128::from(broker.nodes);
        let cores = nodes * u128::from(broker.cpu.map_or(1, |cpu| cpu.cores));
        list.extend([(record.processing.integral(), time * cores), (record.writing.integral(), time * nodes)]);
        list.extend([&record.memory, &record.alarm].map(|level| (level.integral(), time)));
    }
    list
}
