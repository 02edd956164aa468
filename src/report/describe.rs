//! Parts of a model in a few words.

use super::brokers;
use super::quantity::{Kind, plainly, significant, trimmed};
use super::steps::steps;
use crate::model::{
    Ack, Arrivals, Balance, ConsumerPool, Discipline, HostId, Model, Overflow, Prefetch, Queue, Service, Shed, Work,
};
use crate::random::Distribution;

/// A length in nanoseconds.
pub(super) fn length(nanos: f64) -> String {
    plainly(nanos / 1e9, Kind::Time)
}

/// How messages come, without the rate.
pub(super) fn arrivals(arrivals: &Arrivals) -> String {
    match arrivals {
        Arrivals::Poisson { .. } => "poisson".to_owned(),
        Arrivals::Constant { .. } => "constant".to_owned(),
        Arrivals::Renewal { gap } => format!("renewal, gaps {}", distribution(gap)),
        Arrivals::Mmpp { phases } => format!("mmpp of {} phases", phases.len()),
        Arrivals::Batch { arrivals: of, size } => {
            format!("batches of {} on average, {}", trimmed(&significant(size.mean(), 3)), self::arrivals(of))
        }
        Arrivals::Profile { segments, repeat } => {
            let peak = plainly(arrivals.peak_rate(), Kind::Rate);
            let again = if *repeat { ", repeated" } else { "" };
            format!("profile of {} segments with a peak of {peak}{again}", segments.len())
        }
        Arrivals::Closed { clients, think } => format!("{clients} clients that think for {}", distribution(think)),
        Arrivals::Trace(trace) => format!("{} messages of trace `{}`", trace.times.len(), trace.path),
    }
}

/// What a queue holds, and in which order it gives.
pub(super) fn queue(model: &Model, queue: &Queue) -> String {
    let mut parts = Vec::new();
    match (queue.max_length, queue.overflow) {
        (None, _) => parts.push("unbounded".to_owned()),
        (Some(limit), Overflow::DropHead) => parts.push(format!("at most {limit} ready, then drops the head")),
        (Some(limit), Overflow::RejectPublish) => parts.push(format!("at most {limit} ready, then rejects")),
    }
    parts.extend(order(queue.discipline));
    if let Some(ttl) = queue.ttl {
        parts.push(format!("expires after {ttl}"));
    }
    parts.extend(brokers::queue(model, queue));
    parts.join(", ")
}

/// The order in which what waits is taken, unless it is the usual one.
fn order(discipline: Discipline) -> Option<String> {
    match discipline {
        Discipline::Fifo => None,
        Discipline::Lifo => Some("last in first out".to_owned()),
        Discipline::AdaptiveLifo { above } => Some(format!("last in first out while more than {above} wait")),
        Discipline::Random => Some("random order".to_owned()),
        Discipline::Priority { max_priority } => Some(format!("priorities 0 to {max_priority}")),
    }
}

/// Who works, how many messages they hold, and how long they need.
pub(super) fn pool(model: &Model, pool: &ConsumerPool) -> String {
    let mut text = match pool.count {
        1 => "1 consumer".to_owned(),
        many => format!("{many} consumers"),
    };
    if pool.concurrency > 1 {
        text.push_str(&format!(" × {} at a time", pool.concurrency));
    }
    match pool.prefetch {
        Prefetch::Limit(limit) => text.push_str(&format!(", prefetch {limit}")),
        Prefetch::Unlimited => text.push_str(", prefetch unlimited"),
    }
    if pool.ack == Ack::Auto {
        text.push_str(", acked when sent");
    }
    match pool.work() {
        Some(of) => text.push_str(&format!(", service {}", work(of))),
        None => text.push_str(&format!(", {}", steps(model, &pool.handler))),
    }
    brokers::session(&pool.session).iter().for_each(|part| text.push_str(&format!(", {part}")));
    text.push_str(&on_host(model, pool.host));
    text
}

/// Who is called: how many, how they share what comes, and where it waits.
pub(super) fn service(model: &Model, service: &Service) -> String {
    let mut parts = vec![match service.count {
        1 => "1 instance".to_owned(),
        many => format!("{many} instances"),
    }];
    if service.concurrency > 1 {
        parts[0].push_str(&format!(" × {} at a time", service.concurrency));
    }
    match service.balance {
        None => {}
        Some(Balance::RoundRobin) => parts.push("one after another".to_owned()),
        Some(Balance::Random) => parts.push("any".to_owned()),
        Some(Balance::LeastConnections) => parts.push("the least busy".to_owned()),
        Some(Balance::Choices(choices)) => parts.push(format!("the least busy of {choices}")),
        Some(Balance::ConsistentHash { .. }) => parts.push("by key".to_owned()),
    }
    if let Some(limit) = service.queue_limit {
        parts.push(format!("at most {limit} waiting, then rejects"));
    }
    parts.extend(order(service.discipline));
    match service.shed {
        None => {}
        Some(Shed::Deadline) => parts.push("sheds what nobody waits for".to_owned()),
        Some(Shed::CoDel { target, interval }) => parts.push(format!("sheds by codel {target} in {interval}")),
    }
    format!("{}{}", parts.join(", "), on_host(model, service.host))
}

fn on_host(model: &Model, host: Option<HostId>) -> String {
    host.map_or(String::new(), |host| format!(", on {}", model.hosts[host.0 as usize].name))
}

/// The time that a message needs of a worker.
pub(super) fn work(of: &Work) -> String {
    match of {
        Work::Drawn(of) => distribution(of),
        Work::Carried { plus: 0 } => "as recorded".to_owned(),
        Work::Carried { plus } => format!("as recorded and {}", length(*plus as f64)),
    }
}

/// A distribution by its name, mean and coefficient of variation.
pub(super) fn distribution(of: &Distribution) -> String {
    let name = match of {
        Distribution::Constant { value } => return length(*value),
        Distribution::Exponential { mean } => return format!("exponential {}", length(*mean)),
        Distribution::Uniform { .. } => "uniform",
        Distribution::Triangular { .. } => "triangular",
        Distribution::Normal { .. } => "normal",
        Distribution::Lognormal { .. } => "lognormal",
        Distribution::Gamma { .. } => "gamma",
        Distribution::Erlang { .. } => "erlang",
        Distribution::Weibull { .. } => "weibull",
        Distribution::Pareto { .. } => "pareto",
        Distribution::Hyperexponential { .. } => "hyperexponential",
        Distribution::PhaseType { .. } => "phase-type",
        Distribution::Empirical { .. } => "empirical",
        Distribution::Discrete { .. } => "discrete",
        Distribution::Mixture { .. } => "mixture",
        Distribution::Shifted { .. } => "shifted",
        Distribution::Truncated { .. } => "truncated",
    };
    let cv = trimmed(&significant(of.scv().sqrt(), 3));
    format!("{name} of mean {} and cv {cv}", length(of.mean()))
}
