//! Whether the pools keep up with what comes to them, in sentences.

use super::quantity::{Kind, plainly, significant, trimmed};
use crate::model::{HostId, Load, Model, Queue, QueueId, ServiceId};

/// Where something is wrong with the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spot {
    Queue(QueueId),
    Service(ServiceId),
    Host(HostId),
}

impl Spot {
    /// Everything that can have a load.
    pub fn all(model: &Model) -> impl Iterator<Item = Spot> {
        let queues = (0..model.queues.len()).map(|at| Spot::Queue(QueueId(at as u32)));
        let services = (0..model.services.len()).map(|at| Spot::Service(ServiceId(at as u32)));
        let hosts = (0..model.hosts.len()).map(|at| Spot::Host(HostId(at as u32)));
        queues.chain(services).chain(hosts)
    }

    /// What it is, and its name.
    pub fn name(self, model: &Model) -> (&'static str, &str) {
        match self {
            Spot::Queue(id) => ("queue", &model.queue(id).name),
            Spot::Service(id) => ("service", &model.service(id).name),
            Spot::Host(id) => ("host", &model.hosts[id.0 as usize].name),
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

/// How a queue gets rid of messages that nobody takes.
fn sheds(queue: &Queue) -> bool {
    queue.max_length.is_some() || queue.ttl.is_some()
}

/// The trouble as a sentence, such as ``unstable: `workers` would need 1.2 times its capacity, the backlog grows by 40 msg/s``.
pub(super) fn sentence(model: &Model, load: &Load, spot: Spot, trouble: Trouble) -> String {
    match spot {
        Spot::Queue(id) => queue_sentence(model, load, id, trouble),
        Spot::Service(id) => service_sentence(model, load, id, trouble),
        Spot::Host(id) => host_sentence(model, load, id, trouble),
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
    let rate = |rate: f64| plainly(rate, Kind::Rate).replace('/', " msg/");
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
