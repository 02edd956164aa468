//! A circuit breaker at work: closed, open, half-open.
//!
//! The state machine is that of Resilience4j 2 (`CircuitBreakerStateMachine`, `CircuitBreakerMetrics`; Nygard 2007, "Release
//! it!", for the pattern). Closed: the outcomes in a sliding window are counted, and as soon as there are `min_calls` of them (of
//! the last n calls: no more than n) and the share that failed, or that was slow, reaches its threshold, it opens. Open: nothing
//! is let through for a time. Half-open: `probes` calls are let through; when as many have ended as are counted (`min_calls`,
//! no more than `probes`), it opens again or closes by the same thresholds, and everything before is forgotten.
//!
//! A window of time is divided into [`SLICES`] slices that lie at multiples of their length, so it holds between nine and ten
//! of them (Resilience4j: slices of a second).
//!
//! Unlike there, the outcome of a call that was let through before the last change of state counts for nothing: it tells of
//! another time.

use crate::model::{Breaker, Window};
use crate::units::{Span, Time};

/// Slices of a window of time.
const SLICES: usize = 10;

/// What a breaker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BreakerState {
    /// Lets all through, and counts.
    Closed,
    /// Lets none through.
    Open,
    /// Lets some through.
    HalfOpen,
}

/// Lets one call through, and is handed back with its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass(pub u32);

/// One breaker and what it remembers.
#[derive(Debug)]
pub(super) struct Circuit {
    rules: Breaker,
    state: BreakerState,
    /// Number of changes of state: passes of earlier states are worth nothing.
    epoch: u32,
    /// When it was opened last.
    opened: Time,
    /// While half-open: how many more may be let through.
    permits: u32,
    window: Outcomes,
    /// While half-open.
    probed: Count,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    calls: u32,
    failed: u32,
    slow: u32,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.calls += other.calls;
        self.failed += other.failed;
        self.slow += other.slow;
    }

    fn take(&mut self, other: Count) {
        self.calls -= other.calls;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

/// The outcomes in a sliding window: parts of it in a ring, and their sum.
#[derive(Debug)]
struct Outcomes {
    /// Outcomes of one call, or of one slice of time.
    parts: Vec<Count>,
    sum: Count,
    /// Number of the current part: of the call, or of the slice since the start of the run.
    current: u64,
    /// Length of a slice; `None`: a part is a call.
    slice: Option<Span>,
}

impl Outcomes {
    fn new(window: Window) -> Outcomes {
        let (parts, slice) = match window {
            Window::Calls(calls) => (calls.max(1) as usize, None),
            Window::Time(length) => (SLICES, Some(Span((length.0 / SLICES as u64).max(1)))),
        };
        Outcomes { parts: vec![Count::default(); parts], sum: Count::default(), current: 0, slice }
    }

    fn clear(&mut self) {
        self.parts.fill(Count::default());
        self.sum = Count::default();
    }

    fn add(&mut self, now: Time, outcome: Count) {
        let next = self.slice.map_or(self.current + 1, |slice| now.0 / slice.0);
        let room = self.parts.len() as u64;
        for passed in self.current + 1..=next.min(self.current + room) {
            let part = &mut self.parts[(passed % room) as usize];
            self.sum.take(std::mem::take(part));
        }
        self.current = next;
        self.parts[(next % room) as usize].add(outcome);
        self.sum.add(outcome);
    }
}

impl Circuit {
    /// A closed breaker that has seen nothing.
    pub(super) fn new(rules: Breaker) -> Circuit {
        Circuit {
            rules,
            state: BreakerState::Closed,
            epoch: 0,
            opened: Time::ZERO,
            permits: 0,
            window: Outcomes::new(rules.window),
            probed: Count::default(),
        }
    }

    /// What it is doing. An open breaker turns half-open when the next call after its time comes.
    #[cfg(test)]
    pub(super) fn state(&self) -> BreakerState {
        self.state
    }

    /// Whether it lets nothing through, as far as anybody has tried.
    pub(super) fn is_open(&self) -> bool {
        self.state == BreakerState::Open
    }

    /// Lets a call through, or not.
    pub(super) fn admit(&mut self, now: Time) -> Option<Pass> {
        if self.state == BreakerState::Open && now >= self.opened + self.rules.open {
            self.enter(BreakerState::HalfOpen);
            self.permits = self.rules.probes;
            self.probed = Count::default();
        }
        match self.state {
            BreakerState::Closed => {}
            BreakerState::Open => return None,
            BreakerState::HalfOpen => self.permits = self.permits.checked_sub(1)?,
        }
        Some(Pass(self.epoch))
    }

    /// A call that was let through has ended, after this time; whether that opens the breaker.
    pub(super) fn report(&mut self, now: Time, pass: Pass, succeeded: bool, took: Span) -> bool {
        if pass.0 != self.epoch {
            return false;
        }
        let slow = self.rules.slow.is_some_and(|(limit, _)| took > limit);
        let outcome = Count { calls: 1, failed: u32::from(!succeeded), slow: u32::from(slow) };
        let (count, enough) = match (self.state, self.rules.window) {
            (BreakerState::HalfOpen, _) => {
                self.probed.add(outcome);
                (self.probed, self.rules.min_calls.min(self.rules.probes))
            }
            (_, window) => {
                self.window.add(now, outcome);
                let most = if let Window::Calls(calls) = window { calls } else { u32::MAX };
                (self.window.sum, self.rules.min_calls.min(most))
            }
        };
        if count.calls < enough {
            return false;
        }
        let opens = self.rules.is_exceeded_by(count);
        if opens {
            self.enter(BreakerState::Open);
            self.opened = now;
        } else if self.state == BreakerState::HalfOpen {
            self.enter(BreakerState::Closed);
            self.window.clear();
        }
        opens
    }

    /// A call that was let through has no outcome: it was called off. Another may probe instead.
    pub(super) fn forget(&mut self, pass: Pass) {
        if pass.0 == self.epoch && self.state == BreakerState::HalfOpen {
            self.permits += 1;
        }
    }

    fn enter(&mut self, state: BreakerState) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

impl Breaker {
    fn is_exceeded_by(&self, count: Count) -> bool {
        // Divided, not multiplied out: 7 of 100 is 0.07, but 0.07 x 100 is more than 7.
        let share = |part: u32| f64::from(part) / f64::from(count.calls);
        share(count.failed) >= self.failure_ratio || self.slow.is_some_and(|(_, ratio)| share(count.slow) >= ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    const QUICK: Span = Span(1);

    fn rules(window: Window) -> Breaker {
        Breaker { window, min_calls: 4, failure_ratio: 0.5, slow: Some((Span(10), 0.75)), open: Span(1000), probes: 3 }
    }

    fn run(circuit: &mut Circuit, now: u64, outcomes: &[(bool, u64)]) -> BreakerState {
        for &(succeeded, took) in outcomes {
            let pass = circuit.admit(Time(now)).expect("it lets calls through");
            circuit.report(Time(now), pass, succeeded, Span(took));
        }
        circuit.state()
    }

    #[test]
    fn it_opens_by_failures_or_by_slowness_and_not_before_enough_calls() {
        use BreakerState::{Closed, Open};
        let (good, bad, slow) = ((true, 1), (false, 1), (true, 11));
        // Took exactly the limit: not slow.
        let fine = (true, 10);
        for (outcomes, expected) in [
            (vec![bad, bad, bad], Closed),
            (vec![bad, good, bad, good], Open),
            (vec![bad, good, good, good], Closed),
            (vec![slow, slow, fine, slow], Open),
            (vec![slow, slow, fine, fine], Closed),
            // The window of five: the first is forgotten when the sixth comes.
            (vec![bad, good, good, good, good, bad, good], Closed),
            (vec![good, good, good, bad, good, bad, bad], Open),
        ] {
            let mut circuit = Circuit::new(rules(Window::Calls(5)));
            assert_eq!(run(&mut circuit, 0, &outcomes), expected, "{outcomes:?}");
            assert_eq!(circuit.admit(Time(0)).is_some(), expected == Closed);
        }
        // A window shorter than min_calls decides when it is full.
        let mut circuit = Circuit::new(rules(Window::Calls(2)));
        assert_eq!(run(&mut circuit, 0, &[bad, bad]), Open);
    }

    #[test]
    fn probes_decide_what_comes_after_open() {
        for (failures, expected) in [(0, BreakerState::Closed), (1, BreakerState::Closed), (2, BreakerState::Open)] {
            let mut circuit = Circuit::new(rules(Window::Calls(5)));
            let early = circuit.admit(Time(0)).unwrap();
            run(&mut circuit, 7, &[(false, 1); 4]);
            assert_eq!(circuit.admit(Time(1006)), None);
            let passes: Vec<Pass> = (0..3).map(|_| circuit.admit(Time(1007)).unwrap()).collect();
            assert_eq!((circuit.admit(Time(1007)), circuit.state()), (None, BreakerState::HalfOpen));
            // One that is called off makes room for another; what began before it opened says nothing.
            circuit.forget(passes[0]);
            circuit.report(Time(1010), early, false, QUICK);
            let again = circuit.admit(Time(1010)).unwrap();
            for (at, pass) in [passes[1], passes[2], again].into_iter().enumerate() {
                assert_eq!(circuit.state(), BreakerState::HalfOpen);
                circuit.report(Time(1020), pass, at >= failures, QUICK);
            }
            assert_eq!(circuit.state(), expected, "{failures}");
            if expected == BreakerState::Closed {
                // Nothing is left of what was before.
                assert_eq!(run(&mut circuit, 1030, &[(false, 1); 3]), BreakerState::Closed);
            } else {
                assert_eq!(circuit.admit(Time(2019)), None);
                assert!(circuit.admit(Time(2020)).is_some());
            }
        }
    }

    /// Against a list of all outcomes, of which those in the window are counted anew.
    #[test]
    fn windows_hold_the_last_calls_and_the_last_slices() {
        for window in [Window::Calls(1), Window::Calls(17), Window::Time(Span(1000)), Window::Time(Span(3))] {
            let mut draws = Stream::named(1, 0, "breaker", "test").at(0);
            let mut outcomes = Outcomes::new(window);
            let mut all: Vec<(u64, bool, bool)> = Vec::new();
            let mut now = 0;
            for _ in 0..5000 {
                now += match draws.bits() % 40 {
                    0 => draws.bits() % 5000,
                    _ => draws.bits() % 50,
                };
                let (failed, slow) = (draws.bits().is_multiple_of(3), draws.bits().is_multiple_of(2));
                all.push((now, failed, slow));
                outcomes.add(Time(now), Count { calls: 1, failed: u32::from(failed), slow: u32::from(slow) });
                let inside: Vec<_> = match window {
                    Window::Calls(calls) => all.iter().rev().take(calls as usize).collect(),
                    Window::Time(length) => {
                        let slice = (length.0 / 10).max(1);
                        all.iter().filter(|(at, ..)| at / slice + 10 > now / slice).collect()
                    }
                };
                let count = |what: fn(&(u64, bool, bool)) -> bool| inside.iter().filter(|outcome| what(outcome)).count() as u32;
                let Count { calls, failed, slow } = outcomes.sum;
                assert_eq!((calls, failed, slow), (count(|_| true), count(|o| o.1), count(|o| o.2)), "{window:?} at {now}");
            }
        }
    }
}
