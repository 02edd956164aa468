//! Whether the pools keep up with what comes to them, in sentences: by what the scenario says, and by what was seen.

use super::quantity::{self, Kind, plainly, significant, trimmed};
use super::result::RunResult;
use super::style::{Role, Style, width, wrapped};
use crate::experiment::stability::{Stability, Verdict};
use crate::model::{HostId, Load, LockId, Model, Queue, QueueId, ServiceId};
use std::fmt::Write;

/// Where something is wrong with the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spot {
    Queue(QueueId),
    Service(ServiceId),
    Host(HostId),
    Lock(LockId),
}

impl Spot {
    /// Everything that can have a load.
    pub fn all(model: &Model) -> impl Iterator<Item = Spot> {
        let queues = (0..model.queues.len()).map(|at| Spot::Queue(QueueId(at as u32)));
        let services = (0..model.services.len()).map(|at| Spot::Service(ServiceId(at as u32)));
        let hosts = (0..model.hosts.len()).map(|at| Spot::Host(HostId(at as u32)));
        let locks = (0..model.locks.len()).map(|at| Spot::Lock(LockId(at as u32)));
        queues.chain(services).chain(hosts).chain(locks)
    }

    /// What it is, and its name.
    pub fn name(self, model: &Model) -> (&'static str, &str) {
        match self {
            Spot::Queue(id) => ("queue", &model.queue(id).name),
            Spot::Service(id) => ("service", &model.service(id).name),
            Spot::Host(id) => ("host", &model.hosts[id.0 as usize].name),
            Spot::Lock(id) => ("lock", &model.locks[id.0 as usize].name),
        }
    }
}

/// What is wrong with the load of one queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trouble {
    /// Messages flow in, and no pool takes from it.
    NeverConsumed,
    /// More comes in the long run than the pools can work off: so many messages a second too many.
    Overloaded { excess: f64 },
    /// Exactly as much comes as the pools can work off: the backlog wanders without limit.
    Saturated,
    /// More comes while the peak of a rate profile lasts, or until a producer ends: so many messages a second too many.
    Peak { excess: f64 },
}

/// What is wrong with a load; `None` where there is enough for it.
pub(super) fn trouble(model: &Model, load: &Load, spot: Spot) -> Option<Trouble> {
    match spot {
        Spot::Queue(queue) => of_queue(model, load, queue),
        Spot::Service(service) => {
            let own = &load.services[service.0 as usize];
            if own.rate > 0.0 { against(own.steady(), own.peak_rate, own.capacity) } else { None }
        }
        // What waits for answers cannot pile up: a host that is asked for more by those alone is only busy.
        Spot::Host(host) => {
            let own = &load.hosts[host.0 as usize];
            let cores = f64::from(model.hosts[host.0 as usize].cores);
            against(own.steady, own.steady, cores)
        }
        // A lease may end what would be held for longer.
        Spot::Lock(lock) if model.locks[lock.0 as usize].lease.is_some() => None,
        Spot::Lock(lock) => {
            let own = &load.locks[lock.0 as usize];
            if own.rate > 0.0 { against(own.steady, own.steady, f64::from(model.locks[lock.0 as usize].permits)) } else { None }
        }
    }
}

fn of_queue(model: &Model, load: &Load, queue: QueueId) -> Option<Trouble> {
    let own = &load.queues[queue.0 as usize];
    if own.rate <= 0.0 {
        return None;
    }
    if model.pools_on(queue).next().is_none() {
        return Some(Trouble::NeverConsumed);
    }
    against(own.steady(), own.peak_rate.max(own.rate), own.capacity)
}

/// What comes in the long run and at its peak, against what can be worked off.
fn against(steady: f64, peak: f64, capacity: f64) -> Option<Trouble> {
    // Rates and means are rounded numbers: a load that misses 1 by less than their rounding is 1.
    let slack = 1e-9 * capacity;
    if steady > capacity + slack {
        Some(Trouble::Overloaded { excess: steady - capacity })
    } else if steady >= capacity - slack {
        Some(Trouble::Saturated)
    } else if peak > capacity + slack {
        Some(Trouble::Peak { excess: peak - capacity })
    } else {
        None
    }
}

/// Whether a queue gets rid of messages that nobody takes.
pub(super) fn sheds(queue: &Queue) -> bool {
    queue.max_length.is_some() || queue.ttl.is_some()
}

/// Why a model has no steady state, where that is known beforehand: something is asked for more than it can do, and nothing is turned away.
pub fn unstable_model(model: &Model) -> Option<String> {
    let load = Load::of(model);
    let turns_away = |spot: Spot| match spot {
        Spot::Queue(id) => sheds(model.queue(id)),
        Spot::Service(id) => model.service(id).queue_limit.is_some() || model.service(id).shed.is_some(),
        Spot::Host(_) | Spot::Lock(_) => false,
    };
    Spot::all(model).filter(|spot| !turns_away(*spot)).find_map(|spot| match trouble(model, &load, spot)? {
        found @ (Trouble::Overloaded { .. } | Trouble::Saturated) => Some(sentence(model, &load, spot, found)),
        Trouble::NeverConsumed | Trouble::Peak { .. } => None,
    })
}

/// The trouble as a sentence, such as ``unstable: `workers` would need 1.2 times its capacity, the backlog grows by 40 msg/s``.
pub(super) fn sentence(model: &Model, load: &Load, spot: Spot, trouble: Trouble) -> String {
    match spot {
        Spot::Queue(id) => queue_sentence(model, load, id, trouble),
        Spot::Service(id) => service_sentence(model, load, id, trouble),
        Spot::Host(id) => host_sentence(model, load, id, trouble),
        Spot::Lock(id) => lock_sentence(model, load, id, trouble),
    }
}

fn service_sentence(model: &Model, load: &Load, id: ServiceId, trouble: Trouble) -> String {
    let (service, own) = (model.service(id), &load.services[id.0 as usize]);
    let name = &service.name;
    let times = if own.capacity > 0.0 { trimmed(&significant(own.steady() / own.capacity, 3)) } else { "∞".to_owned() };
    let rate = |rate: f64| plainly(rate, Kind::Rate).replace('/', " requests/");
    let turns_away = service.queue_limit.is_some() || service.shed.is_some();
    match trouble {
        Trouble::Overloaded { excess } if turns_away => {
            let share = plainly(excess / own.steady(), Kind::Share);
            format!("overloaded: `{name}` would need {times} times its capacity, it turns away {} ({share})", rate(excess))
        }
        Trouble::Overloaded { excess } => {
            format!("unstable: `{name}` would need {times} times its capacity, its callers grow by {}", rate(excess))
        }
        Trouble::Saturated => {
            format!("saturated: `{name}` can do exactly what comes and no more, the wait of its callers never settles")
        }
        Trouble::Peak { excess } if turns_away => {
            format!("peak: `{name}` may turn away up to {} while the peak lasts", rate(excess))
        }
        Trouble::Peak { excess } => {
            format!("peak: the callers of `{name}` grow by up to {} while the peak lasts", rate(excess))
        }
        Trouble::NeverConsumed => String::new(),
    }
}

fn host_sentence(model: &Model, load: &Load, id: HostId, trouble: Trouble) -> String {
    let (host, own) = (&model.hosts[id.0 as usize], &load.hosts[id.0 as usize]);
    let times = trimmed(&significant(own.steady / f64::from(host.cores), 3));
    match trouble {
        Trouble::Saturated => format!("saturated: the host `{}` can do exactly what comes and no more", host.name),
        _ => format!("unstable: the host `{}` would need {times} times its cores", host.name),
    }
}

fn lock_sentence(model: &Model, load: &Load, id: LockId, trouble: Trouble) -> String {
    let (lock, own) = (&model.locks[id.0 as usize], &load.locks[id.0 as usize]);
    let times = trimmed(&significant(own.steady / f64::from(lock.permits), 3));
    let free = if lock.permits == 1 { "the lock" } else { "all permits of the lock" };
    match trouble {
        Trouble::Saturated => {
            format!("saturated: {free} `{}` would be held all the time, who waits for it never gets fewer", lock.name)
        }
        _ => format!(
            "unstable: the lock `{}` would need {times} times its permits, those who wait for it become more and more",
            lock.name
        ),
    }
}

fn queue_sentence(model: &Model, load: &Load, id: QueueId, trouble: Trouble) -> String {
    let queue = model.queue(id);
    let own = &load.queues[id.0 as usize];
    let pools: Vec<String> = model.pools_on(id).map(|(_, pool)| format!("`{}`", pool.name)).collect();
    let (pools, their) = match pools.as_slice() {
        [one] => (one.clone(), "its"),
        [head @ .., last] => (format!("{} and {last}", head.join(", ")), "their"),
        [] => (String::new(), "its"),
    };
    let times = if own.capacity > 0.0 { trimmed(&significant(own.steady() / own.capacity, 3)) } else { "∞".to_owned() };
    match trouble {
        Trouble::NeverConsumed if own.steady() == 0.0 => {
            format!("never consumed: no pool takes from `{}`, what comes stays there or is lost", queue.name)
        }
        Trouble::NeverConsumed if sheds(queue) => {
            format!("never consumed: no pool takes from `{}`, it loses all of its {}", queue.name, rate(own.steady()))
        }
        Trouble::NeverConsumed => {
            format!("never consumed: no pool takes from `{}`, the backlog grows by {}", queue.name, rate(own.steady()))
        }
        Trouble::Overloaded { excess } if sheds(queue) => {
            let share = plainly(excess / own.steady(), Kind::Share);
            format!(
                "overloaded: {pools} would need {times} times {their} capacity, `{}` loses {} ({share})",
                queue.name,
                rate(excess)
            )
        }
        Trouble::Overloaded { excess } => {
            format!("unstable: {pools} would need {times} times {their} capacity, the backlog grows by {}", rate(excess))
        }
        Trouble::Saturated => {
            format!("saturated: {pools} can do exactly what comes and no more, the backlog of `{}` never settles", queue.name)
        }
        Trouble::Peak { excess } if sheds(queue) => {
            format!("peak: `{}` may lose up to {} while the peak lasts", queue.name, rate(excess))
        }
        Trouble::Peak { excess } => {
            format!("peak: the backlog of `{}` grows by up to {} while the peak lasts", queue.name, rate(excess))
        }
    }
}

/// Messages a second, with their name: `40 msg/s`.
fn rate(rate: f64) -> String {
    messages(&plainly(rate, Kind::Rate))
}

fn messages(rate: &str) -> String {
    rate.replace('/', " msg/")
}

/// A verdict as a word.
pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stable => "stable",
        Verdict::Overloaded => "overloaded",
        Verdict::Saturated => "saturated",
        Verdict::Undecided => "undecided",
    }
}

/// By how much a backlog grew: `40.1 ± 0.3 msg/s`.
pub(super) fn growth(seen: &Stability) -> String {
    messages(&quantity::sentence(&seen.growth, Kind::Rate))
}

/// What was seen of a pool, such as ``load 120.1 ± 0.2 %, the backlog of `jobs` grew by 40.1 ± 0.3 msg/s``.
pub(super) fn said(seen: &Stability) -> String {
    let load = quantity::sentence(&seen.load, Kind::Share);
    let queue = &seen.queue;
    match seen.verdict {
        Verdict::Saturated => format!("load {load}, `{queue}` loses {}", plainly(seen.lost, Kind::Share)),
        _ if seen.growth.estimate.is_none() => {
            let known = plainly(seen.known_load, Kind::Share);
            let why = seen.growth.reason.as_deref().unwrap_or("its backlog was not followed over time");
            format!("load {known} while producers send; how the backlog of `{queue}` grew is not told: {why}")
        }
        Verdict::Undecided if seen.grew => format!("load {load}, and yet the backlog of `{queue}` grew by {}", growth(seen)),
        Verdict::Undecided => {
            format!("load {load}, too near 100 % to be sure: the backlog of `{queue}` grew by {}", growth(seen))
        }
        Verdict::Overloaded | Verdict::Stable => format!("load {load}, the backlog of `{queue}` grew by {}", growth(seen)),
    }
}

/// Sign and look of a verdict.
pub(super) fn mark(verdict: Verdict) -> (char, Role) {
    match verdict {
        Verdict::Stable => ('✓', Role::Good),
        Verdict::Overloaded | Verdict::Saturated => ('✗', Role::Bad),
        Verdict::Undecided => ('?', Role::Caution),
    }
}

/// The pools that are not stable.
pub(super) fn unstable(result: &RunResult) -> Vec<&Stability> {
    result.summary.stability.iter().filter(|seen| seen.verdict != Verdict::Stable).collect()
}

/// The pools that are not stable, for a terminal; empty where all are.
pub(super) fn beside(result: &RunResult, style: Style) -> Vec<String> {
    let pools = unstable(result);
    let names: Vec<String> = pools.iter().map(|seen| style.signs(&seen.pool)).collect();
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0).min(style.width / 3);
    let mut lines = Vec::new();
    if !pools.is_empty() {
        lines.push(style.paint(Role::Heading, "stability"));
    }
    for (seen, name) in pools.into_iter().zip(names) {
        let (sign, role) = mark(seen.verdict);
        let verdict = style.paint(role, &style.signs(&format!("{sign} {:<12}", word(seen.verdict))));
        let text = wrapped(&style.signs(&said(seen)), style.width.saturating_sub(18 + longest));
        for (at, line) in text.iter().enumerate() {
            match at {
                0 if width(&name) > longest => {
                    lines.extend([format!("{verdict}  {name}"), format!("{:1$}{line}", "", 18 + longest)])
                }
                0 => lines.push(format!("{verdict}  {name:<longest$}  {line}")),
                _ => lines.push(format!("{:1$}{line}", "", 18 + longest)),
            }
        }
    }
    lines
}

/// The same as a Markdown table, of cells that are escaped by `cell`.
pub(super) fn markdown(result: &RunResult, cell: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for (at, seen) in unstable(result).into_iter().enumerate() {
        if at == 0 {
            out.push_str("\n## Stability\n\n| consumers | verdict | seen |\n| --- | --- | --- |\n");
        }
        let (sign, _) = mark(seen.verdict);
        let _ = writeln!(out, "| {} | {sign} {} | {} |", cell(&seen.pool), word(seen.verdict), cell(&said(seen)));
    }
    out
}
