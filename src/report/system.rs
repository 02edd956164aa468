//! The system as a graph: who sends what to whom, and how much of it. Kept in the result, so that whoever reads that can draw it.

use super::describe;
use super::topology::capacity;
use crate::model::{ExchangeId, Handler, Load, Model, Outlet, PoolId, QueueId, ServiceId, Step, Visits};
use serde::{Deserialize, Serialize};

/// Everything that messages and requests come from or go to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct System {
    /// In the order of the model: producers, queues, consumers, services, exchanges.
    pub nodes: Vec<Node>,
    /// Between two nodes at most one of each kind.
    pub edges: Vec<Edge>,
}

/// One entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The user's name for it.
    pub name: String,
    /// A few words about it, as `check` has them.
    pub about: String,
    /// How many can work at a time, where somebody works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

/// Kinds of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// Makes messages or requests.
    Producer,
    /// Keeps messages.
    Queue,
    /// Takes messages from a queue.
    Consumers,
    /// Answers requests.
    Service,
    /// Sends messages on to queues, by their keys.
    Exchange,
}

impl NodeKind {
    /// The first part of the names of its metrics.
    pub fn table(self) -> &'static str {
        match self {
            NodeKind::Producer => "producers",
            NodeKind::Queue => "queues",
            NodeKind::Consumers => "consumers",
            NodeKind::Service => "services",
            NodeKind::Exchange => "exchanges",
        }
    }
}

/// A way from one entity to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Position of the node that it leads from.
    pub from: usize,
    /// Position of the node that it leads to.
    pub to: usize,
    /// Whether somebody waits at its beginning for an answer.
    pub call: bool,
    /// What the rates of the scenario promise, per second while all producers send; retries and failures are not in it. Absent
    /// where it is unlimited.
    pub planned: Option<f64>,
    /// The metric that measures what goes this way, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}

/// The graph of a model.
pub fn system(model: &Model, load: &Load) -> System {
    let mut nodes = Vec::new();
    let mut add = |kind, name: &str, about, workers| nodes.push(Node { kind, name: name.to_owned(), about, workers });
    for producer in &model.producers {
        add(NodeKind::Producer, &producer.name, describe::arrivals(&producer.arrivals), None);
    }
    for queue in &model.queues {
        add(NodeKind::Queue, &queue.name, describe::queue(model, queue), None);
    }
    for pool in &model.pools {
        add(NodeKind::Consumers, &pool.name, describe::pool(model, pool), Some(pool.workers()));
    }
    for service in &model.services {
        add(NodeKind::Service, &service.name, describe::service(model, service), Some(service.workers()));
    }
    for exchange in &model.exchanges {
        let bindings = exchange.bindings.len();
        let about = format!("exchange with {bindings} {}", if bindings == 1 { "binding" } else { "bindings" });
        add(NodeKind::Exchange, &exchange.name, about, None);
    }
    let queue = |id: QueueId| model.producers.len() + id.0 as usize;
    let pool = |at: usize| model.producers.len() + model.queues.len() + at;
    let service = |id: ServiceId| pool(model.pools.len()) + id.0 as usize;
    let exchange = |id: ExchangeId| service(ServiceId(model.services.len() as u32)) + id.0 as usize;
    let mut edges: Vec<Edge> = Vec::new();
    let mut leads = |from: usize, handler: &Handler, rate: f64| {
        let visits = Visits::of(model, handler);
        let planned = |often: f64| Some(rate * often).filter(|rate| rate.is_finite());
        let exchanges = exchanges_of(handler);
        for &(id, often) in &visits.queues {
            let through = exchanges.iter().find(|&&way| model.reached(Outlet::Exchange(way)).contains(&id));
            send(&mut edges, through.map_or(from, |&way| exchange(way)), queue(id), planned(often));
        }
        for &way in &exchanges {
            // How often steps that do more come to it is not known here.
            let rate = if handler.sends().is_some() { planned(1.0) } else { None };
            send(&mut edges, from, exchange(way), rate);
        }
        for &(id, often) in &visits.services {
            edges.push(Edge { from, to: service(id), call: true, planned: planned(often), metric: None });
        }
    };
    for (at, producer) in model.producers.iter().enumerate() {
        leads(at, &producer.handler, load.producers[at].rate);
    }
    for (at, consumers) in model.pools.iter().enumerate() {
        leads(pool(at), &consumers.handler, load.pools[at].rate.min(capacity(model, load, PoolId(at as u32))));
    }
    for (at, called) in model.services.iter().enumerate() {
        leads(service(ServiceId(at as u32)), &called.handler, load.services[at].rate.min(load.services[at].capacity));
    }
    for (at, consumers) in model.pools.iter().enumerate() {
        let planned = Some(load.pools[at].rate).filter(|rate| rate.is_finite());
        let metric = Some(format!("consumers.{}.throughput", consumers.name));
        edges.push(Edge { from: queue(consumers.queue), to: pool(at), call: false, planned, metric });
    }
    // How many messages die is known only when they do.
    for (at, own) in model.queues.iter().enumerate() {
        if let Some(letter) = &own.semantics.dead_letter {
            let to = match letter.to {
                Outlet::Queue(id) => queue(id),
                Outlet::Exchange(id) => exchange(id),
            };
            send(&mut edges, queue(QueueId(at as u32)), to, None);
        }
    }
    // What comes to a place on a single way is what was measured there.
    for at in 0..edges.len() {
        let to = edges[at].to;
        let own = match nodes[to].kind {
            NodeKind::Queue => "published.rate",
            NodeKind::Service => "offered.rate",
            NodeKind::Producer | NodeKind::Consumers | NodeKind::Exchange => continue,
        };
        if edges.iter().filter(|edge| edge.to == to).count() == 1 {
            edges[at].metric = Some(format!("{}.{}.{own}", nodes[to].kind.table(), nodes[to].name));
        }
    }
    System { nodes, edges }
}

/// Adds a way of messages, or to one that is there: what leaves an exchange comes from all that send to it.
fn send(edges: &mut Vec<Edge>, from: usize, to: usize, planned: Option<f64>) {
    match edges.iter_mut().find(|edge| (edge.from, edge.to, edge.call) == (from, to, false)) {
        Some(known) => known.planned = known.planned.zip(planned).map(|(one, other)| one + other),
        None => edges.push(Edge { from, to, call: false, planned, metric: None }),
    }
}

/// The exchanges that a handler sends to by itself, each once.
fn exchanges_of(handler: &Handler) -> Vec<ExchangeId> {
    let mut found = Vec::new();
    handler.visit(&mut |step| {
        if let Step::Send(send) = step
            && let Outlet::Exchange(id) = send.to
            && !found.contains(&id)
        {
            found.push(id);
        }
    });
    found
}
