//! Differences between two systems, and what can be said of them.
//!
//! Where replication k of both has the same random numbers (common random numbers), the differences of their values are
//! independent of each other, and get Student's t interval, bent for their skewness as any mean (Law, "Simulation Modeling and
//! Analysis", section 10.2.1). Where the two are independent, that of Welch (1938), bent in the same way. Where only intervals are known, their ends
//! are combined (Zou and Donner 2008, "Construction of confidence intervals about effect measures", Statistics in Medicine
//! 27(10)): no narrower than it should be for two that are not negatively correlated.
//!
//! The ratio of the two gets the interval of Fieller (1954): all factors f for which "the other is f times the base" cannot be
//! rejected. It holds 1 exactly where the interval of the difference holds 0.

use super::Estimate;
use super::interval::{LEAST_FOR_SKEWNESS, mean, student_t};
use super::moments::{moments, reach};

/// Steps of a bisection: a hundred halvings exhaust the digits.
const STEPS: u32 = 100;
/// The largest factor that is looked for.
const LARGEST: f64 = 1e9;
/// The chance with which a difference is to be seen that is called visible: nine in ten.
const SEEN: f64 = 0.9;

/// What is known of two systems. Each value is that of one independent part of the data; their mean is the estimate.
#[derive(Debug, Clone, Copy)]
pub enum Between<'a> {
    /// Part k of both had the same random numbers; both have as many, at least two.
    Paired(&'a [f64], &'a [f64]),
    /// All parts are independent; at least two of each.
    Apart(&'a [f64], &'a [f64]),
    /// Two estimates, each with the confidence of its interval, from at least so many parts each.
    Ends((&'a Estimate, f64), (&'a Estimate, f64), usize),
}

impl Between<'_> {
    /// How much more the other is than the base, with an interval of this confidence.
    pub fn difference(&self, confidence: f64) -> Estimate {
        self.beyond(1.0, confidence)
    }

    /// How many times the base the other is; without interval where the base cannot be told from zero.
    pub fn ratio(&self, confidence: f64) -> Estimate {
        let (base, other) = self.estimates();
        if !(base > 0.0 && other >= 0.0) {
            return Estimate::absent("the baseline is not above zero");
        }
        let ratio = other / base;
        let possible = |factor: f64| {
            let beyond = self.beyond(factor, confidence);
            matches!((beyond.low, beyond.high), (Some(low), Some(high)) if low <= 0.0 && 0.0 <= high)
        };
        if !possible(ratio) || possible(LARGEST.max(1e3 * ratio)) {
            return Estimate::alone(ratio, "the baseline cannot be told from zero");
        }
        let low = if possible(0.0) { 0.0 } else { edge(ratio, 0.0, possible) };
        let high = edge(ratio, LARGEST.max(1e3 * ratio), possible);
        Estimate { estimate: Some(ratio), low: Some(low), high: Some(high), ..Estimate::default() }
    }

    /// The difference that would be seen with a chance of nine in ten: half of the interval, and what chance adds to it.
    pub fn visible(&self, confidence: f64) -> Option<f64> {
        let found = self.difference(confidence);
        let half = (found.high? - found.low?) / 2.0;
        let degrees = self.degrees(1.0);
        Some(half * (1.0 + student_t(2.0 * SEEN - 1.0, degrees) / student_t(confidence, degrees)))
    }

    fn estimates(&self) -> (f64, f64) {
        let average = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        match self {
            Between::Paired(base, other) | Between::Apart(base, other) => (average(base), average(other)),
            Between::Ends((base, _), (other, _), _) => (base.estimate.unwrap_or(f64::NAN), other.estimate.unwrap_or(f64::NAN)),
        }
    }

    /// The other minus `factor` times the base.
    fn beyond(&self, factor: f64, confidence: f64) -> Estimate {
        match *self {
            Between::Paired(base, other) => {
                let beyond: Vec<f64> = base.iter().zip(other).map(|(base, other)| other - factor * base).collect();
                mean(&beyond, confidence).by(&format!("paired Student t over {} replications", beyond.len()))
            }
            Between::Apart(base, other) => {
                let error = (factor * error(base)).hypot(error(other));
                let few = base.len().min(other.len()) < LEAST_FOR_SKEWNESS;
                let third = third(other) - factor.powi(3) * third(base);
                let bend = if few || error == 0.0 { 0.0 } else { third / error.powi(3) / 6.0 };
                let (down, up) = reach(student_t(confidence, self.degrees(factor)), bend);
                let (base, other) = self.estimates();
                let value = other - factor * base;
                let (low, high) = (value - down * error, value + up * error);
                Estimate { estimate: Some(value), low: Some(low), high: Some(high), ..Estimate::default() }
                    .by("Welch's t, not paired")
            }
            Between::Ends((base, base_confidence), (other, other_confidence), parts) => {
                let (Some(b), Some(o)) = (base.estimate, other.estimate) else {
                    return Estimate::absent("one of the two has no value");
                };
                let value = o - factor * b;
                let ends = (base.low, base.high, other.low, other.high);
                let (Some(base_low), Some(base_high), Some(other_low), Some(other_high)) = ends else {
                    return Estimate::alone(value, "one of the two has no interval");
                };
                let degrees = parts.max(2) - 1;
                let stretch = |of: f64| student_t(confidence, degrees) / student_t(of, degrees);
                let (own, times) = (stretch(other_confidence), factor * stretch(base_confidence));
                let low = value - (own * (o - other_low)).hypot(times * (base_high - b));
                let high = value + (own * (other_high - o)).hypot(times * (b - base_low));
                Estimate { estimate: Some(value), low: Some(low), high: Some(high), ..Estimate::default() }
                    .by("ends of both intervals, not paired")
            }
        }
    }

    /// Degrees of freedom of the difference; those of Welch and Satterthwaite, rounded down, where the two are independent.
    fn degrees(&self, factor: f64) -> usize {
        match *self {
            Between::Paired(base, _) => base.len() - 1,
            Between::Ends(_, _, parts) => parts.max(2) - 1,
            Between::Apart(base, other) => {
                let of = |values: &[f64], factor: f64| ((factor * error(values)).powi(2), (values.len() - 1) as f64);
                let ((one, n), (two, m)) = (of(base, factor), of(other, 1.0));
                let degrees = (one + two).powi(2) / (one * one / n + two * two / m);
                if degrees.is_finite() { (degrees as usize).max(1) } else { base.len() + other.len() - 2 }
            }
        }
    }
}

/// The standard error of a mean of values.
fn error(values: &[f64]) -> f64 {
    (moments(values).variance / values.len() as f64).sqrt()
}

/// The third central moment of a mean of values.
fn third(values: &[f64]) -> f64 {
    let found = moments(values);
    found.skewness * found.variance.powf(1.5) / (values.len() as f64).powi(2)
}

/// Where a condition that holds at `inside` and not at `outside` ends.
fn edge(inside: f64, outside: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut inside, mut outside) = (inside, outside);
    for _ in 0..STEPS {
        // The geometric mean leads faster from far away; towards zero there is none.
        let far = inside > 0.0 && outside > 4.0 * inside;
        let middle = if far { (inside * outside).sqrt() } else { (inside + outside) / 2.0 };
        if holds(middle) { inside = middle } else { outside = middle }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    fn near(found: Option<f64>, wanted: f64) {
        assert!((found.unwrap() - wanted).abs() < 1e-5, "{found:?} is not {wanted}");
    }

    /// Differences 1, 2, 3, 2: mean 2, variance 2/3, standard error 0.408248; t(.975, 3) = 3.182446.
    #[test]
    fn a_paired_difference_is_student_t_of_the_differences() {
        let (base, other) = ([10.0, 20.0, 30.0, 40.0], [11.0, 22.0, 33.0, 42.0]);
        let found = Between::Paired(&base, &other).difference(0.95);
        assert_eq!(found.estimate, Some(2.0));
        near(found.high, 2.0 + 3.182446 * 0.408248);
        near(found.low, 2.0 - 3.182446 * 0.408248);
    }

    /// Fieller's formula for the same: with A = 25, B = 27, S_aa = 500/12, S_ab = 520/12, S_bb = 542/12 (variances of means),
    /// t^2 = 10.127963, the roots of (A^2 - t^2 S_aa) f^2 - 2 (A B - t^2 S_ab) f + (B^2 - t^2 S_bb) = 0.
    #[test]
    fn a_ratio_has_the_interval_of_fieller() {
        let (base, other) = ([10.0, 20.0, 30.0, 40.0], [11.0, 22.0, 33.0, 42.0]);
        let found = Between::Paired(&base, &other).ratio(0.95);
        near(found.estimate, 27.0 / 25.0);
        let (t2, saa, sab, sbb) = (3.182446f64.powi(2), 500.0 / 12.0, 520.0 / 12.0, 542.0 / 12.0);
        let (a, b, c) = (625.0 - t2 * saa, 675.0 - t2 * sab, 729.0 - t2 * sbb);
        let root = (b * b - a * c).sqrt();
        near(found.low, (b - root) / a);
        near(found.high, (b + root) / a);
    }

    #[test]
    fn what_is_equal_in_every_part_is_known_exactly() {
        let values = [1.0, 5.0, 2.0];
        let pair = Between::Paired(&values, &values);
        let found = pair.difference(0.95);
        assert_eq!((found.estimate, found.low, found.high), (Some(0.0), Some(0.0), Some(0.0)));
        assert_eq!(pair.visible(0.95), Some(0.0));
    }

    #[test]
    fn a_base_that_may_be_zero_has_no_ratio() {
        let found = Between::Paired(&[0.0, 0.0, 1.0, 0.0], &[2.0, 3.0, 2.0, 3.0]).ratio(0.95);
        assert_eq!((found.estimate, found.low), (Some(10.0), None), "{found:?}");
        assert_eq!(Between::Paired(&[0.0; 3], &[1.0, 2.0, 1.0]).ratio(0.95).estimate, None);
    }

    /// Ends 2 and 3 below, 1 and 4 above: below hypot(3, 1) of the other's lower and the base's upper part.
    #[test]
    fn ends_are_combined_side_by_side() {
        let of = |value: f64, low: f64, high: f64| Estimate {
            estimate: Some(value),
            low: Some(low),
            high: Some(high),
            ..Estimate::default()
        };
        let (base, other) = (of(10.0, 8.0, 11.0), of(20.0, 17.0, 24.0));
        let found = Between::Ends((&base, 0.95), (&other, 0.95), 10).difference(0.95);
        near(found.low, 10.0 - 10f64.sqrt());
        near(found.high, 10.0 + 20f64.sqrt());
        // At 99 %: wider by t(.995, 9) / t(.975, 9) = 3.249836 / 2.262157.
        let wider = Between::Ends((&base, 0.95), (&other, 0.95), 10).difference(0.99);
        near(wider.low, 10.0 - 10f64.sqrt() * 3.249836 / 2.262157);
        // What is known at 99 % already is not stretched.
        let mixed = Between::Ends((&base, 0.99), (&other, 0.95), 10).difference(0.99);
        near(mixed.low, 10.0 - (3.0 * 3.249836f64 / 2.262157).hypot(1.0));
    }

    /// 2,000 experiments: intervals of independent and of paired values cover, and a visible difference is seen nine times in
    /// ten.
    #[test]
    fn intervals_cover_and_visible_differences_are_seen() {
        let mut rng = StdRng::seed_from_u64(3);
        let mut noise = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let (mut apart, mut paired, mut ratios, mut visible) = (0, 0, 0, 0.0);
        let mut lowest = Vec::new();
        for _ in 0..2000 {
            let common: Vec<f64> = (0..10).map(|_| 3.0 * noise()).collect();
            let base: Vec<f64> = common.iter().map(|common| 50.0 + common + noise()).collect();
            let other: Vec<f64> = common.iter().map(|common| 55.0 + common + noise()).collect();
            let alone: Vec<f64> = (0..10).map(|_| 55.0 + 6.0 * noise()).collect();
            let holds = |found: &Estimate, truth: f64| found.low.unwrap() <= truth && truth <= found.high.unwrap();
            let pair = Between::Paired(&base, &other);
            paired += u32::from(holds(&pair.difference(0.95), 5.0));
            ratios += u32::from(holds(&pair.ratio(0.95), 1.1));
            apart += u32::from(holds(&Between::Apart(&base, &alone).difference(0.95), 5.0));
            visible += pair.visible(0.95).unwrap() / 2000.0;
            lowest.push(pair.difference(0.95).low.unwrap() - 5.0);
        }
        // Had the two been as far apart as is said to be visible.
        let seen = lowest.iter().filter(|low| **low + visible > 0.0).count();
        for (name, hits) in [("paired", paired), ("ratio", ratios), ("apart", apart)] {
            assert!((1860..=1945).contains(&hits), "{name}: {hits} of 2000");
        }
        assert!((1760..=1860).contains(&seen), "{seen} of 2000 were seen");
    }
}
