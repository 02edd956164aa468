//! A service that open producers call, each with this call alone: the laws of one station, under the names of a service.
//!
//! Instances among which requests are dealt out at random each see a part of a Poisson stream, which is one; in turn, each sees every
//! n-th request. The best of d instances that are picked at random has no law for so many, but one for infinitely many (N. D. Vvedenskaya,
//! R. L. Dobrushin, F. I. Karpelevich 1996; M. Mitzenmacher 2001, "The power of two choices in randomized load balancing").

use super::answer::{Answer, Law, Solution, Times, about_time};
use super::general::Order;
use super::network::{joined, source};
use super::station::{Flow, FlowKind, Station};
use crate::model::{
    Ack, Balance, Call, ConsumerPool, Model, Overflow, Prefetch, Producer, Queue, QueueId, Semantics, Service, ServiceId,
    Session, Step,
};
use crate::random::Distribution;
use std::borrow::Cow;

const SUPERMARKET: &str = "M. Mitzenmacher, IEEE Trans. Parallel Distrib. Syst. 12 (2001)";
/// Of fewer instances the limit of infinitely many says too little.
const MANY: u32 = 100;

/// Answers about every service whose callers do nothing else.
pub fn answers(model: &Model) -> Vec<Answer> {
    if !model.faults.is_empty() {
        return Vec::new();
    }
    model.services.iter().enumerate().flat_map(|(at, service)| about(model, at, service).unwrap_or_default()).collect()
}

/// The call that is all that a handler does, if nothing surrounds it and it takes no time under way.
fn only_call(producer: &Producer) -> Option<&Call> {
    let [Step::Call(call)] = producer.handler.0.as_slice() else { return None };
    (call.layers.is_empty() && call.network.is_none() && call.connect.is_none() && call.fallback.is_none()).then_some(call)
}

fn about(model: &Model, at: usize, service: &Service) -> Option<Vec<Answer>> {
    let id = ServiceId(at as u32);
    let pools = model.pools.iter().map(|pool| &pool.handler);
    let others = pools.chain(model.services.iter().map(|service| &service.handler));
    if others.into_iter().any(|handler| handler.services().contains(&id)) {
        return None;
    }
    let callers = model.producers.iter().enumerate().filter(|(_, producer)| producer.handler.services().contains(&id));
    let mut streams = Vec::new();
    for (place, producer) in callers {
        only_call(producer).filter(|_| producer.callers.is_none())?;
        streams.push(source(model, place, producer));
    }
    let flow = joined(streams)?;
    if service.host.is_some() || service.network.is_some() || service.shed.is_some() {
        return None;
    }
    let (instances, flow) = dealt(service, flow)?;
    let queue = Queue {
        name: service.name.clone(),
        discipline: service.discipline,
        max_length: service.queue_limit,
        overflow: Overflow::RejectPublish,
        ttl: None,
        semantics: Semantics::default(),
    };
    let pool = ConsumerPool {
        name: service.name.clone(),
        queue: QueueId(0),
        count: if service.balance.is_some() { 1 } else { service.count },
        concurrency: service.concurrency,
        prefetch: Prefetch::Limit(service.concurrency),
        ack: Ack::Manual,
        handler: service.handler.clone(),
        host: None,
        session: Session::default(),
    };
    let station = Station::of(&queue, &pool).filter(|station| station.onward().is_none())?;
    if let (Some(Balance::Choices(choices)), true) = (service.balance, instances > 1) {
        return supermarket(model, service, choices, station, &flow);
    }
    let solution = station.solve(&flow, &model.producers)?;
    let mut answers = about_service(service, station, flow.rate(), f64::from(instances), &solution);
    let order = station.order(&flow, &model.producers);
    let alike = matches!(flow.kind, FlowKind::Poisson { marked: true }) || service.balance == Some(Balance::RoundRobin);
    let single = flow.rates.iter().filter(|rate| **rate > 0.0).count() == 1;
    if let Some((law, waits)) = station.class_waits(&flow, &model.producers).filter(|_| order == Order::Classes) {
        for (producer, wait) in model.producers.iter().zip(waits) {
            let Some(mean) = wait.and_then(|wait| wait.mean) else { continue };
            let times = Times { mean: Some(mean + station.mean_service()), ..Times::default() };
            answers.extend(about_caller(producer, &law, &times));
        }
    } else if order != Order::Classes && (alike || single) && solution.lost.is_none() {
        for (producer, _) in model.producers.iter().zip(&flow.rates).filter(|(_, rate)| **rate > 0.0) {
            answers.extend(about_caller(producer, &solution.law, &solution.sojourn));
        }
    }
    Some(answers)
}

/// Number of instances that have a queue each, and what one of them sees.
fn dealt<'a>(service: &Service, flow: Flow<'a>) -> Option<(u32, Flow<'a>)> {
    let count = service.count;
    let share = |flow: &Flow| flow.rates.iter().map(|rate| rate / f64::from(count)).collect();
    let is_poisson = matches!(flow.kind, FlowKind::Poisson { .. });
    match service.balance {
        None => Some((1, flow)),
        Some(_) if count == 1 => Some((1, flow)),
        Some(Balance::Random | Balance::Choices(_)) if is_poisson => Some((count, Flow { rates: share(&flow), kind: flow.kind })),
        Some(Balance::RoundRobin) if is_poisson => {
            let gap = Distribution::Erlang { stages: count, mean: 1e9 * f64::from(count) / flow.rate() };
            Some((count, Flow { rates: share(&flow), kind: FlowKind::Renewal { gap: Cow::Owned(gap) } }))
        }
        _ => None,
    }
}

fn about_service(service: &Service, station: Station, rate: f64, instances: f64, solution: &Solution) -> Vec<Answer> {
    let (law, prefix) = (&solution.law, format!("services.{}", service.name));
    let own = |metric: &str, value: f64| law.says(format!("{prefix}.{metric}"), value);
    let kept = 1.0 - solution.lost.unwrap_or(0.0);
    let load = station.load(rate) * kept;
    let mut answers = vec![own("offered.rate", rate * instances), own("utilization", load)];
    answers.push(own("busy.mean", load * f64::from(station.workers()) * instances));
    answers.extend(solution.ready.map(|ready| own("waiting.mean", ready * instances)));
    answers.push(own("throughput", rate * kept * instances));
    answers.extend(about_time(law, &format!("{prefix}.wait"), &solution.wait));
    answers.extend(solution.waited.map(|waited| own("waited.ratio", waited)));
    answers.extend(about_time(law, &format!("{prefix}.sojourn"), &solution.sojourn));
    answers.extend(solution.lost.map(|lost| own("rejected.ratio", lost)));
    answers
}

fn about_caller(producer: &Producer, law: &Law, times: &Times) -> Vec<Answer> {
    let name = |metric: &str| format!("producers.{}.{metric}", producer.name);
    let response = about_time(law, &name("response"), times).collect::<Vec<_>>();
    response.into_iter().chain(about_time(law, &name("completion"), times)).collect()
}

/// Infinitely many instances with one exponential worker each: the share with at least i requests is ρ^((d^i - 1) / (d - 1)).
fn supermarket(model: &Model, service: &Service, choices: u32, station: Station, flow: &Flow) -> Option<Vec<Answer>> {
    let rate = flow.rate();
    let plain = station.is_exponential() && station.workers() == 1 && service.queue_limit.is_none();
    if !plain || service.count < MANY || !station.is_stable(rate) || station.order(flow, &model.producers) != Order::Fifo {
        return None;
    }
    let load = station.load(rate);
    let law = Law::approximate(format!("best of {choices} among infinitely many"), SUPERMARKET);
    let mut number = 0.0;
    let mut exponent = 0.0;
    loop {
        exponent = exponent * f64::from(choices) + 1.0;
        let share = load.powf(exponent);
        number += share;
        if share < 1e-18 {
            break;
        }
    }
    let mut solution = Solution::by(law);
    let sojourn = number / rate;
    solution.wait.mean = Some(sojourn - station.mean_service());
    solution.sojourn.mean = Some(sojourn);
    solution.waited = Some(load.powi(choices as i32));
    solution.ready = Some(number - load);
    let mut answers = about_service(service, station, rate, f64::from(service.count), &solution);
    for (producer, _) in model.producers.iter().zip(&flow.rates).filter(|(_, rate)| **rate > 0.0) {
        answers.extend(about_caller(producer, &solution.law, &solution.sojourn));
    }
    Some(answers)
}
