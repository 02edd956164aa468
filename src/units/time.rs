//! Points in simulated time and the spans between them, in whole nanoseconds.

use super::quantity::{Decimal, UnitError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// A point in simulated time: nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Time(pub u64);

/// A length of simulated time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span(pub u64);

const NANOS_PER_SECOND: f64 = 1e9;

/// The units of time that can be written, smallest first, in nanoseconds.
const UNITS: &[(&[&str], u64)] = &[
    (&["ns"], 1),
    (&["us", "µs", "μs"], 1_000),
    (&["ms"], 1_000_000),
    (&["s", "sec"], 1_000_000_000),
    (&["min", "m"], 60_000_000_000),
    (&["h"], 3_600_000_000_000),
    (&["d"], 86_400_000_000_000),
];

impl Time {
    /// The start of a run.
    pub const ZERO: Time = Time(0);
    /// The latest time that a run may reach: 2^61 ns, some 73 years. The agenda keeps two bits of its key for the order of ties.
    pub const LATEST: Time = Time(1 << 61);

    /// Seconds since the start of the run.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// The span of so many seconds, rounded to the nearest nanosecond.
    ///
    /// Negative numbers and NaN give zero; numbers beyond the range give the longest span.
    pub fn from_secs_f64(seconds: f64) -> Span {
        Span((seconds * NANOS_PER_SECOND + 0.5) as u64)
    }

    /// Its length in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }
}

impl Add<Span> for Time {
    type Output = Time;
    #[inline(always)]
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    #[inline(always)]
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;
    /// The span from the earlier to the later time.
    #[inline(always)]
    fn sub(self, earlier: Time) -> Span {
        debug_assert!(self.0 >= earlier.0, "time runs backwards");
        Span(self.0.wrapping_sub(earlier.0))
    }
}

impl Add for Span {
    type Output = Span;
    #[inline(always)]
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl FromStr for Span {
    type Err = UnitError;

    /// Reads `"8ms"`, `"0.25ms"`, `"1h 30m"`; rounds to the nearest nanosecond.
    fn from_str(text: &str) -> Result<Span, UnitError> {
        let mut rest = text.trim().to_owned();
        let mut total: u128 = 0;
        let mut exact_zero = true;
        let mut last_unit = u64::MAX;
        loop {
            let (number, behind) = Decimal::split(&rest, "8ms")?;
            let behind = behind.trim_start();
            let end = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
            let (unit, behind) = behind.split_at(end);
            if unit.is_empty() {
                return Err(UnitError::new(
                    format!("`{text}` has no unit of time"),
                    // Only a bare number can be completed; of anything else the unit is not what is missing.
                    match text.trim() {
                        bare if bare.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'_') => {
                            format!("write \"{bare}ms\" or \"{bare}s\"")
                        }
                        _ => "a length of time is a number and a unit: \"8ms\"".to_owned(),
                    },
                ));
            }
            let nanos = UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|&(_, nanos)| nanos);
            let Some(nanos) = nanos else {
                return Err(UnitError::new(format!("`{unit}` is no unit of time"), "the units are ns, us, ms, s, min, h and d"));
            };
            if nanos >= last_unit {
                return Err(UnitError::new(
                    format!("`{text}` does not go from the larger unit to the smaller"),
                    "write \"1h 30min\"",
                ));
            }
            last_unit = nanos;
            exact_zero &= number.is_zero();
            let part = number.scaled(nanos).unwrap_or(u128::MAX);
            total = total.saturating_add(part);
            rest = behind.trim_start().to_owned();
            if rest.is_empty() {
                break;
            }
        }
        if total > u128::from(Time::LATEST.0) {
            return Err(UnitError::new(
                format!("`{text}` is longer than the 73 years that can be simulated"),
                "write a shorter time",
            ));
        }
        if total == 0 && !exact_zero {
            return Err(UnitError::new(
                format!("`{text}` is less than the nanosecond that time is counted in"),
                "write \"0s\" for no time, or at least \"1ns\"",
            ));
        }
        Ok(Span(total as u64))
    }
}

impl fmt::Display for Span {
    /// The shortest form in one unit that is exact to three decimals: `8ms`, `1.5s`, `10min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0;
        if nanos == 0 {
            return f.write_str("0s");
        }
        let whole = UNITS.iter().rev().find(|(_, unit)| nanos >= *unit && nanos.is_multiple_of(*unit));
        if let Some((names, unit)) = whole
            && nanos / unit < 1000
        {
            return write!(f, "{}{}", nanos / unit, names[0]);
        }
        let (names, unit) = UNITS[..4].iter().rev().find(|(_, unit)| nanos >= *unit).expect("one nanosecond is the smallest");
        let value = nanos as f64 / *unit as f64;
        let text = format!("{value:.3}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{text}{}", names[0])
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_exactly() {
        for (text, nanos) in [
            ("8ms", 8_000_000),
            ("0.25ms", 250_000),
            ("1h 30m", 5_400_000_000_000),
            ("1h30min", 5_400_000_000_000),
            ("10 min", 600_000_000_000),
            ("1.5us", 1_500),
            ("0s", 0),
            ("0.0000000006s", 1),
            ("1_000 ns", 1_000),
        ] {
            assert_eq!(text.parse::<Span>(), Ok(Span(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_says_what_to_write() {
        for (text, cause) in [
            ("8", "no unit"),
            ("8 parsecs", "no unit of time"),
            ("-8ms", "negative"),
            ("", "empty"),
            ("ms", "does not start with a number"),
            ("1.2.3s", "does not start with a number"),
            ("30m 1h", "larger unit"),
            ("0.1ns", "less than the nanosecond"),
            ("99999d", "73 years"),
            ("nan s", "does not start with a number"),
            ("1e3s", "no unit of time"),
        ] {
            let error = text.parse::<Span>().unwrap_err();
            assert!(error.cause.contains(cause), "{text}: {error}");
            assert!(error.cure.is_some(), "{text}");
        }
    }

    #[test]
    fn spans_print_as_people_write_them() {
        for text in ["8ms", "250us", "1.5s", "10min", "42s", "90min", "3d", "1ns", "0s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }
}
