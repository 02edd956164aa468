//! Axes: from numbers to pixels, with ticks at round numbers.

use crate::report::quantity::{Kind, Unit, plainly, significant, trimmed};

/// A straight axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
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
        let share = (value - self.from) / (self.to - self.from);
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
        Axis { from: 0.0, to: steps * step, ticks: ticks(steps as usize, step, unit), unit: unit.label }
    }

    /// From zero to just `most` seconds, with ticks that a clock would have.
    pub fn time(most: f64) -> Axis {
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
        let at_most = 11.0;
        let step = STEPS.into_iter().find(|step| most / step <= at_most).unwrap_or(most);
        Axis { from: 0.0, to: most, ticks: ticks((most / step + 1e-9) as usize, step, unit), unit: unit.label }
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
        Axis { from, to, ticks, unit: unit.label }
    }

    /// Powers of ten between two numbers above zero, by their decimal logarithms.
    pub fn decades(kind: Kind, least: f64, most: f64) -> Axis {
        let sound = |value: f64| if value.is_finite() && value > 0.0 { value.clamp(1e-300, 1e300) } else { 1.0 };
        let (from, to) = (sound(least).log10().floor(), sound(most).log10().ceil());
        let to = if to > from { to } else { from + 1.0 };
        // Of many decades only some are named; of few, parts of them too.
        let every = ((to - from) / 8.0).ceil().max(1.0);
        let parts: &[f64] = if to - from < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let decades = (0..=((to - from) / every) as usize).map(|at| from + at as f64 * every);
        let values = decades.flat_map(|decade| parts.iter().map(move |part| decade + part.log10())).filter(|at| *at <= to + 1e-9);
        let ticks = values.map(|at| (at, plainly(10f64.powf(at), kind))).collect();
        Axis { from, to, ticks, unit: "" }
    }

    /// Percentiles up to so many nines: the distance grows by one with every nine.
    pub fn nines(most: f64) -> Axis {
        // Where the axis ends early there is room for some between.
        let between: &[f64] = if most < 3.5 { &[0.25, 0.75, 0.95] } else { &[] };
        let mut orders = vec![0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
        orders.extend(between);
        orders.sort_by(f64::total_cmp);
        let ticks = orders.iter().map(|&order| (nines(order), trimmed(&significant(100.0 * order, 6))));
        Axis { from: 0.0, to: most, ticks: ticks.filter(|(at, _)| *at <= most + 1e-9).collect(), unit: "" }
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
        most if most >= 1e10 => ("G", 1e9),
        most if most >= 1e7 => ("M", 1e6),
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
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 1000k 2000k 3000k 4000k".to_owned(), "msg"));
        assert_eq!(labels(&Axis::from_zero(Kind::Rate, 240.0, 4.0)).join(" "), "0 50 100 150 200 250");
        assert_eq!(labels(&Axis::from_zero(Kind::Rate, 0.0, 4.0)).join(" "), "0 0.2 0.4 0.6 0.8 1");
    }

    #[test]
    fn time_goes_by_the_clock() {
        let axis = Axis::time(660.0);
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 1 2 3 4 5 6 7 8 9 10 11".to_owned(), "min"));
        let axis = Axis::time(86_400.0);
        assert_eq!((labels(&axis).join(" "), axis.unit), ("0 4 8 12 16 20 24".to_owned(), "h"));
        assert_eq!(labels(&Axis::time(60.0)).join(" "), "0 10 20 30 40 50 60");
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
            }
            prop_assert!(Axis::time(a).ticks.len() < 30);
            Axis::between(Kind::Time, a, b, 5.0);
        }
    }
}
