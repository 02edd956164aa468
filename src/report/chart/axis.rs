//! Axes: from numbers to pixels, with ticks at round numbers.

use crate::report::quantity::{Kind, Unit, plainly, significant, trimmed};
use serde::Serialize;

/// How distances on an axis grow with the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scale {
    /// Evenly.
    Linear,
    /// With their logarithms.
    Log,
    /// Evenly, in nines of a quantile's order; see [`nines`].
    Nines,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub scale: Scale,
    /// What stands on it.
    pub kind: Kind,
    /// What stands at its two ends.
    pub from: f64,
    pub to: f64,
    /// Where labels stand, and what they say.
    pub ticks: Vec<(f64, String)>,
    /// What the labels are in; empty where they say it themselves.
    pub unit: &'static str,
}

impl Axis {
    /// Where a value lies between the two ends: 0 to 1, and the nearer end for what lies outside.
    pub fn share(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Log if value <= self.from => 0.0,
            Scale::Log => (value / self.from).ln() / (self.to / self.from).ln(),
            Scale::Linear | Scale::Nines => (value - self.from) / (self.to - self.from),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// From zero to the first tick that is not below `most`, in a unit that suits it, with about `count` steps.
    pub fn from_zero(kind: Kind, most: f64, count: f64) -> Axis {
        let most = if most.is_finite() && most > 0.0 { most.min(1e300) } else { 1.0 };
        // On an axis the largest number decides; its labels shorten thousands by themselves.
        let unit = match kind {
            Kind::Rate if most >= 0.1 => Kind::Rate.unit([1.0]),
            Kind::Messages | Kind::Weight | Kind::Plain => kind.unit([1.0]),
            _ => kind.unit([most]),
        };
        let step = round_step(most / unit.size / count) * unit.size;
        let steps = (most / step - 1e-9).ceil().max(1.0);
        let ticks = ticks(steps as usize, step, unit);
        Axis { scale: Scale::Linear, kind, from: 0.0, to: steps * step, ticks, unit: unit.label }
    }

    /// From the power of ten below `least` to the one above `most`, with the numbers that people have names for: 1 ms, 10 ms,
    /// 1 s, 1 min.
    pub fn log(kind: Kind, least: f64, most: f64) -> Axis {
        const LONG: [f64; 9] = [60.0, 600.0, 3600.0, 36_000.0, 86_400.0, 864_000.0, 8.64e6, 8.64e7, 8.64e8];
        let least = if least.is_finite() { least.clamp(1e-12, 1e12) } else { 1.0 };
        let most = if most.is_finite() { most.clamp(least, 1e15) } else { least };
        let tens = |power: i32| 10f64.powi(power);
        let powers = (least.log10() + 1e-9).floor() as i32..=(most.log10() - 1e-9).ceil() as i32;
        let (from, mut to) = (tens(*powers.start()), tens(*powers.end()).max(10.0 * tens(*powers.start())));
        let mut values: Vec<f64> = powers.map(tens).collect();
        if kind == Kind::Time && most > 10.0 {
            values.retain(|&value| value <= 10.0 + 1e-9);
            values.extend(LONG.into_iter().filter(|&value| value > from && value < 10.0 * most));
            to = values.iter().copied().find(|&value| value >= most * (1.0 - 1e-9)).unwrap_or(to);
            values.retain(|&value| value <= to);
        }
        let long = |seconds: f64| -> Option<String> {
            let (unit, size) = [("d", 86_400.0), ("h", 3600.0), ("min", 60.0)].into_iter().find(|(_, size)| seconds >= *size)?;
            Some(format!("{} {unit}", trimmed(&significant(seconds / size, 6))))
        };
        let label = |value: f64| long(value).filter(|_| kind == Kind::Time).unwrap_or_else(|| plainly(value, kind));
        let ticks = values.into_iter().map(|value| (value, label(value))).collect();
        Axis { scale: Scale::Log, kind, from, to, ticks, unit: "" }
    }

    /// From zero to just `most` seconds, with ticks that a clock would have; at most so many.
    pub fn time(most: f64, at_most: f64) -> Axis {
        const STEPS: [f64; 29] = [
            1e-9,
            1e-8,
            1e-7,
            1e-6,
            1e-5,
            1e-4,
            1e-3,
            1e-2,
            0.1,
            0.5,
            1.0,
            2.0,
            5.0,
            10.0,
            30.0,
            60.0,
            120.0,
            300.0,
            600.0,
            1800.0,
            3600.0,
            7200.0,
            14_400.0,
            43_200.0,
            86_400.0,
            432_000.0,
            864_000.0,
            8_640_000.0,
            86_400_000.0,
        ];
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        let unit = Kind::Time.unit([most]);
        let step = STEPS.into_iter().find(|step| most / step <= at_most).unwrap_or(most);
        let ticks = ticks((most / step + 1e-9) as usize, step, unit);
        Axis { scale: Scale::Linear, kind: Kind::Time, from: 0.0, to: most, ticks, unit: unit.label }
    }

    /// Between two numbers that need not be zero, for values that hardly differ.
    pub fn between(kind: Kind, from: f64, to: f64, count: f64) -> Axis {
        let unit = kind.unit([from, to]);
        let (low, high) = (from / unit.size, to / unit.size);
        let step = round_step((high - low) / count);
        let first = (low / step - 1e-9).ceil();
        let last = (high / step + 1e-9).floor();
        let many = (last - first).clamp(0.0, 50.0) as usize;
        let digits = (low.abs().max(high.abs()) / step).log10().ceil().clamp(1.0, 15.0) as u32 + 1;
        let labels = (0..=many).map(|at| (first + at as f64) * step);
        let ticks = labels.map(|value| (value * unit.size, trimmed(&significant(value, digits)))).collect();
        Axis { scale: Scale::Linear, kind, from, to, ticks, unit: unit.label }
    }

    /// Words at 0, 1, 2 ..., with room for half a word at both ends.
    pub fn words(words: &[String]) -> Axis {
        let ticks = words.iter().enumerate().map(|(at, word)| (at as f64, word.clone())).collect();
        Axis { scale: Scale::Linear, kind: Kind::Plain, from: -0.5, to: words.len().max(1) as f64 - 0.5, ticks, unit: "" }
    }

    /// Percentiles up to so many nines: the distance grows by one with every nine.
    pub fn nines(most: f64) -> Axis {
        // Where the axis ends early there is room for some between.
        let between: &[f64] = if most < 3.5 { &[0.25, 0.75, 0.95] } else { &[] };
        let mut orders = vec![0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
        orders.extend(between);
        orders.sort_by(f64::total_cmp);
        let ticks = orders.iter().map(|&order| (nines(order), trimmed(&significant(100.0 * order, 6))));
        let ticks = ticks.filter(|(at, _)| *at <= most + 1e-9).collect();
        Axis { scale: Scale::Nines, kind: Kind::Share, from: 0.0, to: most, ticks, unit: "" }
    }
}

/// How far out a quantile lies: 0 for 0, 1 for 0.9, 2 for 0.99 ...
pub(super) fn nines(order: f64) -> f64 {
    -(1.0 - order).log10()
}

/// The 1, 2 or 5 times a power of ten that is nearest, by ratio.
fn round_step(wanted: f64) -> f64 {
    if !(wanted > 0.0 && wanted.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powf(wanted.log10().floor());
    // The bounds are the geometric means of neighbours.
    match wanted / power {
        part if part < 2f64.sqrt() => power,
        part if part < 10f64.sqrt() => 2.0 * power,
        part if part < 50f64.sqrt() => 5.0 * power,
        _ => 10.0 * power,
    }
}

/// Labels for 0, `step`, 2 `step` ... in the given unit, all with the digits that the step needs.
fn ticks(steps: usize, step: f64, unit: Unit) -> Vec<(f64, String)> {
    let most = steps as f64 * step / unit.size;
    let (suffix, size) = match most {
        most if most >= 1e15 => ("", 1.0),
        most if most >= 1e9 => ("G", 1e9),
        most if most >= 1e6 => ("M", 1e6),
        most if most >= 1e4 => ("k", 1e3),
        _ => ("", 1.0),
    };
    let digits = |value: f64| if most >= 1e15 { significant(value, 2) } else { trimmed(&significant(value, 6)) };
    (0..=steps)
        .map(|at| {
            let value = at as f64 * step;
            let label = digits(value / unit.size / size);
            (value, if at == 0 { "0".to_owned() } else { format!("{label}{suffix}") })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        let axis = Axis::from_zero(Kind::Time, 0.087, 5.0);
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 20 40 60 80 100".to_owned(), "ms"));
        let axis = Axis::from_zero(Kind::Messages, 3.1e6, 4.0);
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 1M 2M 3M 4M".to_owned(), "msg"));
        assert_eq!(labels(&Axis::from_zero(Kind::Rate, 240.0, 4.0)).join(" "), "0 50 100 150 200 250");
        assert_eq!(labels(&Axis::from_zero(Kind::Rate, 0.0, 4.0)).join(" "), "0 0.2 0.4 0.6 0.8 1");
    }

    #[test]
    fn time_goes_by_the_clock() {
        let axis = Axis::time(660.0, 11.0);
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 1 2 3 4 5 6 7 8 9 10 11".to_owned(), "min"));
        let axis = Axis::time(86_400.0, 11.0);
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 4 8 12 16 20 24".to_owned(), "h"));
        assert_eq!(labels(&Axis::time(60.0, 11.0)).join(" "), "0 10 20 30 40 50 60");
    }

    #[test]
    fn orders_of_magnitude_have_names() {
        assert_eq!(labels(&Axis::log(Kind::Time, 0.003, 0.8)).join(", "), "1 ms, 10 ms, 100 ms, 1 s");
        assert_eq!(labels(&Axis::log(Kind::Time, 0.2, 700.0)).join(", "), "100 ms, 1 s, 10 s, 1 min, 10 min, 1 h");
        let axis = Axis::log(Kind::Time, 0.001, 1.0);
        assert!((axis.share(0.01) - 1.0 / 3.0).abs() < 1e-9 && axis.share(0.0) == 0.0);
    }

    #[test]
    fn every_nine_is_as_wide_as_the_last() {
        let axis = Axis::nines(3.0);
        assert_eq!(labels(&axis).join(" "), "0 25 50 75 90 95 99 99.9");
        assert_eq!(labels(&Axis::nines(5.0)).join(" "), "0 50 90 99 99.9 99.99 99.999");
        assert!((axis.share(nines(0.9)) - 1.0 / 3.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_number_makes_an_axis_panic(a in any::<f64>(), b in any::<f64>()) {
            for kind in [Kind::Time, Kind::Rate, Kind::Share, Kind::Messages] {
                let axis = Axis::from_zero(kind, a, 5.0);
                prop_assert!(axis.ticks.len() < 30, "{axis:?}");
                axis.share(b);
                let axis = Axis::log(kind, a, b);
                prop_assert!(axis.ticks.len() < 40 && axis.from < axis.to, "{axis:?}");
                axis.share(b);
            }
            prop_assert!(Axis::time(a, 11.0).ticks.len() < 30);
            Axis::between(Kind::Time, a, b, 5.0);
        }
    }
}
