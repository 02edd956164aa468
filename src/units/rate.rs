//! How often something happens.

use super::quantity::{Decimal, UnitError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Events per second; finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
pub struct Rate(pub f64);

/// What may stand behind the slash, in seconds.
const PERIODS: &[(&[&str], f64)] = &[
    (&["ns"], 1e-9),
    (&["us", "µs", "μs"], 1e-6),
    (&["ms"], 1e-3),
    (&["s", "sec"], 1.0),
    (&["min", "m"], 60.0),
    (&["h"], 3600.0),
    (&["d"], 86_400.0),
];

/// The fastest rate: one event a nanosecond, the tick of the clock.
const FASTEST: f64 = 1e9;

impl FromStr for Rate {
    type Err = UnitError;

    /// Reads `"240/s"`, `"12.5/s"`, `"10/min"`.
    fn from_str(text: &str) -> Result<Rate, UnitError> {
        let (number, rest) = Decimal::split(text, "240/s")?;
        let Some(period) = rest.trim().strip_prefix('/') else {
            let cure = format!("write \"{}/s\"", text.trim().trim_end_matches(|c: char| c.is_alphabetic()).trim());
            return Err(UnitError::new(format!("`{text}` does not say per what"), cure));
        };
        let period = period.trim();
        let Some(&(_, seconds)) = PERIODS.iter().find(|(names, _)| names.contains(&period)) else {
            return Err(UnitError::new(
                format!("`{period}` is no unit of time"),
                "a rate is per ns, us, ms, s, min, h or d: \"240/s\"",
            ));
        };
        let rate = number.to_f64() / seconds;
        if rate > FASTEST {
            return Err(UnitError::new(format!("`{text}` is more than one event a nanosecond"), "the fastest rate is \"1/ns\""));
        }
        Ok(Rate(rate))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", (self.0 * 1e6).round() / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_per_any_period() {
        for (text, rate) in [("240/s", 240.0), ("10/min", 1.0 / 6.0), ("12.5 / s", 12.5), ("3/ms", 3000.0), ("0/s", 0.0)] {
            assert_eq!(text.parse::<Rate>(), Ok(Rate(rate)), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_says_what_to_write() {
        for (text, cure) in [("240", "240/s"), ("240 s", "240/s"), ("5/fortnight", "per ns"), ("2/ns", "1/ns"), ("-1/s", "240/s")]
        {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(error.cure.as_deref().unwrap().contains(cure), "{text}: {error:?}");
        }
    }
}
