//! Who calls and who answers, for `check`: producers that wait for answers, services, hosts, and locks.

use super::block::Block;
use super::describe;
use super::feeds::{Feeds, Sender};
use super::quantity::{Kind, plainly};
use super::steps::steps;
use super::style::Style;
use super::topology::{Branch, block, called_by, drawn, number, published_by};
use crate::model::{Arrivals, Load, Lock, LockLoad, Model, Producer, ProducerLoad, Scheduling, ServiceId};
use serde_json::{Value, json};

/// The producers that do more than to publish, and what they do.
pub(super) fn callers(model: &Model, load: &Load, style: Style) -> Vec<Vec<String>> {
    let callers = model.producers.iter().zip(&load.producers).filter(|(producer, _)| producer.calls());
    let each = callers.map(|(producer, own)| {
        let mut facts = format!(" {}, {}", rate(producer, own), describe::arrivals(&producer.arrivals));
        if let Some(callers) = producer.callers {
            facts.push_str(&format!(", at most {callers} under way"));
        }
        let does = Branch::to("does", steps(model, &producer.handler));
        drawn(&style.signs(&producer.name), &style.signs(&facts), &[does], style)
    });
    each.collect()
}

/// Messages a second; of clients, who wait for their answers, a bound and which one.
fn rate(producer: &Producer, own: &ProducerLoad) -> String {
    let rate = plainly(own.rate, Kind::Rate);
    let Arrivals::Closed { clients, think } = &producer.arrivals else { return rate };
    // Denning and Buzen 1978, "The operational analysis of queueing network models".
    let clients = f64::from(*clients) / (think.mean() / 1e9 + own.response);
    if own.rate < clients * (1.0 - 1e-9) {
        format!("at most {rate} (what the services can do)")
    } else {
        format!("at most {rate} (N / (Z + S): clients over think and response time)")
    }
}

/// One service: who calls it, and what it does.
pub(super) fn flow(model: &Model, load: &Load, feeds: &Feeds, at: usize, style: Style) -> Vec<String> {
    let (service, own) = (&model.services[at], &load.services[at]);
    let facts = format!(" {}, {}", plainly(own.rate, Kind::Rate), describe::service(model, service));
    let called = |name: &str, rate: f64, what: &str| Branch::from(name, format!("{}, {what}", plainly(rate, Kind::Rate)));
    let from = |&(sender, often): &(Sender, f64)| match sender {
        Sender::Producer(at) => {
            let producer = &model.producers[at];
            called(&producer.name, load.producers[at].rate * often, &describe::arrivals(&producer.arrivals))
        }
        Sender::Pool(at) => {
            let own = &load.pools[at];
            let capacity = own.mean_service.map_or(f64::INFINITY, |mean| f64::from(own.workers) / mean);
            called(&model.pools[at].name, own.rate.min(capacity) * often, "called")
        }
        Sender::Service(at) => {
            let own = &load.services[at];
            called(&format!("({})", model.services[at].name), own.rate.min(own.capacity) * often, "called")
        }
    };
    let mut branches: Vec<Branch> = feeds.service(ServiceId(at as u32)).iter().map(from).collect();
    branches.push(Branch::to("does", steps(model, &service.handler)));
    drawn(&style.signs(&format!("({})", service.name)), &style.signs(&facts), &branches, style)
}

/// The processor time that is asked of every host as a block.
pub(super) fn hosts(model: &Model, load: &Load) -> Block {
    let rows: Vec<(String, [Option<f64>; 3])> = model
        .hosts
        .iter()
        .zip(&load.hosts)
        .map(|(host, own)| (host.name.clone(), [Some(own.demand), Some(f64::from(host.cores)), Some(own.utilization)]))
        .collect();
    block("hosts", &[("busy cores", Kind::Plain), ("cores", Kind::Plain), ("utilization", Kind::Share)], &rows)
}

/// How much every lock is asked for as a block.
pub(super) fn locks(model: &Model, load: &Load) -> Block {
    let one = |(lock, own): (&Lock, &LockLoad)| {
        let numbers = [Some(own.rate), own.hold(), Some(f64::from(lock.permits)), Some(own.utilization)];
        (lock.name.clone(), numbers)
    };
    let rows: Vec<(String, [Option<f64>; 4])> = model.locks.iter().zip(&load.locks).map(one).collect();
    let kinds = [("asked for", Kind::Rate), ("mean hold", Kind::Time), ("permits", Kind::Plain), ("utilization", Kind::Share)];
    block("locks", &kinds, &rows)
}

pub(super) fn service_json(model: &Model, load: &Load, at: usize) -> Value {
    let (service, own) = (&model.services[at], &load.services[at]);
    json!({
        "name": service.name,
        "publishes": published_by(model, &service.handler),
        "calls": called_by(model, &service.handler),
        "host": service.host.map(|host| &model.hosts[host.0 as usize].name),
        "workers": own.workers,
        "rate": number(own.rate),
        "steady_rate": number(own.steady()),
        "peak_rate": number(own.peak_rate),
        "mean_service": own.mean_service.and_then(number),
        "response": number(own.response),
        "capacity": number(own.capacity),
        "utilization": number(own.utilization),
        "queue_limit": service.queue_limit,
    })
}

pub(super) fn host_json(model: &Model, load: &Load, at: usize) -> Value {
    let (host, own) = (&model.hosts[at], &load.hosts[at]);
    json!({
        "name": host.name,
        "cores": host.cores,
        "scheduling": match host.scheduling {
            Scheduling::ProcessorSharing => "processor-sharing",
            Scheduling::Fifo => "fifo",
        },
        "demand": number(own.demand),
        "utilization": number(own.utilization),
    })
}

pub(super) fn lock_json(model: &Model, load: &Load, at: usize) -> Value {
    let (lock, own) = (&model.locks[at], &load.locks[at]);
    json!({
        "name": lock.name,
        "permits": lock.permits,
        "rate": number(own.rate),
        "mean_hold": own.hold().and_then(number),
        "utilization": number(own.utilization),
    })
}
