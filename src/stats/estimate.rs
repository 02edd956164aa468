//! One type for every number that was estimated.

use serde::{Deserialize, Serialize};

/// An estimate with its interval, or without one and the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Estimate {
    /// The point estimate; absent where the data do not support one.
    pub estimate: Option<f64>,
    /// Lower end of the interval; absent where none can be given.
    pub low: Option<f64>,
    /// Upper end of the interval; absent where none can be given.
    pub high: Option<f64>,
    /// Why the estimate or its interval is absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// How the interval was made, such as `Student t over 10 replications`; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<String>,
}

impl Estimate {
    /// Nothing can be said.
    pub fn absent(reason: impl Into<String>) -> Estimate {
        Estimate { reason: Some(reason.into()), ..Estimate::default() }
    }

    /// A value whose spread is not known.
    pub fn alone(value: f64, reason: impl Into<String>) -> Estimate {
        Estimate { estimate: Some(value), reason: Some(reason.into()), ..Estimate::default() }
    }

    /// A value and half the width of its interval.
    pub fn around(value: f64, half_width: f64) -> Estimate {
        Estimate { estimate: Some(value), low: Some(value - half_width), high: Some(value + half_width), ..Estimate::default() }
    }

    /// The same estimate; where it has an interval, this is how it was made.
    pub fn by(mut self, method: &str) -> Estimate {
        self.method = (self.low.is_some() && self.high.is_some()).then(|| method.to_owned());
        self
    }

    /// The same estimate of a quantity that cannot lie outside `low..=high`: the interval is cut there.
    pub fn within(mut self, low: f64, high: f64) -> Estimate {
        self.low = self.low.map(|end| end.max(low));
        self.high = self.high.map(|end| end.min(high));
        self
    }
}
