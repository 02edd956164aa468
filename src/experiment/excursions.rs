//! How observations in a tail come in clusters, told by what is known well: load, means and laws, not by the tail itself.
//!
//! A wait that is long is followed by long waits until the queue is worked off. Of n observations beyond a quantile there are only
//! as many excursions as n over the length of one, and an interval needs excursions. Whether there are enough must not be asked of
//! the tail: where most experiments have too few, those that look well are the lucky ones, and their intervals miss.
//!
//! In M/M/1 an excursion above a high level is 1 / (1 - load)^2 messages long on average (the inverse of the extremal index: Rootzén
//! 1988, "Maxima and exceedances of stationary Markov chains"). By Kingman's formula for heavy traffic the number of messages L that
//! are worked off during the mean wait of those that wait is V / (1 - load), where V is 1 in M/M/c and half the sum of both squared
//! coefficients of variation elsewhere; an excursion is then L / (1 - load) long. Load and L are means, known to a few per cent where
//! a tail is not known at all. What holds L messages forgets within about L^2 of them, however near to its capacity it is (diffusion),
//! and no excursion is longer than a replication.
//!
//! Of heavy-tailed work one long job makes an excursion as long as itself, the more so the less there is to wait for otherwise. Lengths
//! then differ so much that as many excursions tell less: at load 0.5 one counts as a quarter, from 0.875 on as a whole (measured:
//! `docs/coverage.md`).

use super::pool::Pool;
use super::replication::steady;
use crate::measure::Histogram;
use crate::model::{Handler, Metric, Model, Step, Work};
use indexmap::IndexMap;

/// So many excursions of heavy-tailed work, times the idle share of the workers, tell as much as one of other work; at least one.
const HEAVY: f64 = 8.0;

/// A pool that works for a larger share of the time may be overloaded, for all that a few replications tell.
const BUSY: f64 = 0.995;

/// Latencies that last as long as a queue is long.
const CLUSTERED: [&str; 6] = ["completion", "wait", "response", "observed", "sojourn", "buffer_wait"];

/// A pool of workers.
struct Station<'a> {
    /// Its table and its name.
    named: (&'static str, &'a str),
    /// The queue that it works off, where that is not its own.
    queue: Option<&'a str>,
    /// Its share of the time in which it works.
    load: f64,
    /// Messages that came to it, and how many of them make an excursion.
    messages: f64,
    length: f64,
}

/// How many messages of a model make the longest excursion at the pools that the metrics with these names are about: their own pool or
/// queue, or, of a producer, all that most messages come to. Those that may be overloaded are left out; 1 where there are no others, or
/// no steady state.
pub(super) fn longest(model: &Model, metrics: &[Metric], pools: &[Pool], names: &[String]) -> f64 {
    let stations = if steady(model) { stations(model, metrics, pools) } else { Vec::new() };
    let most = stations.iter().map(|station| station.messages).fold(0.0, f64::max);
    let concerns = |station: &Station<'_>, name: &String| {
        let mut parts = name.split('.');
        match (parts.next(), parts.next()) {
            (Some("producers"), _) => station.messages * 2.0 >= most,
            (Some("queues"), entity) => station.queue == entity,
            (Some(table), Some(entity)) => station.named == (table, entity),
            _ => false,
        }
    };
    let concerned = stations.iter().filter(|station| names.iter().any(|name| concerns(station, name)));
    // Where only some of the messages come, so many of all make an excursion.
    let lengths =
        concerned.filter(|station| station.load < BUSY).map(|station| station.length * most / station.messages.max(1.0));
    lengths.fold(1.0, f64::max)
}

/// Whether some work of a model is heavy-tailed.
pub(super) fn has_heavy_tails(model: &Model) -> bool {
    model.pools.iter().map(|pool| &pool.handler).chain(model.services.iter().map(|service| &service.handler)).any(is_heavy_tailed)
}

/// How many observations of each metric make an excursion in its tail, in the order of the metrics; 1 where they have nothing to do
/// with each other, or where there is no steady state from which to go astray.
pub(super) fn excursions(model: &Model, metrics: &[Metric], pools: &[Pool]) -> Vec<f64> {
    let stations = if steady(model) { stations(model, metrics, pools) } else { Vec::new() };
    metrics.iter().zip(pools).map(|(metric, pool)| of(metric, pool, &stations)).collect()
}

/// The same for one metric.
fn of(metric: &Metric, pool: &Pool, stations: &[Station<'_>]) -> f64 {
    let mut names = metric.name.split('.');
    let (Some(table), Some(entity), Some(kind), None) = (names.next(), names.next(), names.next(), names.next()) else {
        return 1.0;
    };
    let Some(all) = pool.observations().filter(|_| CLUSTERED.contains(&kind)) else { return 1.0 };
    let at = |station: &&Station<'_>| match table {
        "queues" => station.queue == Some(entity),
        _ => station.named == (table, entity),
    };
    let length = match table {
        // Its messages may pass through any of them, and make a part of each excursion.
        "producers" => {
            let part = |station: &Station<'_>| station.length * (all.count() as f64 / station.messages).min(1.0);
            stations.iter().map(part).fold(1.0, f64::max)
        }
        // Several pools on a queue share it.
        _ => stations.iter().filter(at).map(|station| station.length).sum(),
    };
    length.clamp(1.0, (all.count() as f64 / pool.replications() as f64).max(1.0))
}

fn stations<'a>(model: &'a Model, metrics: &[Metric], pools: &[Pool]) -> Vec<Station<'a>> {
    let known: IndexMap<&str, &Pool> = metrics.iter().map(|metric| metric.name.as_str()).zip(pools).collect();
    let station = |named: (&'static str, &'a str), queue: Option<&'a str>, workers: u32, handler: &Handler| {
        let of = |kind: &str| known.get(format!("{}.{}.{kind}", named.0, named.1).as_str());
        let (wait, service) = (of("wait")?.observations()?, of("service")?.observations()?);
        let load = of("utilization")?.quotient()?;
        let weight = if is_heavy_tailed(handler) { (HEAVY * (1.0 - load)).max(1.0) } else { 1.0 };
        let length = weight * length(wait, service, f64::from(workers), load);
        Some(Station { named, queue, load, messages: wait.count() as f64, length })
    };
    let consumers = model.pools.iter().map(|pool| {
        let queue = &model.queue(pool.queue).name;
        station(("consumers", &pool.name), Some(queue.as_str()), pool.workers(), &pool.handler)
    });
    let services =
        model.services.iter().map(|service| station(("services", &service.name), None, service.workers(), &service.handler));
    consumers.chain(services).flatten().collect()
}

/// Messages in an excursion.
fn length(wait: &Histogram, service: &Histogram, workers: f64, load: f64) -> f64 {
    let positive = wait.positive() as f64;
    if positive == 0.0 || service.sum() == 0.0 {
        return 1.0;
    }
    let worked_off = (wait.sum() / positive) * workers / (service.sum() / service.count() as f64);
    (worked_off / (1.0 - load).max(f64::MIN_POSITIVE)).min(2.0 * worked_off * worked_off)
}

fn is_heavy_tailed(handler: &Handler) -> bool {
    let mut found = false;
    handler.visit(&mut |step| {
        if let Step::Work(Work::Drawn(law)) = step {
            found |= law.is_heavy_tailed();
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential_waits(mean: f64, load: f64) -> Histogram {
        let mut histogram = Histogram::default();
        for at in 0..10_000 {
            let share = (f64::from(at) + 0.5) / 10_000.0;
            let wait = if share < load { -((share / load).ln()) * mean } else { 0.0 };
            histogram.record((wait * 1e9) as u64);
        }
        histogram
    }

    /// M/M/1 at load 0.8: 25; what holds ten messages forgets within 200 of them at any load.
    #[test]
    fn an_excursion_is_as_long_as_in_theory() {
        let mut service = Histogram::default();
        (0..1000).for_each(|_| service.record(1_000_000_000));
        assert!((length(&exponential_waits(5.0, 0.8), &service, 1.0, 0.8) - 25.0).abs() < 0.1);
        assert!((length(&exponential_waits(10.0, 1.0), &service, 1.0, 1.0) - 200.0).abs() < 1.0);
        assert_eq!(length(&Histogram::zeros(1000), &service, 1.0, 0.5), 1.0);
    }
}
