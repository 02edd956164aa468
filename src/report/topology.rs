//! What `check` says: the flow of messages drawn in text, and what the rates promise before anything is simulated.

use super::block::{Block, Column, Group};
use super::describe;
use super::hoarding;
use super::layout;
use super::quantity::{self, Kind, Shown, plainly};
use super::stability::{self, Trouble};
use super::style::{Role, Style, width, wrapped};
use crate::experiment::stability::{expected, known};
use crate::model::{Load, Model, PoolId, Producer, Queue, QueueId, QueueLoad};
use crate::units::Span;
use serde_json::{Value, json};

/// The flow, the load of every pool, and what is wrong with it. Ends with a newline.
pub fn topology(model: &Model, load: &Load, style: Style) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(title) = &model.title {
        lines.push(style.paint(Role::Heading, &style.signs(title)));
        lines.push(String::new());
    }
    for at in 0..model.queues.len() {
        if at > 0 {
            lines.push(String::new());
        }
        lines.extend(flow(model, load, QueueId(at as u32), style));
    }
    if !model.pools.is_empty() {
        lines.push(String::new());
        lines.extend(layout::lines(&loads(model, load), style));
    }
    let troubles = troubles(model, load);
    if !troubles.is_empty() {
        lines.push(String::new());
    }
    for &(id, trouble) in &troubles {
        let role = if matches!(trouble, Trouble::Peak { .. }) { Role::Caution } else { Role::Bad };
        let text = style.signs(&stability::sentence(model, load, id, trouble));
        lines.extend(wrapped(&text, style.width).iter().map(|line| style.paint(role, line)));
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
    let problems: Vec<Value> = troubles.into_iter().map(|(id, trouble)| problem_json(model, load, id, trouble)).collect();
    json!({
        "title": model.title,
        "producers": model.producers.iter().map(|producer| producer_json(model, producer)).collect::<Vec<Value>>(),
        "queues": model.queues.iter().zip(&load.queues).map(|(queue, own)| queue_json(queue, own)).collect::<Vec<Value>>(),
        "consumers": (0..model.pools.len()).map(|at| pool_json(model, load, PoolId(at as u32))).collect::<Vec<Value>>(),
        "stable": stable,
        "problems": problems,
        "notes": hoarding::notes(model),
    })
}

/// A number of JSON, or null for infinity. Adding zero turns the -0 of an empty sum into 0.
fn number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

fn producer_json(model: &Model, producer: &Producer) -> Value {
    json!({
        "name": producer.name,
        "publish": model.queue(producer.publish).name,
        "rate": number(producer.arrivals.mean_rate()),
        "peak_rate": number(producer.arrivals.peak_rate()),
        "messages": producer.messages,
    })
}

fn queue_json(queue: &Queue, own: &QueueLoad) -> Value {
    json!({
        "name": queue.name,
        "rate": number(own.rate),
        "steady_rate": number(own.steady()),
        "peak_rate": number(own.peak_rate),
        "capacity": number(own.capacity),
        "max_length": queue.max_length,
        "ttl": queue.ttl.map(Span::as_secs_f64),
    })
}

fn pool_json(model: &Model, load: &Load, id: PoolId) -> Value {
    let (pool, own) = (&model.pools[id.0 as usize], &load.pools[id.0 as usize]);
    json!({
        "name": pool.name,
        "queue": model.queue(pool.queue).name,
        "publish": pool.publish.map(|next| &model.queue(next).name),
        "workers": own.workers,
        "rate": number(own.rate),
        "mean_service": own.mean_service.and_then(number),
        "capacity": number(capacity(model, load, id)),
        "utilization": utilization(model, load, id).and_then(number),
        "verdict": verdict(model, load, id),
    })
}

fn problem_json(model: &Model, load: &Load, id: QueueId, trouble: Trouble) -> Value {
    let (kind, excess) = match trouble {
        Trouble::NeverConsumed => ("never-consumed", load.queues[id.0 as usize].rate),
        Trouble::Overloaded { excess } => ("overloaded", excess),
        Trouble::Saturated => ("saturated", 0.0),
        Trouble::Peak { excess } => ("peak", excess),
    };
    let message = stability::sentence(model, load, id, trouble);
    json!({ "kind": kind, "queue": model.queue(id).name, "excess": number(excess), "message": message })
}

/// Everything that is wrong with the load, by queue.
fn troubles(model: &Model, load: &Load) -> Vec<(QueueId, Trouble)> {
    let ids = (0..model.queues.len()).map(|at| QueueId(at as u32));
    ids.filter_map(|id| stability::trouble(model, load, id).map(|trouble| (id, trouble))).collect()
}

/// One queue: what flows in, what takes from it, and where that leads.
fn flow(model: &Model, load: &Load, id: QueueId, style: Style) -> Vec<String> {
    let queue = model.queue(id);
    let own = &load.queues[id.0 as usize];
    let head = style.signs(&format!("[{}]", queue.name));
    let facts = style.signs(&format!(" {}, {}", amount(model, own, id), describe::queue(queue)));
    let mut branches: Vec<(&str, String, String)> = Vec::new();
    for producer in model.producers.iter().filter(|producer| producer.publish == id) {
        let rate = producer.messages.map_or_else(|| plainly(producer.arrivals.mean_rate(), Kind::Rate), messages);
        branches.push(("<-", style.signs(&producer.name), format!("{rate}, {}", describe::arrivals(&producer.arrivals))));
    }
    for (at, pool) in model.pools.iter().enumerate().filter(|(_, pool)| pool.publish == Some(id)) {
        let from = &load.queues[pool.queue.0 as usize];
        let passed = match from.passing > 0.0 {
            true => amount(model, from, pool.queue),
            false => plainly(passed_on(model, load, at), Kind::Rate),
        };
        branches.push(("<-", style.signs(&pool.name), format!("{passed}, passed on")));
    }
    for (_, pool) in model.pools_on(id) {
        let mut text = describe::pool(pool);
        if let Some(next) = pool.publish {
            text.push_str(&format!(" ─▶ [{}]", model.queue(next).name));
        }
        branches.push(("->", style.signs(&pool.name), text));
    }
    let name_width = branches.iter().map(|(_, name, _)| width(name)).max().unwrap_or(0);
    let mut lines = vec![format!("{}{}", style.paint(Role::Heading, &head), style.paint(Role::Faint, &facts))];
    for (at, (way, name, text)) in branches.iter().enumerate() {
        let last = at + 1 == branches.len();
        let corner = if last { "└" } else { "├" };
        let arrow = match (*way, style.unicode) {
            ("<-", true) => "◀─",
            ("<-", false) => "<-",
            _ => "─▶",
        };
        let lead = style.signs(&format!(" {corner}{arrow} "));
        let below = style.signs(if last { "     " } else { " │   " });
        let room = style.width.saturating_sub(5 + name_width + 2).max(20);
        for (line, text) in wrapped(&style.signs(text), room).iter().enumerate() {
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
    let sources: Vec<QueueId> = queues.filter(|&from| model.route(from).contains(&id)).collect();
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
    model.producers.iter().filter(move |producer| producer.publish == id)
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
fn capacity(model: &Model, load: &Load, id: PoolId) -> f64 {
    let workers = f64::from(model.pools[id.0 as usize].workers());
    load.pools[id.0 as usize].mean_service.map_or(f64::INFINITY, |mean| workers / mean)
}

/// The load of every pool as a block.
fn loads(model: &Model, load: &Load) -> Block {
    let pools: Vec<usize> = (0..model.pools.len()).collect();
    let column = |title: &'static str, kind: Kind, value: &dyn Fn(usize) -> Option<f64>| {
        let unit = kind.unit(pools.iter().filter_map(|&at| value(at)));
        let digits = |value: f64| match kind {
            Kind::Plain => quantity::trimmed(&quantity::significant(value, 3)),
            _ => quantity::significant(value, 3),
        };
        let shown = |value: Option<f64>| Shown {
            value: value.map_or(quantity::NOTHING.to_owned(), |value| digits(value / unit.size)),
            margin: None,
        };
        let cells = pools.iter().map(|&at| shown(value(at))).collect();
        Group { title, unit, columns: vec![Column { head: "", cells }] }
    };
    let steady = |at: usize| utilization(model, load, PoolId(at as u32)).is_some();
    let verdicts = pools.iter().map(|&at| Shown { value: verdict(model, load, PoolId(at as u32)).to_owned(), margin: None });
    let verdicts = Column { head: "", cells: verdicts.collect() };
    let groups = vec![
        column("offered", Kind::Rate, &|at| steady(at).then_some(load.pools[at].rate)),
        column("mean service", Kind::Time, &|at| load.pools[at].mean_service),
        column("workers", Kind::Plain, &|at| Some(f64::from(load.pools[at].workers))),
        column("capacity", Kind::Rate, &|at| Some(capacity(model, load, PoolId(at as u32)))),
        column("utilization", Kind::Share, &|at| utilization(model, load, PoolId(at as u32))),
        Group { title: "verdict", unit: Kind::Plain.unit([]), columns: vec![verdicts] },
    ];
    Block { title: "offered load", names: model.pools.iter().map(|pool| pool.name.clone()).collect(), groups }
}
