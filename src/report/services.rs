//! Who calls and who answers, for `check`: producers that wait for answers, services, and hosts.

use super::block::Block;
use super::describe;
use super::quantity::{Kind, plainly};
use super::steps::steps;
use super::style::Style;
use super::topology::{Branch, block, called_by, drawn, number, published_by};
use crate::model::{Load, Model, Scheduling, ServiceId, Visits};
use serde_json::{Value, json};

/// The producers that do more than to publish, and what they do.
pub(super) fn callers(model: &Model, load: &Load, style: Style) -> Vec<Vec<String>> {
    let callers = model.producers.iter().zip(&load.producers).filter(|(producer, _)| producer.calls());
    let each = callers.map(|(producer, own)| {
        let mut facts = format!(" {}, {}", plainly(own.rate, Kind::Rate), describe::arrivals(&producer.arrivals));
        if let Some(callers) = producer.callers {
            facts.push_str(&format!(", at most {callers} under way"));
        }
        let does = Branch::to("does", steps(model, &producer.handler));
        drawn(&style.signs(&producer.name), &style.signs(&facts), &[does], style)
    });
    each.collect()
}

/// One service: who calls it, and what it does.
pub(super) fn flow(model: &Model, load: &Load, at: usize, style: Style) -> Vec<String> {
    let (service, own) = (&model.services[at], &load.services[at]);
    let id = ServiceId(at as u32);
    let facts = format!(" {}, {}", plainly(own.rate, Kind::Rate), describe::service(model, service));
    let mut branches = Vec::new();
    let mut called = |name: &str, rate: f64, often: f64, what: &str| {
        if often > 0.0 {
            branches.push(Branch::from(name, format!("{}, {what}", plainly(rate * often, Kind::Rate))));
        }
    };
    for (producer, own) in model.producers.iter().zip(&load.producers) {
        called(
            &producer.name,
            own.rate,
            Visits::of(model, &producer.handler).service(id),
            &describe::arrivals(&producer.arrivals),
        );
    }
    for (pool, own) in model.pools.iter().zip(&load.pools) {
        let capacity = own.mean_service.map_or(f64::INFINITY, |mean| f64::from(own.workers) / mean);
        called(&pool.name, own.rate.min(capacity), Visits::of(model, &pool.handler).service(id), "called");
    }
    for (caller, own) in model.services.iter().zip(&load.services) {
        let name = format!("({})", caller.name);
        called(&name, own.rate.min(own.capacity), Visits::of(model, &caller.handler).service(id), "called");
    }
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
