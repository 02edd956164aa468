//! The way of a request through a network of service centers: how often it comes where, and how long it is under way between them.
//!
//! Product forms ask for the mean number of visits alone, whatever decides about the next step (chance, a loop, a failure that is tried
//! again), as long as the request is at one place at a time.

use super::center::Center;
use crate::model::{Call, Contents, Jitter, Layer, Model, Retry, RetryOn, ServiceId, Step, Work};

/// Loops that may fail are followed turn by turn so often.
const MOST_TURNS: u32 = 1000;

/// A smaller share of requests is none.
const NEVER: f64 = 1e-16;

/// The way of one request in the mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Visits of each service.
    pub visits: Vec<f64>,
    /// Seconds between them: waits of its own, the network, pauses before retries.
    pub delay: f64,
    /// Share of requests that fail.
    pub failed: f64,
    /// Attempts after the first of their call.
    pub retries: f64,
    /// Share of requests that are published to each queue in the end.
    pub onward: Vec<f64>,
    /// The services in order, where every request takes the same way.
    pub sequence: Option<Vec<ServiceId>>,
}

impl Route {
    /// Reads a list of steps; `None` where a request may be at several places at a time, or where a step is no center.
    pub fn of(model: &Model, steps: &[Step]) -> Option<Route> {
        let mut route = Route {
            visits: vec![0.0; model.services.len()],
            delay: 0.0,
            failed: 0.0,
            retries: 0.0,
            onward: vec![0.0; model.queues.len()],
            sequence: Some(Vec::new()),
        };
        route.follow(model, steps, 1.0, true)?;
        Some(route)
    }

    /// Whether it calls any service.
    pub fn calls(&self) -> bool {
        self.visits.iter().any(|visits| *visits > 0.0)
    }

    /// Adds what a share of requests does; gives the share that has not failed. `last`: nothing comes after these steps.
    fn follow(&mut self, model: &Model, steps: &[Step], share: f64, last: bool) -> Option<f64> {
        let mut share = share;
        for (at, step) in steps.iter().enumerate() {
            let last = last && at + 1 == steps.len();
            share = match step {
                Step::Work(Work::Drawn(time)) | Step::Wait(time) => {
                    self.delay += share * seconds(time.mean())?;
                    share
                }
                Step::Call(call) => self.call(model, call, share)?,
                // What is published goes on by itself: the same request only if this is the last that it does here.
                Step::Publish(queue) if last => {
                    self.onward[queue.0 as usize] += share;
                    share
                }
                Step::Choose(ways) => {
                    let all: f64 = ways.iter().map(|way| way.weight).sum();
                    let before = self.places();
                    let mut rest = 0.0;
                    for way in ways {
                        rest += self.follow(model, &way.steps, share * way.weight / all, last)?;
                    }
                    self.branched(before);
                    rest
                }
                Step::Repeat { count, steps } => {
                    let before = self.places();
                    let mut trial = self.clone();
                    let all_pass = trial.follow(model, steps, 1.0, false)? == 1.0;
                    let rest = if all_pass {
                        self.follow(model, steps, share * count.mean(), false)?;
                        share
                    } else {
                        let crate::random::Counts::Constant(turns) = count else { return None };
                        let mut rest = share;
                        for _ in 0..(*turns <= MOST_TURNS).then_some(*turns)? {
                            rest = self.follow(model, steps, rest, false)?;
                        }
                        rest
                    };
                    self.branched(before);
                    rest
                }
                Step::Fail { probability } => {
                    self.failed += share * probability;
                    share * (1.0 - probability)
                }
                Step::Cache { cache, miss } => {
                    let cache = &model.caches[cache.0 as usize];
                    let Contents::HitRatio(hits) = cache.contents else { return None };
                    if cache.single_flight {
                        return None;
                    }
                    if let Some(lookup) = &cache.lookup {
                        self.delay += share * seconds(lookup.mean())?;
                    }
                    let before = self.places();
                    let rest = self.follow(model, miss, share * (1.0 - hits), false)?;
                    self.branched(before);
                    share * hits + rest
                }
                _ => return None,
            };
        }
        Some(share)
    }

    /// A call and its retries: attempt k is made when k - 1 have failed.
    fn call(&mut self, model: &Model, call: &Call, share: f64) -> Option<f64> {
        let service = model.service(call.service);
        let center = Center::of_service(model, service)?;
        let retry = match call.layers.as_slice() {
            [] => None,
            [Layer::Retry(retry)] if retry.budget.is_none() => Some(retry),
            _ => return None,
        };
        if call.fallback.is_some() && center.fails > 0.0 {
            return None;
        }
        let network = call.network.as_ref().or(service.network.as_ref());
        let travel = 2.0 * network.map_or(Some(0.0), |network| seconds(network.mean()))?;
        let connect = call.connect.as_ref().map_or(Some(0.0), |connect| seconds(connect.mean()))?;
        let most = retry.map_or(1, |retry| if retry.on == RetryOn::Timeout { 1 } else { retry.max_attempts });
        let mut trying = share;
        for attempt in 0..most {
            self.visits[call.service.0 as usize] += trying;
            self.delay += trying * (travel + connect);
            trying *= center.fails;
            if attempt + 1 < most && trying > 0.0 {
                self.retries += trying;
                self.delay += trying * pause(retry?, attempt)?;
            }
            if trying < NEVER {
                trying = 0.0;
                break;
            }
        }
        match &mut self.sequence {
            Some(sequence) if center.fails == 0.0 => sequence.push(call.service),
            other => *other = None,
        }
        self.failed += trying;
        Some(share - trying)
    }

    /// How many calls every request makes so far.
    fn places(&self) -> Option<usize> {
        self.sequence.as_ref().map(Vec::len)
    }

    /// Calls since then were not made by every request, or not once.
    fn branched(&mut self, before: Option<usize>) {
        if self.places() != before {
            self.sequence = None;
        }
    }
}

/// Mean pause before a retry, in seconds.
fn pause(retry: &Retry, attempt: u32) -> Option<f64> {
    let longest = retry.cap.map_or(f64::INFINITY, |cap| cap.as_secs_f64());
    let full = (retry.base.as_secs_f64() * retry.factor.powi(attempt as i32)).min(longest);
    match retry.jitter {
        Jitter::None | Jitter::Spread(_) => Some(full),
        Jitter::Full => Some(0.5 * full),
        Jitter::Equal => Some(0.75 * full),
        Jitter::Decorrelated => None,
    }
}

fn seconds(nanos: f64) -> Option<f64> {
    nanos.is_finite().then_some(nanos / 1e9)
}
