//! Open networks of service centers with chance and loops on the way: the traffic equations, and every center by itself.
//!
//! J. R. Jackson 1963, "Jobshop-like queueing systems": in the steady state of a network of M/M/c centers the number at each is that of
//! M/M/c alone, at the rate that the traffic equations give, and whoever comes finds the centers as if he were not there (K. C. Sevcik,
//! I. Mitrani 1981), so that waits are those of M/M/c too.

use super::answer::{Answer, Law, Times, about_time};
use super::center::{Center, Crowd, Seen};
use super::network;
use super::route::Route;
use crate::model::{Arrivals, ConsumerPool, Model, Producer};
use crate::random::Distribution;

const NETWORK: &str = "J. R. Jackson, Management Science 10 (1963); F. Baskett et al., JACM 22 (1975)";
/// Traffic equations of more queues are not solved.
const MOST_QUEUES: usize = 500;

/// All answers about an open network, or none where a part of it is no center.
pub fn answers(model: &Model) -> Vec<Answer> {
    network_of(model).map(|network| network.answers(model)).unwrap_or_default()
}

struct Network<'a> {
    /// Requests a second of each producer, and their way.
    entries: Vec<(f64, Route)>,
    /// Each service: visits a second, center and solution, if it is visited.
    services: Vec<Option<(f64, Center<'a>, Seen)>>,
    /// The pool of each queue likewise, and where its messages go on to.
    queues: Vec<Option<Stop<'a>>>,
    /// What each host is asked to do.
    crowds: Vec<Option<Crowd>>,
    /// Seconds from coming to a queue until all is done, where that is known.
    remaining: Vec<f64>,
}

struct Stop<'a> {
    pool: &'a ConsumerPool,
    rate: f64,
    seen: Seen,
    fails: bool,
}

fn network_of(model: &Model) -> Option<Network<'_>> {
    if !model.faults.is_empty() || model.queues.len() > MOST_QUEUES {
        return None;
    }
    let entries = model.producers.iter().map(|producer| entry(model, producer)).collect::<Option<Vec<_>>>()?;
    let mut entering = vec![0.0; model.queues.len()];
    let mut calls = vec![0.0; model.services.len()];
    for (rate, route) in &entries {
        entering.iter_mut().zip(&route.onward).for_each(|(sum, share)| *sum += rate * share);
        calls.iter_mut().zip(&route.visits).for_each(|(sum, visits)| *sum += rate * visits);
    }
    // Only pools that messages can come to need be known.
    let mut stops = Vec::new();
    for at in 0..model.queues.len() {
        let mut pools = model.pools_on(crate::model::QueueId(at as u32)).map(|(_, pool)| pool);
        stops.push(pools.next().and_then(|pool| stop(model, pool).map(|(center, route)| (pool, center, route))));
    }
    let onward = |from: usize, to: usize| stops[from].as_ref().map_or(0.0, |(_, _, route)| route.onward[to]);
    let rates = solve(model.queues.len(), |row, column| onward(column, row), entering)?;
    if (0..rates.len()).any(|at| rates[at] > 0.0 && stops[at].is_none()) {
        return None;
    }
    let queue_centers = || stops.iter().zip(&rates).filter_map(|(stop, rate)| Some((stop.as_ref()?.1, *rate)));
    let centers: Vec<Option<Center>> = model.services.iter().map(|service| Center::of_service(model, service)).collect();
    let service_centers = || centers.iter().zip(&calls).filter_map(|(center, rate)| Some(((*center)?, *rate)));
    let visited = |rate: &(Center<'_>, f64)| rate.1 > 0.0;
    let mut crowds = Vec::new();
    let mut guests = Vec::new();
    for (at, host) in model.hosts.iter().enumerate() {
        let on_it = || {
            let here = move |one: &(Center, f64)| one.0.host.is_some_and(|host| host.0 as usize == at);
            queue_centers().chain(service_centers()).filter(visited).filter(here)
        };
        let offered: f64 = on_it().map(|(center, rate)| rate * center.mean() / host.speed).sum();
        let speed = host.speed;
        crowds.push((offered > 0.0).then_some(Crowd { cores: host.cores, speed, offered }));
        guests.push(on_it().count());
    }
    let seen = |center: Center<'_>, rate: f64| {
        let host = center.host.map(|host| host.0 as usize);
        center.solve(rate, host.and_then(|at| crowds[at]), host.is_some_and(|at| guests[at] == 1))
    };
    let mut services = Vec::new();
    for (center, rate) in centers.iter().zip(&calls) {
        services.push(if *rate > 0.0 { Some((*rate, (*center)?, seen((*center)?, *rate)?)) } else { None });
    }
    let mut queues = Vec::new();
    for (stop, rate) in stops.iter().zip(&rates) {
        let stop = stop.as_ref().filter(|_| *rate > 0.0);
        queues.push(match stop {
            Some((pool, center, route)) => {
                Some(Stop { pool, rate: *rate, seen: seen(*center, *rate)?, fails: route.failed > 0.0 })
            }
            None => None,
        });
    }
    let sojourns = queues.iter().map(|stop| stop.as_ref().and_then(|stop| stop.seen.sojourn.mean).unwrap_or(0.0)).collect();
    let remaining = solve(model.queues.len(), onward, sojourns)?;
    Some(Network { entries, services, queues, crowds, remaining })
}

/// The rate of an open Poisson producer, and its way.
fn entry(model: &Model, producer: &Producer) -> Option<(f64, Route)> {
    let rate = match &producer.arrivals {
        Arrivals::Poisson { rate } => rate.0,
        Arrivals::Renewal { gap: Distribution::Exponential { mean } } => 1e9 / mean,
        _ => return None,
    };
    if producer.messages.is_some() || producer.callers.is_some() {
        return None;
    }
    Some((rate, Route::of(model, &producer.handler.0)?))
}

/// A pool as a center, and where its messages go; a worker that calls or waits before it publishes holds two things at a time.
fn stop<'a>(model: &'a Model, pool: &'a ConsumerPool) -> Option<(Center<'a>, Route)> {
    let (center, rest) = Center::of_pool(model, pool)?;
    let route = Route::of(model, rest)?;
    (!route.calls() && route.delay == 0.0).then_some((center, route))
}

/// Solves x = b + M x by elimination with pivots; `None` where a loop has no way out.
fn solve(n: usize, of: impl Fn(usize, usize) -> f64, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let entry = |row: usize, column: usize| f64::from(u8::from(row == column)) - of(row, column);
    let mut a: Vec<Vec<f64>> = (0..n).map(|row| (0..n).map(|column| entry(row, column)).collect()).collect();
    for at in 0..n {
        let pivot = (at..n).max_by(|&i, &j| a[i][at].abs().total_cmp(&a[j][at].abs()))?;
        if a[pivot][at].abs() < 1e-12 {
            return None;
        }
        a.swap(at, pivot);
        b.swap(at, pivot);
        for row in at + 1..n {
            let factor = a[row][at] / a[at][at];
            if factor != 0.0 {
                let (above, below) = a.split_at_mut(row);
                below[0][at..].iter_mut().zip(&above[at][at..]).for_each(|(x, pivot)| *x -= factor * pivot);
                b[row] -= factor * b[at];
            }
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| a[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b.iter().all(|x| *x >= -1e-12).then_some(b)
}

impl Network<'_> {
    fn answers(&self, model: &Model) -> Vec<Answer> {
        let mut answers = Vec::new();
        for (at, stop) in self.queues.iter().enumerate() {
            let Some(stop) = stop else { continue };
            let prefix = format!("consumers.{}", stop.pool.name);
            answers.extend(about_center(&prefix, stop.rate, stop.pool.workers(), &stop.seen));
            let (law, queue) = (&stop.seen.law, &model.queues[at].name);
            let ready = stop.rate * stop.seen.wait.mean.unwrap_or(f64::NAN);
            answers.push(law.says(format!("queues.{queue}.published.rate"), stop.rate));
            answers.push(law.says(format!("queues.{queue}.acked.rate"), stop.rate));
            answers.push(law.says(format!("queues.{queue}.ready.mean"), ready));
            answers.push(law.says(format!("queues.{queue}.backlog.mean"), ready + stop.seen.busy));
        }
        for (service, known) in model.services.iter().zip(&self.services) {
            let Some((rate, center, seen)) = known else { continue };
            let prefix = format!("services.{}", service.name);
            answers.push(seen.law.says(format!("{prefix}.offered.rate"), *rate));
            answers.extend(about_center(&prefix, *rate, center.workers * center.instances, seen));
            answers.push(seen.law.says(format!("{prefix}.waiting.mean"), rate * seen.wait.mean.unwrap_or(f64::NAN)));
            if center.fails > 0.0 {
                answers.push(seen.law.says(format!("{prefix}.failed.ratio"), center.fails));
            }
        }
        for (host, crowd) in model.hosts.iter().zip(&self.crowds) {
            let Some(crowd) = crowd else { continue };
            let law = Law::exact("utilization law", network::UTILIZATION);
            answers.push(law.says(format!("hosts.{}.utilization", host.name), crowd.offered / f64::from(crowd.cores)));
        }
        for (producer, (rate, route)) in model.producers.iter().zip(&self.entries) {
            answers.extend(self.about_producer(model, producer, *rate, route));
        }
        answers
    }

    fn about_producer(&self, model: &Model, producer: &Producer, rate: f64, route: &Route) -> Vec<Answer> {
        let law = Law::exact("network of centers (Jackson)", NETWORK);
        let name = |metric: &str| format!("producers.{}.{metric}", producer.name);
        let mut answers = vec![law.says(name("offered.rate"), rate)];
        let visit = |(visits, known): (&f64, &Option<(f64, Center, Seen)>)| match known {
            Some((_, _, seen)) => visits * seen.sojourn.mean.unwrap_or(f64::NAN),
            None => 0.0,
        };
        let response = route.delay + route.visits.iter().zip(&self.services).map(visit).sum::<f64>();
        let response = Times { mean: Some(response), ..self.spread(model, route) };
        if producer.calls() {
            answers.push(law.says(name("retries.rate"), rate * route.retries));
            answers.push(law.says(name("failed.ratio"), route.failed));
        }
        if route.failed > 0.0 || self.loses(route) {
            return answers;
        }
        let after: f64 = route.onward.iter().zip(&self.remaining).map(|(share, remaining)| share * remaining).sum();
        if producer.calls() {
            answers.push(law.says(name("goodput.rate"), rate));
            answers.extend(about_time(&law, &name("response"), &response));
        }
        let completion =
            if after > 0.0 { Times { mean: response.mean.map(|mean| mean + after), ..Times::default() } } else { response };
        answers.extend(about_time(&law, &name("completion"), &completion));
        answers
    }

    /// Whether messages of this way may fail in a pool.
    fn loses(&self, route: &Route) -> bool {
        let publishes = route.onward.iter().any(|share| *share > 0.0);
        publishes && self.queues.iter().flatten().any(|stop| stop.fails)
    }

    /// Spread and percentiles of the time at one center, or at several that only this producer calls and each request passes one after
    /// the other: then they are independent, as at stations in a row (J. Walrand, P. Varaiya 1980, "Sojourn times and the overtaking
    /// condition in Jacksonian networks", Adv. Appl. Prob. 12).
    fn spread(&self, model: &Model, route: &Route) -> Times {
        let Some(sequence) = route.sequence.as_ref().filter(|_| route.delay == 0.0 && route.onward.iter().all(|x| *x == 0.0))
        else {
            return Times::default();
        };
        let seen = sequence.iter().map(|id| self.services[id.0 as usize].as_ref());
        let Some(seen) = seen.collect::<Option<Vec<_>>>() else { return Times::default() };
        if let [(_, _, seen)] = seen.as_slice() {
            return seen.sojourn.clone();
        }
        let once = (1..sequence.len()).all(|at| !sequence[..at].contains(&sequence[at]));
        let alone = model.producers.len() == 1 && seen.iter().all(|(_, center, _)| center.instances == 1);
        let legs = seen.iter().map(|(_, _, seen)| seen.markov).collect::<Option<Vec<_>>>();
        legs.filter(|legs| once && alone && !legs.is_empty()).and_then(|legs| network::independent(&legs)).unwrap_or_default()
    }
}

/// What a center says of itself.
fn about_center(prefix: &str, rate: f64, workers: u32, seen: &Seen) -> Vec<Answer> {
    let own = |metric: &str, value: f64| seen.law.says(format!("{prefix}.{metric}"), value);
    let mut answers = vec![own("utilization", seen.busy / f64::from(workers)), own("busy.mean", seen.busy)];
    answers.push(own("throughput", rate));
    answers.extend(about_time(&seen.law, &format!("{prefix}.wait"), &seen.wait));
    answers.push(own("waited.ratio", seen.waited));
    answers.extend(about_time(&seen.law, &format!("{prefix}.sojourn"), &seen.sojourn));
    answers
}
