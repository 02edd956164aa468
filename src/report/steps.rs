//! The steps of a handler in a line: `work 8 ms, call (db) [timeout 200 ms, retry 3], publish [mail]`.

use super::describe::{distribution, work};
use super::quantity::{Kind, plainly, significant, trimmed};
use crate::model::{Call, Handler, Layer, LockId, Model, Outlet, Step, Until, Way};
use crate::random::Counts;
use crate::units::{Bytes, Rate, Span};

/// What a handler does.
pub(super) fn steps(model: &Model, handler: &Handler) -> String {
    list(model, &handler.0)
}

fn list(model: &Model, steps: &[Step]) -> String {
    match steps {
        [] => "nothing".to_owned(),
        steps => steps.iter().map(|step| one(model, step)).collect::<Vec<_>>().join(", "),
    }
}

fn one(model: &Model, step: &Step) -> String {
    let service = |id| format!("({})", model.service(id).name);
    let lock = |id: &LockId| model.locks[id.0 as usize].name.as_str();
    match step {
        Step::Work(of) => format!("work {}", work(of)),
        Step::Wait(time) => format!("wait {}", distribution(time)),
        Step::Call(call) => self::call(model, call),
        Step::Publish(queue) => format!("publish [{}]", model.queue(*queue).name),
        Step::Send(send) => {
            let to = match send.to {
                Outlet::Queue(queue) => format!("[{}]", model.queue(queue).name),
                Outlet::Exchange(id) => format!("<{}>", model.exchange(id).name),
            };
            let mut key = send.key.as_ref().map(|key| format!(" as {key}")).unwrap_or_default();
            if let Some(priority) = send.priority {
                key.push_str(&format!(" at priority {priority}"));
            }
            if let Some(size) = send.size {
                key.push_str(&format!(" of {}", Bytes(u64::from(size))));
            }
            let until = match send.until {
                Until::Sent => "",
                Until::Confirmed => " until confirmed",
                Until::Replied => " until answered",
            };
            format!("publish {to}{key}{until}")
        }
        Step::Parallel { branches, join } => {
            let each: Vec<String> = branches.iter().map(|branch| list(model, branch)).collect();
            let join = match *join as usize {
                all if all == branches.len() => String::new(),
                1 => ", the first counts".to_owned(),
                some => format!(", the first {some} count"),
            };
            format!("at once {{{}}}{join}", each.join(" | "))
        }
        Step::Choose(ways) => format!("{{{}}}", chances(model, ways).join(" | ")),
        Step::Repeat { count, steps } => format!("{} × {{{}}}", rounds(count), list(model, steps)),
        Step::Fail { probability } => format!("fail {}", plainly(*probability, Kind::Share)),
        Step::Reply => "reply".to_owned(),
        Step::Cache { cache, miss } => {
            format!("look into {} and on a miss {{{}}}", model.caches[cache.0 as usize].name, list(model, miss))
        }
        Step::Lock { lock: id, steps } => format!("under lock {} {{{}}}", lock(id), list(model, steps)),
        Step::TwoPhaseCommit(commit) => {
            let who: Vec<String> = commit.participants.iter().map(|id| service(*id)).collect();
            let locks: Vec<&str> = commit.locks.iter().map(lock).collect();
            let under = if locks.is_empty() { String::new() } else { format!(" under lock {}", locks.join(", ")) };
            format!("two-phase commit of {}{under}", who.join(" and "))
        }
    }
}

fn chances(model: &Model, ways: &[Way]) -> Vec<String> {
    let sum: f64 = ways.iter().map(|way| way.weight).sum();
    ways.iter().map(|way| format!("{}: {}", plainly(way.weight / sum, Kind::Share), list(model, &way.steps))).collect()
}

fn rounds(count: &Counts) -> String {
    match count {
        Counts::Constant(number) => number.to_string(),
        other => format!("{} on average", trimmed(&significant(other.mean(), 3))),
    }
}

fn call(model: &Model, call: &Call) -> String {
    let mut text = format!("call ({})", model.service(call.service).name);
    if !call.layers.is_empty() {
        let layers: Vec<String> = call.layers.iter().map(layer).collect();
        text.push_str(&format!(" [{}]", layers.join(", ")));
    }
    if let Some(fallback) = &call.fallback {
        text.push_str(&format!(" or else {{{}}}", list(model, fallback)));
    }
    text
}

fn layer(layer: &Layer) -> String {
    let time = |span: Span| plainly(span.as_secs_f64(), Kind::Time);
    match layer {
        Layer::Timeout(timeout) if timeout.propagate => format!("deadline {}", time(timeout.after)),
        Layer::Timeout(timeout) => format!("timeout {}", time(timeout.after)),
        Layer::Retry(retry) => format!("retry {}", retry.max_attempts),
        Layer::Breaker(_) => "breaker".to_owned(),
        Layer::Bulkhead(bulkhead) => format!("bulkhead {}", bulkhead.max),
        Layer::RateLimit(limit) => {
            let Rate(rate) = limit.rate;
            format!("rate limit {}", plainly(rate, Kind::Rate))
        }
        Layer::Hedge(hedge) => format!("hedge after {}", time(hedge.after)),
    }
}
