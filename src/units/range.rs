//! Rows of equally spaced quantities, such as `1..20`, `10ms..100ms step 10ms`, `100/s..1000/s step 100/s`: exact, in the unit in which
//! they are written.

use super::quantity::{Decimal, UnitError};
use super::{Rate, Ratio, Span};

/// A range with more values than these is no grid that anybody simulates.
const MOST_VALUES: u128 = 1_000_000;

/// What a written quantity measures, and its value in SI units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Written {
    /// A time, in seconds.
    Time(f64),
    /// A rate, per second.
    Rate(f64),
    /// A share in per cent, as a fraction.
    Share(f64),
    /// A number without a unit.
    Number(f64),
}

impl Written {
    /// Reads a quantity; `None` where the text is none.
    pub fn read(text: &str) -> Option<Written> {
        let text = text.trim();
        let number = || text.replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite()).map(Written::Number);
        number()
            .or_else(|| text.parse::<Span>().ok().map(|span| Written::Time(span.as_secs_f64())))
            .or_else(|| text.parse::<Rate>().ok().map(|rate| Written::Rate(rate.0)))
            .or_else(|| text.parse::<Ratio>().ok().map(|ratio| Written::Share(ratio.0)))
    }

    /// In SI units.
    pub fn value(self) -> f64 {
        let (Written::Time(value) | Written::Rate(value) | Written::Share(value) | Written::Number(value)) = self;
        value
    }
}

/// The values from `from` up to `to`, both as they are written, every `step`; without a step whole numbers one by one.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn range(from: &str, to: &str, step: Option<&str>) -> Result<Vec<String>, UnitError> {
    let (from, to, step) = (from.trim(), to.trim(), step.map(str::trim));
    if from.is_empty() || to.is_empty() {
        let end = if from.is_empty() { "beginning" } else { "end" };
        return Err(UnitError::new(format!("this range has no {end}"), "write both ends: 1..20"));
    }
    let (first, unit) = Decimal::split(from, "1")?;
    let (last, last_unit) = Decimal::split(to, "20")?;
    let (unit, last_unit) = (unit.trim(), last_unit.trim());
    let Some(step) = step else {
        if !unit.is_empty() || !last_unit.is_empty() || first.places + last.places > 0 {
            let cure = format!("write how far one value is from the next: {from}..{to} step {from}");
            return Err(UnitError::new("a range of anything but whole numbers needs a step", cure));
        }
        return spaced([first, last, Decimal { digits: 1, places: 0 }], unit, (from, to));
    };
    let (by, step_unit) = Decimal::split(step, "1")?;
    let step_unit = step_unit.trim();
    if unit == last_unit && unit == step_unit {
        return spaced([first, last, by], unit, (from, to));
    }
    // Times in different units are whole nanoseconds.
    if let (Ok(first), Ok(last), Ok(by)) = (from.parse::<Span>(), to.parse::<Span>(), step.parse::<Span>()) {
        let whole = |span: Span| Decimal { digits: u128::from(span.0), places: 0 };
        let values = spaced([whole(first), whole(last), whole(by)], "", (from, to))?;
        return Ok(values.iter().map(|nanos| in_one_unit(nanos.parse().unwrap_or(0))).collect());
    }
    let written = [unit, last_unit, step_unit].map(|unit| if unit.is_empty() { "no unit" } else { unit });
    let cause =
        format!("the ends and the step of a range are measured alike, here in {}, {} and {}", written[0], written[1], written[2]);
    Err(UnitError::new(
        cause,
        format!("write the same unit three times: {from}..{} step {}", with_unit(to, unit), with_unit(step, unit)),
    ))
}

/// The number of a quantity with another unit.
fn with_unit(quantity: &str, unit: &str) -> String {
    let end = quantity.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(quantity.len());
    format!("{}{unit}", &quantity[..end])
}

/// A time in the largest unit in which it is a whole number.
fn in_one_unit(nanos: u64) -> String {
    const UNITS: [(u64, &str); 6] =
        [(3_600_000_000_000, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")];
    let (size, name) = UNITS.into_iter().find(|(size, _)| nanos > 0 && nanos.is_multiple_of(*size)).unwrap_or((1, "ns"));
    format!("{}{name}", nanos / size)
}

fn spaced([first, last, step]: [Decimal; 3], unit: &str, (from, to): (&str, &str)) -> Result<Vec<String>, UnitError> {
    let places = first.places.max(last.places).max(step.places);
    let scaled = |of: Decimal| of.digits.checked_mul(10u128.checked_pow(places - of.places)?);
    let (Some(low), Some(high), Some(by)) = (scaled(first), scaled(last), scaled(step)) else {
        return Err(UnitError::new("these numbers have more digits than can be kept", "write fewer digits"));
    };
    if by == 0 {
        return Err(UnitError::new(
            "with a step of zero a range never ends",
            format!("write a step above zero: {from}..{to} step 1{unit}"),
        ));
    }
    if low > high {
        let cure = format!("write the smaller end first: {to}..{from}");
        return Err(UnitError::new(format!("the range from {from} to {to} is empty"), cure));
    }
    let count = (high - low) / by + 1;
    if count > MOST_VALUES {
        return Err(UnitError::new(format!("this range has {count} values, more than a million"), "write a larger step"));
    }
    Ok((0..count).map(|at| format!("{}{unit}", decimal(low + at * by, places))).collect())
}

/// `digits / 10^places` without zeros behind.
fn decimal(digits: u128, places: u32) -> String {
    if places == 0 {
        return digits.to_string();
    }
    let places = places as usize;
    let text = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_exact_and_keep_their_unit() {
        for (from, to, step, expected) in [
            ("1", "4", None, "1 2 3 4"),
            ("1", "10", Some("4"), "1 5 9"),
            ("0.1", "0.5", Some("0.1"), "0.1 0.2 0.3 0.4 0.5"),
            ("100/s", "300/s", Some("100/s"), "100/s 200/s 300/s"),
            ("10ms", "20ms", Some("2.5ms"), "10ms 12.5ms 15ms 17.5ms 20ms"),
            ("500ms", "2s", Some("500ms"), "500ms 1s 1500ms 2s"),
            ("10%", "30%", Some("10%"), "10% 20% 30%"),
            ("7", "7", None, "7"),
        ] {
            assert_eq!(range(from, to, step).unwrap().join(" "), expected, "{from}..{to}");
        }
    }

    #[test]
    fn what_is_no_range_says_what_to_write() {
        for (from, to, step, cause, cure) in [
            ("20", "1", None, "is empty", "1..20"),
            ("1", "20", Some("0"), "step of zero", "step 1"),
            ("1", "", None, "no end", "1..20"),
            ("", "5", None, "no beginning", "1..20"),
            ("10ms", "20ms", None, "needs a step", "10ms..20ms step 10ms"),
            ("0.5", "2", None, "needs a step", "step"),
            ("100/s", "200/s", Some("10"), "measured alike", "step 10/s"),
            ("1", "5ms", Some("1ms"), "measured alike", "same unit"),
            ("1", "9000000", None, "more than a million", "larger step"),
            ("-1", "5", None, "negative", ""),
        ] {
            let error = range(from, to, step).unwrap_err();
            assert!(error.cause.contains(cause), "{from}..{to}: {error}");
            assert!(error.cure.unwrap_or_default().contains(cure), "{from}..{to}");
        }
    }

    #[test]
    fn quantities_are_told_apart_by_their_units() {
        for (text, written) in [
            ("12", Some(Written::Number(12.0))),
            ("8ms", Some(Written::Time(0.008))),
            ("120/min", Some(Written::Rate(2.0))),
            ("25%", Some(Written::Share(0.25))),
            ("priority", None),
        ] {
            assert_eq!(Written::read(text), written, "{text}");
        }
    }
}
