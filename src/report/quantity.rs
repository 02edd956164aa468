//! Numbers as people read them: the one place that picks a unit and cuts digits.
//!
//! A value with an interval is shown with the digits that its half-width justifies. The rule is that of the Particle Data
//! Group (Review of Particle Physics, introduction, 5.3): when the leading digits of the half-width lie below 355, two of its
//! digits are shown, otherwise one, and the value ends at the same place. A value without interval gets three digits, an
//! exact one as many as it has, up to six.

use crate::stats::Estimate;

/// Kinds of numbers that are written in different units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Seconds.
    Time,
    /// Per second.
    Rate,
    /// A fraction, written in per cent.
    Share,
    /// A number of messages.
    Messages,
    /// A number of requests.
    Requests,
    /// A number of permits of a lock.
    Permits,
    /// Bytes.
    Weight,
    /// A number of anything.
    Plain,
}

/// A unit to write numbers of one kind in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// As it is written behind a number; empty for plain numbers.
    pub label: &'static str,
    /// One of it in SI units.
    pub size: f64,
    /// The smallest number, in SI units, that this unit is chosen for.
    from: f64,
}

const fn unit(label: &'static str, size: f64, from: f64) -> Unit {
    Unit { label, size, from }
}

const TIME: &[Unit] = &[
    unit("ns", 1e-9, 0.0),
    unit("µs", 1e-6, 1e-6),
    unit("ms", 1e-3, 1e-3),
    unit("s", 1.0, 1.0),
    unit("min", 60.0, 180.0),
    unit("h", 3600.0, 10_800.0),
    unit("d", 86_400.0, 259_200.0),
];
const RATE: &[Unit] = &[
    unit("/d", 1.0 / 86_400.0, 0.0),
    unit("/h", 1.0 / 3600.0, 1.0 / 3600.0),
    unit("/min", 1.0 / 60.0, 1.0 / 60.0),
    unit("/s", 1.0, 0.1),
    unit("k/s", 1e3, 1e5),
    unit("M/s", 1e6, 1e6),
];
const SHARE: &[Unit] = &[unit("%", 0.01, 0.0)];
const MESSAGES: &[Unit] = &[unit("msg", 1.0, 0.0), unit("k msg", 1e3, 1e5), unit("M msg", 1e6, 1e6), unit("G msg", 1e9, 1e9)];
const REQUESTS: &[Unit] = &[unit("req", 1.0, 0.0), unit("k req", 1e3, 1e5), unit("M req", 1e6, 1e6), unit("G req", 1e9, 1e9)];
const PERMITS: &[Unit] = &[unit("permits", 1.0, 0.0), unit("k permits", 1e3, 1e5)];
const WEIGHT: &[Unit] = &[
    unit("B", 1.0, 0.0),
    unit("KiB", 1024.0, 1024.0),
    unit("MiB", 1_048_576.0, 1_048_576.0),
    unit("GiB", 1_073_741_824.0, 1_073_741_824.0),
];
const PLAIN: &[Unit] = &[unit("", 1.0, 0.0), unit("k", 1e3, 1e5), unit("M", 1e6, 1e6), unit("G", 1e9, 1e9)];

impl Kind {
    /// The kind of a metric, by its SI unit.
    pub fn of(unit: &str) -> Kind {
        match unit {
            "s" => Kind::Time,
            "1/s" => Kind::Rate,
            "messages" => Kind::Messages,
            "bytes" => Kind::Weight,
            _ => Kind::Share,
        }
    }

    /// The kind of a metric by its name too, which tells what is counted: messages, requests, permits, or something that its
    /// heading names.
    pub fn of_metric(metric: &str, unit: &str) -> Kind {
        let (table, own) = metric.split_once('.').unwrap_or((metric, ""));
        match (Kind::of(unit), table) {
            (Kind::Messages, _) if own.contains(".busy") => Kind::Plain,
            (Kind::Messages, "locks") if own.contains(".held") => Kind::Permits,
            (Kind::Messages, "locks") => Kind::Plain,
            (Kind::Messages, "services") => Kind::Requests,
            (kind, _) => kind,
        }
    }

    /// The unit that suits most of these numbers (in SI units): chosen by their geometric mean, zeros left aside.
    pub fn unit(self, values: impl IntoIterator<Item = f64>) -> Unit {
        let (mut sum, mut count) = (0.0, 0u32);
        for value in values.into_iter().map(f64::abs).filter(|value| value.is_finite() && *value > 0.0) {
            sum += value.ln();
            count += 1;
        }
        // A hair above, so that a mean of exactly one unit is not lost to rounding.
        let typical = if count > 0 { (sum / f64::from(count)).exp() * (1.0 + 1e-9) } else { 1.0 };
        let (units, zero) = match self {
            Kind::Time => (TIME, 3),
            Kind::Rate => (RATE, 3),
            Kind::Share => (SHARE, 0),
            Kind::Messages => (MESSAGES, 0),
            Kind::Requests => (REQUESTS, 0),
            Kind::Permits => (PERMITS, 0),
            Kind::Weight => (WEIGHT, 0),
            Kind::Plain => (PLAIN, 0),
        };
        if count == 0 { units[zero] } else { *units.iter().rev().find(|unit| typical >= unit.from).unwrap_or(&units[0]) }
    }
}

/// A number as text, and beside it half the width of its interval where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    /// The number; `–` where nothing was measured.
    pub value: String,
    /// Half the width of its interval.
    pub margin: Option<String>,
}

/// What stands where nothing was measured.
pub const NOTHING: &str = "–";

impl Shown {
    /// Both as one text: `10.78 ± 0.07`.
    pub fn text(&self) -> String {
        match &self.margin {
            Some(margin) => format!("{} ± {margin}", self.value),
            None => self.value.clone(),
        }
    }

    /// Whether there is no number.
    pub fn is_nothing(&self) -> bool {
        self.value == NOTHING
    }
}

/// An estimate in the given unit, with the digits that its interval justifies.
pub fn shown(estimate: &Estimate, unit: Unit) -> Shown {
    let Some(value) = estimate.estimate.filter(|value| !value.is_nan()) else {
        return Shown { value: NOTHING.to_owned(), margin: None };
    };
    let value = value / unit.size;
    match half_width(estimate) {
        Some(half) if half > 0.0 => with_margin(value, half / unit.size),
        Some(_) => Shown { value: exact(value), margin: None },
        None => Shown { value: significant(value, 3), margin: None },
    }
}

/// An estimate with its unit and its interval, for running text: `10.78 ± 0.07 ms`, `81 ms (76 to 95)`.
pub fn sentence(estimate: &Estimate, kind: Kind) -> String {
    let unit = kind.unit(estimate.estimate);
    let shown = shown(estimate, unit);
    if shown.is_nothing() {
        return shown.value;
    }
    // What needs no margin needs no ends.
    let lopsided = shown.margin.is_some()
        && match (estimate.estimate, estimate.low, estimate.high) {
            (Some(value), Some(low), Some(high)) => ((high - value) - (value - low)).abs() > 0.2 * (high - low),
            _ => false,
        };
    let ends = estimate.low.zip(estimate.high).filter(|_| lopsided);
    match (ends, half_width(estimate)) {
        (Some((low, high)), Some(half)) => {
            let places = places(half / unit.size);
            let low = rounded(low / unit.size, places);
            let high = rounded(high / unit.size, places);
            format!("{} ({low} to {high})", labelled(&shown.value, unit))
        }
        _ => labelled(&shown.text(), unit),
    }
}

/// A number (in SI units) with three digits and a unit that suits it: `10.8 ms`, `240/s`, `80 %`.
pub fn plainly(value: f64, kind: Kind) -> String {
    let unit = kind.unit([value]);
    labelled(&trimmed(&significant(value / unit.size, 3)), unit)
}

/// The same with four digits, for numbers that are exact: `10.79 ms`.
pub fn closely(value: f64, kind: Kind) -> String {
    let unit = kind.unit([value]);
    labelled(&trimmed(&significant(value / unit.size, 4)), unit)
}

/// A text and a unit behind it; rates without a space, `240/s`.
pub(super) fn labelled(text: &str, unit: Unit) -> String {
    if unit.label.is_empty() || unit.label.starts_with('/') {
        format!("{text}{}", unit.label)
    } else {
        format!("{text} {}", unit.label)
    }
}

/// Half the width of the interval, where there is one.
fn half_width(estimate: &Estimate) -> Option<f64> {
    let half = (estimate.high? - estimate.low?) / 2.0;
    half.is_finite().then_some(half.max(0.0))
}

/// More digits than these are never shown.
const MOST_DIGITS: i32 = 7;

/// A value and the half-width of its interval, cut at the same place.
pub fn with_margin(value: f64, half: f64) -> Shown {
    if !value.is_finite() || !half.is_finite() {
        return Shown { value: significant(value, 3), margin: None };
    }
    let mut places = places(half);
    if value != 0.0 {
        places = places.min(MOST_DIGITS - 1 - exponent(value, 2));
    }
    if !(-9..=9).contains(&places) || value.abs() >= 1e9 || half >= 1e9 {
        let digits = |x: f64| usize::try_from(exponent(x, 2) + places).unwrap_or(0).min(15);
        return Shown { value: format!("{value:.*e}", digits(value)), margin: Some(format!("{half:.*e}", digits(half))) };
    }
    let margin = rounded(half, places);
    // An interval that is narrower than the last digit is none for a reader.
    if margin.bytes().all(|sign| matches!(sign, b'0' | b'.')) {
        return Shown { value: exact(value), margin: None };
    }
    Shown { value: rounded(value, places), margin: Some(margin) }
}

/// A value and the ends of its interval, all cut where half the width of the interval justifies it.
pub fn with_ends(value: f64, low: f64, high: f64) -> [String; 3] {
    let half = (high - low) / 2.0;
    if !(half > 0.0 && half.is_finite() && value.is_finite()) {
        return [value, low, high].map(|number| trimmed(&significant(number, 4)));
    }
    let mut places = places(half);
    if value != 0.0 {
        places = places.min(MOST_DIGITS - 1 - exponent(value, 2));
    }
    if !(-9..=9).contains(&places) || [value, low, high].iter().any(|number| number.abs() >= 1e9) {
        return [value, low, high].map(|number| significant(number, 4));
    }
    [value, low, high].map(|number| rounded(number, places))
}

/// Places behind the decimal point (negative: before it) at which a number with this half-width ends.
fn places(half: f64) -> i32 {
    if !(half > 0.0 && half.is_finite()) {
        return 0;
    }
    let exponent = exponent(half, 2);
    let leading = half / 10f64.powi(exponent);
    if leading < 3.55 { 1 - exponent } else { -exponent }
}

/// The decimal exponent of a number after it was rounded to `digits` + 1 digits; 0 for 0 and for what is not finite.
fn exponent(value: f64, digits: usize) -> i32 {
    // By way of text, which rounds correctly on every platform, as a logarithm would not.
    format!("{value:.digits$e}").split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// A number cut at a place behind the decimal point, or before it where `places` is negative.
fn rounded(value: f64, places: i32) -> String {
    if places >= 0 {
        let text = format!("{value:.*}", places as usize);
        return if text.trim_start_matches(['-', '0', '.']).is_empty() { text.trim_start_matches('-').to_owned() } else { text };
    }
    let step = 10f64.powi(-places);
    format!("{:.0}", (value / step).round() * step + 0.0)
}

/// A number with so many significant digits; whole digits are never cut, and the very large and very small get an exponent.
pub fn significant(value: f64, digits: u32) -> String {
    if value.is_nan() {
        return NOTHING.to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".to_owned() } else { "-∞".to_owned() };
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let kept = digits.max(1) - 1;
    let exponent = exponent(value, kept as usize);
    if !(-4..9).contains(&exponent) {
        return format!("{value:.*e}", kept as usize);
    }
    rounded(value, (kept as i32 - exponent).max(0))
}

/// A number as text with at most so many significant digits, where it has more.
pub fn at_most(text: &str, digits: u32) -> String {
    let significant_digits = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    match text.parse() {
        Ok(value) if significant_digits > digits as usize && text.contains('.') && !text.contains('e') => {
            significant(value, digits)
        }
        _ => text.to_owned(),
    }
}

/// A number without uncertainty: up to six digits, no zeros behind.
fn exact(value: f64) -> String {
    trimmed(&significant(value, 6))
}

/// Without zeros behind the decimal point.
pub fn trimmed(text: &str) -> String {
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn estimate(value: f64, low: f64, high: f64) -> Estimate {
        Estimate { estimate: Some(value), low: Some(low), high: Some(high), reason: None, method: None }
    }

    #[test]
    fn digits_end_where_the_interval_begins() {
        for (value, half, text) in [
            (10.7834, 0.0712, "10.78 ± 0.07"),
            (17.31, 1.12, "17.3 ± 1.1"),
            (86.2, 7.3, "86 ± 7"),
            (1234.0, 300.0, "1230 ± 300"),
            (1234.0, 700.0, "1200 ± 700"),
            (0.5, 3.0, "0.5 ± 3.0"),
            (0.0, 0.02, "0.000 ± 0.020"),
            (10.0, 0.0996, "10.00 ± 0.10"),
            (240.0, 1e-9, "240"),
            (5.0, 4e-7, "5"),
            (3e-9, 1e-10, "3.00e-9 ± 1.0e-10"),
            (2.5e12, 1e11, "2.50e12 ± 1.0e11"),
        ] {
            assert_eq!(with_margin(value, half).text(), text, "{value} ± {half}");
        }
    }

    #[test]
    fn ends_are_cut_where_the_value_is() {
        for (value, low, high, texts) in [
            (78.23, 74.1, 82.12, ["78", "74", "82"].map(str::to_owned)),
            (78.23, 78.02, 78.44, ["78.23", "78.02", "78.44"].map(str::to_owned)),
            (-0.5, -1.24, 0.31, ["-0.5", "-1.2", "0.3"].map(str::to_owned)),
            (12_345.0, 11_000.0, 13_900.0, ["12300", "11000", "13900"].map(str::to_owned)),
            (3.0, 3.0, 3.0, ["3", "3", "3"].map(str::to_owned)),
        ] {
            assert_eq!(with_ends(value, low, high), texts);
        }
    }

    #[test]
    fn numbers_without_interval_get_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (12.3456, "12.3"),
            (123_456.7, "123457"),
            (0.012_345, "0.0123"),
            (9.996, "10.0"),
            (1.5e-7, "1.50e-7"),
            (-3.21, "-3.21"),
            (f64::INFINITY, "∞"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(significant(value, 3), text, "{value}");
        }
    }

    #[test]
    fn one_unit_suits_a_whole_column() {
        assert_eq!(Kind::Time.unit([0.0107, 0.031, 0.0]).label, "ms");
        assert_eq!(Kind::Time.unit([0.001]).label, "ms");
        assert_eq!(Kind::Time.unit([60.0]).label, "s");
        assert_eq!(Kind::Time.unit([7200.0]).label, "min");
        assert_eq!(Kind::Time.unit([]).label, "s");
        assert_eq!(Kind::Rate.unit([240.0]).label, "/s");
        assert_eq!(Kind::Rate.unit([1e9]).label, "M/s");
        assert_eq!(Kind::Rate.unit([0.01]).label, "/h");
        assert_eq!(Kind::Share.unit([0.8]).label, "%");
        assert_eq!(Kind::Messages.unit([3e6]).label, "M msg");
    }

    #[test]
    fn running_text_names_the_unit_and_lopsided_intervals_by_their_ends() {
        assert_eq!(sentence(&estimate(0.01078, 0.01071, 0.01085), Kind::Time), "10.78 ± 0.07 ms");
        assert_eq!(sentence(&estimate(0.081, 0.076, 0.095), Kind::Time), "81 ms (76 to 95)");
        assert_eq!(sentence(&estimate(0.8, 0.8, 0.8), Kind::Share), "80 %");
        assert_eq!(sentence(&estimate(240.1, 239.7, 240.5), Kind::Rate), "240.1 ± 0.4/s");
        assert_eq!(sentence(&Estimate::default(), Kind::Time), "–");
        assert_eq!(plainly(0.3, Kind::Share), "30 %");
        assert_eq!(plainly(40.0, Kind::Rate), "40/s");
    }

    proptest! {
        #[test]
        fn no_number_makes_it_panic(value in any::<f64>(), half in any::<f64>(), low in any::<f64>(), high in any::<f64>()) {
            with_margin(value, half);
            with_ends(value, low, high);
            for kind in [Kind::Time, Kind::Rate, Kind::Share, Kind::Messages, Kind::Plain] {
                sentence(&estimate(value, low, high), kind);
                sentence(&Estimate { estimate: Some(value), ..Estimate::default() }, kind);
                plainly(value, kind);
                shown(&estimate(value, value, value), kind.unit([low, high]));
            }
        }

        #[test]
        fn what_is_shown_is_near(value in -1e8..1e8f64) {
            let read: f64 = significant(value, 3).parse().unwrap();
            prop_assert!((read - value).abs() <= 0.0051 * value.abs());
        }
    }
}
