//! Closed networks: clients that think, send, and wait for the answer.
//!
//! With N clients the probability of n at a center is f(n) G'(N - n) / G(N), with f(n) = D^n / (min(1, c) ... min(n, c)) for a demand D
//! (visits times work) before c workers or cores, f(n) = Z^n / n! for delays, and G the convolution of all f (J. P. Buzen 1973,
//! "Computational algorithms for closed queueing networks with exponential servers", CACM 16(9)). Who comes to a center sees the network
//! as if he were not in it (M. Reiser, S. S. Lavenberg 1980, "Mean-value analysis of closed multichain queueing networks", JACM 27(2)).
//!
//! All terms are positive: nothing cancels, as it does in mean value analysis with several workers. Every f(n) is multiplied by X^n with
//! a bound X of the throughput, which makes it nearly a probability, so that nothing that counts over- or underflows.

use super::answer::{Answer, Law, Times, about_time, percentiles};
use super::center::Center;
use super::complex::Complex;
use super::inversion::Grid;
use super::places::Places;
use super::root;
use super::route::Route;
use crate::model::{Arrivals, Model};

const SOURCE: &str = "J. P. Buzen, CACM 16 (1973); M. Reiser, S. S. Lavenberg, JACM 27 (1980)";
/// Centers times clients squared: more multiplications are not done.
const MOST_WORK: f64 = 5e7;

/// A center of a closed network.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Demand {
    /// Seconds that a client needs here for each of its requests, in the mean.
    demand: f64,
    /// How many are served at a time; `None`: all.
    servers: Option<u32>,
}

/// The probabilities of 0, 1, 2 ... at each center, and the requests a second.
struct Steady {
    throughput: f64,
    at: Vec<Vec<f64>>,
}

/// The steady state with so many clients.
fn steady(demands: &[Demand], clients: usize) -> Steady {
    let all: f64 = demands.iter().map(|center| center.demand).sum();
    let bounds = demands.iter().filter_map(|center| Some(f64::from(center.servers?) / center.demand));
    let bound = bounds.fold(clients as f64 / all, f64::min);
    let factors: Vec<Vec<f64>> = demands.iter().map(|center| factor(center, bound, clients)).collect();
    // What stands before each center, and what behind it.
    let mut before = vec![unit(clients)];
    for factor in &factors {
        before.push(convolved(before.last().expect("it begins with one"), factor));
    }
    let whole = before.last().expect("it begins with one");
    let throughput = if clients == 0 { 0.0 } else { bound * whole[clients - 1] / whole[clients] };
    let mut behind = unit(clients);
    let mut at = vec![Vec::new(); demands.len()];
    for center in (0..demands.len()).rev() {
        let others = convolved(&before[center], &behind);
        at[center] = (0..=clients).map(|n| factors[center][n] * others[clients - n] / whole[clients]).collect();
        behind = convolved(&behind, &factors[center]);
    }
    Steady { throughput, at }
}

/// f(n) X^n, the largest being 1.
fn factor(center: &Demand, bound: f64, clients: usize) -> Vec<f64> {
    let load = center.demand * bound;
    let mut logs = vec![0.0f64];
    for n in 1..=clients {
        let serving = center.servers.map_or(n, |servers| n.min(servers as usize));
        logs.push(logs[n - 1] + (load / serving as f64).ln());
    }
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logs.into_iter().map(|log| (log - top).exp()).collect()
}

fn unit(clients: usize) -> Vec<f64> {
    let mut unit = vec![0.0; clients + 1];
    unit[0] = 1.0;
    unit
}

fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    (0..a.len()).map(|n| (0..=n).map(|k| a[k] * b[n - k]).sum()).collect()
}

/// A service or host of the model as a center, and the share of its visits that each instance has.
struct Place<'a> {
    /// Services that it stands for, each with its visits and center.
    guests: Vec<(usize, f64, Center<'a>)>,
    /// The host, where it is one.
    host: Option<usize>,
    demand: Demand,
}

/// Answers about a model whose only producer is closed, or none where a part of it is no center.
pub fn answers(model: &Model) -> Vec<Answer> {
    about(model).unwrap_or_default()
}

fn about(model: &Model) -> Option<Vec<Answer>> {
    let [producer] = model.producers.as_slice() else { return None };
    let Arrivals::Closed { clients, think } = &producer.arrivals else { return None };
    let route = Route::of(model, &producer.handler.0)?;
    if !model.faults.is_empty() || producer.messages.is_some() || route.onward.iter().any(|share| *share > 0.0) {
        return None;
    }
    let places = places(model, &route, *clients)?;
    let thinking = think.mean() / 1e9;
    if !thinking.is_finite() {
        return None;
    }
    let mut demands: Vec<Demand> = places.iter().flat_map(|place| vec![place.demand; place.copies()]).collect();
    if thinking + route.delay > 0.0 {
        demands.push(Demand { demand: thinking + route.delay, servers: None });
    }
    let n = *clients as usize;
    if demands.is_empty() || demands.len() as f64 * (n * n) as f64 > MOST_WORK {
        return None;
    }
    let (with_all, as_seen) = (steady(&demands, n), steady(&demands, n - 1));
    let rate = with_all.throughput;
    let single = route.visits.iter().filter(|visits| **visits > 0.0).count() == 1;
    let law = Law::exact(if single { "machine repairman" } else { "closed network (convolution)" }, SOURCE);
    let own = |metric: &str, value: f64| law.says(format!("producers.{}.{metric}", producer.name), value);
    let mut answers =
        vec![own("offered.rate", rate), own("retries.rate", rate * route.retries), own("failed.ratio", route.failed)];
    let mut alone = None;
    let mut at = 0;
    for place in &places {
        let found = place.answers(model, &law, rate, &with_all.at[at], &as_seen.at[at]);
        answers.extend(found.0);
        alone = found.1;
        at += place.copies();
    }
    if route.failed == 0.0 {
        answers.push(own("goodput.rate", rate));
        let only = single && route.delay == 0.0 && route.visits.contains(&1.0);
        let times = Times { mean: Some(n as f64 / rate - thinking), ..alone.filter(|_| only).unwrap_or_default() };
        for metric in ["response", "completion"] {
            answers.extend(about_time(&law, &format!("producers.{}.{metric}", producer.name), &times));
        }
    }
    Some(answers)
}

/// What the route passes: services with workers of their own, and hosts with all that is on them.
fn places<'a>(model: &'a Model, route: &Route, clients: u32) -> Option<Vec<Place<'a>>> {
    let mut places: Vec<Place> = Vec::new();
    for (at, visits) in route.visits.iter().enumerate().filter(|(_, visits)| **visits > 0.0) {
        let center = Center::of_service(model, &model.services[at])?;
        let enough = center.workers >= clients;
        if let Some(host) = center.host {
            let (id, host) = (host.0 as usize, &model.hosts[host.0 as usize]);
            if !enough || center.instances > 1 {
                return None;
            }
            let known = places.iter().position(|place| place.host == Some(id));
            let place = known.unwrap_or_else(|| {
                let demand = Demand { demand: 0.0, servers: Some(host.cores) };
                places.push(Place { guests: Vec::new(), host: Some(id), demand });
                places.len() - 1
            });
            places[place].demand.demand += visits * center.mean() / host.speed;
            places[place].guests.push((at, *visits, center));
        } else if enough || center.is_exponential() {
            let servers = (!enough).then_some(center.workers);
            let demand = Demand { demand: visits * center.mean() / f64::from(center.instances), servers };
            places.push(Place { guests: vec![(at, *visits, center)], host: None, demand });
        } else {
            return None;
        }
    }
    Some(places)
}

impl Place<'_> {
    /// How many centers it is.
    fn copies(&self) -> usize {
        self.guests.first().map_or(0, |(_, _, center)| center.instances as usize)
    }

    /// What is known of the services here, and of the time that one visit takes, if only one kind comes here.
    fn answers(&self, model: &Model, law: &Law, rate: f64, at: &[f64], seen: &[f64]) -> (Vec<Answer>, Option<Times>) {
        let mean: f64 = at.iter().enumerate().map(|(n, p)| n as f64 * p).sum::<f64>();
        let mut answers = Vec::new();
        if let Some(host) = self.host.map(|host| &model.hosts[host]) {
            let name = format!("hosts.{}.utilization", host.name);
            answers.push(law.says(name, rate * self.demand.demand / f64::from(host.cores)));
        }
        let mut alone = None;
        for &(service, visits, center) in &self.guests {
            let prefix = format!("services.{}", model.services[service].name);
            let own = |metric: &str, value: f64| law.says(format!("{prefix}.{metric}"), value);
            let (here, workers) = (rate * visits, f64::from(center.workers * center.instances));
            answers.extend([own("offered.rate", here), own("throughput", here)]);
            if let Some(host) = self.host {
                let share = visits * center.mean() / model.hosts[host].speed / self.demand.demand;
                let sojourn = mean * share / here;
                answers.extend([own("sojourn.mean", sojourn), own("busy.mean", mean * share)]);
                continue;
            }
            let busy = here * center.mean();
            answers.extend([own("utilization", busy / workers), own("busy.mean", busy)]);
            answers.push(own("waiting.mean", mean * f64::from(center.instances) - busy));
            let (wait, sojourn) = times(center, seen);
            answers.push(own("waited.ratio", seen.iter().skip(center.workers as usize).sum()));
            answers.extend(about_time(law, &format!("{prefix}.wait"), &wait));
            answers.extend(about_time(law, &format!("{prefix}.sojourn"), &sojourn));
            alone = Some(sojourn);
        }
        (answers, alone)
    }
}

/// Wait and sojourn of who finds n there with these probabilities: he waits for n - c + 1 departures.
fn times(center: Center, seen: &[f64]) -> (Times, Times) {
    let (mean, workers) = (center.mean(), center.workers as usize);
    if seen.len() <= workers {
        let sojourn = Times { mean: Some(mean), sd: Some(center.work.scv().sqrt() * mean), percentiles: Vec::new() };
        return (Times { mean: Some(0.0), sd: Some(0.0), percentiles: percentiles(|_| Some(0.0)) }, sojourn);
    }
    let mut ahead = vec![seen[..workers].iter().sum()];
    ahead.extend(&seen[workers..]);
    let places = Places::new(workers as f64 / mean, &ahead);
    let wait = places.times();
    if !center.in_order {
        let only = |mean| Times { mean: Some(mean), ..Times::default() };
        return (only(places.mean()), only(places.mean() + mean));
    }
    let total = places.mean() + mean;
    let beyond = |t: f64| {
        if t <= 0.0 {
            return 1.0;
        }
        let grid = Grid { t };
        grid.invert(grid.points().map(|s| {
            let departure = Complex::ONE / (Complex::ONE + s.scale(mean / workers as f64));
            let waits = ahead.iter().rev().fold(Complex::ZERO, |sum, p| sum * departure + Complex::new(*p, 0.0));
            (Complex::ONE - waits / (Complex::ONE + s.scale(mean))) / s
        }))
    };
    let sd = Some(places.sd().hypot(mean));
    let sojourn = Times { mean: Some(total), sd, percentiles: percentiles(|q| root::quantile(beyond, q, total)) };
    (wait, sojourn)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clients, think 1 s, one worker of 1 s: p(0), p(1), p(2) as 1/2, 1, 1 over their sum.
    #[test]
    fn two_clients_by_hand() {
        let demands = [Demand { demand: 1.0, servers: Some(1) }, Demand { demand: 1.0, servers: None }];
        let found = steady(&demands, 2);
        for (p, exact) in found.at[0].iter().zip([0.2, 0.4, 0.4]) {
            assert!((p - exact).abs() < 1e-14, "{:?}", found.at[0]);
        }
        assert!((found.throughput - 0.8).abs() < 1e-14);
    }

    /// Little's law for every center, with many clients and much to wait for.
    #[test]
    fn many_clients_stay_finite() {
        let demands = [
            Demand { demand: 0.02, servers: Some(50) },
            Demand { demand: 0.0004, servers: Some(1) },
            Demand { demand: 0.14, servers: None },
        ];
        for clients in [1, 100, 400, 2000] {
            let found = steady(&demands, clients);
            let mean = |at: usize| found.at[at].iter().enumerate().map(|(n, p)| n as f64 * p).sum::<f64>();
            assert!((mean(2) / (found.throughput * 0.14) - 1.0).abs() < 1e-11, "{clients}");
            let all = mean(0) + mean(1) + mean(2);
            assert!((all / clients as f64 - 1.0).abs() < 1e-11, "{clients}: {all}");
            let busy: f64 = found.at[0].iter().enumerate().map(|(n, p)| n.min(50) as f64 * p).sum();
            assert!((busy / (found.throughput * 0.02) - 1.0).abs() < 1e-11, "{clients}");
        }
    }
}
