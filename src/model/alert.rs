//! Rules of monitoring: when would somebody have been called?

use super::{Arrivals, Comparison, FaultTimes, Model};
use crate::units::{Span, Time};

/// A statement about a quantity that is followed over time, which calls somebody when it has held for long enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The user's name for it.
    pub name: String,
    /// As the user wrote it.
    pub expression: String,
    /// The name of a gauge, such as `queues.orders.ready`.
    pub metric: String,
    /// How it compares with `value`.
    pub comparison: Comparison,
    /// In SI units.
    pub value: f64,
    /// For so long it must hold before anybody is called; zero: for a bin of the series.
    pub length: Span,
}

/// What an alert is to tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A fault begins.
    Fault(Time),
    /// The planned rate of a producer leaves what it was at the start.
    Rate(Time),
}

impl Cause {
    /// When.
    pub fn at(self) -> Time {
        let (Cause::Fault(at) | Cause::Rate(at)) = self;
        at
    }
}

impl Model {
    /// The first thing that happens by plan: a fault, or a change of rates. `None`: nothing does, as far as is known beforehand.
    pub fn first_cause(&self) -> Option<Cause> {
        let faults = self.faults.iter().filter_map(|fault| match fault.times {
            FaultTimes::At { at, .. } => Some(Cause::Fault(at)),
            FaultTimes::Every { .. } => None,
        });
        let changes = self.producers.iter().filter_map(|producer| first_change(&producer.arrivals)).map(Cause::Rate);
        faults.chain(changes).min_by_key(|cause| cause.at())
    }
}

/// When the rate of a profile is no longer that of its start.
fn first_change(arrivals: &Arrivals) -> Option<Time> {
    match arrivals {
        Arrivals::Batch { arrivals, .. } => first_change(arrivals),
        Arrivals::Profile { segments, .. } => {
            let first = segments.first()?.from;
            let mut at = Time::ZERO;
            for segment in segments {
                if segment.from != first || segment.to != first {
                    return Some(at);
                }
                at += segment.length;
            }
            None
        }
        _ => None,
    }
}
