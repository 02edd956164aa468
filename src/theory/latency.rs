//! Times of handlers in which nobody waits for anybody: steps in a row, forks and joins, copies that hedge.
//!
//! A row is a sum of independent times (its law from the product of the transforms), a join of k among n branches is the k-th smallest
//! (H. A. David, H. N. Nagaraja 2003, "Order Statistics", chapter 2), and with copies after each delay d nothing has come by t with
//! probability S(t) S(t - d) S(t - 2d) ... (J. Dean, L. A. Barroso 2013, "The tail at scale", CACM 56(2)).

use super::answer::{Answer, Law, Times, about_time, percentiles};
use super::complex::Complex;
use super::exponential::erlang_c;
use super::integral::over_all_times;
use super::inversion::Grid;
use super::root;
use super::transform;
use crate::model::{Arrivals, Call, Layer, Model, Producer, Step, Work};
use crate::random::{Counts, Distribution};
use statrs::function::beta::beta_reg;
use std::rc::Rc;

const SOURCE: &str = "H. A. David, H. N. Nagaraja, Order Statistics (2003); J. Dean, L. A. Barroso, CACM 56 (2013)";
/// Where fewer than this share would ever have to wait, nobody does.
const NEVER: f64 = 1e-9;
/// Different branches of a fork times those that are waited for.
const MOST_TERMS: usize = 1000;

/// P(T > t), t in seconds.
type Survivor = Rc<dyn Fn(f64) -> f64>;

/// The law of a time.
#[derive(Clone)]
struct Latency<'a> {
    mean: f64,
    /// `None` where it is not known or infinite.
    variance: Option<f64>,
    survivor: Option<Survivor>,
    /// The distributions whose sum it is, if it is one.
    parts: Option<Vec<&'a Distribution>>,
}

/// Times of the answers of each producer whose requests never wait, and how often services are called.
pub fn answers(model: &Model) -> Vec<Answer> {
    model
        .producers
        .iter()
        .filter(|_| model.faults.is_empty())
        .flat_map(|producer| about(model, producer).unwrap_or_default())
        .collect()
}

fn about(model: &Model, producer: &Producer) -> Option<Vec<Answer>> {
    if producer.callers.is_some() || !producer.calls() || producer.messages.is_some() || producer.arrivals.varies_by_plan() {
        return None;
    }
    let mut reader = Reader { model, calls: vec![0.0; model.services.len()], most: vec![0.0; model.services.len()] };
    let latency = reader.row(&producer.handler.0, 1.0)?;
    let rate = match &producer.arrivals {
        Arrivals::Closed { clients, think } => f64::from(*clients) / (latency.mean + think.mean() / 1e9),
        open => open.mean_rate(),
    };
    let law = Law::exact("nobody waits (order statistics)", SOURCE);
    let mut answers = Vec::new();
    for (at, calls) in reader.calls.iter().enumerate().filter(|(_, calls)| **calls > 0.0) {
        if !is_ample(model, producer, at, rate * reader.most[at], reader.most[at]) {
            return None;
        }
        answers.push(law.says(format!("services.{}.offered.rate", model.services[at].name), rate * calls));
    }
    let own = |metric: &str, value: f64| law.says(format!("producers.{}.{metric}", producer.name), value);
    answers.extend([own("offered.rate", rate), own("goodput.rate", rate), own("failed.ratio", 0.0)]);
    let quantile = |q: f64| match (latency.parts.as_deref(), &latency.survivor) {
        (Some([one]), _) => Some(one.quantile(q) / 1e9),
        (_, Some(survivor)) => root::quantile(|t| survivor(t), q, latency.mean),
        _ => None,
    };
    let times = Times {
        mean: Some(latency.mean),
        sd: latency.variance.filter(|variance| variance.is_finite()).map(f64::sqrt),
        percentiles: percentiles(quantile),
    };
    answers.extend(about_time(&law, &format!("producers.{}.response", producer.name), &times));
    answers.extend(about_time(&law, &format!("producers.{}.completion", producer.name), &times));
    Some(answers)
}

/// Whether no call of this service ever waits: it has a worker for all that clients may have under way, or is called by this Poisson
/// producer alone and has more workers than it ever needs.
fn is_ample(model: &Model, producer: &Producer, at: usize, rate: f64, most: f64) -> bool {
    let service = &model.services[at];
    let workers = service.count * service.concurrency;
    let others = model.producers.iter().filter(|other| other.name != producer.name).map(|other| &other.handler);
    let others = others.chain(model.pools.iter().map(|pool| &pool.handler)).chain(model.services.iter().map(|s| &s.handler));
    if others.into_iter().any(|handler| handler.services().iter().any(|called| called.0 as usize == at)) {
        return false;
    }
    match (&producer.arrivals, service.handler.0.as_slice()) {
        (Arrivals::Closed { clients, .. }, _) => f64::from(*clients) * most <= f64::from(workers),
        (Arrivals::Poisson { .. }, [Step::Work(Work::Drawn(work)) | Step::Wait(work)]) => {
            // Calls come in clumps of as many as a request makes: as if each took so many times as many workers.
            let offered = rate * work.mean() / 1e9;
            let clump = most.max(1.0);
            offered < f64::from(workers) && erlang_c((f64::from(workers) / clump) as u32, offered / clump) < NEVER
        }
        _ => false,
    }
}

struct Reader<'a> {
    model: &'a Model,
    /// Calls of each service, in the mean of all requests.
    calls: Vec<f64>,
    /// The most that a request makes of each.
    most: Vec<f64>,
}

impl<'a> Reader<'a> {
    /// Steps one after another, which a share of requests takes.
    fn row(&mut self, steps: &'a [Step], share: f64) -> Option<Latency<'a>> {
        let mut row = Latency { mean: 0.0, variance: Some(0.0), survivor: None, parts: Some(Vec::new()) };
        let mut count = 0;
        for step in steps {
            let next = self.step(step, share)?;
            row.mean += next.mean;
            row.variance = row.variance.zip(next.variance).map(|(a, b)| a + b);
            row.parts = row.parts.zip(next.parts).map(|(mut row, next)| {
                row.extend(next);
                row
            });
            row.survivor = next.survivor.filter(|_| count == 0);
            count += 1;
        }
        if count != 1 {
            row.survivor = row.parts.as_ref().and_then(|parts| sum_beyond(parts));
        }
        Some(row)
    }

    fn step(&mut self, step: &'a Step, share: f64) -> Option<Latency<'a>> {
        match step {
            Step::Work(Work::Drawn(time)) | Step::Wait(time) => drawn(time),
            Step::Call(call) => self.call(call, share),
            Step::Parallel { branches, join } => self.fork(branches, *join, share),
            Step::Choose(ways) => {
                let all: f64 = ways.iter().map(|way| way.weight).sum();
                let mut mixed = Vec::new();
                for way in ways {
                    mixed.push((way.weight / all, self.row(&way.steps, share * way.weight / all)?));
                }
                mixture(mixed)
            }
            Step::Repeat { count: Counts::Constant(turns), steps } if *turns <= 100 => {
                let once = self.row(steps, share * f64::from(*turns))?;
                let parts: Option<Vec<_>> = once.parts.map(|parts| parts.repeat(*turns as usize));
                let survivor = if *turns == 1 { once.survivor } else { parts.as_ref().and_then(|parts| sum_beyond(parts)) };
                let turns = f64::from(*turns);
                Some(Latency { mean: once.mean * turns, variance: once.variance.map(|v| v * turns), survivor, parts })
            }
            _ => None,
        }
    }

    /// A call that waits for nobody, at most hedged.
    fn call(&mut self, call: &'a Call, share: f64) -> Option<Latency<'a>> {
        let at = call.service.0 as usize;
        let service = &self.model.services[at];
        let [Step::Work(Work::Drawn(work)) | Step::Wait(work)] = service.handler.0.as_slice() else { return None };
        let travels = call.network.is_some() || service.network.is_some() || call.connect.is_some();
        let on_its_own = service.host.is_none() && service.balance.is_none() && service.shed.is_none();
        if travels || !on_its_own || service.queue_limit.is_some() {
            return None;
        }
        let once = drawn(work)?;
        let [Layer::Hedge(hedge)] = call.layers.as_slice() else {
            self.calls[at] += share;
            self.most[at] += share;
            return call.layers.is_empty().then_some(once);
        };
        let (after, most) = (hedge.after.as_secs_f64(), hedge.max);
        if after <= 0.0 || most > 1000 {
            return None;
        }
        let single = once.survivor?;
        let beyond = move |t: f64| (0..most).map(|copy| single(t - f64::from(copy) * after)).product::<f64>();
        let sent = 1.0 + (1..most).map(|copy| just_before(&beyond, f64::from(copy) * after)).sum::<f64>();
        self.calls[at] += share * sent;
        self.most[at] += share * f64::from(most);
        from_survivor(Rc::new(beyond), work.mean() / 1e9)
    }

    /// Branches at the same time; goes on when so many have come.
    fn fork(&mut self, branches: &'a [Vec<Step>], join: u32, share: f64) -> Option<Latency<'a>> {
        // Equal branches have one law.
        let mut kinds: Vec<(&[Step], u32, Latency)> = Vec::new();
        for branch in branches {
            let latency = self.row(branch, share)?;
            match kinds.iter_mut().find(|(steps, ..)| *steps == branch.as_slice()) {
                Some((_, count, _)) => *count += 1,
                None => kinds.push((branch, 1, latency)),
            }
        }
        let scale = kinds.iter().map(|(.., latency)| latency.mean).fold(0.0, f64::max);
        let laws = kinds.into_iter().map(|(_, count, latency)| Some((count, latency.survivor?))).collect::<Option<Vec<_>>>()?;
        let all = branches.len() as u32;
        let beyond: Survivor = match laws.as_slice() {
            // The largest: it has come when all have. The smallest: it has not come when none has.
            _ if join == all => Rc::new(move |t| {
                let come: f64 = laws.iter().map(|(count, law)| f64::from(*count) * (-law(t).clamp(0.0, 1.0)).ln_1p()).sum();
                -come.exp_m1()
            }),
            _ if join == 1 => {
                Rc::new(move |t| laws.iter().map(|(count, law)| law(t).clamp(0.0, 1.0).powi(*count as i32)).product())
            }
            // Of n equal ones fewer than k have come: an incomplete beta function.
            [(_, law)] => {
                let law = Rc::clone(law);
                Rc::new(move |t| beta_reg(f64::from(all - join + 1), f64::from(join), law(t).clamp(0.0, 1.0)))
            }
            _ if branches.len() * join as usize > MOST_TERMS => return None,
            _ => Rc::new(move |t| too_few(&laws, join, t)),
        };
        from_survivor(beyond, scale)
    }
}

/// P(fewer than so many of the branches have come by t), branch by branch.
fn too_few(laws: &[(u32, Survivor)], join: u32, t: f64) -> f64 {
    let mut come = vec![0.0; join as usize];
    come[0] = 1.0;
    for (count, law) in laws {
        let beyond = law(t).clamp(0.0, 1.0);
        for _ in 0..*count {
            for k in (1..come.len()).rev() {
                come[k] = come[k] * beyond + come[k - 1] * (1.0 - beyond);
            }
            come[0] *= beyond;
        }
    }
    come.iter().sum()
}

/// The limit from the left.
fn just_before(beyond: &impl Fn(f64) -> f64, t: f64) -> f64 {
    beyond(t * (1.0 - 1e-15))
}

fn drawn(time: &Distribution) -> Option<Latency<'_>> {
    let mean = time.mean() / 1e9;
    let own = time.clone();
    let survivor: Survivor = Rc::new(move |t| 1.0 - own.cdf(t * 1e9));
    let variance = Some(time.scv() * mean * mean).filter(|variance| variance.is_finite());
    mean.is_finite().then(|| Latency { mean, variance, survivor: Some(survivor), parts: Some(vec![time]) })
}

/// Moments by integration: E T is the integral of S(t), E T^2 that of 2 t S(t).
fn from_survivor<'a>(survivor: Survivor, scale: f64) -> Option<Latency<'a>> {
    let mean = over_all_times(|t| survivor(t), scale)?;
    let square = over_all_times(|t| 2.0 * t * survivor(t), scale);
    let variance = square.map(|square| (square - mean * mean).max(0.0));
    Some(Latency { mean, variance, survivor: Some(survivor), parts: None })
}

fn mixture<'a>(ways: Vec<(f64, Latency<'a>)>) -> Option<Latency<'a>> {
    let mean = ways.iter().map(|(weight, way)| weight * way.mean).sum::<f64>();
    let square: Option<f64> = ways.iter().map(|(weight, way)| Some(weight * (way.variance? + way.mean * way.mean))).sum();
    let laws: Option<Vec<(f64, Survivor)>> = ways.into_iter().map(|(weight, way)| Some((weight, way.survivor?))).collect();
    let survivor = laws.map(|laws| -> Survivor { Rc::new(move |t| laws.iter().map(|(weight, law)| weight * law(t)).sum()) });
    Some(Latency { mean, variance: square.map(|square| (square - mean * mean).max(0.0)), survivor, parts: None })
}

/// P(the sum > t), by the transforms; constants shift it. `None` where the sum has atoms beside.
fn sum_beyond(parts: &[&Distribution]) -> Option<Survivor> {
    let is_constant = |part: &&Distribution| matches!(part, Distribution::Constant { .. });
    let shift = parts.iter().copied().filter(is_constant).map(Distribution::mean).sum::<f64>() / 1e9;
    let random: Vec<Distribution> = parts.iter().copied().filter(|part| !is_constant(part)).cloned().collect();
    if random.is_empty() {
        return Some(Rc::new(move |t| if t < shift { 1.0 } else { 0.0 }));
    }
    if !random.iter().all(transform::is_smooth) || random.iter().map(transform::cost).sum::<f64>() > 30_000.0 {
        return None;
    }
    if let [one] = random.as_slice() {
        let one = one.clone();
        return Some(Rc::new(move |t| 1.0 - one.cdf((t - shift) * 1e9)));
    }
    Some(Rc::new(move |t| {
        let t = (t - shift) * 1e9;
        if t <= 0.0 {
            return 1.0;
        }
        let grid = Grid { t };
        let mut whole: Vec<Complex> = grid.points().map(|_| Complex::ONE).collect();
        for part in &random {
            let rest = transform::equilibrium(part, grid);
            let factor = grid.points().zip(rest).map(|(s, rest)| Complex::ONE - s.scale(part.mean()) * rest);
            whole.iter_mut().zip(factor).for_each(|(whole, factor)| *whole = *whole * factor);
        }
        grid.invert(grid.points().zip(whole).map(|(s, whole)| (Complex::ONE - whole) / s))
    }))
}
