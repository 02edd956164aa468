//! What `check` says: the flow of messages drawn in text, and what the rates promise before anything is simulated.

use super::block::{Block, Column, Group};
use super::brokers;
use super::describe;
use super::faults::faults;
use super::feeds::{Feeds, Sender};
use super::hoarding;
use super::layout;
use super::quantity::{self, Kind, Shown, plainly};
use super::services;
use super::stability::{self, Spot, Trouble};
use super::style::{Role, Style, width, wrapped};
use crate::experiment::stability::{expected, known};
use crate::model::{Handler, Load, Model, PoolId, Producer, ProducerLoad, Queue, QueueId, QueueLoad};
use crate::units::Span;
use serde_json::{Value, json};

/// The flow, the load of every pool, and what is wrong with it. Ends with a newline.
pub fn topology(model: &Model, load: &Load, style: Style) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(title) = &model.title {
        lines.push(style.paint(Role::Heading, &style.signs(title)));
        lines.push(String::new());
    }
    let callers = services::callers(model, load, style);
    let feeds = Feeds::of(model);
    let queues = (0..model.queues.len()).map(|at| flow(model, load, &feeds, QueueId(at as u32), style));
    let services = (0..model.services.len()).map(|at| services::flow(model, load, &feeds, at, style));
    for (at, drawn) in brokers::flows(model, style).into_iter().chain(callers).chain(queues).chain(services).enumerate() {
        if at > 0 {
            lines.push(String::new());
        }
        lines.extend(drawn);
    }
    if !(model.pools.is_empty() && model.services.is_empty()) {
        lines.push(String::new());
        lines.extend(layout::lines(&loads(model, load), style));
    }
    if !model.hosts.is_empty() {
        lines.push(String::new());
        lines.extend(layout::lines(&services::hosts(model, load), style));
    }
    if !model.locks.is_empty() {
        lines.push(String::new());
        lines.extend(layout::lines(&services::locks(model, load), style));
    }
    let troubles = troubles(model, load);
    if !troubles.is_empty() {
        lines.push(String::new());
    }
    for &(spot, trouble) in &troubles {
        let role = if matches!(trouble, Trouble::Peak { .. }) { Role::Caution } else { Role::Bad };
        let text = style.signs(&stability::sentence(model, load, spot, trouble));
        lines.extend(wrapped(&text, style.width).iter().map(|line| style.paint(role, line)));
    }
    let faults = faults(model);
    if !faults.is_empty() {
        lines.push(String::new());
    }
    for fault in faults {
        lines.extend(wrapped(&style.signs(&format!("fault: {}", fault.what)), style.width));
    }
    let notes = hoarding::notes(model);
    if !notes.is_empty() && troubles.is_empty() {
        lines.push(String::new());
    }
    for note in notes {
        lines.extend(wrapped(&style.signs(&format!("note: {note}")), style.width));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The same for programs. Rates are per second while all producers send, times in seconds;
/// null stands for no limit, or for no number in the long run.
pub fn check_json(model: &Model, load: &Load) -> Value {
    let troubles = troubles(model, load);
    let stable = troubles.iter().all(|(_, trouble)| matches!(trouble, Trouble::Peak { .. }));
    let problems: Vec<Value> = troubles.into_iter().map(|(spot, trouble)| problem_json(model, load, spot, trouble)).collect();
    json!({
        "title": model.title,
        "producers": model.producers.iter().zip(&load.producers).map(|(producer, own)| producer_json(model, producer, own)).collect::<Vec<Value>>(),
        "queues": model.queues.iter().zip(&load.queues).map(|(queue, own)| queue_json(model, queue, own)).collect::<Vec<Value>>(),
        "consumers": (0..model.pools.len()).map(|at| pool_json(model, load, PoolId(at as u32))).collect::<Vec<Value>>(),
        "services": (0..model.services.len()).map(|at| services::service_json(model, load, at)).collect::<Vec<Value>>(),
        "hosts": (0..model.hosts.len()).map(|at| services::host_json(model, load, at)).collect::<Vec<Value>>(),
        "locks": (0..model.locks.len()).map(|at| services::lock_json(model, load, at)).collect::<Vec<Value>>(),
        "brokers": model.brokers.iter().map(|broker| brokers::broker_json(model, broker)).collect::<Vec<Value>>(),
        "exchanges": model.exchanges.iter().map(|exchange| brokers::exchange_json(model, exchange)).collect::<Vec<Value>>(),
        "faults": faults(model),
        "stable": stable,
        "problems": problems,
        "notes": hoarding::notes(model),
    })
}

/// A number of JSON, or null for infinity. Adding zero turns the -0 of an empty sum into 0.
pub(super) fn number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

fn producer_json(model: &Model, producer: &Producer, own: &ProducerLoad) -> Value {
    json!({
        "name": producer.name,
        "publish": producer.handler.publishes().map(|queue| &model.queue(queue).name),
        "publishes": published_by(model, &producer.handler),
        "calls": called_by(model, &producer.handler),
        "rate": number(own.rate),
        "peak_rate": number(own.peak_rate),
        "messages": producer.messages,
    })
}

/// The queues that a handler publishes to by itself.
pub(super) fn published_by<'a>(model: &'a Model, handler: &Handler) -> Vec<&'a str> {
    model.published(handler).into_iter().map(|queue| model.queue(queue).name.as_str()).collect()
}

/// The services that a handler calls by itself.
pub(super) fn called_by<'a>(model: &'a Model, handler: &Handler) -> Vec<&'a str> {
    handler.services().into_iter().map(|service| model.service(service).name.as_str()).collect()
}

fn queue_json(model: &Model, queue: &Queue, own: &QueueLoad) -> Value {
    json!({
        "name": queue.name,
        "rate": number(own.rate),
        "steady_rate": number(own.steady()),
        "peak_rate": number(own.peak_rate),
        "capacity": number(own.capacity),
        "max_length": queue.max_length,
        "ttl": queue.ttl.map(Span::as_secs_f64),
        "rules": brokers::queue(model, queue),
    })
}

fn pool_json(model: &Model, load: &Load, id: PoolId) -> Value {
    let (pool, own) = (&model.pools[id.0 as usize], &load.pools[id.0 as usize]);
    json!({
        "name": pool.name,
        "queue": model.queue(pool.queue).name,
        "publish": pool.plain().and_then(|plain| plain.publish).map(|next| &model.queue(next).name),
        "publishes": published_by(model, &pool.handler),
        "calls": called_by(model, &pool.handler),
        "workers": own.workers,
        "rate": number(own.rate),
        "mean_service": own.mean_service.and_then(number),
        "capacity": number(capacity(model, load, id)),
        "utilization": utilization(model, load, id).and_then(number),
        "verdict": verdict(model, load, id),
    })
}

fn problem_json(model: &Model, load: &Load, spot: Spot, trouble: Trouble) -> Value {
    let (kind, excess) = match trouble {
        Trouble::NeverConsumed => ("never-consumed", None),
        Trouble::Overloaded { excess } => ("overloaded", Some(excess)),
        Trouble::Saturated => ("saturated", Some(0.0)),
        Trouble::Peak { excess } => ("peak", Some(excess)),
    };
    let all = match spot {
        Spot::Queue(id) => load.queues[id.0 as usize].rate,
        Spot::Service(id) => load.services[id.0 as usize].rate,
        Spot::Host(id) => load.hosts[id.0 as usize].demand,
        Spot::Lock(id) => load.locks[id.0 as usize].demand,
    };
    let (what, name) = spot.name(model);
    let message = stability::sentence(model, load, spot, trouble);
    json!({ "kind": kind, what: name, "excess": number(excess.unwrap_or(all)), "message": message })
}

/// Everything that is wrong with the load.
fn troubles(model: &Model, load: &Load) -> Vec<(Spot, Trouble)> {
    Spot::all(model).filter_map(|spot| stability::trouble(model, load, spot).map(|trouble| (spot, trouble))).collect()
}

/// One queue: what flows in, what takes from it, and where that leads.
fn flow(model: &Model, load: &Load, feeds: &Feeds, id: QueueId, style: Style) -> Vec<String> {
    let queue = model.queue(id);
    let own = &load.queues[id.0 as usize];
    let head = style.signs(&format!("[{}]", queue.name));
    let facts = style.signs(&format!(" {}, {}", amount(model, own, id), describe::queue(model, queue)));
    let dying = model.dead_letters_of(id).filter(|from| *from != id);
    let mut branches: Vec<Branch> =
        dying.map(|from| Branch::from(&format!("[{}]", model.queue(from).name), "dead letters".to_owned())).collect();
    for &(sender, often) in feeds.queue(id) {
        branches.push(match sender {
            Sender::Producer(at) => {
                let (producer, own) = (&model.producers[at], &load.producers[at]);
                let rate = producer.messages.map_or_else(|| plainly(own.rate * often, Kind::Rate), messages);
                let mut text = format!("{rate}, {}", describe::arrivals(&producer.arrivals));
                brokers::sending(&producer.sending).iter().for_each(|part| text.push_str(&format!(", {part}")));
                Branch::from(&producer.name, text)
            }
            Sender::Pool(at) => {
                let pool = &model.pools[at];
                let from = &load.queues[pool.queue.0 as usize];
                let passed = match from.passing > 0.0 {
                    true => amount(model, from, pool.queue),
                    false => plainly(passed_on(model, load, at) * often, Kind::Rate),
                };
                Branch::from(&pool.name, format!("{passed}, passed on"))
            }
            Sender::Service(at) => {
                let own = &load.services[at];
                let passed = plainly(own.rate.min(own.capacity) * often, Kind::Rate);
                Branch::from(&format!("({})", model.services[at].name), format!("{passed}, published"))
            }
        });
    }
    for (_, pool) in model.pools_on(id) {
        let mut text = describe::pool(model, pool);
        if let Some(next) = pool.plain().and_then(|plain| plain.publish) {
            text.push_str(&format!(" ─▶ [{}]", model.queue(next).name));
        }
        branches.push(Branch::to(&pool.name, text));
    }
    branches.extend(brokers::dead_letters(model, queue));
    drawn(&head, &facts, &branches, style)
}

/// A line between two: what comes from the left, or what leads on.
pub(super) struct Branch {
    arrives: bool,
    name: String,
    text: String,
}

impl Branch {
    pub fn from(name: &str, text: String) -> Branch {
        Branch { arrives: true, name: name.to_owned(), text }
    }

    pub fn to(name: &str, text: String) -> Branch {
        Branch { arrives: false, name: name.to_owned(), text }
    }
}

/// Something with what comes to it and what leads on from it.
pub(super) fn drawn(head: &str, facts: &str, branches: &[Branch], style: Style) -> Vec<String> {
    let name_width = branches.iter().map(|branch| width(&style.signs(&branch.name))).max().unwrap_or(0);
    let room = style.width.saturating_sub(width(head) + 1).max(20);
    let mut lines = Vec::new();
    for (line, part) in wrapped(facts.trim_start(), room).iter().enumerate() {
        let lead = if line == 0 { style.paint(Role::Heading, head) } else { " ".repeat(width(head)) };
        lines.push(format!("{lead}{}", style.paint(Role::Faint, &format!(" {part}"))));
    }
    for (at, branch) in branches.iter().enumerate() {
        let last = at + 1 == branches.len();
        let corner = if last { "└" } else { "├" };
        let arrow = match (branch.arrives, style.unicode) {
            (true, true) => "◀─",
            (true, false) => "<-",
            _ => "─▶",
        };
        let lead = style.signs(&format!(" {corner}{arrow} "));
        let below = style.signs(if last { "     " } else { " │   " });
        let room = style.width.saturating_sub(5 + name_width + 2).max(20);
        let name = style.signs(&branch.name);
        for (line, text) in wrapped(&style.signs(&branch.text), room).iter().enumerate() {
            match line {
                0 => lines.push(format!("{lead}{name:<name_width$}  {text}")),
                _ => lines.push(format!("{below}{:name_width$}  {text}", "")),
            }
        }
    }
    lines
}

/// What comes to a queue: messages a second in the long run, and the number of those that come once.
fn amount(model: &Model, own: &QueueLoad, id: QueueId) -> String {
    if own.passing <= 0.0 {
        return plainly(own.rate, Kind::Rate);
    }
    let queues = (0..model.queues.len()).map(|at| QueueId(at as u32));
    let sources: Vec<QueueId> = queues
        .filter(|&from| from == id || model.pools_on(from).any(|(_, pool)| model.route(&pool.handler).contains(&id)))
        .collect();
    let once: u64 = sources.iter().flat_map(|&at| published(model, at)).filter_map(|producer| producer.messages).sum();
    // What the queues before it lose does not come here, nor what their other pools take.
    let once = format!("{}{}", if sources.len() > 1 { "up to " } else { "" }, messages(once));
    if own.steady() > 0.0 { format!("{} and {once}", plainly(own.steady(), Kind::Rate)) } else { once }
}

/// `100 messages`.
fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{count} messages") }
}

/// The producers of a queue.
fn published(model: &Model, id: QueueId) -> impl Iterator<Item = &Producer> {
    model.producers.iter().filter(move |producer| model.outlets(&producer.handler).contains(&id))
}

/// The busy share of a pool in the long run; `None` where a part of its load comes only once.
fn utilization(model: &Model, load: &Load, id: PoolId) -> Option<f64> {
    let steady = load.queues[model.pools[id.0 as usize].queue.0 as usize].passing <= 0.0;
    steady.then_some(load.pools[id.0 as usize].utilization)
}

/// The verdict by what the scenario says, as a word.
fn verdict(model: &Model, load: &Load, id: PoolId) -> &'static str {
    let queue = model.pools[id.0 as usize].queue;
    stability::word(expected(known(load, queue), stability::sheds(model.queue(queue))))
}

/// Messages a second that a pool hands on: what comes to it, as far as it can.
fn passed_on(model: &Model, load: &Load, pool: usize) -> f64 {
    load.pools[pool].rate.min(capacity(model, load, PoolId(pool as u32)))
}

/// Messages a second that a pool can work off.
pub(super) fn capacity(model: &Model, load: &Load, id: PoolId) -> f64 {
    let workers = f64::from(model.pools[id.0 as usize].workers());
    load.pools[id.0 as usize].mean_service.map_or(f64::INFINITY, |mean| workers / mean)
}

/// The load of every pool and service as a block.
fn loads(model: &Model, load: &Load) -> Block {
    let steady = |at: usize| utilization(model, load, PoolId(at as u32));
    let pools = model.pools.iter().enumerate().map(|(at, pool)| {
        let own = &load.pools[at];
        let numbers = [
            steady(at).map(|_| own.rate),
            own.mean_service,
            Some(f64::from(own.workers)),
            Some(capacity(model, load, PoolId(at as u32))),
            steady(at),
        ];
        (pool.name.clone(), numbers)
    });
    let services = model.services.iter().zip(&load.services).map(|(service, own)| {
        let workers = Some(f64::from(own.workers));
        (service.name.clone(), [Some(own.rate), own.mean_service, workers, Some(own.capacity), Some(own.utilization)])
    });
    let rows: Vec<(String, [Option<f64>; 5])> = pools.chain(services).collect();
    let kinds = [
        ("offered", Kind::Rate),
        ("mean service", Kind::Time),
        ("workers", Kind::Plain),
        ("capacity", Kind::Rate),
        ("utilization", Kind::Share),
    ];
    let mut block = block("offered load", &kinds, &rows);
    let of_pools = (0..model.pools.len()).map(|at| verdict(model, load, PoolId(at as u32)));
    let of_services = model.services.iter().zip(&load.services).map(|(service, own)| {
        stability::word(expected(own.utilization, service.queue_limit.is_some() || service.shed.is_some()))
    });
    let cells = of_pools.chain(of_services).map(|word| Shown { value: word.to_owned(), margin: None }).collect();
    block.groups.push(Group {
        title: "verdict",
        unit: Kind::Plain.unit([]),
        columns: vec![Column { head: "", metric: "", cells }],
    });
    block
}

/// Rows of numbers, each column in one unit.
pub(super) fn block<const N: usize>(
    title: &'static str,
    kinds: &[(&'static str, Kind); N],
    rows: &[(String, [Option<f64>; N])],
) -> Block {
    let column = |(at, &(title, kind)): (usize, &(&'static str, Kind))| {
        let unit = kind.unit(rows.iter().filter_map(|(_, numbers)| numbers[at]));
        let digits = |value: f64| match kind {
            Kind::Plain => quantity::trimmed(&quantity::significant(value, 3)),
            _ => quantity::significant(value, 3),
        };
        let shown = |value: Option<f64>| Shown {
            value: value.map_or(quantity::NOTHING.to_owned(), |value| digits(value / unit.size)),
            margin: None,
        };
        let cells = rows.iter().map(|(_, numbers)| shown(numbers[at])).collect();
        Group { title, unit, columns: vec![Column { head: "", metric: "", cells }] }
    };
    Block {
        title,
        names: rows.iter().map(|(name, _)| name.clone()).collect(),
        groups: kinds.iter().enumerate().map(column).collect(),
    }
}
