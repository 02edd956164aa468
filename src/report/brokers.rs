//! Brokers and exchanges for `check`, and what of a queue, a producer or a consumer is a broker's, in a few words.

use super::describe::{distribution, length};
use super::quantity::{Kind, plainly};
use super::style::Style;
use super::topology::{Branch, drawn};
use crate::model::{
    Binding, Broker, Confirm, ConsumerPool, Exchange, ExchangeKind, Failure, Model, Network, OnFailure, OnFull, Outlet, Queue,
    Returns, Sending, Session, Settlements, Step, Storage, Sync,
};
use crate::random::Distribution;
use serde_json::{Value, json};

/// Every broker with what it costs, and every exchange with its routing table.
pub(super) fn flows(model: &Model, style: Style) -> Vec<Vec<String>> {
    let brokers = model.brokers.iter().map(|known| {
        let mut branches = Vec::new();
        let queues = model.queues.iter().filter(|queue| of(model, queue).is_some_and(|its| its.name == known.name));
        let names: Vec<String> = queues.map(|queue| format!("[{}]", queue.name)).collect();
        if !names.is_empty() {
            branches.push(Branch::to("holds", names.join(", ")));
        }
        drawn(&style.signs(&format!("{{{}}}", known.name)), &style.signs(&format!(" {}", broker(model, known))), &branches, style)
    });
    let exchanges = model.exchanges.iter().map(|exchange| {
        let at = exchange.broker.map_or(String::new(), |id| format!(", on {}", model.brokers[id.0 as usize].name));
        let facts = format!(" {}{at}", kind(exchange.kind));
        let mut branches: Vec<Branch> = model
            .producers
            .iter()
            .filter(|producer| sends_to(model, producer, exchange))
            .map(|producer| Branch::from(&producer.name, "published".to_owned()))
            .collect();
        branches.extend(exchange.bindings.iter().map(|binding| Branch::to(&outlet(model, binding.to), bound(exchange, binding))));
        if let Some(alternate) = exchange.alternate {
            branches.push(Branch::to(&outlet(model, alternate), "what fits no binding".to_owned()));
        }
        drawn(&style.signs(&name_of(exchange)), &style.signs(&facts), &branches, style)
    });
    brokers.chain(exchanges).collect()
}

/// Whether a producer publishes to an exchange by itself.
fn sends_to(model: &Model, producer: &crate::model::Producer, exchange: &Exchange) -> bool {
    let mut sends = false;
    producer.handler.visit(&mut |step| {
        if let Step::Send(send) = step
            && let Outlet::Exchange(id) = send.to
        {
            sends |= model.exchange(id).name == exchange.name;
        }
    });
    sends
}

fn of<'a>(model: &'a Model, queue: &Queue) -> Option<&'a Broker> {
    queue.semantics.broker.map(|id| &model.brokers[id.0 as usize])
}

fn name_of(exchange: &Exchange) -> String {
    format!("<{}>", exchange.name)
}

/// Where something goes, drawn as it is elsewhere.
pub(super) fn outlet(model: &Model, to: Outlet) -> String {
    match to {
        Outlet::Queue(id) => format!("[{}]", model.queue(id).name),
        Outlet::Exchange(id) => name_of(model.exchange(id)),
    }
}

fn kind(kind: ExchangeKind) -> &'static str {
    match kind {
        ExchangeKind::Direct => "direct exchange",
        ExchangeKind::Fanout => "fanout exchange",
        ExchangeKind::Topic => "topic exchange",
        ExchangeKind::Headers => "headers exchange",
        ExchangeKind::ConsistentHash => "exchange by consistent hash",
        ExchangeKind::RoundRobin => "exchange, one queue after another",
    }
}

/// What goes through a binding.
fn bound(exchange: &Exchange, binding: &Binding) -> String {
    let count = exchange.bindings.len();
    match exchange.kind {
        ExchangeKind::Direct | ExchangeKind::Topic => format!("key {:?}", binding.key),
        ExchangeKind::Fanout => "all".to_owned(),
        ExchangeKind::RoundRobin => format!("1 of {count}"),
        ExchangeKind::ConsistentHash => {
            let total: f64 = exchange.bindings.iter().map(|other| f64::from(other.weight)).sum();
            format!("{} of the keys", plainly(f64::from(binding.weight) / total, Kind::Share))
        }
        ExchangeKind::Headers => {
            let wanted: Vec<String> = binding.headers.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
            let all = if binding.any { "any of" } else { "all of" };
            if wanted.len() == 1 { wanted[0].clone() } else { format!("{all} {}", wanted.join(", ")) }
        }
    }
}

/// What a broker costs, and what it does by itself.
fn broker(model: &Model, broker: &Broker) -> String {
    let mut parts = vec![match broker.nodes {
        1 => "1 node".to_owned(),
        many => format!("{many} nodes"),
    }];
    if broker.network != Network::none() {
        let Network { publish, confirm, deliver, ack } = &broker.network;
        parts.push(match [confirm, deliver, ack].iter().all(|way| *way == publish) {
            true => format!("network {} one way", distribution(publish)),
            false => format!(
                "network: publish {}, confirm {}, deliver {}, ack {}",
                distribution(publish),
                distribution(confirm),
                distribution(deliver),
                distribution(ack)
            ),
        });
    }
    if broker.nodes > 1 && broker.between != (Distribution::Constant { value: 0.0 }) {
        parts.push(format!("{} between nodes", distribution(&broker.between)));
    }
    if let Some(cpu) = &broker.cpu {
        let each = [
            ("publish", cpu.publish),
            ("confirm", cpu.confirm),
            ("deliver", cpu.deliver),
            ("ack", cpu.ack),
            ("store", cpu.store),
        ];
        let costs: Vec<String> =
            each.iter().filter(|(_, span)| span.0 > 0).map(|(name, span)| format!("{name} {span}")).collect();
        if !costs.is_empty() {
            parts.push(format!("cpu: {}", costs.join(", ")));
        }
    }
    if let Some(disk) = &broker.disk {
        let cap = disk.cap.map_or(String::new(), |cap| format!(", at most {cap} messages each"));
        parts.push(match disk.sync {
            Sync::Batch => format!("disk: fsync {} for all that wait{cap}", distribution(&disk.fsync)),
            Sync::Always => format!("disk: fsync {} for each message", distribution(&disk.fsync)),
            Sync::Interval(every) if every.0 == u64::MAX => "disk without fsync".to_owned(),
            Sync::Interval(every) => format!("disk: fsync every {every}"),
        });
    }
    if let Some(limit) = broker.memory_limit {
        parts.push(format!("stops publishers above {} of memory", plainly(limit as f64, Kind::Weight)));
    }
    if let Some(limit) = broker.disk_limit {
        parts.push(format!("stops publishers above {} on disk", plainly(limit as f64, Kind::Weight)));
    }
    if let Some(flow) = broker.flow {
        parts.push(format!("flow of {} a connection", flow.limit));
    }
    let on_it = |pool: &&ConsumerPool| of(model, model.queue(pool.queue)).is_some_and(|its| its.name == broker.name);
    let beats = model.pools.iter().filter(on_it).any(|pool| pool.session.heartbeat.is_some());
    if let Some(checks) = broker.heartbeat_checks.filter(|_| beats) {
        parts.push(format!("misses a consumer after {checks} to {} heartbeats", checks + 1));
    }
    parts.join(", ")
}

/// What a queue is beyond the textbook's.
pub(super) fn queue(model: &Model, queue: &Queue) -> Vec<String> {
    let rules = &queue.semantics;
    let mut parts = Vec::new();
    match rules.storage {
        Storage::Memory => {}
        Storage::Disk => parts.push("on disk".to_owned()),
        Storage::Quorum { members } => parts.push(format!("quorum of {members}")),
        Storage::Replicated { members } => parts.push(format!("replicated to {members} without fsync")),
    }
    parts.extend(of(model, queue).map(|broker| format!("on {}", broker.name)));
    parts.extend(rules.max_bytes.map(|bytes| format!("at most {} ready", plainly(bytes as f64, Kind::Weight))));
    parts.extend(rules.delivery_limit.map(|limit| format!("delivery limit {limit}")));
    if rules.single_active {
        parts.push("single active consumer".to_owned());
    }
    let quorum = matches!(rules.storage, Storage::Quorum { .. });
    match rules.settlements {
        Settlements::Logged if !quorum => parts.push("settlements in its log".to_owned()),
        Settlements::AtOnce if quorum => parts.push("settlements at once".to_owned()),
        Settlements::Logged | Settlements::AtOnce => {}
    }
    match rules.returns {
        Returns::Position => {}
        Returns::First if quorum => {}
        Returns::First => parts.push("what comes back goes to the front".to_owned()),
        Returns::Last => parts.push("what comes back goes to the tail".to_owned()),
    }
    parts
}

/// Where the dead letters of a queue go, and which.
pub(super) fn dead_letters(model: &Model, queue: &Queue) -> Option<Branch> {
    let rule = queue.semantics.dead_letter.as_ref()?;
    let key = rule.key.as_ref().map_or(String::new(), |key| format!(", key {key:?}"));
    Some(Branch::to(&outlet(model, rule.to), format!("dead letters{key}")))
}

/// How a producer deals with its broker; empty for the textbook's.
pub(super) fn sending(sending: &Sending) -> Vec<String> {
    let mut parts = Vec::new();
    match (sending.confirm, sending.transaction) {
        (_, Some(messages)) => parts.push(format!("transactions of {messages}")),
        (Confirm::Sync, _) => parts.push("waits for each confirm".to_owned()),
        (Confirm::Async, _) => parts.push("confirms".to_owned()),
        (Confirm::Off, _) => {}
    }
    parts.extend(sending.window.map(|window| format!("window {window}")));
    if sending.trips > 1 {
        parts.push(format!("{} round trips", sending.trips));
    }
    parts.extend(sending.batch.map(|batch| format!("batches of {} within {}", batch.messages, batch.linger)));
    if sending.mandatory {
        parts.push("mandatory".to_owned());
    }
    if let (Some(buffer), OnFull::Drop | OnFull::Fail) = (sending.buffer, sending.on_full) {
        let then = if sending.on_full == OnFull::Drop { "drops" } else { "fails" };
        parts.push(format!("buffers {buffer}, then {then}"));
    }
    parts.extend(sending.connection.as_ref().map(|name| match sending.links {
        true => format!("a link of connection {name}"),
        false => format!("connection {name}"),
    }));
    parts
}

/// How a consumer deals with its broker, beside its acknowledgements; empty for the textbook's.
pub(super) fn session(session: &Session) -> Vec<String> {
    let mut parts = Vec::new();
    if session.ack_every > 1 {
        let within = session.ack_within.map_or(String::new(), |within| format!(" or {within}"));
        parts.push(format!("acks every {}{within}", session.ack_every));
    }
    if session.trips > 1 {
        parts.push(format!("acks in {} round trips", session.trips));
    }
    parts.extend(session.overhead.as_ref().map(|of| format!("overhead {}", distribution(of))));
    let share = |share: f64| plainly(share, Kind::Share);
    match session.failure {
        Failure::Never => {}
        Failure::Deliveries(part) => parts.push(format!("{} of deliveries fail", share(part))),
        Failure::Messages(part) => parts.push(format!("{} of messages are poison", share(part))),
        Failure::Carried => parts.push("fails as recorded".to_owned()),
    }
    if session.failure != Failure::Never {
        parts.push(match session.on_failure {
            OnFailure::Reject => "rejects what failed".to_owned(),
            OnFailure::Requeue => "requeues what failed".to_owned(),
            OnFailure::Nack => "nacks what failed".to_owned(),
            OnFailure::Retry { max_attempts, delay } => {
                format!("retries up to {max_attempts} deliveries, {} apart", length(delay.0 as f64))
            }
        });
    }
    if session.priority != 0 {
        parts.push(format!("priority {}", session.priority));
    }
    parts.extend(session.heartbeat.map(|heartbeat| match session.blocking {
        true => format!("heartbeat {heartbeat}, none while it works"),
        false => format!("heartbeat {heartbeat}"),
    }));
    parts.extend(session.connection.as_ref().map(|name| format!("connection {name}")));
    parts
}

/// A broker and its queues for programs.
pub(super) fn broker_json(model: &Model, broker: &Broker) -> Value {
    let queues = model.queues.iter().filter(|queue| of(model, queue).is_some_and(|its| its.name == broker.name));
    json!({
        "name": broker.name,
        "nodes": broker.nodes,
        "queues": queues.map(|queue| queue.name.as_str()).collect::<Vec<&str>>(),
        "memory_limit": broker.memory_limit,
        "disk_limit": broker.disk_limit,
    })
}

/// An exchange and where it leads for programs.
pub(super) fn exchange_json(model: &Model, exchange: &Exchange) -> Value {
    let named = |to: Outlet| match to {
        Outlet::Queue(id) => json!({ "queue": model.queue(id).name }),
        Outlet::Exchange(id) => json!({ "exchange": model.exchange(id).name }),
    };
    let bindings =
        exchange.bindings.iter().map(|binding| json!({ "to": named(binding.to), "through": bound(exchange, binding) }));
    json!({
        "name": exchange.name,
        "kind": kind(exchange.kind),
        "bindings": bindings.collect::<Vec<Value>>(),
        "alternate": exchange.alternate.map(named),
    })
}
