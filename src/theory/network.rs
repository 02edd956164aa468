//! The recogniser of a whole model: follows the flows from the producers down through all stations.
//!
//! What leaves M/M/c is Poisson again (P. J. Burke 1956, "The output of a queuing system", Oper. Res. 4), so that each station of a
//! tree of such stations is M/M/c by itself, and means add up (J. R. Jackson 1957). The sojourns of one message at stations in a row are
//! independent if all but the first and the last have one worker (E. Reich 1963; P. J. Burke 1969), which gives percentiles too.

use super::answer::{Answer, Law, Solution, Times, about_time, percentiles};
use super::complex::Complex;
use super::exponential::{Exponential, mmc_wait};
use super::general::Order;
use super::inversion::Grid;
use super::root;
use super::station::{Flow, FlowKind, Station};
use crate::model::{Arrivals, ConsumerPool, Model, Overflow, Producer, Queue, QueueId};
use crate::random::Distribution;
use std::borrow::Cow;

pub const UTILIZATION: &str = "L. Kleinrock, Queueing Systems 1 (1975), section 2.1 (Little's law for the workers)";
const NETWORK: &str = "P. J. Burke, Oper. Res. 4 (1956); J. R. Jackson, Oper. Res. 5 (1957)";
const SOJOURNS: &str = "E. Reich, Ann. Math. Statist. 34 (1963); P. J. Burke, Ann. Math. Statist. 40 (1969)";

/// What the messages of one producer have gone through so far.
#[derive(Debug, Clone, Default)]
struct Journey {
    /// One for each station.
    legs: Vec<Leg>,
}

/// One station as one producer's messages see it.
#[derive(Debug, Clone)]
struct Leg {
    law: Law,
    wait: Times,
    sojourn: Times,
    lost: Option<f64>,
    /// Workers, wait and service rate of M/M/c, first in first out.
    markov: Option<(u32, Exponential, f64)>,
}

/// All steady-state answers, in the order of the flow.
pub fn answers(model: &Model) -> Vec<Answer> {
    let mut answers = Vec::new();
    if !model.is_plain() {
        return answers;
    }
    let mut streams: Vec<Vec<Option<Flow>>> = vec![Vec::new(); model.queues.len()];
    for (at, producer) in model.producers.iter().enumerate() {
        if let Some(queue) = producer.handler.publishes() {
            streams[queue.0 as usize].push(source(model, at, producer));
        }
    }
    let mut journeys: Vec<Option<Journey>> = vec![Some(Journey::default()); model.producers.len()];
    for id in downstream(model) {
        let Some(flow) = joined(std::mem::take(&mut streams[id.0 as usize])) else {
            pass_on_nothing(model, id, &mut streams, &mut journeys);
            continue;
        };
        let mut pools = model.pools_on(id).map(|(_, pool)| pool);
        let only = pools.next().filter(|_| pools.next().is_none());
        let station = only.and_then(|pool| Station::of(model.queue(id), pool));
        let Some(station) = station else {
            pass_on_nothing(model, id, &mut streams, &mut journeys);
            continue;
        };
        answers.extend(visit(model, station, &flow, &mut journeys));
        if let Some(next) = station.onward() {
            streams[next.0 as usize].push(output(model, station, flow));
        }
    }
    answers
}

/// What a producer sends; `None` where it has no steady state.
pub fn source<'a>(model: &Model, at: usize, producer: &'a Producer) -> Option<Flow<'a>> {
    if producer.messages.is_some() || producer.arrivals.varies_by_plan() {
        return None;
    }
    let rate = producer.arrivals.mean_rate();
    if !(rate > 0.0 && rate.is_finite()) {
        return None;
    }
    let mut rates = vec![0.0; model.producers.len()];
    rates[at] = rate;
    let kind = match &producer.arrivals {
        Arrivals::Poisson { .. } => FlowKind::Poisson { marked: true },
        Arrivals::Constant { rate } => FlowKind::Renewal { gap: Cow::Owned(Distribution::Constant { value: 1e9 / rate.0 }) },
        Arrivals::Renewal { gap: Distribution::Exponential { .. } } => FlowKind::Poisson { marked: true },
        Arrivals::Renewal { gap } => FlowKind::Renewal { gap: Cow::Borrowed(gap) },
        Arrivals::Batch { arrivals, size } if matches!(**arrivals, Arrivals::Poisson { .. }) => FlowKind::Batches { size },
        Arrivals::Mmpp { phases } => FlowKind::Modulated { phases },
        _ => FlowKind::Stationary,
    };
    Some(Flow { rates, kind })
}

/// Several flows as one; `None` where one is unknown, or there is none.
pub fn joined(streams: Vec<Option<Flow>>) -> Option<Flow> {
    let mut streams = streams.into_iter();
    let mut sum = streams.next()??;
    for stream in streams {
        let stream = stream?;
        sum.kind = match (&sum.kind, &stream.kind) {
            (FlowKind::Poisson { marked: a }, FlowKind::Poisson { marked: b }) => FlowKind::Poisson { marked: *a && *b },
            _ => FlowKind::Stationary,
        };
        sum.rates.iter_mut().zip(&stream.rates).for_each(|(sum, rate)| *sum += rate);
    }
    Some(sum)
}

/// What leaves a station; `None` where it loses messages or cannot keep up.
fn output<'a>(model: &Model, station: Station, flow: Flow<'a>) -> Option<Flow<'a>> {
    if station.loses() || !station.is_stable(flow.rate()) {
        return None;
    }
    let markov = station.is_exponential() && station.is_unbuffered();
    let kind = match flow.kind {
        FlowKind::Poisson { marked } if markov => {
            FlowKind::Poisson { marked: marked && station.order(&flow, &model.producers) != Order::Classes }
        }
        _ => FlowKind::Stationary,
    };
    Some(Flow { rates: flow.rates, kind })
}

/// Nothing is known of this queue, nor of what lies behind it.
fn pass_on_nothing(model: &Model, id: QueueId, streams: &mut [Vec<Option<Flow>>], journeys: &mut [Option<Journey>]) {
    for (_, pool) in model.pools_on(id) {
        for next in pool.handler.queues() {
            streams[next.0 as usize].push(None);
        }
    }
    // Whoever publishes here or upstream of here passes through the unknown.
    let mut above = vec![id];
    let mut done = 0;
    while done < above.len() {
        let at = above[done];
        done += 1;
        above.extend(model.pools.iter().filter(|pool| pool.handler.queues().contains(&at)).map(|pool| pool.queue));
        for (journey, producer) in journeys.iter_mut().zip(&model.producers) {
            if producer.handler.queues().contains(&at) {
                *journey = None;
            }
        }
    }
}

/// The answers about one station, and about the producers whose messages end there.
fn visit(model: &Model, station: Station, flow: &Flow, journeys: &mut [Option<Journey>]) -> Vec<Answer> {
    let (queue, pool) = (station.queue, station.pool);
    let solution = station.solve(flow, &model.producers);
    let mut answers = Vec::new();
    match &solution {
        Some(solution) => answers.extend(about_station(station, flow.rate(), solution)),
        // Who keeps up with all that comes is busy for as long as that takes, whatever else is unknown.
        None if !station.loses() && station.is_stable(flow.rate()) => {
            answers.extend(about_work(queue, pool, flow.rate(), station.load(flow.rate()), &utilization_law()));
        }
        None => {}
    }
    let classes = station.class_waits(flow, &model.producers);
    let order = station.order(flow, &model.producers);
    for (at, producer) in model.producers.iter().enumerate().filter(|(at, _)| flow.rates[*at] > 0.0) {
        let leg = solution.as_ref().and_then(|solution| {
            let own = classes.as_ref().and_then(|(law, waits)| Some((law.clone(), waits[at].clone()?)));
            leg(station, flow, solution, order, own)
        });
        let Some(leg) = leg else {
            journeys[at] = None;
            continue;
        };
        if let Some(journey) = &mut journeys[at] {
            journey.legs.push(leg);
            if station.onward().is_none() {
                answers.extend(about_producer(producer, journey));
            }
        }
    }
    answers
}

fn utilization_law() -> Law {
    Law::exact("utilization law", UTILIZATION)
}

/// Utilization, busy workers, throughput.
fn about_work(queue: &Queue, pool: &ConsumerPool, rate: f64, load: f64, law: &Law) -> Vec<Answer> {
    let own = |metric: &str, value: f64| law.says(format!("consumers.{}.{metric}", pool.name), value);
    vec![
        own("utilization", load),
        own("busy.mean", load * f64::from(pool.workers())),
        own("throughput", rate),
        law.says(format!("queues.{}.acked.rate", queue.name), rate),
    ]
}

fn about_station(station: Station, rate: f64, solution: &Solution) -> Vec<Answer> {
    let (queue, pool, law) = (station.queue, station.pool, &solution.law);
    let kept = 1.0 - solution.lost.unwrap_or(0.0);
    let load = station.load(rate) * kept;
    let work_law = if solution.law.exact { law.clone() } else { utilization_law() };
    let mut answers = about_work(queue, pool, rate * kept, load, &work_law);
    let prefix = format!("consumers.{}", pool.name);
    answers.extend(about_time(law, &format!("{prefix}.wait"), &solution.wait));
    answers.extend(solution.waited.map(|waited| law.says(format!("{prefix}.waited.ratio"), waited)));
    answers.extend(about_time(law, &format!("{prefix}.sojourn"), &solution.sojourn));
    if let Some(ready) = solution.ready {
        answers.push(law.says(format!("queues.{}.ready.mean", queue.name), ready));
        answers.push(law.says(format!("queues.{}.backlog.mean", queue.name), ready + load * f64::from(pool.workers())));
    }
    if let Some(lost) = solution.lost {
        let cause = match (queue.max_length, queue.overflow) {
            (None, _) => "expired",
            (Some(_), Overflow::RejectPublish) => "rejected",
            (Some(_), Overflow::DropHead) => "dropped",
        };
        answers.push(law.says(format!("queues.{}.{cause}.ratio", queue.name), lost));
    }
    answers
}

/// The station in the eyes of one producer; `None` where its messages may fare other than the station's mean.
fn leg(station: Station, flow: &Flow, solution: &Solution, order: Order, own: Option<(Law, Times)>) -> Option<Leg> {
    let alike = matches!(flow.kind, FlowKind::Poisson { marked: true }) && order != Order::Classes;
    // A flow of one producer is that producer.
    let alone = flow.rates.iter().filter(|rate| **rate > 0.0).count() == 1;
    if let Some((law, wait)) = own.filter(|_| order == Order::Classes) {
        let mean = wait.mean.map(|mean| mean + station.mean_service());
        return Some(Leg { law, wait, sojourn: Times { mean, ..Times::default() }, lost: None, markov: None });
    }
    if !alike && !alone {
        return None;
    }
    let is_markov = solution.law.exact
        && order == Order::Fifo
        && station.is_exponential()
        && !station.loses()
        && matches!(flow.kind, FlowKind::Poisson { .. });
    let service_rate = 1.0 / station.mean_service();
    let wait = is_markov.then(|| mmc_wait(flow.rate(), service_rate, station.workers()));
    Some(Leg {
        law: solution.law.clone(),
        wait: solution.wait.clone(),
        sojourn: solution.sojourn.clone(),
        lost: solution.lost,
        markov: wait.map(|wait| (station.workers(), wait, service_rate)),
    })
}

/// Wait and completion of the messages of a producer, when all their stations are known.
fn about_producer(producer: &Producer, journey: &Journey) -> Vec<Answer> {
    let prefix = format!("producers.{}", producer.name);
    if let [leg] = journey.legs.as_slice() {
        let mut answers: Vec<Answer> = about_time(&leg.law, &format!("{prefix}.wait"), &leg.wait).collect();
        answers.extend(about_time(&leg.law, &format!("{prefix}.completion"), &leg.sojourn));
        answers.extend(leg.lost.map(|lost| leg.law.says(format!("{prefix}.failed.ratio"), lost)));
        return answers;
    }
    let sum = |of: &dyn Fn(&Leg) -> Option<f64>| journey.legs.iter().map(of).sum::<Option<f64>>();
    if journey.legs.iter().any(|leg| leg.lost.is_some()) {
        return Vec::new();
    }
    let exact = journey.legs.iter().all(|leg| leg.law.exact);
    let stations = journey.legs.len();
    let law = Law { exact, ..Law::exact(format!("{stations} stations in a row (Burke, Jackson)"), NETWORK) };
    let wait = Times { mean: sum(&|leg| leg.wait.mean), ..Times::default() };
    let mean = sum(&|leg| leg.sojourn.mean);
    let mut answers: Vec<Answer> = about_time(&law, &format!("{prefix}.wait"), &wait).collect();
    let completion = Times { mean, ..Times::default() };
    answers.extend(about_time(&law, &format!("{prefix}.completion"), &completion));
    let legs = journey.legs.iter().map(|leg| leg.markov).collect::<Option<Vec<_>>>();
    if let Some(spread) = legs.and_then(|legs| independent(&legs)) {
        let law = Law::exact(format!("{stations} independent sojourns (Reich, Burke)"), SOJOURNS);
        answers.extend(about_time(&law, &format!("{prefix}.completion"), &spread));
    }
    answers
}

/// Spread and percentiles of the sum of independent sojourns: the transform of each is (1 - C + C γ / (γ + s)) μ / (μ + s) with C the
/// share that waits and γ the rate of its wait. Each leg: workers, wait, service rate. `None` where one between has several workers.
pub fn independent(legs: &[(u32, Exponential, f64)]) -> Option<Times> {
    if legs[1..legs.len() - 1].iter().any(|(workers, ..)| *workers > 1) {
        return None;
    }
    let mean: f64 = legs.iter().map(|(_, wait, rate)| wait.mean() + 1.0 / rate).sum();
    let variance: f64 = legs.iter().map(|(_, wait, rate)| wait.sd().powi(2) + 1.0 / (rate * rate)).sum();
    let beyond = |t: f64| {
        if t <= 0.0 {
            return 1.0;
        }
        let grid = Grid { t };
        grid.invert(grid.points().map(|s| {
            let whole = legs.iter().fold(Complex::ONE, |product, (_, wait, rate)| {
                let waits = Complex::new(wait.waited * wait.rate, 0.0) / (s + Complex::new(wait.rate, 0.0));
                let works = Complex::new(*rate, 0.0) / (s + Complex::new(*rate, 0.0));
                product * (Complex::new(1.0 - wait.waited, 0.0) + waits) * works
            });
            (Complex::ONE - whole) / s
        }))
    };
    Some(Times { mean: None, sd: Some(variance.sqrt()), percentiles: percentiles(|q| root::quantile(beyond, q, mean)) })
}

/// Queues so that each comes after all that feed it; no model has a cycle.
fn downstream(model: &Model) -> Vec<QueueId> {
    let mut feeders = vec![0usize; model.queues.len()];
    for next in model.pools.iter().flat_map(|pool| pool.handler.queues()) {
        feeders[next.0 as usize] += 1;
    }
    let mut order: Vec<QueueId> = (0..model.queues.len() as u32).map(QueueId).filter(|id| feeders[id.0 as usize] == 0).collect();
    let mut done = 0;
    while done < order.len() {
        for next in model.pools_on(order[done]).flat_map(|(_, pool)| pool.handler.queues()) {
            feeders[next.0 as usize] -= 1;
            if feeders[next.0 as usize] == 0 {
                order.push(next);
            }
        }
        done += 1;
    }
    order
}
