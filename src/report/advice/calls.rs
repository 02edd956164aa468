//! Advice about services and those who call them: work for nobody, retries that are the load, workers that only wait.

use super::warning;
use crate::experiment::Summary;
use crate::model::{Model, ServiceId, Visits};
use crate::report::quantity::{Kind, plainly};
use crate::report::result::Warning;

/// The share of work for callers who have given up from which on it is worth a word.
const WASTED: f64 = 0.2;
/// Retries for each request from which on they may be the load, and the share of requests that fail all the same.
const RETRIES: f64 = 0.5;
const FAILED: f64 = 0.1;
/// Workers that are held for so much of the time have none to spare.
const HELD: f64 = 0.9;
/// A pool whose workers spend so much of that on one service has no other problem.
const WAITING: f64 = 0.8;

fn estimate(summary: &Summary, metric: &str) -> Option<f64> {
    summary.metrics.get(metric).and_then(|reading| reading.value.estimate)
}

/// Services that work for callers who have given up.
pub(super) fn wasted(model: &Model, summary: &Summary) -> Vec<Warning> {
    let one = |name: &str| {
        let wasted = estimate(summary, &format!("services.{name}.wasted.ratio")).filter(|wasted| *wasted > WASTED)?;
        Some(warning(
            "wasted-work",
            format!(
                "{} of what `{name}` worked on was for callers who had given up: let what is too late not begin (`shed = \"deadline\"`, \
                 with `propagate` at the callers' timeouts), call it back (`cancel`), or bound the queue (`queue_limit`)",
                plainly(wasted, Kind::Share)
            ),
        ))
    };
    model.services.iter().filter_map(|service| one(&service.name)).collect()
}

/// Producers whose calls are tried again for every other request or more often, and fail all the same: the retries keep up the overload that
/// makes them (a metastable failure: Bronson and others 2021).
pub(super) fn retries(model: &Model, summary: &Summary) -> Vec<Warning> {
    let one = |name: &str| {
        let own = |metric: &str| estimate(summary, &format!("producers.{name}.{metric}"));
        let (offered, retries, failed) = (own("offered.rate")?, own("retries.rate")?, own("failed.ratio")?);
        if offered <= 0.0 || retries < RETRIES * offered || failed < FAILED {
            return None;
        }
        Some(warning(
            "retry-storm",
            format!(
                "for each request of `{name}` its calls were tried again {} times, and {} of the requests failed all the same: the retries \
                 may be the load that makes them fail, also when its cause is over; bound them with a `budget`, or a `breaker` around the call",
                plainly(retries / offered, Kind::Plain),
                plainly(failed, Kind::Share)
            ),
        ))
    };
    model.producers.iter().filter_map(|producer| one(&producer.name)).collect()
}

/// Pools and services that have no worker to spare, because nearly all their time goes into waiting for one service.
pub(super) fn waiting(model: &Model, summary: &Summary) -> Vec<Warning> {
    let pools = model.pools.iter().map(|pool| ("consumers", &pool.name, &pool.handler));
    let services = model.services.iter().map(|service| ("services", &service.name, &service.handler));
    let one = |(table, name, handler)| {
        let own = |metric: &str| estimate(summary, &format!("{table}.{name}.{metric}"));
        let (held, time) = (own("utilization").filter(|held| *held >= HELD)?, own("service.mean").filter(|time| *time > 0.0)?);
        let share = |&(ServiceId(at), often): &(ServiceId, f64)| {
            let name = &model.services[at as usize].name;
            // Branches wait at the same time: no more than all of it.
            Some(((often * estimate(summary, &format!("services.{name}.sojourn.mean"))? / time).min(1.0), name))
        };
        let asked = Visits::of(model, handler).services;
        let (share, other) = asked.iter().filter_map(share).max_by(|one, other| one.0.total_cmp(&other.0))?;
        if share < WAITING {
            return None;
        }
        Some(warning(
            "waits-for-one",
            format!(
                "the workers of `{name}` are held for {} of the time, {} of it waiting for `{other}`: more of them would only wait more; make \
                 `{other}` faster, call it with a `timeout` and a `bulkhead`, or leave that to a queue",
                plainly(held, Kind::Share),
                plainly(share, Kind::Share)
            ),
        ))
    };
    pools.chain(services).filter_map(one).collect()
}
