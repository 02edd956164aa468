//! When a producer sends next.

use crate::model::{Arrivals, MmppPhase, Segment, stationary};
use crate::random::{Counts, Distribution, Draws, Stream};
use crate::units::{Span, Time};
use std::sync::Arc;

/// The clock of one producer: gives the instants of its arrivals, one after another.
#[derive(Debug)]
pub struct Clock {
    kind: Kind,
    /// Messages per arrival; `None`: one.
    batch: Option<Counts>,
    /// Whatever comes after this need not be found: a process that is silent for long would be followed for ever.
    end: Time,
}

#[derive(Debug)]
enum Kind {
    /// Independent gaps. The next is drawn one arrival ahead: the same number, off the critical path.
    Renewal { gap: Distribution, ahead: Option<Span> },
    /// Equal gaps of this many nanoseconds, which need not be whole.
    Constant { period: f64 },
    /// A phase that changes at random.
    Mmpp { phases: Vec<MmppPhase>, phase: usize },
    /// A rate that follows a plan.
    Profile { segments: Vec<Segment>, repeat: bool, at: usize, offset: f64, begun: u64 },
    /// Recorded instants.
    Trace { times: Arc<[Time]> },
    /// Nothing, ever.
    Silent,
}

impl Clock {
    /// A clock at the start of a run that nothing is asked of after `end`; `stream` decides in which phase a modulated process
    /// starts.
    pub fn new(arrivals: &Arrivals, stream: Stream, end: Time) -> Clock {
        let renewal = |gap| Kind::Renewal { gap, ahead: None };
        let kind = match arrivals {
            Arrivals::Poisson { rate } | Arrivals::Constant { rate } if rate.0 <= 0.0 => Kind::Silent,
            Arrivals::Poisson { rate } => renewal(Distribution::Exponential { mean: 1e9 / rate.0 }),
            Arrivals::Constant { rate } => Kind::Constant { period: 1e9 / rate.0 },
            Arrivals::Renewal { gap } => renewal(gap.clone()),
            Arrivals::Mmpp { phases } => {
                let phase = pick(&stationary(phases), stream.at(0).uniform());
                Kind::Mmpp { phases: phases.clone(), phase }
            }
            Arrivals::Batch { arrivals, size } => {
                return Clock { batch: Some(size.clone()), ..Clock::new(arrivals, stream, end) };
            }
            Arrivals::Profile { segments, repeat } => {
                Kind::Profile { segments: segments.clone(), repeat: *repeat, at: 0, offset: 0.0, begun: 0 }
            }
            // Its clients have timers of their own.
            Arrivals::Closed { .. } => Kind::Silent,
            Arrivals::Trace(trace) => Kind::Trace { times: trace.times.clone() },
        };
        Clock { kind, batch: None, end }
    }

    /// The instant of arrival number `index` (from 0), when the one before it was at `before`; `None` when there is none.
    #[inline(always)]
    pub fn next(&mut self, before: Time, index: u64, stream: Stream) -> Option<Time> {
        match &mut self.kind {
            Kind::Renewal { gap, ahead } => {
                let now = ahead.unwrap_or_else(|| gap.draw(stream.at(index)));
                *ahead = Some(gap.draw(stream.at(index + 1)));
                Some(before + now)
            }
            other => other.next(before, index, stream.at(index), self.end),
        }
    }

    /// Messages at arrival number `index`.
    #[inline(always)]
    pub fn size(&self, index: u64, stream: Stream) -> u32 {
        match &self.batch {
            None => 1,
            Some(size) => size.draw(&mut stream.at(index)),
        }
    }
}

impl Kind {
    fn next(&mut self, before: Time, index: u64, mut draws: Draws, end: Time) -> Option<Time> {
        match self {
            Kind::Renewal { gap, .. } => Some(before + gap.draw(draws)),
            // From the index, so that a period that is no whole number of nanoseconds does not drift.
            Kind::Constant { period } => Some(Time(((index + 1) as f64 * *period + 0.5) as u64)),
            Kind::Mmpp { phases, phase } => {
                let left = (end.0 - before.0.min(end.0)) as f64;
                Some(Time((before.0 as f64 + next_modulated(phases, phase, &mut draws, left) + 0.5) as u64))
            }
            Kind::Profile { segments, repeat, at, offset, begun } => {
                let mass = Distribution::Exponential { mean: 1.0 }.sample(&mut draws);
                next_by_plan(segments, *repeat, at, offset, begun, mass, end)
            }
            Kind::Trace { times } => times.get(index as usize).copied(),
            Kind::Silent => None,
        }
    }
}

/// Nanoseconds to the next arrival of a Markov-modulated Poisson process: in each phase the next arrival and the next change
/// of phase compete; both are exponential, so that neither remembers what was before. Infinite when it is more than `left`.
fn next_modulated(phases: &[MmppPhase], phase: &mut usize, draws: &mut Draws, left: f64) -> f64 {
    let unit = Distribution::Exponential { mean: 1.0 };
    let mut passed = 0.0;
    loop {
        let MmppPhase { rate, stay, next } = &phases[*phase];
        let arrival = unit.sample(draws) * 1e9 / rate.0;
        let change = unit.sample(draws) * stay.0 as f64;
        if arrival <= change {
            return passed + arrival;
        }
        passed += change;
        if passed > left {
            return f64::INFINITY;
        }
        *phase = pick(next, draws.uniform());
    }
}

/// The index at which the running sum of `shares` passes `u`.
fn pick(shares: &[f64], u: f64) -> usize {
    let mut sum = 0.0;
    for (at, share) in shares.iter().enumerate() {
        sum += share;
        if u < sum {
            return at;
        }
    }
    // The shares sum to 1 up to rounding: what is left belongs to the last that has any.
    shares.iter().rposition(|&share| share > 0.0).unwrap_or(0)
}

/// The next arrival of a Poisson process with a piecewise linear rate, by inversion of its cumulative rate (Çinlar 1975):
/// moves on until the rate has accumulated `mass`, which is exponential with mean 1. Exact, and one draw an arrival.
fn next_by_plan(
    segments: &[Segment],
    repeat: bool,
    at: &mut usize,
    offset: &mut f64,
    begun: &mut u64,
    mut mass: f64,
    end: Time,
) -> Option<Time> {
    loop {
        let Some(segment) = segments.get(*at) else {
            if !repeat || segments.iter().all(|s| s.from.0 + s.to.0 <= 0.0) || *begun > end.0 {
                return None;
            }
            *at = 0;
            continue;
        };
        let length = segment.length.0 as f64;
        // Rates per nanosecond: `rate` here and now, `slope` its change.
        let slope = (segment.to.0 - segment.from.0) * 1e-9 / length;
        let rate = segment.from.0 * 1e-9 + slope * *offset;
        let left = length - *offset;
        let here = left * (rate + slope * left / 2.0);
        if mass < here {
            // The smaller root of rate x + slope x^2 / 2 = mass, in the form that does not cancel.
            let root = (rate * rate + 2.0 * slope * mass).max(0.0).sqrt();
            *offset += (2.0 * mass / (rate + root)).min(left);
            return Some(Time(*begun + (*offset + 0.5) as u64));
        }
        mass -= here;
        *begun += segment.length.0;
        *offset = 0.0;
        *at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;

    fn times(arrivals: &Arrivals, n: u64) -> Vec<f64> {
        let stream = Stream::named(1, 0, "producers.test", "arrivals");
        let mut clock = Clock::new(arrivals, stream, Time::LATEST);
        let mut before = Time::ZERO;
        (0..n).map_while(|k| clock.next(before, k, stream).inspect(|&t| before = t)).map(|t| t.as_secs_f64()).collect()
    }

    #[test]
    fn equal_gaps_do_not_drift() {
        let third = times(&Arrivals::Constant { rate: Rate(3.0) }, 3_000_000);
        assert_eq!(third[2_999_999], 1_000_000.0);
        assert_eq!(third[0], 0.333_333_333);
    }

    /// Counts in each segment against the plan, within five standard deviations of a Poisson count.
    #[test]
    fn a_profile_follows_its_plan() {
        let segment =
            |seconds: u64, from: f64, to: f64| Segment { length: Span(seconds * 1_000_000_000), from: Rate(from), to: Rate(to) };
        let segments = vec![segment(100, 50.0, 50.0), segment(50, 0.0, 0.0), segment(100, 0.0, 400.0), segment(20, 400.0, 100.0)];
        let found = times(&Arrivals::Profile { segments: segments.clone(), repeat: false }, u64::MAX);
        for (from, to, expected) in
            [(0.0, 100.0, 5000.0), (100.0, 150.0, 0.0), (150.0, 200.0, 5000.0), (200.0, 250.0, 15_000.0), (250.0, 270.0, 5000.0)]
        {
            let count = found.iter().filter(|&&t| (from..to).contains(&t)).count() as f64;
            assert!((count - expected).abs() <= 5.0 * f64::sqrt(expected), "{from}..{to}: {count} for {expected}");
        }
        assert!(found.is_sorted());
        let repeated = times(&Arrivals::Profile { segments, repeat: true }, 100_000);
        assert!(repeated.len() == 100_000 && repeated.is_sorted());
    }

    /// The long-run rate of a modulated process with three phases, one of them silent, against its stationary mean.
    #[test]
    fn a_modulated_process_has_its_stationary_rate() {
        let phase = |rate: f64, millis: u64, next: [f64; 3]| MmppPhase {
            rate: Rate(rate),
            stay: Span(millis * 1_000_000),
            next: next.to_vec(),
        };
        let arrivals = Arrivals::Mmpp {
            phases: vec![
                phase(0.0, 500, [0.0, 0.7, 0.3]),
                phase(100.0, 200, [0.5, 0.0, 0.5]),
                phase(1000.0, 50, [1.0, 0.0, 0.0]),
            ],
        };
        let found = times(&arrivals, 400_000);
        let rate = 400_000.0 / found.last().unwrap();
        assert!((rate / arrivals.mean_rate() - 1.0).abs() < 0.03, "{rate} for {}", arrivals.mean_rate());
    }
}
